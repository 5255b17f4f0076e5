//! What `Grants::read_only` lets through, and the ways around it that do not work.

use serde_json::json;

use super::*;

const READS: &str = "{ userById { email } }";
const WRITES: &str = "mutation { createThing(input: {name: \"x\"}) { id } }";

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
        "query A($x: [ID!] = [\"mutation\"]) { a(x: $x) @include(if: true) { ...f ... on B { c } } } fragment f on C { \
         d }",
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
        r#"{"query": "{ a }", "variables": {"a": ["\ud800"]}}"#,
        r#"{"query": "{ a }", "variables": {"\ud800": 1}}"#,
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
fn a_change_in_the_url_is_found_under_any_name_and_spelling() {
    let get =
        |query: &str| check_read(&Method::GET, &url(&format!("https://plm.example/{query}")), &HeaderMap::new(), b"");
    let changes = "mutation%7Ba%7D";
    for query in [
        "?query=mutation%7Ba%7D",
        "?query[]=mutation%7Ba%7D",
        "?query%5B%5D=mutation{a}",
        "?query[0]=mutation{a}",
        "?query[0][query]=mutation{a}",
        "?query.x=mutation{a}",
        "?Query=mutation{a}",
        "?QUERY=mutation{a}",
        "?queries=mutation{a}",
        "?q=mutation{a}",
        "?doc=mutation+A(%24a%3A+Int)+%7Ba%7D",
        "?a=1;query=mutation{a}",
        "?a=1&a=2;doc=mutation{a}",
        "?mutation{a}",
        "?mutation{a}=1",
        "?query=mutation%257Ba%257D",
        "?query=%6dutation%25257Ba%25257D",
        "?query=%5Cu006dutation{a}",
        "?query=mutation%23%0A{a}",
        "?query=mutation,{a}",
        "?query=mutationA{a}",
        "?query=mutation%20A@b(c:1){a}",
        "?query=%EF%BB%BFmutation%EF%BB%BF{a}",
        "?query={a}%20mutation{b}",
        "?query={a}&query=mutation{b}",
        "?operations={\"query\":\"mutation{a}\"}",
        "?operations=%5B%7B%22query%22%3A%22mutation%20%7Ba%7D%22%7D%5D",
        "?batch={\"query\":\"\\u006dutation{a}\"}",
        "?x=subscription{a}",
        "graphql/mutation{a}",
        "graphql;query=mutation%7Ba%7D",
    ] {
        assert!(get(query).unwrap_err().contains("in its URL"), "{query}: {:?}", get(query));
    }
    for (path, query) in [("search", "x"), ("graphql", "query")] {
        let both = check_read(
            &Method::HEAD,
            &url(&format!("https://plm.example/{path}?{query}={changes}")),
            &HeaderMap::new(),
            b"",
        );
        assert!(both.is_err());
    }
}

#[test]
fn a_graphql_request_in_the_url_holds_what_one_in_a_body_may_and_nothing_else() {
    let get =
        |query: &str| check_read(&Method::GET, &url(&format!("https://plm.example/{query}")), &HeaderMap::new(), b"");
    for query in [
        "graphql",
        "graphql?",
        "graphql?query={a}",
        "graphql?query=query%20A{a}&variables={\"b\":{}}&operationName=A",
        "?query={a}&variables={}",
    ] {
        assert_eq!(get(query), Ok(()), "{query}");
    }
    for query in [
        "graphql?id=stored-mutation",
        "graphql?documentId=stored-mutation",
        "graphql?doc_id=1",
        "graphql?extensions={\"persistedQuery\":{\"sha256Hash\":\"x\"}}",
        "api/%67raphql?id=1",
        "admin/api/GraphQL.json?queryId=1",
        "gql?hash=1",
        "?operationName=Stored",
        "?operationName=Stored&id=1",
        "?variables={\"a\":1}&id=1",
        "?extensions={\"persistedQuery\":{}}",
        "?query={a}&extensions={}",
        "?query={a}&documentId=1",
        "?query={a}&query={a}",
        "?query={a}&Query={a}",
        "?Query={a}",
        "?query[]={a}",
        "?operations={\"query\":\"{a}\"}",
        "?queries=[{\"query\":\"{a}\"}]",
        "graphql?query=stored-mutation",
        "graphql?variables={}",
    ] {
        assert!(get(query).is_err(), "{query}");
    }
}

