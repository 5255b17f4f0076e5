//! What a test of the page stands on: a simulated service, the page's program, and a browser that has used its link.

use std::fs;
use std::future::Future;
use std::panic::resume_unwind;
use std::process::Stdio;
use std::sync::Arc;

use duro_sim::{DuroSim, DuroSimBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::browser::Browser;
use crate::support::built;

/// The API key of every simulated service here.
pub(super) const KEY: &str = "canary-key-of-the-page-4711";

/// The service, the page and the browser.
pub(super) struct Bench {
    pub(super) sim: DuroSim,
    pub(super) browser: Browser,
    /// Where the page is, without its token.
    pub(super) origin: String,
    _harness: Child,
    _folder: TempDir,
}

/// Runs a test on a bench, and closes the browser however the test ends.
pub(super) async fn on_the_page<F, T>(builder: DuroSimBuilder, test: T)
where
    T: FnOnce(Arc<Bench>) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    in_a_browser(|browser| async move {
        let bench = Arc::new(Bench::new(builder, browser).await);
        test(bench.clone()).await;
    })
    .await;
}

/// Runs a test in a browser of its own, and closes that however the test ends.
pub(super) async fn in_a_browser<F, T>(test: T)
where
    T: FnOnce(Browser) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Some((browser, driver)) = Browser::start().await else { return };
    let client = browser.client.clone();
    let outcome = tokio::spawn(test(browser)).await;
    let closed = client.close().await;
    drop(driver);
    if let Err(error) = outcome {
        resume_unwind(error.into_panic());
    }
    closed.expect("the browser is closed");
}

/// A page that is started with these words, and its link.
pub(super) async fn page_with(words: &[&str]) -> (Child, String) {
    let mut child = Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)))
        .args(["--format", "json"])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let link: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    (child, link["url"].as_str().unwrap().to_owned())
}

impl Bench {
    async fn new(builder: DuroSimBuilder, browser: Browser) -> Self {
        let sim = builder.key(KEY).spawn().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let changes = folder.path().join("changes.json");
        fs::write(&changes, change_buttons(&sim.url()).to_string()).unwrap();
        let changes = changes.to_str().unwrap();
        let words = ["--allow-http", "--allow-private-network", "serve", "--port", "0", "--changes", changes];
        let (harness, link) = page_with(&words).await;
        let origin = link.split("/?token=").next().unwrap().to_owned();
        browser.goto(&link).await;
        Self { sim, browser, origin, _harness: harness, _folder: folder }
    }

    /// Opens a page by its path.
    pub(super) async fn open(&self, path: &str) -> &Browser {
        self.browser.goto(&format!("{}{path}", self.origin)).await;
        self.browser.wait_for("html[data-ready]").await;
        &self.browser
    }

    /// Fills in the connection and tests it.
    pub(super) async fn connect(&self) {
        let browser = self.open("/connection").await;
        browser.type_into("#connection-apiKey", KEY).await;
        browser.type_into("#connection-customDuroEnvironment", &self.sim.url()).await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
    }
}

fn change_buttons(url: &str) -> Value {
    let control = |path: &str| url.replace("/graphql", &format!("/control/{path}"));
    json!([
        {"label": "Add a component", "url": control("components"), "body": {"name": "Added by hand {n}"}},
        {"label": "Change a component", "url": control("components/touch-many"), "body": {"count": 1}},
    ])
}
