//! One pass: down the list from the newest record to the floor, below which everything was delivered before. A pass that reaches a
//! bound becomes a drain, which the next poll goes on with.

use super::bounds::Bounds;
use super::classify::{Class, Deliveries, Offer};
use super::memory::{Known, Mark, Version};
use super::page::{Page, PageSource, Record};
use super::state::{Drain, State};
use super::untimed::Untimed;
use super::upper::Upper;
use super::walk::{Step, Walk};
use crate::contract::Error;
use crate::time::{LATEST, Millis};

/// What one poll may still spend.
#[derive(Debug)]
pub(super) struct Budget {
    requests: u32,
    delivering_pages: u32,
    restarts: u32,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything above the floor was read.
    Bottom,
    /// The poll may not spend more.
    Budget,
}

/// One pass.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    bounds: &'a Bounds,
    floor: Millis,
    /// Records created above this are new, unless they are known.
    new_above: Millis,
    known: Known,
    /// There is no floor before the first page says where the newest records are.
    first: bool,
    /// Goes on with what an earlier poll began.
    resumed: bool,
    /// It is not one walk from the top: it goes on with an earlier poll's, or began again.
    broken: bool,
    /// Where the watermark will go. It stays where it is as long as no record tells.
    upper: Upper,
    untimed: Untimed,
    /// What lies above `walked_to` and at or below this was delivered, and nothing can become visible there any more.
    zone: Millis,
    /// The time of the newest record that the walk came by before it began again.
    newest: Millis,
    /// The time of the last record down to which delivery got.
    lowest: Millis,
    /// `lowest` when the walk last began: the bottom of the delivered zone.
    walked_to: Millis,
    /// The last of the records of the time `lowest` that were delivered.
    last_ties: Vec<Mark>,
    /// The same of the time `walked_to` when the walk last began, if others of that time are forgotten.
    end_of_ties: Vec<Mark>,
    /// Whether the walk has yet to come by one of them: what it meets of their time before was delivered.
    seeking: bool,
    /// The last of those that were passed over for that reason: the next page may begin with some of them.
    passed_over: Vec<Mark>,
    walk: Walk,
    /// Whether records above `upper` were passed over, to be found by a pass of their own.
    left_newer: bool,
    found_news: bool,
}

impl Budget {
    /// What one poll may spend.
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self { requests: bounds.requests, delivering_pages: bounds.delivering_pages, restarts: bounds.restarts }
    }

    /// Whether nothing is left for another page.
    pub(super) fn is_spent(&self) -> bool {
        self.requests == 0 || self.delivering_pages == 0
    }
}

impl<'a> Pass<'a> {
    /// A pass from the top down to the state's floor.
    pub(super) fn fresh(state: &'a State, bounds: &'a Bounds) -> Self {
        Self {
            bounds,
            floor: state.floor,
            new_above: state.new_above,
            known: Known::new(state.known.clone()),
            first: false,
            resumed: false,
            broken: false,
            upper: Upper::default(),
            untimed: Untimed::default(),
            zone: state.floor,
            newest: 0,
            lowest: LATEST,
            walked_to: LATEST,
            last_ties: Vec::new(),
            end_of_ties: Vec::new(),
            seeking: false,
            passed_over: Vec::new(),
            walk: Walk::default(),
            left_newer: false,
            found_news: false,
        }
    }

    /// The pass of a first poll, which goes down one overlap from the newest record. What it finds is not delivered.
    pub(super) fn baseline(state: &'a State, bounds: &'a Bounds) -> Self {
        Self { first: true, ..Self::fresh(state, bounds) }
    }

    /// The pass that an earlier poll left off.
    pub(super) fn resume(state: &'a State, drain: &Drain, bounds: &'a Bounds) -> Self {
        Self {
            resumed: true,
            broken: true,
            new_above: state.new_above.min(state.floor),
            upper: Upper::resume(drain),
            untimed: Untimed::new(&state.known),
            zone: drain.zone,
            newest: drain.newest,
            lowest: drain.lowest,
            walked_to: drain.lowest,
            last_ties: drain.end_of_ties.clone(),
            end_of_ties: drain.end_of_ties.clone(),
            seeking: !drain.end_of_ties.is_empty(),
            walk: Walk::new(drain.joint.clone()),
            ..Self::fresh(state, bounds)
        }
    }

    /// Whether a further pass is needed for what changed while this one went on: surely if it saw such, probably if it went on with a
    /// drain that still delivered.
    pub(super) fn left_newer(&self, deliveries: &Deliveries) -> bool {
        self.left_newer || (self.resumed && !deliveries.is_empty())
    }

