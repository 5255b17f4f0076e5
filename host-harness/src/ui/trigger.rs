//! A trigger on the page: its state, the timeline of its polls, and the schedule. One poll runs at a time; its state is
//! taken over together with its payload, so that stopping it at any point loses nothing.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use host::contract::PollResult;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::forms::{self, Values};
use super::history;
use super::payload::{self, Delivery};
use super::run::{Failed, Run};
use super::session::Shared;
use crate::pace;

/// Events that the timeline keeps; the oldest go.
const MOST_EVENTS: usize = 200;
/// Polls that keep their requests and answers, which can be large.
const MOST_WITH_EXCHANGES: usize = 10;

/// The trigger's state blob; none before the first poll.
pub(super) type State = Option<Arc<[u8]>>;

/// One trigger of the connector.
pub(super) struct Trigger {
    inner: Mutex<Inner>,
    version: watch::Sender<u64>,
    /// Whoever holds it may change the state.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    state: State,
    /// Where the state comes from, for people.
    origin: String,
    events: VecDeque<Arc<Event>>,
    last_id: u64,
    polls: u64,
    delivered: HashSet<u64>,
    schedule: Option<Schedule>,
    is_polling: bool,
}

struct Schedule {
    every: Duration,
    task: AbortHandle,
}

/// Something that happened, for the timeline.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) at: SystemTime,
    pub(super) what: What,
}

/// What happened.
#[derive(Clone)]
pub(super) enum What {
    /// A poll.
    Poll(Box<Poll>),
    /// Something else, in words.
    Note(String),
}

/// One poll.
#[derive(Clone)]
pub(super) struct Poll {
    pub(super) number: u64,
    pub(super) run: Run,
    pub(super) delivery: Delivery,
    pub(super) no_changes: bool,
    pub(super) more: bool,
    pub(super) before: State,
    pub(super) after: State,
    /// Whether payload, requests, log and states are no longer kept.
    pub(super) is_emptied: bool,
}

impl Poll {
    /// What it holds in memory, in bytes. States are counted with every poll that names them.
    fn held_bytes(&self) -> u64 {
        let states = [&self.before, &self.after].into_iter().flatten();
        self.run.held_bytes() + states.map(|state| state.len() as u64).sum::<u64>()
    }

    /// The same poll without payload, requests, log and states.
    fn emptied(&self) -> Self {
        let delivery = self.delivery.clone();
        Self { run: self.run.emptied(), delivery, before: None, after: None, is_emptied: true, ..*self }
    }
}

/// What the page shows of a trigger beside its timeline.
pub(super) struct Status {
    pub(super) version: u64,
    pub(super) every: Option<Duration>,
    pub(super) is_polling: bool,
    pub(super) state: State,
    pub(super) origin: String,
    pub(super) more: bool,
}

impl Default for Trigger {
    fn default() -> Self {
        Self { inner: Mutex::default(), version: watch::Sender::new(0), turn: tokio::sync::Mutex::default() }
    }
}

impl Trigger {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Waits until there is something newer than `seen`, at most this long.
    pub(super) async fn newer_than(&self, seen: u64, at_most: Duration) {
        let mut version = self.version.subscribe();
        // Both ends mean the same: show what there is.
        tokio::time::timeout(at_most, version.wait_for(|version| *version != seen)).await.ok();
    }

    pub(super) fn status(&self) -> Status {
        let version = *self.version.borrow();
        let inner = self.inner();
        let last_poll = inner.events.iter().rev().find_map(|event| match &event.what {
            What::Poll(poll) => Some(poll),
            What::Note(_) => None,
        });
        Status {
            version,
            every: inner.schedule.as_ref().map(|schedule| schedule.every),
            is_polling: inner.is_polling,
            more: last_poll.is_some_and(|poll| poll.more && !poll.is_emptied && poll.after == inner.state),
            state: inner.state.clone(),
            origin: inner.origin.clone(),
        }
    }

    /// The events after this one, the newest first.
    pub(super) fn events_after(&self, id: u64) -> Vec<Arc<Event>> {
        self.inner().events.iter().rev().take_while(|event| event.id > id).cloned().collect()
    }

    /// The event of this id, if the timeline still has it.
    pub(super) fn event(&self, id: u64) -> Option<Arc<Event>> {
        self.inner().events.iter().find(|event| event.id == id).cloned()
    }

    /// The polls of the timeline that hold something: id, end, and what they hold in bytes.
    pub(super) fn held(&self) -> Vec<(u64, Instant, u64)> {
        let inner = self.inner();
        let polls = inner.events.iter().filter_map(|event| match &event.what {
            What::Poll(poll) => Some((event.id, poll.run.finished, poll.held_bytes())),
            What::Note(_) => None,
        });
        polls.filter(|(_, _, bytes)| *bytes > 0).collect()
    }

    /// Takes from a poll what it holds.
    pub(super) fn empty(&self, id: u64) {
        let mut inner = self.inner();
        let Some(event) = inner.events.iter_mut().find(|event| event.id == id) else { return };
        if let What::Poll(poll) = &event.what {
            let what = What::Poll(Box::new(poll.emptied()));
            *event = Arc::new(Event { id: event.id, at: event.at, what });
        }
    }

    /// Notes something in the timeline.
    pub(super) fn note(&self, text: String) {
        self.inner().push(What::Note(text));
        self.changed();
    }

