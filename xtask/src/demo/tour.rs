//! The stops of the tour, in order.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::answer::{delivered, expect_kind, find, ids, items, keys, text};
use super::visit::Visit;

/// One stop: what it is about, in words, and what shows it. Showing gives the fact to remember.
pub(super) struct Stop {
    pub(super) heading: &'static str,
    pub(super) words: &'static str,
    pub(super) show: fn(&mut Visit<'_>) -> Result<String>,
}

/// Every capability of the connector, and the host's refusals.
pub(super) const STOPS: &[Stop] = &[
    Stop {
        heading: "What the component offers and needs",
        words: "A host draws all of its forms from this description. The component calls http and log, and nothing \
                else of its host.",
        show: inspect,
    },
    Stop {
        heading: "Test the connection",
        words: "What a \"Test connection\" button does: it says whose key it is.",
        show: test_connection,
    },
    Stop {
        heading: "Action: get the current user",
        words: "The simplest action: no inputs, one request.",
        show: get_current_user,
    },
    Stop {
        heading: "Action: list the company's users",
        words: "All users of the company that the key's owner belongs to.",
        show: list_company_users,
    },
    Stop {
        heading: "Action: list components",
        words: "250 parts of the company's library. The service gives at most 100 at once, so the connector reads \
                three pages.",
        show: list_components,
    },
    Stop { heading: "Action: get a component by id", words: "Everything about one part.", show: get_component_by_id },
    Stop {
        heading: "Action: list change orders",
        words: "The three that changed last. The order is a JSON input, and numbers may be given as text.",
        show: list_change_orders,
    },
    Stop {
        heading: "Data source: the parts of a dropdown",
        words: "What fills the dropdown of `componentId`, as a table for people. Each list of JSON above can be had \
                like this, too.",
        show: select_component,
    },
    Stop {
        heading: "Data source: search by part number",
        words: "Text that looks like a part number is searched by the service.",
        show: search_by_part_number,
    },
    Stop {
        heading: "Data source: search by name",
        words: "Other text is looked for in the names. The result says where the next page begins, and when a search \
                stopped early.",
        show: search_by_name,
    },
    Stop {
        heading: "Trigger: the first poll sets the baseline",
        words: "A first poll delivers nothing: changes count from here. The state is a file that the host keeps, one \
                for components and one for change orders.",
        show: poll_for_baselines,
    },
    Stop {
        heading: "Action: create a change order",
        words: "It changes data, so it is sent once and never tried again by itself. The trigger below will see it.",
        show: create_change_order,
    },
    Stop {
        heading: "Action: send a GraphQL document of your own",
        words: "For everything that no other action covers: here, a mutation that sets the children of that part.",
        show: raw_request,
    },
    Stop {
        heading: "Trigger: the next poll delivers what changed",
        words: "The new change order arrives as created, and the changed part as updated.",
        show: poll_for_changes,
    },
    Stop {
        heading: "Trigger: nothing is delivered twice",
        words: "Nothing has changed since, and the poll says so.",
        show: poll_without_changes,
    },
    Stop {
        heading: "Trigger: moved to another address",
        words: "A state belongs to one address. Rebased, it goes on at whatever address the next poll has, and repeats \
                nothing; with --since it begins at that time instead.",
        show: rebase,
    },
    Stop {
        heading: "Debug log",
        words: "With --debug, every request and response appears on standard error. The key is not there to be logged: \
                the component never had it.",
        show: debug_log,
    },
    Stop {
        heading: "Action: the whole structure of a product, for a spreadsheet",
        words: "Level by level, a hundred parts a request; quantities as they are, decimals exact.",
        show: bill_of_materials,
    },
    Stop {
        heading: "Action: find parts, with the fields you choose",
        words: "By part number, words of the name, status, category, time of change.",
        show: find_components,
    },
    Stop {
        heading: "Action: one change order by its number",
        words: "No query for one is known, so the list is paged until it is there.",
        show: get_change_order,
    },
    Stop {
        heading: "Verify: has this Duro all that the connector asks of it?",
        words: "Every query, field, argument and enum value, by what the service says of itself. Reads only.",
        show: verify,
    },
    Stop {
        heading: "Key: renew it before it expires",
        words: "The host asks, the connector takes no part; the new key goes into a file and is shown nowhere.",
        show: renew_key,
    },
    Stop {
        heading: "Error: a key that the service does not accept",
        words: "The kind of error is what a flow branches on. Exit status 1: the service said no.",
        show: unauthenticated,
    },
    Stop {
        heading: "Error: inputs that cannot be used",
        words: "Every bad input is named at once, and nothing is sent.",
        show: invalid_input,
    },
    Stop {
        heading: "Error: the host refuses what was not granted",
        words: "Without the grants of this tour nothing leaves for such an address. Exit status 3: the host refused.",
        show: denied,
    },
];

const COMPONENT_POLL: [&str; 4] = ["poll", "pollChangesTrigger", "--input", "pollResourceType=components"];
const CHANGE_ORDER_POLL: [&str; 4] = ["poll", "pollChangesTrigger", "--input", "pollResourceType=changeOrders"];

fn inspect(visit: &mut Visit<'_>) -> Result<String> {
    let text = visit.read(&["inspect"])?;
    let keys = [
        "duroApiKey",
        "createChangeOrder",
        "findComponents",
        "getBillOfMaterials",
        "getChangeOrder",
        "getComponentById",
        "getProductById",
        "listProducts",
        "selectProduct",
        "getCurrentUser",
        "listChangeOrders",
        "listCompanyUsers",
        "listComponents",
        "rawRequest",
        "selectComponent",
        "pollChangesTrigger",
    ];
    for key in keys {
        ensure!(text.contains(key), "the description does not name {key}");
    }
    Ok("one connection, twelve actions, two data sources, one trigger".to_owned())
}

fn test_connection(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&["test-connection"])?;
    let account = answer.get("data").unwrap_or(&answer);
    let user = text(account, &["user"])?;
    Ok(format!("the key belongs to {user} of {}", text(account, &["organization"])?))
}

