//! The Duro API: the queries, each checked against the schema when it is compiled, the client that sends them through the
//! host, and the reading of what comes back.

mod answer;
mod client;
mod http_date;
mod lists;
pub mod queries;
mod time;

#[cfg(test)]
mod tests;

pub(crate) use answer::misshapen;
pub use answer::{Answer, DataReader, missing};
pub use client::Client;
pub use lists::{Edge, List, MAX_PAGE_SIZE, MemberReader, Page, fetch_list, fetch_page, read_connection};
pub use time::{LATEST, Millis, PLAUSIBLE, format as format_time, parse as parse_time};
