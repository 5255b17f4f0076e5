//! Lists, page by page: Relay connections of at most [`MAX_PAGE_SIZE`] records a request, joined until as many as asked for are
//! there or the library ends.

use super::answer::{missing, read};
use super::client::Client;
use crate::error::Error;
use crate::host::Host;
use graphql_client::GraphQLQuery;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The most records asked for at once. What the service allows is not published; 100 is what its public clients ask for.
pub const MAX_PAGE_SIZE: u32 = 100;

/// The most pages without a record that are passed over in a row before the service is taken to be stuck.
const MAX_EMPTY_PAGES: u32 = 10;

/// One record's place in a list, the record as the service wrote it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Edge {
    /// Where the list goes on after this record.
    pub cursor: Option<String>,
    /// The record.
    pub node: Option<Box<RawValue>>,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The records in order.
    pub edges: Vec<Edge>,
    /// How many records there are on all pages, as the service wrote it.
    pub total_count: Option<Box<RawValue>>,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

/// The first records of a list, joined from its pages.
#[derive(Debug)]
pub struct List {
    /// The records in order.
    pub edges: Vec<Edge>,
    /// How many records there are in all, as the service wrote it on the first page.
    pub total_count: Option<Box<RawValue>>,
    /// Whether there are more than these.
    pub has_next_page: bool,
}

impl List {
    /// The records themselves, as one JSON array. An edge without a record is left out.
    pub fn nodes_as_json(&self) -> String {
        let nodes = self.edges.iter().filter_map(|edge| edge.node.as_deref().map(RawValue::get));
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
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut list = List { edges: Vec::new(), total_count: None, has_next_page: false };
    let mut after: Option<String> = None;
    let mut empty_pages = 0;
    loop {
        let missing = u32::try_from(wanted - list.edges.len()).unwrap_or(u32::MAX);
        let size = i64::from(missing.min(MAX_PAGE_SIZE));
        let page = fetch_page::<Q>(client, variables(size, after.clone()))?;
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
    let text = client.run::<Q>(variables)?.into_text()?;
    read_page(connection(&text)?)
}

fn read_page(connection: &str) -> Result<Page, Error> {
    let connection: Connection = read(connection)?;

    let page_info = connection.page_info.unwrap_or(PageInfo { has_next_page: None, end_cursor: None });
    let edges: Vec<Edge> = connection.edges.unwrap_or_default().into_iter().flatten().collect();
    let next = if page_info.has_next_page == Some(true) {
        let cursor = page_info.end_cursor.or_else(|| edges.last().and_then(|edge| edge.cursor.clone()));
        Some(cursor.ok_or_else(|| missing("the cursor of the next page, though it says that there is one"))?)
    } else {
        None
    };
    Ok(Page { edges, total_count: connection.total_count, next })
}

/// The JSON text of the one list in an answer: the `connection` of `components` or of `changeOrders`.
pub fn connection(answer: &str) -> Result<&str, Error> {
    let Envelope { data } = read(answer)?;
    let (name, list) = match (data.components, data.change_orders) {
        (Some(list), _) => ("components", Some(list)),
        (None, list) => ("changeOrders", list),
    };
    list.and_then(|list| list.connection).map(RawValue::get).ok_or_else(|| missing(&format!("the list of {name}")))
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    components: Option<Holder<'a>>,
    #[serde(borrow, rename = "changeOrders")]
    change_orders: Option<Holder<'a>>,
}

#[derive(Deserialize)]
struct Holder<'a> {
    #[serde(borrow)]
    connection: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Connection {
    #[serde(rename = "totalCount")]
    total_count: Option<Box<RawValue>>,
    edges: Option<Vec<Option<Edge>>>,
    #[serde(rename = "pageInfo")]
    page_info: Option<PageInfo>,
}

#[derive(Deserialize)]
struct PageInfo {
    #[serde(rename = "hasNextPage")]
    has_next_page: Option<bool>,
    #[serde(rename = "endCursor")]
    end_cursor: Option<String>,
}
