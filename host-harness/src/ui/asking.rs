//! Whether a person has to be asked before an action changes something. Nobody is asked about what is wrong or only
//! reads: the action is tried where only such requests leave that the host can show to read, and what it then keeps
//! back is what the question shows.

use host::contract::ActionDefinition;
use host::{CallFailure, CallOptions, Connection, Outcome, Trace};
use serde_json::Value;
use serde_json::value::RawValue;

use super::shared::Shared;

/// What became of an action.
pub(super) enum Performed {
    /// It asked for something that may change data. That did not leave; the trace has it.
    Asks(Box<Trace>),
    /// It ran, or failed.
    Ended(Result<Outcome<Box<RawValue>>, Box<CallFailure>>),
}

/// Performs an action; `agreed` says that a person has seen what it changes.
pub(super) async fn perform(
    shared: &Shared,
    action: &ActionDefinition,
    connection: &Connection,
    inputs: &Value,
    agreed: bool,
) -> Performed {
    let (options, _watched) = shared.progress.watch(&format!("actions/{}", action.key), &shared.options);
    // Where the page as a whole only reads there is nothing to agree to: the refusal says so.
    let is_tried = action.changes_data && !agreed && !options.grants.read_only;
    let options = if is_tried { reading(options) } else { options };
    let outcome = shared.connector.perform(&action.key, connection, inputs, &options).await;
    let trace = match &outcome {
        Ok(outcome) => &outcome.trace,
        Err(failure) => &failure.trace,
    };
    // A connector may go on without what was refused, so that its result is not what was asked for.
    if is_tried && trace.refusals.iter().any(|refusal| refusal.restriction.is_some()) {
        return Performed::Asks(Box::new(trace.clone()));
    }
    Performed::Ended(outcome)
}

fn reading(mut options: CallOptions) -> CallOptions {
    options.grants.read_only = true;
    options
}
