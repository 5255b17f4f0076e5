//! Polls the page's triggers, once or on a schedule. One poll of a trigger runs at a time; it goes into the timeline
//! together with its state, so that stopping it at any point loses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use host::contract::PollResult;
use host::poller::{PollError, Polled, Poller, Recipient};
use host::{Outcome, StateStore};
use serde_json::Value;
use tokio::sync::oneshot;

use super::forms::{self, Values};
use super::history;
use super::refused;
use super::run::{Failed, Run};
use super::shared::Shared;
use super::trigger::{Found, Trigger};

/// The timeline takes whatever a poll finds, once the state is committed.
struct Timeline;

impl Recipient for Timeline {
    type Error = Infallible;

    async fn accept(&mut self, _: &PollResult) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Polls once. The result is in the timeline; the error says why there was no poll, or that it failed.
pub(super) async fn poll(shared: &Shared, trigger: &Arc<Trigger>, key: &str, values: &Values) -> Result<(), Failed> {
    let mut poller = Poller::new(shared.connector.clone(), key, trigger.clone(), Duration::ZERO);
    poll_with(&mut poller, shared, trigger, key, values).await
}

/// Polls now and then every so often, until it is paused or an error comes that can only come again.
pub(super) fn start(shared: Arc<Shared>, trigger: Arc<Trigger>, key: String, values: Values, every: Duration) {
    trigger.stop();
    let polled = trigger.clone();
    let (go, begun) = oneshot::channel();
    let task = tokio::spawn(async move {
        // Not before the schedule is noted: a task that ends at once takes it back.
        begun.await.ok();
        let mut poller = Poller::new(shared.connector.clone(), key.as_str(), polled.clone(), every);
        loop {
            match poll_with(&mut poller, &shared, &polled, &key, &values).await {
                Err(failed) if !failed.may_pass => return polled.ended(&failed.message),
                _ => poller.wait().await,
            }
        }
    });
    trigger.follow(every, task.abort_handle());
    go.send(()).ok();
}

async fn poll_with<S: StateStore>(
    poller: &mut Poller<S>,
    shared: &Shared,
    trigger: &Trigger,
    key: &str,
    values: &Values,
) -> Result<(), Failed> {
    let _turn = trigger.turn().await;
    let inputs = shared.definition().trigger(key).map(|trigger| forms::read(&trigger.inputs, values));
    let inputs = Value::Object(inputs.unwrap_or_default());
    let Some(connection) = shared.connection() else {
        return Err(Failed::no_connection());
    };
    let polling = trigger.begin();
    let before = trigger.status().state;
    let (options, watched) = shared.progress.watch(&format!("triggers/{key}"), &shared.options);
    let polled = poller.poll(&connection, &inputs, &options, &mut Timeline).await;
    drop((polling, watched));
    let mut found = None;
    let mut run = match polled {
        Ok(Polled { poll, trace, .. }) => {
            found = Some(Found { no_changes: poll.no_changes, more: poll.more, state: poll.state });
            Run::of(Ok(Outcome { value: poll.payload, trace }), Into::into)
        }
        Err(PollError::Call(failure)) => Run::of(Err::<Outcome<Box<_>>, _>(failure), Into::into),
        Err(error) => Run::refused(Failed::of_state(&error.to_string(), error.may_pass())),
    };
    if let Err(failed) = &mut run.result {
        refused::complete(shared, failed).await;
    }
    let result = run.result.as_ref().map(|_| ()).map_err(Clone::clone);
    shared.memory().heard(result.as_ref().err());
    trigger.take_over(run, before, found);
    history::trim(shared);
    trigger.changed();
    result
}
