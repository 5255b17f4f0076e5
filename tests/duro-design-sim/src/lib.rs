//! A simulated Duro Design service: the GraphQL schema of `connectors/duro-design/src/schema.graphql`, with the parts
//! of it that the connector asks for. What public traces do not show is decided here as it suits a client least: the
//! list of what was changed has no order that helps, the day that is asked for does not count, and a key without its
//! organization and library is refused. It listens on 127.0.0.1 alone, and stops when the handle is dropped.

mod components;
mod schema;
mod server;

pub use components::Component;
pub use server::{DuroDesignSim, Fault, Received};

/// The key that is accepted unless another is set.
pub const DEFAULT_KEY: &str = "duro-design-demo-key";
/// The organization that the key belongs to.
pub const ORGANIZATION: &str = "@acme";
/// Its library.
pub const LIBRARY: &str = "@acme/parts";
