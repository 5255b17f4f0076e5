//! `selectThing`: things by name, for a dropdown.

use connector_sdk::graphql::{MAX_PAGE_SIZE, fetch_page};
use connector_sdk::inputs::Reader;
use connector_sdk::operation::ITEMS_SCHEMA;
use connector_sdk::{Call, DataSource, Error, Item, Operation, Page, json};

use crate::service::{client, query};
use select_thing::Variables;

query!(SelectThing, "src/data_sources/select_thing.graphql");

impl DataSource for SelectThing {
    const OPERATION: Operation = Operation {
        key: "selectThing",
        label: "Select thing",
        description: "The things of the service by name.",
        result_schema: ITEMS_SCHEMA,
        example: r#"[{"key":"1","label":"Bolt"}]"#,
    };
    const SEARCHABLE: bool = false;
    type Inputs = ();
    /// The cursor of the page.
    type Search = Option<String>;

    fn search(_: &str, cursor: Option<&str>, _: &mut Reader) -> Option<String> {
        cursor.map(str::to_owned)
    }

    fn query(call: &Call<'_>, (): (), after: Option<String>) -> Result<Page, Error> {
        let variables = Variables { first: Some(i64::from(MAX_PAGE_SIZE)), after: after.clone() };
        let page = fetch_page::<Self>(&client(call), &["things", "connection"], after.as_deref(), variables)?;
        let items = page.edges.iter().filter_map(|edge| item(edge.node.as_deref()?)).collect();
        Ok(Page { items, next: page.next, notice: None, extensions: None })
    }
}

/// The dropdown's item of a thing; none for one without an id.
fn item(node: &str) -> Option<Item> {
    let key = json::text_member(node, "id").ok()??;
    let label = json::text_member(node, "name").ok()?.unwrap_or_else(|| key.clone());
    Some(Item { key, label })
}
