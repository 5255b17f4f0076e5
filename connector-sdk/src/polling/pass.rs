//! One pass: down the list from the newest record to the floor, below which everything was delivered before. A pass
//! that reaches a bound becomes a drain, which the next poll goes on with.

use super::bounds::Bounds;
use super::classify::{Class, Deliveries, Offer};
use super::memory::{Known, Version};
use super::page::{ChangePage, PageSource, Record};
use super::state::{Drain, State};
use super::ties::Ties;
use super::untimed::Untimed;
use super::upper::Upper;
use super::walk::{Step, Walk};
use crate::contract::Error;
use crate::time::Millis;

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

/// How a pass began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// That of a first poll: there is no floor before the first page says where the newest records are, and what it
    /// finds is not delivered.
    Baseline,
    /// From the top down to the state's floor.
    Fresh,
    /// Where an earlier poll left off.
    Resumed,
}

/// What a broken pass met above where the watermark goes: it is passed over, to be found by a pass of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Above {
    Nothing,
    /// Only records that the walk came by before it was broken, or could have.
    Known,
    /// Also records that were changed since.
    Newer,
}

/// One pass.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    bounds: &'a Bounds,
    /// What the poll before left.
    before: &'a State,
    kind: Kind,
    floor: Millis,
    /// Where it ends, unless that is the floor: where the last pass began. None as long as nothing tells how deep it
    /// must go.
    bottom: Option<Millis>,
    /// Records created above this are new, unless they are known.
    new_above: Millis,
    known: Known,
    /// Where the watermark will go. It stays where it is as long as no record tells.
    upper: Upper,
    untimed: Untimed,
    /// What lies at or below this and was walked over before was delivered, and nothing can become visible there any
    /// more.
    zone: Millis,
    /// The time of the newest record that the walk came by before it began again.
    newest: Millis,
    /// How far down delivery got.
    ties: Ties,
    walk: Walk,
    /// Whether the walk began again, at the top.
    restarted: bool,
    above: Above,
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
    fn new(kind: Kind, state: &'a State, bounds: &'a Bounds) -> Self {
        Self {
            bounds,
            before: state,
            kind,
            floor: state.floor,
            bottom: (kind != Kind::Fresh).then_some(Millis::MIN),
            new_above: state.new_above,
            known: Known::new(state.known.clone()),
            upper: Upper::default(),
            untimed: Untimed::default(),
            zone: state.floor,
            newest: 0,
            ties: Ties::none(),
            walk: Walk::default(),
            restarted: false,
            above: Above::Nothing,
            found_news: false,
        }
    }

    /// A pass from the top down to the state's floor.
    pub(super) fn fresh(state: &'a State, bounds: &'a Bounds) -> Self {
        Self::new(Kind::Fresh, state, bounds)
    }

    /// The pass of a first poll, which goes down one overlap from the newest record. What it finds is not delivered.
    pub(super) fn baseline(state: &'a State, bounds: &'a Bounds) -> Self {
        Self::new(Kind::Baseline, state, bounds)
    }

    /// The pass that an earlier poll left off.
    pub(super) fn resume(state: &'a State, drain: &Drain, bounds: &'a Bounds) -> Self {
        Self {
            new_above: state.new_above.min(state.floor),
            upper: Upper::resume(drain),
            untimed: Untimed::new(&state.known),
            zone: drain.zone,
            newest: drain.newest,
            ties: Ties::resume(drain),
            walk: Walk::new(drain.joint.clone()),
            ..Self::new(Kind::Resumed, state, bounds)
        }
    }

    /// Whether it is not one walk from the top: it goes on with an earlier poll's, or began again.
    fn is_broken(&self) -> bool {
        self.kind == Kind::Resumed || self.restarted
    }

    /// Whether a further pass is needed for what changed while this one went on: surely if it saw such, probably if it
    /// went on with a drain that still delivered.
    pub(super) fn left_newer(&self, deliveries: &Deliveries) -> bool {
        self.above == Above::Newer || (self.kind == Kind::Resumed && !deliveries.is_empty())
    }

    /// Whether it goes on with a drain.
    pub(super) fn is_resumed(&self) -> bool {
        self.kind == Kind::Resumed
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
                Step::Read { page, last } => {
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
            if found.floor && self.ties.are_lost() {
                self.ties.give_up();
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
        self.walk = Walk::default();
        self.upper.restart();
        self.ties.restart();
        self.restarted = true;
    }

    /// The first records of the list say where the watermark will go, and the first page how deep the pass must go.
    fn begin(&mut self, page: &ChangePage) {
        if let Some(passed) = self.upper.look(page, self.ties.lowest(), self.bounds) {
            self.zone = self.floor.max(passed.saturating_sub(self.bounds.overlap + 1));
            if self.kind == Kind::Baseline {
                self.floor = self.zone;
            }
        }
        if self.bottom.is_none() {
            let deep = self.before.is_deep_pass_due(self.upper.began_at(), self.bounds);
            self.bottom = Some(if deep { Millis::MIN } else { self.before.watermark });
        }
    }

    /// Whether it ends above the floor.
    fn is_shallow(&self) -> bool {
        self.bottom.is_some_and(|bottom| bottom > self.floor)
    }

    fn read(&mut self, page: ChangePage, deliveries: &mut Deliveries) -> Found {
        let mut offers = Vec::new();
        let floor = self.find(&page, &mut offers);
        Found { floor, news: deliveries.take(page.text, offers), lost: false }
    }

    /// Finds what a page has to deliver. Gives whether it shows that there is no more below it.
    fn find(&mut self, page: &ChangePage, offers: &mut Vec<Offer>) -> bool {
        let mut at_floor = false;
        for record in page.items.iter().filter_map(|item| item.record.as_ref()) {
            if !record.in_order {
                self.find_untimed(page, record, offers);
                continue;
            }
            if self.ties.is_delivered(record, self.bounds.tail) {
                continue;
            }
            if record.modified < self.ties.walked_to() && self.ties.come_below() {
                return true;
            }
            if record.modified <= self.floor {
                at_floor = true;
                continue;
            }
            // What stands on the same page below where a shallow pass ends is looked at all the same.
            at_floor |= self.bottom.is_some_and(|bottom| record.modified <= bottom);
            if self.is_broken() && self.upper.found().is_some_and(|upper| record.modified > upper) {
                // What it was delivered as, if it was, is no longer known here; the pass that follows knows. And that
                // it is read to the end is sure only of what was there when the pass began.
                let newer = record.modified > self.newest;
                self.above = self.above.max(if newer { Above::Newer } else { Above::Known });
                continue;
            }
            let in_zone = self.ties.walked_to() < record.modified && record.modified <= self.zone;
            if in_zone {
                continue;
            }
            self.offer(page.version(record), record, offers);
            self.went_by(record);
        }
        at_floor
    }

    /// A record without a time is delivered wherever the pass comes by it, unless it is remembered with the same text.
    fn find_untimed(&mut self, page: &ChangePage, record: &Record, offers: &mut Vec<Offer>) {
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

    /// Keeps how far down delivery got.
    fn went_by(&mut self, record: &Record) {
        if !self.is_broken() {
            self.newest = self.newest.max(record.modified);
        }
        self.ties.went_by(record, self.bounds.tail);
    }

    /// Takes what was not reached as seen: for a first poll among more records of one moment than a poll can read.
    pub(super) fn cut_short(&mut self) {
        // A few records that the clock has not reached may all be stamped in the future.
        if self.upper.has(self.bounds.witnesses_without_date()) {
            self.zone = self.zone.max(self.ties.lowest());
            self.floor = self.zone;
        }
    }

    /// How many records without a time were passed over, because they are more than can be remembered.
    pub(super) fn untimed_passed_over(&self) -> usize {
        self.untimed.passed_over()
    }

    /// The state after this pass reached the floor.
    pub(super) fn complete(&self, deliveries: &Deliveries) -> State {
        let before = self.before;
        let watermark = self.upper.found().map_or(before.watermark, |upper| upper.max(before.watermark));
        let seen_at = self.upper.seen_at();
        let seen_at = if watermark > before.watermark { seen_at } else { before.seen_at.or(seen_at) };
        let mut state = State { watermark, seen_at, ..State::default() };
        // A shallow pass has not looked for what became visible late, so that it settles nothing.
        (state.deep_at, state.floor, state.new_above) =
            if self.is_shallow() { (before.deep_at, before.floor, before.new_above) } else { self.settle() };
        let untimed = self.untimed.after(&before.known);
        state.remember(self.delivered(deliveries), untimed, &[], self.bounds);
        state
    }

    /// What a deep pass that reached the floor makes of the last deep pass, the floor and what is new.
    fn settle(&self) -> (Option<Millis>, Millis, Millis) {
        let (before, began_at) = (self.before, self.upper.began_at());
        let settled = match (before.seen_at, began_at) {
            (Some(seen), Some(now)) if now.saturating_sub(seen) >= self.bounds.settling => before.watermark,
            _ => 0,
        };
        let floor = before.floor.max(self.zone).max(settled);
        // A record that was passed over may have been created before the floor, and be met for the first time by the
        // next pass.
        let new_above = match self.above {
            Above::Nothing => before.new_above.max(self.floor),
            Above::Known | Above::Newer => before.new_above,
        };
        (began_at, floor, new_above)
    }

    /// The state when the poll ended before this pass reached the floor.
    pub(super) fn suspend(&self, deliveries: &Deliveries) -> State {
        let before = self.before;
        let joint = self.walk.joint().map(|joint| joint.trimmed(self.bounds.tail));
        let drain = Drain {
            reach: self.upper.reach(),
            newest: self.newest,
            began_at: self.upper.began_at(),
            zone: self.zone,
            lowest: self.ties.lowest(),
            end_of_ties: self.ties.to_remember(),
            joint,
        };
        let mut state = State {
            watermark: before.watermark,
            seen_at: before.seen_at,
            deep_at: before.deep_at,
            floor: before.floor,
            new_above: before.new_above,
            drain: Some(drain),
            ..State::default()
        };
        let untimed = self.untimed.after(&before.known);
        state.remember(self.delivered(deliveries), untimed, self.ties.last(), self.bounds);
        state
    }

    /// What has a time and was delivered before and in this poll, each version once, nearly in order.
    fn delivered(&self, deliveries: &Deliveries) -> Vec<Version> {
        let news = deliveries.versions().rev().filter(|version| !self.known.contains(*version));
        self.before.known.iter().copied().chain(news).filter(Version::is_timed).collect()
    }
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
