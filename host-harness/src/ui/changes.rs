//! Buttons that change records in a test service, so that a viewer sees a trigger find the change. They come from a
//! file that the person who starts the page names; a connector has no part in them, and no credential is sent.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use url::{Host, Url};

use crate::files;

/// Buttons are a handful; a larger file is another file. In bytes.
const LARGEST: u64 = 1024 * 1024;
/// A test service on this machine that takes longer has stopped.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// One button.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeButton {
    /// What it says.
    pub(super) label: String,
    /// Where its request goes: this machine.
    #[serde(deserialize_with = "absolute_url")]
    url: Url,
    /// The request's JSON. `{n}` in its texts is a number that grows with every request.
    body: Option<Value>,
    /// `POST` unless it is given.
    #[serde(default = "post")]
    method: String,
}

fn absolute_url<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(|error| serde::de::Error::custom(format!("{text:?} is not a URL: {error}")))
}

fn post() -> String {
    "POST".into()
}

/// The buttons, and what their requests are sent with.
#[derive(Default)]
pub(super) struct ChangeButtons {
    buttons: Vec<ChangeButton>,
    client: Option<reqwest::Client>,
    sent: AtomicU64,
}

impl ChangeButtons {
    /// Reads a file of buttons: a JSON array of `{"label", "url", "body", "method"}`.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let failed = |text: String| format!("the file of change buttons {}: {text}", path.display());
        let text = files::read(path, LARGEST).map_err(|error| failed(error.to_string()))?;
        let buttons = parse(&text).map_err(failed)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LONGEST_WAIT)
            .tls_backend_preconfigured(no_tls().map_err(failed)?)
            .build()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { buttons, client: Some(client), sent: AtomicU64::new(0) })
    }

    pub(super) fn buttons(&self) -> &[ChangeButton] {
        &self.buttons
    }

    /// Sends a button's request. The error is for people.
    pub(super) async fn press(&self, index: usize) -> Result<&str, String> {
        let (Some(button), Some(client)) = (self.buttons.get(index), &self.client) else {
            return Err("there is no such button: reload the page".into());
        };
        let method = Method::from_bytes(button.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = client.request(method, button.url.clone());
        if let Some(body) = &button.body {
            let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
            let body = numbered(body.clone(), &number.to_string()).to_string();
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.map_err(|_| format!("{} does not answer", button.url))?;
        match response.status() {
            status if status.is_success() => Ok(&button.label),
            status => Err(format!("{} answered with {status}", button.url)),
        }
    }
}

/// Requests go over plain http alone: a configuration that trusts nobody, because the client wants one.
fn no_tls() -> Result<rustls::ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn parse(text: &str) -> Result<Vec<ChangeButton>, String> {
    let buttons: Vec<ChangeButton> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for button in &buttons {
        if button.url.scheme() != "http" || !is_this_machine(&button.url) {
            return Err(format!(
                "{:?} must go over http to this machine (127.0.0.1), and goes to {}",
                button.label, button.url
            ));
        }
        Method::from_bytes(button.method.as_bytes())
            .map_err(|_| format!("{:?} has no method that HTTP knows", button.label))?;
    }
    Ok(buttons)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn numbered(mut value: Value, number: &str) -> Value {
    match &mut value {
        Value::String(text) => *text = text.replace("{n}", number),
        Value::Array(values) => values.iter_mut().for_each(|value| *value = numbered(value.take(), number)),
        Value::Object(object) => object.values_mut().for_each(|value| *value = numbered(value.take(), number)),
        _ => {}
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_button_is_a_label_and_a_request_to_this_machine() {
        let buttons =
            parse(r#"[{"label": "Add", "url": "http://127.0.0.1:1/x", "body": {"name": "Part {n}"}}]"#).unwrap();
        assert_eq!((buttons[0].label.as_str(), buttons[0].method.as_str()), ("Add", "POST"));
        assert_eq!(numbered(json!({"a": ["{n}", 1]}), "7"), json!({"a": ["7", 1]}));
    }

    #[test]
    fn a_request_to_anywhere_else_is_refused_when_the_file_is_read() {
        for url in ["http://plm.example/x", "https://127.0.0.1/x", "http://10.0.0.1/", "http://localhost.example/"] {
            let text = json!([{"label": "Add", "url": url}]).to_string();
            assert!(parse(&text).unwrap_err().contains("this machine"), "{url}");
        }
        assert!(parse(r#"[{"label": "Add"}]"#).is_err());
    }
}
