//! A connector: what it says of itself, its tables, and the component's exports that are made of them.

use std::marker::PhantomData;

use crate::bindings::exports::integration::connector as exports;
use crate::contract::{Account, Connection, Error, Level, Page, PollResult, manifest};
use crate::declaration::{About, ConnectionKind, GraphQl};
use crate::describe::describe;
use crate::host::{Call, ComponentHost, Host};
use crate::operation::{ActionRow, DataSourceRow, Query, TriggerRow, find, open};

/// A connector. [`crate::export!`] makes a component of it.
pub trait Connector: 'static {
    /// What it says of itself.
    const ABOUT: About;
    /// The kinds of connection, at least one.
    const CONNECTIONS: &'static [ConnectionKind];
    /// What a flow can do, in the order to show it.
    const ACTIONS: &'static [ActionRow];
    /// What fills dropdowns.
    const DATA_SOURCES: &'static [DataSourceRow];
    /// What starts flows.
    const TRIGGERS: &'static [TriggerRow];
    /// What it asks of a GraphQL service, if it is one.
    const GRAPHQL: Option<GraphQl> = None;

    /// Asks the service whose credential this is. Changes nothing.
    fn account(call: &Call<'_>) -> Result<Account, Error>;

    /// The whole declaration.
    fn describe() -> manifest::ConnectorDefinition {
        let about = (&Self::ABOUT, Self::GRAPHQL.as_ref());
        describe(about, Self::CONNECTIONS, Self::ACTIONS, Self::DATA_SOURCES, Self::TRIGGERS)
    }

    /// Tests a connection.
    fn test(host: &dyn Host, connection: &Connection) -> Result<Account, Error> {
        Self::account(&call::<Self>(host, connection)?)
    }

    /// Performs the action of this key and gives its result as JSON.
    fn perform(host: &dyn Host, key: &str, connection: &Connection, inputs: &str) -> Result<String, Error> {
        (find(Self::ACTIONS, key, "action")?.run)(&call::<Self>(host, connection)?, inputs)
    }

    /// Gets one page of the items of the data source of this key.
    fn query(host: &dyn Host, key: &str, connection: &Connection, query: &Query<'_>) -> Result<Page, Error> {
        (find(Self::DATA_SOURCES, key, "data source")?.run)(&call::<Self>(host, connection)?, query)
    }

    /// Polls the trigger of this key once.
    fn poll(
        host: &dyn Host,
        key: &str,
        connection: &Connection,
        inputs: &str,
        state: Option<&[u8]>,
    ) -> Result<PollResult, Error> {
        (find(Self::TRIGGERS, key, "trigger")?.run)(&call::<Self>(host, connection)?, inputs, state)
    }
}

fn call<'a, C: Connector + ?Sized>(host: &'a dyn Host, connection: &'a Connection) -> Result<Call<'a>, Error> {
    open(host, connection, C::CONNECTIONS.iter().map(|kind| kind.key))
}

/// The exports of a component. [`crate::export!`] names it.
#[derive(Debug)]
pub struct Component<C>(PhantomData<C>);

/// Makes the crate's component of a [`Connector`].
#[macro_export]
macro_rules! export {
    ($connector:ty) => {
        /// The component's exported symbols, all of them generated.
        mod exported {
            #![allow(missing_docs, unreachable_pub, clippy::all)]

            type Exported = $crate::Component<$connector>;
            $crate::bindings::export!(Exported with_types_in $crate::bindings);
        }
    };
}

impl<C: Connector> exports::manifest::Guest for Component<C> {
    fn describe() -> manifest::ConnectorDefinition {
        log_panics();
        C::describe()
    }
}

impl<C: Connector> exports::connections::Guest for Component<C> {
    fn test(connection: Connection) -> Result<Account, Error> {
        log_panics();
        C::test(&ComponentHost, &connection)
    }
}

impl<C: Connector> exports::actions::Guest for Component<C> {
    fn perform(key: String, connection: Connection, inputs: String) -> Result<String, Error> {
        log_panics();
        C::perform(&ComponentHost, &key, &connection, &inputs)
    }
}

impl<C: Connector> exports::data_sources::Guest for Component<C> {
    fn query(
        key: String,
        connection: Connection,
        inputs: String,
        search: Option<String>,
        cursor: Option<String>,
    ) -> Result<Page, Error> {
        log_panics();
        let query = Query { inputs: &inputs, search: search.as_deref(), cursor: cursor.as_deref() };
        C::query(&ComponentHost, &key, &connection, &query)
    }
}

impl<C: Connector> exports::triggers::Guest for Component<C> {
    fn poll(key: String, connection: Connection, inputs: String, state: Option<Vec<u8>>) -> Result<PollResult, Error> {
        log_panics();
        C::poll(&ComponentHost, &key, &connection, &inputs, state.as_deref())
    }
}

/// Makes a panic log its message and place before it traps, so that the host can say more than "unreachable".
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| ComponentHost.log(Level::Error, &panic.to_string())));
}
