//! What a component tries that breaks every rule, and what a host must make of it.

use serde_json::{Value, json};

use super::compare::Compared;
use super::program::{Call, Component, Desk, SHORT_DEADLINE_SECONDS};

/// More than a host takes of one answer: 16 MiB.
const TOO_MANY_BYTES: &str = "huge:17000000";

/// All of it.
pub(super) fn all(desk: &Desk) -> Vec<Call> {
    [sending(desk), using(desk)].concat()
}

/// Has the misbehaving component do something.
fn does(desk: &Desk, name: &'static str, verb: &str, inputs: Value, compared: Compared) -> Call {
    Call {
        component: Component::Misbehaving,
        connection: json!({"key": "key", "fields": {"apiKey": desk.service.key(), "url": desk.service.url()}}),
        compared,
        ..desk.action(name, verb, inputs)
    }
}

/// A request of its own, with the secret and one more header.
fn request(url: &str, header: Option<&str>) -> Value {
    let mut headers =
        vec![json!(["apiToken", {"secret": "apiKey"}]), json!(["content-type", {"text": "application/json"}])];
    headers.extend(header.map(|name| json!([name, {"text": "1"}])));
    json!({"method": "POST", "url": url, "headers": headers, "body": "{\"query\":\"{ __typename }\"}"})
}

fn sending(desk: &Desk) -> Vec<Call> {
    let own = || request(desk.service.url(), None);
    let fetch = |name, inputs, compared| does(desk, name, "fetch", inputs, compared);
    let with = |name, header| fetch(name, request(desk.service.url(), Some(header)), Compared::Kind);
    let answered =
        |name, fault: &str| Call { fault: Some(fault.to_owned()), ..fetch(name, own(), Compared::BytesButDate) };
    let faulty = |name, fault: &str| Call { fault: Some(fault.to_owned()), ..fetch(name, own(), Compared::Kind) };
    // The same machine under another name.
    let same_machine = desk.service.url().replace("127.0.0.1", "localhost");
    let halves = desk.service.key().split_at(desk.service.key().len() / 2);
    let search = |fetch| json!({"first": halves.0, "second": halves.1, "fetch": fetch});
    let mut not_a_secret = own();
    if let Some(headers) = not_a_secret.get_mut("headers").and_then(Value::as_array_mut) {
        headers.push(json!(["x-other", {"secret": "url"}]));
    }
    vec![
        fetch("every header of an answer, Date among them", own(), Compared::BytesButDate),
        fetch("another origin", request(desk.elsewhere.url(), None), Compared::Kind),
        fetch("the same machine by another name", request(&same_machine, None), Compared::Kind),
        fetch("an address with a password", request(&desk.service.url().replace("//", "//a:b@"), None), Compared::Kind),
        fetch("a field that is no secret in a secret's place", not_a_secret, Compared::Kind),
        with("a header that frames the message", "Content-Length"),
        with("one that is spelled with an underscore", "Transfer_Encoding"),
        with("a header for the next hop", "Connection"),
        with("a header for a proxy", "Proxy-Authorization"),
        with("a header that names the host", "Host"),
        answered("a redirect to another origin", &format!("redirect:{}", desk.elsewhere.url())),
        answered("an echo of the secret, in each of its spellings", "echo-token"),
        Call {
            fault: Some("echo-token".to_owned()),
            ..does(
                desk,
                "the secret, looked for in all of the memory",
                "search-memory",
                search(own()),
                Compared::BytesButDate,
            )
        },
        faulty("an answer without end", TOO_MANY_BYTES),
        Call { deadline_seconds: SHORT_DEADLINE_SECONDS, ..faulty("an answer that comes too late", "slow-body:20s") },
        does(
            desk,
            "more requests than a call may send",
            "many-requests",
            merged(own(), json!({"count": 203})),
            Compared::Bytes,
        ),
    ]
}

fn using(desk: &Desk) -> Vec<Call> {
    let does = |name, verb: &str, inputs, compared| does(desk, name, verb, inputs, compared);
    vec![
        does("a fresh instance, and what it sees of the connection", "fine", json!({}), Compared::Bytes),
        does("a fresh instance once more", "fine", json!({}), Compared::Bytes),
        Call {
            deadline_seconds: SHORT_DEADLINE_SECONDS,
            ..does("a loop without end", "spin", json!({}), Compared::Kind)
        },
        does("memory without end", "alloc", json!({}), Compared::KindAlone),
        does("calls without end", "recurse", json!({}), Compared::Kind),
        does("a panic", "panic", json!({"message": "on purpose"}), Compared::Kind),
        does("a result that is no JSON", "invalid-json", json!({}), Compared::Kind),
        does(
            "numbers and texts as they are spelled",
            "say",
            json!({"json": "[1.0,1e2,12345678901234567890,\"\\u00fc/\\/\"]"}),
            Compared::Bytes,
        ),
    ]
}

fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}
