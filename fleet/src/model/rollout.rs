//! Which version of a connector polls which triggers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::definition::Definition;
use super::names::TriggerId;

/// How a connector's versions are rolled out. Triggers that are pinned to a version have no part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rollout {
    /// The version that polls all triggers but those below.
    pub(crate) current: String,
    /// The version to come, while only some triggers are polled by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<Next>,
    /// The version that was current before: polls where the current one is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<String>,
    /// Versions that failed too often, and why: they poll nothing until they are let go on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) held: BTreeMap<String, Held>,
}

/// A version to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Next {
    /// Which one.
    pub(crate) version: String,
    /// How many of a hundred triggers it polls; always the same ones, and more of them when this grows.
    pub(crate) percent: u8,
}

/// Why a version was held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Held {
    /// In words for people.
    pub(crate) reason: String,
}

impl Rollout {
    /// One version, which polls everything.
    pub(crate) fn of(version: &str) -> Self {
        Self { current: version.to_owned(), next: None, previous: None, held: BTreeMap::new() }
    }

    /// The version that is to poll a trigger: the one that it is pinned to, else the next one if it is among those that
    /// try it, else the current one, else, where that is held back, the one before.
    pub(crate) fn version<'a>(&'a self, id: &TriggerId, definition: &'a Definition) -> &'a str {
        if let Some(pinned) = &definition.version {
            return pinned;
        }
        match &self.next {
            Some(next) if id.percentile() < next.percent && !self.held.contains_key(&next.version) => &next.version,
            _ => match &self.previous {
                Some(previous) if self.held.contains_key(&self.current) && !self.held.contains_key(previous) => {
                    previous
                }
                _ => &self.current,
            },
        }
    }

    /// Has a version poll so many of a hundred triggers; all of them with 100, and it is the current one then. Whatever
    /// was said of it before, it is no longer held back.
    pub(crate) fn advance(&mut self, version: &str, percent: u8) {
        self.held.remove(version);
        if percent < 100 && version != self.current {
            self.next = Some(Next { version: version.to_owned(), percent });
            return;
        }
        self.next = None;
        if version != self.current {
            self.previous = Some(std::mem::replace(&mut self.current, version.to_owned()));
        }
    }

    /// Goes back: no version is tried any more, or, where none is, the one before is current again. False where there
    /// is none.
    pub(crate) fn go_back(&mut self) -> bool {
        if self.next.take().is_some() {
            return true;
        }
        let Some(previous) = self.previous.take() else { return false };
        self.held.remove(&previous);
        self.current = previous;
        true
    }

    /// Holds a version back. False where it is held already.
    pub(crate) fn hold(&mut self, version: &str, reason: &str) -> bool {
        if self.held.contains_key(version) {
            return false;
        }
        self.held.insert(version.to_owned(), Held { reason: reason.to_owned() });
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(version: Option<&str>) -> Definition {
        let mut definition = json!({
            "connector": "duro-plm", "trigger": "t", "connection": {}, "every": "30s",
            "deliver": {"url": "https://flows.example/1", "secret": "signing"},
        });
        definition["version"] = json!(version);
        Definition::read(definition.to_string().as_bytes()).unwrap()
    }

    fn polled_by_next(rollout: &Rollout) -> Vec<TriggerId> {
        let ids = (0..1_000).map(|n| format!("acme/p{n}").parse::<TriggerId>().unwrap());
        ids.filter(|id| rollout.version(id, &definition(None)) == "2.0.0").collect()
    }

    #[test]
    fn some_triggers_try_the_next_version_and_the_same_ones_with_more_of_them() {
        let with = |percent| Rollout {
            current: "1.0.0".into(),
            next: Some(Next { version: "2.0.0".into(), percent }),
            previous: None,
            held: BTreeMap::new(),
        };
        let (few, more) = (polled_by_next(&with(10)), polled_by_next(&with(50)));
        assert!((60..140).contains(&few.len()) && few.iter().all(|id| more.contains(id)), "{}", few.len());
        assert_eq!((polled_by_next(&with(0)).len(), polled_by_next(&with(100)).len()), (0, 1_000));
        let mut held = with(100);
        assert!(held.hold("2.0.0", "it traps") && !held.hold("2.0.0", "again"));
        assert_eq!((polled_by_next(&held).len(), held.held["2.0.0"].reason.as_str()), (0, "it traps"));
        let pinned = definition(Some("0.9.0"));
        assert_eq!(with(100).version(&"acme/p1".parse().unwrap(), &pinned), "0.9.0");
    }

    #[test]
    fn a_version_advances_becomes_current_and_is_gone_back_from() {
        let id = "acme/parts".parse().unwrap();
        let mut rollout = Rollout::of("1.0.0");
        assert!(!rollout.go_back());
        rollout.advance("2.0.0", 0);
        assert_eq!(rollout.version(&id, &definition(None)), "1.0.0");
        rollout.advance("2.0.0", 100);
        assert_eq!(rollout.version(&id, &definition(None)), "2.0.0");
        // Held back although it is current: the one before polls until somebody decides.
        rollout.hold("2.0.0", "it traps");
        assert_eq!(rollout.version(&id, &definition(None)), "1.0.0");
        assert!(rollout.go_back());
        assert_eq!((rollout.current.as_str(), rollout.previous.clone()), ("1.0.0", None));
        rollout.advance("2.0.0", 100);
        assert!(rollout.held.is_empty() && rollout.version(&id, &definition(None)) == "2.0.0");
    }
}