    /// Polls once. The result is in the timeline; the error says why there was no poll, or that it failed.
    pub(super) async fn poll(&self, shared: &Shared, key: &str, values: &Values) -> Result<Next, Failed> {
        let _turn = self.turn.lock().await;
        let inputs = inputs(shared, key, values)?;
        let Some(connection) = shared.connection() else {
            return Err(no_connection());
        };
        let polling = Polling::begin(self);
        let before = self.inner().state.clone();
        let outcome = shared.connector.poll(key, &connection, &inputs, before.as_deref(), &shared.options).await;
        drop(polling);
        let mut found = None;
        let run = Run::of(outcome, |poll: PollResult| {
            found = Some((poll.no_changes, poll.more, poll.state));
            poll.payload.into()
        });
        let result = self.inner().take_over(run, before, found);
        history::trim(shared);
        self.changed();
        result
    }

    /// Polls now and then every so often, until it is paused or an error comes that can only come again.
    pub(super) fn start(self: &Arc<Self>, shared: Arc<Shared>, key: String, values: Values, every: Duration) {
        self.stop();
        let trigger = self.clone();
        let task = tokio::spawn(async move { trigger.keep_polling(&shared, &key, &values, every).await });
        self.inner().schedule = Some(Schedule { every, task: task.abort_handle() });
        self.changed();
    }

    async fn keep_polling(&self, shared: &Shared, key: &str, values: &Values, every: Duration) {
        let mut schedule = pace::Schedule::every(every);
        loop {
            let pause = match self.poll(shared, key, values).await {
                Ok(next) => schedule.after_success(next.more, next.delivered),
                Err(failed) if failed.may_pass => schedule.after_failure(failed.retry_after),
                Err(failed) => {
                    self.inner().schedule = None;
                    self.note(format!("Paused: {}", failed.message));
                    return;
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Ends the schedule. A poll that is under way is given up: nothing of it is taken over.
    pub(super) fn stop(&self) -> bool {
        let schedule = self.inner().schedule.take();
        if let Some(schedule) = &schedule {
            schedule.task.abort();
            self.changed();
        }
        schedule.is_some()
    }

    /// Forgets the state: the next poll is a first one.
    pub(super) async fn reset(&self) {
        let _turn = self.turn.lock().await;
        {
            let mut inner = self.inner();
            inner.state = None;
            inner.origin.clear();
            inner.push(What::Note("State reset: the next poll marks a new beginning".into()));
        }
        self.changed();
    }

    /// Takes the state from before a poll; false if the timeline no longer has it.
    pub(super) async fn back(&self, id: u64) -> bool {
        let _turn = self.turn.lock().await;
        let Some(event) = self.event(id) else { return false };
        let What::Poll(poll) = &event.what else { return false };
        if poll.is_emptied {
            return false;
        }
        {
            let mut inner = self.inner();
            inner.state = poll.before.clone();
            inner.origin = match poll.before {
                Some(_) => format!("from before poll {}", poll.number),
                None => String::new(),
            };
            inner.push(What::Note(format!("State taken back to before poll {}", poll.number)));
        }
        self.changed();
        true
    }
}

/// What decides when a schedule polls again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Next {
    /// Whether more changes wait, and polling gets further with them.
    pub(super) more: bool,
    /// Whether this poll found some.
    pub(super) delivered: bool,
}

impl Inner {
    fn push(&mut self, what: What) {
        self.last_id += 1;
        self.events.push_back(Arc::new(Event { id: self.last_id, at: SystemTime::now(), what }));
        while self.events.len() > MOST_EVENTS {
            self.events.pop_front();
        }
        if let Some(old) = self.events.len().checked_sub(MOST_WITH_EXCHANGES + 1).and_then(|at| self.events.get_mut(at))
            && matches!(&old.what, What::Poll(poll) if !poll.run.trace.exchanges.is_empty())
            && let What::Poll(poll) = &mut Arc::make_mut(old).what
        {
            poll.run.trace.exchanges = Vec::new();
        }
    }

    fn take_over(&mut self, run: Run, before: State, found: Option<(bool, bool, Vec<u8>)>) -> Result<Next, Failed> {
        self.polls += 1;
        let (no_changes, more, after) = match found {
            Some((no_changes, more, state)) => (no_changes, more, Some(state.into())),
            None => (false, false, before.clone()),
        };
        let delivery = match &run.result {
            Ok(Some(payload)) => payload::delivery(payload, &mut self.delivered),
            Ok(None) | Err(_) => Delivery::default(),
        };
        let is_stuck = more && no_changes && before == after;
        let result = match &run.result {
            Ok(_) => {
                self.state = after.clone();
                self.origin = format!("after poll {}", self.polls);
                Ok(Next { more: more && !is_stuck, delivered: !no_changes })
            }
            Err(failed) => Err(failed.clone()),
        };
        let poll = Poll { number: self.polls, run, delivery, no_changes, more, before, after, is_emptied: false };
        self.push(What::Poll(Box::new(poll)));
        result
    }
}

/// Shows that a poll is under way, for as long as it lives: also when the poll is given up.
struct Polling<'a>(&'a Trigger);

impl<'a> Polling<'a> {
    fn begin(trigger: &'a Trigger) -> Self {
        trigger.inner().is_polling = true;
        trigger.changed();
        Self(trigger)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.inner().is_polling = false;
        self.0.changed();
    }
}

/// The error of a call without a connection.
pub(super) fn no_connection() -> Failed {
    Failed {
        kind: "invalid-input",
        message: "there is no connection yet".into(),
        advice: "Fill in the connection first.",
        problems: Vec::new(),
        may_pass: false,
        retry_after: None,
    }
}

/// The inputs that a form's values make.
pub(super) fn inputs(shared: &Shared, key: &str, values: &Values) -> Result<Value, Failed> {
    let Some(trigger) = shared.definition().trigger(key) else {
        return Err(no_connection());
    };
    forms::read(&trigger.inputs, values).map(Value::Object).map_err(Failed::inputs)
}

#[cfg(test)]
#[path = "trigger_tests.rs"]
mod tests;
