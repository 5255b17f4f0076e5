//! Polls the page's triggers, by hand or on a schedule, each on a task of its own: what a poll comes to does not depend
//! on whether a page waits for it. One poll of a trigger runs at a time; it goes into the timeline together with its
//! state, so that stopping it at any point loses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use host::contract::PollResult;
use host::poller::{PollError, Polled, Poller, Recipient};
use host::{Outcome, StateStore};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::forms::{self, Values};
use super::history;
use super::memory::Used;
use super::progress::Purpose;
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

/// Polls of one press of a button: more than any backlog takes, and not for ever.
const MOST_DRAINED: usize = 1_000;

/// What polling by hand came to.
pub(super) enum Came {
    /// It polled; whether more waits.
    To(bool),
    /// There was no poll, or one failed.
    Failed(Failed),
    /// Somebody stopped it.
    Stopped,
}

/// Begins to poll by hand, until nothing waits if it `drains`; none if somebody does already. The results are in the
/// timeline; the handle is for whoever wants to wait for the end.
pub(super) fn ask(
    shared: &Arc<Shared>,
    trigger: &Arc<Trigger>,
    key: &str,
    values: Values,
    drains: bool,
) -> Option<JoinHandle<Came>> {
    let (asked, cancel) = trigger.ask()?;
    let (shared, trigger, key) = (shared.clone(), trigger.clone(), key.to_owned());
    Some(tokio::spawn(async move {
        let _asked = asked;
        tokio::select! {
            biased;
            () = cancel.notified() => Came::Stopped,
            came = poll(&shared, &trigger, &key, &values, if drains { MOST_DRAINED } else { 1 }) => came,
        }
    }))
}

async fn poll(shared: &Arc<Shared>, trigger: &Arc<Trigger>, key: &str, values: &Values, most: usize) -> Came {
    for _ in 0..most {
        let mut poller = Poller::new(shared.connector.clone(), key, trigger.clone(), Duration::ZERO);
        if let Err(failed) = poll_with(&mut poller, shared, trigger, key, values).await {
            return Came::Failed(failed);
        }
        if !trigger.status().more {
            return Came::To(false);
        }
    }
    Came::To(true)
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
                Err(failed) if !failed.may_pass => {
                    polled.ended(&failed.message);
                    return history::keep(&shared, &key).await;
                }
                _ => poller.wait().await,
            }
        }
    });
    trigger.follow(every, task.abort_handle());
    go.send(()).ok();
}

async fn poll_with<S: StateStore>(
    poller: &mut Poller<S>,
    shared: &Arc<Shared>,
    trigger: &Trigger,
    key: &str,
    values: &Values,
) -> Result<(), Failed> {
    let _turn = trigger.turn().await;
    let inputs = shared.definition().trigger(key).map(|trigger| forms::read(&trigger.inputs, values));
    let inputs = Value::Object(inputs.unwrap_or_default());
    let used = shared.memory().used();
    let Some(Used { connection, number, .. }) = used else { return Err(Failed::no_connection()) };
    let polling = trigger.begin();
    let before = trigger.status().state;
    let (options, watched) = shared.progress.watch(Purpose::Poll(key.to_owned()), &shared.options);
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
    let is_given_up = {
        let mut memory = shared.memory();
        memory.heard(number, run.trace.requests, result.as_ref().err());
        memory.connections() != number
    };
    trigger.take_over(if is_given_up { run.forgotten() } else { run }, before, found);
    trigger.changed();
    history::keep(shared, key).await;
    history::trim(shared);
    result
}