    /// Whether it goes on with a drain.
    pub(super) fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// Whether it found something to deliver.
    pub(super) fn has_found_news(&self) -> bool {
        self.found_news
    }

    /// Walks until the floor or a bound is reached, and adds what is new to the deliveries.
    pub(super) fn run(
        &mut self,
        source: &mut impl PageSource,
        deliveries: &mut Deliveries,
        budget: &mut Budget,
    ) -> Result<End, Error> {
        while !budget.is_spent() {
            budget.requests -= 1;
            let found = match self.walk.step(source, self.bounds)? {
                Step::Page { page, last } => {
                    self.begin(&page);
                    let found = self.read(page, deliveries);
                    if found.news {
                        self.found_news = true;
                        budget.delivering_pages -= 1;
                    }
                    Found { floor: found.floor || last, ..found }
                }
                Step::Lost => Found { lost: true, ..Found::default() },
            };
            if self.seeking && !self.passed_over.is_empty() && found.floor {
                // None of them is where it was: all of their time must be delivered again.
                self.end_of_ties.clear();
            } else if found.floor {
                return Ok(End::Bottom);
            } else if !found.lost {
                continue;
            }
            if budget.restarts == 0 {
                if deliveries.is_empty() {
                    return Err(Error::UnexpectedResponse(
                        "the list cannot be followed from page to page: its cursors expire at once, or it changes too \
                         fast; nothing was lost, and the next poll tries again"
                            .to_owned(),
                    ));
                }
                self.walk = Walk::default();
                break;
            }
            budget.restarts -= 1;
            self.restart();
        }
        Ok(End::Budget)
    }

    /// Begins at the top again, down to where delivery got.
    fn restart(&mut self) {
        if self.lowest < self.walked_to {
            // What was delivered since is known.
            self.end_of_ties.clear();
        }
        self.walk = Walk::default();
        self.upper.restart();
        self.broken = true;
        self.walked_to = self.lowest;
        self.seeking = !self.end_of_ties.is_empty();
        self.passed_over.clear();
    }

    /// The first records of the list say where the watermark will go.
    fn begin(&mut self, page: &Page) {
        if let Some(passed) = self.upper.look(page, self.lowest, self.bounds) {
            self.zone = self.floor.max(passed.saturating_sub(self.bounds.overlap + 1));
            if self.first {
                self.floor = self.zone;
            }
        }
    }

    fn read(&mut self, page: Page, deliveries: &mut Deliveries) -> Found {
        let mut offers = Vec::new();
        let floor = self.find(&page, &mut offers);
        Found { floor, news: deliveries.take(page.text, offers), lost: false }
    }

    /// Finds what a page has to deliver. Gives whether it shows that there is no more below it.
    fn find(&mut self, page: &Page, offers: &mut Vec<Offer>) -> bool {
        let mut at_floor = false;
        for record in page.items.iter().filter_map(|item| item.record.as_ref()) {
            if !record.in_order {
                self.find_untimed(page, record, offers);
                continue;
            }
            if self.is_delivered_tie(record) {
                continue;
            }
            if self.seeking && record.modified < self.walked_to {
                if !self.passed_over.is_empty() {
                    return true;
                }
                self.seeking = false;
            }
            if record.modified <= self.floor {
                at_floor = true;
                continue;
            }
            if self.broken && self.upper.found().is_some_and(|upper| record.modified > upper) {
                // What it was delivered as, if it was, is no longer known here; the pass that follows knows. And that it is read to the end
                // is sure only of what was there when the pass began.
                self.left_newer |= record.modified > self.newest;
                continue;
            }
            let in_zone = self.walked_to < record.modified && record.modified <= self.zone;
            if in_zone {
                continue;
            }
            self.offer(page.version(record), record, offers);
            self.went_by(record);
        }
        at_floor
    }

    /// A record without a time is delivered wherever the pass comes by it, unless it is remembered with the same text.
    fn find_untimed(&mut self, page: &Page, record: &Record, offers: &mut Vec<Offer>) {
        let version = page.version(record);
        if self.untimed.meet(version, self.bounds.untimed) {
            self.offer(version, record, offers);
        }
    }

    fn offer(&mut self, version: Version, record: &Record, offers: &mut Vec<Offer>) {
        if !self.known.contains(version) {
            let before = self.known.first_of(version);
            if version.is_timed() && before.is_some_and(|before| !before.is_timed()) {
                self.untimed.forget(version);
            }
            let class = Class::of(record, self.new_above, before.is_some());
            offers.push(Offer { id: record.id, version, class, node: record.node.clone() });
        }
    }

