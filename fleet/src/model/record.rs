//! What is kept of a trigger between two polls, and what a poll changes of it.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::definition::Definition;
use super::names::TriggerId;

/// A trigger as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Which one.
    pub(crate) id: TriggerId,
    /// Which of all triggers that ever had this name.
    pub(crate) incarnation: Incarnation,
    /// Another one after each change: of the state, of the definition, by pause and resume. A commit names it.
    pub(crate) version: u64,
    /// As its owner defined it.
    pub(crate) definition: Definition,
    /// Whether it is left alone.
    pub(crate) paused: bool,
    /// The polling state; none before the first poll.
    pub(crate) state: Option<Kept>,
    /// The last state of the version that polled before, to go back to when that version cannot read the newer one's.
    pub(crate) before: Option<Kept>,
    /// What was committed and is not delivered yet.
    pub(crate) undelivered: Undelivered,
}

/// Payloads that wait to be delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undelivered {
    /// How many.
    pub(crate) payloads: u32,
    /// How large they are together.
    pub(crate) bytes: u64,
}

impl Undelivered {
    /// One more, or as many as before where there is none.
    pub(crate) fn and(self, payload: Option<&Payload>) -> Self {
        let Some(payload) = payload else { return self };
        Self { payloads: self.payloads.saturating_add(1), bytes: self.bytes.saturating_add(payload.bytes()) }
    }

    /// One less, of so many bytes.
    pub(crate) fn without(self, bytes: u64) -> Self {
        match self.payloads.saturating_sub(1) {
            0 => Self::default(),
            payloads => Self { payloads, bytes: self.bytes.saturating_sub(bytes) },
        }
    }

    /// Whether these are as many as there may be, in number or in bytes.
    pub(crate) fn reaches(self, most: Self) -> bool {
        self.payloads >= most.payloads || self.bytes >= most.bytes
    }
}

/// A polling state, and which version of the connector wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    /// The state, byte for byte; in JSON as base64.
    #[serde(with = "base64_text")]
    pub(crate) state: Vec<u8>,
    /// The connector's version.
    pub(crate) written_by: String,
}

impl Kept {
    /// Puts this in place of `state`, which is kept as the one before where another version had written it.
    pub(crate) fn replace(self, state: &mut Option<Self>, before: &mut Option<Self>) {
        let is_others = |old: &Self| old.written_by != self.written_by;
        if state.as_ref().is_some_and(is_others) {
            *before = state.take();
        }
        *state = Some(self);
    }
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}

/// Tells a trigger from an earlier one of the same name, so that no two of their deliveries share an id: 16 random
/// bytes, as 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Incarnation(pub(crate) String);

impl Incarnation {
    /// A new one.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one poll moves on: the state, and with it the payload. Both are kept, or neither.
#[derive(Debug)]
pub(crate) struct Commit<'a> {
    /// Which trigger.
    pub(crate) id: &'a TriggerId,
    /// Which one of this name.
    pub(crate) incarnation: &'a Incarnation,
    /// The version that the poll began with.
    pub(crate) expected: u64,
    /// The lease that the worker holds: of two, the later one's commits count.
    pub(crate) epoch: u64,
    /// The new state.
    pub(crate) state: &'a [u8],
    /// The version of the connector that wrote it.
    pub(crate) written_by: &'a str,
    /// What to deliver; none after a poll without changes.
    pub(crate) payload: Option<Payload>,
}

/// What is delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// Always the same for the same changes, however often they are delivered.
    pub(crate) delivery: String,
    /// The JSON that is posted.
    pub(crate) body: Box<RawValue>,
    /// When it was found, in milliseconds since 1970.
    pub(crate) found: u64,
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Payload {
    /// How large what was found is.
    pub(crate) fn bytes(&self) -> u64 {
        self.body.get().len() as u64
    }

    /// For how long it has waited for its delivery.
    pub(crate) fn waited(&self) -> Duration {
        Duration::from_millis(now().saturating_sub(self.found))
    }

    /// What follows the version `expected` of a trigger: its id can be told in advance, and no other payload has it.
    pub(crate) fn id(incarnation: &Incarnation, expected: u64) -> String {
        format!("{incarnation}.{}", expected.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_in_payloads_and_in_bytes_and_nothing_is_left_when_all_are_delivered() {
        let body = serde_json::value::to_raw_value(&"12345678").unwrap();
        let payload = Payload { delivery: "one.1".into(), body, found: 0 };
        let one = Undelivered::default().and(Some(&payload));
        assert_eq!(one, Undelivered { payloads: 1, bytes: 10 });
        assert_eq!(one.and(None), one);
        let two = one.and(Some(&payload));
        assert_eq!((two.without(10), two.without(10).without(3)), (one, Undelivered::default()));
        let most = Undelivered { payloads: 3, bytes: 20 };
        assert!(!one.reaches(most) && two.reaches(most) && Undelivered { payloads: 3, bytes: 3 }.reaches(most));
    }
}
