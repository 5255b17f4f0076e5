//! The generated side of the contract, and the only file that sees it: implements the imports over the call's own state, and turns
//! generated types into the crate's own at the edge.

use serde_json::Value;
use wasmtime::component::{Instance, InstancePre, Linker};
use wasmtime::{AsContextMut, Result};

use super::store::CallState;
use crate::contract::{self as own, Problems, short};
use crate::egress::{HeaderText, OutgoingRequest};
use crate::log::{LogLevel, LogSource};

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "connector",
        imports: { "integration:connector/http.send": async },
        exports: { default: async },
    });
}

pub(super) use generated::exports::integration::connector::manifest::ConnectorDefinition;
pub(super) use generated::integration::connector::types::{Connection, Error};

use generated::exports::integration::connector::{actions, connections, data_sources, manifest, triggers};
use generated::integration::connector::{http, log, types};
use generated::{Connector, ConnectorIndices};

/// The version of the contract that this host speaks.
pub(super) const CONTRACT: &str = "integration:connector";

/// Makes the two imports available to components.
pub(super) fn add_imports(linker: &mut Linker<CallState>) -> Result<()> {
    Connector::add_to_linker::<_, wasmtime::component::HasSelf<CallState>>(linker, |state| state)
}

/// A component that is ready to be instantiated, and where its exports are. A call has the types of that one checked which it calls: to
/// check all of them takes a fifth of what an instance takes.
pub(super) struct LinkedComponent {
    pub(super) pre: InstancePre<CallState>,
    all: ConnectorIndices,
    manifest: manifest::GuestIndices,
    connections: connections::GuestIndices,
    actions: actions::GuestIndices,
    data_sources: data_sources::GuestIndices,
    triggers: triggers::GuestIndices,
}

impl LinkedComponent {
    pub(super) fn new(pre: InstancePre<CallState>) -> Result<Self> {
        Ok(Self {
            all: ConnectorIndices::new(&pre)?,
            manifest: manifest::GuestIndices::new(&pre)?,
            connections: connections::GuestIndices::new(&pre)?,
            actions: actions::GuestIndices::new(&pre)?,
            data_sources: data_sources::GuestIndices::new(&pre)?,
            triggers: triggers::GuestIndices::new(&pre)?,
            pre,
        })
    }

    /// Checks the types of all exports.
    pub(super) fn check(&self, store: impl AsContextMut, instance: &Instance) -> Result<()> {
        self.all.load(store, instance).map(drop)
    }

    pub(super) fn manifest(&self, store: impl AsContextMut, instance: &Instance) -> Result<manifest::Guest> {
        self.manifest.load(store, instance)
    }

    pub(super) fn connections(&self, store: impl AsContextMut, instance: &Instance) -> Result<connections::Guest> {
        self.connections.load(store, instance)
    }

    pub(super) fn actions(&self, store: impl AsContextMut, instance: &Instance) -> Result<actions::Guest> {
        self.actions.load(store, instance)
    }

    pub(super) fn data_sources(&self, store: impl AsContextMut, instance: &Instance) -> Result<data_sources::Guest> {
        self.data_sources.load(store, instance)
    }

    pub(super) fn triggers(&self, store: impl AsContextMut, instance: &Instance) -> Result<triggers::Guest> {
        self.triggers.load(store, instance)
    }
}

impl types::Host for CallState {}

impl http::Host for CallState {
    async fn send(&mut self, request: http::Request) -> Result<http::Response, http::Failure> {
        let headers = request.headers.into_iter().map(|(name, value)| match value {
            http::HeaderValue::Text(text) => (name, HeaderText::Text(text)),
            http::HeaderValue::Secret(key) => (name, HeaderText::Secret(key)),
        });
        let request = OutgoingRequest {
            method: request.method,
            url: request.url,
            headers: headers.collect(),
            body: request.body,
            idempotent: request.idempotent,
        };
        match self.egress.send(request, &mut self.log).await {
            Ok(response) => {
                Ok(http::Response { status: response.status, headers: response.headers, body: response.body })
            }
            Err(failure) => Err(failure.into()),
        }
    }
}

impl log::Host for CallState {
    fn enabled(&mut self, level: log::Level) -> bool {
        self.log.enabled(level.into())
    }

    fn log(&mut self, level: log::Level, message: String) {
        self.log.write(level.into(), LogSource::Connector, message);
    }
}

impl From<log::Level> for LogLevel {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Trace => Self::Trace,
            log::Level::Debug => Self::Debug,
            log::Level::Info => Self::Info,
            log::Level::Warn => Self::Warn,
            log::Level::Error => Self::Error,
        }
    }
}

