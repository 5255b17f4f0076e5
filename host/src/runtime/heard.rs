//! A call with all that went in and came out, for whoever records it.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::call::{CallOptions, Outcome};
use super::error::{CallError, CallFailure};
use super::observers::OperationKind;
use crate::connection::Connection;
use crate::contract::{Account, Page, PollResult};
use crate::egress::Grants;
use crate::trace::Trace;

/// A call of the component that has ended, with all that went in and came out. The connection's secrets are taken out
/// of requests, answers and log, as in every [`Trace`]; inputs, state and result are as they are.
#[derive(Debug)]
#[non_exhaustive]
pub struct HeardCall<'a> {
    /// What kind of operation it was.
    pub kind: OperationKind,
    /// The operation's key; none for a test of the connection.
    pub key: Option<&'a str>,
    /// What it was called with. Shows no secret.
    pub connection: &'a Connection,
    /// What it might do.
    pub grants: Grants,
    /// The inputs as JSON text; none for a test of the connection, or where they cannot be written as JSON.
    pub inputs: Option<String>,
    /// What a data source was searched for.
    pub search: Option<&'a str>,
    /// Which page of a data source was asked for.
    pub cursor: Option<&'a str>,
    /// The polling state that a trigger began with.
    pub state: Option<&'a [u8]>,
    /// What it came to.
    pub result: Result<Returned<'a>, &'a CallError>,
    /// What it used and did, with its exchanges.
    pub trace: &'a Trace,
}

/// What a call returned.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Returned<'a> {
    /// Of a test of the connection.
    Account(&'a Account),
    /// Of an action.
    Value(&'a RawValue),
    /// Of a data source.
    Page(&'a Page),
    /// Of a trigger.
    Poll(&'a PollResult),
}

/// Hears of every call of the component as it ends. It runs on the call's own task, so it should be quick.
pub type CallHeard = Arc<dyn Fn(&HeardCall<'_>) + Send + Sync>;

/// What there is to tell of a call, put together only where somebody listens.
pub(super) struct Heard<'a> {
    kind: OperationKind,
    key: Option<&'a str>,
    connection: &'a Connection,
    options: &'a CallOptions,
    inputs: Option<String>,
    search: Option<&'a str>,
    cursor: Option<&'a str>,
    state: Option<&'a [u8]>,
}

impl<'a> Heard<'a> {
    pub(super) fn of(kind: OperationKind, connection: &'a Connection, options: &'a CallOptions) -> Self {
        Self { kind, key: None, connection, options, inputs: None, search: None, cursor: None, state: None }
    }

    pub(super) fn with(self, key: &'a str, inputs: &(impl Serialize + ?Sized)) -> Self {
        let is_heard = self.options.observers.heard.is_some();
        let inputs = if is_heard { serde_json::to_string(inputs).ok() } else { None };
        Self { key: Some(key), inputs, ..self }
    }

    pub(super) fn asked(self, search: Option<&'a str>, cursor: Option<&'a str>) -> Self {
        Self { search, cursor, ..self }
    }

    pub(super) fn from_state(self, state: Option<&'a [u8]>) -> Self {
        Self { state, ..self }
    }

    pub(super) fn tell<T>(
        self,
        result: &Result<Outcome<T>, Box<CallFailure>>,
        returned: impl for<'r> FnOnce(&'r T) -> Returned<'r>,
    ) {
        let Some(heard) = &self.options.observers.heard else { return };
        let (result, trace) = match result {
            Ok(outcome) => (Ok(returned(&outcome.value)), &outcome.trace),
            Err(failure) => (Err(&failure.error), &failure.trace),
        };
        heard(&HeardCall {
            kind: self.kind,
            key: self.key,
            connection: self.connection,
            grants: self.options.grants,
            inputs: self.inputs,
            search: self.search,
            cursor: self.cursor,
            state: self.state,
            result,
            trace,
        });
    }
}
