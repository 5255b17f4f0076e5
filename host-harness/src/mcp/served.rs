//! What one server serves: the connector, its connections with what each may use, and what is remembered between calls.

use std::sync::Arc;
use std::time::Duration;

use host::contract::ConnectorDefinition;
use host::egress::Secrets;
use host::{CallOptions, Connection, Connector, Trace};
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;

use super::answer::Text;
use super::budget::{Bounds, Budget, Spent};
use super::kept::Kept;
use super::tools::Tools;
use super::uris::{Uris, is_name};
use crate::questions::Questions;

/// Calls of one connection at the same time. The runtime has turns for as many of each connection, so that none waits
/// for another's.
pub(crate) const CALLS_AT_ONCE: usize = 4;

/// The least that an answer may have, in bytes: less holds no record.
pub(crate) const SMALLEST_PAGE: usize = 1024;

/// What a server is started with.
pub(crate) struct McpOptions {
    pub(crate) connections: Vec<NamedConnection>,
    /// Actions that change data and may be called: by their keys, or by their tools' names.
    pub(crate) allowed: Vec<String>,
    /// The most that the data of one answer have, in bytes as JSON.
    pub(crate) page_bytes: usize,
    /// What the text beside the data is.
    pub(crate) text: Text,
    /// The pause between two polls of a trigger that is subscribed to.
    pub(crate) every: Duration,
    /// How calls are made.
    pub(crate) call_options: CallOptions,
    /// Takes out of a text what is printed nowhere; none where nothing of it stood there.
    pub(crate) hide: fn(&str) -> Option<String>,
}

/// A connection that tools are called on.
pub(crate) struct NamedConnection {
    /// None where it is the only one, and its tools need no name before theirs.
    pub(crate) name: Option<String>,
    pub(crate) connection: Connection,
    /// Its secrets, to be taken out of everything.
    pub(crate) secrets: Secrets,
    pub(crate) bounds: Bounds,
}

/// What one server serves.
pub(super) struct Served {
    pub(super) connector: Connector,
    pub(super) names: Vec<Option<String>>,
    pub(super) links: Vec<Link>,
    pub(super) tools: Tools,
    pub(super) questions: Questions,
    pub(super) page_bytes: usize,
    pub(super) text: Text,
    pub(super) every: Duration,
    pub(super) call_options: CallOptions,
    hide: fn(&str) -> Option<String>,
}

/// A connection with what it may use.
pub(super) struct Link {
    pub(super) connection: Connection,
    secrets: Secrets,
    pub(super) kept: Kept,
    budget: Budget,
    turns: Semaphore,
}

impl Served {
    /// The error is for whoever starts the server.
    pub(super) fn new(connector: Connector, options: McpOptions) -> Result<Arc<Self>, String> {
        let names: Vec<Option<String>> = options.connections.iter().map(|named| named.name.clone()).collect();
        for name in names.iter().flatten() {
            if !is_name(connector.definition(), name) {
                return Err(format!(
                    "--connection {name}=…: a connection is called by letters, digits and dashes, 32 at most, and not \
                     as a kind of record"
                ));
            }
            if names.iter().flatten().filter(|other| *other == name).count() > 1 {
                return Err(format!("--connection {name}=…: two connections are called so"));
            }
        }
        if names.len() > 1 && names.contains(&None) {
            return Err("of several connections each needs a name: --connection NAME=FILE".into());
        }
        let tools = Tools::of(connector.definition(), &names, &options.allowed)?;
        let links = options.connections.into_iter().map(|named| Link {
            connection: named.connection,
            secrets: named.secrets,
            kept: Kept::default(),
            budget: Budget::new(named.bounds),
            turns: Semaphore::new(CALLS_AT_ONCE),
        });
        Ok(Arc::new(Self {
            names,
            links: links.collect(),
            tools,
            questions: Questions::default(),
            page_bytes: options.page_bytes.max(SMALLEST_PAGE),
            text: options.text,
            every: options.every,
            call_options: options.call_options,
            hide: options.hide,
            connector,
        }))
    }

    pub(super) fn definition(&self) -> &ConnectorDefinition {
        self.connector.definition()
    }

    pub(super) fn uris(&self) -> Uris<'_> {
        Uris { definition: self.connector.definition(), names: &self.names }
    }

    /// How the service is called where its data are shown.
    pub(super) fn service(&self, connection: usize) -> String {
        match self.uris().name(connection) {
            Some(name) => format!("{} (connection {name})", self.definition().label),
            None => self.definition().label.clone(),
        }
    }

    /// The last look at a text before it leaves. The host has looked for secrets in all that the service sent.
    pub(super) fn scrub(&self, link: &Link, text: String) -> String {
        self.taken_out(link, &text).unwrap_or(text)
    }

    /// The same for JSON; none where what was taken out was a part of what made it JSON.
    pub(super) fn scrub_json(&self, link: &Link, text: String) -> Option<String> {
        match self.taken_out(link, &text) {
            None => Some(text),
            Some(clean) => serde_json::from_str::<IgnoredAny>(&clean).is_ok().then_some(clean),
        }
    }

    /// A text from which something was taken out.
    fn taken_out(&self, link: &Link, text: &str) -> Option<String> {
        let clean = link.secrets.may_hold(text.as_bytes()).then(|| link.secrets.scrub(text.to_owned()));
        (self.hide)(clean.as_deref().unwrap_or(text)).or(clean)
    }
}

impl Link {
    /// Takes a call out of the connection's budget.
    pub(super) fn charge_call(&self) -> Result<(), Spent> {
        self.budget.take()
    }

    /// The same, and waits for its turn.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Spent> {
        self.charge_call()?;
        Ok(Turn { link: self, _permit: self.permit().await })
    }

    /// Waits until one more of the connection's calls may be under way.
    pub(super) async fn permit(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        // It is never closed; and where it were, there is nothing to wait for.
        self.turns.acquire().await.ok()
    }
}

/// A call's turn. It ends when this is dropped.
pub(super) struct Turn<'a> {
    link: &'a Link,
    _permit: Option<tokio::sync::SemaphorePermit<'a>>,
}

impl Turn<'_> {
    /// Charges what the call has used.
    pub(super) fn used(&self, trace: &Trace) {
        self.link.budget.charge(trace.sent_bytes.saturating_add(trace.received_bytes));
    }
}