fn get_current_user(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&["action", "getCurrentUser"])?;
    text(&answer, &["data", "userById", "email"])
}

fn list_company_users(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&["action", "listCompanyUsers"])?;
    let users = items(&answer, &["data", "users"])?;
    ensure!(!users.is_empty(), "the company has no users");
    Ok(format!("{} users", users.len()))
}

fn list_components(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&["action", "listComponents", "--input", "first=250"])?;
    let parts = items(&answer, &["data"])?;
    ensure!(parts.len() == 250, "250 components were to come, and {} came", parts.len());
    visit.part = parts.first().map(|part| text(part, &["id"])).transpose()?;
    Ok("250 parts".to_owned())
}

fn get_component_by_id(visit: &mut Visit<'_>) -> Result<String> {
    let id = visit.known_part()?;
    let answer = visit.ask(&["action", "getComponentById", "--input", &format!("componentId={id}")])?;
    let part = items(&answer, &["data", "componentsByIds"])?.first().context("no component came back")?;
    ensure!(text(part, &["id"])? == id, "another component came back");
    let number = text(part, &["cpn", "displayValue"])?;
    visit.part_number = Some(number.clone());
    Ok(format!("part {number}"))
}

fn list_change_orders(visit: &mut Visit<'_>) -> Result<String> {
    let order = r#"orderBy={"lastModified":"desc"}"#;
    let answer = visit.ask(&["action", "listChangeOrders", "--input", "first=3", "--input", order])?;
    let edges = items(&answer, &["data", "changeOrders", "connection", "edges"])?;
    ensure!(edges.len() == 3, "3 change orders were to come, and {} came", edges.len());
    Ok("3 change orders".to_owned())
}

fn select_component(visit: &mut Visit<'_>) -> Result<String> {
    let table = visit.ask_for_text(&["--format", "table", "data-source", "selectComponent"])?;
    let id = visit.known_part()?;
    ensure!(table.lines().count() > 10, "the dropdown has hardly any parts");
    ensure!(table.contains(&id), "the part {id} is not on the first page");
    Ok("the first page of parts".to_owned())
}

fn search_by_part_number(visit: &mut Visit<'_>) -> Result<String> {
    let number = visit.part_number.clone().context("no part number is known: no component was read")?;
    let answer = visit.ask(&["data-source", "selectComponent", "--search", &number])?;
    let id = visit.known_part()?;
    ensure!(keys(&answer, &["result"])?.contains(&id), "the part {number} was not found");
    Ok(format!("{number} found"))
}

