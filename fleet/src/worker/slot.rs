//! The state of a trigger while a worker polls it: in memory from one quiet poll to the next, and with the engine as
//! soon as something was found. To lose what a quiet poll moved on loses nothing: it delivered nothing, and a poll from
//! the state before finds the same.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use host::contract::PollResult;
use host::poller::{Recipient, StateStore, StoreError, Stored, Version};
use serde_json::value::RawValue;
use tokio::sync::Notify;

use super::holding::Holding;
use crate::engine::Engine;
use crate::model::{Commit, Incarnation, Kept, Payload, Record, TriggerId, Undelivered, now};

/// A trigger's state, shared by the poller that moves it on and the worker that knows of it.
pub(super) struct Slot<E> {
    pub(super) engine: E,
    pub(super) id: TriggerId,
    /// What is told to whoever delivers.
    pub(super) committed: Arc<Notify>,
    /// The longest that the engine goes without hearing of quiet polls.
    pub(super) longest_unkept: Duration,
    pub(super) held: Mutex<Held>,
}

/// What is known of it.
pub(super) struct Held {
    incarnation: Incarnation,
    version: u64,
    state: Option<Kept>,
    before: Option<Kept>,
    undelivered: Undelivered,
    /// Whether the engine has this very state, and since when it has not.
    unkept_since: Option<Instant>,
    /// The version of the connector that polls now.
    polled_by: Arc<str>,
    /// What a poll found, until it is committed with the state.
    found: Option<Box<RawValue>>,
    /// Whether what the engine keeps may be something else: a commit failed, or its answer did not come.
    is_unsure: bool,
    holding: Arc<Holding>,
}

impl<E: Engine> Slot<E> {
    pub(super) fn new(
        engine: E,
        record: Record,
        holding: Arc<Holding>,
        committed: Arc<Notify>,
        longest_unkept: Duration,
    ) -> Self {
        let held = Held {
            incarnation: record.incarnation,
            version: record.version,
            state: record.state,
            before: record.before,
            undelivered: record.undelivered,
            unkept_since: None,
            polled_by: "".into(),
            found: None,
            is_unsure: false,
            holding,
        };
        Self { engine, id: record.id, committed, longest_unkept, held: Mutex::new(held) }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what the engine keeps now. False where that is what was known.
    pub(super) fn reset(&self, record: Record) -> bool {
        let mut held = self.held();
        held.is_unsure = false;
        held.undelivered = record.undelivered;
        if held.incarnation == record.incarnation && held.version == record.version {
            return false;
        }
        held.incarnation = record.incarnation;
        held.version = record.version;
        held.state = record.state;
        held.before = record.before;
        held.unkept_since = None;
        true
    }

    /// Whether the engine's record is the one that is known.
    pub(super) fn is_as(&self, record: &Record) -> bool {
        let held = self.held();
        !held.is_unsure && held.incarnation == record.incarnation && held.version == record.version
    }

    /// Whether the engine has to be asked what it keeps before the next poll.
    pub(super) fn is_unsure(&self) -> bool {
        self.held().is_unsure
    }

    /// Payloads that are not delivered, as far as is known.
    pub(super) fn undelivered(&self) -> Undelivered {
        self.held().undelivered
    }

    /// Says which version of the connector polls from now on.
    pub(super) fn polled_by(&self, version: &Arc<str>) {
        self.held().polled_by = version.clone();
    }

    /// Goes back to the last state of the version that polls now, which cannot read the one that is there. False where
    /// there is none.
    pub(super) fn fall_back(&self) -> bool {
        let mut held = self.held();
        let by = held.polled_by.clone();
        match held.before.clone().filter(|before| before.written_by == *by) {
            Some(before) => {
                held.state = Some(before);
                held.unkept_since.get_or_insert_with(Instant::now);
                true
            }
            None => false,
        }
    }

    /// Tells the engine of what only quiet polls have moved on, where there is something. For when the shard is given
    /// back.
    pub(super) async fn keep(&self) -> Result<(), StoreError> {
        let state = {
            let held = self.held();
            match (&held.unkept_since, &held.state) {
                (Some(_), Some(kept)) if !held.is_unsure => kept.state.clone(),
                _ => return Ok(()),
            }
        };
        self.write(&state, None).await.map(|_| ())
    }

    /// How long the engine has not heard of this trigger's quiet polls.
    pub(super) fn unkept(&self) -> Option<Duration> {
        self.held().unkept_since.map(|since| since.elapsed())
    }

    async fn write(&self, state: &[u8], payload: Option<Box<RawValue>>) -> Result<u64, StoreError> {
        let (incarnation, expected, written_by, epoch) = {
            let held = self.held();
            (held.incarnation.clone(), held.version, held.polled_by.clone(), held.holding.epoch())
        };
        let Some(epoch) = epoch else {
            return Err(StoreError::Unavailable(
                "the lease of the trigger's shard is over: another worker polls it".into(),
            ));
        };
        let has_payload = payload.is_some();
        let payload = payload.map(|body| Payload { delivery: Payload::id(&incarnation, expected), body, found: now() });
        let commit = Commit {
            id: &self.id,
            incarnation: &incarnation,
            expected,
            epoch,
            state,
            written_by: &written_by,
            payload,
        };
        let committed = self.engine.commit(commit).await;
        let mut held = self.held();
        match committed {
            Ok((version, undelivered)) => {
                let Held { state: kept, before, .. } = &mut *held;
                Kept { state: state.to_vec(), written_by: written_by.to_string() }.replace(kept, before);
                held.version = version;
                held.undelivered = undelivered;
                held.unkept_since = None;
                if has_payload {
                    self.committed.notify_one();
                }
                Ok(version)
            }
            Err(error) => {
                held.is_unsure = true;
                Err(error.into())
            }
        }
    }
}

impl<E: Engine> StateStore for Slot<E> {
    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        let mut held = self.held();
        held.found = None;
        let version = Version(held.version);
        Ok(held.state.as_ref().map(|kept| Stored { state: kept.state.clone(), version }))
    }

    async fn commit(&self, _: Option<Version>, state: &[u8]) -> Result<Version, StoreError> {
        let found = {
            let mut held = self.held();
            let found = held.found.take();
            // The first state says from when on changes count. A long time of quiet polls is worth a commit: a poll
            // from an old state reads more of the list.
            let is_due = held.unkept_since.is_some_and(|since| since.elapsed() >= self.longest_unkept);
            if found.is_none() && held.state.is_some() && !is_due {
                if held.state.as_ref().is_some_and(|kept| kept.state != state) {
                    let written_by = held.polled_by.to_string();
                    held.state = Some(Kept { state: state.to_vec(), written_by });
                    held.unkept_since.get_or_insert_with(Instant::now);
                }
                return Ok(Version(held.version));
            }
            found
        };
        self.write(state, found).await.map(Version)
    }
}

/// Takes what a poll found, to be committed with the state.
pub(super) struct Findings<'a, E>(pub(super) &'a Slot<E>);

impl<E: Engine> Recipient for Findings<'_, E> {
    type Error = Infallible;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), Infallible> {
        self.0.held().found = (!poll.no_changes).then(|| poll.payload.clone());
        Ok(())
    }
}

#[cfg(test)]
#[path = "slot_tests.rs"]
mod tests;
