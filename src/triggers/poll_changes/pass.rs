//! One pass: down the list from the newest record to the floor, below which everything was delivered before. A pass that reaches a
//! bound becomes a drain, which the next poll goes on with.

use super::bounds::Bounds;
use super::classify::{Class, Deliveries};
use super::memory::{Known, Version};
use super::page::{Page, PageSource};
use super::state::{Drain, State};
use super::walk::{Step, Walk};
use crate::duro::{LATEST, Millis};
use crate::error::Error;

/// How much later than the service's clock, which ticks in seconds, a record of the same moment may be stamped.
const CLOCK_STEP: Millis = 1_000;

/// What one poll may still spend.
#[derive(Debug)]
pub struct Budget {
    requests: u32,
    delivering_pages: u32,
    restarts: u32,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything above the floor was read.
    Bottom,
    /// The poll may not spend more.
    Budget,
}

/// One pass.
#[derive(Debug)]
pub struct Pass<'a> {
    bounds: &'a Bounds,
    floor: Millis,
    known: &'a Known,
    /// There is no floor before the first page says where the newest records are.
    first: bool,
    /// Goes on with what an earlier poll began.
    resumed: bool,
    /// Where the watermark will go: the newest time on the first page that the service's clock has reached. None before that page.
    upper: Option<Millis>,
    /// The service's time when the pass began.
    began_at: Option<Millis>,
    /// What lies above `walked_to` and at or below this was delivered, and nothing can become visible there any more.
    zone: Millis,
    /// The time of the last record down to which delivery got.
    lowest: Millis,
    /// `lowest` when the walk last began: the bottom of the delivered zone.
    walked_to: Millis,
    walk: Walk,
    /// Whether records above `upper` were passed over, to be found by a pass of their own.
    left_newer: bool,
}

impl Budget {
    /// What one poll may spend.
    pub fn new(bounds: &Bounds) -> Self {
        Self { requests: bounds.requests, delivering_pages: bounds.delivering_pages, restarts: bounds.restarts }
    }

    /// Whether nothing is left for another page.
    pub fn is_spent(&self) -> bool {
        self.requests == 0 || self.delivering_pages == 0
    }
}

impl<'a> Pass<'a> {
    /// A pass from the top down to the state's floor.
    pub fn fresh(state: &'a State, bounds: &'a Bounds) -> Self {
        Self {
            bounds,
            floor: state.floor,
            known: &state.known,
            first: false,
            resumed: false,
            upper: None,
            began_at: None,
            zone: state.floor,
            lowest: LATEST,
            walked_to: LATEST,
            walk: Walk::default(),
            left_newer: false,
        }
    }

    /// The pass of a first poll, which goes down one overlap from the newest record. What it finds is not delivered.
    pub fn baseline(state: &'a State, bounds: &'a Bounds) -> Self {
        Self { first: true, ..Self::fresh(state, bounds) }
    }

    /// The pass that an earlier poll left off.
    pub fn resume(state: &'a State, drain: &Drain, bounds: &'a Bounds) -> Self {
        Self {
            resumed: true,
            upper: Some(drain.upper),
            began_at: drain.began_at,
            zone: drain.zone,
            lowest: drain.lowest,
            walked_to: drain.lowest,
            walk: Walk::new(drain.joint.clone()),
            left_newer: true,
            ..Self::fresh(state, bounds)
        }
    }

    /// Whether a further pass is needed for what changed while this one went on.
    pub fn left_newer(&self) -> bool {
        self.left_newer
    }

    /// Walks until the floor or a bound is reached, and adds what is new to the deliveries.
    pub fn run(
        &mut self,
        source: &mut impl PageSource,
        deliveries: &mut Deliveries,
        budget: &mut Budget,
    ) -> Result<End, Error> {
        while !budget.is_spent() {
            budget.requests -= 1;
            match self.walk.step(source, self.bounds)? {
                Step::Page { page, last } => {
                    self.begin(&page);
                    let found = self.read(&page, deliveries);
                    if found.news {
                        budget.delivering_pages -= 1;
                    }
                    if found.floor || last {
                        return Ok(End::Bottom);
                    }
                }
                Step::Lost if budget.restarts > 0 => {
                    budget.restarts -= 1;
                    self.walk = Walk::default();
                    self.walked_to = self.lowest;
                }
                Step::Lost if deliveries.is_empty() => {
                    return Err(Error::UnexpectedResponse(
                        "the list cannot be followed from page to page: its cursors expire at once, or it changes too \
                         fast; nothing was lost, and the next poll tries again"
                            .to_owned(),
                    ));
                }
                Step::Lost => {
                    self.walk = Walk::default();
                    return Ok(End::Budget);
                }
            }
        }
        Ok(End::Budget)
    }

