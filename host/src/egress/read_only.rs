//! Whether a request only reads, as far as the host can show it without trusting the component: GET and HEAD, or a
//! GraphQL POST whose document holds queries alone. What cannot be shown is refused: a way of sending that some server
//! reads differently from this file would be a way around it, so everything unusual counts as a change. Pure.

use std::fmt;

use graphql_parser::query::{Definition, OperationDefinition, parse_query};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use url::{Url, form_urlencoded};

use super::overrides;
use crate::secrets::unescaped;
use crate::text::beginning;

/// Documents of this many bytes in all take up to 50 milliseconds to parse, in which the call cannot be interrupted.
/// The connector's own queries have a few kilobytes.
const LARGEST_DOCUMENT: usize = 128 * 1024;

/// Layers of percent encoding and other escapes that a server may undo in a URL before it takes a text for a document.
const LAYERS: usize = 3;
/// The parameters, and the members of a body, of a GraphQL request.
const MEMBERS: [&str; 3] = ["query", "variables", "operationName"];

/// Whether a request can be shown to read; the error says why not, in words for a person.
pub fn check_read(method: &Method, url: &Url, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    if let Some(what) = overrides::header(headers) {
        return Err(what);
    }
    if url.as_str().len() > LARGEST_DOCUMENT {
        return Err(format!("its URL is longer than the {LARGEST_DOCUMENT} bytes that the host judges"));
    }
    asked_in(url)?;
    match *method {
        Method::GET | Method::HEAD if body.is_empty() => Ok(()),
        Method::GET | Method::HEAD => Err("it has a body, in which a change can be asked for".into()),
        Method::POST => posted(url, headers, body),
        _ => Err(format!("{method} is a method that changes data")),
    }
}

/// Checks what a URL asks for. Servers that take a document from the URL take it before the one in the body.
fn asked_in(url: &Url) -> Result<(), String> {
    let query = url.query().unwrap_or_default();
    // Some servers part parameters at semicolons as well.
    let apart = query.replace(';', "&");
    let pairs = || form_urlencoded::parse(query.as_bytes());
    for (name, value) in pairs().chain(form_urlencoded::parse(apart.as_bytes())) {
        if overrides::is_parameter(&name, &value) {
            let name = beginning(&name, 40);
            return Err(format!("the parameter {name:?} of its URL can have it taken for one with another method"));
        }
        for text in [&name, &value] {
            hides_no_change(text)?;
        }
    }
    hides_no_change(url.path())?;
    if !is_graphql(url) {
        return Ok(());
    }
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in pairs() {
        // Others can name a stored document, or bring one under a name of the server's own.
        if !MEMBERS.contains(&&*name) || seen.contains(&name.to_string()) {
            let members = "query, variables and operationName, each once";
            return Err(format!("its URL holds a GraphQL request with other parameters than {members}"));
        }
        if name == "query" {
            document(&value).map_err(|problem| format!("the document in its URL {problem}"))?;
        }
        seen.push(name.into_owned());
    }
    if seen.is_empty() || seen.iter().any(|name| name == "query") {
        return Ok(());
    }
    Err("its URL holds a GraphQL request without a document".into())
}

/// Whether a URL is that of a GraphQL request, by its path or its parameters.
fn is_graphql(url: &Url) -> bool {
    let path = String::from_utf8_lossy(&unescaped(url.path().as_bytes(), LAYERS)).to_ascii_lowercase();
    let is_endpoint = |word: &str| matches!(word, "graphql" | "gql" | "graphiql");
    let is_member = |name: &str, value: &str| {
        let first = name.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or_default();
        match first.to_ascii_lowercase().as_str() {
            "operationname" => true,
            // Words with other meanings, unless there is an object or a document in them.
            "query" | "queries" | "operations" | "variables" | "extensions" => value.contains('{'),
            _ => false,
        }
    };
    path.split(|character: char| !character.is_ascii_alphanumeric()).any(is_endpoint)
        || url.query_pairs().any(|(name, value)| is_member(&name, &value))
}

/// Refuses a text that a server could take for a document that changes data, as it stands or with escapes undone.
fn hides_no_change(text: &str) -> Result<(), String> {
    let mut text = text.to_owned();
    for _ in 0..=LAYERS {
        if has_change(&text) {
            document(&text).map_err(|problem| format!("a document in its URL {problem}"))?;
        }
        let undone = String::from_utf8_lossy(&unescaped(text.as_bytes(), 1)).into_owned();
        if undone == text {
            break;
        }
        text = undone;
    }
    Ok(())
}

/// Whether a text has what every document that changes data has: the word where an operation can begin, then perhaps a
/// name, then what comes before its fields. There are servers that part the word and the name by nothing.
fn has_change(text: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let is_skipped = |character: char| is_name(character) || character == ',' || !character.is_ascii_graphic();
    let fields = text.rfind('{').unwrap_or_default();
    ["mutation", "subscription"].into_iter().any(|word| {
        // What follows is the same for all words that nothing else stands between, and is looked at once.
        let mut skipped = 0;
        text.match_indices(word).any(|(at, _)| {
            let (before, after) = text.split_at(at);
            if at < skipped || before.ends_with(is_name) {
                return false;
            }
            let next = after.trim_start_matches(is_skipped);
            skipped = text.len() - next.len();
            next.starts_with(['{', '(', '@', '#']) && skipped <= fields
        })
    })
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

/// The documents of a body. Its own reader, because of what it refuses: a member twice, where readers differ about
/// which one counts, and a member that it does not know, which could name a stored document.
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
                known if MEMBERS.contains(&known) => map.next_value::<Sound>().map(drop)?,
                _ => return Err(de::Error::custom("a member other than query, variables and operationName")),
            }
            seen.push(name);
        }
        let query = query.ok_or_else(|| de::Error::custom("the member query is missing"))?;
        Ok(Requests(vec![query]))
    }
}

/// Any JSON whose texts are texts: to skip bytes that are no UTF-8, or half a surrogate pair, is to leave it to the
/// next reader what to make of them.
struct Sound;

impl<'de> de::Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
#[path = "read_only_tests.rs"]
mod tests;
