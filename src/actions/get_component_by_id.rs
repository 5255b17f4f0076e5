//! `getComponentById`

use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use super::one_by_id::the_one;
use crate::service::{client, query};
use get_component_by_id::Variables;

query!(GetComponentById, "src/actions/get_component_by_id.graphql");

inputs! {
    /// Which component.
    pub(crate) struct Wanted {
        component_id: String = Field::text("componentId", "Component ID")
            .example(Literal::Text("60c8d5f0a1b2c3d4e5f60718"))
            .placeholder("60c8d5f0a1b2c3d4e5f60718")
            .picked_from("selectComponent")
            .help(
                "The id of the component, 24 hexadecimal digits; pick it from the list, or take it from an earlier \
                 step.",
            ),
    }
}

impl Action for GetComponentById {
    const OPERATION: Operation = Operation {
        key: "getComponentById",
        label: "Get Component by ID",
        description: "Gets everything Duro knows about one part or assembly, with its direct children.",
        result_schema: result_schema!("get_component_by_id"),
        example: include_str!("get_component_by_id.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let id = wanted.component_id.trim();
        let answer = client(call).run::<Self>(Variables { ids: Some(vec![Some(id.to_owned())]) })?;
        the_one(&answer, "componentsByIds", "component", id)
    }
}
