//! The trigger in each host, with changes between its polls. What one host has kept, another goes on with.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::compare::{Compared, Run};
use super::program::{Call, Desk, Program};

const GARBAGE: &str = "a state that no poll wrote\n";

/// What happens in the service before the next polls.
type Change = fn(&Desk) -> Result<()>;

const STORY: [(&str, Change); 6] = [
    ("the first poll", |_| Ok(())),
    ("a poll after changes", |desk| {
        desk.control("components/touch-many", &json!({"count": 3}))?;
        desk.control("components", &json!({"name": "Grommet \"ü\""}))
    }),
    ("a poll that finds nothing", |_| Ok(())),
    ("a poll after the service's clock went on, and many changes", |desk| {
        desk.control("advance", &json!({"by": "90s"}))?;
        desk.control("components/add-many", &json!({"count": 250, "gap": "2ms"}))
    }),
    ("a poll with a record that is stamped far ahead", |desk| {
        let newest = desk.service.get("/control/components")?;
        let id = newest.pointer("/records/0/id").and_then(Value::as_str).context("the service names no component")?;
        desk.control(&format!("components/{id}/show-time"), &json!({"lastModified": "2035-01-01T00:00:00.000Z"}))
    }),
    // Only the answers' `Date` tells that these are no older than what was seen.
    ("a poll after that", |desk| {
        desk.control("advance", &json!({"by": "90s"}))?;
        desk.control("components/touch-many", &json!({"count": 2}))
    }),
];

/// Polls in all of them, and gives what differed.
pub(super) fn run(desk: &Desk, hosts: &[Program]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut delivered = 0;
    for (name, change) in STORY {
        change(desk)?;
        let expected = poll(desk, &desk.harness, desk.harness.name)?;
        delivered += usize::from(expected.output.contains("\"noChanges\":false"));
        for host in hosts {
            let found = poll(desk, host, host.name)?;
            problems.extend(Compared::Bytes.problem(&host.told(name), &expected, &found));
        }
    }
    ensure!(delivered >= 3, "{delivered} polls of the harness delivered something: there was nothing to compare");
    desk.control("components", &json!({"name": "Bushing"}))?;
    let expected = poll(desk, &desk.harness, desk.harness.name)?;
    for host in hosts {
        let found = poll(desk, &desk.harness, host.name)?;
        problems.extend(Compared::Bytes.problem(
            &host.told("the harness, with the state that was kept"),
            &expected,
            &found,
        ));
        problems.extend(garbage(desk, host)?);
    }
    Ok(problems)
}

/// A state that cannot be read is refused, and is kept.
fn garbage(desk: &Desk, host: &Program) -> Result<Option<String>> {
    let polled = |host: &Program| -> Result<Run> {
        fs::write(desk.folder.join("garbage.state"), GARBAGE)?;
        poll(desk, host, "garbage")
    };
    let (expected, found) = (polled(&desk.harness)?, polled(host)?);
    let kept = fs::read_to_string(desk.folder.join("garbage.state")).context("the state is gone")?;
    ensure!(kept == GARBAGE, "{} wrote over a state that it could not read", host.name);
    Ok(Compared::Bytes.problem(&host.told("a state that no poll wrote"), &expected, &found))
}

fn poll(desk: &Desk, host: &Program, state: &str) -> Result<Run> {
    let state = desk.folder.join(format!("{state}.state")).to_string_lossy().into_owned();
    let words = ["poll", "pollChangesTrigger", "--state", &state].map(str::to_owned).to_vec();
    let inputs: Value = json!({"pollResourceType": "components"});
    desk.make(host, &Call { words, ..desk.action("a poll", "", inputs) })
}
