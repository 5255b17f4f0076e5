//! Walks down a list page by page while the list changes. Pages are joined by proof: each begins a few records above where the last
//! ended, and one of the last page's records must be seen again. Then whatever stands below it now is next, because an
//! unchanged record keeps its place among unchanged records, whatever kind of cursor led there. Without the proof
//! something may have slipped between, and the walk is lost.

use super::bounds::Bounds;
use super::memory::Mark;
use super::page::{Page, PageSource};
use crate::error::Error;

/// How often in a row a walk may not get on before the service is taken to be unable to.
const MAX_STALLS: u32 = 8;

/// Where a walk goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joint {
    /// The cursor of a record a little above the last one that was read.
    pub cursor: String,
    /// Records of the last page; one of them must be seen again.
    pub tail: Vec<Mark>,
}

/// A walk down the list.
#[derive(Debug, Default)]
pub struct Walk {
    joint: Option<Joint>,
    stalls: u32,
}

/// What a step found.
#[derive(Debug)]
pub enum Step {
    /// The next page. It begins with records that were read before.
    Page {
        /// The page.
        page: Page,
        /// Whether the list ends with it.
        last: bool,
    },
    /// There is no proof that this page continues the last one, or the cursor is no longer accepted.
    Lost,
}

impl Walk {
    /// A walk that goes on there, or begins at the top.
    pub fn new(joint: Option<Joint>) -> Self {
        Self { joint, stalls: 0 }
    }

    /// Where the walk goes on; none at the top.
    pub fn joint(&self) -> Option<&Joint> {
        self.joint.as_ref()
    }

    /// Fetches the next page.
    pub fn step(&mut self, source: &mut impl PageSource, bounds: &Bounds) -> Result<Step, Error> {
        let page =
            match (source.fetch(bounds.page_size, self.joint.as_ref().map(|joint| joint.cursor.as_str())), &self.joint)
            {
                (Ok(page), _) => page,
                // Only a request with a cursor can fail because of the cursor. If it was something else, the
                // request without one fails as well.
                (Err(Error::Service(_)), Some(_)) => return Ok(Step::Lost),
                (Err(error), _) => return Err(error),
            };
        if let Some(joint) = &self.joint {
            let seen_again = page.items.iter().filter_map(|item| item.mark()).any(|mark| joint.tail.contains(&mark));
            if !seen_again {
                return Ok(Step::Lost);
            }
        }
        let next = next_joint(&page, bounds.joint);
        let last = page.items.is_empty() || !page.has_next.unwrap_or(next != self.joint);
        if !last {
            self.go_on(next)?;
        }
        Ok(Step::Page { page, last })
    }

    fn go_on(&mut self, next: Option<Joint>) -> Result<(), Error> {
        match next {
            Some(next) if self.joint.as_ref().is_none_or(|joint| joint.cursor != next.cursor) => {
                self.joint = Some(next);
                self.stalls = 0;
                Ok(())
            }
            // A page of one record cannot overlap and lead on at once; the next answer may be longer.
            _ if self.stalls < MAX_STALLS => {
                self.stalls += 1;
                Ok(())
            }
            _ => Err(Error::UnexpectedResponse(
                "the list does not go on: the service says that there is more, but repeats itself, gives one record at a \
                 time, or gives records without cursors"
                    .to_owned(),
            )),
        }
    }
}

/// The joint below a page: the cursor of a record with up to `overlap` records after it, at least one of them recognisable.
fn next_joint(page: &Page, overlap: usize) -> Option<Joint> {
    let last_recognisable = page.items.iter().rposition(|item| item.record.is_some())?;
    let wanted = page.items.len().saturating_sub(overlap + 1).min(last_recognisable.checked_sub(1)?);
    let (above, below) = (page.items.get(..=wanted)?, page.items.get(wanted + 1..last_recognisable)?);
    // The best place, else one further up, else one further down.
    let cursor = above.iter().rev().chain(below).find_map(|item| page.cursor(item))?;
    Some(Joint { cursor, tail: page.items.iter().filter_map(|item| item.mark()).collect() })
}
