//! Each fault does what it says, to the request it is meant for.

use std::time::{Duration, Instant, SystemTime};

use duro_sim::{DuroSim, Fault, Resource, parse_duration};
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::{client, request};

const COMPANY: &str = "{ userById { primaryCompany { id name } } }";
const QUERY: &str = "{ userById { firstName email } changeOrders { connection(first: 2) { totalCount } } }";

async fn service() -> DuroSim {
    DuroSim::builder().spawn().await.unwrap()
}

async fn send(sim: &DuroSim) -> reqwest::Result<Response> {
    request(sim, QUERY, json!({})).send().await
}

/// The answer to a request that meets this fault.
async fn faulty(sim: &DuroSim, fault: Fault) -> Response {
    sim.fault_next(fault);
    send(sim).await.expect("an answer")
}

/// The true answer.
async fn truth(sim: &DuroSim) -> String {
    send(sim).await.unwrap().text().await.unwrap()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn a_status_comes_with_its_body_and_headers_once() {
    let sim = service().await;
    for status in [401, 403, 429, 500, 503] {
        let response = faulty(&sim, Fault::status(status)).await;
        assert_eq!(response.status(), status);
        assert!(json_of(&response.text().await.unwrap())["errors"][0]["message"].is_string());
    }
    let fault = Fault::Answer { status: 418, headers: vec![("x-kind".into(), "teapot".into())], body: "short".into() };
    let response = faulty(&sim, fault.with_header("x-second", "2")).await;
    assert_eq!(response.status(), 418);
    assert_eq!(response.headers()["x-kind"], "teapot");
    assert_eq!(response.headers()["x-second"], "2");
    assert_eq!(response.text().await.unwrap(), "short");
    let response = faulty(&sim, Fault::unauthorized()).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.text().await.unwrap(), r#"{"errors":[{"message":"Unauthorized"}]}"#);
    assert_eq!(send(&sim).await.unwrap().status(), 200, "the fault is used up");
}

#[tokio::test]
async fn retry_after_comes_in_seconds_and_as_a_date() {
    let sim = service().await;
    let response = faulty(&sim, Fault::rate_limited(7)).await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    let instant = SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000);
    let response = faulty(&sim, Fault::rate_limited_until(instant)).await;
    assert_eq!(response.headers()["retry-after"], "Sun, 15 Jun 2025 15:06:40 GMT");
}

#[tokio::test]
async fn bodies_can_be_html_empty_truncated_misshapen_or_partial() {
    let sim = service().await;
    let truth = truth(&sim).await;
    let response = faulty(&sim, Fault::HtmlPage).await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(response.text().await.unwrap().starts_with("<!doctype html>"));
    assert_eq!(faulty(&sim, Fault::EmptyBody).await.text().await.unwrap(), "");

    let truncated = faulty(&sim, Fault::TruncatedJson).await.text().await.unwrap();
    assert!(!truncated.is_empty() && truncated.len() < truth.len() && truth.starts_with(&truncated), "{truncated}");

    let misshapen = json_of(&faulty(&sim, Fault::WrongShape).await.text().await.unwrap());
    assert_eq!(misshapen["data"], json!({ "userById": 42, "changeOrders": 42 }));

    let partial = json_of(&faulty(&sim, Fault::PartialData).await.text().await.unwrap());
    let path = partial["errors"][0]["path"].as_array().unwrap();
    let pointer: String = path.iter().map(|step| format!("/{}", step.as_str().unwrap())).collect();
    assert_eq!(partial["data"].pointer(&pointer), Some(&Value::Null), "{partial}");
    assert!(json_of(&truth)["data"].pointer(&pointer).is_some_and(|value| !value.is_null()));

    let failed = json_of(&faulty(&sim, Fault::graphql_error("Not authorized to see this")).await.text().await.unwrap());
    assert_eq!(failed, json!({ "data": null, "errors": [{ "message": "Not authorized to see this" }] }));
}

#[tokio::test]
async fn a_huge_body_has_exactly_the_size_asked_for_and_is_json() {
    let sim = service().await;
    for bytes in [2, 3, 65_538, 3_000_000] {
        let body = faulty(&sim, Fault::HugeBody(bytes)).await.text().await.unwrap();
        assert_eq!(body.len() as u64, bytes);
        assert!(json_of(&body).is_string());
    }
}