    /// The first page of a fresh pass says where the watermark will go.
    fn begin(&mut self, page: &Page) {
        if self.upper.is_some() {
            return;
        }
        // A record stamped in the future must not carry the watermark with it: all that is stamped in order until then would lie
        // below. A lower watermark is always safe.
        let reached = page.served_at.map_or(LATEST, |now| now.saturating_add(CLOCK_STEP));
        let in_order = page.items.iter().filter_map(|item| item.record.as_ref()).filter(|record| record.in_order);
        let newest = in_order.map(|record| record.modified).filter(|modified| *modified <= reached).max();
        let upper = match (newest, page.served_at) {
            (Some(newest), _) => newest,
            (None, Some(now)) if self.first && !page.items.is_empty() => now,
            (None, _) => 0,
        };
        self.upper = Some(upper);
        self.began_at = page.served_at;
        self.zone = self.floor.max(upper.saturating_sub(self.bounds.overlap + 1));
        if self.first {
            self.floor = self.zone;
        }
    }

    fn read(&mut self, page: &Page, deliveries: &mut Deliveries) -> Found {
        let mut found = Found::default();
        let upper = self.upper.unwrap_or(LATEST);
        for record in page.items.iter().filter_map(|item| item.record.as_ref()) {
            if record.modified <= self.floor {
                found.floor |= record.in_order;
                continue;
            }
            if self.resumed && record.modified > upper {
                // What it was delivered as, if it was, is no longer known here; the pass that follows knows.
                self.left_newer = true;
                continue;
            }
            let in_zone = record.in_order && self.walked_to < record.modified && record.modified <= self.zone;
            if in_zone {
                continue;
            }
            let version = page.version(record);
            if !self.known.contains(version) {
                let class = || Class::of(record, self.floor, self.known.has_record(version));
                found.news |= deliveries.offer(page, record, version, class);
            }
            if record.in_order {
                self.lowest = self.lowest.min(record.modified);
            }
        }
        found
    }

    /// Takes what was not reached as seen: for a first poll among more records of one moment than a poll can read.
    pub fn cut_short(&mut self) {
        self.zone = self.zone.max(self.lowest);
    }

    /// The state after this pass reached the floor.
    pub fn complete(&self, before: &State, deliveries: &Deliveries) -> State {
        let watermark = before.watermark.max(self.upper.unwrap_or_default());
        let seen_at = if watermark > before.watermark { self.began_at } else { before.seen_at.or(self.began_at) };
        let settled = match (before.seen_at, self.began_at) {
            (Some(seen), Some(now)) if now.saturating_sub(seen) >= self.bounds.settling => before.watermark,
            _ => 0,
        };
        let floor = before.floor.max(self.zone).max(settled);
        let mut state = State { watermark, seen_at, floor, known: Known::default(), drain: None };
        state.remember(self.delivered(deliveries), self.bounds);
        state
    }

    /// The state when the poll ended before this pass reached the floor.
    pub fn suspend(&self, before: &State, deliveries: &Deliveries) -> State {
        let joint = self.walk.joint().map(|joint| {
            let mut joint = joint.clone();
            let surplus = joint.tail.len().saturating_sub(self.bounds.tail);
            joint.tail.drain(..surplus);
            joint
        });
        let drain = Drain {
            upper: self.upper.unwrap_or_default(),
            began_at: self.began_at,
            zone: self.zone,
            lowest: self.lowest,
            joint,
        };
        let mut state = State {
            watermark: before.watermark,
            seen_at: before.seen_at,
            floor: before.floor,
            known: Known::default(),
            drain: Some(drain),
        };
        state.remember(self.delivered(deliveries), self.bounds);
        state
    }

    fn delivered(&self, deliveries: &Deliveries) -> Vec<Version> {
        self.known.versions().iter().copied().chain(deliveries.versions()).collect()
    }
}

/// What a page held.
#[derive(Default)]
struct Found {
    /// Something to deliver.
    news: bool,
    /// A record at or below the floor.
    floor: bool,
}
