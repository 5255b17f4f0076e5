//! One page of a list that is ordered by its last change, newest first, read for the trigger.

use super::answer::{Answer, missing};
use super::relay::{self, PageInfo};
use crate::contract::{Error, Level};
use crate::host::Call;
use crate::json::{self, Problem, Scanner};
use crate::polling::{ChangePage, Item, Record, hash};
use crate::time::{Millis, PLAUSIBLE, parse as parse_time};

/// The most characters of a value that is not a time which a log line repeats.
const SHOWN_CHARACTERS: usize = 60;

/// Where a list's records have what the trigger must know of them. The times are ISO 8601 in UTC.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// The way from the answer's `data` to the Relay connection.
    pub path: &'static [&'static str],
    /// The member of a record that names it for ever.
    pub id: &'static str,
    /// When it was created.
    pub created: &'static str,
    /// When it was last changed: what the list is ordered by.
    pub modified: &'static str,
    /// Who the records belong to, if the service says.
    pub owner: Option<Owner>,
}

impl Changed {
    /// The id of a record, by its text. None if it has none, or none that is text.
    pub fn id_of(&self, node: &str) -> Option<String> {
        json::text_member(node, self.id).ok().flatten().filter(|id| !id.is_empty())
    }
}

/// Where `data` says whose records these are. A key that may read the list need not be allowed to ask.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The field of `data`.
    pub field: &'static str,
    /// The object in it.
    pub within: &'static str,
    /// The member of that which names the owner for ever.
    pub id: &'static str,
}

/// A page while it is read: [`ChangePageReader::data`] is the reader of [`super::Client::run_reading`].
#[derive(Debug)]
pub struct ChangePageReader {
    of: &'static Changed,
    info: PageInfo,
    items: Vec<Item>,
    owner: Option<u64>,
    oddities: Oddities,
}

/// What is odd about the records of a page.
#[derive(Debug, Default)]
struct Oddities {
    /// How many cannot be told apart.
    without_id: usize,
    /// How many times cannot be read, or are implausible.
    wrong_times: usize,
    /// The first of those.
    wrong_time: Option<String>,
}

impl ChangePageReader {
    /// A page to be read.
    pub fn new(of: &'static Changed) -> Self {
        Self { of, info: PageInfo::default(), items: Vec::new(), owner: None, oddities: Oddities::default() }
    }

    /// Reads the answer's `data`.
    pub fn data(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        let Self { of, items, owner, oddities, .. } = self;
        let mut node = |scanner: &mut Scanner<'_>| record(scanner, of, oddities);
        let mut edge = |cursor, record| items.push(Item { cursor, record });
        let mut beside = |scanner: &mut Scanner<'_>, key: &str| {
            let place = scanner.value()?;
            if let Some(whose) = of.owner.filter(|whose| whose.field == key) {
                *owner = owner_of(scanner.part(place), whose);
            }
            Ok(())
        };
        self.info = relay::read_page(scanner, of.path, &mut node, &mut edge, &mut beside)?;
        Ok(())
    }

    /// The page. What is odd about it is logged as a warning.
    pub fn finish(self, answer: Answer, call: &Call<'_>) -> Result<ChangePage, Error> {
        if !self.info.found {
            return Err(missing("the list asked for"));
        }
        let Oddities { without_id, wrong_times, wrong_time } = self.oddities;
        if without_id > 0 {
            call.log(Level::Warn, || {
                format!("passed over {without_id} records without an id: their changes cannot be seen")
            });
        }
        if let Some(shown) = wrong_time {
            call.log(Level::Warn, || {
                format!(
                    "{wrong_times} times of records are none, such as {shown}: without a readable {} a record is \
                     delivered whenever its text is another",
                    self.of.modified
                )
            });
        }
        let served_at = answer.served_at();
        let PageInfo { has_next, end_cursor, total_count, .. } = self.info;
        Ok(ChangePage {
            items: self.items,
            has_next,
            owner: self.owner,
            served_at,
            end_cursor,
            total: total_count.and_then(|count| count.parse().ok()),
            text: answer.into_text(),
        })
    }
}

/// Reads a record; none without an id.
fn record(scanner: &mut Scanner<'_>, of: &Changed, oddities: &mut Oddities) -> Result<Option<Record>, Problem> {
    let start = scanner.start();
    let (mut id, mut created, mut modified) = (None, None, None);
    let mut first = scanner.begin_object()?;
    while let Some(key) = scanner.quick_key(&mut first)? {
        match key.as_ref() {
            key if key == of.id => id = scanner.quick_value()?,
            key if key == of.created => created = time(scanner, oddities)?,
            key if key == of.modified => modified = time(scanner, oddities)?,
            _ => {
                scanner.quick_value()?;
            }
        }
    }
    let Some(id) = id else {
        oddities.without_id += 1;
        return Ok(None);
    };
    let (id, node) = (hash(scanner.part(id).as_bytes()), start..scanner.position());
    Ok(Some(Record::new(id, created, modified, scanner.part(node.clone()), node)))
}

fn time(scanner: &mut Scanner<'_>, oddities: &mut Oddities) -> Result<Option<Millis>, Problem> {
    let Some(place) = scanner.quick_value()? else { return Ok(None) };
    let quoted = scanner.part(place);
    let raw = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let time = raw.and_then(parse_time).filter(|time| PLAUSIBLE.contains(time));
    Ok(time.or_else(|| odd_time(quoted, oddities)))
}

/// A time that is written with escapes, or none at all.
#[inline(never)]
fn odd_time(quoted: &str, oddities: &mut Oddities) -> Option<Millis> {
    let text = Scanner::new(quoted).string().ok();
    let time = text.as_deref().and_then(parse_time).filter(|time| PLAUSIBLE.contains(time));
    if time.is_none() {
        oddities.wrong_times += 1;
        oddities.wrong_time.get_or_insert_with(|| quoted.chars().take(SHOWN_CHARACTERS).collect());
    }
    time
}

/// What recognises the owner: a hash of its id, so that a state tells nobody who wrote it. None where the service does
/// not say, whatever it says instead.
fn owner_of(field: &str, whose: Owner) -> Option<u64> {
    let owner = json::member(field, whose.within).ok()??;
    let id = json::member(owner, whose.id).ok()??;
    let id = match id.as_bytes().first()? {
        b'"' => Scanner::new(id).string().ok()?,
        b'0'..=b'9' => id.to_owned(),
        _ => return None,
    };
    Some(hash(id.as_bytes())).filter(|_| !id.is_empty())
}
