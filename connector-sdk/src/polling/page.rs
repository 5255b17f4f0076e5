//! One page of a list that is ordered by `lastModified`, newest first, and where pages come from. A page keeps the text
//! it was read from; its records point into it, so that only what is delivered is ever copied.

use super::memory::{Mark, Version, content_hash, stand_in};
use crate::contract::Error;
use crate::json::Scanner;
use crate::time::Millis;
use std::ops::Range;

/// Where pages come from: a service, or a simulated one.
pub trait PageSource {
    /// Fetches one page of up to `first` records: those after the cursor, or the newest.
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error>;

    /// The id of a record, by its text. None if it has none, or none that is text.
    fn id(&self, node: &str) -> Option<String>;

    /// Asks which records of these ids there are, and gives their ids. None where the service cannot be asked for
    /// records by their ids, as by default.
    fn existing(&mut self, _ids: &[String]) -> Option<Result<Vec<String>, Error>> {
        None
    }
}

/// One page.
#[derive(Debug, Default)]
pub struct ChangePage {
    /// What the page was read from.
    pub text: String,
    /// Its records in the service's order.
    pub items: Vec<Item>,
    /// Whether there is another page, if the service says.
    pub has_next: Option<bool>,
    /// The service's own time when it answered, if it says: the `Date` of the answer.
    pub served_at: Option<Millis>,
    /// A hash of the id of whoever the records belong to, if it was asked for and the service says.
    pub owner: Option<u64>,
    /// Where the next page begins, if the page as a whole says so.
    pub end_cursor: Option<String>,
    /// How many records there are on all pages, if the service says.
    pub total: Option<u64>,
}

/// One place in a page.
#[derive(Debug)]
pub struct Item {
    /// Where its cursor, a JSON string, stands in the text.
    pub cursor: Option<Range<usize>>,
    /// The record; none where the service gave null, or a record without an id.
    pub record: Option<Record>,
}

/// What the walk must know of a record.
#[derive(Clone, Debug)]
pub struct Record {
    /// A hash of the record's id.
    pub id: u64,
    /// When it was created, if that can be known.
    pub created: Option<Millis>,
    /// When it was last changed; where that cannot be known, what [`stand_in`] makes of its text.
    pub modified: Millis,
    /// Whether `modified` is the `lastModified` that the list is ordered by. If it is not, the record's place in the
    /// list tells nothing.
    pub in_order: bool,
    /// Where the record, a JSON object, stands in the text.
    pub node: Range<usize>,
}

impl Record {
    /// A record whose text, a JSON object, stands at `node`. A time that is missing, unreadable or implausible is none.
    pub fn new(
        id: u64,
        created: Option<Millis>,
        last_modified: Option<Millis>,
        text: &str,
        node: Range<usize>,
    ) -> Self {
        let modified = last_modified.unwrap_or_else(|| stand_in(content_hash(text.as_bytes())));
        Self { id, created, modified, in_order: last_modified.is_some(), node }
    }
}

impl ChangePage {
    /// Whether the service gave null at a place, or what has no id: any record may stand there.
    pub fn has_holes(&self) -> bool {
        self.items.iter().any(|item| item.record.is_none())
    }

    /// Whether the last record is one of these.
    pub fn ends_with_one_of(&self, marks: &[Mark]) -> bool {
        self.items.iter().rev().find_map(Item::mark).is_some_and(|last| marks.contains(&last))
    }

    /// The text of a record.
    pub fn node(&self, record: &Record) -> &str {
        self.text.get(record.node.clone()).unwrap_or_default()
    }

    /// Which version of the record this is.
    pub fn version(&self, record: &Record) -> Version {
        Version::new(record.id, record.modified, content_hash(self.node(record).as_bytes()))
    }

    /// The cursor of an item, if it has one.
    pub fn cursor(&self, item: &Item) -> Option<String> {
        let text = self.text.get(item.cursor.clone()?)?;
        Scanner::new(text).string().ok().filter(|cursor| !cursor.is_empty())
    }
}

impl Item {
    /// What recognises the record in another page, as long as it is not changed.
    pub fn mark(&self) -> Option<Mark> {
        self.record.as_ref().map(|record| Mark::new(record.id, record.modified))
    }
}
