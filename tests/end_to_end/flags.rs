//! Flags that many commands take: each is heeded, or refused with a reason, and none is passed over.

use std::fs;
use std::process::Stdio;

use duro_sim::Resource;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::harness::{Desk, POLL, WATCH, ended};
use crate::support::built;

#[tokio::test]
async fn inspect_prints_what_it_shows_as_it_is_asked_to_and_where() {
    let desk = Desk::new().await;
    for flags in [&["--manifest"][..], &["--schema"], &["--runtime"], &["listComponents"], &[]] {
        let words = [&["inspect"], flags].concat();
        let printed = desk.run_bare(&words).await;
        assert_eq!(printed.status, 0, "{flags:?}: {}", printed.messages);
        let elsewhere = desk.run_bare(&[&words[..], &["--output", "found.json"]].concat()).await;
        assert_eq!((elsewhere.status, elsewhere.output.as_str()), (0, ""), "{flags:?}: {}", elsewhere.messages);
        assert_eq!(fs::read_to_string(desk.file("found.json")).unwrap(), printed.output, "{flags:?}");
        let name = printed.json().as_object().unwrap().keys().next().unwrap().clone();
        let part = desk.run_bare(&[&words[..], &["--jq", &format!("[.\"{name}\"] | length")]].concat()).await;
        assert_eq!(part.output, "1\n", "{flags:?}");
    }
    let inputs = desk.run_bare(&["inspect", "listComponents", "--columns", "key,label"]).await;
    assert!(inputs.output.starts_with("key") && inputs.output.contains("libraryType"), "{}", inputs.output);
}

#[tokio::test]
async fn watch_prints_lines_for_programs_and_for_people_and_refuses_what_has_no_lines() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    let watched = async |flags: &[&str]| {
        desk.sim.advance_clock(std::time::Duration::from_secs(1));
        let id = desk.sim.add(Resource::Components, "Bracket");
        let ended = desk.run(&[&WATCH[..], &["--count", "2"], flags].concat()).await;
        assert_eq!(ended.status, 0, "{}", ended.messages);
        (id, ended)
    };
    let (id, lines) = watched(&["--format", "ndjson"]).await;
    assert_eq!(lines.lines()[0]["record"]["id"], json!(id));
    let (id, table) = watched(&["--format", "table"]).await;
    assert!(table.output.starts_with("created ") && table.output.contains(&format!("id={id}")), "{}", table.output);
    let (id, columns) = watched(&["--columns", "name,id,nmae"]).await;
    assert_eq!(columns.output, format!("created   Bracket  {id}\n"));
    assert!(columns.messages.contains("this record has no nmae"), "{}", columns.messages);
    desk.sim.clear_requests();
    for (flags, why) in [
        (&["--format", "csv"][..], "csv is for the records of"),
        (&["--format", "json", "--columns", "id"], "--jq picks parts of JSON"),
    ] {
        let refused = desk.run(&[&WATCH[..], flags].concat()).await;
        assert!(refused.status == 2 && refused.messages.contains(why), "{}", refused.messages);
    }
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn quiet_says_what_cannot_be_had_again() {
    let desk = Desk::new().await;
    let words = ["--allow-http", "--allow-private-network", "--quiet", "watch", "pollChangesTrigger", "--notify"];
    let mut command = desk.command(&words);
    command.args(["--state", "w.state", "--connection", "connection.json"]).kill_on_drop(true);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = [lines.next_line().await.unwrap().unwrap(), lines.next_line().await.unwrap().unwrap()];
    assert!(said[0].contains("a POST to http://127.0.0.1:") && said[1].contains("the token is "), "{said:?}");
    let product = format!("productId={}", desk.sim.products().remove(0).id);
    let bom = ["action", "getBillOfMaterials", "--format", "csv", "--input", &product, "--input", "maxLines=1"];
    let cut = desk.run(&[&["--quiet"], &bom[..]].concat()).await;
    assert!(cut.messages.contains("warning: not all of it"), "{}", cut.messages);
}