#[test]
fn what_is_only_read_is_asked_for_in_urls_of_every_usual_form() {
    for path in [
        "parts",
        "parts?query=bracket&page=2&id=7&documentId=9",
        "parts?filter={\"status\":\"open\",\"kind\":\"mutation\"}",
        "parts?filter[status]=open&filter[kind][]=mutation&sort=-name",
        "parts?filter={\"sort\":\"mutationRate\",\"by\":{\"mutation\":{}}}",
        "search?q=mutation+of+genes&query=name%3A%22a%22",
        "parts?extensions=png,step&operations=3&variables=a",
        "rest/?method=user.getInfo&format=json",
        "payments?payment_method=card&method=GET",
        "parts;revision=2?fields=a;b;c",
        "files/a%20b%7Bc%7D.step",
        "odata?$filter=Name%20eq%20'x'&$top=5",
    ] {
        let checked = check_read(&Method::GET, &url(&format!("https://plm.example/{path}")), &HeaderMap::new(), b"");
        assert_eq!(checked, Ok(()), "{path}");
    }
}

#[test]
fn a_parameter_or_a_header_by_which_it_becomes_another_request_does_not_leave() {
    let body = json!({ "query": READS }).to_string();
    for name in ["x_http_method_override", "X-Original-URL", "x-forwarded-prefix", "content_type", "_method"] {
        let name: http::HeaderName = name.parse().unwrap();
        let mut list = headers(&[("content-type", "application/json")]);
        list.insert(name.clone(), HeaderValue::from_static("GET"));
        let endpoint = url("https://plm.example/graphql");
        assert!(check_read(&Method::POST, &endpoint, &list, body.as_bytes()).unwrap_err().contains(name.as_str()));
        assert!(check_read(&Method::GET, &endpoint, &list, b"").unwrap_err().contains(name.as_str()));
    }
    for query in ["_method=DELETE", "a=1;_method=DELETE", "%5fmethod=x", "x-http-method-override=PUT", "method=delete"]
    {
        let endpoint = url(&format!("https://plm.example/parts/1?{query}"));
        let refusal = check_read(&Method::GET, &endpoint, &HeaderMap::new(), b"").unwrap_err();
        assert!(refusal.contains("another method"), "{query}: {refusal}");
        let posted =
            check_read(&Method::POST, &endpoint, &headers(&[("content-type", "application/json")]), body.as_bytes());
        assert!(posted.is_err(), "{query}");
    }
}

#[test]
fn variables_may_hold_anything() {
    let variables = json!({ "a": [null, true, -1, 1, 1.5, "mutation {", { "b": [] }], "\u{1f600}": "\u{1f600}" });
    assert_eq!(post(&json!({ "query": READS, "variables": variables, "operationName": "A" }).to_string()), Ok(()));
}

#[test]
fn there_is_a_most_that_is_judged_however_it_is_cut_up() {
    let many = vec![json!({ "query": "{ a }".to_owned() + &" ".repeat(LARGEST_DOCUMENT / 4) }); 5];
    assert!(post(&serde_json::to_string(&many).unwrap()).unwrap_err().contains("judges no more"));
    assert_eq!(post(&serde_json::to_string(&many[..3]).unwrap()), Ok(()));
    let long = url(&format!("https://plm.example/?{}", "query=%7Ba%7D&".repeat(LARGEST_DOCUMENT / 14 + 1)));
    assert!(check_read(&Method::GET, &long, &HeaderMap::new(), b"").is_err());
}
