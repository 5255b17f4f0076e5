//! The command `harness` as a person or a script runs it: arguments, output, files and exit status.

use crate::support::{OF_A_USER, built};
use duro_sim::{DuroSim, DuroSimBuilder, Fault, Resource};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) const KEY: &str = "key-for-the-harness-4711";

/// Polls once, with a state that [`WATCH`] goes on with.
pub(crate) const POLL: [&str; 6] =
    ["poll", "pollChangesTrigger", "--state", "poll.state", "--input", "pollResourceType=components"];
/// Watches without a pause worth naming.
pub(crate) const WATCH: [&str; 8] = [
    "watch",
    "pollChangesTrigger",
    "--state",
    "poll.state",
    "--input",
    "pollResourceType=components",
    "--every",
    "1ms",
];

/// A simulated service, a connection file that names a variable, and a folder for states.
pub(crate) struct Desk {
    pub(crate) sim: DuroSim,
    pub(crate) folder: TempDir,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) output: String,
    pub(crate) messages: String,
}

impl Ended {
    /// The one JSON value on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {:?}", self.output))
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn error_kind(&self) -> String {
        self.json()["error"]["kind"].as_str().unwrap().to_owned()
    }
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(DuroSim::builder()).await
    }

    pub(crate) async fn with(builder: DuroSimBuilder) -> Self {
        let sim = builder.key(KEY).spawn().await.unwrap();
        let desk = Self { sim, folder: tempfile::tempdir().unwrap() };
        let fields = json!({ "apiKey": "${DURO_API_KEY}", "customDuroEnvironment": desk.sim.url() });
        let connection = json!({ "key": "duroApiKey", "fields": fields });
        fs::write(desk.file("connection.json"), connection.to_string()).unwrap();
        #[cfg(unix)]
        fs::set_permissions(desk.file("connection.json"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        desk
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)));
        command.current_dir(self.folder.path()).args(words).env("DURO_API_KEY", KEY);
        // What this machine's user has allowed and set counts for nothing here.
        command.env("XDG_STATE_HOME", self.file("allowed"));
        for name in OF_A_USER {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    pub(crate) async fn run_bare(&self, words: &[&str]) -> Ended {
        ended(self.command(words)).await
    }

    /// Runs a command with the grants for a service on loopback and the connection file.
    pub(crate) async fn run(&self, words: &[&str]) -> Ended {
        self.run_with_key(KEY, words).await
    }

    pub(crate) async fn run_with_key(&self, key: &str, words: &[&str]) -> Ended {
        let words =
            [&["--allow-http", "--allow-private-network"], words, &["--connection", "connection.json"]].concat();
        let mut command = self.command(&words);
        command.env("DURO_API_KEY", key);
        ended(command).await
    }
}

pub(crate) async fn ended(mut command: Command) -> Ended {
    let output = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { status: output.status.code().unwrap(), output: text(output.stdout), messages: text(output.stderr) }
}

