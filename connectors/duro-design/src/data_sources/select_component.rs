//! `selectComponent`: components for a dropdown. The service searches: by a part of the name, and by a whole part
//! number.

use connector_sdk::graphql::{ListPage, MAX_PAGE_SIZE, fetch_page};
use connector_sdk::inputs::Reader;
use connector_sdk::operation::ITEMS_SCHEMA;
use connector_sdk::{Call, DataSource, Error, Item, Operation, Page, json};

use crate::service::{client, query};
use select_component::Variables;

query!(SelectComponent, "src/data_sources/select_component.graphql");

/// The most bytes of a search text, and of a cursor, of which the service's own are a few dozen.
const MAX_SEARCH_BYTES: usize = 1024;
const MAX_CURSOR_BYTES: usize = 4096;

/// What is looked for, and from where on.
#[derive(Debug)]
pub(crate) struct Place {
    text: Option<String>,
    after: Option<String>,
}

impl DataSource for SelectComponent {
    const OPERATION: Operation = Operation {
        key: "selectComponent",
        label: "Select component",
        description: "The components of the library. Search with a part of the name, or with a whole part number.",
        result_schema: ITEMS_SCHEMA,
        example: r#"[{"key":"0d4f7a52-6f0e-4c58-9b1d-3a1f6f0b7c21","label":"212-00001 Bracket"}]"#,
    };
    const SEARCHABLE: bool = true;
    type Inputs = ();
    type Search = Place;

    fn search(text: &str, cursor: Option<&str>, reader: &mut Reader) -> Place {
        let text = text.trim();
        for (key, given, most) in
            [("search", text, MAX_SEARCH_BYTES), ("cursor", cursor.unwrap_or_default(), MAX_CURSOR_BYTES)]
        {
            if given.len() > most {
                reader.problem(key, format!("is {} bytes long; at most {most} are accepted", given.len()));
            }
        }
        Place { text: Some(text.to_owned()).filter(|text| !text.is_empty()), after: cursor.map(str::to_owned) }
    }

    fn query(call: &Call<'_>, (): (), place: Place) -> Result<Page, Error> {
        let Place { text, after } = place;
        let mut items = Vec::new();
        // Who types a number wants that part first; the pages that follow are those of the name.
        if let Some(number) = text.as_ref().filter(|_| after.is_none()) {
            let cpns = Some(vec![number.clone()]);
            let numbered = page(call, None, Variables { cpns, ..Variables::default() })?;
            add(&mut items, &numbered);
        }
        let named =
            page(call, after.as_deref(), Variables { name: text, after: after.clone(), ..Variables::default() })?;
        add(&mut items, &named);
        Ok(Page { items, next: named.next, notice: None, extensions: None })
    }
}

fn page(call: &Call<'_>, after: Option<&str>, filter: Variables) -> Result<ListPage, Error> {
    let variables = Variables { first: Some(i64::from(MAX_PAGE_SIZE)), ..filter };
    fetch_page::<SelectComponent>(&client(call)?, &["component", "findAll"], after, variables)
}

/// Adds the page's components that are not there yet.
fn add(items: &mut Vec<Item>, page: &ListPage) {
    for item in page.edges.iter().filter_map(|edge| item(edge.node.as_deref()?)) {
        if items.iter().all(|known| known.key != item.key) {
            items.push(item);
        }
    }
}

/// The dropdown's item of a component; none for one without an id.
fn item(node: &str) -> Option<Item> {
    let text = |key: &str| json::text_member(node, key).ok().flatten().filter(|text| !text.trim().is_empty());
    let key = text("id")?;
    let parts = [text("cpn"), text("name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(Item { label: if parts.is_empty() { key.clone() } else { parts }, key })
}

#[cfg(test)]
mod tests {
    use connector_sdk::operation::Query;
    use connector_sdk::testing::FakeHost;
    use connector_sdk::{Connector, Error};

    use crate::DuroDesign;
    use crate::tests::connection;

    fn body(nodes: &str, next: &str) -> String {
        let edges: Vec<String> =
            nodes.split('|').filter(|node| !node.is_empty()).map(|node| format!(r#"{{"node":{node}}}"#)).collect();
        let info = if next.is_empty() {
            r#"{"hasNextPage":false}"#.to_owned()
        } else {
            format!(r#"{{"hasNextPage":true,"endCursor":"{next}"}}"#)
        };
        format!(r#"{{"data":{{"component":{{"findAll":{{"edges":[{}],"pageInfo":{info}}}}}}}}}"#, edges.join(","))
    }

    fn query(
        host: &FakeHost,
        search: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), Error> {
        let query = Query { inputs: "{}", search, cursor };
        let page = DuroDesign::query(host, "selectComponent", &connection(), &query)?;
        Ok((page.items.into_iter().map(|item| format!("{}={}", item.key, item.label)).collect(), page.next))
    }

    #[test]
    fn components_are_named_by_number_and_name_as_far_as_they_have_them() {
        let nodes = r#"{"id":"1","cpn":"212-1","name":"Bolt"}|{"id":"2","name":"Nut"}|{"id":"3","cpn":"212-3","name":" "}|{"id":"4"}|null|{"name":"no id"}"#;
        let host = FakeHost::answering(&[&body(nodes, "")]);
        assert_eq!(query(&host, None, None).unwrap().0, ["1=212-1 Bolt", "2=Nut", "3=212-3", "4=4"]);
    }

    #[test]
    fn a_search_looks_for_the_number_first_and_goes_on_with_the_name() {
        let (bolt, nut) =
            (r#"{"id":"1","cpn":"212-1","name":"Bolt"}"#, r#"{"id":"2","cpn":"212-2","name":"Nut 212-1"}"#);
        let host = FakeHost::answering(&[&body(bolt, ""), &body(&format!("{nut}|{bolt}"), "c1"), &body("", "")]);
        let (items, next) = query(&host, Some(" 212-1 "), None).unwrap();
        assert_eq!((items.len(), items[0].as_str(), next.as_deref()), (2, "1=212-1 Bolt", Some("c1")));
        assert_eq!(host.body(0)["variables"]["cpns"][0], "212-1");
        assert_eq!(host.body(1)["variables"]["name"], "212-1");
        query(&host, Some("212-1"), next.as_deref()).unwrap();
        assert_eq!((host.requests(), &host.body(2)["variables"]["after"]), (3, &"c1".into()));
    }

    #[test]
    fn what_is_too_long_to_be_a_search_or_a_cursor_is_named() {
        let long = "x".repeat(5_000);
        let host = FakeHost::default();
        let Err(Error::InvalidInput(problems)) = query(&host, Some(&long), Some(&long)) else { panic!() };
        assert_eq!(problems.iter().map(|problem| problem.input.as_str()).collect::<Vec<_>>(), ["search", "cursor"]);
        assert_eq!(host.requests(), 0);
    }

    #[test]
    fn a_list_that_repeats_itself_is_an_error() {
        let host = FakeHost::answering(&[&body("", "c1")]);
        assert!(matches!(query(&host, None, Some("c1")), Err(Error::UnexpectedResponse(_))));
    }
}
