//! The flow-builder page on the simulated service: a connection that is filled in, and buttons that change records.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::harness::connection_text;
use crate::service::Service;
use crate::workspace::Workspace;

/// The trigger that is shown with a change waiting.
const TRIGGER: &str = "pollChangesTrigger";

/// Starts the service and the page, and waits until the page is ended.
pub(super) fn run(workspace: &Workspace, program: &Path, open: bool) -> Result<()> {
    // Not a temporary folder: ctrl-c ends this program before it could remove one. No key is in it.
    let folder = workspace.target.join("demo-page");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let service = Service::start(program, &folder, &[])?;
    let (connection, changes) = (folder.join("connection.json"), folder.join("changes.json"));
    fs::write(&connection, connection_text(service.url())?).context("the connection cannot be written")?;
    fs::write(&changes, change_buttons(service.url()).to_string()).context("the change buttons cannot be written")?;
    eprintln!("The simulated Duro service listens on {}; its API key is {}", service.url(), service.key());
    let state = change_waiting(workspace, &service, &connection, &folder.join("trigger.state"))?;
    let mut command = harness(workspace, &service);
    command.args(["serve", "--test", "--connection"]).arg(&connection).arg("--changes").arg(&changes);
    command.arg("--state").arg(state);
    if open {
        command.arg("--open");
    }
    let status = command.status().context("the harness cannot be started")?;
    service.stop()?;
    if !status.success() {
        bail!("the harness ended with {status}");
    }
    Ok(())
}

fn harness(workspace: &Workspace, service: &Service) -> Command {
    let mut command = Command::new(workspace.harness());
    command.args(["--allow-http", "--allow-private-network"]);
    command.env("DURO_API_KEY", service.key()).current_dir(&workspace.root);
    command
}

/// Polls the trigger once and changes something after that, so that the page's first poll finds a change. Gives the
/// trigger's state as `--state` takes it.
fn change_waiting(workspace: &Workspace, service: &Service, connection: &Path, state: &Path) -> Result<OsString> {
    // A state of the last time is of a service that is gone.
    let _ = fs::remove_file(state);
    let mut poll = harness(workspace, service);
    poll.args(["poll", TRIGGER, "--connection"]).arg(connection).arg("--state").arg(state).stdout(Stdio::null());
    let status = poll.status().context("the harness cannot be started")?;
    if !status.success() {
        bail!("the first poll ended with {status}");
    }
    let change = json!({"name": "Bracket, changed while nobody looked"}).to_string();
    if !service.post("/control/components", &change).context("the service cannot be asked for a change")? {
        bail!("the service does not change anything");
    }
    let mut named = OsString::from(format!("{TRIGGER}="));
    named.push(state);
    Ok(named)
}

/// Buttons for what a viewer may want to see arrive, by the service's control endpoints.
fn change_buttons(graphql_url: &str) -> serde_json::Value {
    let origin = graphql_url.strip_suffix("/graphql").unwrap_or(graphql_url);
    let button = |label: &str, path: &str, body| json!({"label": label, "url": format!("{origin}/control/{path}"), "body": body});
    json!([
        button("Add a component", "components", json!({"name": "Bracket {n}, 1/4\" steel"})),
        button("Change a component", "components/touch-many", json!({"count": 1})),
        button("Change 50 at once", "components/touch-many", json!({"count": 50})),
        button("Add 1,000 components", "components/add-many", json!({"count": 1000, "gap": "1ms"})),
        button("Add a change order", "change-orders", json!({"name": "Change {n}"})),
        button("Answer 503 twice", "faults", json!({"fault": "503", "times": 2})),
    ])
}

#[cfg(test)]
mod tests {
    use super::change_buttons;

    #[test]
    fn every_button_goes_to_the_services_control_endpoints() {
        let buttons = change_buttons("http://127.0.0.1:4000/graphql");
        for button in buttons.as_array().unwrap() {
            let url = button["url"].as_str().unwrap();
            assert!(url.starts_with("http://127.0.0.1:4000/control/"), "{url}");
            assert!(button["label"].is_string() && button["body"].is_object(), "{button}");
        }
    }
}