#[tokio::test]
async fn a_slow_answer_is_late_as_a_whole_or_in_its_second_half() {
    let sim = service().await;
    let truth = truth(&sim).await;
    let delay = Duration::from_millis(300);
    let started = Instant::now();
    let late = faulty(&sim, Fault::SlowHeaders(delay)).await;
    assert!(started.elapsed() >= delay);
    assert_eq!(late.text().await.unwrap(), truth);

    let started = Instant::now();
    let long = Duration::from_secs(30);
    assert!(faulty(&sim, Fault::SlowBody(long)).await.chunk().await.unwrap().is_some());
    assert!(started.elapsed() < long, "the first half waits");

    let started = Instant::now();
    let mut halved = faulty(&sim, Fault::SlowBody(delay)).await;
    let first = halved.chunk().await.unwrap().unwrap();
    assert!(truth.as_bytes().starts_with(&first));
    let mut whole = first.to_vec();
    while let Some(chunk) = halved.chunk().await.unwrap() {
        whole.extend(chunk);
    }
    assert!(started.elapsed() >= delay);
    assert_eq!(whole, truth.as_bytes());
}

#[tokio::test]
async fn latency_holds_up_every_answer() {
    let sim = service().await;
    sim.set_latency(Duration::from_millis(120));
    let started = Instant::now();
    assert!(send(&sim).await.unwrap().status().is_success());
    assert!(started.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_connection_can_be_dropped_before_the_answer_and_in_it() {
    let sim = service().await;
    sim.fault_next(Fault::DropBeforeAnswer);
    assert!(send(&sim).await.is_err());
    let response = faulty(&sim, Fault::DropMidBody).await;
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());
    assert_eq!(send(&sim).await.unwrap().status(), 200, "the service goes on");
}

#[tokio::test]
async fn a_redirect_names_its_target() {
    let sim = service().await;
    let response = faulty(&sim, Fault::Redirect("http://127.0.0.1:9/elsewhere".into())).await;
    assert_eq!(response.status(), 307);
    assert_eq!(response.headers()["location"], "http://127.0.0.1:9/elsewhere");
}

#[tokio::test]
async fn an_echo_shows_the_key_in_the_body_and_in_a_header() {
    let sim = DuroSim::builder().key("ca+na/ry=").spawn().await.unwrap();
    let response = faulty(&sim, Fault::EchoToken).await;
    assert_eq!(response.headers()["x-echoed-api-token"], "ca+na/ry=");
    let body = json_of(&response.text().await.unwrap());
    let expected = json!({ "plain": "ca+na/ry=", "urlEncoded": "ca%2Bna%2Fry%3D", "base64": "Y2ErbmEvcnk9" });
    assert_eq!(body["extensions"]["apiToken"], expected);
    assert!(body["data"]["userById"]["email"].is_string());
}

#[tokio::test]
async fn a_damaged_mutation_has_happened_and_a_replaced_one_has_not() {
    let sim = service().await;
    let query = "mutation { createChangeOrder(input: { name: \"x\" }) { id } }";
    for (fault, count) in [(Fault::TruncatedJson, 151), (Fault::status(503), 151), (Fault::DropMidBody, 152)] {
        sim.fault_next(fault);
        let _ = request(&sim, query, json!({})).send().await;
        assert_eq!(sim.records(Resource::ChangeOrders).len(), count);
    }
}

async fn statuses(sim: &DuroSim, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(send(sim).await.unwrap().status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn faults_come_from_a_queue_or_at_every_so_manyth_request_or_by_a_function() {
    let sim = service().await;
    sim.fault_times(2, Fault::status(503));
    sim.fault_next(Fault::status(429));
    assert_eq!(sim.queued_faults(), 3);
    assert_eq!(statuses(&sim, 4).await, [503, 503, 429, 200]);

    sim.fault_every(3, Fault::status(502));
    assert_eq!(statuses(&sim, 7).await, [200, 200, 502, 200, 200, 502, 200]);

    sim.clear_faults();
    assert_eq!(statuses(&sim, 3).await, [200, 200, 200]);

    let mut seen = 0;
    sim.fault_when(move |request| {
        seen += usize::from(request.body_text().contains("userById"));
        (seen == 2).then(|| Fault::status(504))
    });
    assert_eq!(statuses(&sim, 3).await, [200, 504, 200]);
}

#[test]
fn every_spelling_of_a_fault_is_read_and_any_other_lists_them() {
    for (text, fault) in [
        ("503", Fault::status(503)),
        ("429:2", Fault::rate_limited(2)),
        ("unauthorized", Fault::unauthorized()),
        ("html", Fault::HtmlPage),
        ("empty", Fault::EmptyBody),
        ("truncated", Fault::TruncatedJson),
        ("wrong-shape", Fault::WrongShape),
        ("partial", Fault::PartialData),
        ("graphql-error:a: b", Fault::graphql_error("a: b")),
        ("huge:1000", Fault::HugeBody(1000)),
        ("slow-headers:2s", Fault::SlowHeaders(Duration::from_secs(2))),
        ("slow-body:50ms", Fault::SlowBody(Duration::from_millis(50))),
        ("drop", Fault::DropBeforeAnswer),
        ("drop-mid-body", Fault::DropMidBody),
        ("redirect:http://127.0.0.1:1/x", Fault::Redirect("http://127.0.0.1:1/x".into())),
        ("echo-token", Fault::EchoToken),
    ] {
        assert_eq!(text.parse::<Fault>().unwrap(), fault, "{text}");
    }
    assert!(matches!("429-date:30".parse(), Ok(Fault::Answer { status: 429, .. })));
    for text in [
        "",
        "99",
        "600",
        "html:x",
        "huge:many",
        "slow-body",
        "slow-body:fast",
        "429:soon",
        "429-date:99999999999999999999",
    ] {
        let message = text.parse::<Fault>().unwrap_err().to_string();
        assert!(message.contains("drop-mid-body") && message.contains(&format!("`{text}`")), "{message}");
    }
    assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
    assert!(parse_duration("-1s").unwrap_err().contains("50ms"));
}

#[tokio::test]
async fn a_body_that_is_no_graphql_request_is_status_400() {
    let sim = service().await;
    let response = client().post(sim.url()).header("apiToken", sim.key()).body("query=").send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(json_of(&response.text().await.unwrap())["errors"][0]["message"].is_string());
}

#[tokio::test]
async fn one_field_of_the_data_can_be_null_or_refused_and_the_rest_is_true() {
    let sim = service().await;
    let true_answer = json_of(&truth(&sim).await);
    for (fault, has_error) in
        [(Fault::FieldNull("userById".to_owned()), false), (Fault::FieldRefused("userById".to_owned()), true)]
    {
        let answer = json_of(&faulty(&sim, fault).await.text().await.unwrap());
        assert_eq!(answer["data"]["userById"], Value::Null);
        assert_eq!(answer["data"]["changeOrders"], true_answer["data"]["changeOrders"]);
        assert_eq!(answer["errors"][0]["path"] == json!(["userById"]), has_error, "{answer}");
    }
    for (spelling, fault) in [
        ("null:userById", Fault::FieldNull("userById".to_owned())),
        ("refused:userById", Fault::FieldRefused("userById".to_owned())),
    ] {
        assert_eq!(spelling.parse::<Fault>().unwrap(), fault);
    }
    // A field that was not asked for is not refused.
    sim.fault_next(Fault::FieldRefused("userById".to_owned()));
    let answer = request(&sim, "{ changeOrders { connection(first: 1) { totalCount } } }", json!({})).send().await;
    assert!(!answer.unwrap().text().await.unwrap().contains("errors"));
}

#[tokio::test]
async fn a_key_of_another_company_sees_that_company_and_the_same_records() {
    let sim = service().await;
    sim.accept_key("renewed");
    sim.accept_key_of_another_company("theirs");
    let asked = |key: &'static str, query: &'static str| {
        let request = client().post(sim.url()).header("apiToken", key).body(json!({ "query": query }).to_string());
        async move { json_of(&request.send().await.unwrap().text().await.unwrap())["data"].clone() }
    };
    let ours = json_of(&request(&sim, COMPANY, json!({})).send().await.unwrap().text().await.unwrap())["data"].clone();
    assert_eq!(asked("renewed", COMPANY).await, ours);
    let theirs = asked("theirs", COMPANY).await["userById"]["primaryCompany"].clone();
    assert_eq!(theirs["name"], "Another Company");
    assert_ne!(theirs["id"], ours["userById"]["primaryCompany"]["id"]);
    let list = "{ changeOrders { connection(first: 3) { edges { node { id } } } } }";
    assert_eq!(asked("theirs", list).await, asked("renewed", list).await);
    sim.revoke_key("theirs");
    assert_eq!(asked("theirs", COMPANY).await, Value::Null);
}
