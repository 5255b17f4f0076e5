//! One call as it is kept: what went in, what came out, and what was said meanwhile.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use host::contract::{Account, Page, PollResult};
use host::{
    CallError, Connection, Connector, Exchange, Grants, HeardCall, LogLevel, LogLine, LogSource, OperationKind,
    Returned, Trace,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::bytes_text::BytesText;
use crate::flags::granted;
use crate::json_writer::{JsonWriter, Layout};

/// How a line of the component's says whose it is.
const CONNECTOR: &str = "connector";

/// One call of a component.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) asked: Asked,
    pub(super) made: Made,
    pub(super) log: Vec<Said>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) started: SystemTime,
}

/// What went in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) operation: Operation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    pub(super) connection: ConnectionUsed,
    /// The flags of what the call might do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) granted: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inputs: Option<Box<RawValue>>,
    /// The same as they were written, where their blanks were others: some services are sent them as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inputs_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) search: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<String>,
    /// The state that a poll began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<BytesText>,
}

/// The connection, without its secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ConnectionUsed {
    pub(super) key: String,
    pub(super) fields: Map<String, Value>,
    /// The secret fields that were filled in.
    #[serde(default)]
    pub(super) secrets: Vec<String>,
}

/// The kinds of operation, as the commands call them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Operation {
    TestConnection,
    Action,
    DataSource,
    Poll,
}

/// What came out: a result or an error, as JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Box<RawValue>>,
    /// The component's own error, or the host's where the component had no say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Box<RawValue>>,
    /// How the host ended the call, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended_by: Option<String>,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) level: String,
    pub(super) source: String,
    pub(super) message: String,
}

/// What a poll returns, as it is kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Polled<'a> {
    payload: &'a RawValue,
    no_changes: bool,
    more: bool,
    state: BytesText,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<&'a RawValue>,
}

impl Operation {
    /// None for what no component takes part in.
    fn of(kind: OperationKind) -> Option<Self> {
        match kind {
            OperationKind::TestConnection => Some(Self::TestConnection),
            OperationKind::Action => Some(Self::Action),
            OperationKind::DataSource => Some(Self::DataSource),
            OperationKind::Poll => Some(Self::Poll),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TestConnection => "test-connection",
            Self::Action => "action",
            Self::DataSource => "data-source",
            Self::Poll => "poll",
        }
    }
}

impl Asked {
    /// The call in a few words.
    pub(super) fn title(&self) -> String {
        match &self.key {
            Some(key) => format!("{} {key}", self.operation.name()),
            None => self.operation.name().to_owned(),
        }
    }

    pub(super) fn grants(&self) -> Grants {
        let has = |flag: &str| self.granted.iter().any(|granted| granted == flag);
        Grants {
            allow_http: has("--allow-http"),
            allow_private_network: has("--allow-private-network"),
            read_only: has("--read-only"),
            // Nothing leaves, so there is no proxy, and nobody to tell of a trace.
            ..Grants::default()
        }
    }

    /// The inputs as they were given.
    pub(super) fn inputs(&self) -> Box<RawValue> {
        match (&self.inputs_text, &self.inputs) {
            (Some(text), _) => raw(text.clone()),
            (None, Some(inputs)) => raw(compact(inputs.get())),
            (None, None) => raw("{}".to_owned()),
        }
    }

    /// The connection that it is made with, with something else where its secrets were.
    pub(super) fn connection(&self, connector: &Connector) -> Result<Connection, String> {
        let mut fields = self.connection.fields.clone();
        for name in &self.connection.secrets {
            fields.insert(name.clone(), format!("a-stand-in-for-{name}").into());
        }
        let value = serde_json::json!({"key": self.connection.key, "fields": fields});
        connector.connection(value).map_err(|error| error.to_string())
    }
}

impl Call {
    /// What there is to keep of a call; none of one that was refused because its key has ended, which is no work of the
    /// component.
    pub(super) fn heard(heard: &HeardCall<'_>) -> Option<Self> {
        let connection = heard.connection;
        let now = SystemTime::now();
        if connection.expired(now).is_some() {
            return None;
        }
        let clean = |text: &str| connection.scrub(text.to_owned());
        let fields = serde_json::from_str(&clean(connection.public_fields())).unwrap_or_default();
        let inputs = heard.inputs.as_deref().map(|inputs| raw(clean(inputs)));
        let asked = Asked {
            operation: Operation::of(heard.kind)?,
            key: heard.key.map(clean),
            connection: ConnectionUsed {
                key: connection.key().to_owned(),
                fields,
                secrets: connection.filled_in_secrets().map(str::to_owned).collect(),
            },
            granted: granted(heard.grants).collect(),
            inputs_text: inputs
                .as_deref()
                .filter(|inputs| compact(inputs.get()) != inputs.get())
                .map(|inputs| inputs.get().to_owned()),
            inputs,
            search: heard.search.map(clean),
            cursor: heard.cursor.map(clean),
            state: heard.state.map(BytesText::of),
        };
        let made = Made::of(&heard.result).scrubbed(&clean);
        let log = heard.trace.log.iter().map(Said::of).collect();
        let exchanges = heard.trace.exchanges.clone();
        Some(Self { asked, made, log, exchanges, started: now.checked_sub(heard.trace.duration).unwrap_or(now) })
    }

