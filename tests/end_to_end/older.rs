//! A component of the contract's last version, as it was built before this one: it loads and runs as it always did.

use crate::harness::Desk;
use crate::support::{connection_of, options, root};
use duro_sim::{DuroSim, Resource};
use host::{CallError, Connection, Connector, LoadError, Runtime, RuntimeOptions};
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::time::Duration;

/// The component as it was built on the contract 0.1.0.
pub(crate) fn component() -> Vec<u8> {
    let packed = fs::read(root().join("tests/components/duro_plm-0.1.0.wasm.gz")).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

async fn connector() -> Connector {
    let runtime = Runtime::new(RuntimeOptions { concurrent_calls: 4, ..RuntimeOptions::default() }).unwrap();
    runtime.load(component()).await.unwrap()
}

fn ids(payload: &Value) -> Vec<&str> {
    let lists = ["created", "updated"].map(|list| payload["body"]["data"][list].as_array().unwrap());
    lists.into_iter().flatten().map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_component_of_the_last_contract_does_all_that_it_did() {
    let connector = connector().await;
    assert_eq!(connector.contract_version(), "0.1.0");
    let definition = connector.definition();
    assert_eq!((definition.key.as_str(), definition.actions.len()), ("duro-plm", 7));
    assert!(connector.needs_only_http_and_log());

    let sim = DuroSim::builder().components(230).spawn().await.unwrap();
    let connection = connection_of(&connector, &sim.url(), &sim.key());
    let options = options();
    let account = connector.test_connection(&connection, &options).await.unwrap().value;
    assert_eq!(account.endpoint, sim.url());

    let inputs = json!({ "first": 120 });
    let listed = connector.perform("listComponents", &connection, &inputs, &options).await.unwrap();
    assert!(listed.trace.requests >= 2, "{}", listed.trace.requests);
    let page = connector.query("selectComponent", &connection, &json!({}), None, None, &options).await.unwrap().value;
    let next = page.next.as_deref();
    assert!(!page.items.is_empty() && next.is_some());
    let more = connector.query("selectComponent", &connection, &json!({}), None, next, &options).await.unwrap().value;
    assert!(!more.items.is_empty());

    let inputs = json!({ "pollResourceType": "components" });
    let key = "pollChangesTrigger";
    let first = connector.poll(key, &connection, &inputs, None, &options).await.unwrap().value;
    assert!(first.no_changes);
    sim.advance_clock(Duration::from_secs(1));
    let changed = sim.records(Resource::Components).remove(3).id;
    assert!(sim.touch(Resource::Components, &changed));
    let second = connector.poll(key, &connection, &inputs, Some(&first.state), &options).await.unwrap().value;
    let payload: Value = serde_json::from_str(second.payload.get()).unwrap();
    assert_eq!(ids(&payload), [changed]);
}

#[tokio::test]
async fn a_connection_that_cannot_be_resolved_is_refused_before_a_component_of_either_contract_is_asked() {
    let older = connector().await;
    for connector in [&older, crate::support::connector().await] {
        let fields = json!({ "apiKey": "key\nof two lines", "customDuroEnvironment": "plm.example" });
        let connection = Connection::new(connector.definition(), json!({ "key": "duroApiKey", "fields": fields }));
        let failure = connector.test_connection(&connection.unwrap(), &options()).await.unwrap_err();
        let CallError::Connector(host::contract::Error::InvalidInput(problems)) = &failure.error else {
            panic!("{failure}")
        };
        let named: Vec<&str> = problems.iter().map(|problem| problem.input.as_str()).collect();
        assert_eq!(named, ["apiKey", "customDuroEnvironment"]);
        assert!(problems[1].message.contains("https://duro.example.com/graphql"), "{}", problems[1].message);
    }
}

#[tokio::test]
async fn the_command_runs_a_component_of_the_last_contract() {
    let desk = Desk::new().await;
    fs::write(desk.file("older.wasm"), component()).unwrap();
    let older = ["--component", "older.wasm"];
    let run = async |words: &[&str]| desk.run(&[&older, words].concat()).await;

    let inspected = run(&["--format", "json", "inspect"]).await.json();
    assert_eq!((&inspected["contract"], &inspected["manifest"]["key"]), (&json!("0.1.0"), &json!("duro-plm")));
    assert_eq!(inspected["imports"][0], "integration:connector/http@0.1.0");
    let account = run(&["test-connection"]).await;
    assert_eq!((account.status, &account.json()["endpoint"]), (0, &json!(desk.sim.url())));
    let listed = run(&["action", "listComponents", "--input", "first=5"]).await;
    assert_eq!(listed.status, 0, "{}", listed.messages);
    let items = run(&["data-source", "selectComponent"]).await.json();
    assert!(!items["result"].as_array().unwrap().is_empty());
    let poll = ["poll", "pollChangesTrigger", "--state", "poll.state", "--input", "pollResourceType=components"];
    assert_eq!(run(&poll).await.json()["noChanges"], true);
    desk.sim.advance_clock(Duration::from_secs(1));
    let changed = desk.sim.add(Resource::Components, "Grommet");
    assert_eq!(ids(&run(&poll).await.json()["payload"]), [changed]);
}

#[tokio::test]
async fn a_component_of_any_other_contract_is_refused_with_the_versions_that_are_spoken() {
    let runtime = Runtime::new(RuntimeOptions { concurrent_calls: 1, ..RuntimeOptions::default() }).unwrap();
    let exports: String = ["manifest", "connections", "actions", "data-sources", "triggers"]
        .map(|interface| {
            format!(
                r#"(instance ${interface}) (export "integration:connector/{interface}@0.3.0" (instance ${interface}))"#
            )
        })
        .concat();
    let imports = r#"(import "integration:connector/http@0.3.0" (instance))"#;
    for component in [format!("(component {exports})"), format!("(component {imports} {exports})")] {
        let error = runtime.load(wat::parse_str(component).unwrap()).await.unwrap_err();
        assert!(matches!(&error, LoadError::Contract(_)), "{error}");
        let text = error.to_string();
        assert!(["0.3.0", "0.2.0", "0.1.0"].iter().all(|version| text.contains(version)), "{text}");
    }
    let desk = Desk::new().await;
    fs::write(desk.file("newer.wasm"), wat::parse_str(format!("(component {exports})")).unwrap()).unwrap();
    let inspected = desk.run_bare(&["--component", "newer.wasm", "inspect"]).await;
    assert_ne!(inspected.status, 0);
    assert!(inspected.messages.contains("speaks 0.2.0 and 0.1.0"), "{}", inspected.messages);
}
