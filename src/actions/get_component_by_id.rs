//! `getComponentById`

use connector_sdk::graphql::misshapen;
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::{Problem, Scanner};
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

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
                "The id of the component, 24 hexadecimal digits; pick it from the list, or take it from an earlier step.",
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
        let id = wanted.component_id.trim().to_owned();
        let answer = client(call).run::<Self>(Variables { ids: Some(vec![Some(id.clone())]) })?;
        let found = answer.member("componentsByIds")?.map_or(Ok(false), holds_one).map_err(misshapen)?;
        if !found {
            return Err(Error::NotFound(format!(
                "there is no component with the id {id:?} in this Duro environment, or the API key's owner may not see it"
            )));
        }
        Ok(answer.data().to_owned())
    }
}

/// Whether a list holds anything but null.
fn holds_one(list: &str) -> Result<bool, Problem> {
    let mut scanner = Scanner::new(list);
    let mut first = scanner.begin_array()?;
    while scanner.item(&mut first)? {
        if !scanner.is_null()? {
            return Ok(true);
        }
        scanner.skip()?;
    }
    Ok(false)
}
