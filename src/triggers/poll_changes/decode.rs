//! Pages of the Duro service: asks for one, and reads it in one pass over its text. What is not of the shape asked for is an error,
//! never a record that is silently left out, except where the service itself gives null.

use super::blob::Resource;
use super::memory::hash;
use super::page::{Item, Page, PageSource, Record};
use crate::duro::queries::{PollChangeOrders, PollComponents, poll_change_orders, poll_components};
use crate::duro::{Answer, Client, Millis, PLAUSIBLE, missing, parse_time, read_connection};
use crate::error::{Error, ServiceFailure};
use crate::host::{Host, Level};
use crate::json::{self, Problem, Scanner};

/// The most characters of a value that is not a time which a log line repeats.
const SHOWN_CHARACTERS: usize = 60;

/// The field of `data` that says whose API key it is.
const OWNER: &str = "userById";

/// The Duro service as a source of pages, ordered by `lastModified`, newest first.
pub struct Service<'a, H> {
    client: &'a Client<'a, H>,
    host: &'a H,
    resource: Resource,
    /// Whether the company is still to be asked for.
    asks_company: bool,
}

impl<'a, H: Host> Service<'a, H> {
    /// A list of the service, which is asked for whose it is beside its first page. The host gets the warnings.
    pub fn new(client: &'a Client<'a, H>, host: &'a H, resource: Resource) -> Self {
        Self { client, host, resource, asks_company: true }
    }

    fn ask(&self, first: u32, after: Option<&str>, with_company: bool) -> Result<(Page, Oddities), Error> {
        let (first, after) = (Some(i64::from(first)), after.map(str::to_owned));
        let may_fail = with_company.then_some(OWNER);
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
                    with_company,
                };
                self.client.run_reading::<PollComponents>(variables, may_fail, &mut reader)?
            }
            Resource::ChangeOrders => {
                use poll_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};
                let newest_first =
                    ChangeOrdersOrderByInput { con: None, last_modified: Some(SortDirection::Desc), name: None };
                let order_by = Some(vec![Some(newest_first)]);
                let variables = Variables { order_by, first, after, with_company };
                self.client.run_reading::<PollChangeOrders>(variables, may_fail, &mut reader)?
            }
        };
        page.finish(answer)
    }

    fn warn(&self, line: impl FnOnce() -> String) {
        if self.host.log_enabled(Level::Warn) {
            self.host.log(Level::Warn, &line());
        }
    }
}

impl<H: Host> PageSource for Service<'_, H> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<Page, Error> {
        let answered = match self.ask(first, after, self.asks_company) {
            // An error of GraphQL, which may be about the company alone: a key that may read the list need not be allowed to read its owner.
            Err(Error::Forbidden(_) | Error::Service(ServiceFailure { errors: Some(_), .. })) if self.asks_company => {
                self.ask(first, after, false)
            }
            answered => answered,
        };
        let (page, oddities) = answered?;
        self.asks_company = false;
        if oddities.without_id > 0 {
            self.warn(|| {
                format!("passed over {} records without an id: their changes cannot be seen", oddities.without_id)
            });
        }
        if let Some(shown) = oddities.wrong_time {
            self.warn(|| {
                format!(
                    "{} times of records are none, such as {shown}: without a readable lastModified a record is delivered \
                     whenever its text is another",
                    oddities.wrong_times
                )
            });
        }
        Ok(page)
    }
}

/// What is odd about the records of a page.
#[derive(Default)]
struct Oddities {
    /// How many cannot be told apart.
    without_id: usize,
    /// How many times cannot be read, or are implausible.
    wrong_times: usize,
    /// The first of those.
    wrong_time: Option<String>,
}

/// A page while it is read.
#[derive(Default)]
struct PageRead {
    found: bool,
    items: Vec<Item>,
    has_next: Option<bool>,
    company: Option<u64>,
    oddities: Oddities,
}

impl PageRead {
    fn data(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        let mut company = None;
        let mut member = |scanner: &mut Scanner<'_>, key: &str| match key {
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
        };
        let mut beside = |scanner: &mut Scanner<'_>, key: &str| {
            let place = scanner.value()?;
            if key == OWNER {
                company = company_of(scanner.part(place));
            }
            Ok(())
        };
        self.found = read_connection(scanner, &mut member, &mut beside)?;
        self.company = company;
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
                        self.oddities.without_id += usize::from(item.record.is_none());
                    }
                    _ => scanner.skip()?,
                }
            }
            self.items.push(item);
        }
        Ok(())
    }

    /// Reads a record; none without an id.
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
        let Some(id) = id else { return Ok(None) };
        let (id, node) = (hash(scanner.part(id).as_bytes()), start..scanner.position());
        Ok(Some(Record::new(id, created, last_modified, scanner.part(node.clone()), node)))
    }

    fn time(&mut self, scanner: &mut Scanner<'_>) -> Result<Option<Millis>, Problem> {
        let Some(place) = scanner.quick_value()? else { return Ok(None) };
        let quoted = scanner.part(place);
        let raw = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let time = raw.and_then(parse_time).filter(|time| PLAUSIBLE.contains(time));
        Ok(time.or_else(|| self.odd_time(quoted)))
    }

    /// A time that is written with escapes, or none at all.
    #[inline(never)]
    fn odd_time(&mut self, quoted: &str) -> Option<Millis> {
        let text = Scanner::new(quoted).string().ok();
        let time = text.as_deref().and_then(parse_time).filter(|time| PLAUSIBLE.contains(time));
        if time.is_none() {
            self.oddities.wrong_times += 1;
            self.oddities.wrong_time.get_or_insert_with(|| quoted.chars().take(SHOWN_CHARACTERS).collect());
        }
        time
    }

    /// The page, and what is odd about it.
    fn finish(self, answer: Answer) -> Result<(Page, Oddities), Error> {
        if !self.found {
            return Err(missing("the list asked for"));
        }
        let Self { items, has_next, company, oddities, .. } = self;
        Ok((Page { items, has_next, company, served_at: answer.served_at(), text: answer.into_text() }, oddities))
    }
}

/// What recognises the company of the API key's owner: a hash of its id, so that a state tells nobody who wrote it. None where the service does not
/// say, whatever it says instead.
fn company_of(owner: &str) -> Option<u64> {
    let company = json::member(owner, "primaryCompany").ok()??;
    let id = json::member(company, "id").ok()??;
    let id = match id.as_bytes().first()? {
        b'"' => Scanner::new(id).string().ok()?,
        b'0'..=b'9' => id.to_owned(),
        _ => return None,
    };
    Some(hash(id.as_bytes())).filter(|_| !id.is_empty())
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
