//! `listChangeOrders`

use connector_sdk::graphql::{List, fetch_list};
use connector_sdk::inputs::{Choice, Field, Input, Kind, Literal, Reader};
use connector_sdk::json::push_string;
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};
use serde_json::Value;

use self::list_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};
use crate::inputs::FIRST;
use crate::service::{client, query};

query!(ListChangeOrders, "src/actions/list_change_orders.graphql");

/// The order to learn from.
const LAST_CHANGED_FIRST: &str = r#"{"lastModified":"desc"}"#;

/// The most fields that an order can name: there are three.
const MAX_ORDER_FIELDS: usize = 3;

inputs! {
    /// Which change orders, and how many.
    pub(crate) struct Wanted {
        order_by: Vec<ChangeOrdersOrderByInput> = Field::custom(
            Input {
                example: Some(Literal::Text(LAST_CHANGED_FIRST)),
                choices: &[
                    Choice { value: r#"{"con":"asc"}"#, label: "Number, lowest first" },
                    Choice { value: r#"{"con":"desc"}"#, label: "Number, highest first" },
                    Choice { value: r#"{"lastModified":"asc"}"#, label: "Last change, oldest first" },
                    Choice { value: LAST_CHANGED_FIRST, label: "Last change, newest first" },
                    Choice { value: r#"{"name":"asc"}"#, label: "Name, A to Z" },
                    Choice { value: r#"{"name":"desc"}"#, label: "Name, Z to A" },
                ],
                ..Input::new(
                    "orderBy",
                    "Order By",
                    Kind::Choice,
                    "Which change orders come first; blank leaves the order to Duro. As JSON it is {field: direction}, \
                     or a list of these where the first decides and the next breaks ties; field is con, lastModified \
                     or name, direction asc or desc.",
                )
            },
            read_order,
        ),
        first: u32 = FIRST,
    }
}

impl Action for ListChangeOrders {
    const OPERATION: Operation = Operation {
        key: "listChangeOrders",
        label: "List Change Orders",
        description: "Lists change orders in the order you choose.",
        result_schema: result_schema!("list_change_orders"),
        example: include_str!("list_change_orders.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let order_by = wanted.order_by.into_iter().map(Some).collect::<Vec<_>>();
        let order_by = (!order_by.is_empty()).then_some(order_by);
        let variables = |first, after| Variables { order_by: order_by.clone(), first: Some(first), after };
        let list = fetch_list::<Self>(&client(call), &["changeOrders", "connection"], wanted.first, variables)?;
        Ok(whole_data(&list))
    }
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

/// Reads `{field: direction}`, or a list of these; none when it is blank.
fn read_order(input: &Input, reader: &mut Reader) -> Vec<ChangeOrdersOrderByInput> {
    let Some(given) = reader.json(input.key) else { return Vec::new() };
    let steps = match serde_json::from_str(given.get()).unwrap_or_default() {
        Value::Array(steps) if steps.len() <= MAX_ORDER_FIELDS => steps,
        Value::Array(steps) => {
            reader.problem(input.key, format!("names {} fields; there are {MAX_ORDER_FIELDS}", steps.len()));
            return Vec::new();
        }
        step => vec![step],
    };
    steps.into_iter().map(read_step).collect::<Result<_, _>>().unwrap_or_else(|message| {
        reader.problem(input.key, message);
        Vec::new()
    })
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
            let got = serde_json::to_string(&direction).unwrap_or_default();
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
