//! The five exports of a connector as values: which one a call invokes, with what, and what makes its result
//! acceptable.

use std::future::Future;

use serde::Serialize;
use serde_json::value::RawValue;
use wasmtime::Store;
use wasmtime::component::Instance;

use super::bindings::{self, LinkedComponent, UncheckedPoll, Visible};
use super::error::{CallError, CallFailure};
use super::store::CallState;
use crate::contract::{Account, Error, InputProblem, Item, Page, PollResult, json_size};
use crate::limits::{Limit, Limits};
use crate::trace::Trace;

/// What is wrong with a result.
pub(super) enum ResultProblem {
    TooLarge(Limit),
    Invalid(String),
}

/// One export, with the arguments of one call.
pub(super) trait Operation: Send {
    /// What the export returns.
    type Returned: Send;
    /// What the caller gets when the result is acceptable.
    type Accepted;

    fn invoke(
        &self,
        store: &mut Store<CallState>,
        component: &LinkedComponent,
        instance: &Instance,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Returned, bindings::Error>>> + Send;

    /// The limit of what the component may hand over at once, and its value in bytes.
    fn most_handed_over(limits: &Limits) -> (Limit, u64) {
        (Limit::HostBytes, limits.handed_over_bytes())
    }

    /// What the returned value holds in the host's memory, in bytes.
    fn size(returned: &Self::Returned) -> u64;

    fn accept(&self, returned: Self::Returned, limits: &Limits) -> Result<Self::Accepted, ResultProblem>;
}

pub(super) struct Describe;

pub(super) struct TestConnection<'a> {
    pub(super) connection: &'a Visible,
}

pub(super) struct Perform<'a> {
    pub(super) key: &'a str,
    pub(super) connection: &'a Visible,
    /// JSON text; owned, because that is what the generated call takes.
    pub(super) inputs: &'a String,
}

pub(super) struct Query<'a> {
    pub(super) key: &'a str,
    pub(super) connection: &'a Visible,
    /// JSON text; owned, because that is what the generated call takes.
    pub(super) inputs: &'a String,
    pub(super) search: Option<&'a str>,
    pub(super) cursor: Option<&'a str>,
}

pub(super) struct Poll<'a> {
    pub(super) key: &'a str,
    pub(super) connection: &'a Visible,
    /// JSON text; owned, because that is what the generated call takes.
    pub(super) inputs: &'a String,
    pub(super) state: Option<&'a [u8]>,
}

impl Operation for Describe {
    type Returned = bindings::ConnectorDefinition;
    type Accepted = bindings::ConnectorDefinition;

    async fn invoke(
        &self,
        store: &mut Store<CallState>,
        component: &LinkedComponent,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Returned, bindings::Error>> {
        component.describe(store, instance).await.map(Ok)
    }

    fn most_handed_over(limits: &Limits) -> (Limit, u64) {
        (Limit::ManifestBytes, limits.manifest_bytes)
    }

    fn size(_: &Self::Returned) -> u64 {
        // Kept as long as the connector, so no part of a call.
        0
    }

    fn accept(&self, returned: Self::Returned, _: &Limits) -> Result<Self::Accepted, ResultProblem> {
        Ok(returned)
    }
}

impl Operation for TestConnection<'_> {
    type Returned = Account;
    type Accepted = Account;

    async fn invoke(
        &self,
        store: &mut Store<CallState>,
        component: &LinkedComponent,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Returned, bindings::Error>> {
        let result = component.test(store, instance, self.connection).await?;
        Ok(result.map(Account::from))
    }

    fn size(returned: &Self::Returned) -> u64 {
        json_size(returned)
    }

    fn accept(&self, returned: Self::Returned, limits: &Limits) -> Result<Self::Accepted, ResultProblem> {
        within_result_bytes(json_size(&returned), limits)?;
        Ok(returned)
    }
}

impl Operation for Perform<'_> {
    type Returned = String;
    type Accepted = Box<RawValue>;

    async fn invoke(
        &self,
        store: &mut Store<CallState>,
        component: &LinkedComponent,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Returned, bindings::Error>> {
        component.perform(store, instance, self.key, self.connection, self.inputs).await
    }

    fn size(returned: &Self::Returned) -> u64 {
        returned.len() as u64
    }

    fn accept(&self, returned: Self::Returned, limits: &Limits) -> Result<Self::Accepted, ResultProblem> {
        checked_json("the result", returned, limits)
    }
}

impl Operation for Query<'_> {
    type Returned = Page;
    type Accepted = Page;

    async fn invoke(
        &self,
        store: &mut Store<CallState>,
        component: &LinkedComponent,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Returned, bindings::Error>> {
        let asked = (self.search, self.cursor);
        let result = component.query(store, instance, self.key, self.connection, self.inputs, asked).await?;
        Ok(result.map(Page::from))
    }

    fn size(returned: &Self::Returned) -> u64 {
        json_size(returned).saturating_add((returned.items.len() * size_of::<Item>()) as u64)
    }

    fn accept(&self, returned: Self::Returned, limits: &Limits) -> Result<Self::Accepted, ResultProblem> {
        within_result_bytes(json_size(&returned), limits)?;
        Ok(returned)
    }
}

impl Operation for Poll<'_> {
    type Returned = UncheckedPoll;
    type Accepted = PollResult;

    async fn invoke(
        &self,
        store: &mut Store<CallState>,
        component: &LinkedComponent,
        instance: &Instance,
    ) -> wasmtime::Result<Result<Self::Returned, bindings::Error>> {
        let result = component.poll(store, instance, self.key, self.connection, self.inputs, self.state).await?;
        Ok(result.map(UncheckedPoll::from))
    }

    fn size(returned: &Self::Returned) -> u64 {
        let extensions = returned.extensions.as_ref().map_or(0, String::len);
        (returned.payload.len() + returned.state.len() + extensions) as u64
    }

    fn accept(&self, returned: Self::Returned, limits: &Limits) -> Result<Self::Accepted, ResultProblem> {
        if returned.state.len() as u64 > limits.state_bytes {
            return Err(ResultProblem::TooLarge(Limit::StateBytes));
        }
        Ok(PollResult {
            payload: checked_json("the payload", returned.payload, limits)?,
            no_changes: returned.no_changes,
            state: returned.state,
            more: returned.more,
            extensions: returned
                .extensions
                .map(|text| checked_json("the poll's extensions", text, limits))
                .transpose()?,
        })
    }
}

/// What a result is as JSON, which is what it takes wherever it goes from here.
fn within_result_bytes(bytes: u64, limits: &Limits) -> Result<(), ResultProblem> {
    if bytes > limits.result_bytes { Err(ResultProblem::TooLarge(Limit::ResultBytes)) } else { Ok(()) }
}

/// Checks that text is JSON without building it: most callers pass it on as it is.
fn checked_json(what: &str, text: String, limits: &Limits) -> Result<Box<RawValue>, ResultProblem> {
    within_result_bytes(text.len() as u64, limits)?;
    RawValue::from_string(text).map_err(|error| ResultProblem::Invalid(format!("{what} is not JSON: {error}")))
}

/// Inputs as the component reads them.
pub(super) fn as_text(inputs: &(impl Serialize + ?Sized)) -> Result<String, Box<CallFailure>> {
    serde_json::to_string(inputs).map_err(|error| {
        let message = format!("cannot be written as JSON: {error}");
        let problem = InputProblem { input: "inputs".into(), message };
        let error = CallError::Connector(Error::InvalidInput(vec![problem]));
        Box::new(CallFailure { error, trace: Trace::default() })
    })
}
