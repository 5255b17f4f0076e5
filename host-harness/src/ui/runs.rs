//! The runs of actions. Each has an id by which it is found again, and goes on when the page that started it is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use host::Trace;
use host::egress::Secrets;
use tokio::sync::{Notify, watch};

use super::forms::{self, Values};
use super::run::Run;

/// Runs of one action that are kept; the oldest go.
pub(super) const MOST_RUNS: usize = 100;
/// Runs at the same time: a person starts one or two, and each may take the memory of a call.
const MOST_UNDER_WAY: usize = 8;
/// Inputs up to this size stay when a run's contents go, so that it can be run again. In bytes.
const SMALL_INPUTS: u64 = 4 * 1024;

/// One run of an action.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) id: u64,
    pub(super) action: String,
    pub(super) started: SystemTime,
    /// What was typed, of what may be kept and shown again; none if there is no room for it any more.
    pub(super) values: Option<Arc<Values>>,
    /// Whether its connection was given up since, and with it what the run came to.
    pub(super) is_forgotten: bool,
    pub(super) phase: Phase,
}

/// How far a run is.
#[derive(Clone)]
pub(super) enum Phase {
    UnderWay {
        since: Instant,
        cancel: Arc<Notify>,
    },
    /// It would change something, and asks first, under the number of the question: nothing of that has left. Taken
    /// away when the question is shown.
    Asks(Arc<Trace>, u64),
    Ended(Arc<Run>),
}

impl Record {
    /// The run, once it has ended.
    pub(super) fn run(&self) -> Option<&Arc<Run>> {
        match &self.phase {
            Phase::Ended(run) => Some(run),
            Phase::UnderWay { .. } | Phase::Asks(..) => None,
        }
    }

    fn held_bytes(&self) -> u64 {
        let values = self.values.as_ref().map_or(0, |values| forms::held_bytes(values));
        let values = if values > SMALL_INPUTS { values } else { 0 };
        values + self.run().map_or(0, |run| run.held_bytes())
    }
}

/// All runs of all actions, by their ids.
pub(super) struct Runs {
    records: Mutex<BTreeMap<u64, Record>>,
    /// The highest id that there was: none is given twice, whatever is deleted.
    last: AtomicU64,
    /// Those that have ended and that nobody has looked at since.
    unseen: Mutex<BTreeSet<u64>>,
    ended: watch::Sender<u64>,
}

/// What is to be said of an operation's runs where another page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    UnderWay,
    /// One has ended, and nobody has looked since.
    Ended,
}

/// A run that has begun.
pub(super) struct Begun {
    pub(super) record: Record,
    /// Told when somebody wants it to stop.
    pub(super) cancel: Arc<Notify>,
}

impl Runs {
    /// Those of earlier starts, if they were kept; ids begin above this one.
    pub(super) fn of(earlier: Vec<Record>, above: u64) -> Self {
        let records: BTreeMap<u64, Record> = earlier.into_iter().map(|record| (record.id, record)).collect();
        let last = records.last_key_value().map_or(above, |(last, _)| above.max(*last)).into();
        Self { records: Mutex::new(records), last, unseen: Mutex::default(), ended: watch::Sender::new(0) }
    }

