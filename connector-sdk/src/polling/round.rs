//! Rounds that find which records are gone. A round walks down the whole list in slices, some pages a poll, and waits
//! for the next deep pass, which finds what moved up while the walk went by. What neither came by is asked for by its
//! id, beside one that is surely there; where the service cannot be asked, it is gone when the next round does not come
//! by it either. Nothing is called gone on weaker grounds: a flow may delete what it is told of.

use std::collections::BTreeSet;

use super::bounds::Bounds;
use super::classify::Deliveries;
use super::inventory::{Ids, Inventory, Phase};
use super::page::PageSource;
use super::walk::{Step, Walk};
use crate::contract::{Error, describe};
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
                let error = shorten(&describe(&error), SHOWN_CHARACTERS);
                round.note(format!("a request failed, and the next poll goes on: {error}"));
            }
        }
        if round.ids.left_out > 0 {
            round.note("there are more than can be remembered (about 50,000): of the others nobody is told".to_owned());
        }
        self.moved &= !round.ids.recognised;
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
        // First of all: in the next round what this one came by would be known too.
        if inventory.moved && !self.ids.recognised {
            inventory.moved = false;
            self.ids.forget_unseen();
            self.note(
                "none of the records that were known before the state was moved here is here: they are forgotten"
                    .into(),
            );
            return Ok(());
        }
        if inventory.has_holes {
            self.note(
                "places of the list are null, and any of them may be one that was not seen: none is called deleted"
                    .into(),
            );
            return Ok(());
        }
        let before = self.ids.count_unseen();
        let coarse = usize::try_from(self.bounds.page_size).unwrap_or_default().saturating_sub(2).max(1);
        let mut questions = Questions { left: self.bounds.confirm_requests, doubted: Vec::new() };
        inventory.phase = Phase::Confirming;
        loop {
            let suspects = self.ids.first_unseen(coarse);
            if suspects.is_empty() {
                inventory.phase = Phase::Over;
                return Ok(());
            }
            // Of many at once most are found that are there all the same. But a service may give only so many of those
            // that it is asked for, and not say so: few are asked for again before they are called gone.
            let suspects = match self.absent(&suspects, &mut questions)? {
                Asked::NotPossible => {
                    inventory.phase = Phase::Over;
                    self.gone.ids = self.ids.missed_twice();
                    return Ok(());
                }
                Asked::NoMore => break,
                Asked::Absent(absent) => absent,
                Asked::Doubtful(_) => suspects,
            };
            for few in suspects.chunks(self.bounds.confirm_ids) {
                match self.absent(few, &mut questions)? {
                    Asked::Absent(absent) => {
                        absent.iter().for_each(|id| self.ids.forget(id));
                        self.gone.ids.extend(absent);
                    }
                    Asked::Doubtful(witnesses) => questions.doubted.extend(witnesses),
                    Asked::NotPossible | Asked::NoMore => break,
                }
            }
        }
        // What got nowhere now would not later: the next round sees what is there then.
        if self.ids.count_unseen() == before {
            inventory.phase = Phase::Over;
            self.note(if questions.doubted.is_empty() {
                // More likely a list that this key may no longer read.
                "nothing is in the list any more: none is called deleted as long as that is so".into()
            } else {
                "the service does not give by their ids what its list holds: none is called deleted".into()
            });
        }
        Ok(())
    }

    /// Which of these the service does not give by their ids, beside records that are there, first and last.
    fn absent(&mut self, suspects: &[String], questions: &mut Questions) -> Result<Asked, Error> {
        let witnesses: Vec<String> = self.ids.seen_but(&questions.doubted, 2);
        let (Some(last), Some(left)) = (witnesses.last(), questions.left.checked_sub(1)) else {
            return Ok(Asked::NoMore);
        };
        questions.left = left;
        let first = witnesses.first().filter(|_| witnesses.len() > 1);
        let asked: Vec<String> = first.into_iter().chain(suspects).chain([last]).cloned().collect();
        let Some(given) = self.source.existing(&asked) else { return Ok(Asked::NotPossible) };
        let given: BTreeSet<String> = given?.into_iter().collect();
        suspects.iter().filter(|id| given.contains(*id)).for_each(|id| self.ids.see(id.clone()));
        let not_given = |ids: &[String]| ids.iter().filter(|id| !given.contains(*id)).cloned().collect::<Vec<_>>();
        let doubted = not_given(&witnesses);
        Ok(if doubted.is_empty() { Asked::Absent(not_given(suspects)) } else { Asked::Doubtful(doubted) })
    }
}

/// The questions that a poll may ask.
struct Questions {
    left: u32,
    /// Seen in the list and not given beside few others: deleted since, or not to be believed.
    doubted: Vec<String>,
}

