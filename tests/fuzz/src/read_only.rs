//! What `--read-only` lets out, held against a second GraphQL parser of another family: nothing may pass that the other
//! takes for a mutation, in a body or in a URL.

use async_graphql_parser::types::OperationType;
use host::egress::check_read;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use crate::{choice, outcome};

pub(crate) const WORDS: &[&str] = &[
    "query",
    "mutation",
    "subscription",
    "fragment",
    " on ",
    "{",
    "}",
    "{ a }",
    "mutation { b }",
    "query A { a }",
    "#",
    "\n",
    "\r",
    "\"",
    "\"\"\"",
    "\\\"\"\"",
    "\\",
    "\\u006d",
    "...",
    "@include(if: true)",
    "($a: [ID!] = [])",
    "(a: 1)",
    "$a",
    ",",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    ":",
    "\"query\":",
    "\"operationName\":",
    "[",
    "]",
    "&",
    "|",
    "!",
    "=",
    "-",
    "1.0e5",
    "?",
    ";",
    "&query=",
    "&Query[]=",
    "&variables={}",
    "&operationName=",
    "&extensions={}",
    "&_method=",
    "X-HTTP-Method-Override",
    "DELETE",
    "%7B",
    "%257B",
    "%6d",
    "graphql",
];

/// The first byte chooses whether the rest is a document, a whole body or what follows the origin in a URL.
pub(crate) fn documents(data: &[u8]) -> u64 {
    let (kind, rest) = choice(data);
    match kind % 4 {
        0 | 2 => posted(json!({ "query": String::from_utf8_lossy(rest), "variables": {} }).to_string().as_bytes()),
        1 => posted(rest),
        _ => asked(&String::from_utf8_lossy(rest)),
    }
}

fn posted(body: &[u8]) -> u64 {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let url = Url::parse("https://plm.example/graphql").expect("a URL");
    match check_read(&Method::POST, &url, &headers, body) {
        Ok(()) => {
            let value: Value = serde_json::from_slice(body).expect("what was let out is JSON");
            let requests = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            assert!(!requests.is_empty());
            for request in requests {
                let document = request["query"].as_str().expect("a document");
                assert!(!changes(document), "a mutation was let out: {document}");
            }
            1
        }
        Err(why) => outcome(&why),
    }
}

/// A GET. Whatever parameter a server takes for a document, and however often it decodes it, it finds no mutation.
fn asked(target: &str) -> u64 {
    let Ok(url) = Url::parse("https://plm.example/").expect("a URL").join(target) else { return 2 };
    let checked = check_read(&Method::GET, &url, &HeaderMap::new(), b"");
    if let Err(why) = checked {
        // Without what it quotes.
        return outcome(&why.split('"').step_by(2).collect::<String>());
    }
    let apart = url.query().unwrap_or_default().replace(';', "&");
    for query in [url.query().unwrap_or_default(), &apart] {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            assert_ne!(name.trim(), "_method", "an override was let out: {url}");
            let whole = value.replace('&', "%26").replace('=', "%3D");
            let again = form_urlencoded::parse(whole.as_bytes()).next();
            let again = again.map_or(String::new(), |(decoded, _)| decoded.into_owned());
            for document in [&*name, &*value, &again] {
                assert!(!changes(document), "a mutation was let out: {url}");
            }
        }
    }
    3
}

/// Whether the other parser finds anything but queries in a document.
fn changes(document: &str) -> bool {
    async_graphql_parser::parse_query(document)
        .is_ok_and(|parsed| parsed.operations.iter().any(|(_, operation)| operation.node.ty != OperationType::Query))
}
