//! Records that entered a state, for example change orders that became approved: each is delivered once, when it does,
//! and not again when it is edited in that state. What is in it is remembered by a hash of its id; a record that leaves
//! it is forgotten, and can enter anew.

use super::bounds::Bounds;
use super::memory::{Known, Version};
use super::page::PageSource;
use crate::contract::Error;
use crate::time::Millis;

/// How many records in the state are remembered, five bytes each. Of more, those that entered first are forgotten; one
/// of them that is edited then comes once more.
const MOST: usize = 4_000;

/// The most bytes of text that they take in a trigger's state.
pub(super) const MAX_BYTES: usize = (MOST * KEY_BYTES * 4).div_ceil(3);

/// So many bytes of a hash that one in 270 million records is taken for one of those remembered, and is not delivered.
pub(super) const KEY_BYTES: usize = 5;

/// The most pages of the list that are looked through for what was in the state before anybody asked.
const SURVEYED_PAGES: usize = 40;

/// The records that are known to be in the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// Whether the list was looked through for those that were in it before.
    pub surveyed: bool,
    /// The first bytes of the hashes of their ids, the last that entered last.
    pub(super) keys: Vec<u64>,
}

impl Entered {
    /// Whether a record that was changed has entered now.
    pub(super) fn meet(&mut self, id: u64, is_in: bool) -> bool {
        let key = key(id);
        let known = self.keys.iter().position(|known| *known == key);
        match known {
            Some(_) if is_in => false,
            Some(place) => {
                self.keys.remove(place);
                false
            }
            None if is_in => {
                if self.keys.len() >= MOST {
                    self.keys.remove(0);
                }
                self.keys.push(key);
                true
            }
            None => false,
        }
    }

    /// Looks through the list, the last changed first, for records that are in the state already. Only those count that
    /// passes have delivered or passed over for good, which lie at or below the floor or are known: what changed since
    /// is for the next pass to find.
    pub(super) fn survey(
        &mut self,
        source: &mut impl PageSource,
        (floor, known): (Millis, &[Version]),
        is_in: &dyn Fn(&str) -> bool,
        bounds: &Bounds,
    ) -> Result<(), Error> {
        let known = Known::new(known.to_vec());
        let mut earlier = Vec::new();
        let mut after = None;
        for _ in 0..SURVEYED_PAGES {
            let page = source.fetch(bounds.page_size, after.as_deref())?;
            for record in page.items.iter().filter_map(|item| item.record.as_ref()) {
                let is_old = record.in_order && record.modified <= floor;
                let key = key(record.id);
                if (is_old || known.contains(page.version(record)))
                    && is_in(page.node(record))
                    && !self.keys.contains(&key)
                    && !earlier.contains(&key)
                {
                    earlier.push(key);
                }
            }
            let next = page.items.last().and_then(|item| page.cursor(item));
            if page.has_next != Some(true) || next.is_none() || next == after {
                break;
            }
            after = next;
        }
        earlier.truncate(MOST.saturating_sub(self.keys.len()));
        earlier.reverse();
        earlier.append(&mut self.keys);
        self.keys = earlier;
        self.surveyed = true;
        Ok(())
    }
}

fn key(id: u64) -> u64 {
    id >> (u64::BITS - 8 * u32::try_from(KEY_BYTES).unwrap_or(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_enters_once_until_it_has_left() {
        let mut entered = Entered::default();
        let id = u64::MAX;
        assert!(!entered.meet(id, false));
        assert!(entered.meet(id, true));
        assert!(!entered.meet(id, true));
        assert!(!entered.meet(id, false));
        assert!(entered.meet(id, true));
    }

    #[test]
    fn of_more_than_can_be_remembered_the_first_are_forgotten() {
        let mut entered = Entered::default();
        let id = |number: usize| (number as u64) << 24;
        for number in 0..=MOST {
            assert!(entered.meet(id(number), true));
        }
        assert_eq!(entered.keys.len(), MOST);
        assert!(!entered.meet(id(MOST), true));
        assert!(entered.meet(id(0), true));
    }
}