    /// The call in a few words.
    pub(crate) fn title(&self) -> String {
        self.asked.title()
    }

    /// When it began.
    pub(crate) fn started(&self) -> SystemTime {
        self.started
    }

    /// What it was given, as JSON; a test of the connection is given nothing.
    pub(crate) fn inputs(&self) -> Option<&RawValue> {
        self.asked.inputs.as_deref()
    }

    /// What came of it, as JSON.
    pub(crate) fn result(&self) -> Option<&RawValue> {
        self.made.result.as_deref()
    }

    /// Why nothing came of it, as JSON.
    pub(crate) fn error(&self) -> Option<&RawValue> {
        self.made.error.as_deref()
    }

    /// Its exchanges and its log.
    pub(crate) fn trace(&self) -> Trace {
        Trace { exchanges: self.exchanges.clone(), log: self.log.iter().map(Said::line).collect(), ..Trace::default() }
    }

    /// What it holds in memory, in bytes.
    pub(super) fn held_bytes(&self) -> u64 {
        let length = |value: &Option<Box<RawValue>>| value.as_ref().map_or(0, |value| value.get().len());
        let texts = length(&self.asked.inputs) + length(&self.made.result) + length(&self.made.error);
        let state = self.asked.state.as_ref().map_or(0, |state| state.text.len());
        let log: usize = self.log.iter().map(|line| line.message.len() + size_of::<Said>()).sum();
        let exchanges: u64 = self.exchanges.iter().map(Exchange::held_bytes).sum();
        exchanges + (texts + state + log + size_of::<Self>()) as u64
    }
}

impl Made {
    pub(super) fn of(result: &Result<Returned<'_>, &CallError>) -> Self {
        match result {
            Ok(returned) => Self { result: Some(written(*returned)), ..Self::default() },
            Err(error) => {
                let text = match error.answer() {
                    Some(answer) => serde_json::to_string(answer),
                    None => serde_json::to_string(error),
                };
                let error_text = text.unwrap_or_else(|problem| Value::from(problem.to_string()).to_string());
                Self { error: Some(raw(error_text)), ended_by: error.ended_by().map(Into::into), ..Self::default() }
            }
        }
    }

    /// Whether it is a result.
    pub(super) fn is_result(&self) -> bool {
        self.result.is_some()
    }

    /// The state that a poll came to.
    pub(super) fn state(&self) -> Option<BytesText> {
        #[derive(Deserialize)]
        struct Of {
            state: BytesText,
        }
        let polled: Of = serde_json::from_str(self.result.as_ref()?.get()).ok()?;
        Some(polled.state)
    }

    fn scrubbed(self, clean: &impl Fn(&str) -> String) -> Self {
        let clean = |value: Box<RawValue>| raw(clean(value.get()));
        Self { result: self.result.map(clean), error: self.error.map(clean), ..self }
    }
}

impl Said {
    fn line(&self) -> LogLine {
        let levels = [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
        let level = levels.into_iter().find(|level| level.name() == self.level).unwrap_or(LogLevel::Info);
        let source = if self.source == CONNECTOR { LogSource::Connector } else { LogSource::Host };
        LogLine { at: Duration::ZERO, level, source, message: self.message.clone() }
    }

    pub(super) fn of(line: &LogLine) -> Self {
        let source = match line.source {
            LogSource::Connector => CONNECTOR,
            LogSource::Host => "host",
        };
        Self { level: line.level.name().to_owned(), source: source.to_owned(), message: line.message.clone() }
    }
}

fn written(returned: Returned<'_>) -> Box<RawValue> {
    let text = match returned {
        Returned::Account(account) => account_text(account),
        Returned::Value(value) => Ok(value.get().to_owned()),
        Returned::Page(page) => page_text(page),
        Returned::Poll(poll) => poll_text(poll),
        _ => Ok("null".to_owned()),
    };
    raw(text.unwrap_or_else(|problem| Value::from(problem.to_string()).to_string()))
}

fn account_text(account: &Account) -> serde_json::Result<String> {
    serde_json::to_string(account)
}

fn page_text(page: &Page) -> serde_json::Result<String> {
    serde_json::to_string(page)
}

fn poll_text(poll: &PollResult) -> serde_json::Result<String> {
    serde_json::to_string(&Polled {
        payload: &poll.payload,
        no_changes: poll.no_changes,
        more: poll.more,
        state: BytesText::of(&poll.state),
        extensions: poll.extensions.as_deref(),
    })
}

/// JSON in the one spelling in which it is compared: as it is, but for blanks and escapes that a file adds.
pub(super) fn compact(json: &str) -> String {
    let mut writer = JsonWriter::new(Vec::new(), Layout::Compact);
    let written = writer.write_all(json.as_bytes());
    let text = written.ok().and_then(|()| String::from_utf8(writer.into_inner()).ok());
    text.unwrap_or_else(|| json.to_owned())
}

/// JSON text as it is; what is none any more, because something in the middle of it was taken out, as a text.
pub(super) fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| {
        RawValue::from_string("\"[redacted]\"".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}
