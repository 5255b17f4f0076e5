//! The generated side of the contract, and the only folder that sees it: implements the imports over the call's own
//! state, and turns generated types into the crate's own at the edge. `versions` says which contracts are spoken,
//! `linked` calls the exports of either.

mod definition;
mod linked;
mod versions;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Result, StoreContextMut};

use super::store::CallState;
use crate::contract as own;
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

use generated::Connector;
use generated::exports::integration::connector::{connections, data_sources, manifest, triggers};
use generated::integration::connector::{http, log, types};

pub(super) use definition::read_definition;
pub(super) use generated::exports::integration::connector::manifest::ConnectorDefinition;
pub(super) use generated::integration::connector::types::Error;
pub(super) use linked::{LinkedComponent, Visible};
pub(super) use versions::{Contract, Interface};

/// Makes the two imports available to components of either version.
pub(super) fn add_imports(linker: &mut Linker<CallState>) -> Result<()> {
    Connector::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    // Types are compared by what they are, and not by their names: those of the older contract are the same here.
    linker.instance(&Contract::V0_1.interface("types"))?;
    linker.instance(&Contract::V0_1.interface("http"))?.func_wrap_async(
        "send",
        |mut store: StoreContextMut<'_, CallState>, (request,): (http::Request,)| {
            Box::new(async move { Ok((http::Host::send(store.data_mut(), request).await,)) })
        },
    )?;
    let mut log = linker.instance(&Contract::V0_1.interface("log"))?;
    log.func_wrap("enabled", |mut store: StoreContextMut<'_, CallState>, (level,): (log::Level,)| {
        Ok((log::Host::enabled(store.data_mut(), level),))
    })?;
    log.func_wrap("log", |mut store: StoreContextMut<'_, CallState>, (level, message): (log::Level, String)| {
        log::Host::log(store.data_mut(), level, message);
        Ok(())
    })
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
