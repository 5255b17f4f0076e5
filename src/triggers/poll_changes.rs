//! `pollChangesTrigger`: what was created and what was changed since the last poll. The SDK does the polling (`docs/polling.md`); here is what
//! it asks of Duro.

use connector_sdk::contract::ServiceFailure;
use connector_sdk::graphql::{ChangePageReader, Changed, Client, Owner};
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::Scanner;
use connector_sdk::polling::{self, ChangePage, Names, PageSource, Show, Watched};
use connector_sdk::{Call, Error, Operation, PollResult, Trigger, choices, inputs, result_schema};

use crate::service::{LibraryType, client};

/// Components of the company library, the last changed first.
mod components {
    crate::service::query!(PollComponents, "src/triggers/poll_components.graphql");
}

/// Change orders, the last changed first.
mod change_orders {
    crate::service::query!(PollChangeOrders, "src/triggers/poll_change_orders.graphql");
}

choices! {
    /// What the trigger can watch.
    pub(crate) enum Resource {
        /// Components of the company library.
        Components = "components" => "Components",
        /// Change orders.
        ChangeOrders = "changeOrders" => "Change orders",
    }
}

/// The label of the input that chooses what to watch.
const WATCH: &str = "Resource Type";

inputs! {
    /// What to watch, and what to report of it.
    pub(crate) struct Settings {
        resource: Resource = Field::choice("pollResourceType", WATCH, "components")
            .required()
            .example(Literal::Text("changeOrders"))
            .help("What to watch. A flow that is switched over to the other kind must begin with a new state."),
        show_new: bool = Field::boolean("showNewRecords", "Show New Records", true)
            .example(Literal::Boolean(true))
            .help(
                "Whether the payload lists records that were created. What is created while this is off is not \
                 reported later.",
            ),
        show_updated: bool = Field::boolean("showUpdatedRecords", "Show Updated Records", true)
            .example(Literal::Boolean(true))
            .help(
                "Whether the payload lists records that existed before and were changed. What is changed while \
                 this is off is not reported later.",
            ),
    }
}

/// The trigger.
#[derive(Debug)]
pub(crate) struct PollChanges;

/// What its states and their refusals call things. The format stands in every state that was ever written.
pub const NAMES: Names =
    Names { format: "duro-plm pollChangesTrigger", list_input: WATCH, credential: "API key", owner: "company" };

impl Trigger for PollChanges {
    const OPERATION: Operation = Operation {
        key: "pollChangesTrigger",
        label: "New and Updated Records",
        description: "Starts the flow when components of the company library, or change orders, were created or \
                      changed. The first poll marks where counting begins and delivers nothing.",
        result_schema: result_schema!("poll_changes"),
        example: include_str!("poll_changes.example.json"),
    };
    type Inputs = Settings;

    fn poll(call: &Call<'_>, settings: Settings, state: Option<&[u8]>) -> Result<PollResult, Error> {
        let watched = Watched {
            trigger: &NAMES,
            list: settings.resource.key(),
            origin: &polling::origin(&call.connection.endpoint)?,
        };
        let show = Show { created: settings.show_new, updated: settings.show_updated };
        let mut source = Pages { call, client: client(call), resource: settings.resource, asks_company: true };
        polling::poll(call, &mut source, &watched, show, state)
    }
}

impl Resource {
    /// The value of `pollResourceType`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Components => "components",
            Self::ChangeOrders => "changeOrders",
        }
    }

    /// Where the records of this list have what the trigger must know.
    fn records(self) -> &'static Changed {
        const COMPANY: Option<Owner> = Some(Owner { field: "userById", within: "primaryCompany", id: "id" });
        const fn changed(path: &'static [&'static str]) -> Changed {
            Changed { path, id: "id", created: "created", modified: "lastModified", owner: COMPANY }
        }
        const COMPONENTS: Changed = changed(&["components", "connection"]);
        const CHANGE_ORDERS: Changed = changed(&["changeOrders", "connection"]);
        match self {
            Self::Components => &COMPONENTS,
            Self::ChangeOrders => &CHANGE_ORDERS,
        }
    }
}

/// A list of the service, ordered by `lastModified`, newest first. It is asked for whose it is beside its first page.
struct Pages<'a> {
    call: &'a Call<'a>,
    client: Client<'a>,
    resource: Resource,
    /// Whether the company is still to be asked for.
    asks_company: bool,
}

impl Pages<'_> {
    fn ask(&self, first: u32, after: Option<&str>, with_company: bool) -> Result<ChangePage, Error> {
        let records = self.resource.records();
        let mut page = ChangePageReader::new(records);
        let mut reader = |scanner: &mut Scanner<'_>| page.data(scanner);
        let may_fail = records.owner.filter(|_| with_company).map(|owner| owner.field);
        let (first, after) = (Some(i64::from(first)), after.map(str::to_owned));
        let answer = match self.resource {
            Resource::Components => {
                use components::poll_components::{ComponentsOrderByInput, SortDirection, Variables};
                let last_modified = Some(SortDirection::Desc);
                let newest_first = ComponentsOrderByInput { last_modified, created: None, name: None, cpn: None };
                let variables = Variables {
                    library_type: Some(LibraryType::General),
                    order_by: Some(vec![Some(newest_first)]),
                    first,
                    after,
                    with_company,
                };
                self.client.run_reading::<components::PollComponents>(variables, may_fail, &mut reader)?
            }
            Resource::ChangeOrders => {
                use change_orders::poll_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};
                let last_modified = Some(SortDirection::Desc);
                let newest_first = ChangeOrdersOrderByInput { con: None, last_modified, name: None };
                let variables = Variables { order_by: Some(vec![Some(newest_first)]), first, after, with_company };
                self.client.run_reading::<change_orders::PollChangeOrders>(variables, may_fail, &mut reader)?
            }
        };
        page.finish(answer, self.call)
    }
}

impl PageSource for Pages<'_> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let page = match self.ask(first, after, self.asks_company) {
            // An error of GraphQL, which may be about the company alone: a key that may read the list need not be allowed to read its owner.
            Err(Error::Forbidden(_) | Error::Service(ServiceFailure { errors: Some(_), .. })) if self.asks_company => {
                self.ask(first, after, false)?
            }
            answered => answered?,
        };
        self.asks_company = false;
        Ok(page)
    }
}
