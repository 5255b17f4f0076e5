//! The trigger: what a flow gets from one poll to the next.

use crate::support::{Bench, assert_valid, connectors, ids};
use duro_sim::{DuroSim, Fault, Resource};
use host::contract::{Error, PollResult};
use serde_json::{Value, json};
use std::time::Duration;

const COMPONENTS: &str = "components";

/// Polls and holds the payload against the manifest.
async fn poll(bench: &Bench, inputs: &Value, state: Option<&[u8]>) -> PollResult {
    let polled = bench.connector.poll("pollChangesTrigger", &bench.connection, inputs, state, &bench.options).await;
    let result = polled.unwrap_or_else(|failure| panic!("{failure}")).value;
    let payload: Value = serde_json::from_str(result.payload.get()).unwrap();
    assert_valid(&payload, &bench.connector.definition().triggers[0].result_schema, "pollChangesTrigger");
    assert_eq!(result.no_changes, ["created", "updated", "deleted"].iter().all(|list| ids(&result, list).is_empty()));
    result
}

/// Polls a trigger that fails in the connector's or the service's judgement.
async fn fail(bench: &Bench, inputs: &Value, state: Option<&[u8]>) -> Error {
    let polled = bench.connector.poll("pollChangesTrigger", &bench.connection, inputs, state, &bench.options).await;
    connectors(*polled.unwrap_err())
}

fn watching(resource: &str) -> Value {
    json!({ "pollResourceType": resource })
}

/// Lets some time pass for the service, so that what happens next is later than what happened before.
fn later(bench: &Bench) {
    bench.sim.advance_clock(Duration::from_secs(1));
}

#[tokio::test]
async fn the_first_poll_delivers_nothing_and_what_changes_after_it_is_delivered_once() {
    for (resource, name) in [(Resource::Components, COMPONENTS), (Resource::ChangeOrders, "changeOrders")] {
        let bench = Bench::new().await;
        let inputs = watching(name);
        let first = poll(&bench, &inputs, None).await;
        assert!(first.no_changes && !first.more);

        later(&bench);
        let changed = bench.sim.records(resource).remove(3).id;
        assert!(bench.sim.touch(resource, &changed));
        let new = bench.sim.add(resource, "Bracket 1/4\"");
        let second = poll(&bench, &inputs, Some(&first.state)).await;
        assert_eq!((ids(&second, "created"), ids(&second, "updated")), (vec![new.clone()], vec![changed]));

        let third = poll(&bench, &inputs, Some(&second.state)).await;
        assert!(third.no_changes, "{:?}", third.payload);
        later(&bench);
        assert!(bench.sim.rename(resource, &new, "Bracket 3/8\""));
        let fourth = poll(&bench, &inputs, Some(&third.state)).await;
        assert_eq!((ids(&fourth, "created"), ids(&fourth, "updated")), (vec![], vec![new]));
    }
}

#[tokio::test]
async fn records_of_the_payload_carry_the_promised_fields() {
    let bench = Bench::new().await;
    let inputs = watching("changeOrders");
    let first = poll(&bench, &inputs, None).await;
    later(&bench);
    bench.sim.add(Resource::ChangeOrders, "Replace ¼″ screws");
    let second = poll(&bench, &inputs, Some(&first.state)).await;
    let payload: Value = serde_json::from_str(second.payload.get()).unwrap();
    let record = payload["body"]["data"]["created"][0].as_object().unwrap();
    let mut fields: Vec<&str> = record.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created", "id", "lastModified", "name", "resolution", "status", "type"]);
    assert_eq!(record["name"], "Replace ¼″ screws");
}