/// What came of a question.
enum Asked {
    /// The service cannot be asked for records by their ids.
    NotPossible,
    /// There is nobody to ask beside, or this poll has asked enough.
    NoMore,
    /// These records that are there were not given: the answer says nothing of the others.
    Doubtful(Vec<String>),
    /// These were not given.
    Absent(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::super::inventory::Lists;
    use super::super::packed::write_ids;
    use super::super::page::ChangePage;
    use super::*;

    /// What a service gives of those that it is asked for.
    type Gives = fn(Vec<u32>) -> Vec<u32>;

    /// A service whose list was walked: of 300 records that were known it holds the even ones. Of the others those
    /// exist all the same that are not gone.
    struct ByIds {
        gives: Gives,
        is_gone: fn(u32) -> bool,
        questions: u32,
    }

    impl PageSource for ByIds {
        fn fetch(&mut self, _: u32, _: Option<&str>) -> Result<ChangePage, Error> {
            Err(Error::Other("the list was walked".to_owned()))
        }

        fn id(&self, _: &str) -> Option<String> {
            None
        }

        fn existing(&mut self, ids: &[String]) -> Option<Result<Vec<String>, Error>> {
            self.questions += 1;
            let existing = ids.iter().map(|id| number(id)).filter(|id| !(self.is_gone)(*id)).collect();
            Some(Ok((self.gives)(existing).into_iter().map(id).collect()))
        }
    }

    fn id(number: u32) -> String {
        format!("{number:024x}")
    }

    fn number(id: &str) -> u32 {
        u32::from_str_radix(id, 16).unwrap()
    }

    /// What is called gone, by as many polls as the confirmation takes.
    fn gone(gives: Gives, is_gone: fn(u32) -> bool) -> Vec<u32> {
        let ids = |of: fn(&u32) -> bool| (0..300).filter(of).map(id).collect::<Vec<_>>();
        let written = |ids: Vec<String>| write_ids(ids.iter().map(String::as_str));
        let lists = Lists {
            seen: written(ids(|id| id.is_multiple_of(2))),
            unseen: written(ids(|id| !id.is_multiple_of(2))),
            missing: String::new(),
        };
        let mut inventory = Inventory { phase: Phase::Walked { deep_at: None }, ids: lists, ..Inventory::default() };
        let deliveries = Deliveries::default();
        let passed =
            Passed { deliveries: &deliveries, are_through: true, deep_at: None, has_holes: false, now: Some(1) };
        inventory.began_at = Some(0);
        let mut source = ByIds { gives, is_gone, questions: 0 };
        let mut gone = Vec::new();
        for _ in 0..100 {
            source.questions = 0;
            let found = inventory.go_on(&mut source, &passed, &Bounds::STANDARD).unwrap();
            assert!(source.questions <= Bounds::STANDARD.confirm_requests);
            gone.extend(found.ids.iter().map(|id| number(id)));
            if inventory.phase == Phase::Over {
                gone.sort_unstable();
                return gone;
            }
        }
        panic!("the confirmation has no end");
    }

    #[test]
    fn a_service_that_gives_only_so_many_calls_nothing_gone_that_is_there() {
        fn most<const COUNT: usize>(ids: Vec<u32>) -> Vec<u32> {
            ids.into_iter().take(COUNT).collect()
        }
        fn newest<const COUNT: usize>(mut ids: Vec<u32>) -> Vec<u32> {
            // Those of the list are newer than those that left it.
            ids.sort_by_key(|id| (!id.is_multiple_of(2), *id));
            most::<COUNT>(ids)
        }
        fn last<const COUNT: usize>(ids: Vec<u32>) -> Vec<u32> {
            ids.into_iter().rev().take(COUNT).collect()
        }
        let all: [Gives; 8] = [
            |ids| ids,
            most::<50>,
            newest::<50>,
            last::<50>,
            newest::<10>,
            last::<10>,
            most::<10>,
            |mut ids| {
                ids.reverse();
                ids
            },
        ];
        for gives in all {
            assert_eq!(gone(gives, |_| false), [0; 0]);
            assert_eq!(gone(gives, |id| matches!(id, 7 | 99 | 299)), [7, 99, 299]);
            let every = |id: u32| !id.is_multiple_of(2);
            assert_eq!(gone(gives, every), (0..300).filter(|id| every(*id)).collect::<Vec<_>>());
        }
        // What is not to be believed at all.
        let never: [Gives; 4] = [
            |_| Vec::new(),
            |ids| ids.into_iter().skip(1).collect(),
            most::<1>,
            |ids| ids.iter().map(|id| id + 1).collect(),
        ];
        for gives in never {
            assert_eq!(gone(gives, |_| false), [0; 0]);
            assert_eq!(gone(gives, |id| id == 7), [0; 0]);
        }
    }
}
