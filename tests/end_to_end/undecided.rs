//! A change whose answer is lost may have been made: whoever asked for it hears that, wherever they asked, and after a
//! restart.

use std::time::Duration;

use duro_sim::{DuroSim, Fault};
use serde_json::{Value, json};

use crate::harness::Desk;
use crate::page::bounds::admitted;
use crate::page::command::{get, run, send, started_with};

const SAID: &str = "may have been changed all the same";

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_told_apart_at_the_command_line() {
    let desk = Desk::new().await;
    let create = ["action", "createChangeOrder", "--input", "name=A change"];
    for fault in [Fault::DropMidBody, Fault::TruncatedJson, Fault::HtmlPage] {
        desk.sim.fault_next(fault.clone());
        let lost = desk.run(&create).await;
        assert_eq!(lost.status, 1, "{fault:?}: {}", lost.messages);
        assert!(lost.messages.contains(SAID), "{fault:?}: {}", lost.messages);
        assert_eq!(lost.json()["mayBeDone"], true, "{fault:?}: {}", lost.output);
    }
    // What the service refuses is not done, and neither is what reads.
    desk.sim.fault_next(Fault::graphql_error("You are not authorized to do this"));
    let refused = desk.run(&create).await;
    desk.sim.fault_next(Fault::DropMidBody);
    let query = "query={ componentsByIds(ids: []) { id } }";
    let read = desk.run(&["--read-only", "action", "rawRequest", "--input", query]).await;
    assert_eq!(read.error_kind(), "transport", "{}", read.messages);
    for failed in [refused, read] {
        assert!(!failed.messages.contains(SAID) && failed.json().get("mayBeDone").is_none(), "{}", failed.messages);
    }
}

#[tokio::test]
async fn a_change_that_was_stopped_or_lost_says_so_on_the_page_and_after_a_restart() {
    const KEY: &str = "canary-key-of-a-change-4711";
    let sim = DuroSim::builder().key(KEY).spawn().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.sqlite");
    let words = ["--allow-http", "--allow-private-network", "--history", history.to_str().unwrap()];
    let (mut child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": KEY, "customDuroEnvironment": sim.url() });
    let connection = json!({ "kind": "duroApiKey", "values": values }).to_string();
    assert!(send(&host, "POST", "/connection", &own, &connection).await.starts_with("HTTP/1.1 200 "));

    let change = "createChangeOrder";
    let order = json!({ "values": { "name": "A change" } });
    let question = async || {
        let asked = run(&host, &own, change, &order).await;
        let said: Value = serde_json::from_str(asked.split_once("\r\n\r\n").unwrap().1).unwrap();
        let mut order = order.clone();
        order["agreed"] = said["question"].clone();
        assert!(order["agreed"].is_number(), "{asked}");
        order
    };
    let first = question().await;
    sim.fault_next(Fault::DropMidBody);
    let lost = run(&host, &own, change, &first).await;
    assert!(lost.contains(SAID), "{lost}");

    let second = question().await;
    sim.fault_next(Fault::SlowHeaders(Duration::from_secs(60)));
    let begun = sim.request_count();
    let under_way = send(&host, "POST", &format!("/actions/{change}/run"), &own, &second.to_string()).await;
    let path = under_way.split("data-run=\\\"").nth(1).unwrap_or_else(|| panic!("{under_way}"));
    let path = path.split('\\').next().unwrap().to_owned();
    while sim.request_count() == begun {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    send(&host, "POST", &format!("{path}/cancel"), &own, "{}").await;
    let stopped = get(&host, &format!("{path}/end"), &own).await;
    assert!(stopped.contains("Stopped") && stopped.contains(SAID), "{stopped}");
    child.kill().await.unwrap();

    let (_child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    let page = get(&host, "/actions/createChangeOrder", &own).await;
    let ids = page.split("name=\"run\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let ids: Vec<&str> = ids.collect();
    assert_eq!(ids.len(), 2, "{page}");
    for id in ids {
        let shown = get(&host, &format!("/actions/createChangeOrder?run={id}"), &own).await;
        assert!(shown.contains("may have been done all the same"), "{id}: {shown}");
    }
}
