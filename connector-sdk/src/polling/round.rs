//! Rounds that find which records are gone. A round walks down the whole list in slices, some pages a poll, and waits
//! for the next deep pass, which finds what moved up while the walk went by. What neither came by is asked for by its
//! id, beside one that is surely there; where the service cannot be asked, it is gone when the next round does not come
//! by it either. Nothing is called gone on weaker grounds: a flow may delete what it is told of.

use super::bounds::Bounds;
use super::classify::Deliveries;
use super::inventory::{Ids, Inventory, Phase};
use super::page::PageSource;
use super::walk::{Step, Walk};
use crate::contract::Error;
use crate::excerpt::shorten;
use crate::time::Millis;

/// The most characters of a failure that a note repeats.
const SHOWN_CHARACTERS: usize = 300;

/// What a poll found of records that are gone.
#[derive(Debug, Default)]
pub struct Gone {
    /// Their ids.
    pub ids: Vec<String>,
    /// What its users should know: why there may be more.
    pub notes: Vec<String>,
}

/// What the passes of the poll left.
pub(super) struct Passed<'a> {
    /// What they found: these records are there.
    pub(super) deliveries: &'a Deliveries,
    /// Whether they are through, so that the round may make requests.
    pub(super) are_through: bool,
    /// When the last deep pass began, if the service says.
    pub(super) deep_at: Option<Millis>,
    /// Whether they came by places that are null.
    pub(super) has_holes: bool,
    /// The service's clock, if it says.
    pub(super) now: Option<Millis>,
}

impl Inventory {
    /// Goes on with the round, or begins the next when it is due. A request that fails ends what this poll does of it,
    /// and not the poll: what changed is to be delivered all the same. None if the state's ids cannot be read.
    pub(super) fn go_on(&mut self, source: &mut impl PageSource, passed: &Passed<'_>, bounds: &Bounds) -> Option<Gone> {
        let waits = match self.phase {
            Phase::Over => !self.is_due(passed.now, bounds),
            Phase::Walked { deep_at } => deep_at.is_some() && deep_at == passed.deep_at,
            Phase::Walking(_) | Phase::Confirming => false,
        };
        self.has_holes |= passed.has_holes;
        let goes_on = passed.are_through && !waits;
        if passed.deliveries.is_empty() && !goes_on {
            return Some(Gone::default());
        }
        let mut round = Round { ids: Ids::read(&self.ids, bounds.ids_bytes)?, gone: Gone::default(), source, bounds };
        for node in passed.deliveries.all() {
            round.see(node);
        }
        if goes_on {
            let failed = match self.phase {
                Phase::Walked { .. } | Phase::Confirming => round.confirm(self),
                Phase::Over | Phase::Walking(_) => round.walk(self, passed),
            };
            if let Err(error) = failed {
                let error = shorten(&error.to_string(), SHOWN_CHARACTERS);
                round.note(format!("a request failed, and the next poll goes on: {error}"));
            }
        }
        if round.ids.left_out > 0 {
            round.note("there are more than can be remembered (about 50,000): of the others nobody is told".to_owned());
        }
        self.ids = round.ids.write();
        Some(round.gone)
    }

    fn is_due(&self, now: Option<Millis>, bounds: &Bounds) -> bool {
        let since = now.zip(self.began_at).map(|(now, began_at)| now.saturating_sub(began_at));
        since.is_none_or(|since| !(0..bounds.round_every).contains(&since))
    }
}

struct Round<'a, S> {
    ids: Ids,
    gone: Gone,
    source: &'a mut S,
    bounds: &'a Bounds,
}

