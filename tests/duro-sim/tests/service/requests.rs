//! The record of what was received, and the service's end.

use duro_sim::{DuroSim, Fault};
use serde_json::json;

use crate::support::{client, request};

#[tokio::test]
async fn requests_are_recorded_with_their_headers_and_bodies_in_order() {
    let sim = DuroSim::builder().key("canary").spawn().await.unwrap();
    sim.fault_next(Fault::DropBeforeAnswer);
    assert!(request(&sim, "{ a }", json!({})).header("x-one", "1").send().await.is_err());
    let elsewhere = sim.url().replace("/graphql", "/other?key=canary");
    let response = client().get(elsewhere).header("x-two", "has canary in it").send().await.unwrap();
    assert_eq!(response.status(), 404);

    let requests = sim.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/graphql"));
    assert_eq!(requests[0].header_values("APITOKEN"), ["canary"]);
    let place = |name: &str| requests[0].headers.iter().position(|(known, _)| known == name).unwrap();
    assert!(place("apitoken") < place("content-type") && place("content-type") < place("x-one"));
    assert_eq!(requests[0].body_json(), Some(json!({ "query": "{ a }", "variables": {} })));
    assert!(requests[0].places_of("canary", "apiToken").is_empty());
    assert_eq!(requests[1].path, "/other?key=canary");
    assert_eq!(requests[1].places_of("canary", "apiToken"), ["path", "x-two"]);

    sim.clear_requests();
    assert!(sim.requests().is_empty());
    assert_eq!(sim.request_count(), 0);
}

#[tokio::test]
async fn only_the_newest_requests_are_kept_and_all_are_counted() {
    let sim = DuroSim::builder().kept_requests(2).spawn().await.unwrap();
    for query in ["{ a }", "{ b }", "{ c }"] {
        request(&sim, query, json!({})).send().await.unwrap();
    }
    let bodies: Vec<_> = sim.requests().iter().map(|request| request.body_json().unwrap()["query"].clone()).collect();
    assert_eq!(bodies, ["{ b }", "{ c }"]);
    assert_eq!(sim.request_count(), 3);
}

#[tokio::test]
async fn a_dropped_service_closes_its_port_and_its_connections() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let (url, address) = (sim.url(), sim.address());
    let client = client();
    assert_eq!(client.post(&url).send().await.unwrap().status(), 500);
    drop(sim);
    assert!(std::net::TcpStream::connect(address).is_err());
    assert!(client.post(&url).send().await.is_err(), "the kept connection is closed too");
}

#[tokio::test]
async fn many_requests_at_once_are_all_answered() {
    let sim = DuroSim::builder().threads(2).spawn().await.unwrap();
    let sent = (0..50).map(|_| tokio::spawn(request(&sim, "{ userById { id } }", json!({})).send()));
    for answer in sent.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(sim.request_count(), 50);
}
