//! `pollChangesTrigger`: what was created and what was changed since the last poll. The SDK does the polling
//! (`docs/polling.md`); here is what it asks of Duro.

use connector_sdk::contract::{InputProblem, ServiceFailure};
use connector_sdk::graphql::{ChangePageReader, Changed, Client, Owner, misshapen};
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::{self, Scanner};
use connector_sdk::polling::{self, ChangePage, Names, PageSource, Show, Wanted, Watched};
use connector_sdk::time::Millis;
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

/// Which components there are, of those that the list does not hold any more.
mod existing {
    crate::service::query!(ExistingComponents, "src/triggers/existing_components.graphql");
}

pub(super) const QUERIES: &[(&str, &str)] = &[
    ("pollChangesTrigger", components::poll_components::QUERY),
    ("pollChangesTrigger", change_orders::poll_change_orders::QUERY),
    ("pollChangesTrigger", existing::existing_components::QUERY),
];

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
        show_deleted: bool = Field::boolean("showDeletedRecords", "Show Deleted Records", false)
            .example(Literal::Boolean(true))
            .help(
                "Whether the payload lists the ids of records that were deleted, or that the key's owner may not see \
                 any more. To find them, the whole list is read about once an hour, up to 1,000 records a poll, and \
                 the state keeps the ids: it can have 900 KiB, for 50,000 records. The filters below do not count \
                 for them.",
            ),
        types: Vec<String> = Field::words(TYPES, "Change Order Types")
            .example(Literal::Text("ECO, MCO"))
            .help("Only change orders of these types: ECO, MCO, DCO, parted by commas. All when left blank."),
        statuses: Vec<String> = Field::words(STATUSES, "Change Order Statuses")
            .example(Literal::Text("OPEN, CLOSED"))
            .help(
                "Only change orders that have one of these statuses or resolutions when they are reported, parted by \
                 commas, as Duro writes them; capitals do not count. All when left blank.",
            ),
        only_decided: bool = Field::boolean(ONLY_DECIDED, "Only Those That Became Approved or Closed", false)
            .example(Literal::Boolean(true))
            .help(
                "Reports a change order when it becomes approved or closed, once, and not again when it is edited \
                 afterwards; with types or statuses above, when it becomes so and is one of them. What was so before \
                 the first poll is not reported.",
            ),
        since: Option<Millis> = Field::time("since", "Since")
            .example(Literal::Text("2026-11-01T00:00:00Z"))
            .placeholder("2026-11-01T00:00:00Z")
            .help(
                "For the first poll alone: reports everything that was changed since this time, however much it is. \
                 Left blank, the first poll marks where counting begins and reports nothing.",
            ),
    }
}

const TYPES: &str = "changeOrderTypes";
const STATUSES: &str = "changeOrderStatuses";
const ONLY_DECIDED: &str = "onlyApprovedOrClosed";

impl Settings {
    /// Filters that cannot apply are mistakes: whoever sets them waits for something that never comes.
    fn check(&self) -> Result<(), Error> {
        if self.resource == Resource::ChangeOrders {
            return Ok(());
        }
        let set =
            [(TYPES, !self.types.is_empty()), (STATUSES, !self.statuses.is_empty()), (ONLY_DECIDED, self.only_decided)];
        let problem = |(input, _): (&str, bool)| InputProblem {
            input: input.to_owned(),
            message: format!("is for change orders: choose them as {WATCH}, or leave it blank"),
        };
        let problems: Vec<InputProblem> = set.into_iter().filter(|(_, set)| *set).map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::InvalidInput(problems)) }
    }

    /// Whether a change order is one that is asked for.
    fn shows(&self, node: &str) -> bool {
        let is_one_of = |words: &[String], members: &[&str]| {
            let says = |member: &&str| says_one_of(node, member, words.iter().map(String::as_str));
            words.is_empty() || members.iter().any(says)
        };
        is_one_of(&self.types, &["type"]) && is_one_of(&self.statuses, &["status", "resolution"])
    }
}

/// Whether a change order is approved or closed. Duro has a status and a resolution, whose values are not published:
/// these are the words of its pages.
fn is_decided(node: &str) -> bool {
    ["status", "resolution"].iter().any(|member| says_one_of(node, member, ["approved", "closed"].into_iter()))
}

/// Whether a member of a record is one of the words. The member is read once, however many there are.
fn says_one_of<'a>(node: &str, member: &str, mut words: impl Iterator<Item = &'a str>) -> bool {
    let text = json::text_member(node, member).ok().flatten();
    text.is_some_and(|text| words.any(|word| text.trim().eq_ignore_ascii_case(word)))
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
        description: "Starts the flow when components of the company library, or change orders, were created, \
                      changed or deleted, or when change orders became approved or closed. The first poll marks \
                      where counting begins and delivers nothing, unless it is told since when.",
        result_schema: result_schema!("poll_changes"),
        example: include_str!("poll_changes.example.json"),
    };
    type Inputs = Settings;
    const REBASES: Option<&'static str> = Some(NAMES.format);

    fn poll(call: &Call<'_>, settings: Settings, state: Option<&[u8]>) -> Result<PollResult, Error> {
        let watched = Watched {
            trigger: &NAMES,
            list: settings.resource.key(),
            origin: &polling::origin(&call.connection.endpoint)?,
        };
        settings.check()?;
        let filters = !(settings.types.is_empty() && settings.statuses.is_empty());
        let shows = |node: &str| settings.shows(node);
        let show = Show {
            created: settings.show_new,
            updated: settings.show_updated,
            only: if filters { Some(&shows) } else { None },
        };
        // An order that is approved and not yet closed has not entered, where closed ones alone are asked for.
        let has_entered = |node: &str| is_decided(node) && settings.shows(node);
        let wanted = Wanted {
            since: settings.since,
            is_in: if settings.only_decided { Some(&has_entered) } else { None },
            deleted: settings.show_deleted,
        };
        let mut source = Pages { call, client: client(call), resource: settings.resource, asks_company: true };
        polling::poll(call, &mut source, &watched, &wanted, show, state)
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
            // An error of GraphQL, which may be about the company alone: a key that may read the list need not be
            // allowed to read its owner.
            Err(Error::Forbidden(_) | Error::Service(ServiceFailure { errors: Some(_), .. })) if self.asks_company => {
                self.ask(first, after, false)?
            }
            answered => answered?,
        };
        self.asks_company = false;
        Ok(page)
    }

    fn id(&self, node: &str) -> Option<String> {
        self.resource.records().id_of(node)
    }

    /// Change orders cannot be asked for by their ids: no query of Duro was seen that takes them.
    fn existing(&mut self, ids: &[String]) -> Option<Result<Vec<String>, Error>> {
        let components = self.resource == Resource::Components;
        components.then(|| {
            let variables =
                existing::existing_components::Variables { ids: Some(ids.iter().cloned().map(Some).collect()) };
            let answer = self.client.run::<existing::ExistingComponents>(variables)?;
            let listed = answer.member("componentsByIds")?.unwrap_or("[]");
            let ids = json::items(listed).map_err(misshapen)?;
            Ok(ids.into_iter().filter_map(|node| self.id(node)).collect())
        })
    }
}
