//! Which deletions are owed and which were reported.

use crate::subject::Delivered;
use crate::world::World;
use std::collections::HashSet;

/// What a subject knows of, and what it said of that.
#[derive(Debug, Default)]
pub struct Deletions {
    /// Records that it surely knows of: it delivered them, and its state was kept.
    known: HashSet<u32>,
    /// Records that it reported as deleted, and its state was kept.
    reported: HashSet<u32>,
}

impl Deletions {
    /// Takes what a poll delivered, and says what is wrong with it.
    pub fn accept(&mut self, delivered: &Delivered, world: &World, dies: bool) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut in_this_poll = HashSet::new();
        for id in &delivered.deleted {
            if world.records.iter().any(|record| record.id == *id) {
                wrong.push(format!("record {id} is there, and was reported as deleted"));
            }
            if !in_this_poll.insert(*id) || self.reported.contains(id) {
                wrong.push(format!("record {id} was reported as deleted twice"));
            }
        }
        if !dies {
            self.reported.extend(&delivered.deleted);
            self.know(delivered.created.iter().chain(&delivered.updated).map(|(id, _)| *id));
        }
        wrong
    }

    /// Notes records that the subject surely knows of.
    pub fn know(&mut self, records: impl Iterator<Item = u32>) {
        self.known.extend(records);
    }

    /// Records that are gone, and of which it still is to be said.
    pub fn owed(&self, world: &World) -> Vec<u32> {
        let is_there = |id: &u32| world.records.iter().any(|record| record.id == *id);
        let mut owed: Vec<u32> = self.known.difference(&self.reported).copied().filter(|id| !is_there(id)).collect();
        owed.sort_unstable();
        owed
    }

    /// How many were reported.
    pub fn reported(&self) -> u64 {
        u64::try_from(self.reported.len()).unwrap_or(u64::MAX)
    }
}
