//! A small manifest for unit tests.

use serde_json::json;

use crate::contract::ConnectorDefinition;

/// A connector with one of everything: connection `key` with the secret `apiKey`, the choice `environment` (Main, EU)
/// and the URL `customUrl`, which wins.
pub(crate) fn definition() -> ConnectorDefinition {
    let field = |key: &str, kind: &str| json!({"key": key, "label": key, "kind": kind, "required": false, "help": "", "choices": []});
    let mut environment = field("environment", "choice");
    environment["choices"] = json!([{"value": "Main", "label": "Main"}, {"value": "EU", "label": "Europe"}]);
    let callable = |key: &str| {
        json!({
            "key": key, "label": key, "description": "", "changesData": false, "searchable": true,
            "inputs": [field("name", "text")],
            "inputSchema": {"type": "object"}, "resultSchema": {}, "examplePayload": {},
        })
    };
    let value = json!({
        "key": "example", "label": "Example", "description": "", "version": "1.0.0",
        "connections": [{
            "key": "key", "label": "Key", "description": "",
            "fields": [
                {"input": field("apiKey", "password"), "secret": true, "mayBeJwt": true},
                {
                    "input": environment, "secret": false, "mayBeJwt": false,
                    "endpoint": {"precedence": 1, "environments": [
                        {"value": "Main", "url": "https://main.example/graphql"},
                        {"value": "EU", "url": "https://eu.example/graphql"},
                    ]},
                },
                {
                    "input": field("customUrl", "endpoint-url"), "secret": false, "mayBeJwt": false,
                    "endpoint": {"precedence": 2, "environments": []},
                },
            ],
        }],
        "actions": [callable("act")],
        "dataSources": [callable("pick")],
        "triggers": [callable("watch")],
    });
    serde_json::from_value(value).expect("a manifest")
}
