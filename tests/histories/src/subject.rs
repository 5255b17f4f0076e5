//! What histories are played against: the trigger as it ships, with its state written and read as text between any two
//! polls, and mutants of it, each without one part of the design.

use crate::history::{Settings, Whose};
use crate::service::{Service, identify, named_by};
use crate::world::BEGINNING;
use connector_sdk::contract::Error;
use connector_sdk::polling::blob::{self, Watched, signed};
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::polling::classify::Class;
use connector_sdk::polling::{ChangePage, Item, PageSource, Record};
use connector_sdk::polling::{Wanted, poll_pages};
use connector_sdk::time::Millis;

/// Whether a record, as it is written, is in the state that [`Trigger::waiting`] waits for.
pub fn is_in(node: &str) -> bool {
    is_version_in(identify(node).1)
}

/// Whether a version is in that state: one in three is.
pub fn is_version_in(version: u32) -> bool {
    version.is_multiple_of(3)
}

/// Something that polls.
pub trait Subject {
    /// Polls once. What the next poll needs is kept apart until it is committed.
    fn poll(&mut self, service: &mut Service<'_>, host_now: Millis) -> Result<Delivered, Error>;

    /// Keeps what the last poll left; without this the next poll begins where the last one did.
    fn commit(&mut self);

    /// The bytes that the last poll left.
    fn state_bytes(&self) -> usize;

    /// Whether it delivers those records alone that enter a state.
    fn waits(&self) -> bool {
        false
    }

    /// Whether it reports records that are gone.
    fn deletes(&self) -> bool {
        false
    }

    /// Whether it may forget records that are gone without a word: one that was moved cannot tell a service that lost
    /// all that was known from one that never had it.
    fn may_forget(&self) -> bool {
        false
    }

    /// What is kept, as far as it can be bound to a connection.
    fn kept(&mut self) -> Option<&mut Vec<u8>> {
        None
    }
}

/// Whether a state says whose it is: it has an origin, it has a company.
pub fn is_bound(state: Option<&[u8]>) -> (bool, bool) {
    let has = |key: &[u8]| state.is_some_and(|state| state.windows(key.len()).any(|part| part == key));
    (has(b",\"origin\":\""), has(b",\"company\":\""))
}

/// Whether a state is between two rounds that look for deleted records.
pub fn is_between_rounds(state: &[u8]) -> bool {
    const OVER: &[u8] = b"\"phase\":\"over\"";
    state.windows(OVER.len()).any(|part| part == OVER)
}

/// Makes a state one of an earlier version, which has neither origin nor company.
pub fn age(state: &mut Vec<u8>, version: u32) {
    let text = String::from_utf8_lossy(state).into_owned();
    let without = |text: String, key: &str| {
        let Some((before, rest)) = text.split_once(&format!(",\"{key}\":\"")) else { return text };
        let after = rest.split_once('"').map_or("", |(_, after)| after);
        format!("{before}{after}")
    };
    let text = without(without(without(text, "origin"), "company"), "check");
    let Some((before, after)) = text.split_once(",\"version\":") else { return };
    let after = after.trim_start_matches(|character: char| character.is_ascii_digit());
    let text = format!("{before},\"version\":{version}{}", after.strip_suffix('}').unwrap_or(after));
    *state = signed(&text).into_bytes();
}

/// What the states of a poll are bound to.
pub(crate) fn watched(service: &Service<'_>) -> Watched<'static> {
    let origin = if service.poll.whose == Whose::OtherOrigin { "https://eu.duro.app" } else { "https://mfg.duro.app" };
    Watched { trigger: &duro_plm::NAMES, list: "components", origin }
}

/// What one poll delivered.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Records and versions in the list of created ones.
    pub created: Vec<(u32, u32)>,
    /// Records and versions in the list of updated ones.
    pub updated: Vec<(u32, u32)>,
    /// Records that are gone.
    pub deleted: Vec<u32>,
    /// Whether more waits.
    pub more: bool,
}

impl Delivered {
    /// Whether it delivered nothing.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.updated.is_empty() && self.deleted.is_empty()
    }
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
    /// Deep passes, but where there is no telling how long ago the last one was.
    Deep,
    /// Witnesses of where the clock is that stamps records: the newest time that the `Date` has reached is taken for
    /// it.
    Witnesses,
    /// The `Date` of the answers.
    Date,
    /// Records without a readable time: they are passed over.
    Untimed,
    /// The origin that a state belongs to.
    Origin,
    /// The company that a state belongs to.
    Company,
    /// The confirmation that what a round did not come by is gone.
    Confirmation,
    /// That any record may stand where the list is null.
    Holes,
}

/// The trigger.
#[derive(Debug)]
pub struct Trigger {
    /// Whether it delivers those records alone that enter a state.
    waits: bool,
    /// Whether it reports records that are gone.
    deletes: bool,
    bounds: Bounds,
    lacks: Lacks,
    committed: Option<Vec<u8>>,
    left: Option<Vec<u8>>,
}

