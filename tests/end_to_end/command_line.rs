//! What the command line offers beside the calls themselves: help of an operation, inputs from files, results in part and
//! elsewhere.

use crate::harness::{Desk, POLL, WATCH};
use duro_sim::{DuroSim, Fault, Resource};
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn help_of_an_operation_is_about_that_operation() {
    let desk = Desk::new().await;
    let help = desk.run_bare(&["action", "createChangeOrder", "--help"]).await;
    assert_eq!(help.status, 0, "{}", help.messages);
    for expected in [
        "createChangeOrder - Create Change Order",
        "It changes data.",
        "name  Name: text, required",
        "type  Type: one of ECO | MCO | DCO",
        "Replace the M3 screws",
        "harness action createChangeOrder --input 'name=Replace the M3 screws by captive ones'",
        "A result, for example:",
    ] {
        assert!(help.output.contains(expected), "{expected} is not in {}", help.output);
    }
    let inspected = desk.run_bare(&["inspect", "createChangeOrder", "--format", "table"]).await;
    assert!(inspected.output.contains("name  Name: text, required"), "{}", inspected.output);
    let as_json = desk.run_bare(&["inspect", "createChangeOrder"]).await.json();
    assert_eq!((&as_json["operation"], &as_json["inputs"][0]["key"]), (&json!("action"), &json!("name")));

    let misspelt = desk.run_bare(&["inspect", "createChangeOrdr"]).await;
    assert!(
        misspelt.status == 2 && misspelt.messages.contains("did you mean createChangeOrder?"),
        "{}",
        misspelt.messages
    );
    let misspelt = desk.run_bare(&["poll", "pollChangeTrigger", "-h"]).await;
    assert!(
        misspelt.status == 2 && misspelt.messages.contains("did you mean pollChangesTrigger?"),
        "{}",
        misspelt.messages
    );
    let other = desk.run(&["action", "selectComponent"]).await;
    assert!(other.messages.contains("`harness data-source selectComponent`"), "{}", other.messages);
    let choice = desk.run(&["action", "createChangeOrder", "--input", "name=x", "--input", "type=EC0"]).await;
    assert!(choice.messages.contains("did you mean ECO?"), "{}", choice.messages);
    let input = desk.run(&["action", "createChangeOrder", "--input", "nmae=x"]).await;
    assert_eq!(input.messages.matches("did you mean name?").count(), 1, "{}", input.messages);
    let flag = desk.run(&["action", "createChangeOrder", "--inptu", "name=x"]).await;
    assert!(flag.status == 2 && flag.messages.contains("'--input'"), "{}", flag.messages);
}

