//! A call with all that went in and came out, for whoever records it.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::error::CallError;
use super::operation_kind::OperationKind;
use crate::connection::Connection;
use crate::contract::{Account, Page, PollResult};
use crate::egress::Grants;
use crate::trace::Trace;

/// A call of the component, or a request of the host's own, that has ended, with all that went in and came out. The connection's secrets are taken out
/// of requests, answers and log, as in every [`Trace`]; inputs, state and result are as they are.
#[derive(Debug)]
#[non_exhaustive]
pub struct HeardCall<'a> {
    /// What kind of operation it was.
    pub kind: OperationKind,
    /// The operation's key; none for a test of the connection and for a request of the host's own.
    pub key: Option<&'a str>,
    /// What it was called with. Shows no secret.
    pub connection: &'a Connection,
    /// What it might do.
    pub grants: Grants,
    /// The inputs as JSON text; none where there is no key, or where they cannot be written as JSON.
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
    /// Of a request of the host's own: the HTTP status. The answer is in the exchange.
    Status(u16),
}

/// Hears of every call of the component as it ends, and of every request of the host's own that gives no credential. It
/// runs on the call's own task, so it should be quick.
pub type CallHeard = Arc<dyn Fn(&HeardCall<'_>) + Send + Sync>;
