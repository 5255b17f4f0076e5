//! A simulated Duro service: the GraphQL schema of `src/duro-v1.graphql`, with data, cursors, mutations that last,
//! and faults on demand.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use duro_sim::{DuroSim, Fault, Resource};
//!
//! let sim = DuroSim::builder().page_size(50).spawn().await?;
//! let id = sim.add(Resource::Components, "Bracket 1/4\"");
//! sim.fault_next(Fault::rate_limited(2));
//! // … let a client call `sim.url()` with the header `apiToken: sim.key()` …
//! assert!(sim.requests().iter().all(|request| request.header_values("apiToken").len() == 1));
//! sim.rename(Resource::Components, &id, "Bracket 3/8\"");
//! # Ok(())
//! # }
//! ```
//!
//! It listens on 127.0.0.1 alone, runs on a thread of its own, and stops when the handle is dropped. The command
//! `duro-sim` is the same service for people, with [control endpoints](CONTROL_HELP) that change its data.

mod answers;
mod builder;
mod changes;
mod clock;
mod control;
mod cors;
mod cursor;
mod faults;
mod generate;
mod handle;
mod names;
mod parts;
mod records;
mod request;
mod schema;
mod schema_only;
mod server;
mod service;
mod table;
mod world;

pub use builder::{
    DEFAULT_CHANGE_ORDERS, DEFAULT_COMPONENTS, DEFAULT_KEY, DEFAULT_PAGE_SIZE, DEFAULT_PERSONAL, DuroSimBuilder,
};
pub use changes::{RecordView, Resource};
pub use control::CONTROL_HELP;
pub use cursor::CursorKind;
pub use faults::{FAULT_SPELLINGS, Fault, UnknownFault, parse_duration};
pub use handle::DuroSim;
pub use request::ReceivedRequest;
pub use schema::inputs::LibraryType;
pub use schema_only::SchemaOnly;
