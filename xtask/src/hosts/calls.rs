//! The calls of the connector for Duro that every host makes: one of each kind, and each error that a flow can meet.

use serde_json::{Value, json};

use super::compare::Compared;
use super::program::{Call, Desk};

/// Nothing listens there: the port is of a service that has long been out of use.
const NOBODY: &str = "http://127.0.0.1:9/graphql";

/// All of them.
pub(super) fn all(desk: &Desk) -> Vec<Call> {
    [answered(desk), refused(desk), failed(desk)].concat()
}

fn answered(desk: &Desk) -> Vec<Call> {
    let call = |name, words: &[&str], inputs| Call {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        ..desk.action(name, "", inputs)
    };
    vec![
        Call { compared: Compared::Json, ..call("what the connector declares", &["describe"], json!({})) },
        call("the test of the connection", &["test-connection"], json!({})),
        desk.action("an action", "getCurrentUser", json!({})),
        desk.action("a list of 1,000 records", "listComponents", json!({"first": 1000})),
        desk.action("records by their name", "findComponents", json!({"name": "resistor", "first": "40"})),
        desk.action("a document of one's own", "rawRequest", json!({"query": "{ libraries: __typename }"})),
        call("a dropdown", &["data-source", "selectComponent"], json!({})),
        call(
            "a dropdown that was searched",
            &["data-source", "selectComponent", "--search", "capacitor 0402"],
            json!({"first": 7}),
        ),
    ]
}

/// What the connector or the host says before anything is sent.
fn refused(desk: &Desk) -> Vec<Call> {
    let connected = |name, fields: Value| Call {
        connection: json!({"key": "duroApiKey", "fields": fields}),
        ..desk.action(name, "listComponents", json!({}))
    };
    let key = desk.service.key();
    vec![
        desk.action("an unknown key", "listNothing", json!({})),
        desk.action("inputs that cannot be used", "listComponents", json!({"first": "many", "orderBy": 7})),
        desk.action("an input that is missing", "getComponentById", json!({})),
        connected("a connection without a key and an address", json!({})),
        connected("a key that is no text", json!({"apiKey": 7, "customDuroEnvironment": desk.service.url()})),
        // The one of highest precedence counts, though it cannot be used: the other would get the key.
        Call {
            compared: Compared::Kind,
            ..connected(
                "an address that is none",
                json!({"apiKey": key, "duroEnvironment": "EU", "customDuroEnvironment": "duro"}),
            )
        },
        Call {
            compared: Compared::Kind,
            ..connected("an environment that there is not", json!({"apiKey": key, "duroEnvironment": "Mars"}))
        },
        Call {
            grants: &["--allow-private-network"],
            compared: Compared::Kind,
            ..desk.action("plain http that was not granted", "listComponents", json!({}))
        },
        Call {
            grants: &["--allow-http"],
            compared: Compared::Kind,
            ..desk.action("a private address that was not granted", "listComponents", json!({}))
        },
        Call {
            words: vec!["data-source".into(), "selectComponent".into(), "--cursor".into(), "garbage".into()],
            ..desk.action("a cursor that nobody gave", "", json!({}))
        },
    ]
}

/// What the service says, or does.
fn failed(desk: &Desk) -> Vec<Call> {
    let raw = |name, fault: &str| Call {
        fault: Some(fault.to_owned()),
        ..desk.action(name, "rawRequest", json!({"query": "{ __typename }"}))
    };
    vec![
        Call {
            connection: desk.duro("a-key-that-nobody-knows", desk.service.url()),
            ..desk.action("a key that the service does not accept", "listComponents", json!({}))
        },
        desk.action("a record that is not there", "getComponentById", json!({"componentId": "nowhere"})),
        Call {
            connection: desk.duro(desk.service.key(), NOBODY),
            compared: Compared::Kind,
            ..desk.action("a service that is not there", "rawRequest", json!({"query": "{ __typename }"}))
        },
        raw("a service that wants fewer requests", "429:17"),
        raw("an error of the service", "503"),
        raw("an error in a GraphQL answer", "graphql-error:Name is \"required\" — ü"),
        raw("a right that is missing", "403"),
        raw("half of an answer", "truncated"),
        raw("an answer that is a page", "html"),
        raw("a redirect", &format!("redirect:{}", desk.elsewhere.url())),
        raw("an answer that repeats the key", "echo-token"),
        Call { compared: Compared::Kind, ..raw("a connection that breaks", "drop-mid-body") },
    ]
}
