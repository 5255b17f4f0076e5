//! One poll of a trigger from its turn to its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use host::contract::Error;
use host::contract::Failure;
use host::poller::PollError;
use host::{CallError, Poller};

use super::slot::{Findings, Slot};
use super::timeline::{Outcome, short};
use crate::connectors::Health;
use crate::engine::{Engine, EngineError};
use crate::flags::Flags;
use crate::model::{Definition, TriggerId};
use crate::polls::{Polls, Prepared, is_unreadable};
use crate::seen::{Seen, Whose};

/// A service cannot ask for a longer pause than this, for all triggers of a connection.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

type SlotPoller<E> = Poller<Arc<Slot<E>>>;

/// What a trigger is polled with, kept from one poll to the next.
pub(super) struct Polling<E> {
    pub(super) slot: Arc<Slot<E>>,
    /// None before the first poll, and where another version polls from now on.
    poller: Option<(Arc<str>, SlotPoller<E>)>,
    /// Failures in a row that no poller has seen, because there was nothing to poll with.
    unprepared: u32,
}

impl<E: Engine> Polling<E> {
    pub(super) fn new(slot: Arc<Slot<E>>) -> Self {
        Self { slot, poller: None, unprepared: 0 }
    }

    /// Makes another poller for the next poll: the definition has changed.
    pub(super) fn begin_anew(&mut self) {
        self.poller = None;
    }
}

/// What came of an attempt.
pub(super) struct Attempt<E> {
    pub(super) polling: Polling<E>,
    pub(super) outcome: Outcome,
    /// When to poll next, from now on.
    pub(super) pause: Duration,
    pub(super) signs: Signs,
}

/// What a poll says of more than its trigger.
#[derive(Default)]
pub(super) struct Signs {
    /// Whether the origin failed, if the poll says anything about it.
    pub(super) origin_failed: Option<bool>,
    /// For how long the service wants no more requests of this connection.
    pub(super) asked_to_wait: Option<Duration>,
    /// Which version polled, and whether it failed by itself.
    pub(super) version: Option<(Arc<str>, bool)>,
    /// Whether the trigger is no longer there.
    pub(super) is_gone: bool,
}

/// Polls once. `due` is when it should have been.
pub(super) async fn attempt<E: Engine>(
    polls: Arc<Polls>,
    seen: Arc<Seen>,
    id: TriggerId,
    definition: Arc<Definition>,
    mut polling: Polling<E>,
    due: Instant,
) -> Attempt<E> {
    let (at, began) = (SystemTime::now(), Instant::now());
    let lag = began.saturating_duration_since(due);
    let found = run(&polls, &id, &definition, &mut polling).await;
    let pause = match (&found.pause, &polling.poller) {
        (Some(pause), _) => *pause,
        (None, Some((_, poller))) => poller.pause(),
        (None, None) => definition.every(),
    };
    let outcome = Outcome {
        at,
        lag,
        duration: began.elapsed(),
        requests: found.requests,
        kind: found.kind,
        text: found.text.as_deref().map(short),
    };
    seen.polled(Whose { id: &id, definition: &definition }, outcome.kind, lag);
    Attempt { polling, outcome, pause, signs: found.signs }
}

#[derive(Default)]
struct Found {
    kind: &'static str,
    text: Option<String>,
    requests: u32,
    signs: Signs,
    /// Where no poller knows it.
    pause: Option<Duration>,
}

