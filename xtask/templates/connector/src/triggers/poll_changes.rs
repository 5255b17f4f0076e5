//! `pollChanges`: what was created and what was changed since the last poll. The SDK does the polling; here is what it
//! asks of the service.

use connector_sdk::graphql::{Changed, ChangePageReader, Client};
use connector_sdk::polling::{self, Names, ChangePage, PageSource, Show, Wanted, Watched};
use connector_sdk::{Call, Error, Operation, PollResult, Trigger, result_schema};

use crate::service::{client, query};
use poll_things::Variables;

query!(PollThings, "src/triggers/poll_things.graphql");

/// The trigger.
#[derive(Debug)]
pub(crate) struct PollChanges;

/// What its states and their refusals call things. The format stands in every state: never change it.
const NAMES: Names =
    Names { format: "__CRATE__ pollChanges", list_input: "", credential: "API key", owner: "account" };

/// Where the records have what the trigger must know.
const THINGS: Changed = Changed {
    path: &["things", "connection"],
    id: "id",
    created: "created",
    modified: "lastChanged",
    owner: None,
};

impl Trigger for PollChanges {
    const OPERATION: Operation = Operation {
        key: "pollChanges",
        label: "New and updated things",
        description: "Starts the flow when things were created or changed. The first poll marks where counting begins \
                      and delivers nothing.",
        result_schema: result_schema!("poll_changes"),
        example: r#"{"body":{"data":{"created":[{"id":"1","name":"Bolt"}],"updated":[],"deleted":[]}}}"#,
    };
    type Inputs = ();
    const REBASES: Option<&'static str> = Some(NAMES.format);

    fn poll(call: &Call<'_>, (): (), state: Option<&[u8]>) -> Result<PollResult, Error> {
        let origin = polling::origin(&call.connection.endpoint)?;
        let watched = Watched { trigger: &NAMES, list: "things", origin: &origin };
        let mut source = Things { call, client: client(call) };
        polling::poll(call, &mut source, &watched, &Wanted::default(), Show::ALL, state)
    }
}

/// The list of things, the last changed first.
struct Things<'a> {
    call: &'a Call<'a>,
    client: Client<'a>,
}

impl PageSource for Things<'_> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let mut page = ChangePageReader::new(&THINGS);
        let variables = Variables { first: Some(i64::from(first)), after: after.map(str::to_owned) };
        let answer = self.client.run_reading::<PollThings>(variables, None, &mut |scanner| page.data(scanner))?;
        page.finish(answer, self.call)
    }

    fn id(&self, node: &str) -> Option<String> {
        THINGS.id_of(node)
    }
}
