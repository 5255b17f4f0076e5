//! What fills a dropdown: one file a data source.

mod select_component;

#[cfg(test)]
mod tests;

use crate::actions::prepare;
use crate::connection::Configured;
use crate::duro::Client;
use crate::error::Error;
use crate::host::Host;
use crate::manifest::{DATA_SOURCES, SELECT_COMPONENT};

/// What is asked of a data source.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The inputs, a JSON object.
    pub inputs: &'a str,
    /// What the person typed.
    pub search: Option<&'a str>,
    /// The `next` of the page before.
    pub cursor: Option<&'a str>,
}

/// One page of items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The items in the order to show them.
    pub items: Vec<Item>,
    /// What to pass as the cursor of the next page.
    pub next: Option<String>,
    /// A remark to show with the items.
    pub notice: Option<String>,
}

/// One item of a dropdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is stored and sent.
    pub key: String,
    /// What is shown.
    pub label: String,
}

/// Gets one page of the items of the data source of this key.
pub fn query(host: &impl Host, key: &str, configured: Configured<'_>, query: &Query<'_>) -> Result<Page, Error> {
    if key != SELECT_COMPONENT.about.key {
        let known: Vec<&str> = DATA_SOURCES.iter().map(|source| source.about.key).collect();
        return Err(Error::UnknownKey(format!("there is no data source {key:?}; there is {}", known.join(", "))));
    }
    let declared = SELECT_COMPONENT.about.inputs;
    let (connection, selection) = prepare(configured, query.inputs, declared, |inputs| {
        select_component::read(inputs, query.search, query.cursor)
    })?;
    select_component::query(&Client::new(host, &connection), selection)
}