#[tokio::test]
async fn a_file_of_results_holds_this_page_also_where_it_has_no_items() {
    let desk = Desk::new().await;
    fs::write(desk.file("items.txt"), "another page").unwrap();
    let words = ["data-source", "selectComponent", "--search", "zzz no such", "--format", "table"];
    let ended = desk.run(&[&words[..], &["--output", "items.txt"]].concat()).await;
    assert!(ended.status == 0 && ended.messages.contains("No items."), "{}", ended.messages);
    assert_eq!(fs::read_to_string(desk.file("items.txt")).unwrap(), "");
}

#[tokio::test]
async fn a_refusal_names_every_grant_that_the_address_needs() {
    let desk = Desk::new().await;
    let ended = desk.run_bare(&["action", "getCurrentUser", "--connection", "connection.json"]).await;
    assert_eq!(ended.status, 3, "{}", ended.messages);
    for flag in ["--allow-http would allow it", "it needs --allow-private-network too"] {
        assert!(ended.messages.contains(flag), "{}", ended.messages);
    }
    let words = ["--allow-http", "action", "getCurrentUser", "--connection", "connection.json"];
    let other = desk.run_bare(&words).await;
    assert!(!other.messages.contains("--allow-http") && !other.messages.contains("too"), "{}", other.messages);
}

#[tokio::test]
async fn a_command_that_needs_a_key_and_has_none_says_which_there_are() {
    let desk = Desk::new().await;
    for (command, key, other) in [
        ("action", "listComponents", "selectComponent"),
        ("data-source", "selectComponent", "listComponents"),
        ("watch", "pollChangesTrigger", "listComponents"),
    ] {
        let ended = desk.run_bare(&[command]).await;
        assert_eq!(ended.status, 2);
        assert!(ended.messages.contains(key) && !ended.messages.contains(other), "{}", ended.messages);
    }
}

#[tokio::test]
async fn a_shell_gets_its_completions_from_the_program() {
    let desk = Desk::new().await;
    for (shell, file) in
        [("bash", "harness.bash"), ("zsh", "_harness"), ("fish", "harness.fish"), ("powershell", "harness.ps1")]
    {
        let ended = desk.run_bare(&["completions", shell]).await;
        let shipped = fs::read_to_string(built("completions").join(file)).unwrap();
        assert_eq!((ended.status, ended.output.trim_end()), (0, shipped.trim_end()), "{shell}");
    }
}

#[tokio::test]
async fn a_variable_that_the_environment_file_here_sets_is_an_error_with_the_way_to_set_it() {
    let desk = Desk::new().await;
    let unset = async |text: &str| -> String {
        fs::write(desk.file(".env"), text).unwrap();
        let mut command = desk.command(&["inspect", "--connection", "connection.json"]);
        command.env_remove("DURO_API_KEY");
        let ended = ended(command).await;
        assert_eq!(ended.status, 2, "{}", ended.messages);
        ended.messages
    };
    let said = unset("DURO_API_KEY='a secret of mine'\n").await;
    assert!(said.contains(".env here sets it: `set -a; . ./.env; set +a`"), "{said}");
    assert!(!said.contains("a secret of mine"), "{said}");
    let said = unset("DURO_API_KEY=$(reboot)\n").await;
    assert!(said.contains(".env here sets it") && !said.contains("set -a"), "{said}");
    let said = unset("OTHER=1\n").await;
    assert!(said.contains("is not set in the environment") && !said.contains(".env here"), "{said}");
}

#[tokio::test]
async fn a_state_that_is_refused_is_so_with_the_way_out_by_every_command_that_reads_it() {
    let desk = Desk::new().await;
    fs::write(desk.file("poll.state"), "damaged").unwrap();
    for command in [&["poll"][..], &["watch"], &["state", "check"]] {
        let ended = desk.run(&[command, &["pollChangesTrigger", "--state", "poll.state"]].concat()).await;
        assert_eq!(ended.status, 1, "{command:?}: {}", ended.messages);
        assert!(ended.messages.contains("harness poll pollChangesTrigger` with --reset-state"), "{}", ended.messages);
    }
    let unknown = desk.run_bare(&["state", "rebase", "pollChangeTrigger", "--state", "poll.state"]).await;
    assert!(unknown.messages.contains("did you mean pollChangesTrigger?"), "{}", unknown.messages);
}

