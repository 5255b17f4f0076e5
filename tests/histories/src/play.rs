//! Plays a history against a subject, and holds what it did against the promises of `docs/polling.md`.

mod promises;

use crate::deletions::Deletions;
use crate::history::{Change, History, Poll, Settings, Step, Tells, Trouble, What, Whose};
use crate::outcome::{Outcome, Promise};
use crate::service::Service;
use crate::subject::{Delivered, Subject, age, is_between_rounds, is_bound};
use crate::world::{BEGINNING, World};
use connector_sdk::contract::Error;
use connector_sdk::polling::bounds::{Bounds, MAX_STATE_BYTES, MAX_STATE_BYTES_WITHOUT_IDS};
use connector_sdk::time::Millis;
use std::collections::{HashMap, HashSet};

/// After the history's last step all is quiet for longer than any lag or settling takes.
const QUIET: Millis = 400_000;

/// The most polls that may follow a history until nothing waits. Every one of them must get on, and no history has more
/// records.
const MOST_POLLS: usize = 130;

/// The most polls that may follow it until two rounds that look for deleted records are over: each reads a record at a
/// time at worst, and then asks for them one by one.
const MOST_POLLS_OF_ROUNDS: usize = 400;

/// Plays a history to its end.
pub fn play(history: &History, subject: &mut impl Subject, tell_story: bool) -> Outcome {
    let mut player = Player {
        waits: subject.waits(),
        deletes: subject.deletes(),
        deletions: Deletions::default(),
        entered: HashMap::new(),
        settings: &history.settings,
        world: World::new(&history.settings),
        generation: 0,
        baseline: u32::MAX,
        created_from: 0,
        delivered: HashSet::new(),
        at_risk: HashSet::new(),
        classed: HashMap::new(),
        waiting_from: None,
        edited_while_waiting: HashSet::new(),
        edited_during_polls: HashMap::new(),
        outcome: Outcome::default(),
        tell_story,
    };
    player.run(history, subject);
    player.outcome
}

struct Player<'a> {
    /// Whether the subject waits for a state.
    waits: bool,
    /// Whether the subject reports deleted records.
    deletes: bool,
    deletions: Deletions,
    /// The version of each record that was last delivered as having entered, by polls whose state was kept.
    entered: HashMap<u32, u32>,
    settings: &'a Settings,
    world: World,
    generation: u32,
    /// Versions from this number on were made after the first poll.
    baseline: u32,
    /// Records from this id on were created after the first poll began.
    created_from: u32,
    /// Versions whose payload was accepted.
    delivered: HashSet<u32>,
    /// Versions accepted by a poll whose state was not kept: to be repeated.
    at_risk: HashSet<u32>,
    /// Records that were delivered before, by polls whose state was kept.
    classed: HashMap<u32, &'static str>,
    /// While more is waiting: the first version that was made since the poll began that left it, and when that was.
    waiting_from: Option<(u32, Millis)>,
    /// Records edited while more was waiting: what was created before may be seen only afterwards, as an update.
    edited_while_waiting: HashSet<u32>,
    /// During how many polls a record was edited: each of them can have missed it, because it moved to the top
    /// meanwhile.
    edited_during_polls: HashMap<u32, u32>,
    outcome: Outcome,
    tell_story: bool,
}

