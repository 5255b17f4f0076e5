//! One call as it is kept: what went in, what came out, and what was said meanwhile.

use std::io::Write as _;
use std::time::SystemTime;

use host::egress::REDACTED;
use host::{CallError, Connection, Connector, Exchange, HeardCall, LogLine, OperationKind, Returned, Trace};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::bytes_text::BytesText;
use crate::flags::granted;
use crate::json_writer::{JsonWriter, Layout};

/// One call of a component.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) asked: Asked,
    pub(super) made: Made,
    pub(super) log: Vec<LogLine>,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) started: SystemTime,
}

/// What went in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) operation: OperationKind,
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

impl ConnectionUsed {
    /// As a connection file has it, with something else where its secrets were.
    fn value(&self, stand_in: impl Fn(&str) -> String) -> Value {
        let mut fields = self.fields.clone();
        for name in &self.secrets {
            fields.insert(name.clone(), stand_in(name).into());
        }
        serde_json::json!({ "key": self.key, "fields": fields })
    }
}

impl Asked {
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
        let value = self.connection.value(|name| format!("a-stand-in-for-{name}"));
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
            operation: heard.kind,
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
        let Trace { log, exchanges, duration, .. } = heard.trace.clone();
        Some(Self { asked, made, log, exchanges, started: now.checked_sub(duration).unwrap_or(now) })
    }

    /// The call in a few words.
    pub(crate) fn title(&self) -> String {
        let operation = self.asked.operation.name();
        self.asked.key.as_ref().map_or_else(|| operation.to_owned(), |key| format!("{operation} {key}"))
    }

    /// What kind of operation was called.
    pub(crate) fn operation(&self) -> OperationKind {
        self.asked.operation
    }

    /// The key of what was called.
    pub(crate) fn key(&self) -> Option<&str> {
        self.asked.key.as_deref()
    }

    /// The connection that it was made with, as a connection file has it, with something else where its secrets were.
    pub(crate) fn connection_value(&self, stand_in: impl Fn(&str) -> String) -> Value {
        self.asked.connection.value(stand_in)
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
        Trace { exchanges: self.exchanges.clone(), log: self.log.clone(), ..Trace::default() }
    }

    /// What it holds in memory, in bytes.
    pub(super) fn held_bytes(&self) -> u64 {
        let length = |value: &Option<Box<RawValue>>| value.as_ref().map_or(0, |value| value.get().len());
        let texts = [&self.asked.inputs_text, &self.asked.search, &self.asked.cursor, &self.asked.key];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let json = length(&self.asked.inputs) + length(&self.made.result) + length(&self.made.error);
        let fields = Value::Object(self.asked.connection.fields.clone()).to_string().len();
        let state = self.asked.state.as_ref().map_or(0, |state| state.text.len());
        let log: u64 = self.log.iter().map(LogLine::held_bytes).sum();
        let exchanges: u64 = self.exchanges.iter().map(Exchange::held_bytes).sum();
        exchanges + log + (texts + json + fields + state + size_of::<Self>()) as u64
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

fn written(returned: Returned<'_>) -> Box<RawValue> {
    let text = match returned {
        Returned::Account(account) => serde_json::to_string(account),
        Returned::Value(value) => Ok(value.get().to_owned()),
        Returned::Page(page) => serde_json::to_string(page),
        Returned::Poll(poll) => serde_json::to_string(&Polled {
            payload: &poll.payload,
            no_changes: poll.no_changes,
            more: poll.more,
            state: BytesText::of(&poll.state),
            extensions: poll.extensions.as_deref(),
        }),
        _ => Ok("null".to_owned()),
    };
    raw(text.unwrap_or_else(|problem| Value::from(problem.to_string()).to_string()))
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
        let instead = Value::from(REDACTED).to_string();
        RawValue::from_string(instead).unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}