#[tokio::test]
async fn doctor_tells_what_is_wrong_with_the_network_the_clock_and_the_key() {
    let desk = Desk::new().await;
    let found = |ended: &crate::harness::Ended, name: &str| -> Value {
        let checks = ended.json();
        checks.as_array().unwrap().iter().find(|check| check["check"] == name).cloned().unwrap_or_default()
    };
    let well = desk.run(&["doctor"]).await;
    assert!(
        found(&well, "network")["says"].as_str().unwrap().starts_with("straight to the service"),
        "{}",
        well.output
    );
    let proxy = ["--proxy", "http://127.0.0.1:9", "--allow-proxy", "--proxy-credentials", "missing"];
    let no_file = desk.run(&[&["doctor"], &proxy[..]].concat()).await;
    assert_eq!(found(&no_file, "network")["outcome"], "problem", "{}", no_file.output);
    assert_eq!((found(&no_file, "component"), no_file.status), (Value::Null, 1));
    let mut passed_over = desk.command(&["doctor", "--offline", "--no-config", "--connection", "connection.json"]);
    passed_over.env("NODE_EXTRA_CA_CERTS", "/some.pem").env("http_proxy", "http://127.0.0.1:9");
    let passed_over = ended(passed_over).await;
    for name in ["NODE_EXTRA_CA_CERTS", "http_proxy"] {
        let says = |check: &&Value| check["says"].as_str().unwrap().contains(name);
        assert!(passed_over.json().as_array().unwrap().iter().any(|check| says(&check)), "{}", passed_over.output);
    }
    // An hour is more than a token's time bears.
    desk.sim.advance_clock(std::time::Duration::from_secs(3600));
    let late = desk.run(&["doctor"]).await;
    assert_eq!(found(&late, "clock")["outcome"], "warning", "{}", late.output);
}

#[tokio::test]
async fn what_no_terminal_shows_is_cut_nowhere() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    desk.sim.advance_clock(std::time::Duration::from_secs(1));
    let name = "A bracket ".repeat(20).trim_end().to_owned();
    let id = desk.sim.add(Resource::Components, &name);
    let read = |file: &str| fs::read_to_string(desk.file(file)).unwrap();
    // Polled once more below: the state is as it was where nothing was asked of it.
    fs::copy(desk.file("poll.state"), desk.file("kept.state")).unwrap();
    let watch = [&WATCH[..], &["--count", "2", "--columns", "name,id", "--output", "watched"]].concat();
    let watched = desk.run(&watch).await;
    assert_eq!(watched.status, 0, "{}", watched.messages);
    assert_eq!(read("watched"), format!("created   {name}  {id}\n"));
    let poll = ["poll", "pollChangesTrigger", "--state", "kept.state", "--input", "pollResourceType=components"];
    let of_part = format!("componentId={id}");
    let one = ["action", "getComponentById", "--input", &of_part, "--columns", "name", "--output", "table"];
    for words in [&poll[..], &one] {
        let table = desk.run(&[words, &["--format", "table"]].concat()).await;
        assert_eq!(table.status, 0, "{words:?}: {}", table.messages);
        let text = if table.output.is_empty() { read("table") } else { table.output };
        assert!(text.contains(&name) && !text.contains('…'), "{words:?}: {text}");
    }
    let doctor = desk.run(&["doctor", "--format", "table"]).await;
    let found = desk.run(&["doctor"]).await.json();
    let longest =
        found.as_array().unwrap().iter().map(|one| one["says"].as_str().unwrap()).max_by_key(|says| says.len());
    assert!(longest.is_some_and(|says| says.len() > 60), "{longest:?}");
    assert!(!doctor.output.contains('…'), "{}", doctor.output);
}
