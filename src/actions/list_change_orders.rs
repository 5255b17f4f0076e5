//! `listChangeOrders`

use crate::duro::queries::{ListChangeOrders, list_change_orders};
use crate::duro::{Client, List, fetch_list};
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::json::{Map, Value, push_string};
use list_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};

/// The most fields that an order can name: there are three.
const MAX_ORDER_FIELDS: usize = 3;

pub(super) struct ListOfChangeOrders {
    order_by: Vec<ChangeOrdersOrderByInput>,
    first: u32,
}

pub(super) fn read(inputs: &mut Inputs) -> ListOfChangeOrders {
    let order = inputs
        .json("orderBy")
        .unwrap_or_else(|| Value::Object(Map::from([("lastModified".to_owned(), Value::String("desc".to_owned()))])));
    let order_by = read_order(order).unwrap_or_else(|message| {
        inputs.problem("orderBy", message);
        Vec::new()
    });
    ListOfChangeOrders { order_by, first: super::read_first(inputs) }
}

pub(super) fn perform(client: &Client<'_, impl Host>, input: ListOfChangeOrders) -> Result<String, Error> {
    let list = fetch_list::<ListChangeOrders>(client, input.first, |first, after| Variables {
        order_by: Some(input.order_by.iter().cloned().map(Some).collect()),
        first: Some(first),
        after,
    })?;
    Ok(whole_data(&list))
}

/// The pages joined to the `data` that one request for all of them would have given.
fn whole_data(list: &List) -> String {
    let mut data = String::from("{\"changeOrders\":{\"connection\":{\"totalCount\":");
    data.push_str(list.total_count.as_deref().unwrap_or("null"));
    data.push_str(",\"edges\":[");
    for (index, edge) in list.edges.iter().enumerate() {
        data.push_str(if index > 0 { ",{\"cursor\":" } else { "{\"cursor\":" });
        push_text(&mut data, edge.cursor.as_deref());
        data.push_str(",\"node\":");
        data.push_str(edge.node.as_deref().unwrap_or("null"));
        data.push('}');
    }
    data.push_str("],\"pageInfo\":{\"hasNextPage\":");
    data.push_str(if list.has_next_page { "true" } else { "false" });
    data.push_str(",\"endCursor\":");
    push_text(&mut data, list.edges.last().and_then(|edge| edge.cursor.as_deref()));
    data.push_str("}}}}");
    data
}

fn push_text(json: &mut String, text: Option<&str>) {
    match text {
        Some(text) => push_string(json, text),
        None => json.push_str("null"),
    }
}

/// Reads `{field: direction}`, or a list of these.
fn read_order(order: Value) -> Result<Vec<ChangeOrdersOrderByInput>, String> {
    let steps = match order {
        Value::Array(steps) if steps.len() <= MAX_ORDER_FIELDS => steps,
        Value::Array(steps) => return Err(format!("names {} fields; there are {MAX_ORDER_FIELDS}", steps.len())),
        step => vec![step],
    };
    steps.into_iter().map(read_step).collect()
}

fn read_step(step: Value) -> Result<ChangeOrdersOrderByInput, String> {
    let expected =
        "expected {\"con\": \"asc\"}, with con, lastModified or name as the field and asc or desc as the direction";
    let Value::Object(step) = step else { return Err(expected.to_owned()) };
    let mut fields = step.into_iter();
    let (Some((field, direction)), None) = (fields.next(), fields.next()) else {
        return Err(format!("{expected}; for several fields give a list, because their order matters"));
    };
    let direction = match direction.as_str().map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        Some("asc") => SortDirection::Asc,
        Some("desc") => SortDirection::Desc,
        _ => {
            let mut got = String::new();
            direction.push_to(&mut got);
            return Err(format!("{expected}; got {got} for {field}"));
        }
    };
    let mut order = ChangeOrdersOrderByInput { con: None, last_modified: None, name: None };
    match field.as_str() {
        "con" => order.con = Some(direction),
        "lastModified" => order.last_modified = Some(direction),
        "name" => order.name = Some(direction),
        _ => return Err(format!("{expected}; got the field {field:?}")),
    }
    Ok(order)
}
