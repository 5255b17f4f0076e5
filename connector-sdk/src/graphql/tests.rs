//! What each answer of the service is taken to mean.

use graphql_client::{GraphQLQuery, QueryBody};

use super::*;
use crate::contract::{Error, Failure, HeaderValue};
use crate::host::Call;
use crate::testing::{FakeHost, connection};

struct GetCurrentUser;

impl GraphQLQuery for GetCurrentUser {
    type Variables = ();
    type ResponseData = serde_json::Value;

    fn build_query(variables: ()) -> QueryBody<()> {
        QueryBody { variables, query: "query GetCurrentUser { userById { id } }", operation_name: "GetCurrentUser" }
    }
}

const SERVICE: Service = Service {
    name: "Things",
    credential: "API key",
    header: ("apiToken", "apiKey"),
    words: |message| match message.trim().trim_end_matches('.') {
        "Unauthorized" | "unauthorized" => Some(Refused::Credential),
        message if message.to_ascii_lowercase().contains("not authorized to") => Some(Refused::Permission),
        _ => None,
    },
};

const USER: &str = r#"{"data":{"userById":{"id":"u1"}}}"#;

fn run(host: &FakeHost) -> Result<String, Error> {
    let connection = connection("apiKey", "https://things.test/graphql");
    let answer = Client::new(&Call { host, connection: &connection }, &SERVICE).run::<GetCurrentUser>(())?;
    Ok(answer.data().to_owned())
}

fn error_of(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
    let host = FakeHost::default();
    host.then(status, headers, body);
    run(&host).unwrap_err()
}

