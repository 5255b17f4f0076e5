//! A list whose order nobody knows, of which only what was changed after a day can be asked for: made the ordered list
//! that a pass walks down. A poll reads all pages of that once, sorts them, and walks over what it has.
//!
//! Such a service gives less to hold on to than one that lists the last changed first, and this is what is done about
//! it:
//!
//! - Whether the day itself counts, and in which zone it is one, is not known: the day that is asked for ends a day and
//!   a half before what is needed begins.
//! - While the pages are read, a record may slip from one that is still to come to one that was read. What was missed
//!   so is there when the next poll reads everything again, and so the overlap is a day. A poll that reaches further
//!   back is the only one to see what is older, and reads everything twice; and so does one that finds fewer records
//!   than the service says.
//! - Of two changes that are made meanwhile the later may be read, and not the earlier. So the watermark stays ten
//!   seconds behind the `Date` of the first answer: what is newer is delivered, and looked at again whatever is
//!   forgotten.
//! - A first poll cannot ask for the newest record. It begins an overlap before the `Date` of an answer.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::blob::{Names, Watched};
use super::bounds::Bounds;
use super::page::{ChangePage, Item, PageSource, Record};
use super::poll::{Polled, Show, Wanted, begin, end, poll_pages};
use super::state::State;
use crate::contract::{Error, PollResult};
use crate::host::Call;
use crate::time::{Millis, format as format_time};

/// Where the pages of such a list come from.
pub trait WindowSource {
    /// Fetches one page of up to `first` records of those that were changed after the day which begins at `since`, in
    /// UTC: those after the cursor, or the first. More may be given; the order is not heeded.
    fn fetch(&mut self, since: Millis, first: u32, after: Option<&str>) -> Result<ChangePage, Error>;

    /// Asks the service for its own time, which the `Date` of an answer tells.
    fn now(&mut self) -> Result<Option<Millis>, Error>;

    /// The id of a record, by its text. None if it has none, or none that is text.
    fn id(&self, node: &str) -> Option<String>;
}

/// The bounds of a poll of such a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowBounds {
    /// Those of the pass over what was read.
    pub pass: Bounds,
    /// How long a day is: a simulation's is short.
    pub day: Millis,
    /// How long before what is needed the day begins that is asked for: the day itself, if it does not count, and half
    /// a day, which no zone is further from UTC.
    pub margin: Millis,
    /// How many requests one poll makes for pages. Below the 200 that a host allows by default.
    pub requests: u32,
    /// How far the watermark stays behind the `Date` of the first answer: as far as that may be ahead of the clock that
    /// stamps records.
    pub behind: Millis,
    /// How often a poll reads all pages at most.
    pub readings: u32,
}

impl WindowBounds {
    /// What a component uses.
    pub const STANDARD: Self = {
        const DAY: Millis = 24 * 3_600_000;
        Self {
            // All is read already: a pass that goes down to the floor costs nothing.
            // A `Date` that is behind repeats; one that does not count could lose what changes meanwhile.
            pass: Bounds { overlap: DAY, settling: 2 * DAY, deep_every: 0, unreached: usize::MAX, ..Bounds::STANDARD },
            day: DAY,
            margin: DAY + DAY / 2,
            requests: 150,
            behind: 10_000,
            readings: 3,
        }
    };
}

/// Polls such a list once, with the standard bounds; otherwise as [`poll`](super::poll()) does. Deleted records are not
/// found, whatever is wanted.
pub fn poll_window(
    call: &Call<'_>,
    source: &mut impl WindowSource,
    watched: &Watched<'_>,
    wanted: &Wanted<'_>,
    show: Show<'_>,
    state: Option<&[u8]>,
) -> Result<PollResult, Error> {
    let (state, wanted) = begin(call, watched, wanted, state)?;
    let polled = poll_window_pages(source, watched.trigger, state.as_ref(), &WindowBounds::STANDARD, &wanted)?;
    Ok(end(call, watched, &polled, show))
}