fn search_by_name(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&["data-source", "selectComponent", "--search", "bracket"])?;
    let found = items(&answer, &["result"])?;
    ensure!(!found.is_empty(), "no part with `bracket` in its name was found");
    for item in found {
        let label = text(item, &["label"])?;
        ensure!(label.to_lowercase().contains("bracket"), "{label:?} does not hold `bracket`");
    }
    Ok(format!("{} parts with `bracket` in their names", found.len()))
}

fn poll_for_baselines(visit: &mut Visit<'_>) -> Result<String> {
    for (words, state) in [(COMPONENT_POLL, "components.state"), (CHANGE_ORDER_POLL, "change-orders.state")] {
        let answer = poll(visit, &words, state)?;
        ensure!(delivered(&answer)? == (0, 0), "the first poll delivered something");
        ensure!(std::fs::metadata(visit.file(state)).is_ok_and(|file| file.len() > 0), "no state was kept in {state}");
    }
    Ok("two states, nothing delivered".to_owned())
}

fn create_change_order(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&[
        "action",
        "createChangeOrder",
        "--input",
        "name=Replace 1/4\" screws",
        "--input",
        "description=They come loose.",
        "--input",
        "type=ECO",
    ])?;
    let created = ["data", "createChangeOrder"];
    let order = find(&answer, &created)?;
    ensure!(text(order, &["status"])?.eq_ignore_ascii_case("draft"), "a new change order is a draft");
    visit.change_order = Some(text(order, &["id"])?);
    Ok(format!("{} created", text(order, &["con", "displayValue"])?))
}

fn bill_of_materials(visit: &mut Visit<'_>) -> Result<String> {
    let products = visit.ask(&["data-source", "selectProduct", "--input", "first=3"])?;
    let product = keys(&products, &["result"])?.into_iter().next().context("there is no product")?;
    let product = format!("productId={product}");
    let csv = visit.ask_for_text(&["--format", "csv", "action", "getBillOfMaterials", "--input", &product])?;
    ensure!(csv.starts_with("level,itemNumber,quantity,"), "the structure is no table");
    let lines = csv.lines().count();
    ensure!(lines > 2, "the product is made of nothing");
    Ok(format!("{} lines", lines - 1))
}

fn find_components(visit: &mut Visit<'_>) -> Result<String> {
    let number = visit.part_number.clone().context("no part number is known: no component was read")?;
    let fields = "fields=partNumber,name,revision,status,manufacturerPartNumbers";
    let wanted = format!("partNumber={number}");
    let answer = visit.ask(&["action", "findComponents", "--input", &wanted, "--input", fields])?;
    let found = items(&answer, &["data", "rows"])?.first().context("the part was not found")?;
    ensure!(text(found, &["partNumber"])? == number, "another part was found");
    Ok(format!("{number}: {}", text(found, &["status"])?))
}

fn get_change_order(visit: &mut Visit<'_>) -> Result<String> {
    let order = visit.change_order.clone().context("no change order was created")?;
    let answer = visit.ask(&["action", "getChangeOrder", "--input", &format!("changeOrder={order}")])?;
    Ok(format!("{}: {}", text(&answer, &["data", "con", "displayValue"])?, text(&answer, &["data", "status"])?))
}

fn verify(visit: &mut Visit<'_>) -> Result<String> {
    let answer = visit.ask(&["verify"])?;
    ensure!(items(&answer, &["findings"])?.is_empty(), "the simulated service lacks something");
    Ok("all of it is there".to_owned())
}

fn renew_key(visit: &mut Visit<'_>) -> Result<String> {
    let file = visit.file("renewed-key");
    let answer = visit.ask(&["key", "renew", "--to-file", &file])?;
    let key = std::fs::read_to_string(&file).context("there is no file with the new key")?;
    ensure!(!answer.to_string().contains(key.trim()), "the new key was shown");
    Ok(format!("good until {}", text(&answer, &["expires"])?))
}

