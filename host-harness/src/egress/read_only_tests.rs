//! What `--read-only` lets through, and the ways around it that do not work.

use serde_json::json;

use super::*;

const READS: &str = "{ userById { email } }";
const WRITES: &str = "mutation { createChangeOrder(input: {name: \"x\"}) { id } }";

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
    list.iter()
        .map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(value)))
        .collect()
}

/// A POST as GraphQL clients send it.
fn post(body: &str) -> Result<(), String> {
    let headers = headers(&[("content-type", "application/json")]);
    check_read(&Method::POST, &url("https://plm.example/graphql"), &headers, body.as_bytes())
}

fn post_document(document: &str) -> Result<(), String> {
    post(&json!({ "query": document, "variables": { "a": 1 }, "operationName": null }).to_string())
}

#[test]
fn queries_leave_in_every_usual_form() {
    for document in [
        READS,
        "query { a }",
        "query A($x: [ID!] = [\"mutation\"]) { a(x: $x) @include(if: true) { ...f ... on B { c } } } fragment f on C { d }",
        "query A { a } query B { b }",
        "# mutation { a }\n{ mutation: b(text: \"mutation { c }\", block: \"\"\"mutation \\\"\"\" { d }\"\"\") }",
        "\u{feff}{ a, b }",
        "{ a }\r# comment\r\n",
    ] {
        assert_eq!(post_document(document), Ok(()), "{document}");
    }
    assert_eq!(post(&json!([{ "query": READS }, { "query": READS, "variables": null }]).to_string()), Ok(()));
}

#[test]
fn a_mutation_is_found_wherever_it_hides() {
    for document in [
        WRITES,
        "mutation A { a }",
        "query A { a } mutation B { b }",
        "mutation B { b } query A { a }",
        "{ a } # comment\nmutation { b }",
        "{ a } # comment\rmutation { b }",
        "# \"\"\"\nmutation { b }\n# \"\"\"",
        "{ a(text: \"\\\\\") } mutation { b(text: \"\") }",
        "query mutation { a } mutation query { b }",
        "\u{feff},,mutation{b}",
        "fragment f on M { a } mutation { ...f }",
        "subscription { a }",
    ] {
        let refusal = post_document(document).unwrap_err();
        assert!(refusal.contains("holds a "), "{document}: {refusal}");
    }
}

#[test]
fn what_cannot_be_judged_does_not_leave() {
    for document in [
        "",
        "fragment f on M { a }",
        "{ a",
        "mutationA { b }",
        "{ a } # \u{2028} mutation { b }",
        "{ a } \0",
        "type A { b: C }",
        // In a block text a backslash before three quotes takes their meaning, whatever stands before the backslash.
        "{ a(text: \"\"\"\\\\\"\"\") } mutation { b }",
        &"{a".repeat(10_000),
        &format!("{{ a }} #{}", "x".repeat(LARGEST_DOCUMENT)),
    ] {
        assert!(post_document(document).is_err(), "{document}");
    }
    for body in [
        "",
        "null",
        "[]",
        "[[]]",
        "\"{ a }\"",
        "{}",
        READS,
        r#"{"query": null}"#,
        r#"{"query": ["{ a }"]}"#,
        r#"{"query": "{ a }", "query": "mutation { b }"}"#,
        r#"{"query": "mutation { b }", "query": "{ a }"}"#,
        r#"{"query": "{ a }", "\u0071uery": "mutation { b }"}"#,
        r#"{"qu\u0065ry": "mutation { b }"}"#,
        r#"{"query": "\u006dutation { b }"}"#,
        r#"{"query": "{ a }", "Query": "mutation { b }"}"#,
        r#"{"query": "{ a }", "extensions": {"persistedQuery": {"sha256Hash": "x"}}}"#,
        r#"{"query": "{ a }", "id": "stored-mutation"}"#,
        r#"[{"query": "{ a }"}, {"query": "mutation { b }"}]"#,
        r#"[{"query": "{ a }"}, [{"query": "{ a }"}]]"#,
        r#"{"query": "{ a }"} {"query": "mutation { b }"}"#,
        "\u{feff}{\"query\": \"{ a }\"}",
    ] {
        assert!(post(body).is_err(), "{body}");
    }
}

#[test]
fn only_methods_and_bodies_that_read_leave() {
    let endpoint = url("https://plm.example/graphql");
    let none = HeaderMap::new();
    assert_eq!(check_read(&Method::GET, &endpoint, &none, b""), Ok(()));
    assert_eq!(check_read(&Method::HEAD, &endpoint, &none, b""), Ok(()));
    assert!(check_read(&Method::GET, &endpoint, &none, WRITES.as_bytes()).is_err());
    let body = json!({ "query": READS }).to_string();
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        assert!(
            check_read(&method, &endpoint, &headers(&[("content-type", "application/json")]), body.as_bytes()).is_err()
        );
    }
    for list in [
        &[][..],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/graphql")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json; charset=utf-7")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
        &[("content-type", "application/json"), ("x-http-method-override", "DELETE")],
    ] {
        assert!(check_read(&Method::POST, &endpoint, &headers(list), body.as_bytes()).is_err(), "{list:?}");
    }
    assert!(check_read(&Method::GET, &endpoint, &headers(&[("x-http-method-override", "DELETE")]), b"").is_err());
    let good = headers(&[("content-type", "application/json; charset=UTF-8")]);
    assert_eq!(check_read(&Method::POST, &endpoint, &good, body.as_bytes()), Ok(()));
}

#[test]
fn a_document_in_the_url_is_judged_too() {
    let get = |text: &str| check_read(&Method::GET, &url(text), &HeaderMap::new(), b"");
    assert_eq!(get("https://plm.example/parts?query=bracket"), Ok(()));
    assert_eq!(get("https://plm.example/graphql?query=%7B%20a%20%7D"), Ok(()));
    assert!(get("https://plm.example/graphql?query=mutation%20%7B%20a%20%7D").is_err());
    assert!(get("https://plm.example/graphql?query=%7Ba%7D&query=mutation%7Ba%7D").is_err());
    let good = headers(&[("content-type", "application/json")]);
    let posted = url("https://plm.example/graphql?query=mutation%7Ba%7D");
    let body = json!({ "query": READS }).to_string();
    assert!(check_read(&Method::POST, &posted, &good, body.as_bytes()).is_err());
}

#[test]
fn there_is_a_most_that_is_judged_however_it_is_cut_up() {
    let many = vec![json!({ "query": "{ a }".to_owned() + &" ".repeat(LARGEST_DOCUMENT / 4) }); 5];
    assert!(post(&serde_json::to_string(&many).unwrap()).unwrap_err().contains("judges no more"));
    assert_eq!(post(&serde_json::to_string(&many[..3]).unwrap()), Ok(()));
    let long = url(&format!("https://plm.example/?{}", "query=%7Ba%7D&".repeat(LARGEST_DOCUMENT / 14 + 1)));
    assert!(check_read(&Method::GET, &long, &HeaderMap::new(), b"").is_err());
}