/// The same with other bounds. Without a state it marks where counting begins, and delivers nothing.
pub fn poll_window_pages(
    source: &mut impl WindowSource,
    names: &Names,
    state: Option<&State>,
    bounds: &WindowBounds,
    wanted: &Wanted<'_>,
) -> Result<Polled, Error> {
    let floor = match state {
        Some(state) => Some(state.floor),
        None => {
            let mark = source.now()?.map(|now| now.saturating_sub(bounds.pass.overlap));
            let since = wanted.since.map(|since| since.saturating_sub(1));
            // Not above the mark: what becomes visible late would be lost. Without either there is nothing to begin at
            // but the newest record, and to find it everything must be read.
            mark.zip(since).map(|(mark, since)| mark.min(since)).or(since).or(mark)
        }
    };
    // What is not in the window is not gone.
    let wanted = Wanted { deleted: false, ..*wanted };
    let mut window = Window { source, bounds, floor: floor.unwrap_or_default(), read: None };
    let mut polled = poll_pages(&mut window, names, state, &bounds.pass, &wanted)?;
    if let Some(floor) = floor {
        polled.state.rise_to(floor);
    }
    Ok(polled)
}

/// What was changed after a floor, as a list with the last changed first.
struct Window<'a, S> {
    source: &'a mut S,
    bounds: &'a WindowBounds,
    floor: Millis,
    /// What is in it, once it was read.
    read: Option<Read>,
}

/// What was read.
#[derive(Default)]
struct Read {
    /// The records, each at its newest version; at last in their order.
    records: Vec<Found>,
    /// Where each is, by the hash of its id, until they are in their order.
    places: HashMap<u64, usize>,
    /// The pages' texts.
    texts: Vec<String>,
    /// Whose the records are and when the first page was answered, if the service says.
    owner: Option<u64>,
    served_at: Option<Millis>,
}

struct Found {
    record: Record,
    /// Which text it points into.
    text: usize,
}

/// A place in the order: the last changed first, and those without a time at the end.
type Place = (bool, Reverse<Millis>, u64);

impl Found {
    fn place(&self) -> Place {
        (!self.record.in_order, Reverse(self.record.modified), self.record.id)
    }
}

impl<S: WindowSource> PageSource for Window<'_, S> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        if self.read.is_none() {
            self.read = Some(self.read_all()?);
        }
        let Some(read) = &self.read else { return Ok(ChangePage::default()) };
        Ok(read.page(usize::try_from(first).unwrap_or(usize::MAX), after))
    }

    fn id(&self, node: &str) -> Option<String> {
        self.source.id(node)
    }
}

impl<S: WindowSource> Window<'_, S> {
    fn read_all(&mut self) -> Result<Read, Error> {
        let WindowBounds { day, margin, mut requests, behind, readings, .. } = *self.bounds;
        let since = self.floor.saturating_sub(margin).max(0) / day * day;
        let mut read = Read::default();
        for reading in 0..readings {
            match self.read_once(since, &mut read, &mut requests)? {
                Reading::Whole if reading > 0 || !self.reaches_back(&read) => break,
                Reading::Whole | Reading::Short => {}
                Reading::CutOff if reading > 0 => break,
                Reading::CutOff => return Err(too_many(since, self.bounds)),
            }
        }
        read.records.sort_unstable_by_key(Found::place);
        read.served_at = read.served_at.map(|served_at| served_at.saturating_sub(behind));
        Ok(read)
    }

    /// Whether there may be records that no poll before saw and none after this will look at: the last poll was longer
    /// ago than the overlap. One page is of one moment, and lacks nothing.
    fn reaches_back(&self, read: &Read) -> bool {
        let overlap = self.bounds.pass.overlap;
        let is_far = |now: Millis| self.floor < now.saturating_sub(overlap.saturating_mul(2));
        read.texts.len() > 1 && read.served_at.is_none_or(is_far)
    }

    fn read_once(&mut self, since: Millis, read: &mut Read, requests: &mut u32) -> Result<Reading, Error> {
        let mut after: Option<String> = None;
        let (mut pages, mut places, mut totals) = (0, 0, Vec::new());
        let mut seen = std::collections::HashSet::new();
        loop {
            if *requests == 0 {
                return Ok(Reading::CutOff);
            }
            *requests -= 1;
            let page = self.source.fetch(since, self.bounds.pass.page_size, after.as_deref())?;
            let before = seen.len();
            seen.extend(page.items.iter().filter_map(|item| item.record.as_ref()).map(|record| record.id));
            let holes = page.items.iter().filter(|item| item.record.is_none()).count();
            (pages, places) = (pages + 1, places + seen.len() - before + holes);
            let brings_more = seen.len() > before;
            totals.push(page.total.and_then(|total| usize::try_from(total).ok()));
            let (has_next, next) = (page.has_next, page.end_cursor.clone());
            read.take(page);
            let goes_on = match (has_next, &next) {
                (Some(goes_on), _) => goes_on,
                // Where the service does not say, a page that brings nothing new is the last.
                (None, Some(_)) => brings_more,
                (None, None) => false,
            };
            if !goes_on {
                // One page is of one moment. Of several each must say the same: one that went makes room for another.
                let is_whole = pages == 1 || totals.iter().all(|total| *total == Some(places));
                return Ok(if is_whole { Reading::Whole } else { Reading::Short });
            }
            if next.is_none() || next == after {
                return Err(Error::UnexpectedResponse(
                    "the list does not go on: the service says that there is more, and not where".to_owned(),
                ));
            }
            after = next;
        }
    }
}

