//! Where a trigger's payloads go.

use serde::{Deserialize, Serialize};
use url::Url;

use super::names::Name;

/// Where a trigger's payloads go: `{"url": …, "secret": …}` or `{"restateHandler": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DestinationText", into = "DestinationText")]
pub(crate) enum Destination {
    /// An HTTP endpoint.
    Http {
        /// Where to post.
        url: FlowUrl,
        /// The tenant's secret that deliveries are signed with.
        secret: Name,
    },
    /// A handler of another service on the same Restate.
    Handler {
        /// Which one.
        restate_handler: Handler,
    },
}

/// A destination as it is written: errors can then say what is wrong with the one that is meant.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DestinationText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<FlowUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restate_handler: Option<Handler>,
}

impl TryFrom<DestinationText> for Destination {
    type Error = &'static str;

    fn try_from(text: DestinationText) -> Result<Self, Self::Error> {
        match text {
            DestinationText { url: Some(url), secret: Some(secret), restate_handler: None } => {
                Ok(Self::Http { url, secret })
            }
            DestinationText { url: None, secret: None, restate_handler: Some(restate_handler) } => {
                Ok(Self::Handler { restate_handler })
            }
            _ => Err("a destination is {\"url\": …, \"secret\": NAME} or {\"restateHandler\": …}"),
        }
    }
}

impl From<Destination> for DestinationText {
    fn from(destination: Destination) -> Self {
        match destination {
            Destination::Http { url, secret } => Self { url: Some(url), secret: Some(secret), restate_handler: None },
            Destination::Handler { restate_handler } => {
                Self { url: None, secret: None, restate_handler: Some(restate_handler) }
            }
        }
    }
}

/// The URL of a tenant's flow, in the spelling of the URL standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct FlowUrl(Url);

impl FlowUrl {
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for FlowUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // The text is not repeated: it could hold a token.
        let url = Url::parse(&text).map_err(|error| format!("the URL is not an absolute URL ({error})"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("the URL must begin with https://".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL must not hold a password: deliveries are signed, with \"secret\"".into());
        }
        Ok(Self(url))
    }
}

impl From<FlowUrl> for String {
    fn from(url: FlowUrl) -> Self {
        url.0.into()
    }
}

/// A handler on the same Restate: `SERVICE/HANDLER`, or `OBJECT/KEY/HANDLER`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Handler(String);

impl Handler {
    /// Its two or three parts.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.0.split('/').collect()
    }

    /// The service or object that it is of.
    pub(crate) fn service(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl TryFrom<String> for Handler {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        match matches!(parts.len(), 2 | 3) && parts.iter().all(|part| !part.is_empty() && part.len() <= 200) {
            true => Ok(Self(text)),
            false => Err("a Restate handler is SERVICE/HANDLER, or OBJECT/KEY/HANDLER".into()),
        }
    }
}

impl From<Handler> for String {
    fn from(handler: Handler) -> Self {
        handler.0
    }
}
