//! Whether a person has to be asked before an action changes something. Nobody is asked about what is wrong or only
//! reads: the action is tried where only such requests leave that the host can show to read, and what it then keeps
//! back is what the question shows.

use host::contract::ActionDefinition;
use host::{CallFailure, CallOptions, Connection, Connector, Outcome, Trace};
use serde_json::Value;
use serde_json::value::RawValue;

/// What became of an action.
pub(crate) enum Performed {
    /// It asked for something that may change data. That did not leave; the trace has it.
    Asks(Box<Trace>),
    /// It ran, or failed.
    Ended(Result<Outcome<Box<RawValue>>, Box<CallFailure>>),
}

/// Performs an action; `agreed` says that a person has seen what it changes.
pub(crate) async fn perform(
    connector: &Connector,
    action: &ActionDefinition,
    connection: &Connection,
    inputs: &Value,
    options: CallOptions,
    agreed: bool,
) -> Performed {
    // Where the program as a whole only reads there is nothing to agree to: the refusal says so.
    let is_tried = action.changes_data && !agreed && !options.grants.read_only;
    let options = if is_tried { reading(options) } else { options };
    let outcome = connector.perform(&action.key, connection, inputs, &options).await;
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

/// The same options, with which nothing leaves but what can be shown to read, and what does not is kept to be shown.
fn reading(mut options: CallOptions) -> CallOptions {
    options.grants.read_only = true;
    options.record_exchanges = true;
    options
}
