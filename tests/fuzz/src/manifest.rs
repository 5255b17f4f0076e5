//! The manifest as the host reads it, and a connection that is read against it.

use host::Connection;
use host::contract::ConnectorDefinition;
use serde_json::{Value, json};
use std::time::SystemTime;

use crate::outcome;

pub(crate) const WORDS: &[&str] = &[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "\"key\":",
    "\"label\":",
    "\"connections\":",
    "\"fields\":",
    "\"input\":",
    "\"secret\":",
    "\"endpoint\":",
    "\"precedence\":",
    "\"environments\":",
    "\"mayBeJwt\":",
    "\"kind\":",
    "\"choice\"",
    "\"choices\":",
    "\"endpoint-url\"",
    "\"default\":",
    "\"actions\":",
    "\"dataSources\":",
    "\"triggers\":",
    "\"inputSchema\":",
    "\"extensions\":",
    "\"url\":",
    "\"https://plm.example\"",
    "\"Main\"",
    "255",
    "256",
    "-1",
    "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MTgzNzcwOTZ9.c2ln",
    "e30.eyJleHAiOjFlMzAwfQ.c2ln",
];

/// A manifest as JSON, and after a line break the connection's fields, if there are any.
pub(crate) fn manifest(data: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(data);
    let (manifest, fields) = text.split_once('\n').unwrap_or((&text, "{}"));
    let definition: ConnectorDefinition = match serde_json::from_str(manifest) {
        Ok(definition) => definition,
        Err(error) => return outcome(&error.to_string()),
    };
    let problems = definition.problems();
    let fields: Value = serde_json::from_str(fields).unwrap_or_else(|_| json!({}));
    // A connection against a manifest with problems must not panic either: an embedder may show both.
    for connection in &definition.connections {
        let configured = Connection::new(&definition, json!({ "key": connection.key, "fields": fields }));
        let Ok(configured) = configured else { continue };
        let now = SystemTime::now();
        let shown = format!("{configured:?} {:?} {:?}", configured.expired(now), configured.expiring_soon(now));
        for field in connection.fields.iter().filter(|field| field.secret) {
            let is_public = |text: &str| {
                connection
                    .fields
                    .iter()
                    .any(|other| !other.secret && fields[&other.input.key].to_string().contains(text))
            };
            if let Some(secret) = fields[&field.input.key].as_str().filter(|text| text.len() > 20 && !is_public(text)) {
                assert!(!shown.contains(secret), "a secret is shown: {shown}");
            }
        }
    }
    // A manifest that is sound can be written and read again.
    if problems.is_empty() {
        let written = serde_json::to_string(&definition).expect("a manifest can be written");
        assert_eq!(serde_json::from_str::<ConnectorDefinition>(&written).expect("what was written"), definition);
    }
    outcome(&problems.join(";"))
}
