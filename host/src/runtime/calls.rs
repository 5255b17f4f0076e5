//! The calls of a connector: each makes an operation of what the caller gives, runs it, and tells whoever listens.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::value::RawValue;

use super::bindings::Visible;
use super::call::{self, CallOptions, Outcome, Started};
use super::component::Connector;
use super::error::{CallError, CallFailure};
use super::heard::Returned;
use super::observed::Observed;
use super::operation_kind::OperationKind;
use super::operations::{Operation, Perform, Poll, Query, TestConnection, as_text};
use super::telling::Heard;
use crate::connection::Connection;
use crate::contract::{Account, Error, Page, PollResult};
use crate::limits::{Limit, LimitExceeded};
use crate::trace::Trace;

impl Connector {
    /// Asks the service whose credential the connection holds.
    pub async fn test_connection(
        &self,
        connection: &Connection,
        options: &CallOptions,
    ) -> Result<Outcome<Account>, Box<CallFailure>> {
        let work = async {
            let visible = self.visible(connection)?;
            self.run(connection, options, TestConnection { connection: &visible }).await
        };
        let result = self.observed(OperationKind::TestConnection, None, connection, options).call(work).await;
        Heard::of(OperationKind::TestConnection, connection, options)
            .tell(&result, |returned| Returned::Account(returned));
        result
    }

    /// Performs an action. `inputs` is anything that is a JSON object when it is serialized; the result is JSON text
    /// that was checked to be well formed.
    pub async fn perform(
        &self,
        key: &str,
        connection: &Connection,
        inputs: &(impl Serialize + Sync + ?Sized),
        options: &CallOptions,
    ) -> Result<Outcome<Box<RawValue>>, Box<CallFailure>> {
        let work = async {
            let (visible, inputs) = (self.visible(connection)?, as_text(inputs)?);
            self.run(connection, options, Perform { key, connection: &visible, inputs: &inputs }).await
        };
        let result = self.observed(OperationKind::Action, Some(key), connection, options).call(work).await;
        let heard = Heard::of(OperationKind::Action, connection, options).with(key, inputs);
        heard.tell(&result, |returned| Returned::Value(returned));
        result
    }

    /// Gives one page of a data source's items.
    pub async fn query(
        &self,
        key: &str,
        connection: &Connection,
        inputs: &(impl Serialize + Sync + ?Sized),
        search: Option<&str>,
        cursor: Option<&str>,
        options: &CallOptions,
    ) -> Result<Outcome<Page>, Box<CallFailure>> {
        let work = async {
            let (visible, inputs) = (self.visible(connection)?, as_text(inputs)?);
            self.run(connection, options, Query { key, connection: &visible, inputs: &inputs, search, cursor }).await
        };
        let result = self.observed(OperationKind::DataSource, Some(key), connection, options).call(work).await;
        let heard = Heard::of(OperationKind::DataSource, connection, options).with(key, inputs);
        heard.asked(search, cursor).tell(&result, |returned| Returned::Page(returned));
        result
    }

    /// Polls a trigger once. `state` is what the last poll that succeeded returned; store the new one only after the
    /// payload was accepted, so that a crash in between repeats changes and never loses one.
    pub async fn poll(
        &self,
        key: &str,
        connection: &Connection,
        inputs: &(impl Serialize + Sync + ?Sized),
        state: Option<&[u8]>,
        options: &CallOptions,
    ) -> Result<Outcome<PollResult>, Box<CallFailure>> {
        let work = async {
            if state.is_some_and(|state| state.len() as u64 > options.limits.state_bytes) {
                let exceeded = LimitExceeded::new(Limit::StateBytes, &options.limits);
                let error = CallError::Limit { exceeded, answer: None };
                return Err(Box::new(CallFailure { error, trace: Trace::default() }));
            }
            let (visible, inputs) = (self.visible(connection)?, as_text(inputs)?);
            self.run(connection, options, Poll { key, connection: &visible, inputs: &inputs, state }).await
        };
        let result = self.observed(OperationKind::Poll, Some(key), connection, options).call(work).await;
        let heard = Heard::of(OperationKind::Poll, connection, options).with(key, inputs);
        heard.beginning_with(state).tell(&result, |returned| Returned::Poll(returned));
        result
    }

    /// Makes an instance, as every call does before its work, and does nothing with it. For measurements; it takes no
    /// turn among the runtime's calls, but one of its slots until it is dropped.
    pub async fn start(&self, options: &CallOptions) -> Result<Started, CallError> {
        call::start(self.runtime_inner(), self.linked(), options).await
    }

    /// The connection as the component sees it, if it can be used at all.
    fn visible(&self, connection: &Connection) -> Result<Visible, Box<CallFailure>> {
        let unusable = |error| Box::new(CallFailure { error, trace: Trace::default() });
        let endpoint = self.check_usable(connection).map_err(unusable)?;
        Ok(self.linked().visible(connection.key(), endpoint, connection.public_fields()))
    }

    /// Gives the endpoint of a connection that can be used, and the error that every call with any other ends in.
    pub(super) fn check_usable<'a>(&self, connection: &'a Connection) -> Result<&'a str, CallError> {
        match (connection.problems(), connection.endpoint()) {
            ([], Ok(endpoint)) => match connection.expired(SystemTime::now()) {
                None => Ok(endpoint),
                Some(message) => Err(CallError::Connector(Error::Unauthenticated(message))),
            },
            (problems, _) => Err(CallError::Connector(Error::InvalidInput(problems.to_vec()))),
        }
    }

    /// A call of this connector, for whoever sees it from outside.
    pub(super) fn observed<'a>(
        &'a self,
        kind: OperationKind,
        key: Option<&'a str>,
        connection: &'a Connection,
        options: &'a CallOptions,
    ) -> Observed<'a> {
        Observed { definition: self.definition(), kind, key, connection, options }
    }

    async fn run<O: Operation>(
        &self,
        connection: &Connection,
        options: &CallOptions,
        operation: O,
    ) -> Result<Outcome<O::Accepted>, Box<CallFailure>> {
        call::run(self.runtime_inner(), self.linked(), Some(connection), options, operation).await
    }
}
