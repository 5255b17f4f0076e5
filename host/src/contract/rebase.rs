//! How a trigger is set back, or moved to another service: where a manifest declares it in the `extensions` of a
//! trigger, this is what to give in place of a state.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::TriggerDefinition;

impl TriggerDefinition {
    /// Whether it takes what [`since`] and [`moved`] give in place of a state. The error says what is wrong with what
    /// the manifest says.
    pub fn can_be_rebased(&self) -> Result<bool, String> {
        match self.extensions.as_ref().and_then(|extensions| extensions.get("rebase")) {
            None => Ok(false),
            Some(Value::Bool(can)) => Ok(*can),
            Some(_) => Err("its rebase is neither true nor false".to_owned()),
        }
    }
}

/// What to give so that the next poll delivers what was changed from this time on, as RFC 3339 writes it.
pub fn since(time: &str) -> Vec<u8> {
    json!({ "since": time }).to_string().into_bytes()
}

/// What to give so that the next poll goes on where a state left off that was written for another service; none if the
/// state is no JSON object, or is already what one of these two gives.
pub fn moved(state: &[u8]) -> Option<Vec<u8>> {
    let object: BTreeMap<String, &RawValue> = serde_json::from_slice(state).ok()?;
    let is_rebased = object.len() == 1 && (object.contains_key("since") || object.contains_key("state"));
    (!is_rebased).then(|| [b"{\"state\":".as_slice(), state.trim_ascii(), b"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::definition;

    #[test]
    fn a_state_is_wrapped_as_it_is_and_once() {
        assert_eq!(since("2026-11-01T00:00:00Z"), br#"{"since":"2026-11-01T00:00:00Z"}"#);
        let wrapped = moved(b" {\"floor\": 7.0, \"check\":\"1\"}\n").unwrap();
        assert_eq!(wrapped, br#"{"state":{"floor": 7.0, "check":"1"}}"#);
        for other in [&wrapped[..], &since("x"), b"", b"[]", b"7", b"\xff", b"{\"floor\":7"] {
            assert_eq!(moved(other), None);
        }
    }

    #[test]
    fn what_is_declared_wrongly_is_an_error_that_says_so() {
        let of = |declared: Value| {
            let mut trigger = definition().triggers.remove(0);
            trigger.extensions = Some(declared);
            trigger.can_be_rebased()
        };
        assert_eq!(definition().triggers.remove(0).can_be_rebased(), Ok(false));
        assert_eq!(of(json!({ "rebase": true })), Ok(true));
        assert!(of(json!({ "rebase": "yes" })).unwrap_err().contains("neither"));
    }
}
