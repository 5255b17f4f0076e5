//! The connector for Duro Design as it is built, in the same harness, on its own simulated service.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use duro_design_sim::{DuroDesignSim, Fault, LIBRARY, ORGANIZATION};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::harness::{Ended, ended};
use crate::support::{assert_valid, built, ids_in, root};

const KEY: &str = "key-of-a-library-0815";
const POLL: [&str; 4] = ["poll", "pollChangesTrigger", "--state", "poll.state"];

/// A simulated service, and a folder with a connection to it.
struct Desk {
    sim: DuroDesignSim,
    folder: TempDir,
}

impl Desk {
    async fn new(components: usize) -> Self {
        let sim = DuroDesignSim::spawn(components, 0).await.unwrap();
        sim.set_key(KEY);
        let desk = Self { sim, folder: tempfile::tempdir().unwrap() };
        desk.connect(ORGANIZATION, &desk.sim.url());
        desk
    }

    fn connect(&self, organization: &str, url: &str) {
        let fields =
            json!({ "apiKey": "${DURO_DESIGN_KEY}", "organization": organization, "library": LIBRARY, "url": url });
        let connection = json!({ "key": "duroDesignApiKey", "fields": fields });
        fs::write(self.file("connection.json"), connection.to_string()).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, words: &[&str]) -> Ended {
        self.run_with_key(KEY, words).await
    }

    async fn run_with_key(&self, key: &str, words: &[&str]) -> Ended {
        let mut command = Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)));
        command.args(["--allow-http", "--allow-private-network", "--component"]);
        command.arg(built("connectors/duro_design.wasm")).args(words).args(["--connection", "connection.json"]);
        command.current_dir(self.folder.path()).env("DURO_DESIGN_KEY", key).env_remove("HARNESS_CONNECTION");
        command.env("XDG_STATE_HOME", self.file("allowed")).stdin(Stdio::null()).kill_on_drop(true);
        ended(command).await
    }

    /// Performs an action, and holds its result against the manifest that is checked in.
    async fn perform(&self, key: &str, inputs: &[&str]) -> Value {
        let inputs: Vec<&str> = inputs.iter().flat_map(|input| ["--input", input]).collect();
        let ended = self.run(&[&["action", key], inputs.as_slice()].concat()).await;
        assert_eq!(ended.status, 0, "{key}: {}{}", ended.output, ended.messages);
        let data = ended.json()["data"].clone();
        let manifest = manifest();
        let actions = manifest["actions"].as_array().unwrap();
        let action = actions.iter().find(|action| action["key"] == key).unwrap();
        assert_valid(&data, &action["resultSchema"], key);
        data
    }

    async fn poll(&self) -> Value {
        let ended = self.run(&POLL).await;
        assert_eq!(ended.status, 0, "{}{}", ended.output, ended.messages);
        ended.json()
    }
}

