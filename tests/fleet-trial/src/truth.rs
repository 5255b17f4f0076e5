//! What was delivered against what is true.

use std::collections::BTreeMap;

use crate::receiver::Log;

/// How they compare.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// Changes that each trigger of their tenant must have delivered, added up.
    pub(crate) expected: u64,
    /// Of these, those that were not delivered.
    pub(crate) missing: u64,
}

/// Of each tenant's changed records, each trigger must have delivered the last change.
pub(crate) fn compare(truth: &BTreeMap<String, BTreeMap<String, String>>, triggers: &[String], log: &Log) -> Compared {
    let mut compared = Compared::default();
    for trigger in triggers {
        let Some(records) = trigger.split_once('/').and_then(|(tenant, _)| truth.get(tenant)) else { continue };
        let delivered = log.records.get(trigger);
        for (id, changed) in records {
            compared.expected += 1;
            let is_there = delivered.and_then(|records| records.get(id)).is_some_and(|times| times.contains(changed));
            compared.missing += u64::from(!is_there);
        }
    }
    compared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_one_trigger_did_not_deliver_is_missing() {
        let changed = |time: &str| BTreeMap::from([("id".to_owned(), time.to_owned())]);
        let truth = BTreeMap::from([("acme".to_owned(), changed("2")), ("other".to_owned(), changed("1"))]);
        let mut log = Log::default();
        log.records.entry("acme/a".into()).or_default().insert("id".into(), vec!["1".into(), "2".into()]);
        log.records.entry("acme/b".into()).or_default().insert("id".into(), vec!["1".into()]);
        let triggers = ["acme/a", "acme/b", "acme/c"].map(str::to_owned);
        assert_eq!(compare(&truth, &triggers, &log), Compared { expected: 3, missing: 2 });
    }
}
