//! A component's five exports, in whichever version of the contract it has them.

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, ComponentType, Instance, InstancePre, Lift, Lower,
};
use wasmtime::{Error as Problem, Result, Store};

use super::connections::Account;
use super::data_sources::Page;
use super::manifest::ConnectorDefinition;
use super::triggers::PollResult;
use super::types::{Connection, Error};
use super::versions::Contract;
use crate::runtime::store::CallState;

/// The connection as a component of the older contract sees it.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(in crate::runtime) struct ConnectionV0_1 {
    key: String,
    fields: String,
}

/// The connection as the component sees it.
pub(in crate::runtime) enum Visible {
    V0_1(ConnectionV0_1),
    V0_2(Connection),
}

/// A component that is ready to be instantiated, and where its exports are. A call has the types of that one checked
/// which it calls: to check all of them takes a fifth of what an instance takes.
pub(in crate::runtime) struct LinkedComponent {
    pub(in crate::runtime) pre: InstancePre<CallState>,
    contract: Contract,
    describe: ComponentExportIndex,
    test: ComponentExportIndex,
    perform: ComponentExportIndex,
    query: ComponentExportIndex,
    poll: ComponentExportIndex,
}

/// The error of a component that lacks an export is for people.
fn index(component: &Component, contract: Contract, interface: &str, function: &str) -> Result<ComponentExportIndex> {
    let name = contract.interface(interface);
    let instance = component.get_export_index(None, &name);
    let index = instance.and_then(|instance| component.get_export_index(Some(&instance), function));
    index.ok_or_else(|| Problem::msg(format!("it does not export {function} of {name}")))
}

// What the exports take and return. The lifetimes are those of one call's arguments.
type Tested = (Result<Account, Error>,);
type Performed = (Result<String, Error>,);
type Queried = (Result<Page, Error>,);
type Polled = (Result<PollResult, Error>,);
type ToQuery<'a, C> = (&'a str, &'a C, &'a String, Option<&'a str>, Option<&'a str>);
type ToPoll<'a, C> = (&'a str, &'a C, &'a String, Option<&'a [u8]>);

impl LinkedComponent {
    pub(in crate::runtime) fn new(pre: InstancePre<CallState>) -> Result<Self> {
        let component = pre.component();
        let has = |contract: &Contract| component.get_export_index(None, contract.interface("manifest")).is_some();
        let contract = Contract::ALL.into_iter().find(has).unwrap_or(Contract::V0_2);
        let index = |interface: &str, function: &str| index(component, contract, interface, function);
        Ok(Self {
            contract,
            describe: index("manifest", "describe")?,
            test: index("connections", "test")?,
            perform: index("actions", "perform")?,
            query: index("data-sources", "query")?,
            poll: index("triggers", "poll")?,
            pre,
        })
    }

    /// The version of the contract that its exports have.
    pub(in crate::runtime) fn contract(&self) -> Contract {
        self.contract
    }

    /// Checks the types of all exports.
    pub(in crate::runtime) fn check(&self, store: &mut Store<CallState>, instance: &Instance) -> Result<()> {
        instance.get_typed_func::<(), (ConnectorDefinition,)>(&mut *store, &self.describe)?;
        match self.contract {
            Contract::V0_1 => self.check_calls::<ConnectionV0_1>(store, instance),
            Contract::V0_2 => self.check_calls::<Connection>(store, instance),
        }
    }

    fn check_calls<C: Lower + Sync + 'static>(&self, store: &mut Store<CallState>, instance: &Instance) -> Result<()> {
        instance.get_typed_func::<(&C,), Tested>(&mut *store, &self.test)?;
        instance.get_typed_func::<(&str, &C, &String), Performed>(&mut *store, &self.perform)?;
        instance.get_typed_func::<ToQuery<'_, C>, Queried>(&mut *store, &self.query)?;
        instance.get_typed_func::<ToPoll<'_, C>, Polled>(&mut *store, &self.poll)?;
        Ok(())
    }

    /// The connection in the contract's words.
    pub(in crate::runtime) fn visible(&self, key: &str, endpoint: &str, fields: &str) -> Visible {
        let (key, fields) = (key.to_owned(), fields.to_owned());
        match self.contract {
            Contract::V0_1 => Visible::V0_1(ConnectionV0_1 { key, fields }),
            Contract::V0_2 => Visible::V0_2(Connection { key, endpoint: endpoint.to_owned(), fields }),
        }
    }

    pub(in crate::runtime) async fn describe(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
    ) -> Result<ConnectorDefinition> {
        call(store, instance, &self.describe, ()).await
    }

    pub(in crate::runtime) async fn test(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        connection: &Visible,
    ) -> Result<Result<Account, Error>> {
        match connection {
            Visible::V0_1(connection) => call(store, instance, &self.test, (connection,)).await,
            Visible::V0_2(connection) => call(store, instance, &self.test, (connection,)).await,
        }
    }

    pub(in crate::runtime) async fn perform(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        key: &str,
        connection: &Visible,
        inputs: &String,
    ) -> Result<Result<String, Error>> {
        match connection {
            Visible::V0_1(connection) => call(store, instance, &self.perform, (key, connection, inputs)).await,
            Visible::V0_2(connection) => call(store, instance, &self.perform, (key, connection, inputs)).await,
        }
    }

    /// `asked` is what the person typed, and the cursor.
    pub(in crate::runtime) async fn query(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        key: &str,
        connection: &Visible,
        inputs: &String,
        (search, cursor): (Option<&str>, Option<&str>),
    ) -> Result<Result<Page, Error>> {
        match connection {
            Visible::V0_1(connection) => {
                call(store, instance, &self.query, (key, connection, inputs, search, cursor)).await
            }
            Visible::V0_2(connection) => {
                call(store, instance, &self.query, (key, connection, inputs, search, cursor)).await
            }
        }
    }

    pub(in crate::runtime) async fn poll(
        &self,
        store: &mut Store<CallState>,
        instance: &Instance,
        key: &str,
        connection: &Visible,
        inputs: &String,
        state: Option<&[u8]>,
    ) -> Result<Result<PollResult, Error>> {
        match connection {
            Visible::V0_1(connection) => call(store, instance, &self.poll, (key, connection, inputs, state)).await,
            Visible::V0_2(connection) => call(store, instance, &self.poll, (key, connection, inputs, state)).await,
        }
    }
}

/// Calls one export, its types checked before.
async fn call<Arguments, Returned>(
    store: &mut Store<CallState>,
    instance: &Instance,
    export: &ComponentExportIndex,
    arguments: Arguments,
) -> Result<Returned>
where
    Arguments: ComponentNamedList + Lower + Send + Sync,
    Returned: Lift + Send + Sync + 'static,
    (Returned,): ComponentNamedList + Lift,
{
    let function = instance.get_typed_func::<Arguments, (Returned,)>(&mut *store, export)?;
    let (returned,) = function.call_async(store, arguments).await?;
    Ok(returned)
}
