//! What the page's program may hold, and who may hold it up.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::command::{cookie_of, get, run, send, started, started_with};
use crate::amplifiers::{JSON, answering, peak_of};
use crate::support::built;

const MIB: u64 = 1024 * 1024;

/// The headers with which a page's own script asks.
pub(crate) async fn admitted(host: &str, path: &str) -> String {
    let answer = get(host, path, "").await;
    let cookie = cookie_of(&answer);
    let page = get(host, "/connection", &cookie).await;
    let (_, token) = page.split_once("name=\"csrf-token\" content=\"").unwrap();
    let token = token.split('"').next().unwrap();
    format!("{cookie}origin: http://{host}\r\nx-csrf-token: {token}\r\ncontent-type: application/json\r\n")
}

/// Sends something, and agrees to what is forgotten with it, if that is asked.
async fn agreed(host: &str, path: &str, own: &str, mut body: serde_json::Value) -> String {
    let answer = send(host, "POST", path, own, &body.to_string()).await;
    let said: serde_json::Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default();
    if said["question"].is_null() {
        return answer;
    }
    body["agreed"] = said["question"].clone();
    send(host, "POST", path, own, &body.to_string()).await
}

#[tokio::test]
async fn what_the_page_remembers_of_polls_and_runs_is_bounded_in_bytes() {
    let component = built("test/misbehaving.wasm");
    let (child, host, path) = started_with(&["--component", component.to_str().unwrap()]).await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": "key-of-the-page", "url": "https://plm.example/" });
    let connection = json!({ "kind": "key", "values": values }).to_string();
    assert!(send(&host, "POST", "/connection", &own, &connection).await.starts_with("HTTP/1.1 200"));
    let before = peak_of(child.id().unwrap());
    let nothing = json!({ "values": {} }).to_string();
    // Of 8 MiB each: half a gigabyte in all.
    for _ in 0..60 {
        assert!(send(&host, "POST", "/triggers/large/poll", &own, &nothing).await.starts_with("HTTP/1.1 200"));
    }
    let news = get(&host, "/triggers/large/news?version=0&last=0", &own).await;
    assert!(news.contains("no longer kept"), "{:.2000}", news);
    let payload = |id: u64| format!("/triggers/large/polls/{id}/payload");
    assert!(get(&host, &payload(1), &own).await.starts_with("HTTP/1.1 404"));
    assert!(get(&host, &payload(60), &own).await.len() as u64 > 8 * MIB);
    if let (Some(before), Some(after)) = (before, peak_of(child.id().unwrap())) {
        let added = after - before;
        assert!(added <= 256 * MIB, "60 polls added {} MiB", added / MIB);
    }
    // Polls and runs share the bound: a run goes for the sake of newer polls.
    send(&host, "POST", "/actions/fine/run", &own, &nothing).await;
    let result = || get(&host, "/actions/fine/runs/1/result", &own);
    while !result().await.starts_with("HTTP/1.1 200 ") {}
    for _ in 0..13 {
        assert!(send(&host, "POST", "/triggers/large/poll", &own, &nothing).await.starts_with("HTTP/1.1 200"));
    }
    assert!(result().await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn what_the_page_remembers_of_runs_alone_is_bounded_in_bytes() {
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(8 << 20));
    let (child, host, own) = page_with_data(&data).await;
    let before = peak_of(child.id().unwrap());
    let order = json!({ "values": { "query": "{ userById { id } }" } });
    // Each holds its result and its answer: half a gigabyte in all.
    for _ in 2..=32 {
        run(&host, &own, "rawRequest", &order).await;
    }
    let result = |id: u64| format!("/actions/rawRequest/runs/{id}/result");
    assert!(get(&host, &result(1), &own).await.contains("newer runs took its place"));
    assert!(get(&host, &result(32), &own).await.len() as u64 > 8 * MIB);
    if let (Some(before), Some(after)) = (before, peak_of(child.id().unwrap())) {
        let added = after - before;
        assert!(added <= 256 * MIB, "31 runs added {} MiB", added / MIB);
    }
}

#[tokio::test]
async fn a_form_of_the_largest_size_adds_no_more_than_256_mib() {
    let (child, host, path) = started().await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": "key-of-the-page", "customDuroEnvironment": "https://plm.example/" });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "duroApiKey", "values": values }).to_string()).await;
    let before = peak_of(child.id().unwrap());
    let json = format!("[{}0]", "[0],".repeat(900_000));
    let run = json!({ "values": { "variablesObject": json } }).to_string();
    assert!(send(&host, "POST", "/actions/rawRequest/run", &own, &run).await.starts_with("HTTP/1.1 200"));
    let broken = format!("{{\"values\":{{\"variablesObject\":[{}0]}}}}", "[0],".repeat(900_000));
    assert!(send(&host, "POST", "/actions/rawRequest/run", &own, &broken).await.starts_with("HTTP/1.1 4"));
    if let (Some(before), Some(after)) = (before, peak_of(child.id().unwrap())) {
        assert!(after - before <= 256 * MIB, "it added {} MiB", (after - before) / MIB);
    }
}

#[tokio::test]
async fn what_was_done_with_a_connection_is_forgotten_with_it() {
    let component = built("test/misbehaving.wasm");
    let (_child, host, path) = started_with(&["--component", component.to_str().unwrap()]).await;
    let own = admitted(&host, &path).await;
    let save = async |key: &str| {
        let values = json!({ "apiKey": key, "url": "https://plm.example/" });
        agreed(&host, "/connection", &own, json!({ "kind": "key", "values": values })).await
    };
    let nothing = json!({ "values": {} });
    let kept = async |run: u64| {
        get(&host, &format!("/actions/fine/runs/{run}/result"), &own).await.starts_with("HTTP/1.1 200")
    };
    save("key-of-the-page").await;
    run(&host, &own, "fine", &nothing).await;
    // The same key once more changes nothing, another one does, and so does none.
    save("key-of-the-page").await;
    assert!(kept(1).await);
    save("key-of-somebody-else").await;
    assert!(!kept(1).await);
    run(&host, &own, "fine", &nothing).await;
    assert!(kept(2).await);
    agreed(&host, "/connection/forget", &own, json!({})).await;
    assert!(!kept(2).await);
}

#[tokio::test]
async fn what_a_run_was_asked_and_why_it_failed_are_forgotten_with_its_connection_and_the_page_says_so() {
    let (_child, host, path) = started().await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": "key-of-the-page", "customDuroEnvironment": "https://plm.example/" });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "duroApiKey", "values": values }).to_string()).await;
    let answer = run(&host, &own, "listComponents", &json!({ "values": { "first": "canary-input" } })).await;
    assert!(answer.contains("canary-input"), "{answer}");
    agreed(&host, "/connection/forget", &own, json!({})).await;
    let page = get(&host, "/actions/listComponents", &own).await;
    let (_, shown) = page.split_once("id=\"result\"").unwrap();
    assert!(!shown.contains("canary-input"), "{shown}");
    assert!(shown.contains("inputs forgotten with the connection") && shown.contains("Runs (1)"), "{shown}");
    assert!(!shown.contains("newer runs"), "{shown}");
}

#[tokio::test]
async fn a_key_that_was_typed_elsewhere_is_on_no_page_once_the_connection_that_had_it_is_gone() {
    let (_child, host, path) = started().await;
    let own = admitted(&host, &path).await;
    let key = "canary-key-in-a-form-4711";
    let typed = json!({ "values": { "first": key } }).to_string();
    let pages = ["listComponents", "listProducts"].map(|action| format!("/actions/{action}"));
    // Before it is the connection's, and while it is.
    send(&host, "POST", &format!("{}/draft", pages[0]), &own, &typed).await;
    assert!(get(&host, &pages[0], &own).await.contains(key));
    let values = json!({ "apiKey": key, "customDuroEnvironment": "https://plm.example/" });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "duroApiKey", "values": values }).to_string()).await;
    send(&host, "POST", &format!("{}/draft", pages[1]), &own, &typed).await;
    agreed(&host, "/connection/forget", &own, json!({})).await;
    for page in pages {
        let shown = get(&host, &page, &own).await;
        assert!(shown.starts_with("HTTP/1.1 200 ") && !shown.contains(key), "{page}: {shown}");
    }
}

