//! `listProducts`

use connector_sdk::graphql::fetch_list;
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use crate::inputs::{FIRST, LIBRARY_TYPE};
use crate::service::{client, query};
use list_products::Variables;

query!(ListProducts, "src/actions/list_products.graphql");

inputs! {
    /// Which products, and how many.
    pub(crate) struct Wanted {
        library_type: LibraryType = LIBRARY_TYPE,
        first: u32 = FIRST,
    }
}

impl Action for ListProducts {
    const OPERATION: Operation = Operation {
        key: "listProducts",
        label: "List Products",
        description: "Lists the products of a library, in Duro's own order.",
        result_schema: result_schema!("list_products"),
        example: include_str!("list_products.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let variables = |first, after| Variables { library_type: Some(wanted.library_type), first: Some(first), after };
        let list = fetch_list::<Self>(&client(call), &["products", "connection"], wanted.first, variables)?;
        Ok(list.nodes_as_json())
    }
}
