//! A trigger on the page: its state, the timeline of its polls, and the schedule. `polling` polls it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use host::StateStore;
use host::contract::RecordList;
use host::poller::{StoreError, Stored, Version};
use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::payload::{self, Delivery};
use super::run::Run;

/// Events that the timeline keeps; the oldest go.
const MOST_EVENTS: usize = 200;
/// Polls that keep their requests and answers, which can be large.
const MOST_WITH_EXCHANGES: usize = 10;

/// The trigger's state blob; none before the first poll.
pub(super) type State = Option<Arc<[u8]>>;

/// One trigger of the connector.
pub(super) struct Trigger {
    lists: Vec<RecordList>,
    inner: Mutex<Inner>,
    version: watch::Sender<u64>,
    /// Whoever holds it may change the state.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inner {
    state: State,
    state_version: u64,
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

    /// The same poll without the names of what it delivered, too, and what was said of it.
    fn forgotten(&self) -> Self {
        let mut forgotten = Self { run: self.run.forgotten(), ..self.emptied() };
        forgotten.delivery.lists.iter_mut().for_each(|list| list.titles.clear());
        forgotten
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

impl Trigger {
    /// A trigger that has not been polled, whose payloads hold these lists.
    pub(super) fn new(lists: Vec<RecordList>) -> Self {
        let (version, turn) = (watch::Sender::new(0), tokio::sync::Mutex::default());
        Self { lists, inner: Mutex::default(), version, turn }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changed(&self) {
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

    /// The lists of records that its payloads hold.
    pub(super) fn lists(&self) -> &[RecordList] {
        &self.lists
    }

    /// What a poll delivered, if it is still kept.
    pub(super) fn payload(&self, id: u64) -> Option<Arc<RawValue>> {
        match &self.event(id)?.what {
            What::Poll(poll) => poll.run.result.as_ref().ok()?.clone(),
            What::Note(_) => None,
        }
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

    /// Takes from every poll what it holds, delivered and said: its connection is given up.
    pub(super) fn forget(&self) {
        for event in &mut self.inner().events {
            if let What::Poll(poll) = &event.what {
                let what = What::Poll(Box::new(poll.forgotten()));
                *event = Arc::new(Event { id: event.id, at: event.at, what });
            }
        }
        self.changed();
    }

    /// Notes something in the timeline.
    pub(super) fn note(&self, text: String) {
        self.inner().push(What::Note(text));
        self.changed();
    }

    /// Waits until whoever changes the state is done with it, and keeps others from it until the guard is dropped.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Notes that a poll has begun, for as long as the guard lives.
    pub(super) fn begin(&self) -> Polling<'_> {
        Polling::begin(self)
    }

    /// Puts a poll into the timeline. Its state was committed, or not.
    pub(super) fn take_over(&self, run: Run, before: State, found: Option<Found>) {
        self.inner().take_over(run, &self.lists, before, found);
    }

    /// Notes that a task polls from now on, every so often.
    pub(super) fn follow(&self, every: Duration, task: AbortHandle) {
        self.inner().schedule = Some(Schedule { every, task });
        self.changed();
    }

    /// Notes that the schedule's task has ended by itself.
    pub(super) fn ended(&self, why: &str) {
        self.inner().schedule = None;
        self.note(format!("Paused: {why}"));
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
            inner.put(None);
            inner.origin.clear();
            inner.push(What::Note("State reset: the next poll marks a new beginning".into()));
        }
        self.changed();
    }

    /// Takes over a state from elsewhere, and says where it is from.
    pub(super) async fn put(&self, state: Vec<u8>, origin: &str) {
        let _turn = self.turn.lock().await;
        {
            let mut inner = self.inner();
            inner.put(Some(state.into()));
            inner.origin = origin.to_owned();
            inner.push(What::Note(format!("State taken {origin}")));
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
            inner.put(poll.before.clone());
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

/// What a poll that succeeded found, beside its payload.
pub(super) struct Found {
    pub(super) no_changes: bool,
    pub(super) more: bool,
    pub(super) state: Vec<u8>,
}

impl StateStore for Trigger {
    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        let inner = self.inner();
        let state = inner.state.as_deref();
        Ok(state.map(|state| Stored { state: state.to_vec(), version: Version(inner.state_version) }))
    }

    async fn commit(&self, expected: Option<Version>, state: &[u8]) -> Result<Version, StoreError> {
        let mut inner = self.inner();
        if inner.state.as_ref().map(|_| Version(inner.state_version)) != expected {
            return Err(StoreError::Conflict);
        }
        inner.put(Some(state.into()));
        Ok(Version(inner.state_version))
    }
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

    /// Replaces the state.
    fn put(&mut self, state: State) {
        self.state = state;
        self.state_version += 1;
    }

    fn take_over(&mut self, run: Run, lists: &[RecordList], before: State, found: Option<Found>) {
        self.polls += 1;
        let (no_changes, more, after) = match found {
            // The same bytes, which the state shares with the timeline.
            Some(found) => (found.no_changes, found.more, self.state.clone().or_else(|| Some(found.state.into()))),
            None => (false, false, before.clone()),
        };
        let delivery = match &run.result {
            Ok(Some(payload)) => payload::delivery(payload, lists, &mut self.delivered),
            Ok(None) | Err(_) => Delivery::default(),
        };
        if run.result.is_ok() {
            self.origin = format!("after poll {}", self.polls);
        }
        let poll = Poll { number: self.polls, run, delivery, no_changes, more, before, after, is_emptied: false };
        self.push(What::Poll(Box::new(poll)));
    }
}

/// Shows that a poll is under way, for as long as it lives: also when the poll is given up.
pub(super) struct Polling<'a>(&'a Trigger);

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

#[cfg(test)]
#[path = "trigger_tests.rs"]
mod tests;
