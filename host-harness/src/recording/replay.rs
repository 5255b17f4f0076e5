//! Makes a recorded call again, without a network, and says what is no longer the same.

use std::sync::Arc;

use host::{CallFailure, CallOptions, Connector, Limits, LogLevel, LogOptions, OperationKind, Outcome, Returned};
use serde_json::value::RawValue;

use super::call::{Asked, Call, Made, compact};
use super::difference::{self, Difference};
use super::tape::{Sent, Tape};
use crate::flags::granted_by;

/// A call that was made again.
pub(crate) struct Replayed {
    made: Made,
    sent: Vec<Sent>,
    /// What is no longer as it was recorded: requests first, then what came of them.
    pub(crate) differences: Vec<Difference>,
}

impl Replayed {
    /// Takes what was asked and what came of it this time into the recording. The error says why that cannot be.
    pub(crate) fn take_into(self, call: &mut Call) -> Result<(), String> {
        let kept = call.exchanges.iter_mut().filter(|exchange| exchange.attempts > 0);
        let kept: Vec<_> = kept.collect();
        if self.sent.len() > kept.len() {
            return Err(format!(
                "it makes {} requests now, and the recording has answers to {}: record it anew",
                self.sent.len(),
                kept.len()
            ));
        }
        for (exchange, sent) in kept.into_iter().zip(&self.sent) {
            exchange.method.clone_from(&sent.method);
            exchange.url.clone_from(&sent.url);
            exchange.request_body = sent.body.clone();
        }
        let mut left = self.sent.len();
        call.exchanges.retain(|exchange| {
            let is_asked = exchange.attempts == 0 || left > 0;
            left = left.saturating_sub(usize::from(exchange.attempts > 0));
            is_asked
        });
        call.made = self.made;
        Ok(())
    }
}

/// Makes a call again. The error says why it cannot be made with this component.
pub(crate) async fn replay(connector: &Connector, call: &Call, limits: &Arc<Limits>) -> Result<Replayed, String> {
    let tape = Arc::new(Tape::of(&call.exchanges));
    let connector = connector.with_transport(tape.clone());
    let options = CallOptions {
        grants: granted_by(&call.asked.granted),
        limits: limits.clone(),
        log: LogOptions { level: LogLevel::Warn, ..LogOptions::default() },
        ..CallOptions::default()
    };
    let made = make(&connector, &call.asked, &options).await?;
    let mut differences = tape.differences();
    compare(&call.made, &made, &mut differences);
    Ok(Replayed { made, sent: tape.sent(), differences })
}

async fn make(connector: &Connector, asked: &Asked, options: &CallOptions) -> Result<Made, String> {
    let connection = asked.connection(connector)?;
    let key = asked.key.as_deref().unwrap_or_default();
    let inputs = asked.inputs();
    Ok(match asked.operation {
        OperationKind::TestConnection => {
            ended(connector.test_connection(&connection, options).await, |value| Returned::Account(value))
        }
        OperationKind::Action => {
            ended(connector.perform(key, &connection, &inputs, options).await, |value| Returned::Value(value))
        }
        OperationKind::DataSource => {
            let (search, cursor) = (asked.search.as_deref(), asked.cursor.as_deref());
            let page = connector.query(key, &connection, &inputs, search, cursor, options).await;
            ended(page, |value| Returned::Page(value))
        }
        OperationKind::Poll => {
            let state = asked.state.as_ref().map(super::bytes_text::BytesText::bytes).transpose()?;
            let polled = connector.poll(key, &connection, &inputs, state.as_deref(), options).await;
            ended(polled, |value| Returned::Poll(value))
        }
        other => return Err(format!("a component takes no part in {}", other.name())),
    })
}

fn ended<T>(
    result: Result<Outcome<T>, Box<CallFailure>>,
    returned: impl for<'r> FnOnce(&'r T) -> Returned<'r>,
) -> Made {
    match result {
        Ok(outcome) => Made::of(&Ok(returned(&outcome.value))),
        Err(failure) => Made::of(&Err(&failure.error)),
    }
}

/// What a call came to, then and now. How the host ended it is compared by what the component made of it.
fn compare(recorded: &Made, now: &Made, found: &mut Vec<Difference>) {
    for (place, recorded, now) in [("result", &recorded.result, &now.result), ("error", &recorded.error, &now.error)] {
        match (recorded, now) {
            (Some(recorded), Some(now)) => {
                difference::between(place, &compact(recorded.get()), &compact(now.get()), found)
            }
            (None, None) => {}
            (recorded, now) => {
                let text = |value: &Option<Box<RawValue>>| value.as_deref().map(|value| compact(value.get()));
                found.push(Difference::of(place, text(recorded).as_deref(), text(now).as_deref()));
            }
        }
    }
}