fn manifest() -> Value {
    let path = root().join("connectors/duro-design/manifest.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn ids(records: &Value) -> Vec<&str> {
    records.as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn its_manifest_is_the_one_that_is_checked_in_and_says_that_it_is_experimental() {
    let desk = Desk::new(1).await;
    let described = desk.run(&["--format", "json", "inspect"]).await.json();
    assert_eq!(described["manifest"], manifest(), "manifest.json is out of date: run `cargo xtask manifest`");
    assert!(manifest()["label"].as_str().unwrap().contains("experimental"));
    let imports = ["integration:connector/http@0.2.0", "integration:connector/log@0.2.0"];
    assert_eq!(described["imports"], json!(imports));
}

#[tokio::test]
async fn the_connection_test_says_which_library_the_key_belongs_to() {
    let desk = Desk::new(1).await;
    let ended = desk.run(&["test-connection"]).await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    let account = ended.json();
    assert_eq!(account["user"], "an API key of the library Parts");
    assert_eq!((&account["organization"], &account["endpoint"]), (&json!(ORGANIZATION), &json!(desk.sim.url())));
    let received = desk.sim.received();
    let header = |name: &str| received[0].header(name);
    assert_eq!(
        (header("x-api-key"), header("x-organization"), header("x-library")),
        (Some(KEY), Some(ORGANIZATION), Some(LIBRARY))
    );
}

#[tokio::test]
async fn components_are_listed_found_by_id_and_by_part_number() {
    let desk = Desk::new(130).await;
    let all = desk.perform("listComponents", &["first=120"]).await;
    assert_eq!(all.as_array().unwrap().len(), 120);
    assert_eq!(desk.sim.received().len(), 2, "120 components are two pages");
    let assemblies = desk.perform("listComponents", &["categoryType=ASSEMBLY"]).await;
    assert_eq!(assemblies.as_array().unwrap().len(), 26);
    let motors = desk.perform("listComponents", &["name=motor", "onlyArchived=true"]).await;
    assert_eq!(
        ids(&motors),
        [
            desk.sim
                .components()
                .iter()
                .filter(|one| one.is_archived && one.name.contains("Motor"))
                .map(|one| one.id.as_str())
                .collect::<Vec<_>>(),
            Vec::new()
        ]
        .concat()
    );

    let third = desk.sim.components().remove(3);
    let found = desk.perform("getComponentById", &[&format!("componentId={}", third.id)]).await;
    assert_eq!((&found["cpn"], &found["name"]), (&json!(third.cpn), &json!(third.name)));
    let missing = desk.run(&["action", "getComponentById", "--input", "componentId=nowhere"]).await;
    assert_eq!((missing.status, missing.error_kind().as_str()), (1, "not-found"));

    let numbers = desk.perform("findComponentsByPartNumber", &["partNumbers=212-00004, 212-00009, 212-99999"]).await;
    let cpns: Vec<&Value> = numbers.as_array().unwrap().iter().map(|record| &record["cpn"]).collect();
    assert_eq!(cpns, [&json!("212-00004"), &json!("212-00009")]);
}

#[tokio::test]
async fn a_document_of_ones_own_is_sent_once_with_its_variables() {
    let desk = Desk::new(3).await;
    let query = "query=query ($cpns: [String!]) { component { findAll(filter: {cpns: $cpns}) { totalCount } } }";
    let data = desk.perform("rawRequest", &[query, r#"variablesObject:={"cpns":["212-00002"]}"#]).await;
    assert_eq!(data, json!({ "component": { "findAll": { "totalCount": 1 } } }));
    desk.sim.forget_requests();
    desk.sim.fault_next(Fault { status: 503, body: String::new() });
    let failed = desk.run(&["action", "rawRequest", "--input", query]).await;
    assert_eq!((failed.status, desk.sim.received().len()), (1, 1));
}

#[tokio::test]
async fn the_dropdown_is_paged_and_searched() {
    let desk = Desk::new(130).await;
    let first = desk.run(&["data-source", "selectComponent"]).await.json();
    assert_eq!((first["result"].as_array().unwrap().len(), &first["next"]), (100, &json!("100")));
    let second = desk.run(&["data-source", "selectComponent", "--cursor", "100"]).await.json();
    assert_eq!((second["result"].as_array().unwrap().len(), &second["next"]), (30, &Value::Null));
    let number = desk.run(&["data-source", "selectComponent", "--search", "212-00007"]).await.json();
    let labels: Vec<&Value> = number["result"].as_array().unwrap().iter().map(|item| &item["label"]).collect();
    assert_eq!(labels.len(), 1);
    assert!(labels[0].as_str().unwrap().starts_with("212-00007 "), "{labels:?}");
    let name = desk.run(&["data-source", "selectComponent", "--search", "gasket"]).await.json();
    assert_eq!(name["result"].as_array().unwrap().len(), 21);
}

#[tokio::test]
async fn the_trigger_finds_every_change_between_its_polls_once() {
    let desk = Desk::new(400).await;
    desk.sim.set_page_size(7);
    assert_eq!(desk.poll().await["noChanges"], true);
    assert_eq!(desk.poll().await["noChanges"], true);

    let old = desk.sim.components().remove(2).id;
    desk.sim.advance_clock(Duration::from_secs(60));
    assert!(desk.sim.touch(&old));
    let new = desk.sim.add("Grommet");
    let found = desk.poll().await;
    assert_eq!(ids_in(&found["payload"], "created"), std::slice::from_ref(&new));
    assert_eq!(ids_in(&found["payload"], "updated"), std::slice::from_ref(&old));
    assert_eq!(desk.poll().await["noChanges"], true);

    // A new one is updated from then on; what is a week old is none of the window that is read.
    desk.sim.advance_clock(Duration::from_secs(7 * 24 * 3_600));
    assert!(desk.sim.touch(&new));
    desk.sim.delete(&old);
    let found = desk.poll().await;
    assert_eq!(ids_in(&found["payload"], "updated"), [new]);
    assert!(ids_in(&found["payload"], "created").is_empty());
    assert_eq!(desk.poll().await["noChanges"], true);
}

#[tokio::test]
async fn a_first_poll_in_the_past_delivers_what_was_changed_since_and_no_more() {
    let desk = Desk::new(400).await;
    let components = desk.sim.components();
    let since = &components[300];
    let time = jiff::Timestamp::from_millisecond(since.updated_at.unwrap()).unwrap();
    let words = [&POLL[..], &["--drain", "--input"]].concat();
    let input = format!("since={time}");
    let ended = desk.run(&[words.as_slice(), &[input.as_str()]].concat()).await;
    assert_eq!(ended.status, 0, "{}{}", ended.output, ended.messages);
    let delivered: Vec<Value> = ended.lines();
    let mut ids: Vec<String> = delivered.iter().flat_map(|poll| ids_in(&poll["payload"], "created")).collect();
    ids.extend(delivered.iter().flat_map(|poll| ids_in(&poll["payload"], "updated")));
    ids.sort();
    let mut expected: Vec<String> = components[300..].iter().map(|component| component.id.clone()).collect();
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!(desk.poll().await["noChanges"], true);
}

#[tokio::test]
async fn a_failed_poll_keeps_the_state_and_loses_nothing() {
    let desk = Desk::new(40).await;
    desk.poll().await;
    let kept = fs::read(desk.file("poll.state")).unwrap();
    desk.sim.advance_clock(Duration::from_secs(60));
    let changed = desk.sim.add("Grommet");
    let error = json!({ "errors": [{ "message": "Cannot query field \"filter\"" }] }).to_string();
    for body in [error.as_str(), "<html>", r#"{"data":{"component":null}}"#, r#"{"data":{"component":{"filter":7}}}"#] {
        // The first request may be made again without the question whose the components are.
        desk.sim.fault_next(Fault { status: 200, body: body.to_owned() });
        desk.sim.fault_next(Fault { status: 200, body: body.to_owned() });
        let failed = desk.run(&POLL).await;
        assert_eq!(failed.status, 1, "{body}: {}", failed.output);
        assert_eq!(fs::read(desk.file("poll.state")).unwrap(), kept, "{body}");
        while desk.sim.received().len() % 2 == 1 {
            desk.run(&["test-connection"]).await;
        }
    }
    assert_eq!(ids_in(&desk.poll().await["payload"], "created"), [changed]);
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_organization_are_refused_with_the_way_out() {
    let desk = Desk::new(1).await;
    let wrong = desk.run_with_key("another-key-of-nobody", &["test-connection"]).await;
    assert_eq!((wrong.status, wrong.error_kind().as_str()), (1, "unauthenticated"));
    assert!(wrong.messages.contains("belongs to one library"), "{}", wrong.messages);
    assert!(!(wrong.output + &wrong.messages).contains("another-key-of-nobody"));
    desk.connect("@somebody", &desk.sim.url());
    let wrong = desk.run(&["test-connection"]).await;
    assert_eq!((wrong.status, wrong.error_kind().as_str()), (1, "forbidden"));
    assert!(wrong.messages.contains("organization and library"), "{}", wrong.messages);
}

#[tokio::test]
async fn a_state_of_another_origin_is_refused_and_nothing_is_sent_there() {
    let desk = Desk::new(1).await;
    desk.poll().await;
    let other = DuroDesignSim::spawn(1, 0).await.unwrap();
    other.set_key(KEY);
    desk.connect(ORGANIZATION, &other.url());
    let refused = desk.run(&POLL).await;
    assert_eq!((refused.status, refused.error_kind().as_str()), (1, "invalid-state"));
    assert!(refused.messages.contains("belongs to http://127.0.0.1:"), "{}", refused.messages);
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn the_key_goes_to_the_origin_of_the_connection_and_is_not_carried_on_by_a_redirect() {
    let desk = Desk::new(1).await;
    let other = DuroDesignSim::spawn(1, 0).await.unwrap();
    other.set_key(KEY);
    // A redirect is an answer that names no place to go on to.
    desk.sim.fault_next(Fault { status: 307, body: other.url() });
    let redirected = desk.run(&["test-connection"]).await;
    assert_eq!((redirected.status, redirected.error_kind().as_str()), (1, "unexpected-response"));
    assert!(other.received().is_empty());
    let mut command = Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)));
    command.arg("--component").arg(built("connectors/duro_design.wasm"));
    command.args(["test-connection", "--connection", "connection.json"]).current_dir(desk.folder.path());
    command.env("DURO_DESIGN_KEY", KEY).env("XDG_STATE_HOME", desk.file("allowed")).stdin(Stdio::null());
    // Without the grants nothing leaves for this machine, or without TLS.
    let before = desk.sim.received().len();
    let denied = ended(command).await;
    assert_eq!(denied.status, 3, "{}", denied.output);
    assert_eq!(desk.sim.received().len(), before);
}
