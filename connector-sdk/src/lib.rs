//! What every connector is made of. A connector is a type that implements [`Connector`]: tables of actions, data
//! sources and triggers, each of which is a type of its own with its inputs declared in one place ([`inputs!`]).
//! [`export!`] makes a WebAssembly component of it; compiled natively it is a library over the [`Host`] trait, with a
//! host for tests in [`testing`].
//!
//! - [`contract`] the types of `wit/`; [`host`] the outside;
//! - [`mod@inputs`] declaring and reading inputs; [`operation`] actions, data sources and triggers; [`declaration`] and
//!   [`connector`] all of it together;
//! - [`graphql`] a client, its errors, lists; [`polling`] the trigger that loses nothing;
//! - [`json`] reading JSON in place; [`time`] points in time.
//!
//! `cargo xtask new connector NAME` writes one to begin with.

#[cfg(any(target_family = "wasm", test))]
mod allocator;
#[doc(hidden)]
pub mod bindings;
pub mod connector;
pub mod contract;
pub mod declaration;
mod describe;
mod excerpt;
pub mod graphql;
pub mod host;
pub mod inputs;
pub mod json;
pub mod operation;
pub mod polling;
mod result_check;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
pub mod time;

pub use connector::{Component, Connector};
pub use contract::{Account, Connection, Error, Item, Page, PollResult};
pub use declaration::{About, ConnectionField, ConnectionKind, Environment, GraphQl, Renewal, Role};
pub use host::{Call, Host};
pub use operation::{Action, ActionRow, DataSource, DataSourceRow, Operation, Query, Trigger, TriggerRow};