async fn run<E: Engine>(polls: &Polls, id: &TriggerId, definition: &Definition, polling: &mut Polling<E>) -> Found {
    if polling.slot.is_unsure() {
        match polling.slot.engine.record(id).await {
            Ok(Some(record)) => {
                polling.slot.reset(record);
            }
            Ok(None) => {
                let signs = Signs { is_gone: true, ..Signs::default() };
                return Found { kind: "removed", signs, ..Found::default() };
            }
            Err(error) => return unprepared(polling, definition, "engine", &error),
        }
    }
    let Prepared { chosen, connection } = match polls.prepare(id, definition) {
        Ok(prepared) => prepared,
        Err(text) => return unprepared(polling, definition, "setup", &EngineError::Unusable(text)),
    };
    polling.unprepared = 0;
    if polling.poller.as_ref().is_none_or(|(version, _)| *version != chosen.version) {
        polling.slot.polled_by(&chosen.version);
        let poller = Poller::new(chosen.connector, &definition.trigger, polling.slot.clone(), definition.every());
        polling.poller = Some((chosen.version.clone(), poller));
    }
    let Some((_, poller)) = &mut polling.poller else { return Found::default() };
    let options = polls.options();
    let mut findings = Findings(&*polling.slot);
    let mut polled = poller.poll(&connection, &definition.inputs, &options, &mut findings).await;
    if let Err(PollError::Call(failure)) = &polled
        && is_unreadable(&failure.error)
        && polling.slot.fall_back()
    {
        polled = poller.poll(&connection, &definition.inputs, &options, &mut findings).await;
    }
    let version = |failed| Some((chosen.version.clone(), failed));
    match polled {
        Ok(polled) => Found {
            kind: if polled.poll.no_changes { "quiet" } else { "found" },
            requests: requests(polled.trace.requests),
            signs: Signs { origin_failed: Some(false), version: version(false), ..Signs::default() },
            ..Found::default()
        },
        Err(PollError::Call(failure)) => Found {
            kind: kind(&failure.error),
            text: Some(failure.error.told(&Flags).to_string()),
            requests: requests(failure.trace.requests),
            signs: Signs {
                origin_failed: origin_failed(&failure.error),
                asked_to_wait: asked_to_wait(&failure.error),
                version: version(Health::is_components(&failure.error)),
                ..Signs::default()
            },
            ..Found::default()
        },
        Err(PollError::Store(error)) => Found {
            kind: if error == host::poller::StoreError::Conflict { "conflict" } else { "engine" },
            text: Some(error.to_string()),
            signs: Signs { origin_failed: Some(false), version: version(false), ..Signs::default() },
            ..Found::default()
        },
        Err(error) => Found { kind: "engine", text: Some(error.to_string()), ..Found::default() },
    }
}

/// There is nothing to poll with: no component, no secret, no engine. Tried again after a pause that grows, as a
/// poller's own does.
fn unprepared<E>(polling: &mut Polling<E>, definition: &Definition, kind: &'static str, error: &EngineError) -> Found {
    polling.unprepared = polling.unprepared.saturating_add(1);
    let factor = 1 << (polling.unprepared - 1).min(4);
    let pause = definition.every().saturating_mul(factor);
    Found { kind, text: Some(error.to_string()), pause: Some(pause), ..Found::default() }
}

fn requests(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn kind(error: &CallError) -> &'static str {
    match error {
        CallError::Connector(error) => error.kind(),
        CallError::Refused { .. } => "refused",
        CallError::Limit { .. } => "limit",
        CallError::Trap { .. } => "trap",
        CallError::BadResult(_) => "bad-result",
        _ => "start",
    }
}

/// What a failure says of the origin: that it is down, that it answers, or nothing.
fn origin_failed(error: &CallError) -> Option<bool> {
    match error.answer()? {
        Error::Transport(Failure::Timeout | Failure::Unreachable(_)) => Some(true),
        Error::Service(failure) => Some(failure.status >= 500),
        Error::Unauthenticated(_) | Error::Forbidden(_) | Error::NotFound(_) | Error::RateLimited(_) => Some(false),
        _ => None,
    }
}

fn asked_to_wait(error: &CallError) -> Option<Duration> {
    match error.answer()? {
        Error::RateLimited(seconds) => Some(Duration::from_secs(seconds.unwrap_or(1).into()).min(LONGEST_ASKED)),
        _ => None,
    }
}
