//! GraphQL services: [`Client`] sends queries that were checked against the service's schema when they were compiled,
//! [`Answer`] tells what comes back from it, [`relay`] reads lists, [`fetch_list`] joins their pages, and
//! [`ChangePageReader`] reads a page for a trigger.

mod answer;
mod changes;
mod client;
mod lists;
mod refusal;
pub mod relay;
mod service;

#[cfg(test)]
mod tests;

pub use answer::{Answer, DataReader, misshapen, missing};
pub use changes::{ChangePageReader, Changed, Owner};
pub use client::Client;
pub use lists::{Edge, List, ListPage, MAX_PAGE_SIZE, fetch_list, fetch_page};
pub use service::{Refused, Service};
