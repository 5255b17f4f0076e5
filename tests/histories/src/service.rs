//! The simulated service during one poll: each request lets happen what the history says, and then gets a page of what
//! is visible.

use crate::history::{Cursor, Date, Expired, Poll, Settings, Tells, Trouble, Whose, Wrong};
use crate::world::{Place, Shown, Visible, World};
use connector_sdk::contract::Failure;
use connector_sdk::contract::{Error, ServiceFailure};
use connector_sdk::polling::hash;
use connector_sdk::polling::{ChangePage, Item, PageSource, Record};
use connector_sdk::time::{Millis, format as format_time};
use std::fmt::Write as _;

/// The first id of records that another connection leads to.
const OF_OTHERS: u32 = 1_000_000;

/// The service, as one poll finds it.
pub struct Service<'a> {
    /// Its records.
    pub world: &'a mut World,
    /// What it is like.
    pub settings: &'a Settings,
    /// What happens during this poll.
    pub poll: &'a Poll,
    /// Cursors given before this generation have expired.
    pub generation: &'a mut u32,
    /// How many requests it got in this poll.
    pub requests: usize,
    /// A line for everything that happens, if somebody reads it.
    pub story: Option<&'a mut Vec<String>>,
}

/// The answer to one request.
pub struct Answered {
    /// Its records, null where the service gives null.
    pub edges: Vec<Edge>,
    /// Whether there are more.
    pub has_next: bool,
    /// How many there are on all pages.
    pub total: usize,
    /// The `Date`.
    pub date: Option<Millis>,
    /// The company whose records these are, if the service says.
    pub company: Option<&'static str>,
}

/// One edge of the answer.
pub struct Edge {
    /// The cursor, which needs no escapes in JSON.
    pub cursor: String,
    /// The record.
    pub node: Option<Node>,
}

/// One record of an answer.
pub struct Node {
    /// Its id.
    pub id: String,
    /// Its `created`.
    pub created: Option<Millis>,
    /// Its `lastModified`, if it can be read.
    pub modified: Option<Millis>,
    /// The record as JSON.
    pub json: String,
}