fn raw_request(visit: &mut Visit<'_>) -> Result<String> {
    let id = visit.known_part()?;
    let list = visit.ask(&["data-source", "selectComponent", "--search", "screw"])?;
    let child = keys(&list, &["result"])?.into_iter().find(|key| *key != id).context("no screw was found")?;
    let query = "mutation ($input: UpdateComponentInput) { updateComponent(input: $input) { id name lastModified \
                 children { quantity component { name } } } }";
    let variables = json!({"input": {"id": id, "children": [{"componentId": child, "quantity": 4, "itemNumber": 1}]}});
    let inputs = visit.inputs("raw-request.json", &json!({"query": query, "variablesObject": variables}))?;
    let answer = visit.ask(&["action", "rawRequest", "--inputs", &inputs])?;
    let part = find(&answer, &["data", "updateComponent"])?;
    ensure!(items(part, &["children"])?.len() == 1, "the part was to have one child");
    Ok("the part has four screws now".to_owned())
}

fn poll_for_changes(visit: &mut Visit<'_>) -> Result<String> {
    let order = visit.change_order.clone().context("no change order was created")?;
    let part = visit.known_part()?;
    let answer = poll(visit, &CHANGE_ORDER_POLL, "change-orders.state")?;
    ensure!(delivered(&answer)? == (1, 0), "one created change order was to be delivered, and nothing else");
    ensure!(ids(&answer, "created")? == [order], "another change order was delivered");
    let answer = poll(visit, &COMPONENT_POLL, "components.state")?;
    ensure!(delivered(&answer)? == (0, 1), "one updated component was to be delivered, and nothing else");
    ensure!(ids(&answer, "updated")? == [part], "another component was delivered");
    Ok("one created, one updated".to_owned())
}

fn poll_without_changes(visit: &mut Visit<'_>) -> Result<String> {
    let answer = poll(visit, &CHANGE_ORDER_POLL, "change-orders.state")?;
    ensure!(delivered(&answer)? == (0, 0), "something was delivered again");
    ensure!(find(&answer, &["noChanges"])? == &Value::Bool(true), "`noChanges` was to be true");
    Ok("no changes".to_owned())
}

fn rebase(visit: &mut Visit<'_>) -> Result<String> {
    visit.read(&["state", "rebase", "pollChangesTrigger", "--state", &visit.file("components.state")])?;
    let answer = poll(visit, &COMPONENT_POLL, "components.state")?;
    ensure!(delivered(&answer)? == (0, 0), "something was delivered again");
    Ok("it goes on where it was".to_owned())
}

fn debug_log(visit: &mut Visit<'_>) -> Result<String> {
    let (_, messages) = visit.overhear(&["--debug"], &["action", "getCurrentUser"])?;
    ensure!(messages.contains("userById"), "the log does not show the request");
    ensure!(!messages.contains(visit.key()), "the log shows the key");
    Ok("request and response logged, the key is not in it".to_owned())
}

fn unauthenticated(visit: &mut Visit<'_>) -> Result<String> {
    let error = visit.fail(Some("wrong-key"), 1, &["action", "getCurrentUser"])?;
    expect_kind(&error, "unauthenticated")
}

fn invalid_input(visit: &mut Visit<'_>) -> Result<String> {
    let error = visit.fail(None, 1, &["action", "createChangeOrder", "--input", "name=", "--input", "type=XCO"])?;
    let all = error.to_string();
    ensure!(all.contains("\"name\"") && all.contains("\"type\""), "not every bad input is named");
    expect_kind(&error, "invalid-input")
}

fn denied(visit: &mut Visit<'_>) -> Result<String> {
    let error = visit.fail_without_grants(3, &["action", "getCurrentUser"])?;
    let message = text(&error, &["message"])?;
    ensure!(message.contains("--allow-http"), "the refusal does not name the grant");
    Ok(format!("`{}`, naming the grant that would allow it", text(&error, &["kind"])?))
}

fn poll(visit: &Visit<'_>, words: &[&str], state: &str) -> Result<Value> {
    let state = visit.file(state);
    visit.ask(&[words, &["--state", &state]].concat())
}

#[cfg(test)]
mod tests {
    use super::STOPS;

    #[test]
    fn headings_differ_so_that_the_summary_names_one_stop() {
        let mut headings: Vec<_> = STOPS.iter().map(|stop| stop.heading).collect();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), STOPS.len());
    }
}