impl<S: PageSource> Round<'_, S> {
    fn see(&mut self, node: &str) {
        match self.source.id(node) {
            Some(id) => self.ids.see(id),
            None => self.ids.left_out += 1,
        }
    }

    fn note(&mut self, note: String) {
        self.gone.notes.push(format!("looking for deleted records: {note}"));
    }

    /// Walks down a slice of the list, from the top if this begins a round.
    fn walk(&mut self, inventory: &mut Inventory, passed: &Passed<'_>) -> Result<(), Error> {
        let joint = match std::mem::take(&mut inventory.phase) {
            Phase::Walking(joint) => joint,
            _ => {
                self.ids.begin();
                (inventory.began_at, inventory.has_holes) = (passed.now, false);
                None
            }
        };
        inventory.phase = Phase::Walking(joint.clone());
        let mut left_at = joint.as_ref().map(|joint| joint.tail.clone()).unwrap_or_default();
        let mut walk = Walk::new(joint);
        let (mut pages_left, mut is_longer) = (self.bounds.slice_pages, false);
        while let Some(left) = pages_left.checked_sub(1) {
            pages_left = left;
            let step = walk.step(self.source, self.bounds)?;
            let left_at = std::mem::take(&mut left_at);
            let mut gets_on = false;
            if let Step::Read { page, last } = step {
                inventory.has_holes |= page.has_holes();
                page.items.iter().filter_map(|item| item.record.as_ref()).for_each(|record| {
                    self.see(page.node(record));
                });
                if last {
                    inventory.phase = Phase::Walked { deep_at: passed.deep_at };
                    return Ok(());
                }
                gets_on = !page.ends_with_one_of(&left_at);
            } else {
                walk = Walk::default();
            }
            if !gets_on && !is_longer {
                // If this comes of cursors that never outlive a poll, it is as much of the list as can ever be read.
                (pages_left, is_longer) = (self.bounds.slice_pages_again, true);
            }
            inventory.phase = Phase::Walking(walk.joint().map(|joint| joint.trimmed(self.bounds.tail)));
        }
        Ok(())
    }

    /// Confirms what the round did not come by, and ends it.
    fn confirm(&mut self, inventory: &mut Inventory) -> Result<(), Error> {
        inventory.phase = Phase::Over;
        if self.ids.first_unseen(1).is_empty() {
            return Ok(());
        }
        if inventory.has_holes {
            self.note(
                "places of the list are null, and any of them may be one that was not seen: none is called deleted"
                    .into(),
            );
            return Ok(());
        }
        // Seen in the list and not given by its id: deleted since, or not to be believed.
        let mut doubted = Vec::new();
        for _ in 0..self.bounds.confirm_requests {
            let Some(witness) = self.ids.any_seen_but(&doubted) else { break };
            let most = usize::try_from(self.bounds.page_size).unwrap_or(2).saturating_sub(1).max(1);
            let mut asked = self.ids.first_unseen(most);
            if asked.is_empty() {
                inventory.phase = Phase::Over;
                return Ok(());
            }
            asked.push(witness.clone());
            let existing = match self.source.existing(&asked) {
                None => {
                    self.gone.ids = self.ids.missed_twice();
                    return Ok(());
                }
                Some(answer) => {
                    inventory.phase = Phase::Confirming;
                    answer?
                }
            };
            asked.pop();
            if !existing.contains(&witness) {
                doubted.push(witness);
                continue;
            }
            for id in asked {
                if existing.contains(&id) {
                    self.ids.see(id);
                } else {
                    self.ids.forget(&id);
                    self.gone.ids.push(id);
                }
            }
        }
        if self.ids.first_unseen(1).is_empty() {
            inventory.phase = Phase::Over;
        } else if self.ids.any_seen_but(&doubted).is_none() || doubted.len() == self.bounds.confirm_requests as usize {
            inventory.phase = Phase::Over;
            self.note(match doubted.len() {
                // More likely a list that this key may no longer read.
                0 => "nothing is in the list any more: none is called deleted as long as that is so".into(),
                _ => "of what the list holds, the service gives nothing by its id: none is called deleted".into(),
            });
        }
        Ok(())
    }
}