#[tokio::test]
async fn a_toggle_hides_its_list_and_the_state_advances_all_the_same() {
    let bench = Bench::new().await;
    let first = poll(&bench, &watching(COMPONENTS), None).await;
    later(&bench);
    let changed = bench.sim.records(Resource::Components).remove(0).id;
    bench.sim.touch(Resource::Components, &changed);
    let new = bench.sim.add(Resource::Components, "New");
    for (show_new, show_updated) in
        [(json!(true), json!("false")), (json!("false"), json!(true)), (json!(false), json!(false))]
    {
        let inputs = json!({
            "pollResourceType": COMPONENTS, "showNewRecords": show_new, "showUpdatedRecords": show_updated,
        });
        let shown = |value: &Value, id: &String| if *value == json!(true) { vec![id.clone()] } else { vec![] };
        let second = poll(&bench, &inputs, Some(&first.state)).await;
        assert_eq!(ids(&second, "created"), shown(&show_new, &new));
        assert_eq!(ids(&second, "updated"), shown(&show_updated, &changed));
        let third = poll(&bench, &watching(COMPONENTS), Some(&second.state)).await;
        assert!(third.no_changes);
    }
}

#[tokio::test]
async fn a_failed_poll_gives_an_error_and_the_same_state_finds_the_change_later() {
    let bench = Bench::with(DuroSim::builder().page_size(20)).await;
    let inputs = watching(COMPONENTS);
    let first = poll(&bench, &inputs, None).await;
    later(&bench);
    let changed = bench.sim.touch_many(Resource::Components, 50);
    // The second page of three.
    let mut requests = 0;
    bench.sim.fault_when(move |_| {
        requests += 1;
        (requests == 2).then_some(Fault::TruncatedJson)
    });
    assert!(matches!(fail(&bench, &inputs, Some(&first.state)).await, Error::UnexpectedResponse(_)));
    let second = poll(&bench, &inputs, Some(&first.state)).await;
    let mut delivered = ids(&second, "updated");
    delivered.sort();
    assert_eq!(delivered, changed);
}

#[tokio::test]
async fn a_state_of_another_resource_or_of_something_else_is_invalid_and_says_what_to_do() {
    let bench = Bench::new().await;
    let first = poll(&bench, &watching(COMPONENTS), None).await;
    let Error::InvalidState(message) = fail(&bench, &watching("changeOrders"), Some(&first.state)).await else {
        panic!()
    };
    assert!(message.contains("belongs to components") && message.contains("changeOrders"), "{message}");
    let truncated = &first.state[..first.state.len() / 2];
    for state in [&b"{}"[..], b"", b"\xff\xfe", truncated] {
        let Error::InvalidState(message) = fail(&bench, &watching(COMPONENTS), Some(state)).await else { panic!() };
        assert!(message.contains("Restore the state of the last poll"), "{message}");
    }
}

#[tokio::test]
async fn inputs_that_cannot_be_used_are_named_and_nothing_is_sent() {
    let bench = Bench::new().await;
    let inputs = json!({ "pollResourceType": "products", "showNewRecords": "perhaps" });
    let Error::InvalidInput(problems) = fail(&bench, &inputs, None).await else { panic!() };
    let named: Vec<&str> = problems.iter().map(|problem| problem.input.as_str()).collect();
    assert_eq!(named, ["pollResourceType", "showNewRecords"]);
    assert_eq!(bench.sim.request_count(), 0);
}

#[tokio::test]
async fn without_a_choice_the_default_counts_and_components_are_watched() {
    let bench = Bench::new().await;
    let first = poll(&bench, &json!({}), None).await;
    assert!(poll(&bench, &watching(COMPONENTS), Some(&first.state)).await.no_changes);
}

#[tokio::test]
async fn a_toggle_that_was_off_for_a_while_loses_nothing_of_what_changed_while_it_was_on() {
    let bench = Bench::new().await;
    let [on, off] = [true, false].map(|show| json!({ "pollResourceType": COMPONENTS, "showUpdatedRecords": show }));
    let parts: Vec<String> = bench.sim.records(Resource::Components).into_iter().map(|part| part.id).collect();
    let mut state = poll(&bench, &on, None).await.state;
    let mut delivered = Vec::new();
    // Changed while on; while off; while on again, with polls at any distance.
    for (inputs, changed, pause) in
        [(&on, &parts[1], 1), (&off, &parts[2], 4_000), (&on, &parts[3], 2), (&on, &parts[1], 90)]
    {
        bench.sim.advance_clock(Duration::from_secs(pause));
        assert!(bench.sim.touch(Resource::Components, changed));
        let result = poll(&bench, inputs, Some(&state)).await;
        delivered.extend(ids(&result, "updated"));
        state = result.state;
    }
    assert_eq!(delivered, [&parts[1], &parts[3], &parts[1]].map(String::clone));
}

