//! What `--read-only` lets out, held against a second GraphQL parser of another family: nothing may pass that the other takes for a
//! mutation.

use async_graphql_parser::types::OperationType;
use host_harness::egress::check_read;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use url::Url;

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
];

/// The first byte chooses whether the rest is a document or a whole body.
pub(crate) fn documents(data: &[u8]) -> u64 {
    let (kind, rest) = choice(data);
    let is_document = kind % 2 == 0;
    let body = if is_document {
        json!({ "query": String::from_utf8_lossy(rest), "variables": {} }).to_string().into_bytes()
    } else {
        rest.to_vec()
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let url = Url::parse("https://plm.example/graphql").expect("a URL");
    match check_read(&Method::POST, &url, &headers, &body) {
        Ok(()) => {
            let value: Value = serde_json::from_slice(&body).expect("what was let out is JSON");
            let requests = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            assert!(!requests.is_empty());
            for request in requests {
                let document = request["query"].as_str().expect("a document");
                if let Ok(parsed) = async_graphql_parser::parse_query(document) {
                    let reads =
                        parsed.operations.iter().all(|(_, operation)| operation.node.ty == OperationType::Query);
                    assert!(reads, "a mutation was let out: {document}");
                }
            }
            1
        }
        Err(why) => outcome(&why),
    }
}
