//! `selectComponent`: parts by name, for a dropdown.
//!
//! The service searches part numbers for us (`search: {cpn}` is the one search field that is known to exist).

use connector_sdk::graphql::fetch_page;
use connector_sdk::inputs::Reader;
use connector_sdk::operation::ITEMS_SCHEMA;
use connector_sdk::{Call, DataSource, Error, Operation, Page};

use super::search::{Library, Numbers, Place, Search, search};
use crate::service::{client, query};
use select_component::{SearchFields, Variables};

query!(SelectComponent, "src/data_sources/select_component.graphql");

impl DataSource for SelectComponent {
    const OPERATION: Operation = Operation {
        key: "selectComponent",
        label: "Select Component",
        description: "The parts and assemblies of a library by name. Search with a part number, or with words of the \
                      name.",
        result_schema: ITEMS_SCHEMA,
        example: include_str!("select_component.example.json"),
    };
    const SEARCHABLE: bool = true;
    type Inputs = Library;
    type Search = Place;

    fn search(text: &str, cursor: Option<&str>, reader: &mut Reader) -> Place {
        Place::read(text, cursor, Numbers::Searched, reader)
    }

    fn query(call: &Call<'_>, inputs: Library, place: Place) -> Result<Page, Error> {
        let client = client(call);
        let fetch = |search: &Search, size: u32, after: Option<&str>| {
            let search = match search {
                Search::Number(number) => Some(SearchFields {
                    cpn: Some(number.clone()),
                    name: None,
                    status: None,
                    eid: None,
                    category: None,
                }),
                Search::Everything | Search::Name(_) => None,
            };
            let variables = Variables {
                library_type: Some(inputs.library_type),
                search,
                first: Some(i64::from(size)),
                after: after.map(str::to_owned),
            };
            fetch_page::<Self>(&client, &["components", "connection"], after, variables)
        };
        let page = search(inputs.first, &place, fetch)?;
        let found_nothing = page.items.is_empty() && page.next.is_none() && place.after.is_none();
        match &place.search {
            // Something like 100-220 can be in a name as well.
            Search::Number(text) if found_nothing => {
                search(inputs.first, &Place { search: Search::name(text), after: None }, fetch)
            }
            _ => Ok(page),
        }
    }
}
