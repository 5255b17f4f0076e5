//! Lists, page by page: Relay connections of at most [`MAX_PAGE_SIZE`] records a request, joined until as many as asked for are
//! there or the library ends.

use super::answer::missing;
use super::client::Client;
use crate::error::Error;
use crate::host::Host;
use crate::json::{Problem, Scanner};
use graphql_client::GraphQLQuery;

/// The most records asked for at once. What the service allows is not published; 100 is what its public clients ask for.
pub const MAX_PAGE_SIZE: u32 = 100;

/// The most pages without a record that are passed over in a row before the service is taken to be stuck.
const MAX_EMPTY_PAGES: u32 = 10;

/// One record's place in a list, the record as the service wrote it.
#[derive(Debug)]
pub struct Edge {
    /// Where the list goes on after this record.
    pub cursor: Option<String>,
    /// The record, JSON.
    pub node: Option<String>,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The records in order.
    pub edges: Vec<Edge>,
    /// How many records there are on all pages, as the service wrote it.
    pub total_count: Option<String>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// The first records of a list, joined from its pages.
#[derive(Debug)]
pub struct List {
    /// The records in order.
    pub edges: Vec<Edge>,
    /// How many records there are in all, as the service wrote it on the first page.
    pub total_count: Option<String>,
    /// Whether there are more than these.
    pub has_next_page: bool,
}

impl List {
    /// The records themselves, as one JSON array. An edge without a record is left out.
    pub fn nodes_as_json(&self) -> String {
        let nodes = self.edges.iter().filter_map(|edge| edge.node.as_deref());
        let mut json = String::from("[");
        for (index, node) in nodes.enumerate() {
            if index > 0 {
                json.push(',');
            }
            json.push_str(node);
        }
        json.push(']');
        json
    }
}

/// Fetches the first `wanted` records of a list; `variables` makes a page's variables from its size and cursor.
pub fn fetch_list<Q>(
    client: &Client<'_, impl Host>,
    wanted: u32,
    variables: impl Fn(i64, Option<String>) -> Q::Variables,
) -> Result<List, Error>
where
    Q: GraphQLQuery,
{
    collect(wanted, &mut |size, after| fetch_page::<Q>(client, variables(size, after)))
}

#[inline(never)]
fn collect(wanted: u32, fetch: &mut dyn FnMut(i64, Option<String>) -> Result<Page, Error>) -> Result<List, Error> {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut list = List { edges: Vec::new(), total_count: None, has_next_page: false };
    let mut after: Option<String> = None;
    let mut empty_pages = 0;
    loop {
        let missing = u32::try_from(wanted - list.edges.len()).unwrap_or(u32::MAX);
        let size = i64::from(missing.min(MAX_PAGE_SIZE));
        let page = fetch(size, after.clone())?;
        empty_pages = if page.edges.is_empty() { empty_pages + 1 } else { 0 };
        if list.edges.is_empty() {
            list.total_count = page.total_count;
        }
        list.edges.extend(page.edges);
        list.has_next_page = page.next.is_some() || list.edges.len() > wanted;
        list.edges.truncate(wanted);
        if list.edges.len() >= wanted || page.next.is_none() {
            return Ok(list);
        }
        if page.next == after || empty_pages > MAX_EMPTY_PAGES {
            return Err(Error::UnexpectedResponse(format!(
                "the list does not go on: after {} records the service repeats itself",
                list.edges.len()
            )));
        }
        after = page.next;
    }
}

/// Fetches one page of a list.
pub fn fetch_page<Q>(client: &Client<'_, impl Host>, variables: Q::Variables) -> Result<Page, Error>
where
    Q: GraphQLQuery,
{
    let mut read = PageRead::default();
    client.run_reading::<Q>(variables, None, &mut |scanner| read.data(scanner))?;
    read.page()
}

/// What reads one member of an object, and passes over its value.
pub type MemberReader<'r> = dyn FnMut(&mut Scanner<'_>, &str) -> Result<(), Problem> + 'r;

/// Reads the one list in an answer's `data`, the `connection` of `components` or of `changeOrders`: calls `member` with each of its
/// members, to be passed over, and `beside` with what else there is in `data`. Gives whether there is such a list.
pub fn read_connection(
    scanner: &mut Scanner<'_>,
    member: &mut MemberReader<'_>,
    beside: &mut MemberReader<'_>,
) -> Result<bool, Problem> {
    let mut found = false;
    let mut first = scanner.begin_object()?;
    while let Some(key) = scanner.key(&mut first)? {
        if !matches!(key.as_ref(), "components" | "changeOrders") {
            beside(scanner, &key)?;
            continue;
        }
        if scanner.is_null()? {
            scanner.skip()?;
            continue;
        }
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.key(&mut first)? {
            if key != "connection" || scanner.is_null()? {
                scanner.skip()?;
                continue;
            }
            found = true;
            let mut first = scanner.begin_object()?;
            while let Some(key) = scanner.key(&mut first)? {
                member(scanner, &key)?;
            }
        }
    }
    Ok(found)
}

/// A page while it is read.
#[derive(Default)]
struct PageRead {
    found: bool,
    edges: Vec<Edge>,
    total_count: Option<String>,
    has_next: Option<bool>,
    end_cursor: Option<String>,
}

impl PageRead {
    fn data(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        let mut member = |scanner: &mut Scanner<'_>, key: &str| match key {
            _ if scanner.is_null()? => scanner.skip(),
            "edges" => self.edges(scanner),
            "totalCount" => {
                let place = scanner.value()?;
                self.total_count = Some(scanner.part(place).to_owned());
                Ok(())
            }
            "pageInfo" => self.page_info(scanner),
            _ => scanner.skip(),
        };
        self.found = read_connection(scanner, &mut member, &mut |scanner, _| scanner.skip())?;
        Ok(())
    }

    fn edges(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        let mut first = scanner.begin_array()?;
        while scanner.item(&mut first)? {
            if scanner.is_null()? {
                scanner.skip()?;
                continue;
            }
            let mut edge = Edge { cursor: None, node: None };
            let mut first = scanner.begin_object()?;
            while let Some(key) = scanner.key(&mut first)? {
                match key.as_ref() {
                    "cursor" => edge.cursor = scanner.optional_string()?,
                    "node" => {
                        let null = scanner.is_null()?;
                        let place = scanner.value()?;
                        edge.node = (!null).then(|| scanner.part(place).to_owned());
                    }
                    _ => scanner.skip()?,
                }
            }
            self.edges.push(edge);
        }
        Ok(())
    }

    fn page_info(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Problem> {
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.key(&mut first)? {
            match key.as_ref() {
                "hasNextPage" => self.has_next = scanner.optional_boolean()?,
                "endCursor" => self.end_cursor = scanner.optional_string()?,
                _ => scanner.skip()?,
            }
        }
        Ok(())
    }

    fn page(self) -> Result<Page, Error> {
        if !self.found {
            return Err(missing("the list asked for"));
        }
        let next = if self.has_next == Some(true) {
            let cursor = self.end_cursor.or_else(|| self.edges.last().and_then(|edge| edge.cursor.clone()));
            Some(cursor.ok_or_else(|| missing("the cursor of the next page, though it says that there is one"))?)
        } else {
            None
        };
        Ok(Page { edges: self.edges, total_count: self.total_count, next })
    }
}
