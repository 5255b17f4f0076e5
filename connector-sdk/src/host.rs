//! What a connector asks of whoever runs it: send a request, write a log line. In a component this is the imports
//! `http` and `log`; under native tests and benchmarks it is a struct of theirs. Nothing else of the outside is
//! reachable.

use crate::bindings::integration::connector::{http, log};
use crate::contract::{Connection, Failure, Level, Request, Response};

/// The outside, as a connector sees it.
pub trait Host {
    /// Sends one request and waits for its whole answer. A status of 400 or above is an answer, not a failure.
    fn send(&self, request: Request) -> Result<Response, Failure>;

    /// Whether a message of this level would be kept: asked before an expensive message is built.
    fn log_enabled(&self, level: Level) -> bool;

    /// Writes one log line.
    fn log(&self, level: Level, message: &str);
}

/// The outside of a component: its imports.
#[derive(Clone, Copy, Debug)]
pub struct ComponentHost;

impl Host for ComponentHost {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        http::send(&request)
    }

    fn log_enabled(&self, level: Level) -> bool {
        log::enabled(level)
    }

    fn log(&self, level: Level, message: &str) {
        log::log(level, message);
    }
}

/// What one call of a connector is made with.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The outside.
    pub host: &'a dyn Host,
    /// The configured connection: its kind, where the service is, and the fields that are not secret.
    pub connection: &'a Connection,
}

impl Call<'_> {
    /// Writes a log line, which is made only where it would be kept.
    pub fn log(&self, level: Level, line: impl FnOnce() -> String) {
        if self.host.log_enabled(level) {
            self.host.log(level, &line());
        }
    }
}
