//! `harness serve` as a command, and its answers without a browser in between.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::support::built;

fn serve(words: &[&str]) -> Command {
    let mut command = Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)));
    command
        .arg("serve")
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A running page, and its host and the path of its link.
pub(super) async fn started() -> (Child, String, String) {
    started_with(&[]).await
}

/// The same with further arguments.
pub(crate) async fn started_with(words: &[&str]) -> (Child, String, String) {
    started_by(serve(&[&["--format", "json", "--port", "0"], words].concat())).await
}

/// The page that a command serves, which prints its link as JSON to a pipe.
pub(crate) async fn started_by(mut command: Command) -> (Child, String, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let link: Value = serde_json::from_str(&line).unwrap();
    let (host, path) = link["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    (child, host.to_owned(), format!("/{path}"))
}

/// The header that sends back the cookie of an answer.
pub(crate) fn cookie_of(answer: &str) -> String {
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    format!("cookie: {}\r\n", cookie.split(';').next().unwrap())
}

pub(crate) async fn get(host: &str, path: &str, headers: &str) -> String {
    send(host, "GET", path, headers, "").await
}

/// Sends one request on a connection of its own, and gives the whole answer.
pub(crate) async fn send(host: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: \
         {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Begins a run, and gives what it came to: an answer that says that it is under way is followed to its end.
pub(crate) async fn run(host: &str, own: &str, action: &str, order: &Value) -> String {
    let mut answer = send(host, "POST", &format!("/actions/{action}/run"), own, &order.to_string()).await;
    while let Some((_, path)) = answer.split_once("data-run=\\\"") {
        let path = path.split('\\').next().unwrap();
        answer = get(host, &format!("{path}/end"), own).await;
    }
    answer
}

#[tokio::test]
async fn the_page_is_shown_to_whoever_has_used_the_link_and_to_nobody_else() {
    let (_child, host, path) = started().await;
    for stranger in ["/", "/connection", "/assets/app.js", "/?token=0", "/nowhere"] {
        let answer = get(&host, stranger, "").await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{stranger}: {answer}");
    }
    let answer = get(&host, &path, "").await;
    let cookie = cookie_of(&answer);
    for page in ["/connection", "/about", "/actions/createChangeOrder", "/triggers/pollChangesTrigger"] {
        let answer = get(&host, page, &cookie).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{page}: {answer}");
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{page}: {answer}");
        assert!(answer.contains("cache-control: no-store"), "{page}: {answer}");
    }
    assert!(get(&host, "/actions/nope", &cookie).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn the_printed_link_lets_in_whoever_has_it_as_often_as_it_is_opened_and_the_help_says_so() {
    let (_child, host, path) = started().await;
    for _ in 0..3 {
        let answer = get(&host, &path, "").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("set-cookie: "), "{answer}");
    }
    let help = serve(&["--help"]).output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("lets in whoever has it, as often as it is opened"), "{help}");
}

#[tokio::test]
async fn files_of_this_start_are_kept_by_the_browser_and_nothing_else_is() {
    let (_child, host, path) = started().await;
    let answer = get(&host, &path, "").await;
    let cookie = cookie_of(&answer);
    let page = get(&host, "/connection", &cookie).await;
    let (_, script) = page.split_once("<script type=\"module\" src=\"").unwrap();
    let script = script.split('"').next().unwrap();
    let file = get(&host, script, &cookie).await;
    assert!(file.starts_with("HTTP/1.1 200 ") && file.contains("cache-control: private, max-age=31536000, immutable"));
    assert!(get(&host, script, "").await.starts_with("HTTP/1.1 403 "));
    let other = get(&host, "/assets/0123456789abcdef/app.js", &cookie).await;
    assert!(other.starts_with("HTTP/1.1 404 ") && other.contains("cache-control: no-store"), "{other}");
    // Nobody can have put something in the browser for the port and the addresses of the next start.
    let (_other, next, path) = started_by(serve(&["--format", "json"])).await;
    let answer = get(&next, &path, "").await;
    assert!(answer.contains("clear-site-data: \"cache\""), "{answer}");
    assert_ne!(next, host);
    let cookie = cookie_of(&answer);
    assert!(get(&next, script, &cookie).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn what_is_not_there_and_who_is_not_let_in_are_pages_with_a_way_on() {
    let (_child, host, path) = started().await;
    let answer = get(&host, &path, "").await;
    let looked_at = "accept: text/html,application/xhtml+xml\r\n";
    let cookie = cookie_of(&answer) + looked_at;
    for address in
        ["/nowhere", "/actions/nope", "/actions/listComponents?run=7", "/actions/listComponents/compare?run=1"]
    {
        let page = get(&host, address, &cookie).await;
        assert!(page.starts_with("HTTP/1.1 404 ") && page.contains("content-type: text/html"), "{page}");
        assert!(page.contains("Where to go from here") && page.contains("href=\"/connection\""), "{page}");
    }
    let page = get(&host, "/connection", looked_at).await;
    assert!(page.starts_with("HTTP/1.1 403 ") && page.contains("content-type: text/html"), "{page}");
    assert!(
        page.contains("open the link that") && page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    assert!(!page.contains("Duro") && !page.contains("/assets/"), "{page}");
    // A script gets the words alone.
    assert!(get(&host, "/connection", "").await.contains("content-type: text/plain"));
}

#[tokio::test]
async fn every_page_is_drawn_without_inline_script_or_style() {
    let (_child, host, path) = started().await;
    let answer = get(&host, &path, "").await;
    let cookie = cookie_of(&answer);
    for page in ["/connection", "/about", "/actions/rawRequest", "/triggers/pollChangesTrigger"] {
        let html = get(&host, page, &cookie).await;
        for inline in ["<style", " style=", "<script>", " onclick=", "javascript:", "//cdn", "https://fonts"] {
            assert!(!html.contains(inline), "{page} has {inline}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_it_well() {
    let (mut child, host, _) = started().await;
    assert!(get(&host, "/", "").await.contains("403"));
    let sent = Command::new("kill").args(["-INT", &child.id().unwrap().to_string()]).status().await.unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_port_or_a_file_that_cannot_be_used_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, value: Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path
    };
    let elsewhere = write("changes.json", json!([{"label": "Add", "url": "http://plm.example/x"}]));
    let unknown = write("connection.json", json!({"key": "nope"}));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for (words, expected) in [
        (["--port", &port], "--port 0"),
        (["--changes", &text(&elsewhere)], "this machine"),
        (["--changes", "nowhere.json"], "nowhere.json"),
        (["--connection", &text(&unknown)], "it has duroApiKey"),
    ] {
        let Output { status, stdout, stderr } = serve(&words).output().await.unwrap();
        let messages = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), stdout.is_empty()), (Some(2), true), "{words:?}: {messages}");
        assert!(messages.contains(expected), "{words:?}: {messages}");
    }
}