#[tokio::test]
async fn a_component_compiled_ahead_does_what_the_component_does() {
    let desk = Desk::new().await;
    let (compiled, cache) = (desk.file("compiled/connector.cwasm"), desk.file("cache"));
    fs::create_dir(compiled.parent().unwrap()).unwrap();
    let harness = async |arguments: &[&str]| {
        let output = Command::new(built("harness")).args(arguments).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (compiled, cache) = (compiled.to_str().unwrap(), cache.to_str().unwrap());

    let (status, printed) = harness(&["--cache-dir", cache, "compile", "--output", compiled]).await;
    assert_eq!(status, Some(0), "{printed}");
    let from_component = harness(&["--no-cache", "inspect", "--manifest"]).await;
    assert_eq!(harness(&["--no-cache", "--precompiled", compiled, "inspect", "--manifest"]).await, from_component);
    let (_, runtime) = harness(&["--cache-dir", cache, "--format", "json", "inspect", "--runtime"]).await;
    let runtime: Value = serde_json::from_str(&runtime).unwrap();
    assert!(runtime["cache"].as_str().unwrap().starts_with("loaded from"), "{runtime}");
    assert_eq!(runtime["runtime"]["concurrentCalls"], 4);

    let whole = fs::read(compiled).unwrap();
    fs::write(compiled, &whole[..whole.len() - 100]).unwrap();
    let (status, _) = harness(&["--precompiled", compiled, "inspect"]).await;
    assert_eq!(status, Some(2));
}

#[tokio::test]
async fn inspect_says_what_the_component_offers_and_that_it_needs_http_and_log_alone() {
    let desk = Desk::new().await;
    let text = desk.run_bare(&["inspect", "--format", "table"]).await;
    assert_eq!(text.status, 0);
    for expected in ["duroApiKey", "createChangeOrder", "selectComponent", "pollChangesTrigger"] {
        assert!(text.output.contains(expected), "{expected} is not in {}", text.output);
    }
    // A program reads JSON.
    let report = desk.run_bare(&["inspect"]).await.json();
    assert_eq!(report["manifest"]["key"], "duro-plm");
    let imports: Vec<&str> = report["imports"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(imports, ["integration:connector/http@0.2.0", "integration:connector/log@0.2.0"]);
}

#[tokio::test]
async fn the_commands_print_json_in_the_promised_shapes() {
    let desk = Desk::new().await;
    let account = desk.run(&["test-connection"]).await;
    assert_eq!(account.status, 0, "{}", account.messages);
    assert!(account.json().to_string().contains('@'));

    let listed = desk.run(&["action", "listComponents", "--input", "first=3"]).await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    fs::write(desk.file("inputs.json"), r#"{"first": 2, "libraryType": "GENERAL"}"#).unwrap();
    let listed = desk.run(&["action", "listComponents", "--inputs", "inputs.json"]).await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);

    let picked = desk.run(&["data-source", "selectComponent"]).await.json();
    assert!(picked["result"][0]["key"].is_string() && picked["result"][0]["label"].is_string());
    assert!(picked["next"].is_string());
    let table = desk.run(&["--format", "table", "data-source", "selectComponent"]).await;
    assert!(serde_json::from_str::<Value>(&table.output).is_err() && table.output.lines().count() > 20);
}

#[tokio::test]
async fn the_exit_status_says_who_said_no() {
    let desk = Desk::new().await;
    let service = desk.run_with_key("another-key", &["action", "getCurrentUser"]).await;
    assert_eq!((service.status, service.error_kind().as_str()), (1, "unauthenticated"));

    let connector = desk.run(&["action", "createChangeOrder", "--input", "type=XCO"]).await;
    assert_eq!((connector.status, connector.error_kind().as_str()), (1, "invalid-input"));
    let problems = connector.json()["error"]["problems"].as_array().unwrap().len();
    assert_eq!(problems, 2, "{}", connector.output);

    for words in [
        &["action", "getCurrentUser"][..],
        &["action", "getCurrentUser", "--connection", "nowhere.json"],
        &["action", "getCurrentUser", "--connection", "connection.json", "--input", "="],
        &["--component", "nowhere.wasm", "inspect"],
        &["fly"],
    ] {
        let usage = desk.run_bare(words).await;
        assert_eq!((usage.status, usage.output.as_str()), (2, ""), "{words:?}: {}", usage.messages);
        assert!(!usage.messages.is_empty());
    }

    let host = desk.run_bare(&["action", "getCurrentUser", "--connection", "connection.json"]).await;
    assert_eq!((host.status, host.error_kind().as_str()), (3, "transport"));
    assert!(host.messages.contains("--allow-http"), "{}", host.messages);
    let limit = desk.run(&["--max-requests", "1", "action", "listComponents", "--input", "first=300"]).await;
    assert_eq!(limit.status, 3);
    assert_eq!(limit.json()["error"]["limit"]["raiseWith"], "--max-requests");
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_named_and_nothing_is_sent() {
    let desk = Desk::new().await;
    let mut command = desk.command(&["action", "getCurrentUser", "--connection", "connection.json"]);
    command.env_remove("DURO_API_KEY");
    let usage = ended(command).await;
    assert_eq!(usage.status, 2);
    assert!(usage.messages.contains("DURO_API_KEY"), "{}", usage.messages);
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn debug_shows_every_request_and_response_and_never_the_key() {
    let desk = Desk::new().await;
    for words in [&["--debug", "action", "getCurrentUser"][..], &["--debug", "data-source", "selectComponent"]] {
        let ended = desk.run(words).await;
        assert_eq!(ended.status, 0);
        assert!(ended.messages.contains("connector:") && ended.messages.contains("host:"), "{}", ended.messages);
        assert!(!ended.messages.contains(KEY) && !ended.output.contains(KEY));
    }
}

#[tokio::test]
async fn polls_keep_their_state_in_a_file_that_a_failed_poll_leaves_alone() {
    let desk = Desk::new().await;
    let first = desk.run(&POLL).await.json();
    assert_eq!((&first["noChanges"], &first["more"]), (&json!(true), &json!(false)));
    let state = fs::read(desk.file("poll.state")).unwrap();

    desk.sim.advance_clock(Duration::from_secs(1));
    let id = desk.sim.add(Resource::Components, "Bracket");
    desk.sim.fault_next(Fault::HtmlPage);
    let failed = desk.run(&POLL).await;
    assert_eq!((failed.status, failed.error_kind().as_str()), (1, "unexpected-response"));
    assert_eq!(fs::read(desk.file("poll.state")).unwrap(), state);

    let second = desk.run(&POLL).await.json();
    assert_eq!(second["payload"]["body"]["data"]["created"][0]["id"], json!(id));
    assert_ne!(fs::read(desk.file("poll.state")).unwrap(), state);
    let third = desk.run(&POLL).await.json();
    assert_eq!(third["noChanges"], json!(true));
}

#[tokio::test]
async fn a_state_file_that_no_poll_wrote_is_refused_and_left_as_it_is() {
    let desk = Desk::new().await;
    fs::write(desk.file("poll.state"), "not a state").unwrap();
    let refused = desk.run(&POLL).await;
    assert_eq!((refused.status, refused.error_kind().as_str()), (1, "invalid-state"));
    assert_eq!(fs::read(desk.file("poll.state")).unwrap(), b"not a state");
}

fn watch(count: &str) -> Vec<&str> {
    [&WATCH[..], &["--count", count]].concat()
}

#[tokio::test]
async fn watch_prints_one_line_a_record_and_goes_on_where_it_stopped() {
    let desk = Desk::new().await;
    let first = desk.run(&watch("1")).await;
    assert_eq!((first.status, first.output.as_str()), (0, ""));
    desk.sim.advance_clock(Duration::from_secs(1));
    let new = desk.sim.add(Resource::Components, "New");
    let changed = desk.sim.records(Resource::Components).remove(0).id;
    desk.sim.touch(Resource::Components, &changed);
    let second = desk.run(&watch("3")).await;
    let lines = second.lines();
    let seen: Vec<(&str, &str)> =
        lines.iter().map(|line| (line["change"].as_str().unwrap(), line["record"]["id"].as_str().unwrap())).collect();
    assert_eq!(seen, [("created", new.as_str()), ("updated", changed.as_str())]);
}

#[tokio::test]
async fn watch_survives_an_outage_and_loses_nothing() {
    let desk = Desk::new().await;
    desk.run(&POLL).await;
    desk.sim.advance_clock(Duration::from_secs(1));
    let id = desk.sim.add(Resource::Components, "New");
    desk.sim.fault_times(2, Fault::HtmlPage);
    let ended = desk.run(&watch("4")).await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    let lines = ended.lines();
    assert_eq!(lines.len(), 3, "{}", ended.output);
    assert_eq!(lines[0]["error"]["kind"], "unexpected-response");
    assert_eq!(lines[2]["record"]["id"], json!(id));
}

#[tokio::test]
async fn every_command_explains_itself_with_an_example() {
    let desk = Desk::new().await;
    for command in ["inspect", "test-connection", "action", "data-source", "poll", "watch"] {
        let help = desk.run_bare(&[command, "--help"]).await;
        assert_eq!(help.status, 0);
        assert!(help.output.contains("Example"), "{}", help.output);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_component_is_the_named_one_or_the_only_one_beside_the_program_or_the_way_to_name_one() {
    // A program that is copied cannot be started while a process that began meanwhile holds the copy's file.
    let folder = tempfile::tempdir_in(built("")).unwrap();
    let (program, beside) = (folder.path().join("harness"), folder.path().join("connector.wasm"));
    fs::hard_link(built("harness"), &program).unwrap();
    let inspect = async |variable: &str| {
        let mut command = Command::new(&program);
        command.args(["--no-cache", "inspect", "--format", "json"]).env("HARNESS_COMPONENT", variable);
        ended(command).await
    };
    let component = built("duro_plm.wasm");
    let nothing = inspect("").await;
    assert_eq!(nothing.status, 2);
    for way_out in ["--component FILE", "HARNESS_COMPONENT", "no .wasm file beside"] {
        assert!(nothing.messages.contains(way_out), "{way_out} is not in {}", nothing.messages);
    }
    assert_eq!(inspect(component.to_str().unwrap()).await.json()["manifest"]["key"], "duro-plm");
    fs::copy(&component, &beside).unwrap();
    assert_eq!(inspect("").await.json()["manifest"]["key"], "duro-plm");
    assert_ne!(inspect("elsewhere.wasm").await.status, 0);
    fs::copy(&component, folder.path().join("other.wasm")).unwrap();
    let two = inspect("").await;
    assert!(two.status == 2 && two.messages.contains("more than one .wasm file"), "{}", two.messages);
}

#[tokio::test]
async fn records_are_printed_for_spreadsheets_and_for_pipes() {
    let desk = Desk::with(DuroSim::builder().components(40)).await;
    let csv = desk.run(&["--format", "csv", "action", "listComponents"]).await;
    assert!(csv.output.starts_with("id,name,mass,created,lastModified\r\n"), "{}", csv.output);
    let product = desk.sim.products().remove(0).id;
    let product = format!("productId={product}");
    let bom = desk.run(&["action", "getBillOfMaterials", "--input", &product, "--format", "csv"]).await;
    let heading =
        "level,itemNumber,quantity,refDes,partNumber,name,revision,status,id,notes,waste,remark\r\n0,,1,,999-";
    assert!(bom.output.starts_with(heading), "{}", bom.output);
    let cut = desk
        .run(&["action", "getBillOfMaterials", "--input", &product, "--format", "csv", "--input", "maxLines=1"])
        .await;
    assert!(cut.messages.contains("warning: not all of it") && cut.messages.contains("maxLines"), "{}", cut.messages);

    let lines = desk.run(&["--format", "ndjson", "data-source", "selectProduct"]).await;
    assert!(lines.output.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["key"].is_string()));
    desk.run(&["poll", "pollChangesTrigger", "--state", "s.state"]).await;
    let new = desk.sim.add(Resource::Components, "=HYPERLINK(\"x\"), 1/4\"");
    let poll = desk.run(&["--format", "csv", "poll", "pollChangesTrigger", "--state", "s.state"]).await;
    let row = format!("created,{new},\"=HYPERLINK(\"\"x\"\"), 1/4\"\"\",");
    assert!(
        poll.output.starts_with("change,id,name,created,lastModified\r\n") && poll.output.contains(&row),
        "{}",
        poll.output
    );

    let inspect = desk.run(&["--format", "csv", "inspect"]).await;
    assert_eq!(inspect.status, 2, "{}", inspect.output);
    assert!(inspect.messages.contains("action, data-source and poll"), "{}", inspect.messages);
}

#[tokio::test]
async fn a_state_is_shown_and_checked_without_a_request() {
    let desk = Desk::with(DuroSim::builder()).await;
    let poll = ["poll", "pollChangesTrigger", "--state", "s.state"];
    assert_eq!(desk.run(&poll).await.status, 0);
    desk.sim.clear_requests();
    let before = fs::read(desk.file("s.state")).unwrap();
    let shown = desk.run_bare(&["state", "show", "--state", "s.state"]).await.json();
    assert_eq!((&shown["resource"], &shown["bytes"]), (&json!("components"), &json!(before.len())));
    assert!(shown["origin"].as_str().unwrap().starts_with("http://127.0.0.1") && shown["watermark"].is_string());
    let check = ["state", "check", "pollChangesTrigger", "--state", "s.state"];
    let good = desk.run(&check).await;
    assert_eq!((good.status, &good.json()["accepted"]), (0, &json!(true)), "{}", good.messages);
    let other = desk.run(&[&check[..], &["--input", "pollResourceType=changeOrders"]].concat()).await;
    assert_eq!((other.status, other.error_kind().as_str()), (1, "invalid-state"), "{}", other.output);
    let text = String::from_utf8(before.clone()).unwrap();
    fs::write(desk.file("s.state"), text.replace("components", "component5")).unwrap();
    let damaged = desk.run(&check).await;
    assert_eq!((damaged.status, damaged.error_kind().as_str()), (1, "invalid-state"), "{}", damaged.output);
    fs::write(desk.file("s.state"), "no state").unwrap();
    let shown = desk.run_bare(&["state", "show", "--state", "s.state"]).await.json();
    assert!(shown["note"].as_str().unwrap().contains("only its connector"));
    assert_eq!(desk.run_bare(&["state", "show", "--state", "none"]).await.status, 2);
    assert_eq!(desk.sim.request_count(), 0);
    assert_eq!(desk.run(&["state", "check", "noSuch", "--state", "s.state"]).await.error_kind(), "unknown-key");
}