impl From<own::Failure> for http::Failure {
    fn from(failure: own::Failure) -> Self {
        match failure {
            own::Failure::Denied(text) => Self::Denied(text),
            own::Failure::Timeout => Self::Timeout,
            own::Failure::Unreachable(text) => Self::Unreachable(text),
            own::Failure::TooLarge(limit) => Self::TooLarge(limit),
            own::Failure::Other(text) => Self::Other(text),
        }
    }
}

impl From<http::Failure> for own::Failure {
    fn from(failure: http::Failure) -> Self {
        match failure {
            http::Failure::Denied(text) => Self::Denied(text),
            http::Failure::Timeout => Self::Timeout,
            http::Failure::Unreachable(text) => Self::Unreachable(text),
            http::Failure::TooLarge(limit) => Self::TooLarge(limit),
            http::Failure::Other(text) => Self::Other(text),
        }
    }
}

impl From<types::Error> for own::Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::UnknownKey(text) => Self::UnknownKey(text),
            types::Error::InvalidInput(problems) => Self::InvalidInput(
                problems
                    .into_iter()
                    .map(|problem| own::InputProblem { input: problem.input, message: problem.message })
                    .collect(),
            ),
            types::Error::Unauthenticated(text) => Self::Unauthenticated(text),
            types::Error::Forbidden(text) => Self::Forbidden(text),
            types::Error::NotFound(text) => Self::NotFound(text),
            types::Error::RateLimited(seconds) => Self::RateLimited(seconds),
            types::Error::Service(failure) => Self::Service(own::ServiceFailure {
                status: failure.status,
                message: failure.message,
                errors: failure.errors.map(own::JsonText::or_string),
                data: failure.data.map(own::JsonText::or_string),
            }),
            types::Error::UnexpectedResponse(text) => Self::UnexpectedResponse(text),
            types::Error::Transport(failure) => Self::Transport(failure.into()),
            types::Error::InvalidState(text) => Self::InvalidState(text),
            types::Error::Other(text) => Self::Other(text),
        }
    }
}

impl From<connections::Account> for own::Account {
    fn from(account: connections::Account) -> Self {
        Self {
            user: account.user,
            organization: account.organization,
            endpoint: account.endpoint,
            extensions: account.extensions.map(own::JsonText::or_string),
        }
    }
}

impl From<data_sources::Page> for own::Page {
    fn from(page: data_sources::Page) -> Self {
        let items = page.items.into_iter().map(|item| own::Item { key: item.key, label: item.label });
        Self {
            items: items.collect(),
            next: page.next,
            notice: page.notice,
            extensions: page.extensions.map(own::JsonText::or_string),
        }
    }
}

/// What a poll returned, its payload not yet checked.
pub(super) struct UncheckedPoll {
    pub(super) payload: String,
    pub(super) no_changes: bool,
    pub(super) state: Vec<u8>,
    pub(super) more: bool,
    pub(super) extensions: Option<String>,
}

impl From<triggers::PollResult> for UncheckedPoll {
    fn from(poll: triggers::PollResult) -> Self {
        Self {
            payload: poll.payload,
            no_changes: poll.no_changes,
            state: poll.state,
            more: poll.more,
            extensions: poll.extensions,
        }
    }
}

/// Reads a manifest; the errors name every JSON value in it that is not JSON.
pub(super) fn read_definition(definition: ConnectorDefinition) -> Result<own::ConnectorDefinition, Vec<String>> {
    let mut reader = Reader { problems: Problems(Vec::new()) };
    let own = own::ConnectorDefinition {
        connections: definition.connections.into_iter().map(|value| reader.connection(value)).collect(),
        actions: definition.actions.into_iter().map(|value| reader.action(value)).collect(),
        data_sources: definition.data_sources.into_iter().map(|value| reader.data_source(value)).collect(),
        triggers: definition.triggers.into_iter().map(|value| reader.trigger(value)).collect(),
        extensions: reader.optional("extensions of the connector", definition.extensions),
        key: definition.key,
        label: definition.label,
        description: definition.description,
        version: definition.version,
        documentation_url: definition.documentation_url,
    };
    if reader.problems.0.is_empty() { Ok(own) } else { Err(reader.problems.0) }
}

struct Reader {
    problems: Problems,
}