/// A page whose service gives this as the data of every answer, with one run of it.
async fn page_with_data(data: &str) -> (tokio::process::Child, String, String) {
    let service = answering(JSON, format!("{{\"data\":{data}}}").into_bytes()).await;
    let (child, host, path) = started_with(&["--allow-http", "--allow-private-network"]).await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": "key-of-the-page", "customDuroEnvironment": service });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "duroApiKey", "values": values }).to_string()).await;
    let answer = run(&host, &own, "rawRequest", &json!({ "values": { "query": "{ userById { id } }" } })).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    (child, host, own)
}

#[tokio::test]
async fn a_result_that_is_small_as_json_and_huge_as_a_table_is_refused_and_holds_nobody_up() {
    let names: Vec<String> = (0..1000).map(|name| format!("\"c{name}\":1")).collect();
    let data = format!("{{\"rows\":[{{{}}}{}]}}", names.join(","), ",{}".repeat(250_000));
    let (child, host, own) = page_with_data(&data).await;
    let before = peak_of(child.id().unwrap());
    let csv = "/actions/rawRequest/runs/1/download/csv";
    let started = std::time::Instant::now();
    let (one, other, page) =
        tokio::join!(get(&host, csv, &own), get(&host, csv, &own), get(&host, "/connection", &own));
    assert!(page.starts_with("HTTP/1.1 200 "));
    for answer in [one, other] {
        assert!(answer.starts_with("HTTP/1.1 422 "), "{:.300}", answer);
        assert!(answer.contains("250001 records with 1000 columns") && answer.contains("lines of JSON"), "{answer}");
    }
    assert!(started.elapsed() < Duration::from_secs(10), "it took {:?}", started.elapsed());
    if let (Some(before), Some(after)) = (before, peak_of(child.id().unwrap())) {
        assert!(after - before <= 64 * MIB, "it added {} MiB", (after - before) / MIB);
    }
    // As the refusal says.
    let lines = get(&host, "/actions/rawRequest/runs/1/download/ndjson", &own).await;
    assert!(lines.starts_with("HTTP/1.1 200 ") && lines.contains("attachment; filename"), "{:.300}", lines);
    assert_eq!(lines.matches("{}\n").count(), 250_000);
}

