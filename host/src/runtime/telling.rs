//! Tells of a call with all that went in and came out, where somebody listens.

use serde::Serialize;

use super::call::{CallOptions, Outcome};
use super::error::{CallError, CallFailure};
use super::heard::{HeardCall, Returned};
use super::operation_kind::OperationKind;
use crate::connection::Connection;
use crate::trace::Trace;

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

    pub(super) fn beginning_with(self, state: Option<&'a [u8]>) -> Self {
        Self { state, ..self }
    }

    pub(super) fn tell<T>(
        self,
        result: &Result<Outcome<T>, Box<CallFailure>>,
        returned: impl for<'r> FnOnce(&'r T) -> Returned<'r>,
    ) {
        match result {
            Ok(outcome) => self.tell_of(Ok(returned(&outcome.value)), &outcome.trace),
            Err(failure) => self.tell_of(Err(&failure.error), &failure.trace),
        }
    }

    pub(super) fn tell_of(self, result: Result<Returned<'_>, &CallError>, trace: &Trace) {
        let Some(heard) = &self.options.observers.heard else { return };
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
