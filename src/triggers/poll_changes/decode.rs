//! Pages of the Duro service: asks for one, and reads it in one pass over its text. What is not of the shape asked for is an error,
//! never a record that is silently left out, except where the service itself gives null.

use super::blob::Resource;
use super::memory::hash;
use super::page::{Item, Page, PageSource, Record};
use crate::duro::queries::{PollChangeOrders, PollComponents, poll_change_orders, poll_components};
use crate::duro::{Answer, Client, Millis, missing, parse_time, read_connection};
use crate::error::Error;
use crate::host::{Host, Level};
use crate::json::{Problem, Scanner};

/// The most characters of a value that is not a time which an error repeats.
const SHOWN_CHARACTERS: usize = 60;

/// The Duro service as a source of pages, ordered by `lastModified`, newest first.
pub struct Service<'a, H> {
    /// Sends the queries.
    pub client: &'a Client<'a, H>,
    /// Gets the warnings.
    pub host: &'a H,
    /// Which list.
    pub resource: Resource,
}

impl<H: Host> PageSource for Service<'_, H> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<Page, Error> {
        let (first, after) = (Some(i64::from(first)), after.map(str::to_owned));
        let mut page = PageRead::default();
        let mut reader = |scanner: &mut Scanner<'_>| page.data(scanner);
        let answer = match self.resource {
            Resource::Components => {
                use poll_components::{ComponentsOrderByInput, LibraryType, SortDirection, Variables};
                let newest_first = ComponentsOrderByInput {
                    last_modified: Some(SortDirection::Desc),
                    created: None,
                    name: None,
                    cpn: None,
                };
                let variables = Variables {
                    library_type: Some(LibraryType::General),
                    order_by: Some(vec![Some(newest_first)]),
                    first,
                    after,
                };
                self.client.run_reading::<PollComponents>(variables, &mut reader)?
            }
            Resource::ChangeOrders => {
                use poll_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};
                let newest_first =
                    ChangeOrdersOrderByInput { con: None, last_modified: Some(SortDirection::Desc), name: None };
                let order_by = Some(vec![Some(newest_first)]);
                self.client.run_reading::<PollChangeOrders>(Variables { order_by, first, after }, &mut reader)?
            }
        };
        let (page, unplaced) = page.finish(answer)?;
        if unplaced > 0 && self.host.log_enabled(Level::Warn) {
            let line =
                format!("passed over {unplaced} records without an id or any time: their changes cannot be seen");
            self.host.log(Level::Warn, &line);
        }
        Ok(page)
    }
}

/// A page while it is read.
#[derive(Default)]
struct PageRead {
    found: bool,
    items: Vec<Item>,
    has_next: Option<bool>,
    /// How many records cannot be placed in time or told apart.
    unplaced: usize,
    wrong_time: Option<String>,
}

impl PageRead {
    fn data(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        self.found = read_connection(scanner, &mut |scanner, key| match key {
            _ if scanner.is_null()? => scanner.skip(),
            "edges" => self.edges(scanner),
            "pageInfo" => {
                let mut first = scanner.begin_object()?;
                while let Some(key) = scanner.key(&mut first)? {
                    match key.as_ref() {
                        "hasNextPage" => self.has_next = scanner.optional_boolean()?,
                        _ => scanner.skip()?,
                    }
                }
                Ok(())
            }
            _ => scanner.skip(),
        })?;
        Ok(())
    }

    fn edges(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        let mut first = scanner.begin_array()?;
        while scanner.item(&mut first)? {
            if scanner.is_null()? {
                scanner.skip()?;
                continue;
            }
            let mut item = Item { cursor: None, record: None };
            let mut first = scanner.begin_object()?;
            while let Some(key) = scanner.quick_key(&mut first)? {
                match key.as_ref() {
                    "cursor" => item.cursor = scanner.quick_value()?,
                    "node" if !scanner.is_null()? => {
                        item.record = self.record(scanner)?;
                        self.unplaced += usize::from(item.record.is_none());
                    }
                    _ => scanner.skip()?,
                }
            }
            self.items.push(item);
        }
        Ok(())
    }

    /// Reads a record; none without an id or any time.
    fn record(&mut self, scanner: &mut Scanner<'_>) -> Result<Option<Record>, Problem> {
        let start = scanner.start();
        let (mut id, mut created, mut last_modified) = (None, None, None);
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.quick_key(&mut first)? {
            match key.as_ref() {
                "id" => id = scanner.quick_value()?,
                "created" => created = self.time(scanner)?,
                "lastModified" => last_modified = self.time(scanner)?,
                _ => {
                    scanner.quick_value()?;
                }
            }
        }
        let (Some(id), Some(modified)) = (id, last_modified.or(created)) else { return Ok(None) };
        Ok(Some(Record {
            id: hash(scanner.part(id).as_bytes()),
            created,
            modified,
            in_order: last_modified.is_some(),
            node: start..scanner.position(),
        }))
    }

    fn time(&mut self, scanner: &mut Scanner<'_>) -> Result<Option<Millis>, Problem> {
        let Some(place) = scanner.quick_value()? else { return Ok(None) };
        let quoted = scanner.part(place);
        let time = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(parse_time);
        if time.is_none() && self.wrong_time.is_none() {
            self.wrong_time = Some(quoted.chars().take(SHOWN_CHARACTERS).collect());
        }
        Ok(time)
    }

    /// The page, and how many of its records cannot be placed in time or told apart.
    fn finish(self, answer: Answer) -> Result<(Page, usize), Error> {
        if !self.found {
            return Err(missing("the list asked for"));
        }
        if let Some(shown) = self.wrong_time {
            // Passing over it would pass over the record's changes for ever.
            return Err(Error::UnexpectedResponse(format!(
                "{shown} is not a time as the API writes them, such as \"2024-06-14T14:58:16.638Z\""
            )));
        }
        let served_at = answer.served_at();
        let page = Page { items: self.items, has_next: self.has_next, served_at, text: answer.into_text() };
        Ok((page, self.unplaced))
    }
}
