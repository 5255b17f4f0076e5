//! The command line as a person at a terminal meets it.

use crate::harness::{Desk, KEY};
use crate::pty::Terminal;
use duro_sim::{DuroSim, Resource};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

pub(crate) const GRANTS: [&str; 2] = ["--allow-http", "--allow-private-network"];
const NAMED: [&str; 2] = ["--connection", "connection.json"];

pub(crate) fn start(desk: &Desk, columns: u16, variables: &[(&str, &str)], words: &[&str]) -> Terminal {
    Terminal::start(desk, columns, variables, &[&GRANTS, words, &NAMED].concat())
}

#[tokio::test]
async fn an_input_that_is_needed_and_missing_is_asked_for_with_its_help() {
    let desk = Desk::new().await;
    let orders = desk.sim.records(Resource::ChangeOrders).len();
    let mut terminal = start(&desk, 100, &[], &["action", "createChangeOrder", "--jq", ".data|keys[0]"]);
    terminal.wait_for("The change order's title, as it will stand in Duro's lists.").await;
    terminal.wait_for("Name ›").await;
    terminal.type_in("Captive screws\r");
    let (status, text) = terminal.end().await;
    assert_eq!(status, 0, "{text}");
    assert_eq!(desk.sim.records(Resource::ChangeOrders).len(), orders + 1);

    // Without a terminal the connector says what is missing, and nothing is asked.
    let ended = desk.run(&["action", "createChangeOrder"]).await;
    assert_eq!((ended.status, ended.error_kind().as_str()), (1, "invalid-input"));
    assert!(ended.messages.contains("Name (name): is required"), "{}", ended.messages);
}

#[tokio::test]
async fn an_error_is_said_once_on_a_terminal_and_as_json_to_a_program() {
    let desk = Desk::new().await;
    let (status, text) = start(&desk, 100, &[], &["action", "listComponentz"]).end().await;
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("did you mean listComponents?") && !text.contains('{'), "{text}");
    assert_eq!(text.matches("there is no action").count(), 1, "{text}");
    let piped = desk.run(&["action", "listComponentz"]).await;
    assert_eq!(piped.error_kind(), "unknown-key");
}

#[tokio::test]
async fn results_have_colours_on_a_terminal_unless_the_person_wants_none() {
    let desk = Desk::new().await;
    for (variables, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        for words in [
            &["action", "getCurrentUser"][..],
            &["action", "listComponents", "--format", "table"],
            &["inspect", "noSuch"],
        ] {
            let named: &[&str] = if words[0] == "action" { &NAMED } else { &[] };
            let terminal = Terminal::start(&desk, 100, variables, &[&GRANTS[..], words, named].concat());
            let (_, raw) = terminal.end_raw().await;
            assert!(!raw.is_empty());
            let has = raw.contains("\u{1b}[34m\"") || raw.contains("\u{1b}[1m") || raw.contains("\u{1b}[31m");
            assert_eq!(has, coloured, "{words:?} {variables:?}: {raw:?}");
        }
    }
}

#[tokio::test]
async fn a_table_fits_the_terminal_and_says_what_it_left_out() {
    let desk = Desk::with(DuroSim::builder().components(30)).await;
    for columns in [40, 120] {
        let (status, text) =
            start(&desk, columns, &[("NO_COLOR", "1")], &["action", "listComponents", "--format", "table", "--quiet"])
                .end()
                .await;
        assert_eq!(status, 0, "{text}");
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= usize::from(columns) && text.lines().count() >= 32, "{widest} of {columns}: {text}");
    }
    let (_, text) = start(&desk, 40, &[], &["action", "listComponents", "--format", "table"]).end().await;
    assert!(text.contains("--columns"), "{text}");
}

