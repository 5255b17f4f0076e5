//! `pollChangesTrigger`: what was created and what was changed since the last poll. The SDK does the polling; here is
//! what it asks of the service, whose list has no order that is known and can be asked for what was changed after a
//! day.

use connector_sdk::contract::ServiceFailure;
use connector_sdk::graphql::{ChangePageReader, Changed, Client, Owner};
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::Scanner;
use connector_sdk::polling::{self, ChangePage, Names, Show, Wanted, Watched, WindowSource};
use connector_sdk::time::{self, Millis};
use connector_sdk::{Call, Error, Operation, PollResult, Trigger, inputs, result_schema};

use crate::connection;
use crate::service::{client, query};
use poll_components::Variables;

query!(PollComponents, "src/triggers/poll_components.graphql");

pub(super) const QUERIES: &[(&str, &str)] = &[("pollChangesTrigger", poll_components::QUERY)];

/// The day in the query's text, in whose place the one is written that is meant: a variable would have to name the type
/// of the filter's value, which nobody saw.
const DAY: &str = "1970-01-01";

inputs! {
    /// What to report, and since when.
    pub(crate) struct Settings {
        show_new: bool = Field::boolean("showNewRecords", "Show new records", true)
            .example(Literal::Boolean(true))
            .help("Whether the payload lists components that were created. What is created while this is off is not \
                   reported later."),
        show_updated: bool = Field::boolean("showUpdatedRecords", "Show updated records", true)
            .example(Literal::Boolean(true))
            .help(
                "Whether the payload lists components that existed before and were changed. What is changed while this \
                 is off is not reported later.",
            ),
        since: Option<Millis> = Field::time("since", "Since")
            .example(Literal::Text("2026-11-01T00:00:00Z"))
            .placeholder("2026-11-01T00:00:00Z")
            .help(
                "For the first poll alone: reports everything that was changed since this time, up to 15,000 \
                 components. Left blank, the first poll marks where counting begins and reports nothing.",
            ),
    }
}

/// The trigger.
#[derive(Debug)]
pub(crate) struct PollChanges;

/// What its states and their refusals call things. The format stands in every state that was ever written.
pub const NAMES: Names =
    Names { format: "duro-design pollChangesTrigger", list_input: "", credential: "API key", owner: "library" };

/// Where the records have what the trigger must know.
const COMPONENTS: Changed = Changed {
    path: &["component", "filter"],
    id: "id",
    created: "createdAt",
    modified: "updatedAt",
    owner: Some(Owner { field: "library", within: "current", id: "id" }),
};

impl Trigger for PollChanges {
    const OPERATION: Operation = Operation {
        key: "pollChangesTrigger",
        label: "New and updated components",
        description: "Starts the flow when components of the library were created or changed. The first poll marks \
                      where counting begins and delivers nothing, unless it is told since when. Each poll reads all \
                      that was changed in the last days, because the service can be asked for no less.",
        result_schema: result_schema!("poll_changes"),
        example: include_str!("poll_changes.example.json"),
    };
    type Inputs = Settings;
    const REBASES: Option<&'static str> = Some(NAMES.format);

    fn poll(call: &Call<'_>, settings: Settings, state: Option<&[u8]>) -> Result<PollResult, Error> {
        let watched =
            Watched { trigger: &NAMES, list: "components", origin: &polling::origin(&call.connection.endpoint)? };
        let show = Show { created: settings.show_new, updated: settings.show_updated, only: None };
        let wanted = Wanted { since: settings.since, ..Wanted::default() };
        let mut source = Components { call, client: client(call)?, asks_library: true };
        polling::poll_window(call, &mut source, &watched, &wanted, show, state)
    }
}

/// The components of a library, of which those can be asked for that were changed after a day. It is asked for whose
/// they are beside the first page.
struct Components<'a> {
    call: &'a Call<'a>,
    client: Client<'a>,
    /// Whether the library is still to be asked for.
    asks_library: bool,
}

impl Components<'_> {
    fn ask(&self, since: Millis, variables: Variables) -> Result<ChangePage, Error> {
        let mut page = ChangePageReader::new(&COMPONENTS);
        let may_fail = COMPONENTS.owner.filter(|_| variables.with_library).map(|owner| owner.field);
        let mut reader = |scanner: &mut Scanner<'_>| page.data(scanner);
        let day = day(since);
        let written = |query: &str| query.replacen(DAY, &day, 1);
        let answer = self.client.run_written::<PollComponents>(written, variables, may_fail, &mut reader)?;
        page.finish(answer, self.call)
    }
}

impl WindowSource for Components<'_> {
    fn fetch(&mut self, since: Millis, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let variables =
            |with_library| Variables { first: Some(i64::from(first)), after: after.map(str::to_owned), with_library };
        let page = match self.ask(since, variables(self.asks_library)) {
            // An error of GraphQL, which may be about the library alone: earlier releases of the service called that
            // query otherwise.
            Err(Error::Forbidden(_) | Error::Service(ServiceFailure { errors: Some(_), .. })) if self.asks_library => {
                self.ask(since, variables(false))?
            }
            answered => answered?,
        };
        self.asks_library = false;
        Ok(page)
    }

    fn now(&mut self) -> Result<Option<Millis>, Error> {
        connection::served_at(&self.client)
    }

    fn id(&self, node: &str) -> Option<String> {
        COMPONENTS.id_of(node)
    }
}

/// The day of a time, as the service's filters take it.
fn day(time: Millis) -> String {
    let text = time::format(time);
    text.split('T').next().unwrap_or(DAY).to_owned()
}
