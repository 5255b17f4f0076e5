//! What assistants ask for at the same time: each connection has so many calls under way, whoever makes them.

use std::collections::BTreeSet;
use std::time::Duration;

use duro_sim::{DuroSim, Fault};
use serde_json::{Value, json};

use crate::harness::Desk;
use crate::mcp_client::Client;

#[tokio::test]
async fn what_is_subscribed_to_and_read_takes_its_turn_as_calls_do() {
    let desk = Desk::with(DuroSim::builder().components(5)).await;
    let mut client = Client::start(&desk, &[]).await;
    desk.sim.fault_when(|_| Some(Fault::SlowHeaders(Duration::from_secs(20))));
    let uri = |status: usize| {
        format!("duro-plm://trigger/pollChangesTrigger?pollResourceType=changeOrders&changeOrderStatuses=s{status}")
    };
    for (method, number) in ["resources/subscribe", "resources/read"].into_iter().cycle().zip(0..8) {
        client.begin(method, json!({ "uri": uri(number) })).await;
    }
    for _ in 0..500 {
        if desk.sim.request_count() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Whatever would not wait has been sent by then.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(desk.sim.request_count(), 4);
    // And nobody waits for what another waits for: as soon as the service answers, all are served.
    desk.sim.clear_faults();
    client.child.kill().await.unwrap();
    let mut client = Client::start(&desk, &[]).await;
    let mut asked = BTreeSet::new();
    for number in 0..8 {
        asked.insert(client.begin("resources/read", json!({ "uri": uri(number) })).await);
    }
    // They are answered in any order.
    while !asked.is_empty() {
        let answer: Value = serde_json::from_str(&client.line().await).unwrap();
        assert!(answer["result"]["contents"][0]["text"].is_string(), "{answer}");
        assert!(asked.remove(&answer["id"].as_u64().unwrap()), "{answer}");
    }
}
