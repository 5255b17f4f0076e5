//! The tour of any connector: everything that its manifest declares and that changes nothing, in the harness, on its
//! simulated service.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use super::excerpt::excerpt;
use super::screen::{Screen, quoted};
use crate::service::Service;
use crate::workspace::Workspace;
use crate::{build, progress};

/// Where the connection takes its credential from.
const CREDENTIAL: &str = "CONNECTOR_KEY";
/// Where a simulated service is asked to change a record.
const TOUCH: &str = "/touch";

/// Builds the connector and its service, and shows the one on the other: as a tour, or as the page until that is ended.
pub(super) fn run(workspace: &Workspace, package: &str, page: bool, open: bool) -> Result<()> {
    let component = build::connector(workspace, package)?;
    build::harness(workspace)?;
    let program = progress::step("Compile its simulated service", || simulated_service(workspace, package))?;
    // Not a temporary folder: ctrl-c ends this program before it could remove one. No key is in it.
    let folder = workspace.target.join("demo").join(package);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let service = Service::start(&program, &folder, &[])?;
    let tour = Tour { workspace, component, folder, service, screen: Screen::for_standard_output() };
    let manifest: Value = serde_json::from_str(&tour.harness(&["--format", "json", "inspect"])?)
        .context("the harness printed no JSON for `inspect`")?;
    let manifest = manifest.get("manifest").cloned().unwrap_or(manifest);
    let connection = tour.write_connection(&manifest)?;
    if page {
        return tour.page(&manifest, &connection, open);
    }
    tour.take(&manifest, &connection)?;
    tour.service.stop()
}

/// The service that a connector is shown on: the package of that name, if it has one, else its example.
fn simulated_service(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    let program = format!("{package}-sim");
    if workspace.packages.iter().any(|other| other.name == program) {
        return build::native_binary(workspace, &program);
    }
    build::native_example(workspace, &format!("{}_service", package.replace('-', "_")))
}

struct Tour<'w> {
    workspace: &'w Workspace,
    component: PathBuf,
    folder: PathBuf,
    service: Service,
    screen: Screen,
}

