//! Another program had the page's port before, and gave the browser pages to keep.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::bench::{in_a_browser, page_with};
use super::browser::Browser;

const KEPT: &str = "<!doctype html><html data-ready><title>Not the page</title>";

/// Answers whatever it is asked with a page that a browser keeps for a year, and counts.
async fn squat(listener: TcpListener, asked: Arc<AtomicUsize>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 8192];
        if stream.read(&mut request).await.unwrap_or(0) == 0 {
            continue;
        }
        // It also asks for an icon, when it likes.
        if request.starts_with(b"GET /connection ") {
            asked.fetch_add(1, Ordering::Relaxed);
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncache-control: max-age=31536000, immutable\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{KEPT}",
            KEPT.len()
        );
        stream.write_all(answer.as_bytes()).await.ok();
    }
}

async fn visited_before_and_after(browser: Browser) {
    const PATHS: [&str; 3] = ["/connection", "/", "/actions/listComponents"];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let origin = format!("http://127.0.0.1:{port}");
    let asked = Arc::new(AtomicUsize::new(0));
    let squatter = tokio::spawn(squat(listener, asked.clone()));
    for path in PATHS {
        browser.goto(&format!("{origin}{path}")).await;
        assert_eq!(browser.client.title().await.unwrap(), "Not the page");
    }
    let before = asked.load(Ordering::Relaxed);
    browser.goto(&format!("{origin}/connection")).await;
    assert_eq!(browser.client.title().await.unwrap(), "Not the page");
    assert_eq!(asked.load(Ordering::Relaxed), before, "the browser has kept nothing, and nothing is tested");
    squatter.abort();
    squatter.await.ok();

    let (_page, link) = page_with(&["serve", "--port", &port]).await;
    browser.goto(&link).await;
    for path in PATHS {
        browser.goto(&format!("{origin}{path}")).await;
        browser.wait_for("html[data-ready]").await;
        assert_ne!(browser.client.title().await.unwrap(), "Not the page", "{path}");
    }
}

#[tokio::test]
async fn what_another_program_gave_the_browser_at_this_port_is_not_shown() {
    in_a_browser(visited_before_and_after).await;
}
