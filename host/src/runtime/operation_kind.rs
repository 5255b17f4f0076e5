//! What kinds of operation there are.

use serde::{Deserialize, Serialize};

/// What kind of operation a call invokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OperationKind {
    /// [`Connector::test_connection`](crate::Connector::test_connection).
    TestConnection,
    /// [`Connector::perform`](crate::Connector::perform).
    Action,
    /// [`Connector::query`](crate::Connector::query).
    DataSource,
    /// [`Connector::poll`](crate::Connector::poll).
    Poll,
    /// [`Connector::ask`](crate::Connector::ask) and [`Connector::renew`](crate::Connector::renew): the component takes
    /// no part.
    OwnRequest,
}

impl OperationKind {
    /// The kind's name, in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            Self::TestConnection => "test-connection",
            Self::Action => "action",
            Self::DataSource => "data-source",
            Self::Poll => "poll",
            Self::OwnRequest => "own-request",
        }
    }
}
