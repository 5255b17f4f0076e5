//! `getChangeOrder`: one change order by its id or its number.
//!
//! No query for a single change order is known, so the list is paged until it is there, in the order of the numbers:
//! what is edited meanwhile moves nothing.

use connector_sdk::graphql::{MAX_PAGE_SIZE, fetch_page, misshapen};
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::{self, Problem};
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use super::ListChangeOrders;
use super::list_change_orders::list_change_orders::{ChangeOrdersOrderByInput, SortDirection, Variables};
use crate::service::client;

/// The most pages that are looked through: ten thousand change orders.
const MAX_PAGES: u32 = 100;

inputs! {
    /// Which change order.
    pub(crate) struct Wanted {
        change_order: String = Field::text("changeOrder", "Change Order ID or Number")
            .example(Literal::Text("ECO-00042"))
            .placeholder("ECO-00042")
            .help(
                "The id of the change order, 24 hexadecimal digits, or its number as Duro shows it. Duro is asked for \
                 its change orders, the highest number first, until it is there: a hundred a request, at most ten \
                 thousand.",
            ),
    }
}

/// The action.
#[derive(Debug)]
pub(crate) struct GetChangeOrder;

impl Action for GetChangeOrder {
    const OPERATION: Operation = Operation {
        key: "getChangeOrder",
        label: "Get Change Order",
        description: "Gets one change order by its id or its number, with its status and its resolution.",
        result_schema: result_schema!("get_change_order"),
        example: include_str!("get_change_order.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let (client, wanted) = (client(call), wanted.change_order.trim());
        let (mut looked_at, mut after) = (0, None);
        for _ in 0..MAX_PAGES {
            let highest_first =
                ChangeOrdersOrderByInput { con: Some(SortDirection::Desc), last_modified: None, name: None };
            let variables = Variables {
                order_by: Some(vec![Some(highest_first)]),
                first: Some(i64::from(MAX_PAGE_SIZE)),
                after: after.clone(),
            };
            let path = ["changeOrders", "connection"];
            let page = fetch_page::<ListChangeOrders>(&client, &path, after.as_deref(), variables)?;
            looked_at += page.edges.len();
            for node in page.edges.into_iter().filter_map(|edge| edge.node) {
                if is_it(&node, wanted).map_err(misshapen)? {
                    return Ok(node);
                }
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let rest =
            if after.is_some() { " with the highest numbers; there are more, which were not looked at" } else { "" };
        Err(Error::NotFound(format!(
            "there is no change order with the id or number {wanted:?} among the {looked_at}{rest}; the API key's \
             owner may also not see it"
        )))
    }
}

fn is_it(node: &str, wanted: &str) -> Result<bool, Problem> {
    if json::text_member(node, "id")?.as_deref() == Some(wanted) {
        return Ok(true);
    }
    let number = match json::member(node, "con")? {
        Some(con) => json::text_member(con, "displayValue")?,
        None => None,
    };
    Ok(number.is_some_and(|number| number.trim().eq_ignore_ascii_case(wanted)))
}
