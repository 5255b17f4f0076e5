//! `createChangeOrder`: sent once, because sending it twice makes two change orders.

use connector_sdk::graphql::missing;
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use crate::service::{client, query};
use create_change_order::{CreateChangeOrderInput, Variables};

query!(CreateChangeOrder, "src/actions/create_change_order.graphql");

inputs! {
    /// The change order to create.
    pub(crate) struct NewChangeOrder {
        name: String = Field::text("name", "Name")
            .example(Literal::Text("Replace the M3 screws by captive ones"))
            .help("The change order's title, as it will stand in Duro's lists."),
        description: Option<String> = Field::multi_line("description", "Description")
            .example(Literal::Text("Field reports show lost screws."))
            .help("Why the change is wanted and what it covers."),
        kind: ChangeOrderType = Field::choice("type", "Type", "ECO")
            .example(Literal::Text("ECO"))
            .help("What kind of change it is."),
    }
}

impl Action for CreateChangeOrder {
    const OPERATION: Operation = Operation {
        key: "createChangeOrder",
        label: "Create Change Order",
        description: "Creates a change order. It starts as a draft, which its owner completes in Duro.",
        result_schema: result_schema!("create_change_order"),
        example: include_str!("create_change_order.example.json"),
    };
    const CHANGES_DATA: bool = true;
    type Inputs = NewChangeOrder;

    fn perform(call: &Call<'_>, new: NewChangeOrder) -> Result<String, Error> {
        let input =
            CreateChangeOrderInput { name: Some(new.name), description: new.description, type_: Some(new.kind) };
        let answer = client(call).run_once::<Self>(Variables { input: Some(input) })?;
        answer.member("createChangeOrder")?.ok_or_else(|| missing("the change order it should have made"))?;
        Ok(answer.data().to_owned())
    }
}
