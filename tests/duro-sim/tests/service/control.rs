//! The control endpoints, as a demonstration in another process uses them.

use duro_sim::{CONTROL_HELP, DuroSim, Resource};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CHANGE_ORDERS, COMPONENTS, client, data, request};

/// Status and answer of one control request.
async fn control(sim: &DuroSim, method: Method, path: &str, body: Value) -> (u16, Value) {
    let url = sim.url().replace("/graphql", path);
    let mut request = client().request(method, url);
    if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(json!(text)))
}

#[tokio::test]
async fn records_can_be_added_renamed_touched_and_deleted() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    for (name, resource) in [("components", Resource::Components), ("change-orders", Resource::ChangeOrders)] {
        let (status, added) = control(&sim, Method::POST, &format!("/control/{name}"), json!({ "name": "Ünew" })).await;
        assert_eq!(status, 200);
        let id = added["id"].as_str().unwrap();
        assert_eq!(sim.record(resource, id).unwrap().name.as_deref(), Some("Ünew"));

        let path = format!("/control/{name}/{id}");
        let renamed = control(&sim, Method::POST, &format!("{path}/rename"), json!({ "name": "Newer" })).await;
        assert_eq!(renamed, (200, json!({ "id": id })));
        assert_eq!(sim.record(resource, id).unwrap().name.as_deref(), Some("Newer"));

        sim.advance_clock(std::time::Duration::from_secs(5));
        let before = sim.record(resource, id).unwrap().last_modified;
        assert_eq!(control(&sim, Method::POST, &format!("{path}/touch"), Value::Null).await.0, 200);
        assert!(sim.record(resource, id).unwrap().last_modified >= before + 5000);

        let (_, newest) = control(&sim, Method::GET, &format!("/control/{name}"), Value::Null).await;
        assert_eq!(newest["records"][0]["id"], id);
        assert_eq!(newest["records"].as_array().unwrap().len(), 20);

        assert_eq!(control(&sim, Method::DELETE, &path, Value::Null).await.0, 200);
        assert_eq!(sim.record(resource, id), None);
        for verb in ["touch", "rename"] {
            let (status, refused) =
                control(&sim, Method::POST, &format!("{path}/{verb}"), json!({ "name": "x" })).await;
            assert_eq!(status, 404);
            assert!(refused["error"].as_str().unwrap().contains(id));
        }
    }
    assert_eq!(sim.request_count(), 0, "control requests are not recorded");
}

#[tokio::test]
async fn many_records_can_be_added_and_touched() {
    let sim = DuroSim::builder().frozen_clock(1_750_000_000_000).spawn().await.unwrap();
    let path = "/control/components/add-many";
    let (_, added) = control(&sim, Method::POST, path, json!({ "count": 30, "gap": "2ms" })).await;
    assert_eq!(added["ids"].as_array().unwrap().len(), 30);
    assert_eq!(sim.now(), 1_750_000_000_058);
    let path = "/control/change-orders/touch-many";
    let (_, touched) = control(&sim, Method::POST, path, json!({ "count": 12 })).await;
    let touched = touched["ids"].as_array().unwrap();
    assert_eq!(touched.len(), 12);
    for id in touched {
        let record = sim.record(Resource::ChangeOrders, id.as_str().unwrap()).unwrap();
        assert_eq!(record.last_modified, 1_750_000_000_058);
    }
    let (status, refused) = control(&sim, Method::POST, path, json!({ "count": 10_000_000 })).await;
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().contains("at most"));
}

#[tokio::test]
async fn the_clock_can_be_moved_and_the_state_read() {
    let sim = DuroSim::builder().frozen_clock(1_750_000_000_000).spawn().await.unwrap();
    let moved = control(&sim, Method::POST, "/control/advance", json!({ "by": "1m30s" })).await;
    assert_eq!(moved, (200, json!({ "now": "2025-06-15T15:08:10.000Z" })));
    let (_, state) = control(&sim, Method::GET, "/control/state", Value::Null).await;
    let expected = json!({ "now": "2025-06-15T15:08:10.000Z", "components": 400, "changeOrders": 150, "requests": 0 });
    assert_eq!(state, expected);
    let (status, refused) = control(&sim, Method::POST, "/control/advance", json!({ "by": "soon" })).await;
    assert_eq!((status, refused["error"].as_str().unwrap().contains("50ms")), (400, true));
}

#[tokio::test]
async fn a_record_can_show_any_last_modified_and_keeps_its_place() {
    let sim = DuroSim::builder().page_size(5).spawn().await.unwrap();
    for (name, query) in [("components", COMPONENTS), ("change-orders", CHANGE_ORDERS)] {
        let order = json!({ "first": 3, "order": [{ "lastModified": "desc" }] });
        let list = || async {
            let data = data(&sim, query, order.clone()).await;
            let edges = data.as_object().unwrap().values().next().unwrap()["connection"]["edges"].clone();
            edges.as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect::<Vec<Value>>()
        };
        let before = list().await;
        let path = format!("/control/{name}/{}/show-time", before[1]["id"].as_str().unwrap());
        for shown in [json!("0001-01-01T00:00:00.000Z"), json!(null), json!(42), json!({ "$date": 1 })] {
            let done = control(&sim, Method::POST, &path, json!({ "lastModified": shown })).await;
            assert_eq!(done, (200, json!({ "id": before[1]["id"] })));
            let after = list().await;
            assert_eq!((&after[1]["id"], &after[1]["lastModified"]), (&before[1]["id"], &shown));
            assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
        }
        assert_eq!(control(&sim, Method::POST, &path, json!({ "created": 1 })).await.0, 400);
        assert_eq!(control(&sim, Method::POST, &path, json!({})).await.0, 200);
        assert_eq!(list().await, before);
    }
}

#[tokio::test]
async fn faults_can_be_queued_and_cleared() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let queue = |fault: &str| json!({ "fault": fault, "times": 2 });
    let send = || async { request(&sim, "{ userById { id } }", json!({})).send().await.unwrap().status().as_u16() };
    assert_eq!(control(&sim, Method::POST, "/control/faults", queue("503")).await, (200, json!({ "queued": 2 })));
    assert_eq!(send().await, 503);
    assert_eq!(control(&sim, Method::DELETE, "/control/faults", Value::Null).await.0, 200);
    assert_eq!(send().await, 200);
    let (status, refused) = control(&sim, Method::POST, "/control/faults", queue("bad luck")).await;
    assert_eq!((status, refused["error"].as_str().unwrap().contains("truncated")), (400, true));
}

#[tokio::test]
async fn every_endpoint_of_the_help_exists_and_unknown_resources_are_named() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let mut seen = 0;
    for line in CONTROL_HELP.lines().skip(1) {
        let mut words = line.split_whitespace();
        let method: Method = words.next().unwrap().parse().unwrap();
        let path = words.next().unwrap().replace("RESOURCE", "components").replace("ID", "0123");
        let (status, answer) = control(&sim, method, &path, Value::Null).await;
        // Neither the path nor the method is unknown: what is refused is the missing body or the unknown id.
        assert!(status != 405 && (status != 404 || answer["error"].is_string()), "{line}: {status} {answer}");
        seen += 1;
    }
    assert_eq!(seen, 12);
    let (status, refused) = control(&sim, Method::GET, "/control/products", Value::Null).await;
    assert_eq!((status, refused["error"].as_str().unwrap().contains("change-orders")), (404, true));
}