#[tokio::test]
async fn an_input_and_a_connection_are_read_from_files_and_from_standard_input() {
    let desk = Desk::new().await;
    fs::write(desk.file("query.graphql"), "query { userById {\n id } }\n").unwrap();
    let file = desk.run(&["action", "rawRequest", "--input", "query=@query.graphql"]).await;
    assert!(file.json()["data"].to_string().contains("userById"), "{}", file.output);
    let missing = desk.run(&["action", "rawRequest", "--input", "query=@no.graphql"]).await;
    assert!(missing.status == 2 && missing.messages.contains("the input query in no.graphql"), "{}", missing.messages);

    let piped = async |words: &[&str]| {
        let mut command = desk.command(&[&["--allow-http", "--allow-private-network"], words].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let connection = fs::read(desk.file("connection.json")).unwrap();
        child.stdin.take().unwrap().write_all(&connection).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, output, messages) = piped(&["action", "getCurrentUser", "--connection", "-"]).await;
    assert!(status == Some(0) && output.starts_with("{\"data\""), "{messages}");
    let (status, _, messages) = piped(&["action", "getCurrentUser", "--connection", "-", "--inputs", "-"]).await;
    assert!(status == Some(2) && messages.contains("cannot both read standard input"), "{messages}");
}

#[tokio::test]
async fn an_expression_of_jq_picks_from_a_result_and_sees_no_variable() {
    let desk = Desk::with(DuroSim::builder().components(40)).await;
    let names = desk.run(&["action", "listComponents", "--input", "first=3", "--jq", ".data[].name"]).await;
    assert_eq!((names.status, names.output.lines().count()), (0, 3), "{}", names.messages);
    assert!(!names.output.contains('"'), "{}", names.output);
    let count = desk.run(&["action", "listComponents", "--input", "first=7", "--jq", ".data|length"]).await;
    assert_eq!(count.output, "7\n");
    let table = ["action", "listComponents", "--jq", ".data|map({n: .name})", "--format", "csv", "--input", "first=2"];
    assert!(desk.run(&table).await.output.starts_with("n\r\n"));
    let manifest = desk.run_bare(&["inspect", "--jq", ".manifest.key"]).await;
    assert_eq!(manifest.output, "duro-plm\n");

    let environment = desk.run(&["action", "getCurrentUser", "--jq", "env | tojson"]).await;
    assert!(!environment.output.contains("DURO_API_KEY"), "{}", environment.output);
    desk.sim.clear_requests();
    let wrong = desk.run(&["action", "getCurrentUser", "--jq", ".data | nosuch"]).await;
    assert!(wrong.status == 2 && wrong.messages.contains("--jq: there is no filter nosuch"), "{}", wrong.messages);
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn an_expression_that_asks_for_all_memory_ends_itself_alone() {
    let desk = Desk::new().await;
    for expression in ["[range(1e12)]", "def f: 1 + f; f"] {
        let ended = desk.run(&["action", "getCurrentUser", "--jq", expression]).await;
        assert_eq!(ended.status, 2, "{}", ended.messages);
        // On a busy machine the time is over first.
        let bounded = ["--jq: it needs more than 2048 MiB of memory", "--jq: it took longer than 30 s"];
        assert!(bounded.iter().any(|text| ended.messages.contains(text)), "{}", ended.messages);
    }
    // And a poll whose result could not be printed has moved nothing.
    assert_eq!(desk.run(&POLL).await.status, 0);
    let state = fs::read(desk.file("poll.state")).unwrap();
    desk.sim.advance_clock(std::time::Duration::from_secs(1));
    desk.sim.add(Resource::Components, "Bracket");
    let ended = desk.run(&[&POLL[..], &["--jq", ".payload.x.y | error(\"no\")"]].concat()).await;
    assert!(ended.status == 2 && ended.messages.contains("--jq: \"no\""), "{}", ended.messages);
    assert_eq!(fs::read(desk.file("poll.state")).unwrap(), state);
}

#[tokio::test]
async fn columns_are_picked_and_a_misspelt_one_is_named() {
    let desk = Desk::with(DuroSim::builder().components(5)).await;
    let csv = desk.run(&["action", "listComponents", "--format", "csv", "--columns", "name,id"]).await;
    assert!(csv.output.starts_with("name,id\r\n"), "{}", csv.output);
    let table = desk.run(&["action", "listComponents", "--columns", "name"]).await;
    assert!(table.output.starts_with("name"), "{}", table.output);
    let lines = desk.run(&["action", "listComponents", "--format", "ndjson", "--columns", "name"]).await;
    assert!(lines.lines().iter().all(|line| line.as_object().unwrap().len() == 1), "{}", lines.output);
    let misspelt = desk.run(&["action", "listComponents", "--columns", "nmae"]).await;
    assert!(misspelt.status == 2 && misspelt.messages.contains("did you mean name?"), "{}", misspelt.messages);
}

#[tokio::test]
async fn a_result_goes_to_a_file_as_a_whole_or_not_at_all() {
    let desk = Desk::new().await;
    let words = ["action", "getCurrentUser", "--output", "out.json"];
    let written = desk.run(&words).await;
    assert_eq!((written.status, written.output.as_str()), (0, ""), "{}", written.messages);
    let before = fs::read_to_string(desk.file("out.json")).unwrap();
    assert!(serde_json::from_str::<Value>(&before).unwrap()["data"].is_object());
    desk.sim.fault_next(Fault::HtmlPage);
    let failed = desk.run(&words).await;
    assert_eq!((failed.status, failed.error_kind().as_str()), (1, "unexpected-response"));
    assert_eq!(fs::read_to_string(desk.file("out.json")).unwrap(), before);
    let left = fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("output")).collect();
    assert!(left.is_empty(), "{left:?}");
    desk.sim.clear_requests();
    let nowhere = desk.run(&["action", "createChangeOrder", "--input", "name=x", "--output", "no/out.json"]).await;
    assert!(nowhere.status == 2 && nowhere.messages.contains("--output: no/out.json"), "{}", nowhere.messages);
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn every_command_with_a_result_has_it_picked_from_and_written_to_a_file() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    let state = ["--state", "poll.state"];
    let check = ["check", "pollChangesTrigger", "--input", "pollResourceType=components"];
    let commands: [(&[&str], &str, &str); 4] = [
        (&["state", "show"], ".resource", "components\n"),
        (&[&["state"], &check[..]].concat(), ".accepted", "true\n"),
        (&["state", "rebase", "pollChangesTrigger"], ".backup", "poll.state.before-rebase\n"),
        (&["verify"], ".findings|length", "0\n"),
    ];
    for (words, expression, expected) in commands {
        let takes_state = words[0] == "state";
        let run = async |more: &[&str]| {
            let words = [words, if takes_state { &state[..] } else { &[] }, more].concat();
            match words[..2] {
                ["state", "show" | "rebase"] => desk.run_bare(&words).await,
                _ => desk.run(&words).await,
            }
        };
        let before = fs::read(desk.file("poll.state")).unwrap();
        desk.sim.clear_requests();
        let wrongs = [&["--jq", ".["][..], &["--output", "no/file"], &["--columns", "x", "--format", "json"]];
        for wrong in wrongs {
            let refused = run(wrong).await;
            assert_eq!((refused.status, refused.output.as_str()), (2, ""), "{words:?}: {}", refused.messages);
            assert!(refused.messages.contains(wrong[0]), "{}", refused.messages);
        }
        // What is wrong with the printing is known before anything is done.
        assert_eq!((desk.sim.request_count(), fs::read(desk.file("poll.state")).unwrap()), (0, before));
        let ended = run(&["--quiet", "--jq", expression, "--output", "out"]).await;
        assert_eq!((ended.status, ended.output.as_str(), ended.messages.as_str()), (0, "", ""), "{words:?}");
        assert_eq!(fs::read_to_string(desk.file("out")).unwrap(), expected, "{words:?}");
    }
    let table = desk.run_bare(&["state", "show", "--state", "poll.state.before-rebase", "--columns", "bytes"]).await;
    assert!(table.status == 0 && table.output.starts_with("bytes"), "{}{}", table.output, table.messages);
}

#[tokio::test]
async fn watch_adds_what_jq_makes_of_its_lines_to_a_file() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    fs::write(desk.file("ids.txt"), "before").unwrap();
    let watch =
        |expression, count| [&WATCH[..], &["--count", count, "--jq", expression, "--output", "ids.txt"]].concat();
    let mut expected = "before".to_owned();
    for _ in 0..2 {
        desk.sim.advance_clock(Duration::from_secs(1));
        let ids = [(); 2].map(|()| desk.sim.add(Resource::Components, "New"));
        // What cannot be printed is not lost: the state stays where it was.
        let wrong = desk.run(&watch(".record.id.x", "2")).await;
        assert!(wrong.status == 2 && wrong.messages.contains("--jq: cannot index"), "{}", wrong.messages);
        assert_eq!(fs::read_to_string(desk.file("ids.txt")).unwrap(), expected);
        let ended = desk.run(&watch(".record.id", "2")).await;
        assert_eq!((ended.status, ended.output.as_str()), (0, ""), "{}", ended.messages);
        expected = format!("{}\n{}\n{}\n", expected.trim_end(), ids[0], ids[1]);
        assert_eq!(fs::read_to_string(desk.file("ids.txt")).unwrap(), expected);
    }
    desk.sim.clear_requests();
    for wrong in [&["--jq", ".["][..], &["--output", "no/file"]] {
        let refused = desk.run(&[&WATCH[..], wrong].concat()).await;
        assert!(refused.status == 2 && refused.messages.contains(wrong[0]), "{}", refused.messages);
    }
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn quiet_is_quiet_but_for_warnings_and_errors() {
    let desk = Desk::new().await;
    let ended = desk.run(&["test-connection", "--quiet"]).await;
    assert_eq!((ended.status, ended.messages.as_str()), (0, ""));
    let failed = desk.run_with_key("another-key", &["action", "getCurrentUser", "-q"]).await;
    assert!(failed.messages.starts_with("error: unauthenticated"), "{}", failed.messages);
}

#[tokio::test]
async fn a_command_that_nobody_reads_any_more_ends_without_a_word() {
    let desk = Desk::with(DuroSim::builder().components(3_000)).await;
    let mut command = desk.command(&["--allow-http", "--allow-private-network", "action", "listComponents"]);
    command.args(["--input", "first=3000", "--connection", "connection.json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    output.read_u8().await.unwrap();
    drop(output);
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()), (Some(141), ""));
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_named_with_its_port() {
    let desk = Desk::new().await;
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let fields = json!({ "apiKey": "${DURO_API_KEY}", "customDuroEnvironment": format!("http://127.0.0.1:{port}/") });
    fs::write(desk.file("connection.json"), json!({ "key": "duroApiKey", "fields": fields }).to_string()).unwrap();
    let ended = desk.run(&["--deadline", "5s", "action", "getCurrentUser"]).await;
    assert_eq!((ended.status, ended.error_kind().as_str()), (1, "transport"), "{}", ended.messages);
    assert!(ended.messages.contains(&format!("could not be reached: 127.0.0.1:{port}: ")), "{}", ended.messages);
}

#[tokio::test]
async fn a_state_is_reset_knowingly_and_kept_aside() {
    let desk = Desk::new().await;
    let first = desk.run(&POLL).await;
    assert!(first.messages.contains("this first poll has marked where counting begins"), "{}", first.messages);
    fs::write(desk.file("poll.state"), "damaged").unwrap();
    let refused = desk.run(&POLL).await;
    assert!(refused.status == 1 && refused.messages.contains("--reset-state"), "{}", refused.messages);
    let anew = desk.run(&[&POLL[..], &["--reset-state"]].concat()).await;
    assert_eq!(anew.status, 0, "{}", anew.messages);
    assert_eq!(fs::read_to_string(desk.file("poll.state.before-reset")).unwrap(), "damaged");
    assert_eq!(desk.run(&POLL).await.json()["noChanges"], json!(true));
}

#[tokio::test]
async fn watch_ends_where_the_key_is_refused() {
    let desk = Desk::new().await;
    let words = ["watch", "pollChangesTrigger", "--state", "w.state", "--every", "1ms"];
    let ended = desk.run_with_key("another-key", &words).await;
    assert_eq!((ended.status, ended.error_kind().as_str()), (1, "unauthenticated"), "{}", ended.messages);
}

#[tokio::test]
async fn a_result_that_cannot_be_printed_as_asked_for_is_not_lost() {
    let desk = Desk::new().await;
    let create = ["action", "createChangeOrder", "--input", "name=Screws", "--input", "type=ECO"];
    for words in [
        &["--columns", "no.such"][..],
        &["--jq", ".data | error"],
        #[cfg(target_os = "linux")]
        &["--output", "/dev/full"],
    ] {
        let before = desk.sim.records(Resource::ChangeOrders).len();
        let made = desk.run(&[&create[..], words].concat()).await;
        assert_eq!(desk.sim.records(Resource::ChangeOrders).len(), before + 1);
        assert!(made.messages.contains("the call was made all the same"), "{words:?}: {}", made.messages);
        assert!(made.json()["data"].to_string().contains("\"id\""), "{words:?}: {}", made.output);
    }
}

#[tokio::test]
async fn a_file_of_results_holds_this_result_also_where_it_is_nothing() {
    let desk = Desk::new().await;
    fs::write(desk.file("result"), "of another day\n").unwrap();
    let nothing = desk.run(&["action", "getCurrentUser", "--jq", ".nosuch // empty", "--output", "result"]).await;
    assert_eq!(nothing.status, 0, "{}", nothing.messages);
    assert_eq!(fs::read_to_string(desk.file("result")).unwrap(), "");
    let printed = desk.run(&["action", "getCurrentUser", "--jq", ".data | type", "--output", "-"]).await;
    assert_eq!(printed.output, "object\n", "{}", printed.messages);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_runs_an_expression_ends_with_whoever_waits_for_it() {
    let desk = Desk::new().await;
    let words =
        ["--allow-http", "--allow-private-network", "action", "getCurrentUser", "--connection", "connection.json"];
    let mut command = desk.command(&[&words[..], &["--jq", "last(repeat(1))"]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", child.id().unwrap());
    let mut filter = String::new();
    for _ in 0..6_000 {
        filter = fs::read_to_string(&children).unwrap_or_default().trim().to_owned();
        if !filter.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(!filter.is_empty(), "no process runs the expression");
    child.kill().await.unwrap();
    let is_gone = || match fs::read_to_string(format!("/proc/{filter}/stat")) {
        // It may wait for whoever takes it over.
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    for _ in 0..1_000 {
        if is_gone() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{filter} runs on");
}
