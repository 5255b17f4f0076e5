//! Which records are known, so that it can be told which of them are gone: their ids in full, because the payload names
//! them, each with whether the present round came by it. In the state they are text, which is read only when something
//! changed or a round goes on: a quiet poll has nothing to do with thousands of ids.

use std::collections::BTreeMap;

use super::bounds::Bounds;
use super::packed;
use super::walk::Joint;
use crate::time::Millis;

/// The records that are known, and how far the round has come that looks for those that are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The service's clock when the last round began, if the service says.
    pub began_at: Option<Millis>,
    /// How far it has come.
    pub phase: Phase,
    /// Whether it came by places that are null: any known record may stand there.
    pub has_holes: bool,
    /// Whether the ids were of another service, and none of them was met here yet.
    pub moved: bool,
    /// The ids.
    pub ids: Lists,
}

/// How far a round has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The last one is over.
    #[default]
    Over,
    /// The list is walked down; the walk goes on there, or at the top.
    Walking(Option<Joint>),
    /// The walk is at the end of the list. What moved up while it went by is found by the next deep pass: `deep_at` is
    /// when the last one before began, if the service says.
    Walked {
        /// The state's `deep_at` when the walk ended.
        deep_at: Option<Millis>,
    },
    /// What the round did not come by is confirmed to be gone.
    Confirming,
}

/// Ids as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Of records that the round came by, or that were delivered since it began.
    pub seen: String,
    /// Of those that it has not come by yet.
    pub unseen: String,
    /// Of those that the last round did not come by, nor this one yet.
    pub missing: String,
}

/// Whether a round came by a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Seen,
    Unseen,
    Missing,
}

/// Ids to be looked up.
#[derive(Debug)]
pub(super) struct Ids {
    sights: BTreeMap<String, Sight>,
    bytes: usize,
    most_bytes: usize,
    /// How many records were met that there is no room for.
    pub(super) left_out: usize,
    /// Whether one was met that the round had not come by.
    pub(super) recognised: bool,
}

impl Inventory {
    /// The same for another service, which may have these records or others: a round begins, and what it does not come
    /// by counts only if it comes by one that was known. None if the ids cannot be read.
    pub(super) fn moved(mut self, bounds: &Bounds) -> Option<Self> {
        let mut ids = Ids::read(&self.ids, bounds.ids_bytes)?;
        ids.begin();
        (self.ids, self.phase) = (ids.write(), Phase::Walking(None));
        (self.has_holes, self.moved) = (false, true);
        Some(self)
    }
}

impl Ids {
    /// Reads the ids, of which there may be so many bytes of text: 900 KiB are some 50,000 of 24 hexadecimal digits.
    /// Records beyond them are not known, and nobody is told when they are gone. None if the text is not what was
    /// written.
    pub(super) fn read(lists: &Lists, most_bytes: usize) -> Option<Self> {
        let mut ids = Self { sights: BTreeMap::new(), bytes: 0, most_bytes, left_out: 0, recognised: false };
        for (text, sight) in
            [(&lists.seen, Sight::Seen), (&lists.unseen, Sight::Unseen), (&lists.missing, Sight::Missing)]
        {
            for id in packed::read_ids(text)? {
                ids.bytes += packed::id_length(&id)?;
                ids.sights.insert(id, sight);
            }
        }
        Some(ids)
    }

    pub(super) fn write(&self) -> Lists {
        let of = |wanted| packed::write_ids(self.of(wanted));
        Lists { seen: of(Sight::Seen), unseen: of(Sight::Unseen), missing: of(Sight::Missing) }
    }

    fn of(&self, wanted: Sight) -> impl Iterator<Item = &str> {
        self.sights.iter().filter(move |(_, sight)| **sight == wanted).map(|(id, _)| id.as_str())
    }

    /// Takes a record for one that is there.
    pub(super) fn see(&mut self, id: String) {
        if let Some(sight) = self.sights.get_mut(&id) {
            self.recognised |= *sight != Sight::Seen;
            *sight = Sight::Seen;
            return;
        }
        let bytes = packed::id_length(&id).map(|bytes| self.bytes + bytes);
        match bytes.filter(|bytes| packed::length(*bytes) <= self.most_bytes) {
            Some(bytes) => {
                self.bytes = bytes;
                self.sights.insert(id, Sight::Seen);
            }
            None => self.left_out += 1,
        }
    }

    /// Begins a round: none of them was seen yet.
    pub(super) fn begin(&mut self) {
        self.sights.values_mut().filter(|sight| **sight == Sight::Seen).for_each(|sight| *sight = Sight::Unseen);
    }

