//! What Restate keeps of a trigger, and what its handlers are told and say: JSON.

use serde::{Deserialize, Serialize};

use crate::engine::Summary;
use crate::model::{Commit, Definition, Incarnation, Kept, Payload, Record, TriggerId, Undelivered};

/// The name of the objects that triggers are.
pub(super) const TRIGGER: &str = "FleetTrigger";

/// A trigger.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    pub(super) incarnation: Incarnation,
    pub(super) version: u64,
    pub(super) epoch: u64,
    pub(super) paused: bool,
    pub(super) definition: Definition,
    pub(super) undelivered: Undelivered,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<Kept>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Kept>,
}

impl Stored {
    /// A trigger that was never polled.
    pub(super) fn new(configure: Configure) -> Self {
        Self {
            incarnation: configure.incarnation,
            version: 0,
            epoch: 0,
            paused: false,
            definition: configure.definition,
            undelivered: Undelivered::default(),
            state: None,
            before: None,
        }
    }

    /// Moves it on as a poll found it, where nothing else has since.
    pub(super) fn moves_on(&mut self, commit: &CommitCall) -> bool {
        let is_as_found = self.incarnation == commit.incarnation && self.version == commit.expected;
        if !is_as_found || self.paused || commit.epoch < self.epoch {
            return false;
        }
        self.epoch = commit.epoch;
        commit.kept.clone().replace(&mut self.state, &mut self.before);
        self.version = self.version.saturating_add(1);
        self.undelivered = self.undelivered.and(commit.payload.as_ref());
        true
    }

    /// As the rest of the fleet knows it.
    pub(super) fn into_record(self, id: TriggerId) -> Record {
        Record {
            id,
            incarnation: self.incarnation,
            version: self.version,
            definition: self.definition,
            paused: self.paused,
            state: self.state,
            before: self.before,
            undelivered: self.undelivered,
        }
    }

    /// As a list shows it.
    pub(super) fn summary(self, id: TriggerId) -> Summary {
        Summary {
            id,
            connector: self.definition.connector.to_string(),
            trigger: self.definition.trigger,
            paused: self.paused,
            version: self.version,
            polled_by: self.state.map(|kept| kept.written_by),
            undelivered: self.undelivered.payloads,
            undelivered_bytes: self.undelivered.bytes,
        }
    }
}

/// A payload that was accepted.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Delivered {
    pub(super) delivery: String,
    pub(super) bytes: u64,
}

/// What makes a trigger, or changes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Configure {
    /// Counts where there is none yet. Made by whoever asks, so that the handler does the same each time it is run.
    pub(super) incarnation: Incarnation,
    pub(super) definition: Definition,
}

/// What one poll moves on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CommitCall {
    pub(super) incarnation: Incarnation,
    pub(super) expected: u64,
    pub(super) epoch: u64,
    pub(super) kept: Kept,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Payload>,
}

impl From<Commit<'_>> for CommitCall {
    fn from(commit: Commit<'_>) -> Self {
        Self {
            incarnation: commit.incarnation.clone(),
            expected: commit.expected,
            epoch: commit.epoch,
            kept: Kept { state: commit.state.to_vec(), written_by: commit.written_by.to_owned() },
            payload: commit.payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored() -> Stored {
        let definition = json!({
            "connector": "duro-plm", "trigger": "t", "connection": {}, "every": "30s",
            "deliver": {"url": "https://flows.example/1", "secret": "signing"},
        });
        let definition = Definition::read(definition.to_string().as_bytes()).unwrap();
        Stored::new(Configure { incarnation: Incarnation("one".into()), definition })
    }

    fn commit(expected: u64, epoch: u64, written_by: &str) -> CommitCall {
        CommitCall {
            incarnation: Incarnation("one".into()),
            expected,
            epoch,
            kept: Kept { state: vec![expected.try_into().unwrap(), 0xff], written_by: written_by.into() },
            payload: None,
        }
    }

    #[test]
    fn of_two_polls_that_begin_with_the_same_version_one_moves_the_trigger_on() {
        let mut stored = stored();
        assert!(stored.moves_on(&commit(0, 1, "1")) && !stored.moves_on(&commit(0, 1, "1")));
        assert!(stored.moves_on(&commit(1, 2, "1")));
        assert_eq!(stored.version, 2);
    }

    #[test]
    fn a_worker_whose_lease_went_to_another_moves_nothing_on_nor_does_a_poll_of_what_was_paused_or_made_anew() {
        let mut stored = stored();
        assert!(stored.moves_on(&commit(0, 5, "1")));
        assert!(!stored.moves_on(&commit(1, 4, "1")));
        stored.paused = true;
        assert!(!stored.moves_on(&commit(1, 5, "1")));
        stored.paused = false;
        stored.incarnation = Incarnation("two".into());
        assert!(!stored.moves_on(&commit(1, 5, "1")));
    }

    #[test]
    fn the_last_state_of_the_version_before_is_kept() {
        let mut stored = stored();
        for (expected, by) in [(0, "1"), (1, "1"), (2, "2"), (3, "2")] {
            assert!(stored.moves_on(&commit(expected, 1, by)));
        }
        let before = stored.before.clone().unwrap();
        assert_eq!((before.state, before.written_by.as_str()), (vec![1, 0xff], "1"));
        let record = Stored::into_record(
            serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap(),
            "acme/parts".parse().unwrap(),
        );
        assert_eq!(record.state.unwrap().state, [3, 0xff]);
    }
}
