//! What happened to a trigger: its polls, and what else is to be said on its timeline.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::payload::Delivery;
use super::run::Run;

/// The trigger's state blob; none before the first poll.
pub(super) type State = Option<Arc<[u8]>>;

/// Something that happened, for the timeline.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) id: u64,
    pub(super) at: SystemTime,
    pub(super) what: What,
}

/// What happened.
#[derive(Clone)]
pub(super) enum What {
    /// A poll.
    Poll(Box<Poll>),
    /// Something else.
    Note(Note),
}

impl Event {
    /// The poll that it is, if it is one.
    pub(super) fn poll(&self) -> Option<&Poll> {
        match &self.what {
            What::Poll(poll) => Some(poll),
            What::Note(_) => None,
        }
    }

    /// When it began to hold what it holds in memory beside its words, and how much that is, in bytes.
    pub(super) fn held(&self) -> Option<(Instant, u64)> {
        match &self.what {
            What::Poll(poll) => Some((poll.run.finished, poll.held_bytes())),
            What::Note(note) => note.replaced.as_ref().map(|replaced| (replaced.at, replaced.state.len() as u64)),
        }
    }

    /// The same without it.
    pub(super) fn emptied(&self) -> Self {
        let what = match &self.what {
            What::Poll(poll) => What::Poll(Box::new(poll.emptied())),
            What::Note(note) => What::Note(Note::plain(note.text.clone())),
        };
        Self { what, ..*self }
    }
}

/// Something that is no poll.
#[derive(Debug, Clone)]
pub(super) struct Note {
    /// What it is, in words.
    pub(super) text: String,
    /// The state that it was the end of, for as long as that is kept.
    pub(super) replaced: Option<Replaced>,
}

impl Note {
    /// One that no state ended with.
    pub(super) fn plain(text: String) -> Self {
        Self { text, replaced: None }
    }
}

/// A state in whose place somebody put another, or none.
#[derive(Debug, Clone)]
pub(super) struct Replaced {
    pub(super) state: Arc<[u8]>,
    /// Where it came from, for people.
    pub(super) origin: String,
    pub(super) at: Instant,
}

/// One poll.
#[derive(Clone)]
pub(super) struct Poll {
    pub(super) number: u64,
    pub(super) run: Run,
    pub(super) delivery: Delivery,
    /// Whether there was no state before it: it marked where counting begins.
    pub(super) is_first: bool,
    pub(super) no_changes: bool,
    pub(super) more: bool,
    pub(super) before: State,
    pub(super) after: State,
    /// What became of its payload, requests, log and states.
    pub(super) kept: Kept,
}

/// What is still there of a poll beside what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// All of it, or as much as there was room for from the first.
    Whole,
    /// Nothing: newer polls took its place, or its connection was given up.
    Emptied,
    /// Of an earlier start: the payload, where the file has it.
    InFile,
}

impl Poll {
    /// What it holds in memory, in bytes. States are counted with every poll that names them.
    pub(super) fn held_bytes(&self) -> u64 {
        let states = [&self.before, &self.after].into_iter().flatten();
        self.run.held_bytes() + states.map(|state| state.len() as u64).sum::<u64>()
    }

    /// The same poll without payload, requests, log and states.
    pub(super) fn emptied(&self) -> Self {
        let kept = if self.kept == Kept::InFile { Kept::InFile } else { Kept::Emptied };
        Self { run: self.run.emptied(), delivery: self.delivery.clone(), before: None, after: None, kept, ..*self }
    }

    /// The same poll without the names of what it delivered, too, and what was said of it.
    pub(super) fn forgotten(&self) -> Self {
        let mut forgotten = Self { run: self.run.forgotten(), kept: Kept::Emptied, ..self.emptied() };
        forgotten.delivery.lists.iter_mut().for_each(|list| list.titles.clear());
        forgotten
    }
}
