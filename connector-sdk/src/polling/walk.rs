//! Walks down a list page by page while the list changes. Pages are joined by proof: each begins a few records above
//! where the last ended, and one of the last page's records must be seen again. Then whatever stands below it now is
//! next, because an unchanged record keeps its place among unchanged records, whatever kind of cursor led there.
//! Without the proof something may have slipped between, and the walk is lost.

use super::bounds::Bounds;
use super::memory::Mark;
use super::page::{ChangePage, PageSource};
use crate::contract::Error;

/// How often in a row a walk may not get on before the service is taken to be unable to.
const MAX_STALLS: u32 = 8;

/// A walk that does not get on asks for pages up to two to the power of this times as long, to see past what stands in
/// the way.
const MAX_DOUBLINGS: u32 = 3;

/// Where a walk goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// The cursor of a record a little above the last one that was read.
    pub cursor: String,
    /// Records of the last page; one of them must be seen again.
    pub tail: Vec<Mark>,
}

impl Joint {
    /// With so many of the last records of the page as a state keeps.
    pub fn trimmed(&self, tail: usize) -> Self {
        let surplus = self.tail.len().saturating_sub(tail);
        Self { cursor: self.cursor.clone(), tail: self.tail.get(surplus..).unwrap_or_default().to_vec() }
    }
}

/// A walk down the list.
#[derive(Debug, Default)]
pub struct Walk {
    joint: Option<Joint>,
    stalls: u32,
    /// Whether the joint's cursor is of an earlier poll and was not used in this one yet.
    restored: bool,
}

/// What a step found.
#[derive(Debug)]
pub enum Step {
    /// The next page. It begins with records that were read before.
    Read {
        /// The page.
        page: ChangePage,
        /// Whether the list ends with it.
        last: bool,
    },
    /// There is no proof that this page continues the last one, or the cursor is no longer accepted.
    Lost,
}

impl Walk {
    /// A walk that goes on there, or begins at the top.
    pub fn new(joint: Option<Joint>) -> Self {
        Self { restored: joint.is_some(), joint, stalls: 0 }
    }

    /// Where the walk goes on; none at the top.
    pub fn joint(&self) -> Option<&Joint> {
        self.joint.as_ref()
    }

    /// Fetches the next page.
    pub fn step(&mut self, source: &mut impl PageSource, bounds: &Bounds) -> Result<Step, Error> {
        let first = bounds.page_size.saturating_mul(1 << self.stalls.min(MAX_DOUBLINGS));
        let answer = source.fetch(first, self.joint.as_ref().map(|joint| joint.cursor.as_str()));
        let restored = std::mem::take(&mut self.restored);
        let page = match (answer, &self.joint) {
            (Ok(page), _) => page,
            // Only a request with a cursor can fail because of the cursor. If it was something else, the request
            // without one fails as well.
            (Err(Error::Service(_)), Some(_)) => return Ok(Step::Lost),
            // A cursor that was kept since an earlier poll could otherwise fail every poll from now on.
            (Err(Error::UnexpectedResponse(_) | Error::NotFound(_)), Some(_)) if restored => return Ok(Step::Lost),
            (Err(error), _) => return Err(error),
        };
        if page.items.is_empty() && page.has_next == Some(true) {
            self.go_on(None)?;
            return Ok(Step::Read { page, last: false });
        }
        let tail = self.joint.as_ref().map(|joint| joint.tail.as_slice());
        let marks = || page.items.iter().filter_map(|item| item.mark());
        if let Some(tail) = tail
            && !marks().any(|mark| tail.contains(&mark))
        {
            return Ok(Step::Lost);
        }
        // Where the service does not say, a page that brings nothing new is the last.
        let brings_more = || marks().any(|mark| tail.is_none_or(|tail| !tail.contains(&mark)));
        let last = !page.has_next.unwrap_or_else(brings_more);
        if !last {
            self.go_on(next_joint(&page, bounds.joint))?;
        }
        Ok(Step::Read { page, last })
    }

    fn go_on(&mut self, next: Option<Joint>) -> Result<(), Error> {
        match next {
            Some(next) if self.joint.as_ref().is_none_or(|joint| joint.cursor != next.cursor) => {
                self.joint = Some(next);
                self.stalls = 0;
                Ok(())
            }
            // A page of one record cannot overlap and lead on at once, and neither can one of nulls; the next may be
            // longer.
            _ if self.stalls < MAX_STALLS => {
                self.stalls += 1;
                Ok(())
            }
            _ => Err(Error::UnexpectedResponse(
                "the list does not go on: the service says that there is more, but repeats itself, gives one record at \
                 a time, or gives records without cursors"
                    .to_owned(),
            )),
        }
    }
}

/// The joint below a page: the cursor of a record with up to `overlap` records after it, at least one of them
/// recognisable.
fn next_joint(page: &ChangePage, overlap: usize) -> Option<Joint> {
    let last_recognisable = page.items.iter().rposition(|item| item.record.is_some())?;
    let wanted = page.items.len().saturating_sub(overlap + 1).min(last_recognisable.checked_sub(1)?);
    let (above, below) = (page.items.get(..=wanted)?, page.items.get(wanted + 1..last_recognisable)?);
    // The best place, else one further up, else one further down.
    let cursor = above.iter().rev().chain(below).find_map(|item| page.cursor(item))?;
    Some(Joint { cursor, tail: page.items.iter().filter_map(|item| item.mark()).collect() })
}
