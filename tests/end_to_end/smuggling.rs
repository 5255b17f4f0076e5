//! A component that wants to reach what it may not, and to take the key where it may not go.

use crate::support::Cage;
use duro_sim::{DuroSim, Fault};
use host::contract::{Error, Failure};
use host::egress::{Grant, Refusal, RefusalReason};
use host::{CallError, CallOptions, Connection, Grants, LoadError, Runtime, RuntimeOptions};
use serde_json::{Value, json};

const CANARY: &str = "canary-smuggled-5b21+x/y==";

/// Sends a request that the host must not let out, and gives what it was refused for.
async fn refused(cage: &Cage, request: Value) -> Refusal {
    let failure = cage.perform("fetch", request.clone()).await.unwrap_err();
    let CallError::Refused { refusals, answer } = failure.error else { panic!("{request}: {failure:?}") };
    // The component is told the same as the embedder.
    assert!(matches!(answer, Error::Transport(Failure::Denied(text)) if text == refusals[0].to_string()));
    assert_eq!(cage.sim.request_count(), 0, "{request}");
    refusals.into_iter().next().unwrap()
}

#[tokio::test]
async fn another_origin_is_never_reached_and_the_refusal_names_both() {
    let cage = Cage::with_key(CANARY).await;
    let other = DuroSim::builder().spawn().await.unwrap();
    let own = cage.sim.url();
    let port = cage.sim.address().port();
    for url in [
        other.url(),
        own.replace("http:", "https:"),
        own.replace("127.0.0.1", "localhost"),
        own.replace("127.0.0.1", "[::1]"),
        own.replace("127.0.0.1", "127.0.0.2"),
        format!("http://127.0.0.1:{port}.evil.example/"),
        format!("http://evil.example/?http://127.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let refusal = refused(&cage, json!({ "url": url, "headers": [["apiToken", { "secret": "apiKey" }]] })).await;
        let expected = matches!(refusal.reason, RefusalReason::Origin | RefusalReason::InvalidRequest);
        assert!(expected, "{url}: {refusal}");
    }
    let refusal = refused(&cage, json!({ "url": own.replace("http://", "http://user:pass@") })).await;
    assert_eq!(refusal.reason, RefusalReason::Credentials);
    assert_eq!(other.request_count(), 0);
}

#[tokio::test]
async fn the_same_address_in_another_spelling_is_the_same_origin() {
    let cage = Cage::new().await;
    let port = cage.sim.address().port();
    for host in ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1."] {
        cage.perform("fetch", json!({ "url": format!("http://{host}:{port}/graphql") })).await.unwrap();
    }
}

#[tokio::test]
async fn headers_that_are_the_hosts_own_or_break_the_message_are_refused() {
    let cage = Cage::with_key(CANARY).await;
    let url = cage.sim.url();
    for name in [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "transfer_encoding",
        "Connection",
        "Keep-Alive",
        "Upgrade",
        "TE",
        "Trailer",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Expect",
        ":authority",
        "a b",
        "a\r\nb",
        "",
    ] {
        let refusal = refused(&cage, json!({ "url": url, "headers": [[name, { "text": "x" }]] })).await;
        assert_eq!(refusal.reason, RefusalReason::Header, "{name}");
    }
    for value in ["a\r\nHost: evil.example", "a\nb", "a\0b", "é"] {
        let refusal = refused(&cage, json!({ "url": url, "headers": [["x", { "text": value }]] })).await;
        assert_eq!(refusal.reason, RefusalReason::Header, "{value:?}");
    }
    for method in ["CONNECT", "TRACE", "get", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\nGET", ""] {
        let refusal = refused(&cage, json!({ "url": url, "method": method })).await;
        assert_eq!(refusal.reason, RefusalReason::InvalidRequest, "{method}");
    }
    // A line break in a URL does not survive its parser, and what is left goes where it says.
    cage.perform("fetch", json!({ "url": format!("{url}\r\nX-Evil: 1") })).await.unwrap();
    let request = cage.sim.requests().remove(0);
    assert!(request.header_values("x-evil").is_empty() && request.path.contains("X-Evil"), "{request:?}");
}

#[tokio::test]
async fn a_secret_goes_into_a_header_and_nowhere_else() {
    let cage = Cage::with_key(CANARY).await;
    let url = format!("{}?key=secret(apiKey)&other=%7B%22secret%22%3A%22apiKey%22%7D", cage.sim.url());
    let request = json!({
        "method": "POST",
        "url": url,
        "headers": [["apiToken", { "secret": "apiKey" }], ["x-plain", { "text": "secret(apiKey)" }]],
        "body": "secret(apiKey) {\"secret\": \"apiKey\"} ${apiKey} {{apiKey}}",
    });
    cage.perform("fetch", request).await.unwrap();
    let request = cage.sim.requests().remove(0);
    assert_eq!(request.header_values("apitoken"), [CANARY]);
    assert_eq!(request.places_of(CANARY, "apitoken"), Vec::<String>::new());
    assert_eq!(request.header_values("x-plain"), ["secret(apiKey)"]);
}