/// What came of reading all pages.
enum Reading {
    /// As many records as the service says that there are, or one page.
    Whole,
    /// Fewer, or the service does not say.
    Short,
    /// There are more pages than the poll may still read.
    CutOff,
}

fn too_many(since: Millis, bounds: &WindowBounds) -> Error {
    let most = bounds.requests.saturating_mul(bounds.pass.page_size);
    Error::Other(format!(
        "more than {most} records were changed since {}, which is more than one poll can read: poll more often, or set \
         the trigger to a later time, from when on changes are reported; nothing was lost so far",
        format_time(since)
    ))
}

impl Read {
    /// Takes what a page brings.
    fn take(&mut self, mut page: ChangePage) {
        self.owner = self.owner.or(page.owner);
        self.served_at = self.served_at.or(page.served_at);
        let text = self.texts.len();
        for record in page.items.drain(..).filter_map(|item| item.record) {
            let found = Found { record, text };
            let place = *self.places.entry(found.record.id).or_insert(self.records.len());
            match self.records.get_mut(place) {
                None => self.records.push(found),
                // Without a time, what was read later is newer.
                Some(known) if !found.record.in_order || known.record.modified <= found.record.modified => {
                    *known = found;
                }
                Some(_) => {}
            }
        }
        self.texts.push(page.text);
    }

    /// A page of up to `first` records: those after the cursor, or the first. What is no cursor leads to the first; the
    /// walk finds that out.
    fn page(&self, first: usize, after: Option<&str>) -> ChangePage {
        let from =
            after.and_then(place_of).map_or(0, |after| self.records.partition_point(|found| found.place() <= after));
        let mut page = ChangePage {
            has_next: Some(self.records.len() - from > first),
            served_at: self.served_at,
            owner: self.owner,
            ..ChangePage::default()
        };
        for Found { record, text } in self.records.iter().skip(from).take(first) {
            let mut push = |part: &str| {
                let start = page.text.len();
                page.text.push_str(part);
                start..page.text.len()
            };
            let cursor = push(&cursor_of(record));
            let node = self.texts.get(*text).and_then(|text| text.get(record.node.clone())).unwrap_or_default();
            let record = Record { node: push(node), ..record.clone() };
            page.items.push(Item { cursor: Some(cursor), record: Some(record) });
        }
        page
    }
}

/// The place of a record, as a JSON string: it outlives the poll.
fn cursor_of(record: &Record) -> String {
    let letter = if record.in_order { 't' } else { 'u' };
    format!("\"{letter}.{}.{:016x}\"", record.modified, record.id)
}

fn place_of(cursor: &str) -> Option<Place> {
    let mut parts = cursor.split('.');
    let is_timed = parts.next()? == "t";
    let modified = parts.next()?.parse().ok()?;
    Some((!is_timed, Reverse(modified), u64::from_str_radix(parts.next()?, 16).ok()?))
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
