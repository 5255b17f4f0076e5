//! What Restate keeps of a trigger, and what its handlers are told and say: JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::engine::{EngineError, Summary};
use crate::model::{Commit, Definition, Incarnation, Kept, Payload, Record, TriggerId};

/// The name of the objects that triggers are.
pub(super) const TRIGGER: &str = "FleetTrigger";

/// Bytes in JSON: base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A trigger.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    pub(super) incarnation: Incarnation,
    pub(super) version: u64,
    pub(super) epoch: u64,
    pub(super) paused: bool,
    pub(super) definition: Definition,
    pub(super) undelivered: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<StoredState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<StoredState>,
}

/// A polling state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredState {
    pub(super) state: Bytes,
    pub(super) written_by: String,
}

impl From<StoredState> for Kept {
    fn from(stored: StoredState) -> Self {
        Self { state: stored.state.0, written_by: stored.written_by }
    }
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
            undelivered: 0,
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
        self.write(commit.state.clone(), &commit.written_by);
        self.undelivered = self.undelivered.saturating_add(commit.payload.is_some().into());
        true
    }

    /// Puts another state in place of the one that is there, which is kept where another version had written it.
    fn write(&mut self, state: Bytes, written_by: &str) {
        let state = StoredState { state, written_by: written_by.to_owned() };
        let old = self.state.replace(state);
        if let Some(old) = old.filter(|old| old.written_by != written_by) {
            self.before = Some(old);
        }
        self.version = self.version.saturating_add(1);
    }

    /// As the rest of the fleet knows it.
    pub(super) fn into_record(self, id: TriggerId) -> Result<Record, EngineError> {
        Ok(Record {
            id,
            incarnation: self.incarnation,
            version: self.version,
            definition: self.definition,
            paused: self.paused,
            state: self.state.map(Kept::from),
            before: self.before.map(Kept::from),
            undelivered: self.undelivered,
        })
    }
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
#[serde(rename_all = "camelCase")]
pub(super) struct CommitCall {
    pub(super) incarnation: Incarnation,
    pub(super) expected: u64,
    pub(super) epoch: u64,
    pub(super) state: Bytes,
    pub(super) written_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<Sent>,
}

/// A payload on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) delivery: String,
    pub(super) body: Box<RawValue>,
    pub(super) found: u64,
}

impl From<Payload> for Sent {
    fn from(payload: Payload) -> Self {
        Self { delivery: payload.delivery, body: payload.body, found: payload.found }
    }
}

impl From<Sent> for Payload {
    fn from(sent: Sent) -> Self {
        Self { delivery: sent.delivery, body: sent.body, found: sent.found }
    }
}

impl CommitCall {
    pub(super) fn of(commit: &Commit<'_>) -> Self {
        Self {
            incarnation: commit.incarnation.clone(),
            expected: commit.expected,
            epoch: commit.epoch,
            state: Bytes(commit.state.to_vec()),
            written_by: commit.written_by.to_owned(),
            payload: commit.payload.clone().map(Sent::from),
        }
    }
}

/// What `status` says: all but the states.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) definition: Definition,
    pub(super) paused: bool,
    pub(super) version: u64,
    pub(super) polled_by: Option<String>,
    pub(super) undelivered: u32,
}

impl Status {
    pub(super) fn of(stored: &Stored) -> Self {
        Self {
            definition: stored.definition.clone(),
            paused: stored.paused,
            version: stored.version,
            polled_by: stored.state.as_ref().map(|state| state.written_by.clone()),
            undelivered: stored.undelivered,
        }
    }

    pub(super) fn summary(self, id: TriggerId) -> Summary {
        Summary {
            id,
            connector: self.definition.connector.to_string(),
            trigger: self.definition.trigger,
            paused: self.paused,
            version: self.version,
            polled_by: self.polled_by,
            undelivered: self.undelivered,
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
            state: Bytes(vec![expected.try_into().unwrap(), 0xff]),
            written_by: written_by.into(),
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
        assert_eq!((before.state.0, before.written_by.as_str()), (vec![1, 0xff], "1"));
        let record = Stored::into_record(
            serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap(),
            "acme/parts".parse().unwrap(),
        );
        assert_eq!(record.unwrap().state.unwrap().state, [3, 0xff]);
    }
}