impl Reader {
    fn json(&mut self, place: &str, text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| {
            self.problems.add(format!("the {place} is not JSON: {error}"));
            Value::Null
        })
    }

    fn optional(&mut self, place: &str, text: Option<String>) -> Option<Value> {
        text.map(|text| self.json(place, &text))
    }

    fn connection(&mut self, value: manifest::ConnectionDefinition) -> own::ConnectionDefinition {
        let place = format!("connection {}", short(&value.key));
        own::ConnectionDefinition {
            fields: value.fields.into_iter().map(|field| self.field(&place, field)).collect(),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
        }
    }

    fn field(&mut self, place: &str, value: manifest::ConnectionField) -> own::ConnectionField {
        let extensions =
            self.optional(&format!("extensions of {place}, field {}", short(&value.input.key)), value.extensions);
        let endpoint = value.endpoint.map(|endpoint| {
            let place = format!("{place}, field {}, its endpoint", short(&value.input.key));
            own::Endpoint {
                precedence: endpoint.precedence,
                extensions: self.optional(&format!("extensions of {place}"), endpoint.extensions),
                environments: endpoint.environments.into_iter().map(|value| self.environment(&place, value)).collect(),
            }
        });
        own::ConnectionField {
            input: self.input(place, value.input),
            secret: value.secret,
            endpoint,
            may_be_jwt: value.may_be_jwt,
            extensions,
        }
    }

    fn environment(&mut self, place: &str, value: manifest::Environment) -> own::Environment {
        let place = format!("extensions of {place}, environment {}", short(&value.value));
        let extensions = self.optional(&place, value.extensions);
        own::Environment { value: value.value, url: value.url, extensions }
    }

    fn choice(&mut self, place: &str, value: manifest::Choice) -> own::Choice {
        let place = format!("extensions of {place}, choice {}", short(&value.value));
        let extensions = self.optional(&place, value.extensions);
        own::Choice { value: value.value, label: value.label, extensions }
    }

    fn inputs(&mut self, place: &str, values: Vec<manifest::InputField>) -> Vec<own::InputField> {
        values.into_iter().map(|value| self.input(place, value)).collect()
    }

    fn input(&mut self, place: &str, value: manifest::InputField) -> own::InputField {
        let place = format!("{place}, input {}", short(&value.key));
        own::InputField {
            kind: match value.kind {
                manifest::InputKind::Text => own::InputKind::Text,
                manifest::InputKind::MultiLine => own::InputKind::MultiLine,
                manifest::InputKind::Password => own::InputKind::Password,
                manifest::InputKind::Number => own::InputKind::Number,
                manifest::InputKind::Boolean => own::InputKind::Boolean,
                manifest::InputKind::Choice => own::InputKind::Choice,
                manifest::InputKind::Code(language) => own::InputKind::Code(language),
                manifest::InputKind::KeyValueList => own::InputKind::KeyValueList,
                manifest::InputKind::EndpointUrl => own::InputKind::EndpointUrl,
                manifest::InputKind::Other(name) => own::InputKind::Other(name),
            },
            default: self.optional(&format!("default of {place}"), value.default),
            example: self.optional(&format!("example of {place}"), value.example),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            choices: value.choices.into_iter().map(|value| self.choice(&place, value)).collect(),
            key: value.key,
            label: value.label,
            required: value.required,
            placeholder: value.placeholder,
            help: value.help,
            data_source: value.data_source,
        }
    }

    fn action(&mut self, value: manifest::ActionDefinition) -> own::ActionDefinition {
        let place = format!("action {}", short(&value.key));
        own::ActionDefinition {
            inputs: self.inputs(&place, value.inputs),
            input_schema: self.json(&format!("input schema of {place}"), &value.input_schema),
            result_schema: self.json(&format!("result schema of {place}"), &value.result_schema),
            example_payload: self.json(&format!("example payload of {place}"), &value.example_payload),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
            changes_data: value.changes_data,
        }
    }

    fn data_source(&mut self, value: manifest::DataSourceDefinition) -> own::DataSourceDefinition {
        let place = format!("data source {}", short(&value.key));
        own::DataSourceDefinition {
            inputs: self.inputs(&place, value.inputs),
            input_schema: self.json(&format!("input schema of {place}"), &value.input_schema),
            result_schema: self.json(&format!("result schema of {place}"), &value.result_schema),
            example_payload: self.json(&format!("example payload of {place}"), &value.example_payload),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
            searchable: value.searchable,
        }
    }

    fn trigger(&mut self, value: manifest::TriggerDefinition) -> own::TriggerDefinition {
        let place = format!("trigger {}", short(&value.key));
        own::TriggerDefinition {
            inputs: self.inputs(&place, value.inputs),
            input_schema: self.json(&format!("input schema of {place}"), &value.input_schema),
            result_schema: self.json(&format!("result schema of {place}"), &value.result_schema),
            example_payload: self.json(&format!("example payload of {place}"), &value.example_payload),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
        }
    }
}
