//! Lists, page by page: at most [`MAX_PAGE_SIZE`] records a request, joined until as many as asked for are there or the
//! list ends.

use graphql_client::GraphQLQuery;

use super::answer::missing;
use super::client::Client;
use super::relay::{self, PageInfo};
use crate::contract::Error;
use crate::json::{Scanner, push_values};

/// The most records asked for at once. What the service allows is not published; 100 is what its public clients ask
/// for.
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
pub struct ListPage {
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
        push_values(&mut json, nodes);
        json.push(']');
        json
    }
}

/// Fetches the first `wanted` records of the list that stands at `path` in the answers' data; `variables` makes a
/// page's variables from its size and cursor.
pub fn fetch_list<Q>(
    client: &Client<'_>,
    path: &[&str],
    wanted: u32,
    variables: impl Fn(i64, Option<String>) -> Q::Variables,
) -> Result<List, Error>
where
    Q: GraphQLQuery,
{
    collect(wanted, &mut |size, after| fetch_page::<Q>(client, path, after, variables(size, after.map(str::to_owned))))
}

/// Fetches a page of this size after this cursor.
type PageFetcher<'f> = dyn FnMut(i64, Option<&str>) -> Result<ListPage, Error> + 'f;

#[inline(never)]
fn collect(wanted: u32, fetch: &mut PageFetcher<'_>) -> Result<List, Error> {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut list = List { edges: Vec::new(), total_count: None, has_next_page: false };
    let mut after: Option<String> = None;
    let mut empty_pages = 0;
    loop {
        let missing = u32::try_from(wanted - list.edges.len()).unwrap_or(u32::MAX);
        let size = i64::from(missing.min(MAX_PAGE_SIZE));
        let page = fetch(size, after.as_deref())?;
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
        if empty_pages > MAX_EMPTY_PAGES {
            return Err(Error::UnexpectedResponse(format!(
                "the list does not go on: after {} records the service repeats itself",
                list.edges.len()
            )));
        }
        after = page.next;
    }
}

/// Fetches one page of the list that stands at `path` in the answer's data. `after` is the cursor that is among the
/// variables: a page whose next one begins there too is an error, because nobody would come to the list's end.
pub fn fetch_page<Q>(
    client: &Client<'_>,
    path: &[&str],
    after: Option<&str>,
    variables: Q::Variables,
) -> Result<ListPage, Error>
where
    Q: GraphQLQuery,
{
    let (mut page, mut places) = (PageInfo::default(), Vec::new());
    let answer = client.run_reading::<Q>(variables, None, &mut |scanner| {
        let mut node = |scanner: &mut Scanner<'_>| scanner.value().map(Some);
        let mut edge = |cursor, node| places.push((cursor, node));
        page = relay::read_page(scanner, path, &mut node, &mut edge, &mut |scanner, _| scanner.skip())?;
        Ok(())
    })?;
    if !page.found {
        return Err(missing("the list asked for"));
    }
    let text = |place| answer.part(place).map(str::to_owned);
    let edges: Vec<Edge> = places
        .into_iter()
        .map(|(cursor, node)| Edge {
            cursor: cursor.and_then(|cursor| Scanner::new(answer.part(cursor)?).string().ok()),
            node: node.and_then(text),
        })
        .collect();
    let next = if page.has_next == Some(true) {
        let cursor = page.end_cursor.or_else(|| edges.last().and_then(|edge| edge.cursor.clone()));
        Some(cursor.ok_or_else(|| missing("the cursor of the next page, though it says that there is one"))?)
    } else {
        None
    };
    if next.is_some() && next.as_deref() == after {
        return Err(Error::UnexpectedResponse("the list does not continue: the service repeats itself".to_owned()));
    }
    Ok(ListPage { edges, total_count: page.total_count, next })
}