impl Trigger {
    /// The trigger before its first poll.
    pub fn new(settings: &Settings, lacks: Lacks) -> Self {
        let mut bounds = settings.bounds;
        match lacks {
            Lacks::Overlap => (bounds.overlap, bounds.settling, bounds.deep_every) = (0, 0, 0),
            Lacks::Deep => bounds.deep_every = Millis::MAX / 4,
            Lacks::Witnesses => bounds.witnesses = 1,
            _ => {}
        }
        Self { waits: false, deletes: false, bounds, lacks, committed: None, left: None }
    }

    /// The trigger that waits for records to enter the state of [`is_in`].
    pub fn waiting(settings: &Settings) -> Self {
        Self { waits: true, ..Self::new(settings, Lacks::Nothing) }
    }

    /// The trigger that reports records that are gone.
    pub fn deleting(settings: &Settings, lacks: Lacks) -> Self {
        Self { deletes: true, ..Self::new(settings, lacks) }
    }
}

impl Subject for Trigger {
    fn poll(&mut self, service: &mut Service<'_>, _: Millis) -> Result<Delivered, Error> {
        let mut watched = watched(service);
        if self.lacks == Lacks::Origin {
            watched.origin = "https://mfg.duro.app";
        }
        let state = self.committed.as_deref().map(|state| blob::read(state, &watched)).transpose()?;
        let wanted = Wanted {
            since: service.settings.since.map(|before| BEGINNING - before),
            is_in: if self.waits { Some(&is_in) } else { None },
            deleted: self.deletes,
        };
        let polled = match self.lacks {
            Lacks::Proof => poll_pages(
                &mut Unproven { service, before: None },
                watched.trigger,
                state.as_ref(),
                &self.bounds,
                &wanted,
            )?,
            Lacks::Date | Lacks::Untimed | Lacks::Company | Lacks::Confirmation | Lacks::Holes => poll_pages(
                &mut Blind { service, lacks: self.lacks },
                watched.trigger,
                state.as_ref(),
                &self.bounds,
                &wanted,
            )?,
            _ => poll_pages(service, watched.trigger, state.as_ref(), &self.bounds, &wanted)?,
        };
        self.left = Some(blob::write(&polled.state, &watched));
        Ok(Delivered {
            created: polled.deliveries.of(Class::Created).map(identify).collect(),
            updated: polled.deliveries.of(Class::Updated).map(identify).collect(),
            deleted: polled.gone.ids.iter().map(|id| named_by(id)).collect(),
            more: polled.more,
        })
    }

    fn commit(&mut self) {
        self.committed = self.left.take();
    }

    fn state_bytes(&self) -> usize {
        self.left.as_ref().map_or(0, Vec::len)
    }

    fn kept(&mut self) -> Option<&mut Vec<u8>> {
        self.committed.as_mut()
    }

    fn waits(&self) -> bool {
        self.waits
    }

    fn deletes(&self) -> bool {
        self.deletes
    }
}

/// A source that hides of each page what the trigger is to do without.
struct Blind<'a, 'b> {
    service: &'a mut Service<'b>,
    lacks: Lacks,
}

impl PageSource for Blind<'_, '_> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let mut page = self.service.fetch(first, after)?;
        match self.lacks {
            Lacks::Date => page.served_at = None,
            Lacks::Company => page.owner = page.owner.map(|_| 1),
            Lacks::Confirmation => {}
            Lacks::Holes => page.items.retain(|item| item.record.is_some()),
            _ => {
                let passed_over = |item: &&mut Item| item.record.as_ref().is_some_and(|record| !record.in_order);
                page.items.iter_mut().filter(passed_over).for_each(|item| item.record = None);
            }
        }
        Ok(page)
    }

    fn id(&self, node: &str) -> Option<String> {
        self.service.id(node)
    }

    fn existing(&mut self, ids: &[String]) -> Option<Result<Vec<String>, Error>> {
        let existing = self.service.existing(ids);
        if self.lacks != Lacks::Confirmation {
            return existing;
        }
        // The first and the last are asked for because they are there.
        let outer = |id: &String| Some(id) == ids.first() || Some(id) == ids.last();
        existing.map(|given| given.map(|given| given.into_iter().filter(outer).collect()))
    }
}

/// A source that makes the proof empty: it puts the records that should be seen again before the page itself, and asks
/// the service for what follows the last record.
struct Unproven<'a, 'b> {
    service: &'a mut Service<'b>,
    before: Option<ChangePage>,
}

impl PageSource for Unproven<'_, '_> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
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
        let mut joined = headed_as(&page);
        append(&mut joined, &before, at + 1);
        append(&mut joined, &page, 0);
        self.before = Some(copy(&joined));
        Ok(joined)
    }

    fn id(&self, node: &str) -> Option<String> {
        self.service.id(node)
    }

    fn existing(&mut self, ids: &[String]) -> Option<Result<Vec<String>, Error>> {
        self.service.existing(ids)
    }
}

fn copy(page: &ChangePage) -> ChangePage {
    let mut copy = headed_as(page);
    append(&mut copy, page, 0);
    copy
}

/// A page without items that is otherwise as this one.
fn headed_as(page: &ChangePage) -> ChangePage {
    ChangePage { has_next: page.has_next, served_at: page.served_at, owner: page.owner, ..ChangePage::default() }
}

fn append(page: &mut ChangePage, other: &ChangePage, from: usize) {
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
