//! What the page's program may hold, and who may hold it up.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::command::{get, send, started, started_with};
use crate::amplifiers::peak_of;
use crate::support::built;

const MIB: u64 = 1024 * 1024;

/// The headers with which a page's own script asks.
pub(crate) async fn admitted(host: &str, path: &str) -> String {
    let answer = get(host, path, "").await;
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = format!("cookie: {}\r\n", cookie.split(';').next().unwrap());
    let page = get(host, "/connection", &cookie).await;
    let (_, token) = page.split_once("name=\"csrf-token\" content=\"").unwrap();
    let token = token.split('"').next().unwrap();
    format!("{cookie}origin: http://{host}\r\nx-csrf-token: {token}\r\ncontent-type: application/json\r\n")
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
}

#[tokio::test]
async fn a_form_of_the_largest_size_adds_no_more_than_256_mib() {
    let (child, host, path) = started().await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": "key-of-the-page", "customDuroEnvironment": "https://plm.example/" });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "duroApiKey", "values": values }).to_string()).await;
    let before = peak_of(child.id().unwrap());
    let json = format!("[{}0]", "[0],".repeat(900_000));
    let run = json!({ "values": { "variablesObject": json }, "confirmed": true }).to_string();
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
        send(&host, "POST", "/connection", &own, &json!({ "kind": "key", "values": values }).to_string()).await
    };
    let nothing = json!({ "values": {} }).to_string();
    let kept = async |run: u64| {
        get(&host, &format!("/actions/fine/runs/{run}/result"), &own).await.starts_with("HTTP/1.1 200")
    };
    save("key-of-the-page").await;
    send(&host, "POST", "/actions/fine/run", &own, &nothing).await;
    // The same key once more changes nothing, another one does, and so does none.
    save("key-of-the-page").await;
    assert!(kept(1).await);
    save("key-of-somebody-else").await;
    assert!(!kept(1).await);
    send(&host, "POST", "/actions/fine/run", &own, &nothing).await;
    assert!(kept(2).await);
    send(&host, "POST", "/connection/forget", &own, "{}").await;
    assert!(!kept(2).await);
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
