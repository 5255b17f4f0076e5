//! Whether a request only reads, as far as the host can show it without trusting the component: GET and HEAD, or a GraphQL POST whose
//! document holds queries alone. What cannot be shown is refused: a way of sending that some server reads differently from this file
//! would be a way around it, so everything unusual counts as a change. Pure.

use std::fmt;

use graphql_parser::query::{Definition, OperationDefinition, parse_query};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method};
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use url::Url;

/// Documents of this many bytes in all take up to 50 milliseconds to parse, in which the call cannot be interrupted. The connector's own
/// queries have a few kilobytes.
const LARGEST_DOCUMENT: usize = 128 * 1024;

/// Headers with which a client asks a server to take the request for another method.
const METHOD_OVERRIDES: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];

/// Whether a request can be shown to read; the error says why not, in words for a person.
pub fn check_read(method: &Method, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    if let Some(name) = METHOD_OVERRIDES.into_iter().find(|name| headers.contains_key(*name)) {
        return Err(format!("the header {name} can turn it into another method"));
    }
    if url.query().is_some_and(|query| query.len() > LARGEST_DOCUMENT) {
        return Err(format!("its URL is longer than the {LARGEST_DOCUMENT} bytes that the host judges"));
    }
    for (name, value) in url.query_pairs() {
        // Servers that take a document from the URL take it before the one in the body.
        if name.eq_ignore_ascii_case("query") && value.contains('{') {
            document(&value).map_err(|problem| format!("the document in its URL {problem}"))?;
        }
    }
    match *method {
        Method::GET | Method::HEAD if body.is_empty() => Ok(()),
        Method::GET | Method::HEAD => Err("it has a body, in which a change can be asked for".into()),
        Method::POST => posted(url, headers, body),
        _ => Err(format!("{method} is a method that changes data")),
    }
}

/// Checks a GraphQL request in JSON: one `{query, variables, operationName}` or a list of them.
fn posted(url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    if url.query().is_some() {
        return Err("it is a POST with parameters in its URL".into());
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err("its body is encoded".into());
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(kind), None) if is_json(kind) => {}
        _ => return Err("its body is not declared as JSON (content-type: application/json)".into()),
    }
    let Requests(documents) = serde_json::from_slice(body)
        .map_err(|error| format!("its body is not a GraphQL request that can be judged: {error}"))?;
    if documents.is_empty() {
        return Err("its body holds no GraphQL document".into());
    }
    let length: usize = documents.iter().map(String::len).sum();
    if length > LARGEST_DOCUMENT {
        return Err(format!("its documents have {length} bytes, and the host judges no more than {LARGEST_DOCUMENT}"));
    }
    documents.iter().try_for_each(|text| document(text).map_err(|problem| format!("its GraphQL document {problem}")))
}

/// `application/json` or GraphQL's own JSON, in UTF-8: in another character set the same bytes are another text.
fn is_json(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else { return false };
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    matches!(kind, "application/json" | "application/graphql+json")
        && parts.all(|parameter| matches!(parameter, "" | "charset=utf-8" | "charset=\"utf-8\""))
}

/// Says what is wrong with a document; nothing when it holds queries and fragments alone.
fn document(text: &str) -> Result<(), String> {
    // Where a line ends decides what a comment hides, and readers differ about these.
    let is_unusual = |character: char| {
        matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}')
            || (character.is_control() && !"\t\n\r".contains(character))
    };
    if text.contains(is_unusual) {
        return Err("holds a control character or an unusual line break".into());
    }
    let parsed = parse_query::<&str>(text).map_err(|error| {
        let error = error.to_string();
        let lines: Vec<&str> = error.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        format!("cannot be parsed by the host: {}", lines.join("; "))
    })?;
    let mut operations = 0;
    for definition in &parsed.definitions {
        match definition {
            Definition::Fragment(_) => {}
            Definition::Operation(OperationDefinition::Query(_) | OperationDefinition::SelectionSet(_)) => {
                operations += 1
            }
            Definition::Operation(OperationDefinition::Mutation(_)) => return Err("holds a mutation".into()),
            Definition::Operation(OperationDefinition::Subscription(_)) => return Err("holds a subscription".into()),
        }
    }
    if operations == 0 { Err("holds no operation".into()) } else { Ok(()) }
}

/// The documents of a body. Its own reader, because of what it refuses: a member twice, where readers differ about which one counts, and
/// a member that it does not know, which could name a stored document.
struct Requests(Vec<String>);

impl<'de> de::Deserialize<'de> for Requests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RequestsVisitor { nested: false })
    }
}

struct RequestsVisitor {
    nested: bool,
}

impl<'de> de::DeserializeSeed<'de> for RequestsVisitor {
    type Value = Requests;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Requests, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RequestsVisitor {
    type Value = Requests;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with query, variables and operationName, or a list of such objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Requests, A::Error> {
        if self.nested {
            return Err(de::Error::custom("a list within a list"));
        }
        let mut documents = Vec::new();
        while let Some(Requests(more)) = list.next_element_seed(RequestsVisitor { nested: true })? {
            documents.extend(more);
        }
        Ok(Requests(documents))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Requests, A::Error> {
        let mut seen: Vec<String> = Vec::new();
        let mut query = None;
        while let Some(name) = map.next_key::<String>()? {
            if seen.contains(&name) {
                return Err(de::Error::custom(format!("the member {name} is there twice")));
            }
            match name.as_str() {
                "query" => query = Some(map.next_value::<String>()?),
                "variables" | "operationName" => drop(map.next_value::<IgnoredAny>()?),
                _ => return Err(de::Error::custom("a member other than query, variables and operationName")),
            }
            seen.push(name);
        }
        let query = query.ok_or_else(|| de::Error::custom("the member query is missing"))?;
        Ok(Requests(vec![query]))
    }
}

#[cfg(test)]
#[path = "read_only_tests.rs"]
mod tests;
