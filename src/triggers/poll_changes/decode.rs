//! Pages of the Duro service: asks for one, and reads it in one pass over its text. What is not of the shape asked for is an error,
//! never a record that is silently left out, except where the service itself gives null.

use super::blob::Resource;
use super::memory::hash;
use super::page::{Item, Page, PageSource, Record};
use crate::duro::queries::{PollChangeOrders, PollComponents, poll_change_orders, poll_components};
use crate::duro::{Answer, Client, Millis, connection, parse_time};
use crate::error::Error;
use crate::host::{Host, Level};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::ops::Range;

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
        let answer = match self.resource {
            Resource::Components => {
                use poll_components::{ComponentsOrderByInput, LibraryType, SortDirection, Variables};
                let newest_first = ComponentsOrderByInput {
                    last_modified: Some(SortDirection::Desc),
                    created: None,
                    name: None,
                    cpn: None,
                };
                self.client.run::<PollComponents>(Variables {
                    library_type: Some(LibraryType::General),
                    order_by: Some(vec![Some(newest_first)]),
                    first,
                    after,
                })?
            }
            Resource::ChangeOrders => {
                use poll_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};
                let newest_first =
                    ChangeOrdersOrderByInput { con: None, last_modified: Some(SortDirection::Desc), name: None };
                let order_by = Some(vec![Some(newest_first)]);
                self.client.run::<PollChangeOrders>(Variables { order_by, first, after })?
            }
        };
        let (page, unplaced) = read_page(answer)?;
        if unplaced > 0 && self.host.log_enabled(Level::Warn) {
            let line =
                format!("passed over {unplaced} records without an id or any time: their changes cannot be seen");
            self.host.log(Level::Warn, &line);
        }
        Ok(page)
    }
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    edges: Option<Vec<Option<Edge<'a>>>>,
    #[serde(rename = "pageInfo")]
    page_info: Option<PageInfo>,
}

#[derive(Deserialize)]
struct PageInfo {
    #[serde(rename = "hasNextPage")]
    has_next_page: Option<bool>,
}

#[derive(Deserialize)]
struct Edge<'a> {
    #[serde(borrow)]
    cursor: Option<&'a RawValue>,
    #[serde(borrow)]
    node: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Node<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow, rename = "lastModified")]
    last_modified: Option<&'a RawValue>,
}

/// Reads a page, and how many of its records cannot be placed in time or told apart.
pub fn read_page(answer: Answer) -> Result<(Page, usize), Error> {
    let served_at = answer.served_at();
    let text = answer.into_text()?;
    let list: List<'_> = serde_json::from_str(connection(&text)?).map_err(|error| wrong_shape(&error))?;
    let mut unplaced = 0;
    let mut items = Vec::new();
    for edge in list.edges.unwrap_or_default().into_iter().flatten() {
        let cursor = edge.cursor.map(|cursor| place(&text, cursor)).transpose()?;
        let record = match edge.node {
            None => None,
            Some(node) => {
                let record = read_record(&text, node)?;
                unplaced += usize::from(record.is_none());
                record
            }
        };
        items.push(Item { cursor, record });
    }
    let has_next = list.page_info.and_then(|info| info.has_next_page);
    Ok((Page { items, has_next, served_at, text }, unplaced))
}

fn read_record(text: &str, node: &RawValue) -> Result<Option<Record>, Error> {
    let fields: Node<'_> = serde_json::from_str(node.get()).map_err(|error| wrong_shape(&error))?;
    let created = fields.created.map(time).transpose()?;
    let last_modified = fields.last_modified.map(time).transpose()?;
    let (Some(id), Some(modified)) = (fields.id, last_modified.or(created)) else { return Ok(None) };
    Ok(Some(Record {
        id: hash(id.get().as_bytes()),
        created,
        modified,
        in_order: last_modified.is_some(),
        node: place(text, node)?,
    }))
}

fn time(value: &RawValue) -> Result<Millis, Error> {
    let quoted = value.get();
    let time = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(parse_time);
    // Passing over it would pass over the record's changes for ever.
    time.ok_or_else(|| {
        let shown: String = quoted.chars().take(60).collect();
        Error::UnexpectedResponse(format!(
            "{shown} is not a time as the API writes them, such as \"2024-06-14T14:58:16.638Z\""
        ))
    })
}

/// Where a part that was borrowed from the text stands in it.
fn place(text: &str, part: &RawValue) -> Result<Range<usize>, Error> {
    let start = (part.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let range = start.map(|start| start..start + part.get().len());
    range
        .filter(|range| range.end <= text.len())
        .ok_or_else(|| Error::Other("a part of the answer is not where it was read".to_owned()))
}

fn wrong_shape(error: &serde_json::Error) -> Error {
    Error::UnexpectedResponse(format!("the answer is not of the shape asked for: {error}"))
}
