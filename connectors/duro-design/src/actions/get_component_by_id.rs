//! `getComponentById`

use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, inputs, json, result_schema};

use super::list_components::find;
use super::list_components::list_components::Variables;

inputs! {
    /// Which component.
    pub(crate) struct Wanted {
        id: String = Field::text("componentId", "Component ID")
            .example(Literal::Text("0d4f7a52-6f0e-4c58-9b1d-3a1f6f0b7c21"))
            .picked_from("selectComponent")
            .help("The id of the component, a UUID; pick it from the list, or take it from an earlier step."),
    }
}

/// The action.
#[derive(Debug)]
pub(crate) struct GetComponentById;

impl Action for GetComponentById {
    const OPERATION: Operation = Operation {
        key: "getComponentById",
        label: "Get component by ID",
        description: "Gets one component of the library.",
        result_schema: result_schema!("get_component_by_id"),
        example: include_str!("get_component_by_id.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let id = wanted.id.trim();
        let filter = Variables { ids: Some(vec![id.to_owned()]), ..Variables::default() };
        let found = find(call, &filter, 1)?.edges.into_iter().find_map(|edge| edge.node);
        // A service that does not know the filter gives any.
        let is_it = |node: &String| json::text_member(node, "id").ok().flatten().as_deref() == Some(id);
        found.filter(is_it).ok_or_else(|| {
            Error::NotFound(format!(
                "there is no component with the id {id:?} in this library, or the API key may not see it"
            ))
        })
    }
}