    /// The first so many that the round has not come by.
    pub(super) fn first_unseen(&self, count: usize) -> Vec<String> {
        let unseen = self.sights.iter().filter(|(_, sight)| **sight != Sight::Seen);
        unseen.take(count).map(|(id, _)| id.clone()).collect()
    }

    /// The first so many that the round came by, without these.
    pub(super) fn seen_but(&self, these: &[String], count: usize) -> Vec<String> {
        let seen = self.of(Sight::Seen).filter(|id| these.iter().all(|other| other != id));
        seen.take(count).map(str::to_owned).collect()
    }

    /// How many it has not come by.
    pub(super) fn count_unseen(&self) -> usize {
        self.sights.values().filter(|sight| **sight != Sight::Seen).count()
    }

    /// Forgets a record.
    pub(super) fn forget(&mut self, id: &str) {
        if self.sights.remove(id).is_some() {
            self.bytes -= packed::id_length(id).unwrap_or_default().min(self.bytes);
        }
    }

    /// Forgets those that the round has not come by.
    pub(super) fn forget_unseen(&mut self) {
        let unseen = self.first_unseen(usize::MAX);
        unseen.iter().for_each(|id| self.forget(id));
    }

    /// Ends a round that nobody can be asked about: gives and forgets those that the round before had not come by
    /// either, and notes those that this one has not.
    pub(super) fn missed_twice(&mut self) -> Vec<String> {
        let missed: Vec<String> = self.of(Sight::Missing).map(str::to_owned).collect();
        missed.iter().for_each(|id| self.forget(id));
        self.sights.values_mut().filter(|sight| **sight == Sight::Unseen).for_each(|sight| *sight = Sight::Missing);
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_IDS_BYTES: usize = Bounds::STANDARD.ids_bytes;

    fn id(number: usize) -> String {
        format!("{number:024x}")
    }

    #[test]
    fn ids_of_any_shape_are_read_back_with_what_was_seen_of_them() {
        let mut ids = Ids::read(&Lists::default(), MAX_IDS_BYTES).unwrap();
        let shapes = [id(7), "PART-é-1".to_owned(), "x".repeat(255), "ABCDEFABCDEFABCDEFABCDEF".to_owned()];
        shapes.iter().for_each(|id| ids.see(id.clone()));
        ids.begin();
        ids.see(id(7));
        assert_eq!(ids.missed_twice(), Vec::<String>::new());
        let read = Ids::read(&ids.write(), MAX_IDS_BYTES).unwrap();
        assert_eq!(read.write(), ids.write());
        assert_eq!(read.bytes, ids.bytes);
        assert_eq!(read.seen_but(&[], 9), [id(7)]);
        assert_eq!(read.first_unseen(9).len(), 3);
    }

    #[test]
    fn ids_are_read_as_they_were_always_written() {
        let lists = Lists { seen: "AGDI1fChssPU5fYHGABgyNXwobLD1OX2BxkJUEFSVC3DqS03".to_owned(), ..Lists::default() };
        let ids = Ids::read(&lists, MAX_IDS_BYTES).unwrap();
        let known = ["60c8d5f0a1b2c3d4e5f60718", "60c8d5f0a1b2c3d4e5f60719", "PART-\u{e9}-7"];
        assert_eq!(ids.of(Sight::Seen).collect::<Vec<_>>(), known);
        assert_eq!(ids.write(), lists);
    }

    #[test]
    fn what_two_rounds_missed_is_gone_and_what_came_back_is_not() {
        let mut ids = Ids::read(&Lists::default(), MAX_IDS_BYTES).unwrap();
        (0..3).for_each(|number| ids.see(id(number)));
        for (seen, gone) in [(vec![0], vec![]), (vec![0, 1], vec![id(2)]), (vec![1], vec![]), (vec![1], vec![id(0)])] {
            ids.begin();
            seen.into_iter().for_each(|number| ids.see(id(number)));
            assert_eq!(ids.missed_twice(), gone);
        }
    }

    #[test]
    fn there_is_room_for_fifty_thousand_and_for_no_more_than_is_said() {
        let mut ids = Ids::read(&Lists::default(), MAX_IDS_BYTES).unwrap();
        (0..50_000).for_each(|number| ids.see(id(number)));
        assert_eq!(ids.left_out, 0);
        (50_000..60_000).for_each(|number| ids.see(id(number)));
        ids.see("x".repeat(256));
        assert!(ids.left_out > 1);
        assert!(ids.write().seen.len() <= MAX_IDS_BYTES);
        ids.forget(&id(0));
        let left_out = ids.left_out;
        ids.see(id(0));
        assert_eq!(ids.left_out, left_out);
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in ["!", "AA", "AAAA", "_w", "BGFi", "/", ""] {
            Ids::read(&Lists { seen: text.to_owned(), ..Lists::default() }, MAX_IDS_BYTES);
        }
    }
}
