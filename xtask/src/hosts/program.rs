//! A host as a command: how it is called, and the files that its calls are made with.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::compare::{Compared, Run};
use crate::service::Service;

/// A component under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    Duro,
    /// Another connector, of another service.
    Design,
    /// The one that breaks every rule, each on demand.
    Misbehaving,
}

/// The components as a host takes them: files, or the folders of what was made of them.
#[derive(Clone)]
pub(super) struct Components {
    pub(super) duro: PathBuf,
    pub(super) design: PathBuf,
    pub(super) misbehaving: PathBuf,
}

/// A host that is called as a command.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) name: &'static str,
    /// The program, and what comes before a call's own words.
    pub(super) command: Vec<OsString>,
    pub(super) components: Components,
    /// The calls that it makes, by name; none for all. For a host that is another one but for a part.
    pub(super) only: Option<&'static [&'static str]>,
}

impl Program {
    /// A call, as people read of it.
    pub(super) fn told(&self, call: &str) -> String {
        format!("{call}, in {}", self.name)
    }

    /// Whether it makes this call.
    pub(super) fn makes(&self, call: &Call) -> bool {
        self.only.is_none_or(|names| names.contains(&call.name))
    }

    fn is_harness(&self) -> bool {
        self.name == "harness"
    }
}

/// One call that every host makes.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) component: Component,
    /// What to do: `action KEY`, and further words.
    pub(super) words: Vec<String>,
    pub(super) connection: Value,
    pub(super) inputs: Value,
    pub(super) grants: &'static [&'static str],
    /// What goes wrong with the next request, in the words of the simulated service.
    pub(super) fault: Option<String>,
    pub(super) deadline_seconds: u32,
    pub(super) compared: Compared,
}

/// What a service on this machine needs.
pub(super) const GRANTS: &[&str] = &["--allow-http", "--allow-private-network"];
/// Long enough for every call that is answered, on a machine that has other things to do.
const DEADLINE_SECONDS: u32 = 60;
/// Soon enough for those that never end by themselves.
pub(super) const SHORT_DEADLINE_SECONDS: u32 = 4;

/// The services, and the folder with the files of calls.
pub(super) struct Desk {
    pub(super) service: Service,
    /// That of the second connector.
    pub(super) design: Service,
    /// A service that nothing may reach.
    pub(super) elsewhere: Service,
    pub(super) folder: PathBuf,
    pub(super) harness: Program,
}

impl Desk {
    /// A connection of Duro's to an address.
    pub(super) fn duro(&self, key: &str, url: &str) -> Value {
        // A chosen environment that the address beats.
        json!({"key": "duroApiKey", "fields": {"apiKey": key, "duroEnvironment": "EU", "customDuroEnvironment": url}})
    }

    /// Has an action of Duro's performed.
    pub(super) fn action(&self, name: &'static str, key: &str, inputs: Value) -> Call {
        Call {
            name,
            component: Component::Duro,
            words: vec!["action".to_owned(), key.to_owned()],
            connection: self.duro(self.service.key(), self.service.url()),
            inputs,
            grants: GRANTS,
            fault: None,
            deadline_seconds: DEADLINE_SECONDS,
            compared: Compared::Bytes,
        }
    }

    /// Makes a call in one host.
    pub(super) fn make(&self, host: &Program, call: &Call) -> Result<Run> {
        if let Some(fault) = &call.fault {
            self.control("faults", &json!({"fault": fault}))?;
        }
        let mut command = self.command(host, call)?;
        let output = command.output().with_context(|| format!("{} cannot be started", host.name))?;
        if call.fault.is_some() {
            self.clear_faults()?;
        }
        Ok(Run {
            status: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Changes something in the service from outside.
    pub(super) fn control(&self, path: &str, json: &Value) -> Result<()> {
        let done = self.service.post(&format!("/control/{path}"), &json.to_string())?;
        ensure!(done, "the simulated service refuses {path} {json}");
        Ok(())
    }

    /// A fault that no request has met, because the host sent none, must not meet the next host's.
    fn clear_faults(&self) -> Result<()> {
        ensure!(self.service.delete("/control/faults")?, "the simulated service does not forget its faults");
        Ok(())
    }

    /// How many requests came to the service that nothing may reach.
    pub(super) fn strays(&self) -> Result<u64> {
        let state = self.elsewhere.get("/control/state")?;
        state.get("requests").and_then(Value::as_u64).context("the service does not say how many requests it received")
    }

    fn command(&self, host: &Program, call: &Call) -> Result<Command> {
        let file = |name: &str, value: &Value| -> Result<PathBuf> {
            let path = self.folder.join(name);
            fs::write(&path, value.to_string()).with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(path)
        };
        let (connection, inputs) = (file("connection.json", &call.connection)?, file("inputs.json", &call.inputs)?);
        let (program, before) = host.command.split_first().context("a host without a program")?;
        let mut command = Command::new(program);
        command.args(before).current_dir(&self.folder).arg("--component").arg(match call.component {
            Component::Duro => &host.components.duro,
            Component::Design => &host.components.design,
            Component::Misbehaving => &host.components.misbehaving,
        });
        let unit = if host.is_harness() { "s" } else { "" };
        command.arg("--deadline").arg(format!("{}{unit}", call.deadline_seconds)).args(call.grants);
        match call.words.first().map(String::as_str) {
            Some("describe") if host.is_harness() => {
                command.args(["inspect", "--manifest"]);
                return Ok(command);
            }
            Some("describe") if host.name == "python" => {
                command.arg("describe");
                return Ok(command);
            }
            _ => command.args(&call.words).arg("--connection").arg(connection),
        };
        if matches!(call.words.first().map(String::as_str), Some("action" | "data-source" | "poll")) {
            command.arg("--inputs").arg(inputs);
        }
        Ok(command)
    }
}
