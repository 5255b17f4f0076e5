//! `listThings`

use connector_sdk::graphql::fetch_list;
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use crate::service::{client, query};
use list_things::Variables;

query!(ListThings, "src/actions/list_things.graphql");

inputs! {
    /// How many things.
    pub(crate) struct Wanted {
        first: u32 = Field::whole_number("first", "First N items", 1, 10_000, 100)
            .example(Literal::Number(250))
            .help("How many things to get, from 1 to 10,000; 100 when left blank."),
    }
}

impl Action for ListThings {
    const OPERATION: Operation = Operation {
        key: "listThings",
        label: "List things",
        description: "Lists the things of the service.",
        result_schema: result_schema!("list_things"),
        example: include_str!("list_things.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let variables = |first, after| Variables { first: Some(first), after };
        let list = fetch_list::<Self>(&client(call), &["things", "connection"], wanted.first, variables)?;
        Ok(list.nodes_as_json())
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::Connector;
    use connector_sdk::testing::FakeHost;

    use crate::__TYPE__;
    use crate::tests::connection;

    #[test]
    fn things_come_as_the_service_wrote_them() {
        let body = r#"{"data":{"things":{"connection":{"edges":[{"node":{"id":"1","name":"Bolt"}}],"pageInfo":{"hasNextPage":false}}}}}"#;
        let host = FakeHost::answering(&[body]);
        let result = __TYPE__::perform(&host, "listThings", &connection(), r#"{"first": "7"}"#).unwrap();
        assert_eq!(result, r#"[{"id":"1","name":"Bolt"}]"#);
        assert_eq!(host.body(0)["variables"]["first"], 7);
    }
}