#[tokio::test]
async fn a_record_whose_time_is_none_neither_fails_a_poll_nor_is_lost_nor_loses_others() {
    let bench = Bench::new().await;
    let inputs = watching(COMPONENTS);
    let mut state = poll(&bench, &inputs, None).await.state;
    for time in ["2024-06-14T14:58:16.638+99:99", "0001-01-01T00:00:00.000Z", "2199-12-31T00:00:00.000Z", "soon"] {
        let records = bench.sim.records(Resource::Components);
        let (odd, plain) = (records[0].id.clone(), records[1].id.clone());
        later(&bench);
        bench.sim.touch(Resource::Components, &odd);
        bench.sim.show_last_modified(&odd, Some(json!(time)));
        let found = poll(&bench, &inputs, Some(&state)).await;
        assert!(ids(&found, "updated").contains(&odd), "{time} was lost");
        later(&bench);
        bench.sim.touch(Resource::Components, &plain);
        let found = poll(&bench, &inputs, Some(&found.state)).await;
        assert!(ids(&found, "updated").contains(&plain), "after {time} another was lost");
        bench.sim.show_last_modified(&odd, None);
        state = poll(&bench, &inputs, Some(&found.state)).await.state;
    }
}

#[tokio::test]
async fn a_change_order_comes_once_when_it_is_decided() {
    let bench = Bench::with(DuroSim::builder().change_orders(250)).await;
    let inputs = json!({ "pollResourceType": "changeOrders", "onlyApprovedOrClosed": true });
    let list = bench.perform("listChangeOrders", json!({ "first": 1000 })).await;
    let edges = list["changeOrders"]["connection"]["edges"].as_array().unwrap().clone();
    let with_status = |closed: bool| {
        let is_it = move |node: &&Value| (node["status"] == "CLOSED") == closed;
        edges
            .iter()
            .map(|edge| &edge["node"])
            .filter(is_it)
            .map(|node| node["id"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let (closed, open) = (with_status(true), with_status(false));
    assert!(closed.len() > 20 && open.len() > 20);

    let mut state = poll(&bench, &inputs, None).await.state;
    later(&bench);
    // What was closed before is edited; one is submitted, one approved, one closed without a resolution.
    assert!(closed.iter().all(|id| bench.sim.touch(Resource::ChangeOrders, id)));
    assert!(bench.sim.decide(open[0], "OPEN", None));
    assert!(bench.sim.decide(open[1], "Finalizing", Some("Approved")));
    assert!(bench.sim.decide(open[2], "CLOSED", None));
    let second = poll(&bench, &inputs, Some(&state)).await;
    let mut came = ids(&second, "updated");
    came.sort();
    let mut expected = vec![open[1].to_owned(), open[2].to_owned()];
    expected.sort();
    assert_eq!(came, expected);
    let payload: Value = serde_json::from_str(second.payload.get()).unwrap();
    let resolutions = payload["body"]["data"]["updated"].as_array().unwrap().iter().map(|node| &node["resolution"]);
    assert!(resolutions.clone().any(|resolution| resolution == "Approved"), "{:?}", resolutions.collect::<Vec<_>>());

    // Edited again, it does not come; reopened and approved anew, it does.
    state = second.state;
    later(&bench);
    assert!(bench.sim.decide(open[1], "CLOSED", Some("APPROVED")) && bench.sim.decide(open[2], "OPEN", None));
    let third = poll(&bench, &inputs, Some(&state)).await;
    assert!(third.no_changes, "{:?}", third.payload);
    later(&bench);
    assert!(bench.sim.decide(open[2], "CLOSED", Some("REJECTED")));
    let fourth = poll(&bench, &inputs, Some(&third.state)).await;
    assert_eq!(ids(&fourth, "updated"), [open[2]]);
}

#[tokio::test]
async fn filters_hide_and_the_state_goes_on_past_what_they_hide() {
    let bench = Bench::with(DuroSim::builder().change_orders(40)).await;
    let wanted =
        json!({ "pollResourceType": "changeOrders", "changeOrderTypes": "mco, dco", "changeOrderStatuses": "On_Hold" });
    let all = watching("changeOrders");
    let first = poll(&bench, &wanted, None).await;
    later(&bench);
    let orders: Vec<String> = bench.sim.records(Resource::ChangeOrders).into_iter().map(|order| order.id).collect();
    assert!(orders.iter().all(|id| bench.sim.decide(id, "ON_HOLD", None)));
    let everything = poll(&bench, &all, Some(&first.state)).await;
    let some = poll(&bench, &wanted, Some(&first.state)).await;
    assert_eq!(everything.state, some.state);
    let payload: Value = serde_json::from_str(some.payload.get()).unwrap();
    let types: Vec<&Value> =
        payload["body"]["data"]["updated"].as_array().unwrap().iter().map(|node| &node["type"]).collect();
    assert!(!types.is_empty() && types.len() < orders.len());
    assert!(types.iter().all(|kind| *kind == "MCO" || *kind == "DCO"), "{types:?}");

    let error = fail(&bench, &json!({ "changeOrderTypes": "ECO", "onlyApprovedOrClosed": "yes" }), None).await;
    let Error::InvalidInput(problems) = error else { panic!("{error:?}") };
    assert_eq!(
        problems.iter().map(|problem| problem.input.as_str()).collect::<Vec<_>>(),
        ["changeOrderTypes", "onlyApprovedOrClosed"]
    );
}

#[tokio::test]
async fn where_only_closed_orders_are_asked_for_one_that_is_approved_has_not_entered() {
    let bench = Bench::new().await;
    let inputs = json!({
        "pollResourceType": "changeOrders", "onlyApprovedOrClosed": true, "changeOrderStatuses": "closed",
    });
    let order = bench.sim.add(Resource::ChangeOrders, "Replace the screws");
    let mut state = poll(&bench, &inputs, None).await.state;
    let mut delivered = Vec::new();
    for (status, resolution) in [("OPEN", None), ("APPROVED", None), ("CLOSED", Some("APPROVED")), ("CLOSED", None)] {
        later(&bench);
        assert!(bench.sim.decide(&order, status, resolution));
        let polled = poll(&bench, &inputs, Some(&state)).await;
        delivered.push(ids(&polled, "created").len() + ids(&polled, "updated").len());
        state = polled.state;
    }
    assert_eq!(delivered, [0, 0, 1, 0]);
}

#[tokio::test]
async fn a_first_poll_can_begin_in_the_past_however_much_has_changed_since() {
    let bench = Bench::with(DuroSim::builder().components(7_000)).await;
    later(&bench);
    let begin = bench.sim.now();
    let since = |time: i64| json!({ "since": jiff::Timestamp::from_millisecond(time).unwrap().to_string() });
    let touched = bench.sim.touch_many(Resource::Components, 6_200);
    later(&bench);
    let new = bench.sim.add(Resource::Components, "Made since");
    let (mut seen, mut polls, mut state) = (Vec::new(), 0, None);
    loop {
        let result = poll(&bench, &since(begin), state.as_deref()).await;
        seen.extend(ids(&result, "updated"));
        let created = ids(&result, "created");
        assert!(created.iter().all(|id| *id == new), "{created:?}");
        seen.extend(created);
        polls += 1;
        let more = result.more;
        state = Some(result.state);
        if !more {
            break;
        }
    }
    seen.sort();
    let mut expected = [touched, vec![new]].concat();
    expected.sort();
    assert_eq!(seen, expected);
    assert!(polls >= 2, "the backlog is not above the page cap");
    assert!(poll(&bench, &since(begin), state.as_deref()).await.no_changes);

    // A time that has not come loses nothing of what happens until then.
    let first = poll(&bench, &since(begin + 86_400_000), None).await;
    later(&bench);
    let changed = bench.sim.touch_many(Resource::Components, 1);
    assert_eq!(ids(&poll(&bench, &since(0), Some(&first.state)).await, "updated"), changed);
    for wrong in ["yesterday", "2026-11-01", "1969-01-01T00:00:00Z"] {
        let error = fail(&bench, &json!({ "since": wrong }), None).await;
        assert!(matches!(&error, Error::InvalidInput(problems) if problems[0].input == "since"), "{error:?}");
    }
}
