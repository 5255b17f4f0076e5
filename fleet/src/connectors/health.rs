//! Which versions fail by themselves: crashes, results that the contract does not allow, calls over a limit. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use host::CallError;

use crate::model::{Name, TriggerId};

/// A version is held back when so many of the triggers that it polls fail by it, and half of them or more.
const FEWEST_FAILING: usize = 3;

/// How the versions do, by what became of each trigger's last poll.
#[derive(Debug, Default)]
pub(crate) struct Health {
    versions: HashMap<(Name, Arc<str>), Version>,
}

#[derive(Debug, Default)]
struct Version {
    /// The triggers that it polled, and whether it failed the last time.
    failed: HashMap<TriggerId, bool>,
    failing: usize,
}

impl Health {
    /// Whether a call failed by the component, whatever the service did.
    pub(crate) fn is_components(error: &CallError) -> bool {
        // A limit can be a service's doing: endless answers. Only what the component alone can reach counts.
        match error {
            CallError::Trap { .. } | CallError::BadResult(_) | CallError::Start(_) => true,
            CallError::Limit { exceeded, .. } => {
                matches!(exceeded.limit, host::Limit::Memory | host::Limit::StateBytes | host::Limit::Instances)
            }
            _ => false,
        }
    }

    /// Notes what became of a poll. The reason to hold the version back, where there is one.
    pub(crate) fn note(
        &mut self,
        connector: &Name,
        version: &Arc<str>,
        id: &TriggerId,
        failed: bool,
    ) -> Option<String> {
        let known = self.versions.entry((connector.clone(), version.clone())).or_default();
        let before = known.failed.insert(id.clone(), failed).unwrap_or_default();
        known.failing = known.failing.saturating_add(failed.into()).saturating_sub(before.into());
        let is_bad = failed && known.failing >= FEWEST_FAILING && known.failing * 2 >= known.failed.len();
        is_bad.then(|| format!("{} of the {} triggers that it polled failed by it", known.failing, known.failed.len()))
    }

    /// Forgets a trigger that is polled here no more.
    pub(crate) fn forget(&mut self, id: &TriggerId) {
        for version in self.versions.values_mut() {
            if version.failed.remove(id) == Some(true) {
                version.failing = version.failing.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> TriggerId {
        format!("acme/p{n}").parse().unwrap()
    }

    #[test]
    fn a_version_is_bad_when_half_of_its_triggers_and_three_or_more_fail_by_it() {
        let mut health = Health::default();
        let (name, version): (Name, Arc<str>) = ("duro-plm".parse().unwrap(), "2.0.0".into());
        for n in 0..4 {
            assert_eq!(health.note(&name, &version, &id(n), false), None);
        }
        // One trigger that breaks it over and over is that trigger's affair.
        for _ in 0..100 {
            assert_eq!(health.note(&name, &version, &id(0), true), None);
        }
        assert_eq!(health.note(&name, &version, &id(1), true), None);
        let reason = health.note(&name, &version, &id(2), true).unwrap();
        assert_eq!(reason, "3 of the 4 triggers that it polled failed by it");
        assert_eq!(health.note(&name, &version, &id(3), false), None);
        assert_eq!(health.note(&name, &"1.0.0".into(), &id(3), true), None);
    }

    #[test]
    fn a_trigger_that_succeeds_again_or_is_forgotten_no_longer_counts_as_failing() {
        let mut health = Health::default();
        let (name, version): (Name, Arc<str>) = ("duro-plm".parse().unwrap(), "2.0.0".into());
        for n in 0..2 {
            health.note(&name, &version, &id(n), true);
        }
        health.note(&name, &version, &id(0), false);
        health.forget(&id(1));
        assert_eq!(health.note(&name, &version, &id(2), true), None);
        assert_eq!(health.note(&name, &version, &id(3), true), None);
    }
}
