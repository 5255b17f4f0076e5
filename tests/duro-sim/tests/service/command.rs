//! The command `duro-sim`, as a parent process uses it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client;

fn start(arguments: &[&str]) -> (Child, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_duro-sim"))
        .args(["--stop-with-stdin"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let greeting = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (child, greeting)
}

/// Closes the child's standard input and gives what it wrote to standard error, or kills it after ten seconds.
fn end(mut child: Child) -> String {
    drop(child.stdin.take());
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            let mut messages = String::new();
            child.stderr.unwrap().read_to_string(&mut messages).unwrap();
            return messages;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("still running ten seconds after its standard input was closed");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

async fn total(greeting: &Value) -> (u16, Value) {
    let query = "{ components(libraryType: GENERAL) { connection { totalCount edges { node { id } } } } }";
    let response = client()
        .post(greeting["url"].as_str().unwrap())
        .header("apiToken", greeting["key"].as_str().unwrap())
        .body(json!({ "query": query }).to_string())
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

#[tokio::test]
async fn it_says_where_it_listens_serves_as_told_and_ends_with_its_standard_input() {
    let options = ["--key", "k", "--components", "12", "--page-size", "5", "--fault", "503", "--every", "2"];
    let (child, greeting) = start(&options);
    assert_eq!(greeting["key"], "k");
    let (status, answer) = total(&greeting).await;
    assert_eq!(status, 200);
    let connection = &answer["data"]["components"]["connection"];
    assert_eq!(connection["totalCount"], 12);
    assert_eq!(connection["edges"].as_array().unwrap().len(), 5);
    assert_eq!(total(&greeting).await.0, 503);
    let messages = end(child);
    assert!(messages.contains("Received 2 requests"), "{messages}");
}

#[tokio::test]
async fn pages_of_the_origin_that_is_named_may_call_it_and_no_other() {
    let page = "http://127.0.0.1:8080";
    let (child, greeting) = start(&["--cors", page, "--expose", "date", "--fault", "503", "--every", "2"]);
    let (url, key) = (greeting["url"].as_str().unwrap(), greeting["key"].as_str().unwrap());
    let ask = async |origin: &str| {
        let preflight = client().request(reqwest::Method::OPTIONS, url).header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST").send().await.unwrap();
        let query = json!({ "query": "{ __typename }" }).to_string();
        let answer = client().post(url).header("apiToken", key).header("origin", origin).body(query);
        [preflight, answer.send().await.unwrap()]
            .map(|answer| (answer.status().as_u16(), answer.headers().get("access-control-allow-origin").cloned()))
    };
    let [(status, allowed), (answered, allowed_then)] = ask(page).await;
    // What a browser asks beforehand is no request of the service's.
    assert_eq!((status, answered), (204, 200));
    assert!(allowed.is_some_and(|allowed| allowed == page) && allowed_then.is_some_and(|allowed| allowed == page));
    let [(_, allowed), (fault, allowed_then)] = ask("http://page.example").await;
    assert_eq!((fault, allowed, allowed_then), (503, None, None));
    end(child);
}

#[tokio::test]
async fn with_activity_records_change_by_themselves() {
    let (child, greeting) = start(&["--activity", "10ms"]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while total(&greeting).await.1["data"]["components"]["connection"]["totalCount"] == 340 {
        assert!(Instant::now() < deadline, "nothing was added in ten seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let messages = end(child);
    assert!(messages.contains("changed ") && messages.contains("added "), "{messages}");
}

#[test]
fn a_wrong_option_is_refused_with_the_way_out() {
    for (options, hint) in [
        (["--fault", "bad-luck"], "drop-mid-body"),
        (["--cursor", "magic"], "sort-key"),
        (["--latency", "slow"], "50ms"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_duro-sim")).args(options).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(hint), "{options:?}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_duro-sim")).arg("--help").output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("/control/advance") && help.contains("slow-body:2s"), "{help}");
}
