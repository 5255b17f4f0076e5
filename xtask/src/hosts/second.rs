//! The second connector in each host: what holds for one connector alone would be a host's for that connector.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::compare::Compared;
use super::program::{Call, Component, Desk, Program};

/// Its name, and that of its simulated service.
pub(super) const CONNECTOR: &str = "duro-design";
pub(super) const SERVICE: &str = "duro-design-sim";

/// The calls that every host makes of it.
pub(super) fn all(desk: &Desk) -> Vec<Call> {
    let list = |name, inputs| Call { inputs, ..call(desk, name, &["action", "listComponents"]) };
    vec![
        Call { compared: Compared::Json, ..call(desk, "what the second connector declares", &["describe"]) },
        call(desk, "the test of its connection", &["test-connection"]),
        list("a list of its records", json!({"first": 150})),
        list("an input of its that cannot be used", json!({"first": "many"})),
        call(desk, "its dropdown", &["data-source", "selectComponent"]),
    ]
}

/// Polls it in all hosts, with a change between, and gives what differed.
pub(super) fn polls(desk: &Desk, hosts: &[Program]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (name, changes) in [("the first poll of the second connector", false), ("its poll after a change", true)] {
        if changes {
            ensure!(desk.design.post("/touch", "{}")?, "the simulated service changes nothing");
        }
        let poll = |host: &Program| {
            let state = desk.folder.join(format!("second-{}.state", host.name)).to_string_lossy().into_owned();
            desk.make(host, &call(desk, name, &["poll", "pollChangesTrigger", "--state", &state]))
        };
        let expected = poll(&desk.harness)?;
        let delivers = expected.output.contains("\"noChanges\":false");
        ensure!(delivers == changes, "{name}: the harness gives {}{}", expected.output, expected.messages);
        for host in hosts {
            problems.extend(Compared::Bytes.problem(&host.told(name), &expected, &poll(host)?));
        }
    }
    Ok(problems)
}

fn call(desk: &Desk, name: &'static str, words: &[&str]) -> Call {
    let fields = json!({
        "apiKey": desk.design.key(), "organization": "@acme", "library": "@acme/parts", "url": desk.design.url(),
    });
    Call {
        component: Component::Design,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        connection: json!({"key": "duroDesignApiKey", "fields": fields}),
        ..desk.action(name, "", Value::Object(serde_json::Map::new()))
    }
}
