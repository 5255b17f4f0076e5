//! Chromium through chromedriver, with the few things that the tests do in it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// What is not there after this long will not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser of one test's own.
pub(super) struct Browser {
    pub(super) client: Client,
}

/// What a browser needs until it has been closed: without its driver it would go on for ever.
pub(super) struct Driver {
    _process: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser; none where there is no chromedriver and continuous integration does not ask for one.
    pub(super) async fn start() -> Option<(Self, Driver)> {
        let Some(program) = program("chromedriver") else {
            assert!(std::env::var_os("CI").is_none(), "chromedriver is missing: .ci/run installs it");
            eprintln!(
                "\n*** NOT TESTED: there is no chromedriver. Install chromium and chromedriver to test the page. ***\n"
            );
            return None;
        };
        let mut driver = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let port = port(&mut driver).await;
        let profile = tempfile::tempdir().unwrap();
        let capabilities = capabilities(&profile);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        Some((Self { client }, Driver { _process: driver, _profile: profile }))
    }

    pub(super) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits until something matches the selector.
    pub(super) async fn wait_for(&self, selector: &str) {
        self.wait_until(&format!("{selector} is there"), &format!("return !!document.querySelector({selector:?})"))
            .await;
    }

    /// Waits until the visible text of what matches the selector holds `text`.
    pub(super) async fn wait_for_text(&self, selector: &str, text: &str) {
        let script = format!(
            "return [...document.querySelectorAll({selector:?})].some(e => e.innerText.includes({}))",
            json!(text)
        );
        self.wait_until(&format!("{selector} says {text:?}"), &script).await;
    }

    /// Waits until a script gives true.
    pub(super) async fn wait_until(&self, what: &str, script: &str) {
        let started = Instant::now();
        loop {
            if self.js(script).await == true {
                return;
            }
            if started.elapsed() > PATIENCE {
                let shown =
                    self.js("return document.querySelector('main')?.innerText ?? document.body.innerText").await;
                panic!("waited in vain until {what}; the page shows {shown}");
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Runs a script that returns a value.
    pub(super) async fn js(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{error} in {script}"))
    }

    /// The visible text of the first element that matches.
    pub(super) async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?})?.innerText ?? null");
        self.js(&script).await.as_str().unwrap_or_else(|| panic!("there is no {selector}")).to_owned()
    }

    pub(super) async fn count(&self, selector: &str) -> u64 {
        self.js(&format!("return document.querySelectorAll({selector:?}).length")).await.as_u64().unwrap()
    }

    pub(super) async fn click(&self, selector: &str) {
        let element =
            self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Replaces what a field holds by typing.
    pub(super) async fn type_into(&self, selector: &str, text: &str) {
        let element =
            self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Gives a file to a field that takes one.
    pub(super) async fn type_file(&self, selector: &str, file: &Path) {
        let element = self.client.find(Locator::Css(selector)).await.unwrap();
        element.send_keys(file.to_str().unwrap()).await.unwrap();
    }

    /// Replaces what the editor of a code input holds by typing.
    pub(super) async fn write_code(&self, area: &str, text: &str) {
        self.wait_for(&format!("{area} + .editor")).await;
        self.js(&format!("document.querySelector('{area} + .editor').shadowRoot.querySelector('.cm-content').focus()"))
            .await;
        let all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        self.keys(&all).await;
        self.press(&[Key::Delete]).await;
        self.keys(text).await;
    }

    /// Presses keys in what has the focus.
    pub(super) async fn press(&self, keys: &[Key]) {
        let keys: String = keys.iter().map(|key| char::from(*key)).collect();
        self.keys(&keys).await;
    }

    /// Types into what has the focus.
    pub(super) async fn keys(&self, text: &str) {
        self.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }

    /// The id of what has the focus.
    pub(super) async fn focus(&self) -> String {
        self.js("return document.activeElement.id").await.as_str().unwrap().to_owned()
    }

    /// Colours and width as a person's system may set them.
    pub(super) async fn look(&self, scheme: &str, width: u32, height: u32) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.cdp("Emulation.setEmulatedMedia", json!({"features": features})).await.unwrap();
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    /// A command of the DevTools protocol; the error is the browser's.
    pub(super) async fn cdp(&self, command: &str, parameters: Value) -> Result<Value, String> {
        let body = json!({"cmd": command, "params": parameters});
        self.vendor("goog/cdp/execute", body).await
    }

    /// What the browser's network log has had to say since it was last asked.
    pub(super) async fn take_network_log(&self) -> Vec<Value> {
        let entries = self.vendor("se/log", json!({"type": "performance"})).await.unwrap();
        let message = |entry: &Value| -> Value {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            message["message"].clone()
        };
        entries.as_array().unwrap().iter().map(message).collect()
    }

    async fn vendor(&self, path: &'static str, body: Value) -> Result<Value, String> {
        self.client.issue_cmd(Vendor { path, body: body.to_string() }).await.map_err(|error| error.to_string())
    }
}

/// A command that chromedriver has beyond the standard.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: String,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.clone()))
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

fn capabilities(profile: &TempDir) -> Value {
    let arguments = [
        "--headless=new",
        // A container runs the tests as root, where Chromium's own sandbox does not start. It shows nothing but our
        // page.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
    ];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    json!({
        "goog:chromeOptions": {"args": arguments, "perfLoggingPrefs": {"enableNetwork": true}},
        "goog:loggingPrefs": {"performance": "ALL"},
    })
}

/// The port that the driver says it listens on.
async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("successfully on port ") {
            // Read on to the end, or the driver would block on a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver ended without naming its port");
}
