//! The generated side of the contract, and the conversions between it and this crate's own types. No other file but
//! `lib.rs` mentions a generated type, so that a change of `wit/` is felt here.

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::indexing_slicing, clippy::unwrap_used)]
mod generated {
    wit_bindgen::generate!({ world: "connector", path: "wit", pub_export_macro: true, default_bindings_module: "crate::bindings",
        // Exported by hand, in `definition`: the generated code for it is a tenth of the component.
        skip: ["describe"],
    });
}

#[cfg(target_family = "wasm")]
mod definition;

pub(crate) use generated::*;

use crate::error::Error;
use crate::host::{Failure, HeaderValue, Host, Level, Request, Response};
use generated::exports::integration::connector as operations;
use generated::integration::connector::{http, log, types};

/// The outside, reached through the component's imports.
pub(crate) struct ComponentHost;

impl Host for ComponentHost {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        let headers = request
            .headers
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    HeaderValue::Text(text) => http::HeaderValue::Text(text.to_owned()),
                    HeaderValue::Secret(key) => http::HeaderValue::Secret(key.to_owned()),
                };
                (name.to_owned(), value)
            })
            .collect();
        let request = http::Request {
            method: request.method.to_owned(),
            url: request.url,
            headers,
            body: request.body,
            idempotent: request.idempotent,
        };
        match http::send(&request) {
            Ok(response) => Ok(Response { status: response.status, headers: response.headers, body: response.body }),
            Err(failure) => Err(failure.into()),
        }
    }

    fn log_enabled(&self, level: Level) -> bool {
        log::enabled(level.into())
    }

    fn log(&self, level: Level, message: &str) {
        log::log(level.into(), message);
    }
}

impl From<Level> for log::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::Trace,
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

impl From<http::Failure> for Failure {
    fn from(failure: http::Failure) -> Self {
        match failure {
            http::Failure::Denied(reason) => Self::Denied(reason),
            http::Failure::Timeout => Self::Timeout,
            http::Failure::Unreachable(reason) => Self::Unreachable(reason),
            http::Failure::TooLarge(limit) => Self::TooLarge(limit),
            http::Failure::Other(reason) => Self::Other(reason),
        }
    }
}

impl From<Failure> for http::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(reason) => Self::Denied(reason),
            Failure::Timeout => Self::Timeout,
            Failure::Unreachable(reason) => Self::Unreachable(reason),
            Failure::TooLarge(limit) => Self::TooLarge(limit),
            Failure::Other(reason) => Self::Other(reason),
        }
    }
}

impl From<Error> for types::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownKey(key) => Self::UnknownKey(key),
            Error::InvalidInput(problems) => Self::InvalidInput(
                problems
                    .into_iter()
                    .map(|problem| types::InputProblem { input: problem.input, message: problem.message })
                    .collect(),
            ),
            Error::Unauthenticated(message) => Self::Unauthenticated(message),
            Error::Forbidden(message) => Self::Forbidden(message),
            Error::NotFound(message) => Self::NotFound(message),
            Error::RateLimited(seconds) => Self::RateLimited(seconds),
            Error::Service(failure) => Self::Service(types::ServiceFailure {
                status: failure.status,
                message: failure.message,
                errors: failure.errors,
                data: failure.data,
            }),
            Error::UnexpectedResponse(message) => Self::UnexpectedResponse(message),
            Error::Transport(failure) => Self::Transport(failure.into()),
            Error::InvalidState(message) => Self::InvalidState(message),
            Error::Other(message) => Self::Other(message),
        }
    }
}

impl From<crate::connection::Account> for operations::connections::Account {
    fn from(account: crate::connection::Account) -> Self {
        Self { user: account.user, organization: account.organization, endpoint: account.endpoint, extensions: None }
    }
}

impl From<crate::data_sources::Page> for operations::data_sources::Page {
    fn from(page: crate::data_sources::Page) -> Self {
        Self {
            items: page
                .items
                .into_iter()
                .map(|item| operations::data_sources::Item { key: item.key, label: item.label })
                .collect(),
            next: page.next,
            notice: page.notice,
            extensions: None,
        }
    }
}

impl From<crate::triggers::PollResult> for operations::triggers::PollResult {
    fn from(result: crate::triggers::PollResult) -> Self {
        Self {
            payload: result.payload,
            no_changes: result.no_changes,
            state: result.state,
            more: result.more,
            extensions: None,
        }
    }
}
