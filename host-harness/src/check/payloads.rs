//! What triggers deliver, whatever check has them polled: each payload is held against the trigger's schema.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use host::contract::{ConnectorDefinition, PollResult};
use jsonschema::Validator;

use super::schemas::{misfits_of, validator};
use super::{MOST_PROBLEMS, Verdict};

/// The payloads of a check.
pub(super) struct Payloads {
    /// By the triggers' keys; none of what is no schema, which another check says.
    schemas: BTreeMap<String, Validator>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    delivered: u64,
    problems: BTreeSet<String>,
}

impl Payloads {
    pub(super) fn of(definition: &ConnectorDefinition) -> Self {
        let schema = |trigger: &host::contract::TriggerDefinition| {
            Some((trigger.key.clone(), validator(&trigger.result_schema).ok()?))
        };
        Self { schemas: definition.triggers.iter().filter_map(schema).collect(), seen: Mutex::default() }
    }

    /// Looks at what a poll came to. `is_first` is of one that had no state.
    pub(super) fn note(&self, trigger: &str, is_first: bool, poll: &PollResult) {
        let Some(schema) = self.schemas.get(trigger) else { return };
        let payload = serde_json::from_str(poll.payload.get()).unwrap_or_default();
        let found = misfits_of(schema, &payload);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.delivered += u64::from(!poll.no_changes);
        let which = if is_first { "a first poll" } else { "a poll that goes on from a state" };
        for why in found {
            // One more than is shown, so that it is said that there are more.
            if seen.problems.len() <= MOST_PROBLEMS {
                seen.problems.insert(format!("{trigger}, {which}: {why}"));
            }
        }
    }

    /// Whether all of them were what the manifest says.
    pub(super) fn verdict(&self) -> Verdict {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.problems.is_empty() && seen.delivered == 0 {
            return Verdict::not_checked("no poll delivered anything");
        }
        Verdict::of(seen.problems.iter().cloned().collect(), format!("{} payloads", seen.delivered))
    }
}
