//! The flow-builder page on the simulated service: a connection that is filled in, and buttons that change records.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::harness::connection_text;
use super::service::Service;
use crate::workspace::Workspace;

/// Starts the service and the page, and waits until the page is ended.
pub(super) fn run(workspace: &Workspace, program: &Path, open: bool) -> Result<()> {
    // Not a temporary folder: ctrl-c ends this program before it could remove one. No key is in it.
    let folder = workspace.target.join("demo-page");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let service = Service::start(program, &folder)?;
    let (connection, changes) = (folder.join("connection.json"), folder.join("changes.json"));
    fs::write(&connection, connection_text(service.url())?).context("the connection cannot be written")?;
    fs::write(&changes, change_buttons(service.url()).to_string()).context("the change buttons cannot be written")?;
    eprintln!("The simulated Duro service listens on {}; its API key is {}", service.url(), service.key());
    let mut command = Command::new(workspace.harness());
    command.args(["--allow-http", "--allow-private-network", "serve", "--connection"]).arg(&connection);
    command.arg("--changes").arg(&changes).env("DURO_API_KEY", service.key()).current_dir(&workspace.root);
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
