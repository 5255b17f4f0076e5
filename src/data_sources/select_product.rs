//! `selectProduct`: products by name or number, for a dropdown.

use connector_sdk::graphql::fetch_page;
use connector_sdk::inputs::Reader;
use connector_sdk::operation::ITEMS_SCHEMA;
use connector_sdk::{Call, DataSource, Error, Operation, Page};

use super::search::{Library, Numbers, Place, search};
use crate::service::{client, query};
use select_product::Variables;

query!(SelectProduct, "src/data_sources/select_product.graphql");

impl DataSource for SelectProduct {
    const OPERATION: Operation = Operation {
        key: "selectProduct",
        label: "Select Product",
        description: "The products of a library by name. Search with words of the name or of the number.",
        result_schema: ITEMS_SCHEMA,
        example: include_str!("select_product.example.json"),
    };
    const SEARCHABLE: bool = true;
    type Inputs = Library;
    type Search = Place;

    fn search(text: &str, cursor: Option<&str>, reader: &mut Reader) -> Place {
        Place::read(text, cursor, Numbers::Unsearched, reader)
    }

    fn query(call: &Call<'_>, inputs: Library, place: Place) -> Result<Page, Error> {
        let client = client(call);
        search(inputs.first, &place, |_, size, after| {
            let variables = Variables {
                library_type: Some(inputs.library_type),
                first: Some(i64::from(size)),
                after: after.map(str::to_owned),
            };
            fetch_page::<Self>(&client, &["products", "connection"], after, variables)
        })
    }
}
