//! What each record was delivered as, held against what it may be.

use super::{Player, at};
use crate::history::UntimedAt;
use crate::outcome::Promise;
use crate::subject::{Delivered, is_version_in};
use crate::world::{BEGINNING, Record, Shown, Version};
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::time::Millis;
use std::collections::HashSet;

impl Player<'_> {
    pub(super) fn accept(&mut self, delivered: &Delivered, dies: bool) {
        for wrong in self.deletions.accept(delivered, &self.world, dies) {
            self.break_promise(Promise::DeletedTruly, wrong);
        }
        let mut in_this_poll = HashSet::new();
        for (class, list) in [("created", &delivered.created), ("updated", &delivered.updated)] {
            for (id, version) in list {
                if !in_this_poll.insert(*id) {
                    self.break_promise(Promise::CreatedOnce, format!("record {id} was delivered twice by one poll"));
                }
                self.outcome.delivered += 1;
                self.outcome.unasked += u64::from(*version < self.baseline);
                let is_repeat = self.delivered.contains(version);
                if is_repeat && !self.at_risk.contains(version) {
                    self.outcome.repeats += 1;
                    self.note(|| format!("    a repeat: record {id} v{version}"));
                }
                self.delivered.insert(*version);
                if dies {
                    self.at_risk.insert(*version);
                } else {
                    self.at_risk.remove(version);
                }
                if self.waits {
                    self.check_entered(*id, *version, dies);
                    continue;
                }
                // A repeat says again what was said; whether repeats are rare is counted apart.
                if !is_repeat {
                    self.check_class(*id, class);
                }
                if !dies {
                    self.classed.insert(*id, class);
                }
            }
        }
    }

    fn check_class(&mut self, id: u32, class: &'static str) {
        let record = self.world.records.iter().find(|record| record.id == id);
        // Without its times, nobody can tell what a record is; nor can this check of one that is deleted by now.
        if record.is_none_or(|record| record.was_hidden || !record.shows_created) {
            return;
        }
        // Where more happens than can be remembered, what a record was delivered as is forgotten too, and the class is
        // a guess.
        if self.settings.bounds.remembered < Bounds::STANDARD.remembered {
            return;
        }
        let before = self.classed.get(&id).copied();
        match (class, before) {
            ("created", Some(before)) => {
                self.break_promise(Promise::CreatedOnce, format!("record {id} was {before} before, and then created"));
            }
            ("created", None) if id < self.created_from && self.settings.since.is_none() => {
                self.break_promise(Promise::CreatedOnce, format!("record {id} is older than the first poll"));
            }
            ("updated", None) if id >= self.created_from && !self.may_be_updated_alone(id) => {
                self.break_promise(
                    Promise::CreatedOnce,
                    format!("record {id} is new, and was delivered as updated without having been as created"),
                );
            }
            _ => {}
        }
    }

    /// Holds the delivery of a record against what it was before.
    fn check_entered(&mut self, id: u32, version: u32, dies: bool) {
        if !is_version_in(version) {
            self.break_promise(Promise::EnteredOnce, format!("record {id} v{version} is not in the state"));
        }
        let before = self.entered.get(&id).copied();
        let record = self.world.records.iter().find(|record| record.id == id).cloned();
        if let Some((before, record)) = before.zip(record.as_ref()) {
            let mut between = record.numbers.iter().filter(|other| (before..version).contains(*other));
            if between.all(|other| is_version_in(*other)) {
                let how = format!("record {id} was delivered at v{before}, has not left, and came again at v{version}");
                self.break_promise(Promise::EnteredOnce, how);
            }
        }
        let was_in_before = |record: &Record| {
            let was = record.numbers.first().is_some_and(|first| *first < self.baseline);
            was && record.numbers.iter().all(|number| *number > version || is_version_in(*number))
        };
        if before.is_none() && self.settings.since.is_none() && record.as_ref().is_some_and(was_in_before) {
            let how = format!("record {id} was in the state before the first poll, and came at v{version}");
            self.break_promise(Promise::EnteredOnce, how);
        }
        if !dies {
            self.entered.insert(id, version);
        }
    }

    /// Whether a record must have been delivered as having entered: it is in the state, and never was before.
    fn has_entered(&self, record: &Record) -> bool {
        let first = record.numbers.iter().position(|number| is_version_in(*number));
        first.is_some_and(|first| {
            let entered = record.numbers.get(first..).unwrap_or_default();
            entered.iter().all(|number| is_version_in(*number) && *number >= self.baseline)
        })
    }

    /// Whether a new record may be delivered as updated without having been as created: it was edited while a drain
    /// went on, or during two polls.
    fn may_be_updated_alone(&self, id: u32) -> bool {
        self.edited_while_waiting.contains(&id) || self.edited_during_polls.get(&id).is_some_and(|polls| *polls >= 2)
    }

    /// Notes what was edited from this version on, or where an edit became visible after this time.
    pub(super) fn note_edits(&mut self, from_version: u32, began: Millis) {
        let edited = self.edited_since(from_version);
        self.edited_while_waiting.extend(edited);
        let is_late = |record: &&Record| record.versions.last().is_some_and(|version| version.visible_at > began);
        self.edited_while_waiting.extend(self.world.records.iter().filter(is_late).map(|record| record.id));
    }

    pub(super) fn edited_since(&self, from_version: u32) -> Vec<u32> {
        let edited = self
            .world
            .records
            .iter()
            .filter(|record| record.versions.last().is_some_and(|version| version.number >= from_version));
        edited.map(|record| record.id).collect()
    }

    pub(super) fn count_losses(&mut self) {
        let mut lost = Vec::new();
        for record in &self.world.records {
            // The newest version, by now visible. A null tells nothing, and neither does what no poll need come by.
            let tells = |version: &&Version| {
                !version.null && (version.shown == Shown::Right || self.settings.untimed_at != UntimedAt::End)
            };
            let Some(version) = record.versions.last().filter(tells) else {
                continue;
            };
            let since = self.settings.since.map(|before| BEGINNING - before);
            let is_backfilled = since.is_some_and(|since| version.stamp >= since && version.shown == Shown::Right);
            if version.number < self.baseline && !is_backfilled {
                continue;
            }
            if self.waits {
                let came = || record.numbers.iter().any(|number| self.delivered.contains(number));
                self.outcome.owed += u64::from(self.has_entered(record));
                if self.has_entered(record) && !came() {
                    lost.push(format!("record {} entered with v{} and was not delivered", record.id, version.number));
                }
                continue;
            }
            self.outcome.owed += 1;
            if !self.delivered.contains(&version.number) {
                lost.push(format!(
                    "record {} v{} of {} was never delivered",
                    record.id,
                    version.number,
                    at(version.stamp)
                ));
            }
        }
        self.outcome.lost += u64::try_from(lost.len()).unwrap_or(u64::MAX);
        for loss in lost {
            self.break_promise(Promise::NothingIsLost, loss);
        }
    }
}