impl Tour<'_> {
    fn take(&self, manifest: &Value, connection: &str) -> Result<()> {
        self.step("What it declares", &["inspect"])?;
        self.step("Whose credential it is", &["test-connection", "--connection", connection])?;
        for action in list(manifest, "actions") {
            let key = text(action, "key");
            if action.get("changesData").and_then(Value::as_bool) == Some(true) {
                self.screen.words(&format!("{key} changes data, and is left out."));
                continue;
            }
            let inputs = inputs(action);
            let inputs: Vec<&str> = inputs.iter().flat_map(|input| ["--input", input.as_str()]).collect();
            self.step(
                text(action, "label"),
                &[&["action", key, "--connection", connection], inputs.as_slice()].concat(),
            )?;
        }
        for source in list(manifest, "dataSources") {
            self.step(text(source, "label"), &["data-source", text(source, "key"), "--connection", connection])?;
        }
        for trigger in list(manifest, "triggers") {
            let key = text(trigger, "key");
            let state = self.state(key);
            let poll = ["poll", key, "--connection", connection, "--state", &state];
            let label = text(trigger, "label");
            self.step(&format!("{label}: the first poll marks where counting begins"), &poll)?;
            let heading = if self.touch() { "what was changed since" } else { "the poll after it" };
            self.step(&format!("{label}: {heading}"), &poll)?;
        }
        self.screen.words("Every step did what it says. The page on the same service: the same command with --page.");
        Ok(())
    }

    /// Runs the harness and shows the command and what it printed.
    fn step(&self, heading: &str, arguments: &[&str]) -> Result<()> {
        self.screen.heading(heading);
        let words: Vec<_> = self.words(arguments).iter().map(|word| quoted(word).into_owned()).collect();
        self.screen.command(&format!("{CREDENTIAL}={} dist/harness {}", quoted(self.service.key()), words.join(" ")));
        let printed = self.harness(arguments)?;
        match serde_json::from_str::<Value>(&printed) {
            Ok(value) => self.screen.came_back(&serde_json::to_string_pretty(&excerpt(&value))?),
            Err(_) => self.screen.came_back(&printed),
        }
        Ok(())
    }

    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let component = self.workspace.shown(&self.component).to_string();
        let grants = ["--allow-http", "--allow-private-network", "--component", &component];
        grants.iter().chain(arguments).map(ToString::to_string).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.workspace.harness());
        command.args(self.words(arguments)).current_dir(&self.workspace.root).env(CREDENTIAL, self.service.key());
        command
    }

    /// Runs the harness and gives what it printed; an error if it fails.
    fn harness(&self, arguments: &[&str]) -> Result<String> {
        let output =
            self.command(arguments).stderr(Stdio::piped()).output().context("the harness cannot be started")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        ensure!(
            output.status.success(),
            "`harness {}` ended with {}: {}{}",
            arguments.join(" "),
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        Ok(text(&output.stdout))
    }

    fn page(self, manifest: &Value, connection: &str, open: bool) -> Result<()> {
        eprintln!("The simulated service listens on {}; its key is {}", self.service.url(), self.service.key());
        let waiting = self.change_waiting(manifest, connection)?;
        let waiting: Vec<&str> = waiting.iter().map(String::as_str).collect();
        let open: &[&str] = if open { &["--open"] } else { &[] };
        let serve = ["serve", "--test", "--connection", connection];
        let status = self.command(&[&serve[..], &waiting, open].concat()).status();
        let status = status.context("the harness cannot be started")?;
        self.service.stop()?;
        if !status.success() {
            bail!("the harness ended with {status}");
        }
        Ok(())
    }

    /// Polls each trigger once and changes something after that, so that the page's first poll finds a change. Gives
    /// the words that have the page begin with their states, and with a button for a change where there is one to press.
    fn change_waiting(&self, manifest: &Value, connection: &str) -> Result<Vec<String>> {
        let mut words = Vec::new();
        for key in list(manifest, "triggers").iter().map(|trigger| text(trigger, "key")) {
            let state = self.state(key);
            self.harness(&["poll", key, "--connection", connection, "--state", &state])?;
            words.extend(["--state".to_owned(), format!("{key}={state}")]);
        }
        if self.touch() {
            let changes = self.folder.join("changes.json");
            write(&changes, &change_button(self.service.url()).to_string())?;
            words.extend(["--changes".to_owned(), changes.to_string_lossy().into_owned()]);
        }
        Ok(words)
    }

    /// Where a trigger's state is kept. One of the last time is of a service that is gone.
    fn state(&self, key: &str) -> String {
        let state = self.folder.join(format!("{key}.state"));
        let _ = fs::remove_file(&state);
        state.to_string_lossy().into_owned()
    }

    /// Has the service change something; gives whether it knows how.
    fn touch(&self) -> bool {
        self.service.post(TOUCH, "").unwrap_or(false)
    }

    /// Writes the connection file that the first kind of connection asks for: the credential from the environment, the
    /// URL of the service, and of what else is required the examples.
    fn write_connection(&self, manifest: &Value) -> Result<String> {
        let connection = connection(manifest, self.service.url())?;
        let path = self.folder.join("connection.json");
        write(&path, &(serde_json::to_string_pretty(&connection)? + "\n"))?;
        Ok(path.to_string_lossy().into_owned())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// A button that changes a record in the service of this URL.
fn change_button(url: &str) -> Value {
    let end = url.find("://").map(|at| at + 3).and_then(|from| Some(from + url.get(from..)?.find('/')?));
    let origin = end.and_then(|end| url.get(..end)).unwrap_or(url);
    json!([{ "label": "Change a record", "url": format!("{origin}{TOUCH}") }])
}

fn connection(manifest: &Value, url: &str) -> Result<Value> {
    let kind = list(manifest, "connections").first().context("the manifest declares no connection")?;
    let mut fields = Map::new();
    for field in list(kind, "fields") {
        let input = field.get("input").unwrap_or(field);
        let is_secret = field.get("secret").and_then(Value::as_bool) == Some(true);
        let takes_url = field.pointer("/endpoint/environments").and_then(Value::as_array).is_some_and(Vec::is_empty);
        if is_secret {
            fields.insert(text(input, "key").to_owned(), json!(format!("${{{CREDENTIAL}}}")));
        } else if takes_url {
            fields.insert(text(input, "key").to_owned(), json!(url));
        } else if let Some(example) = required_example(input) {
            fields.insert(text(input, "key").to_owned(), example.clone());
        }
    }
    Ok(json!({ "key": text(kind, "key"), "fields": fields }))
}

/// The required inputs with their examples, as the command line takes them.
fn inputs(operation: &Value) -> Vec<String> {
    let given = list(operation, "inputs").iter().filter_map(|input| {
        let example = required_example(input)?;
        let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        Some(format!("{}={example}", text(input, "key")))
    });
    given.collect()
}

/// The example of an input that must be given.
fn required_example(input: &Value) -> Option<&Value> {
    let is_required = input.get("required").and_then(Value::as_bool) == Some(true);
    let has_default = input.get("default").is_some_and(|default| !default.is_null());
    input.get("example").filter(|example| is_required && !has_default && !example.is_null())
}

fn list<'m>(value: &'m Value, key: &str) -> &'m [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'m>(value: &'m Value, key: &str) -> &'m str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_filled_in_by_the_manifest_alone() {
        let manifest = json!({ "connections": [{ "key": "apiKey", "fields": [
            { "input": { "key": "token" }, "secret": true, "endpoint": null },
            { "input": { "key": "region" }, "secret": false, "endpoint": { "environments": [{ "value": "EU" }] } },
            { "input": { "key": "url" }, "secret": false, "endpoint": { "environments": [] } },
            { "input": { "key": "tenant", "required": true, "example": "@acme" }, "secret": false, "endpoint": null },
            { "input": { "key": "note", "required": false, "example": "x" }, "secret": false, "endpoint": null },
        ] }] });
        let fields = json!({ "token": "${CONNECTOR_KEY}", "url": "http://x/", "tenant": "@acme" });
        let expected = json!({ "key": "apiKey", "fields": fields });
        assert_eq!(connection(&manifest, "http://x/").unwrap(), expected);
        assert!(connection(&json!({}), "http://x/").is_err());
    }

    #[test]
    fn a_button_goes_to_the_services_own_machine_and_port() {
        for url in ["http://127.0.0.1:4000/graphql", "http://127.0.0.1:4000"] {
            assert_eq!(change_button(url)[0]["url"], "http://127.0.0.1:4000/touch");
        }
    }

    #[test]
    fn inputs_that_must_be_given_are_given_by_their_examples() {
        let action = json!({ "inputs": [
            { "key": "id", "required": true, "example": "7" },
            { "key": "count", "required": true, "default": 3, "example": 4 },
            { "key": "name", "required": false, "example": "x" },
        ] });
        assert_eq!(inputs(&action), ["id=7"]);
    }
}