impl Service<'_> {
    /// Lets happen what happens before this request, and gives its number, or what goes wrong with it.
    fn begin_request(&mut self) -> Result<usize, Trouble> {
        let request = self.requests;
        self.requests += 1;
        self.world.now += self.settings.request_takes;
        for (_, change) in self.poll.between.iter().filter(|(at, _)| *at == request) {
            self.world.apply(change);
            if let Some(story) = &mut self.story {
                story.push(format!("      meanwhile {}", crate::play::tell(change)));
            }
        }
        let mut trouble = None;
        for (_, what) in self.poll.troubles.iter().filter(|(at, _)| *at == request) {
            match what {
                Trouble::CursorsExpire => *self.generation += 1,
                _ => trouble = Some(*what),
            }
        }
        trouble.map_or(Ok(request), Err)
    }

    /// Answers a request for the records of these ids with the ids of those that are there. A record whose place in the
    /// list is null is null here too. Of more than `most` it gives those alone that were changed last, and does not say
    /// so.
    pub fn by_ids(&mut self, ids: &[String], most: usize) -> Result<Vec<String>, Trouble> {
        let request = self.requests;
        let result = self.begin_request().map(|_| {
            let visible = self.world.list().into_iter().filter(|(_, visible)| !visible.version.null);
            let there = visible.map(|(_, visible)| written_id(visible.record.id));
            there.filter(|id| ids.contains(id)).take(most).collect()
        });
        if let Some(story) = &mut self.story {
            story.push(format!("    request {request} which there are of {ids:?}: {result:?}"));
        }
        result
    }

    /// Answers a request with the `Date` alone.
    pub fn tell_date(&mut self) -> Result<Option<Millis>, Trouble> {
        self.begin_request().map(|_| self.date())
    }

    /// Answers a request for up to `first` records after a cursor.
    pub fn answer(&mut self, first: usize, after: Option<&str>) -> Result<Answered, Trouble> {
        self.answer_of(World::list, first, after)
    }

    /// The same of another list of the records: what it holds, and in which order.
    pub fn answer_of(
        &mut self,
        list: impl Fn(&World) -> Vec<(Place, Visible<'_>)>,
        first: usize,
        after: Option<&str>,
    ) -> Result<Answered, Trouble> {
        let request = self.requests;
        let result = match self.begin_request() {
            Err(trouble) => Err(trouble),
            Ok(request) if self.poll.whose == Whose::Own => self.page(&list(self.world), request, first, after),
            Ok(_) => self.page_of_others(after),
        };
        if let Some(story) = &mut self.story {
            let asked = after.map_or_else(|| "the top".to_owned(), |cursor| format!("after {cursor}"));
            let got = match &result {
                Err(trouble) => format!("{trouble:?}"),
                Ok(answered) => {
                    let mut line = String::new();
                    for edge in &answered.edges {
                        match &edge.node {
                            None => line.push_str(" null"),
                            Some(node) => drop(write!(line, " {}", node.short())),
                        }
                    }
                    format!("[{line} ] {}", if answered.has_next { "and more" } else { "the end" })
                }
            };
            story.push(format!("    request {request} {asked}: {got}"));
        }
        result
    }

    fn date(&self) -> Option<Millis> {
        match self.settings.date {
            Date::True => Some(self.world.now / 1_000 * 1_000),
            Date::Missing => None,
            Date::Apart(by) => Some((self.world.now + by) / 1_000 * 1_000),
        }
    }

    fn page(
        &self,
        list: &[(Place, Visible<'_>)],
        request: usize,
        first: usize,
        after: Option<&str>,
    ) -> Result<Answered, Trouble> {
        let generation = *self.generation;
        let start = match after {
            None => Some(0),
            Some(cursor) => position_after(cursor, list, generation),
        };
        let company = (self.poll.tells == Tells::Company).then_some("our own");
        let (date, total) = (self.date(), list.len());
        let start = match (start, self.settings.expired) {
            (Some(start), _) => start,
            (None, Expired::Error) => return Err(Trouble::Service),
            (None, Expired::Top) => 0,
            (None, Expired::Nothing) => {
                return Ok(Answered { edges: Vec::new(), has_next: false, total, date, company });
            }
        };
        let most = self.poll.short_pages.get(request).copied().unwrap_or(usize::MAX);
        let length = first.min(self.settings.most_on_page).min(most);
        let edges: Vec<Edge> = list
            .iter()
            .enumerate()
            .skip(start)
            .take(length)
            .map(|(position, (place, visible))| Edge {
                cursor: self.cursor(position, *place, visible),
                node: (!visible.version.null).then(|| node(visible)),
            })
            .collect();
        let has_next = start + edges.len() < total;
        Ok(Answered { edges, has_next, total, date, company })
    }

    /// What another connection leads to: three records of its own, newer than any here.
    fn page_of_others(&self, after: Option<&str>) -> Result<Answered, Trouble> {
        if after.is_some() && self.settings.expired == Expired::Error {
            return Err(Trouble::Service);
        }
        let edge = |id: u32| {
            let (cursor, modified) = (format!("others.{id}"), self.world.now);
            let (id, version) = (written_id(id), id);
            let json =
                format!("{{\"id\":\"{id}\",\"name\":\"v{version}\",\"lastModified\":\"{}\"}}", format_time(modified));
            let node = Node { id, created: None, modified: Some(modified), json };
            Edge { cursor, node: Some(node) }
        };
        let edges = (OF_OTHERS..OF_OTHERS + 3).map(edge).collect();
        Ok(Answered { edges, has_next: false, total: 3, date: Some(self.world.now), company: Some("another") })
    }

    fn cursor(&self, position: usize, place: Place, visible: &Visible<'_>) -> String {
        let generation = *self.generation;
        match self.settings.cursor {
            Cursor::Offset => format!("{generation}.p.{position}"),
            Cursor::SortKey => {
                let (rank, stamp, tie) = place.to_numbers();
                format!("{generation}.k.{rank}.{stamp}.{tie}")
            }
            Cursor::Id => format!("{generation}.i.{}", visible.record.id),
        }
    }
}

/// The index of the first record after the cursor; none if it has expired.
fn position_after(cursor: &str, list: &[(Place, Visible<'_>)], generation: u32) -> Option<usize> {
    let mut parts = cursor.split('.');
    if parts.next()? != generation.to_string() {
        return None;
    }
    let kind = parts.next()?;
    let mut number = || parts.next()?.parse::<u64>().ok();
    match kind {
        "p" => Some(usize::try_from(number()?).ok()? + 1),
        "k" => {
            let place = (u8::try_from(number()?).ok()?, Millis::try_from(number()?).ok()?, number()?);
            let place = Place::from_numbers(place);
            Some(list.partition_point(|(other, _)| *other <= place))
        }
        _ => {
            let id = number()?;
            list.iter().position(|(_, visible)| u64::from(visible.record.id) == id).map(|position| position + 1)
        }
    }
}

fn node(visible: &Visible<'_>) -> Node {
    let (record, version) = (visible.record, visible.version);
    let id = written_id(record.id);
    let created = record.shows_created.then_some(record.created);
    let modified = (version.shown == Shown::Right).then_some(version.stamp);
    let quoted =
        |time: Option<Millis>| time.map_or_else(|| "null".to_owned(), |time| format!("\"{}\"", format_time(time)));
    let last_modified = match version.shown {
        Shown::Wrong(wrong) => written(wrong, version.stamp),
        Shown::Right | Shown::Null => quoted(modified),
    };
    let json = format!(
        "{{\"id\":\"{id}\",\"name\":\"v{}\",\"created\":{},\"lastModified\":{last_modified}}}",
        version.number,
        quoted(created)
    );
    Node { id, created, modified, json }
}

/// A `lastModified` that is wrong, in JSON.
fn written(wrong: Wrong, time: Millis) -> String {
    match wrong {
        Wrong::Offset => format!("\"{}\"", format_time(time).replace('Z', "+99:99")),
        Wrong::FirstYear => "\"0001-01-01T00:00:00.000Z\"".to_owned(),
        Wrong::LastYear => "\"9999-12-31T23:59:59.999Z\"".to_owned(),
        Wrong::NoDay => "\"2023-11-31T12:00:00.000Z\"".to_owned(),
        Wrong::Number => time.to_string(),
        Wrong::Words => "\"a moment ago\"".to_owned(),
    }
}

impl Node {
    /// The record in a few words: its number, its version, and its `lastModified`.
    fn short(&self) -> String {
        let (id, version) = identify(&self.json);
        let modified = self.modified.map_or_else(|| "no time".to_owned(), crate::play::at);
        format!("r{id} v{version} ({modified})")
    }
}

/// The id of a record as it is written.
fn written_id(id: u32) -> String {
    format!("{id:024x}")
}

/// The record that an id names, if it is one of [`Service`]'s.
pub fn named_by(id: &str) -> u32 {
    u32::from_str_radix(id, 16).unwrap_or(u32::MAX)
}

/// Who was delivered and in which version, from the JSON that [`Service`] made.
pub fn identify(json: &str) -> (u32, u32) {
    let field = |before: &str, radix| {
        let rest = json.split_once(before)?.1;
        u32::from_str_radix(rest.split_once('"')?.0, radix).ok()
    };
    (field("\"id\":\"", 16).unwrap_or(u32::MAX), field("\"name\":\"v", 10).unwrap_or(u32::MAX))
}

impl PageSource for Service<'_> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        Ok(page_of(&self.answer(first, after).map_err(error)?))
    }

    fn id(&self, node: &str) -> Option<String> {
        Some(written_id(identify(node).0))
    }

    fn existing(&mut self, ids: &[String]) -> Option<Result<Vec<String>, Error>> {
        // Three are as many as one that is asked for between two others.
        let most = if self.settings.bounds.page_size.is_multiple_of(4) { 3 } else { usize::MAX };
        self.settings.by_ids.then(|| self.by_ids(ids, most).map_err(error))
    }
}

/// The page that a client reads from an answer.
pub fn page_of(answered: &Answered) -> ChangePage {
    let mut text = String::new();
    let mut push = |part: &str| {
        let start = text.len();
        text.push_str(part);
        start..text.len()
    };
    let mut items = Vec::with_capacity(answered.edges.len());
    for edge in &answered.edges {
        let cursor = push(&format!("\"{}\"", edge.cursor));
        let record = edge.node.as_ref().map(|node| {
            let (id, place) = (hash(node.id.as_bytes()), push(&node.json));
            Record::new(id, node.created, node.modified, &node.json, place)
        });
        items.push(Item { cursor: Some(cursor), record });
    }
    let owner = answered.company.map(|company| hash(company.as_bytes()));
    let has_next = Some(answered.has_next);
    ChangePage { text, items, has_next, served_at: answered.date, owner, ..ChangePage::default() }
}

/// What a client makes of a trouble.
pub fn error(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Transport | Trouble::CursorsExpire => Error::Transport(Failure::Timeout),
        Trouble::Garbled => Error::UnexpectedResponse("simulated".to_owned()),
        Trouble::Service => {
            Error::Service(ServiceFailure { status: 200, message: "simulated".to_owned(), errors: None, data: None })
        }
    }
}