#[tokio::test]
async fn a_secret_that_is_not_declared_or_not_filled_in_is_refused() {
    let cage = Cage::with_key(CANARY).await;
    for key in ["url", "apikey", "API_KEY", "", "PATH"] {
        let request = json!({ "url": cage.sim.url(), "headers": [["x", { "secret": key }]] });
        let refusal = refused(&cage, request).await;
        assert_eq!(refusal.reason, RefusalReason::Secret, "{key}");
        assert!(refusal.to_string().contains("does not declare"), "{refusal}");
    }
    let fields = json!({ "url": cage.sim.url() });
    let connection = Connection::new(cage.connector.definition(), json!({ "key": "key", "fields": fields })).unwrap();
    let cage = Cage { connection, ..cage };
    let request = json!({ "url": cage.sim.url(), "headers": [["x", { "secret": "apiKey" }]] });
    assert!(refused(&cage, request).await.to_string().contains("has no value"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_its_target_is_not_contacted() {
    let cage = Cage::with_key(CANARY).await;
    let other = DuroSim::builder().spawn().await.unwrap();
    for target in [other.url(), format!("{}/elsewhere", cage.sim.url())] {
        cage.sim.clear_requests();
        cage.sim.fault_next(Fault::Redirect(target.clone()));
        let request = json!({ "url": cage.sim.url(), "headers": [["apiToken", { "secret": "apiKey" }]] });
        let answer = cage.perform("fetch", request).await.unwrap();
        assert_eq!(answer["status"], 307);
        assert!(answer["headers"].to_string().contains(&target), "{answer}");
        assert_eq!((cage.sim.request_count(), other.request_count()), (1, 0));
    }
}

#[tokio::test]
async fn an_echoed_key_reaches_neither_the_component_nor_its_memory() {
    let cage = Cage::with_key(CANARY).await;
    let fetch = json!({ "url": cage.sim.url(), "headers": [["apiToken", { "secret": "apiKey" }]] });
    for body in [
        CANARY.to_owned(),
        CANARY.replace('/', "\\/"),
        CANARY.replace('+', "\\u002b").replace('=', "\\u003D"),
        CANARY.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D"),
        CANARY.replace('+', "&#43;"),
        CANARY.to_uppercase(),
        CANARY.bytes().map(|byte| format!("%25{byte:02X}")).collect(),
        CANARY.bytes().map(|byte| format!("&#x{byte:04X};")).collect(),
        CANARY.bytes().map(|byte| format!("{byte:02x}")).collect(),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("Basic user:{CANARY}")),
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{}{CANARY}", "x".repeat(45)))
            .as_bytes()
            .chunks(64)
            .map(|line| format!("{}\\r\\n", String::from_utf8_lossy(line)))
            .collect(),
    ] {
        let headers = vec![("x-echo".to_owned(), body.clone())];
        cage.sim.fault_next(Fault::Answer { status: 200, headers, body: format!("<<{body}>>") });
        let mut inputs = json!({ "fetch": fetch, "first": "canary-smug", "second": "gled-5b21" });
        let result = cage.perform("search-memory", inputs.clone()).await.unwrap();
        assert_eq!(result["found"], false, "{body}");
        assert!(!result.to_string().contains(&body), "{result}");
        // The search does find what is there.
        cage.sim.fault_next(Fault::Answer { status: 200, headers: vec![], body });
        inputs["first"] = "[reda".into();
        inputs["second"] = "cted]".into();
        assert_eq!(cage.perform("search-memory", inputs).await.unwrap()["found"], true);
    }
}

#[tokio::test]
async fn a_name_is_judged_by_the_addresses_it_leads_to() {
    let cage = Cage::with_key(CANARY).await;
    let url = cage.sim.url().replace("127.0.0.1", "localhost");
    let fields = json!({ "apiKey": CANARY, "url": url });
    let connection = Connection::new(cage.connector.definition(), json!({ "key": "key", "fields": fields })).unwrap();
    let request = json!({ "url": url, "idempotent": true, "headers": [["apiToken", { "secret": "apiKey" }]] });
    let without = CallOptions { grants: Grants { allow_http: true, ..Grants::default() }, ..cage.options.clone() };
    let failure = cage.connector.perform("fetch", &connection, &request, &without).await.unwrap_err();
    let CallError::Refused { refusals, .. } = failure.error else { panic!("{failure:?}") };
    assert_eq!((refusals[0].reason, refusals[0].grant), (RefusalReason::Address, Some(Grant::AllowPrivateNetwork)));
    assert!(refusals[0].to_string().contains("localhost leads to"), "{}", refusals[0]);
    assert_eq!(cage.sim.request_count(), 0);
    // The grant that it names is what was missing; and what it opened stays shut to a call without it.
    cage.connector.perform("fetch", &connection, &request, &cage.options).await.unwrap();
    assert_eq!(cage.sim.request_count(), 1);
    assert!(cage.connector.perform("fetch", &connection, &request, &without).await.is_err());
    assert_eq!(cage.sim.request_count(), 1);
}

#[tokio::test]
async fn a_component_that_asks_for_more_than_http_and_log_is_not_loaded() {
    let runtime = Runtime::new(RuntimeOptions { concurrent_calls: 1, ..RuntimeOptions::default() }).unwrap();
    for import in ["wasi:clocks/wall-clock@0.2.0", "wasi:sockets/tcp@0.2.0", "integration:connector/secrets@0.2.0"] {
        let component = format!("(component (import \"{import}\" (instance (export \"now\" (func)))))");
        let error = runtime.load(wat::parse_str(component).unwrap()).await.unwrap_err();
        assert!(matches!(&error, LoadError::Imports(names) if *names == [import]), "{error}");
    }
}