impl Player<'_> {
    fn run(&mut self, history: &History, subject: &mut impl Subject) {
        let quiet = Poll::default();
        self.created_from = u32::try_from(self.settings.initial.len()).unwrap_or(u32::MAX);
        if let Some(first) = self.poll(&quiet, subject) {
            let is_silent = first.is_empty() && !first.more;
            if !is_silent && self.settings.since.is_none() {
                self.break_promise(Promise::FirstPollIsSilent, format!("the first poll delivered {first:?}"));
            }
        } else {
            self.break_promise(Promise::FailuresPass, "the first poll failed without cause".to_owned());
        }
        self.baseline = self.world.next_version();
        for step in &history.steps {
            match step {
                Step::Change(change) => {
                    self.note(|| format!("  {}", tell(change)));
                    self.world.apply(change);
                }
                Step::Poll(poll) => drop(self.poll(poll, subject)),
            }
        }
        // Twice: what the settling of the first quiet time lets go must not come back in the second.
        for _ in 0..2 {
            self.world.now += QUIET;
            self.drain(subject);
        }
        self.world.now += QUIET;
        if let Some(last) = self.poll(&quiet, subject)
            && !(last.created.is_empty() && last.updated.is_empty())
        {
            self.break_promise(Promise::RestIsSilent, format!("at rest, a poll delivered {last:?}"));
        }
        self.count_losses();
        if self.deletes {
            self.delete_and_poll(subject);
        }
    }

    /// Deletes records after two rounds, which must have come by all that there are, and polls until it is reported.
    fn delete_and_poll(&mut self, subject: &mut impl Subject) {
        for _ in 0..2 {
            // The first poll begins a round, unless one goes on already.
            let mut goes_on = false;
            let is_over = |_: &Self, state: &[u8]| {
                let went_on = goes_on;
                goes_on = !is_between_rounds(state);
                went_on && !goes_on
            };
            if !self.poll_rounds(subject, is_over) {
                self.break_promise(Promise::DeletedTruly, "a round has no end".to_owned());
                return;
            }
        }
        let is_null = |world: &World| world.list().iter().any(|(_, visible)| visible.version.null);
        if is_null(&self.world) {
            return;
        }
        self.deletions.know(self.world.records.iter().map(|record| record.id));
        let what = What::Delete(1);
        for _ in 0..self.world.records.len() / 2 {
            self.world.apply(&Change { after: 0, what, lag: 0 });
        }
        let is_told = |player: &Self, _: &[u8]| player.owed().is_empty();
        if !self.world.records.is_empty() && !self.poll_rounds(subject, is_told) && !subject.may_forget() {
            let how = format!("records {:?} are gone, and it was never said", self.owed());
            self.break_promise(Promise::DeletedTruly, how);
        }
        self.outcome.deleted += self.deletions.reported();
    }

    fn owed(&self) -> Vec<u32> {
        self.deletions.owed(&self.world)
    }

    /// Polls without trouble, minutes apart, until something is so. Whether it ever was.
    fn poll_rounds(&mut self, subject: &mut impl Subject, mut so: impl FnMut(&Self, &[u8]) -> bool) -> bool {
        let poll = Poll { after: Bounds::STANDARD.round_every / 4, ..Poll::default() };
        (0..MOST_POLLS_OF_ROUNDS).any(|_| {
            self.poll(&poll, subject).is_some()
                && so(self, subject.kept().map(|state| state.as_slice()).unwrap_or_default())
        })
    }

    /// Polls without trouble until nothing waits.
    fn drain(&mut self, subject: &mut impl Subject) {
        for _ in 0..MOST_POLLS {
            match self.poll(&Poll { after: 1, ..Poll::default() }, subject) {
                None => {
                    self.break_promise(Promise::FailuresPass, "a poll failed although nothing was wrong".to_owned());
                    return;
                }
                Some(delivered) if !delivered.more => return,
                Some(_) => {}
            }
        }
        self.break_promise(Promise::BacklogsDrain, format!("more was still waiting after {MOST_POLLS} polls"));
    }

    fn poll(&mut self, poll: &Poll, subject: &mut impl Subject) -> Option<Delivered> {
        if let Some((kept, version)) = subject.kept().zip(poll.aged_to) {
            age(kept, version);
        }
        match (poll.whose, is_bound(subject.kept().map(|kept| kept.as_slice()))) {
            (Whose::OtherOrigin, (true, _)) | (Whose::OtherCompany, (_, true)) => {
                self.poll_of_others(poll, subject);
                None
            }
            _ => self.poll_of_our_own(&Poll { whose: Whose::Own, ..poll.clone() }, subject),
        }
    }

    /// A poll that must not come to anything.
    fn poll_of_others(&mut self, poll: &Poll, subject: &mut impl Subject) {
        let mut poll = Poll { tells: Tells::Company, ..poll.clone() };
        // An error of GraphQL may be about the company, so that one at the wrong moment would hide it.
        poll.troubles.retain(|(_, trouble)| *trouble != Trouble::Service);
        let before = subject.kept().cloned();
        match self.ask(&poll, subject) {
            Ok(delivered) => {
                self.break_promise(
                    Promise::StateIsBound,
                    format!("{:?} was polled and gave {delivered:?}", poll.whose),
                );
                subject.commit();
            }
            Err(Error::InvalidState(message)) => {
                self.note(|| format!("    refused: {message}"));
                let [of_service, of_company] = &mut self.outcome.refused;
                *if poll.whose == Whose::OtherOrigin { of_service } else { of_company } += 1;
            }
            Err(error) => self.note(|| format!("    failed: {error:?}")),
        }
        if subject.kept().cloned() != before {
            self.break_promise(Promise::StateIsBound, "a poll of others changed what was kept".to_owned());
        }
    }

    fn ask(&mut self, poll: &Poll, subject: &mut impl Subject) -> Result<Delivered, Error> {
        self.world.now += poll.after;
        if self.settings.cursors_live_for_one_poll {
            self.generation += 1;
        }
        self.outcome.polls += 1;
        let now = self.world.now;
        let whose = if poll.whose == Whose::Own { String::new() } else { format!(" of {:?}", poll.whose) };
        self.note(|| format!("  poll at {}{whose}", at(now)));
        let host_now = now - self.settings.clock_ahead;
        let mut service = Service {
            world: &mut self.world,
            settings: self.settings,
            poll,
            generation: &mut self.generation,
            requests: 0,
            story: self.tell_story.then_some(&mut self.outcome.story),
        };
        let polled = subject.poll(&mut service, host_now);
        let requests = service.requests;
        self.outcome.requests += u64::try_from(requests).unwrap_or(u64::MAX);
        polled
    }

    fn poll_of_our_own(&mut self, poll: &Poll, subject: &mut impl Subject) -> Option<Delivered> {
        let next_version = self.world.next_version();
        let began = self.world.now + poll.after;
        let result = self.ask(poll, subject);
        for id in self.edited_since(next_version) {
            *self.edited_during_polls.entry(id).or_default() += 1;
        }
        let more = result.as_ref().is_ok_and(|delivered| delivered.more);
        if let Some((from, began)) = self.waiting_from.or(more.then_some((next_version, began))) {
            self.note_edits(from, began);
        }
        match result {
            Ok(delivered) => {
                self.note(|| format!("    gave {delivered:?}{}", if poll.dies { ", and died" } else { "" }));
                self.accept(&delivered, poll.dies);
                let bytes = subject.state_bytes();
                if bytes > if self.deletes { MAX_STATE_BYTES } else { MAX_STATE_BYTES_WITHOUT_IDS } {
                    self.break_promise(Promise::StateIsReadable, format!("a state of {bytes} bytes"));
                }
                if !poll.dies {
                    self.waiting_from = delivered.more.then(|| self.waiting_from.unwrap_or((next_version, began)));
                    subject.commit();
                }
                Some(delivered)
            }
            Err(Error::InvalidState(message)) => {
                self.break_promise(Promise::StateIsReadable, message);
                None
            }
            Err(error) => {
                self.note(|| format!("    failed: {error:?}"));
                None
            }
        }
    }

    fn break_promise(&mut self, promise: Promise, how: String) {
        self.note(|| format!("  BROKEN: {how}"));
        self.outcome.broken.push((promise, how));
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.tell_story {
            self.outcome.story.push(line());
        }
    }
}

/// A change in words.
pub fn tell(change: &Change) -> String {
    let wait = if change.after == 0 { String::new() } else { format!("{} ms later: ", change.after) };
    let lag = if change.lag == 0 { String::new() } else { format!(", visible {} ms late", change.lag) };
    format!("{wait}{:?}{lag}", change.what)
}

/// A time as seconds since the beginning.
pub fn at(time: Millis) -> String {
    let since = time - BEGINNING;
    format!("{}{}.{:03} s", if since < 0 { "-" } else { "" }, since.abs() / 1_000, since.abs() % 1_000)
}
