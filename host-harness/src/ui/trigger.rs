//! A trigger on the page: its state, the timeline of its polls, the schedule, and who polls by hand. `polling` polls
//! it.

pub(super) mod beyond;
pub(super) mod by_hand;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use host::StateStore;
use host::contract::RecordList;
use host::poller::{StoreError, Stored, Version};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::events::{Event, Kept, Note, Poll, Replaced, State, What};
use super::payload::{self, Delivery};
use super::run::Run;

/// Events that the timeline keeps; the oldest go.
const MOST_EVENTS: usize = 200;
/// Polls that keep their requests and answers, which can be large.
const MOST_WITH_EXCHANGES: usize = 10;

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
    /// Told when somebody wants the polling by hand to stop; none while there is none.
    asked: Option<Arc<Notify>>,
    /// Whether polling by hand has come to its end, and nobody has looked since.
    is_unseen: bool,
    is_polling: bool,
    /// The state as the last event left it, and where it came from: what is written with the events.
    settled: (State, String),
    /// The last event that was given away to be written.
    written: u64,
}

struct Schedule {
    every: Duration,
    task: AbortHandle,
}

/// What the page shows of a trigger beside its timeline.
pub(super) struct Status {
    pub(super) version: u64,
    pub(super) every: Option<Duration>,
    /// Whether somebody polls by hand.
    pub(super) is_asked: bool,
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
        let last_poll = inner.events.iter().rev().find_map(|event| event.poll());
        Status {
            version,
            every: inner.schedule.as_ref().map(|schedule| schedule.every),
            is_asked: inner.asked.is_some(),
            is_polling: inner.is_polling,
            more: last_poll.is_some_and(|poll| poll.more && poll.after.is_some() && poll.after == inner.state),
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

    /// The events of the timeline that hold something: id, since when, and how much in bytes.
    pub(super) fn held(&self) -> Vec<(u64, Instant, u64)> {
        let inner = self.inner();
        let events = inner.events.iter().filter_map(|event| Some((event.id, event.held()?)));
        events.map(|(id, (since, bytes))| (id, since, bytes)).filter(|(_, _, bytes)| *bytes > 0).collect()
    }

    /// How many polls hold something.
    pub(super) fn polls_held(&self) -> usize {
        self.inner().events.iter().filter(|event| event.poll().is_some_and(|poll| poll.held_bytes() > 0)).count()
    }

    /// Takes from an event what it holds.
    pub(super) fn empty(&self, id: u64) {
        let mut inner = self.inner();
        let Some(event) = inner.events.iter_mut().find(|event| event.id == id) else { return };
        *event = Arc::new(event.emptied());
    }

    /// Takes from every event what it holds: its connection is given up. What polls delivered and said goes too, unless
    /// a file keeps it all the same.
    pub(super) fn forget(&self, is_in_file: bool) {
        for event in &mut self.inner().events {
            *event = Arc::new(match event.poll().filter(|_| !is_in_file) {
                Some(poll) => Event { what: What::Poll(Box::new(poll.forgotten())), ..**event },
                None => event.emptied(),
            });
        }
        self.changed();
    }

    /// Notes something in the timeline.
    pub(super) fn note(&self, text: String) {
        self.inner().push(What::Note(Note::plain(text)));
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
        self.replace(None, String::new(), "State reset: the next poll marks a new beginning".into());
    }

    /// Takes over a state from elsewhere, and says where it is from.
    pub(super) async fn put(&self, state: Vec<u8>, origin: &str) {
        let _turn = self.turn.lock().await;
        self.replace(Some(state.into()), origin.to_owned(), format!("State taken {origin}"));
    }

    /// Takes the state from before an event; false if the timeline no longer has it.
    pub(super) async fn back(&self, id: u64) -> bool {
        let _turn = self.turn.lock().await;
        let Some(event) = self.event(id) else { return false };
        match &event.what {
            What::Poll(poll) if poll.kept == Kept::Whole => {
                let origin = poll.before.as_ref().map(|_| format!("from before poll {}", poll.number));
                let text = format!("State taken back to before poll {}", poll.number);
                self.replace(poll.before.clone(), origin.unwrap_or_default(), text);
            }
            What::Note(Note { replaced: Some(Replaced { state, origin, .. }), .. }) => {
                let text = format!("State taken back: it is the one {origin} again");
                self.replace(Some(state.clone()), origin.clone(), text);
            }
            What::Poll(_) | What::Note(_) => return false,
        }
        true
    }

    /// Puts a state, or none, in the place of the one that there is. That one stays with the note that says so: what one
    /// slip replaces can be taken back.
    fn replace(&self, state: State, origin: String, text: String) {
        {
            let mut inner = self.inner();
            let before = inner.state.clone();
            let replaced = before.map(|state| Replaced { state, origin: inner.origin.clone(), at: Instant::now() });
            inner.put(state);
            inner.origin = origin;
            inner.settle();
            inner.push(What::Note(Note { text, replaced }));
        }
        self.changed();
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

    /// The state is now what the next event leaves.
    fn settle(&mut self) {
        self.settled = (self.state.clone(), self.origin.clone());
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
        self.settle();
        let (number, is_first) = (self.polls, before.is_none());
        let poll = Poll { number, run, delivery, is_first, no_changes, more, before, after, kept: Kept::Whole };
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
