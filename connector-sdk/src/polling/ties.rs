//! How far down delivery got, and what is known of the records of that lowest time. Thousands of records can have the
//! same time: when a poll ends among them, not all that were delivered can be remembered. A walk that comes from above
//! again has delivered what it meets of that time before one of the last that are remembered.

use super::memory::Mark;
use super::page::Record;
use super::state::Drain;
use crate::time::{LATEST, Millis};

/// How far down delivery got.
#[derive(Debug)]
pub(super) struct Ties {
    /// The time of the last record down to which delivery got.
    lowest: Millis,
    /// The last of the records of that time that were delivered.
    last: Vec<Mark>,
    /// `lowest` when the walk last began: the bottom of the delivered zone.
    walked_to: Millis,
    /// What is known of the records of the time `walked_to`.
    bottom: Bottom,
}

/// What is known of the delivered records of one time.
#[derive(Debug)]
enum Bottom {
    /// All.
    AllKnown,
    /// Only the last of them.
    SomeForgotten {
        /// These.
        last: Vec<Mark>,
        /// Whether the walk has come by one of them.
        search: Search,
        /// The last of those that were passed over on the way to them: the next page may begin with some of them.
        passed_over: Vec<Mark>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// Not yet: what it meets of their time was delivered.
    GoingOn,
    /// It has, or there is none of their time any more.
    Over,
}

impl Bottom {
    fn of(last: Vec<Mark>) -> Self {
        if last.is_empty() {
            return Self::AllKnown;
        }
        Self::SomeForgotten { last, search: Search::GoingOn, passed_over: Vec::new() }
    }
}

impl Ties {
    /// Nothing was delivered yet.
    pub(super) fn none() -> Self {
        Self { lowest: LATEST, last: Vec::new(), walked_to: LATEST, bottom: Bottom::AllKnown }
    }

    /// Goes on where an earlier poll got to.
    pub(super) fn resume(drain: &Drain) -> Self {
        let last = drain.end_of_ties.clone();
        Self { lowest: drain.lowest, last: last.clone(), walked_to: drain.lowest, bottom: Bottom::of(last) }
    }

    /// How far down delivery got.
    pub(super) fn lowest(&self) -> Millis {
        self.lowest
    }

    /// The bottom of what was delivered when the walk last began.
    pub(super) fn walked_to(&self) -> Millis {
        self.walked_to
    }

    /// The last of the records of the lowest time that were delivered.
    pub(super) fn last(&self) -> &[Mark] {
        &self.last
    }

    /// What the next poll must know of the lowest time: the last of its records, if others of it are forgotten already.
    pub(super) fn to_remember(&self) -> Vec<Mark> {
        let forgotten = matches!(self.bottom, Bottom::SomeForgotten { .. }) && self.lowest == self.walked_to;
        if forgotten { self.last.clone() } else { Vec::new() }
    }

    /// Whether the record was delivered by an earlier poll that did not remember it.
    pub(super) fn is_delivered(&mut self, record: &Record, tail: usize) -> bool {
        let Bottom::SomeForgotten { last, search, passed_over } = &mut self.bottom else { return false };
        if record.modified != self.walked_to {
            return false;
        }
        let mark = Mark::new(record.id, record.modified);
        let is_marked = last.contains(&mark);
        if is_marked {
            *search = Search::Over;
        }
        if *search == Search::GoingOn {
            keep_last(passed_over, mark, 2 * tail);
        }
        is_marked || passed_over.contains(&mark)
    }

    /// Takes note that the walk has come below the time of the ties. Gives whether it has passed over records of that
    /// time and met none of the last ones.
    pub(super) fn come_below(&mut self) -> bool {
        if self.are_lost() {
            return true;
        }
        if let Bottom::SomeForgotten { search, .. } = &mut self.bottom {
            *search = Search::Over;
        }
        false
    }

    /// Whether records were passed over, and none of the last ones was met yet.
    pub(super) fn are_lost(&self) -> bool {
        matches!(
            &self.bottom,
            Bottom::SomeForgotten { search: Search::GoingOn, passed_over, .. } if !passed_over.is_empty()
        )
    }

    /// None of the last ones is where it was: all of their time must be delivered again.
    pub(super) fn give_up(&mut self) {
        self.bottom = Bottom::AllKnown;
    }

    /// Takes note of a record that is delivered, or was.
    pub(super) fn went_by(&mut self, record: &Record, tail: usize) {
        if record.modified < self.lowest {
            self.lowest = record.modified;
            self.last.clear();
        }
        if record.modified == self.lowest {
            keep_last(&mut self.last, Mark::new(record.id, record.modified), tail);
        }
    }

    /// The walk begins again, at the top.
    pub(super) fn restart(&mut self) {
        let before = std::mem::replace(&mut self.bottom, Bottom::AllKnown);
        // What was delivered since the walk began is known.
        if let (Bottom::SomeForgotten { last, .. }, true) = (before, self.lowest == self.walked_to) {
            self.bottom = Bottom::of(last);
        }
        self.walked_to = self.lowest;
    }
}

/// Appends a mark, and drops the first where they become more than `most`.
fn keep_last(marks: &mut Vec<Mark>, mark: Mark, most: usize) {
    marks.retain(|other| *other != mark);
    marks.push(mark);
    let surplus = marks.len().saturating_sub(most);
    marks.drain(..surplus);
}
