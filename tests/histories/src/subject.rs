//! What histories are played against: the trigger as it ships, with its state written and read as text between any two polls, and
//! mutants of it, each without one part of the design.

use crate::history::Settings;
use crate::service::{Service, identify};
use duro_plm::duro::Millis;
use duro_plm::error::Error;
use duro_plm::triggers::poll_changes::blob::{self, Resource};
use duro_plm::triggers::poll_changes::bounds::Bounds;
use duro_plm::triggers::poll_changes::classify::Class;
use duro_plm::triggers::poll_changes::page::{Page, PageSource};
use duro_plm::triggers::poll_changes::poll_pages;

/// Something that polls.
pub trait Subject {
    /// Polls once. What the next poll needs is kept apart until it is committed.
    fn poll(&mut self, service: &mut Service<'_>, host_now: Millis) -> Result<Delivered, Error>;

    /// Keeps what the last poll left; without this the next poll begins where the last one did.
    fn commit(&mut self);

    /// The bytes that the last poll left.
    fn state_bytes(&self) -> usize;
}

/// What one poll delivered.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Records and versions in the list of created ones.
    pub created: Vec<(u32, u32)>,
    /// Records and versions in the list of updated ones.
    pub updated: Vec<(u32, u32)>,
    /// Whether more waits.
    pub more: bool,
}

/// A part of the design that a mutant lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// Nothing: what ships.
    Nothing,
    /// The overlap: each pass ends at the watermark.
    Overlap,
    /// The proof that joins pages: each page begins after the last record of the one before.
    Proof,
}

/// The trigger.
#[derive(Debug)]
pub struct Trigger {
    bounds: Bounds,
    lacks: Lacks,
    committed: Option<Vec<u8>>,
    left: Option<Vec<u8>>,
}

impl Trigger {
    /// The trigger before its first poll.
    pub fn new(settings: &Settings, lacks: Lacks) -> Self {
        let mut bounds = settings.bounds;
        if lacks == Lacks::Overlap {
            (bounds.overlap, bounds.settling) = (0, 0);
        }
        Self { bounds, lacks, committed: None, left: None }
    }
}

impl Subject for Trigger {
    fn poll(&mut self, service: &mut Service<'_>, _: Millis) -> Result<Delivered, Error> {
        let state = self.committed.as_deref().map(|state| blob::read(state, Resource::Components)).transpose()?;
        let polled = match self.lacks {
            Lacks::Proof => poll_pages(&mut Unproven { service, before: None }, state.as_ref(), &self.bounds)?,
            _ => poll_pages(service, state.as_ref(), &self.bounds)?,
        };
        self.left = Some(blob::write(&polled.state, Resource::Components));
        Ok(Delivered {
            created: polled.deliveries.of(Class::Created).map(identify).collect(),
            updated: polled.deliveries.of(Class::Updated).map(identify).collect(),
            more: polled.more,
        })
    }

    fn commit(&mut self) {
        self.committed = self.left.take();
    }

    fn state_bytes(&self) -> usize {
        self.left.as_ref().map_or(0, Vec::len)
    }
}

/// A source that makes the proof empty: it puts the records that should be seen again before the page itself, and asks the service for what
/// follows the last record.
struct Unproven<'a, 'b> {
    service: &'a mut Service<'b>,
    before: Option<Page>,
}

impl PageSource for Unproven<'_, '_> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<Page, Error> {
        let before = after.and_then(|after| {
            let before = self.before.take()?;
            let at = before.items.iter().position(|item| before.cursor(item).as_deref() == Some(after))?;
            let last = before.items.last().and_then(|item| before.cursor(item))?;
            Some((before, at, last))
        });
        let Some((before, at, last)) = before else {
            let page = self.service.fetch(first, after)?;
            self.before = Some(copy(&page));
            return Ok(page);
        };
        let page = self.service.fetch(first, Some(&last))?;
        let mut joined = Page { has_next: page.has_next, served_at: page.served_at, ..Page::default() };
        append(&mut joined, &before, at + 1);
        append(&mut joined, &page, 0);
        self.before = Some(copy(&joined));
        Ok(joined)
    }
}

fn copy(page: &Page) -> Page {
    let mut copy = Page { has_next: page.has_next, served_at: page.served_at, ..Page::default() };
    append(&mut copy, page, 0);
    copy
}

fn append(page: &mut Page, other: &Page, from: usize) {
    use duro_plm::triggers::poll_changes::page::{Item, Record};
    for item in other.items.iter().skip(from) {
        let text = &mut page.text;
        let mut push = |part: &str| {
            let start = text.len();
            text.push_str(part);
            start..text.len()
        };
        let cursor = other.cursor(item).map(|cursor| push(&format!("\"{cursor}\"")));
        let record = item.record.as_ref().map(|record| Record { node: push(other.node(record)), ..record.clone() });
        page.items.push(Item { cursor, record });
    }
}
