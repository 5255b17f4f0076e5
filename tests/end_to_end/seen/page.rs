//! What a collector sees of the page: the calls that are made on it, and nothing that lets anybody in.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::process::Command;

use super::collector::{Collector, Manner};
use crate::harness::{Desk, KEY};
use crate::page::bounds::admitted;
use crate::page::command::{get, send, started_by};

/// When a run that does not end is given up.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(unix)]
#[tokio::test]
async fn a_run_and_a_poll_of_the_page_are_spans_and_are_counted_and_its_secrets_are_in_neither() {
    let desk = Desk::new().await;
    let collector = Collector::start(Manner::Takes).await;
    let grants = ["--allow-http", "--allow-private-network", "--format", "json", "--otlp", &collector.url];
    let mut command =
        desk.command(&[&grants[..], &["serve", "--port", "0", "--connection", "connection.json"]].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let (mut child, host, path) = started_by(command).await;
    let own = admitted(&host, &path).await;
    let values = json!({ "values": { "name": "canary-input-of-the-page" } }).to_string();
    for (address, body) in [
        ("/actions/getCurrentUser/run", json!({ "values": {} }).to_string()),
        (
            "/actions/getComponentById/run",
            json!({ "values": { "componentId": "canary-input-of-the-page" } }).to_string(),
        ),
        ("/triggers/pollChangesTrigger/poll", values),
    ] {
        let answer = send(&host, "POST", address, &own, &body).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{address}: {answer}");
    }
    // A run goes on by itself.
    let begun = Instant::now();
    while !get(&host, "/actions/getCurrentUser/runs/1/result", &own).await.starts_with("HTTP/1.1 200 ")
        || desk.sim.request_count() < 3
    {
        assert!(begun.elapsed() < PATIENCE, "the run does not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().unwrap().to_string()]).status().await.unwrap();
    assert!(interrupted.success());
    assert_eq!(tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().code(), Some(0));

    let run = collector.span("action getCurrentUser");
    assert_eq!((run.status.0, &run.attributes["connector.requests"]), (0, &json!(1)));
    let sent = collector.spans().into_iter().filter(|span| span.name == "POST" && span.parent == run.span_id);
    assert_eq!(sent.count(), 1);
    collector.span("action getComponentById");
    collector.span("poll pollChangesTrigger");
    let calls = collector.points().into_iter().filter(|point| point.metric == "connector.calls");
    assert_eq!(calls.map(|point| point.value).sum::<f64>(), 3.0);

    let token = path.split_once("token=").unwrap().1;
    let csrf = own.lines().find_map(|line| line.strip_prefix("x-csrf-token: ")).unwrap();
    let cookie = own.lines().find_map(|line| line.strip_prefix("cookie: ")).unwrap().split_once('=').unwrap().1;
    for request in collector.received() {
        let text = String::from_utf8_lossy(&request.body);
        for secret in [KEY, token, csrf, cookie, "canary-input-of-the-page"] {
            assert!(!text.contains(secret), "{}: {secret}", request.path);
        }
    }
}