#[test]
fn the_data_of_a_good_answer_is_handed_on_byte_for_byte() {
    let data = r#"{ "userById":{"id": "u1",  "mass":1.50e0} }"#;
    let host = FakeHost::answering(&[&format!(r#"{{"data":{data},"errors":[]}}"#)]);
    assert_eq!(run(&host).unwrap(), data);
}

#[test]
fn a_request_names_the_key_and_never_holds_it() {
    let host = FakeHost::answering(&[USER]);
    run(&host).unwrap();
    let sent = host.sent.borrow();
    assert_eq!((sent[0].method.as_str(), sent[0].url.as_str()), ("POST", "https://things.test/graphql"));
    let tokens: Vec<_> = sent[0].headers.iter().filter(|(name, _)| name == "apiToken").collect();
    assert_eq!(tokens, [&("apiToken".to_owned(), HeaderValue::Secret("apiKey".to_owned()))]);
    assert!(sent[0].idempotent);
    assert_eq!(host.body(0)["operationName"], "GetCurrentUser");
}

#[test]
fn a_bad_key_is_unauthenticated_however_the_service_says_it() {
    let unauthorized = r#"{"errors":[{"message":"Unauthorized"}]}"#;
    for (status, body) in [
        (500, unauthorized),
        (200, unauthorized),
        (403, unauthorized),
        (401, "denied"),
        (401, ""),
        (200, r#"{"data":null,"errors":[{"message":"x","extensions":{"code":"UNAUTHENTICATED"}}]}"#),
        (400, r#"{"errors":[{"message":" unauthorized. "}]}"#),
    ] {
        assert!(matches!(error_of(status, &[], body), Error::Unauthenticated(_)), "{status} {body}");
    }
}

#[test]
fn a_missing_permission_is_forbidden() {
    for (status, body) in [
        (403, "no"),
        (200, r#"{"errors":[{"message":"You are not authorized to view this component"}]}"#),
        (500, r#"{"errors":[{"message":"Not authorized to do that"}]}"#),
        (401, r#"{"errors":[{"message":"You are not authorized to do that"}]}"#),
    ] {
        assert!(matches!(error_of(status, &[], body), Error::Forbidden(_)), "{status} {body}");
    }
}

#[test]
fn partial_data_with_errors_is_an_error_that_carries_both() {
    let body = r#"{"data":{"userById":{"id":"u1"}},"errors":[{"message":"a"},{"message":"b","path":["x"]}]}"#;
    let Error::Service(failure) = error_of(200, &[], body) else { panic!() };
    assert_eq!((failure.status, failure.message.as_str()), (200, "a; b"));
    assert_eq!(failure.errors.as_deref(), Some(r#"[{"message":"a"},{"message":"b","path":["x"]}]"#));
    assert_eq!(failure.data.as_deref(), Some(r#"{"userById":{"id":"u1"}}"#));
}

#[test]
fn errors_of_an_odd_shape_are_still_errors() {
    for body in [r#"{"data":{},"errors":"boom"}"#, r#"{"data":{},"errors":[{"message":7}]}"#, r#"{"errors":{}}"#] {
        assert!(matches!(error_of(200, &[], body), Error::Service(_)), "{body}");
    }
}

#[test]
fn an_error_status_without_json_is_the_services_failure_with_its_status() {
    let Error::Service(failure) = error_of(502, &[], "<html>Bad gateway</html>") else { panic!() };
    assert_eq!(failure.status, 502);
    assert!(failure.message.contains("Bad gateway"), "{}", failure.message);
}

#[test]
fn too_many_requests_say_how_long_to_wait_in_both_forms() {
    assert_eq!(error_of(429, &[], ""), Error::RateLimited(None));
    assert_eq!(error_of(429, &[("retry-after", "7")], ""), Error::RateLimited(Some(7)));
    assert_eq!(error_of(429, &[("retry-after", "soon")], ""), Error::RateLimited(None));
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let headers = [date, ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")];
    assert_eq!(error_of(429, &headers, ""), Error::RateLimited(Some(30)));
    let headers = [date, ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")];
    assert_eq!(error_of(429, &headers, ""), Error::RateLimited(Some(0)));
}

#[test]
fn the_code_of_an_error_counts_as_the_status_of_that_name() {
    let coded = |extensions: &str| {
        error_of(200, &[], &format!(r#"{{"data":null,"errors":[{{"message":"no","extensions":{extensions}}}]}}"#))
    };
    for (wait, seconds) in [
        ("", None),
        (r#","retryAfter":7"#, Some(7)),
        (r#","retryAfter":1.2"#, Some(2)),
        (r#","retryAfter":"3""#, Some(3)),
        (r#","retryAfter":-1"#, None),
    ] {
        assert_eq!(coded(&format!(r#"{{"code":"RATE_LIMITED"{wait}}}"#)), Error::RateLimited(seconds), "{wait}");
    }
    assert_eq!(coded(r#"{"http":{"status":429}}"#), Error::RateLimited(None));
    assert_eq!(coded(r#"{"code":"rate_limited","retryAfter":1e300}"#), Error::RateLimited(Some(u32::MAX)));
    assert!(matches!(coded(r#"{"code":"FORBIDDEN"}"#), Error::Forbidden(_)));
    assert!(matches!(coded(r#"{"code":"Unauthenticated"}"#), Error::Unauthenticated(_)));
    for other in [r#"{"code":"BAD_USER_INPUT"}"#, r#"{"code":7}"#, "[]", r#"{"status":"429"}"#] {
        assert!(matches!(coded(other), Error::Service(_)), "{other}");
    }
    let both = r#"{"errors":[{"message":"no","extensions":{"code":"RATE_LIMITED","retryAfter":9}}]}"#;
    assert_eq!(error_of(429, &[("retry-after", "4")], both), Error::RateLimited(Some(4)));
}

#[test]
fn a_refused_key_names_the_host_that_got_it() {
    let Error::Unauthenticated(message) = error_of(401, &[], "") else { panic!() };
    assert!(message.contains(" at https://"), "{message}");
}

#[test]
fn answers_that_are_not_graphql_are_unexpected() {
    for (body, says) in [
        ("", "empty"),
        ("<!DOCTYPE html><p>Maintenance", "HTML"),
        (r#"{"data":{"userById":{"id":"u"#, "breaks off"),
        ("[]", "is not a GraphQL answer"),
        ("{}", "neither data nor errors"),
        (r#"{"data":null}"#, "neither data nor errors"),
        ("\u{0}\u{1}", "is not a GraphQL answer"),
    ] {
        let error = error_of(200, &[], body);
        let Error::UnexpectedResponse(message) = &error else { panic!("{body}: {error:?}") };
        assert!(message.contains(says), "{body}: {message}");
    }
}

#[test]
fn a_redirect_is_reported_and_names_its_target() {
    let Error::UnexpectedResponse(message) = error_of(302, &[("location", "https://elsewhere.test/")], "") else {
        panic!()
    };
    assert!(message.contains("302") && message.contains("https://elsewhere.test/"), "{message}");
}

#[test]
fn failures_of_the_host_are_transport_but_an_oversized_answer_is_unexpected() {
    let host = FakeHost::default();
    host.then_fail(Failure::Timeout);
    assert_eq!(run(&host).unwrap_err(), Error::Transport(Failure::Timeout));
    host.then_fail(Failure::TooLarge(1_000));
    let Error::UnexpectedResponse(message) = run(&host).unwrap_err() else { panic!() };
    assert!(message.contains("1000 bytes"), "{message}");
}

#[test]
fn every_request_and_every_answer_is_logged_with_its_size_and_cut_to_a_stated_length() {
    let long = format!(r#"{{"data":{{"userById":{{"id":"{}"}}}}}}"#, "x".repeat(10_000));
    let host = FakeHost::answering(&[&long]);
    run(&host).unwrap();
    let logged = host.logged.borrow();
    assert_eq!(logged.len(), 2);
    assert!(logged[0].starts_with("request 1 GetCurrentUser: POST https://things.test/graphql"), "{}", logged[0]);
    let size = format!("status 200, {} bytes", long.len());
    assert!(logged[1].contains(&size) && logged[1].ends_with('…') && logged[1].len() < 5_000);
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_the_reader_panic(status in 100_u16..600, body in "\\PC{0,300}") {
        let host = FakeHost::default();
        host.then(status, &[("retry-after", &body)], &body);
        let _ = run(&host);
    }
}