    fn unseen(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(&self) -> MutexGuard<'_, BTreeMap<u64, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a run begins; none if there are too many under way.
    pub(super) fn begin(&self, action: &str, values: Values) -> Option<Begun> {
        let mut records = self.records();
        if records.values().filter(|record| matches!(record.phase, Phase::UnderWay { .. })).count() >= MOST_UNDER_WAY {
            return None;
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let cancel = Arc::new(Notify::new());
        let record = Record {
            id,
            action: action.to_owned(),
            started: SystemTime::now(),
            values: Some(Arc::new(values)),
            is_forgotten: false,
            phase: Phase::UnderWay { since: Instant::now(), cancel: cancel.clone() },
        };
        records.insert(id, record.clone());
        Some(Begun { record, cancel })
    }

    /// Notes how a run ended, and lets go of the oldest of its action. Gives what is kept of it.
    pub(super) fn end(&self, id: u64, run: Run) -> Option<Record> {
        let mut records = self.records();
        let record = records.get_mut(&id)?;
        record.phase = Phase::Ended(Arc::new(if record.is_forgotten { run.forgotten() } else { run }));
        let kept = record.clone();
        let ended = |record: &&Record| record.action == kept.action && record.run().is_some();
        let too_many: Vec<u64> = records.values().rev().filter(ended).skip(MOST_RUNS).map(|old| old.id).collect();
        records.retain(|id, _| !too_many.contains(id));
        self.unseen().insert(id);
        self.unseen().retain(|id| records.contains_key(id));
        drop(records);
        self.ended.send_modify(|version| *version += 1);
        Some(kept)
    }

    /// Notes that a run asks before it goes on. What nobody was shown of the same action is taken away.
    pub(super) fn ask(&self, id: u64, trace: Trace, question: u64) {
        let mut records = self.records();
        let Some(action) = records.get(&id).map(|record| record.action.clone()) else { return };
        records.retain(|_, record| record.action != action || !matches!(record.phase, Phase::Asks(..)));
        if let Some(record) = records.get_mut(&id) {
            record.phase = Phase::Asks(Arc::new(trace), question);
        }
        drop(records);
        self.ended.send_modify(|version| *version += 1);
    }

    /// Takes away a run that asked.
    pub(super) fn withdraw(&self, id: u64) {
        self.records().retain(|known, record| *known != id || !matches!(record.phase, Phase::Asks(..)));
    }

    /// Asks a run to stop; false if none of this id is under way.
    pub(super) fn cancel(&self, action: &str, id: u64) -> bool {
        match self.get(action, id).map(|record| record.phase) {
            Some(Phase::UnderWay { cancel, .. }) => {
                cancel.notify_one();
                true
            }
            _ => false,
        }
    }

    /// Waits until a run has ended, at most this long.
    pub(super) async fn wait(&self, id: u64, at_most: Duration) {
        let mut ended = self.ended.subscribe();
        let is_over =
            |_: &u64| self.records().get(&id).is_none_or(|record| !matches!(record.phase, Phase::UnderWay { .. }));
        // Both ends mean the same: show what there is.
        tokio::time::timeout(at_most, ended.wait_for(is_over)).await.ok();
    }

    /// The run of this id, if it is one of this action.
    pub(super) fn get(&self, action: &str, id: u64) -> Option<Record> {
        self.records().get(&id).filter(|record| record.action == action).cloned()
    }

    /// The runs of an action, the newest first.
    pub(super) fn of_action(&self, action: &str) -> Vec<Record> {
        let is_run = |record: &&Record| record.action == action && !matches!(record.phase, Phase::Asks(..));
        self.records().values().rev().filter(is_run).cloned().collect()
    }

    /// Somebody looks at the runs of an action, with how each has ended.
    pub(super) fn look(&self, action: &str) {
        let records = self.records();
        self.unseen().retain(|id| records.get(id).is_some_and(|record| record.action != action));
    }

    /// What is to be said of an action's runs where another page is looked at.
    pub(super) fn mark(&self, action: &str) -> Option<Mark> {
        let records = self.records();
        let is_under_way = |record: &Record| matches!(record.phase, Phase::UnderWay { .. });
        if records.values().any(|record| record.action == action && is_under_way(record)) {
            return Some(Mark::UnderWay);
        }
        let unseen = self.unseen();
        unseen.iter().any(|id| records.get(id).is_some_and(|record| record.action == action)).then_some(Mark::Ended)
    }

    /// Deletes a run that is over; false if there is none of this id, or it is under way.
    pub(super) fn delete(&self, action: &str, id: u64) -> bool {
        let mut records = self.records();
        let is_over = |record: &Record| record.action == action && record.run().is_some();
        records.get(&id).is_some_and(is_over) && records.remove(&id).is_some()
    }

    /// Deletes the runs of an action, or of all, that are over.
    pub(super) fn clear(&self, action: Option<&str>) {
        let is_meant = |record: &Record| action.is_none_or(|action| record.action == action);
        self.records().retain(|_, record| !is_meant(record) || record.run().is_none());
    }

    /// The runs that hold something: id, end, and what they hold in bytes.
    pub(super) fn held(&self) -> Vec<(u64, Instant, u64)> {
        let records = self.records();
        let ended =
            records.values().filter_map(|record| Some((record.id, record.run()?.finished, record.held_bytes())));
        ended.filter(|(_, _, bytes)| *bytes > 0).collect()
    }

    /// Takes from a run what it holds.
    pub(super) fn empty(&self, id: u64) {
        if let Some(record) = self.records().get_mut(&id) {
            if let Phase::Ended(run) = &mut record.phase {
                *run = Arc::new(run.emptied());
            }
            record.values.take_if(|values| forms::held_bytes(values) > SMALL_INPUTS);
        }
    }

    /// Takes from all runs what they came to, and from those under way what they will: their connection is given up.
    /// What they were asked goes too, unless a file keeps it all the same.
    pub(super) fn forget(&self, keeps_inputs: bool) {
        for record in self.records().values_mut() {
            record.is_forgotten = true;
            record.values.take_if(|_| !keeps_inputs);
            match &mut record.phase {
                Phase::UnderWay { .. } => {}
                Phase::Asks(trace, _) => *trace = Arc::default(),
                Phase::Ended(run) => *run = Arc::new(if keeps_inputs { run.emptied() } else { run.forgotten() }),
            }
        }
    }

    /// Takes secrets out of what the runs were asked, and of why they failed.
    pub(super) fn scrub(&self, secrets: &Secrets) {
        for record in self.records().values_mut() {
            if let Some(values) = &mut record.values {
                *values = Arc::new(forms::scrubbed(values, secrets));
            }
            if let Phase::Ended(run) = &mut record.phase
                && run.result.is_err()
            {
                *run = Arc::new(run.scrubbed(secrets));
            }
        }
    }
}

#[cfg(test)]
#[path = "runs_tests.rs"]
mod tests;
