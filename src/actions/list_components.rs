//! `listComponents`

use connector_sdk::graphql::fetch_list;
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use crate::inputs::{FIRST, LIBRARY_TYPE};
use crate::service::{client, query};
use list_components::Variables;

query!(ListComponents, "src/actions/list_components.graphql");

inputs! {
    /// Which components, and how many.
    pub(crate) struct Wanted {
        library_type: LibraryType = LIBRARY_TYPE,
        first: u32 = FIRST,
    }
}

impl Action for ListComponents {
    const OPERATION: Operation = Operation {
        key: "listComponents",
        label: "List Components",
        description: "Lists the parts and assemblies of a library.",
        result_schema: result_schema!("list_components"),
        example: include_str!("list_components.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let variables = |first, after| Variables { library_type: Some(wanted.library_type), first: Some(first), after };
        let list = fetch_list::<Self>(&client(call), &["components", "connection"], wanted.first, variables)?;
        Ok(list.nodes_as_json())
    }
}