#[tokio::test]
async fn a_large_result_is_held_once_however_many_ask_for_it_and_do_not_take_it() {
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(14 << 20));
    let (child, host, own) = page_with_data(&data).await;
    let before = peak_of(child.id().unwrap());
    let mut waiting = Vec::new();
    for path in ["result", "download/json", "download/csv", "exchanges/0/answer"] {
        for _ in 0..50 {
            let mut stream = TcpStream::connect(&host).await.unwrap();
            let request = format!("GET /actions/rawRequest/runs/1/{path} HTTP/1.1\r\nhost: {host}\r\n{own}\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            waiting.push(stream);
        }
    }
    // What comes of an answer is its beginning.
    for stream in &waiting[..50] {
        stream.readable().await.unwrap();
    }
    assert!(get(&host, "/connection", &own).await.starts_with("HTTP/1.1 200 "));
    if let (Some(before), Some(after)) = (before, peak_of(child.id().unwrap())) {
        assert!(after - before <= 256 * MIB, "they added {} MiB", (after - before) / MIB);
    }
}

#[tokio::test]
async fn what_is_too_large_to_be_taken_is_refused_with_the_bound_and_a_way_out() {
    let (_child, host, path) = started().await;
    let own = admitted(&host, &path).await;
    for (address, length, bound, way_out) in [
        ("/recordings/opened", 32 * MIB + 1, "32", "harness replay FILE"),
        ("/triggers/pollChangesTrigger/state/file", 4 * MIB + 64 * 1024 + 1, "4.1", "send less"),
    ] {
        let body = " ".repeat(usize::try_from(length).unwrap());
        let answer = send(&host, "POST", address, &own, &body).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("application/json"), "{answer}");
        assert!(answer.contains(&format!("larger than the {bound}")) && answer.contains(way_out), "{answer}");
    }
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed_and_make_room() {
    // What is not closed by then never is.
    tokio::time::timeout(Duration::from_secs(120), fill_up_and_ask()).await.expect("the page answers nobody any more");
}

async fn fill_up_and_ask() {
    let (_child, host, _) = started().await;
    // More than it answers at a time, each in the middle of a request.
    let mut idle = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
        idle.push(stream);
    }
    assert!(get(&host, "/", "").await.starts_with("HTTP/1.1 403 "));
    // And one that asks for more than it reads: after the first refusal nothing further is answered.
    let mut stream = TcpStream::connect(&host).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.repeat(100).as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    // The end may come as a reset, because not all that was sent is read.
    stream.read_to_end(&mut answers).await.ok();
    assert!(String::from_utf8_lossy(&answers).matches("HTTP/1.1 ").count() <= 1);
}