#[tokio::test]
async fn watch_says_that_it_watches_what_the_first_poll_did_and_at_the_end_what_there_was() {
    let desk = Desk::new().await;
    let words = ["watch", "pollChangesTrigger", "--state", "w.state", "--every", "1s"];
    let mut terminal = start(&desk, 120, &[], &words);
    terminal.wait_for("Watching pollChangesTrigger every 1 s, with the state in w.state. Ctrl-C ends it.").await;
    terminal.wait_for("this first poll has marked where counting begins").await;
    terminal.wait_for("last poll").await;
    desk.sim.advance_clock(Duration::from_secs(1));
    let id = desk.sim.add(Resource::Components, "Bracket");
    // A line for a person, and no JSON.
    terminal.wait_for(&format!("created   id={id}  name=Bracket")).await;
    terminal.wait_for("1 record").await;
    terminal.wait_for(", next ").await;
    terminal.type_in("\u{3}");
    let (status, text) = terminal.end().await;
    assert_eq!(status, 0, "{text}");
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap();
    assert!(last.contains("polls, 1 record in "), "{last}");
}

#[tokio::test]
async fn init_asks_for_each_field_tries_the_key_and_writes_what_a_call_needs_without_a_flag() {
    let desk = Desk::new().await;
    fs::remove_file(desk.file("connection.json")).unwrap();
    fs::write(desk.file(".env"), "OTHER=1\n").unwrap();
    let mut terminal = Terminal::start(&desk, 100, &[("DURO_API_KEY", "")], &[&GRANTS[..], &["init"]].concat());
    terminal.wait_for("The key that Duro made for you").await;
    // The key is asked for first, and unseen: whoever has it at hand pastes it at once.
    terminal.wait_for("API Key ›").await;
    terminal.type_in(&format!("{KEY}\r"));
    terminal.wait_for("The name of the variable that is to hold it").await;
    terminal.type_in("\r");
    terminal.wait_for("(leave it open)").await;
    // Up from the first is the last: the custom one is filled in instead.
    terminal.type_in("\u{1b}[A\r");
    terminal.wait_for("Custom Duro Environment").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    terminal.type_in("no address\r");
    // What cannot be used is asked for once more, and nothing else is.
    terminal.wait_for("error: customDuroEnvironment").await;
    terminal.type_in(&format!("{}\r", desk.sim.url()));
    terminal.wait_for("requests go to http://127.0.0.1").await;
    terminal.wait_for("Test the connection now").await;
    terminal.type_in("y");
    terminal.wait_for("The key is that of").await;
    terminal.wait_for("Write allow-http, allow-private-network to harness.toml").await;
    terminal.type_in("y");
    let (status, text) = terminal.end().await;
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains(KEY), "{text}");
    assert!(text.contains("Done. Next: set -a; . ./.env; set +a; harness test-connection"), "{text}");

    let connection: Value = serde_json::from_str(&fs::read_to_string(desk.file("connection.json")).unwrap()).unwrap();
    let fields = json!({ "apiKey": "${DURO_API_KEY}", "customDuroEnvironment": desk.sim.url() });
    assert_eq!(connection, json!({ "key": "duroApiKey", "fields": fields }));
    assert_eq!(fs::read_to_string(desk.file(".env")).unwrap(), format!("OTHER=1\nDURO_API_KEY='{KEY}'\n"));
    for name in ["connection.json", "harness.toml"] {
        assert_eq!(fs::metadata(desk.file(name)).unwrap().permissions().mode() & 0o077, 0, "{name}");
    }
    // What it wrote counts: no flag is needed.
    let ended = desk.run_bare(&["action", "getCurrentUser"]).await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    assert!(ended.messages.contains("harness.toml counts: --allow-http --allow-private-network"), "{}", ended.messages);
    let asked = desk.run_bare(&["init"]).await;
    assert!(asked.status == 2 && asked.messages.contains("here is no terminal"), "{}", asked.messages);
    // What is there is asked about first, and not after all has been typed.
    let mut again = Terminal::start(&desk, 100, &[], &["init"]);
    again.wait_for("connection.json is there: replace it").await;
    again.type_in("n");
    assert_eq!(again.end().await.0, 2);
}
