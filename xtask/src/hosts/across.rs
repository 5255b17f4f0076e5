//! A page that calls a service of another origin itself, without a proxy: what a browser lets it do, and what it shows
//! it of an answer. [docs/hosts.md](../../../docs/hosts.md) says what such a host loses.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::service::Service;

/// A browser that asks and then says nothing more is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// A request for the page has a few hundred bytes.
const LONGEST_REQUEST: usize = 64 * 1024;

/// What is between these in the page's title is what its script found.
const FOUND: [&str; 2] = ["<title>found ", "</title>"];

/// What the page does: one request, as the connector would send it, with the key in its header.
const SCRIPT: &str = "
const { url, key } = ASKED;
let found;
try {
  const headers = { apiToken: key, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: '{ __typename }' }) });
  found = { data: (await answer.json()).data.__typename, date: answer.headers.get('date') !== null };
} catch (error) {
  found = { refused: error.name };
}
document.title = `found ${JSON.stringify(found)}`;
";

/// Opens such a page in the browser, before services that say different things of it; gives what was not as expected.
pub(super) fn run(browser: &Path, program: &Path, folder: &Path) -> Result<Vec<String>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("the page cannot be served")?;
    let origin = format!("http://{}", listener.local_addr()?);
    let shown = Arc::new(Mutex::new(String::new()));
    let page = Arc::clone(&shown);
    // It ends with this process. A browser may connect more often than it asks.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let page = Arc::clone(&page);
            thread::spawn(move || serve(stream, &page).ok());
        }
    });
    let told = [
        ("no word of other origins", vec![], json!({"refused": "TypeError"})),
        ("the page's origin", vec!["--cors", origin.as_str()], json!({"data": "Query", "date": false})),
        (
            "the page's origin, and Date exposed",
            vec!["--cors", origin.as_str(), "--expose", "date"],
            json!({"data": "Query", "date": true}),
        ),
        ("another origin", vec!["--cors", "http://page.example", "--expose", "date"], json!({"refused": "TypeError"})),
    ];
    let mut problems = Vec::new();
    for (number, (name, arguments, expected)) in told.iter().enumerate() {
        let folder = folder.join(format!("across-{number}"));
        fs::create_dir(&folder)?;
        let service = Service::start(program, &folder, arguments)?;
        let found = asked(browser, &shown, &origin, &service, &folder)?;
        if found != *expected {
            problems.push(format!(
                "a page of another origin, and a service that names {name}: {found}, and not {expected}"
            ));
        }
        service.stop()?;
    }
    eprintln!("  {} services asked across origins", told.len());
    Ok(problems)
}

/// What the page found, in a browser that ends when it has.
fn asked(browser: &Path, shown: &Mutex<String>, origin: &str, service: &Service, folder: &Path) -> Result<Value> {
    let asked = json!({"url": service.url(), "key": service.key()}).to_string();
    let script = SCRIPT.replace("ASKED", &asked);
    let page = format!("<!doctype html><title>nothing</title><script type=\"module\">{script}</script>");
    *shown.lock().unwrap_or_else(PoisonError::into_inner) = page;
    let mut command = Command::new(browser);
    command.args(["--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking"]);
    // Root has no sandbox of the browser's, and needs none here: the page is this file's own.
    command.args(["--no-sandbox", "--virtual-time-budget=10000", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", folder.join("profile").display())).arg(origin);
    let output = command.stdin(Stdio::null()).output().context("the browser cannot be started")?;
    let dumped = String::from_utf8_lossy(&output.stdout);
    let [before, after] = FOUND;
    let found = dumped.split_once(before).and_then(|(_, rest)| rest.split_once(after)).map(|(found, _)| found);
    let found = found.with_context(|| format!("the page did not say what it found: {}", dumped.trim()))?;
    Ok(serde_json::from_str(&found.replace("&quot;", "\""))?)
}

fn serve(mut stream: TcpStream, page: &Mutex<String>) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request: Vec<u8> = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut part)?;
        ensure!(length > 0 && request.len() < LONGEST_REQUEST, "no request");
        request.extend(part.iter().take(length));
    }
    let page = page.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let length = page.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {length}\r\nconnection: \
         close\r\n\r\n{page}"
    )?;
    Ok(())
}
