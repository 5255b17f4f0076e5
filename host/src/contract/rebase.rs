//! How a trigger is set back, or moved to another service: what to give in place of a state, where a manifest declares
//! in the `extensions` of a trigger that it takes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::TriggerDefinition;

/// That a trigger takes other things in place of a state.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rebase {
    /// The member `format` of its states.
    format: String,
}

impl TriggerDefinition {
    /// What to give in place of its states; none where the manifest does not say that it takes anything. The error says
    /// what is wrong with what it says.
    pub fn rebase(&self) -> Result<Option<Rebase>, String> {
        let declared = self.extensions.as_ref().and_then(|extensions| extensions.get("rebase"));
        let rebase = declared.map(Rebase::deserialize).transpose();
        rebase.map_err(|error| format!("its rebase cannot be read: {error}"))
    }
}

impl Rebase {
    /// What to give so that the next poll delivers what was changed from this time on, as RFC 3339 writes it.
    pub fn since(&self, time: &str) -> Vec<u8> {
        json!({ "since": time }).to_string().into_bytes()
    }

    /// What to give so that the next poll goes on where a state left off that was written for another service; none if
    /// it is no state of the trigger.
    pub fn moved(&self, state: &[u8]) -> Option<Vec<u8>> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_slice(state).ok()?;
        let format: String = serde_json::from_str(members.get("format")?.get()).ok()?;
        (format == self.format).then(|| [b"{\"state\":".as_slice(), state.trim_ascii(), b"}"].concat())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::definition;

    fn rebase(declared: Value) -> Result<Option<Rebase>, String> {
        let mut trigger = definition().triggers.remove(0);
        trigger.extensions = Some(declared);
        trigger.rebase()
    }

    #[test]
    fn a_state_of_the_trigger_is_wrapped_as_it_is_and_nothing_else() {
        let rebase = rebase(json!({ "rebase": { "format": "x y" } })).unwrap().unwrap();
        assert_eq!(rebase.since("2026-11-01T00:00:00Z"), br#"{"since":"2026-11-01T00:00:00Z"}"#);
        let wrapped = rebase.moved(b" {\"floor\": 7.0, \"format\":\"x y\"}\n").unwrap();
        assert_eq!(wrapped, br#"{"state":{"floor": 7.0, "format":"x y"}}"#);
        let connection = br#"{"key": "k", "fields": {"apiKey": "${KEY}"}}"#;
        let others: [&[u8]; 8] =
            [&wrapped, &rebase.since("x"), connection, b"", b"[]", b"7", b"\xff", b"{\"format\":\"x\"}"];
        for other in others {
            assert_eq!(rebase.moved(other), None);
        }
    }

    #[test]
    fn what_is_declared_wrongly_is_an_error_that_says_so() {
        assert_eq!(definition().triggers.remove(0).rebase(), Ok(None));
        for wrong in [json!(true), json!({}), json!({ "format": 7 })] {
            assert!(rebase(json!({ "rebase": wrong })).unwrap_err().contains("cannot be read"));
        }
    }
}