    /// Whether it was delivered by an earlier poll that did not remember it.
    fn is_delivered_tie(&mut self, record: &Record) -> bool {
        if record.modified != self.walked_to || self.end_of_ties.is_empty() {
            return false;
        }
        let mark = Mark::new(record.id, record.modified);
        let is_marked = self.end_of_ties.contains(&mark);
        self.seeking &= !is_marked;
        if self.seeking {
            keep_last(&mut self.passed_over, mark, 2 * self.bounds.tail);
        }
        is_marked || self.passed_over.contains(&mark)
    }

    /// Keeps how far down delivery got.
    fn went_by(&mut self, record: &Record) {
        if !self.broken {
            self.newest = self.newest.max(record.modified);
        }
        if record.modified < self.lowest {
            self.lowest = record.modified;
            self.last_ties.clear();
        }
        if record.modified == self.lowest {
            keep_last(&mut self.last_ties, Mark::new(record.id, record.modified), self.bounds.tail);
        }
    }

    /// Takes what was not reached as seen: for a first poll among more records of one moment than a poll can read.
    pub(super) fn cut_short(&mut self) {
        // A few records that the clock has not reached may all be stamped in the future.
        if self.upper.found().is_some() || self.upper.witnesses() >= self.bounds.witnesses_without_date() {
            self.zone = self.zone.max(self.lowest);
            self.floor = self.zone;
        }
    }

    /// How many records without a time were passed over, because they are more than can be remembered.
    pub(super) fn untimed_passed_over(&self) -> usize {
        self.untimed.passed_over()
    }

    /// The state after this pass reached the floor.
    pub(super) fn complete(&self, before: &State, deliveries: &Deliveries) -> State {
        let watermark = self.upper.found().map_or(before.watermark, |upper| upper.max(before.watermark));
        let began_at = self.upper.began_at();
        let seen_at = if watermark > before.watermark { began_at } else { before.seen_at.or(began_at) };
        let settled = match (before.seen_at, began_at) {
            (Some(seen), Some(now)) if now.saturating_sub(seen) >= self.bounds.settling => before.watermark,
            _ => 0,
        };
        let floor = before.floor.max(self.zone).max(settled);
        let new_above = before.new_above.max(self.floor);
        let mut state = State { watermark, seen_at, floor, new_above, ..State::default() };
        let untimed = self.untimed.after(&before.known);
        state.remember(self.delivered(before, deliveries), untimed, &[], self.bounds);
        state
    }

    /// The state when the poll ended before this pass reached the floor.
    pub(super) fn suspend(&self, before: &State, deliveries: &Deliveries) -> State {
        let joint = self.walk.joint().map(|joint| {
            let mut joint = joint.clone();
            let surplus = joint.tail.len().saturating_sub(self.bounds.tail);
            joint.tail.drain(..surplus);
            joint
        });
        let forgot_ties = self.lowest == self.walked_to && !self.end_of_ties.is_empty();
        let drain = Drain {
            upper: self.upper.found(),
            witnesses: self.upper.witnesses(),
            newest: self.newest,
            began_at: self.upper.began_at(),
            zone: self.zone,
            lowest: self.lowest,
            end_of_ties: if forgot_ties { self.last_ties.clone() } else { Vec::new() },
            joint,
        };
        let mut state = State {
            watermark: before.watermark,
            seen_at: before.seen_at,
            floor: before.floor,
            new_above: before.new_above,
            drain: Some(drain),
            ..State::default()
        };
        let untimed = self.untimed.after(&before.known);
        state.remember(self.delivered(before, deliveries), untimed, &self.last_ties, self.bounds);
        state
    }

    /// What has a time and was delivered before and in this poll, each version once, nearly in order.
    fn delivered(&self, before: &State, deliveries: &Deliveries) -> Vec<Version> {
        let news = deliveries.versions().rev().filter(|version| !self.known.contains(*version));
        before.known.iter().copied().chain(news).filter(Version::is_timed).collect()
    }
}

/// Appends a mark, and drops the first where they become more than `most`.
fn keep_last(marks: &mut Vec<Mark>, mark: Mark, most: usize) {
    marks.retain(|other| *other != mark);
    marks.push(mark);
    let surplus = marks.len().saturating_sub(most);
    marks.drain(..surplus);
}

/// What a page held.
#[derive(Default)]
struct Found {
    /// Something to deliver.
    news: bool,
    /// A record at or below the floor, or the end of the list; while seeking, a record below the ties.
    floor: bool,
    /// No proof of where the walk is.
    lost: bool,
}
