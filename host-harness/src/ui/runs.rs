//! The runs of actions. Each has an id by which it is found again, and goes on when the page that started it is left.

use std::collections::BTreeMap;
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
    /// It would change something, and asks first, under the number of the question: nothing of that has left. Taken away
    /// when the question is shown.
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
    /// Ids begin above this one.
    above: u64,
    ended: watch::Sender<u64>,
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
        let records = earlier.into_iter().map(|record| (record.id, record)).collect();
        Self { records: Mutex::new(records), above, ended: watch::Sender::new(0) }
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
        let id = records.last_key_value().map_or(self.above, |(last, _)| self.above.max(*last)) + 1;
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

    /// Takes from all runs what they came to, and from those under way what they will: their connection is given up. What
    /// they were asked goes too, unless a file keeps it all the same.
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
mod tests {
    use super::*;
    use crate::ui::forms::Typed;
    use crate::ui::run::Failed;

    fn run() -> Run {
        Run::refused(Failed::no_connection())
    }

    #[test]
    fn a_run_is_found_by_its_id_under_its_own_action_alone() {
        let runs = Runs::of(Vec::new(), 0);
        let id = runs.begin("a", Values::new()).unwrap().record.id;
        assert!(runs.get("a", id).unwrap().run().is_none());
        assert!(runs.get("b", id).is_none() && !runs.cancel("b", id));
        assert!(runs.cancel("a", id));
        runs.end(id, run());
        assert!(runs.get("a", id).unwrap().run().is_some() && !runs.cancel("a", id));
    }

    #[test]
    fn the_oldest_runs_of_an_action_go_and_those_of_others_stay() {
        let runs = Runs::of(Vec::new(), 0);
        let other = runs.begin("b", Values::new()).unwrap().record.id;
        runs.end(other, run());
        for _ in 0..MOST_RUNS + 5 {
            let id = runs.begin("a", Values::new()).unwrap().record.id;
            runs.end(id, run());
        }
        assert_eq!((runs.of_action("a").len(), runs.of_action("b").len()), (MOST_RUNS, 1));
        assert!(runs.of_action("a")[0].id > runs.of_action("a")[1].id);
    }

    #[test]
    fn no_more_runs_begin_than_may_be_under_way() {
        let runs = Runs::of(Vec::new(), 0);
        let ids: Vec<u64> = (0..MOST_UNDER_WAY).map(|_| runs.begin("a", Values::new()).unwrap().record.id).collect();
        assert!(runs.begin("a", Values::new()).is_none());
        runs.end(ids[0], run());
        assert!(runs.begin("a", Values::new()).is_some());
    }

    #[test]
    fn large_inputs_are_let_go_of_and_small_ones_stay_for_another_run() {
        let runs = Runs::of(Vec::new(), 0);
        for (length, stays) in [(10, true), (1_000_000, false)] {
            let values = Values::from([("x".to_owned(), Typed::Text("x".repeat(length)))]);
            let id = runs.begin("a", values).unwrap().record.id;
            runs.end(id, run());
            assert_eq!(runs.held().iter().any(|(held, _, _)| *held == id), !stays);
            runs.empty(id);
            assert_eq!(runs.get("a", id).unwrap().values.is_some(), stays);
            assert!(runs.held().is_empty());
        }
    }

    #[tokio::test]
    async fn what_a_run_came_to_is_not_kept_once_its_connection_was_forgotten() {
        let runs = Runs::of(Vec::new(), 0);
        let id = runs.begin("a", Values::new()).unwrap().record.id;
        runs.forget(false);
        let value = serde_json::value::RawValue::from_string("1".into()).unwrap();
        let done = Run { result: Ok(Some(value.into())), ..run() };
        runs.end(id, done);
        runs.wait(id, Duration::from_secs(60)).await;
        assert!(matches!(runs.get("a", id).unwrap().run().unwrap().result, Ok(None)));
    }

    #[test]
    fn what_was_asked_and_why_it_failed_are_forgotten_with_the_connection_unless_a_file_keeps_them() {
        for keeps in [false, true] {
            let runs = Runs::of(Vec::new(), 0);
            let values = Values::from([("x".to_owned(), Typed::Text("canary".into()))]);
            let id = runs.begin("a", values).unwrap().record.id;
            let failed = Failed { message: "no canary".into(), ..Failed::no_connection() };
            runs.end(id, Run::refused(failed));
            runs.forget(keeps);
            let record = runs.get("a", id).unwrap();
            assert!(record.is_forgotten);
            let message = record.run().unwrap().result.as_ref().unwrap_err().message.clone();
            assert_eq!((record.values.is_some(), message.contains("canary")), (keeps, keeps));
        }
    }

    #[test]
    fn a_secret_that_was_typed_before_it_was_one_is_taken_out_of_what_runs_were_asked_and_said() {
        let runs = Runs::of(Vec::new(), 0);
        let pairs = Typed::Pairs(vec![("canary".into(), "a canary b".into())]);
        let picked = Typed::Picked { value: "canary".into(), label: "canary".into() };
        let values = [Typed::Text("a canary b".into()), pairs, picked, Typed::Checked(true)];
        let values: Values = values.into_iter().enumerate().map(|(at, typed)| (at.to_string(), typed)).collect();
        let id = runs.begin("a", values).unwrap().record.id;
        let problems = vec![host::contract::InputProblem { input: "0".into(), message: "no canary".into() }];
        runs.end(id, Run::refused(Failed { message: "no canary".into(), problems, ..Failed::no_connection() }));
        let mut secrets = Secrets::default();
        secrets.hide("canary");
        runs.scrub(&secrets);
        let record = runs.get("a", id).unwrap();
        let said =
            format!("{:?} {:?}", record.values.as_ref().unwrap(), record.run().unwrap().result.as_ref().unwrap_err());
        assert!(!said.contains("canary") && said.matches("[redacted]").count() == 7, "{said}");
    }
}
