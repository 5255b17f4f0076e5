//! The files that commands read and keep, when somebody else had a hand in them; and what came from the environment
//! into one of them.

use crate::harness::{Desk, POLL, WATCH, ended};
use crate::support::built;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

/// When a test gives up on a process that does not end.
const PATIENCE: Duration = Duration::from_secs(60);
const CANARY: &str = "canary-7c1f+\"of\"/the=shell";

fn connect(desk: &Desk, connection: &Value) {
    fs::write(desk.file("connection.json"), connection.to_string()).unwrap();
}

#[tokio::test]
async fn what_came_from_the_environment_is_printed_by_no_command_whatever_field_it_stands_in() {
    let desk = Desk::new().await;
    desk.sim.accept_key(CANARY);
    let url = desk.sim.url();
    let misbehaving = built("test/misbehaving.wasm");
    let misbehaving = misbehaving.to_str().unwrap();
    let fields = |fields: Value| json!({ "key": "duroApiKey", "fields": fields });
    let of_key = |fields: Value| json!({ "key": "key", "fields": fields });
    let secret = "${DURO_API_KEY}";
    let cases: [(&str, Value); 7] = [
        ("", json!({ "key": secret })),
        ("", fields(json!({ "apiKey": "k", "duroEnvironment": secret }))),
        ("", fields(json!({ "apiKey": "k", "customDuroEnvironment": secret }))),
        ("", fields(json!({ "apiKey": secret, "customDuroEnvironment": format!("{url}/{secret}") }))),
        ("", fields(json!({ "apiKey": "k", secret: secret }))),
        // A component that shows all that it is given.
        (misbehaving, of_key(json!({ "apiKey": secret, "url": format!("{url}/{secret}/{secret}") }))),
        (misbehaving, of_key(json!({ "apiKey": "k", "url": [secret] }))),
    ];
    let mut redacted = 0;
    for (component, connection) in cases {
        connect(&desk, &connection);
        let component: &[&str] = if component.is_empty() { &[] } else { &["--component", component] };
        for format in ["json", "table"] {
            for words in [
                &["test-connection"][..],
                &["action", "fine"],
                &["action", "getCurrentUser"],
                &["data-source", "selectComponent"],
                &["inspect"],
                &POLL,
                &[&WATCH[..], &["--count", "1"]].concat(),
            ] {
                let words = [component, &["--debug", "--format", format], words].concat();
                let ended = desk.run_with_key(CANARY, &words).await;
                for text in [&ended.output, &ended.messages] {
                    assert!(
                        !text.contains("canary-7c1f") && !text.contains("the=shell"),
                        "{words:?} {connection}: {text}"
                    );
                    redacted += text.matches("[redacted]").count();
                }
                if format == "json" && !ended.output.is_empty() {
                    ended.lines();
                }
            }
        }
    }
    assert!(redacted > 20, "it was shown nowhere to begin with: {redacted}");
}

#[tokio::test]
async fn a_choice_and_an_address_from_the_environment_are_shown() {
    let desk = Desk::new().await;
    let fields = json!({
        "apiKey": "${DURO_API_KEY}",
        "duroEnvironment": "${THE_ENVIRONMENT}",
        "customDuroEnvironment": "${THE_ADDRESS}",
    });
    connect(&desk, &json!({ "key": "duroApiKey", "fields": fields }));
    let mut command = desk.command(&["--allow-http", "--allow-private-network", "test-connection"]);
    command
        .args(["--connection", "connection.json"])
        .env("THE_ENVIRONMENT", "Main (MFG)")
        .env("THE_ADDRESS", desk.sim.url());
    let ended = ended(command).await;
    assert!(ended.json()["endpoint"].as_str().unwrap().starts_with(&desk.sim.url()), "{}", ended.output);
    assert!(!ended.output.contains("[redacted]") && !ended.messages.contains("[redacted]"), "{}", ended.messages);
}

#[tokio::test]
async fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
    let desk = Desk::new().await;
    fs::write(desk.file("precious"), "precious").unwrap();
    symlink(desk.file("precious"), desk.file("poll.state.lock")).unwrap();
    for words in [&POLL[..], &WATCH[..]] {
        let refused = desk.run(words).await;
        assert_eq!((refused.status, refused.output.as_str()), (2, ""), "{}", refused.messages);
        assert!(refused.messages.contains("poll.state.lock is a link"), "{}", refused.messages);
    }
    assert_eq!(fs::read(desk.file("precious")).unwrap(), b"precious");
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn a_lock_and_a_state_are_made_for_their_user_alone() {
    let desk = Desk::new().await;
    // As an earlier version left it.
    fs::write(desk.file("poll.state.lock"), "1\n").unwrap();
    fs::set_permissions(desk.file("poll.state.lock"), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(desk.run(&POLL).await.status, 0);
    for name in ["poll.state", "poll.state.lock"] {
        assert_eq!(fs::metadata(desk.file(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_connection_file_that_others_can_change_or_read_a_key_in_is_warned_of() {
    let desk = Desk::new().await;
    let literal = json!({ "apiKey": CANARY, "customDuroEnvironment": desk.sim.url() });
    let variable = json!({ "apiKey": "${DURO_API_KEY}", "customDuroEnvironment": desk.sim.url() });
    for (fields, mode, expected) in [
        (&literal, 0o600, None),
        (&literal, 0o644, Some("can read")),
        (&variable, 0o644, None),
        (&variable, 0o666, Some("can change")),
    ] {
        connect(&desk, &json!({ "key": "duroApiKey", "fields": fields }));
        fs::set_permissions(desk.file("connection.json"), fs::Permissions::from_mode(mode)).unwrap();
        let ended = desk.run(&["action", "getCurrentUser"]).await;
        let warned = ended.messages.matches("warning: the connection file").count();
        assert_eq!(warned, usize::from(expected.is_some()), "{mode:o}: {}", ended.messages);
        assert!(ended.messages.contains(expected.unwrap_or_default()), "{mode:o}: {}", ended.messages);
        assert_eq!(ended.messages.contains("chmod 600 'connection.json'"), expected.is_some(), "{}", ended.messages);
        assert!(!ended.messages.contains(CANARY), "{}", ended.messages);
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_file_without_end_is_refused_and_a_pipe_is_not_waited_for() {
    let desk = Desk::new().await;
    let action = ["action", "getCurrentUser"];
    let inputs = desk.run(&[&action[..], &["--inputs", "/dev/zero"]].concat()).await;
    assert!(inputs.status == 2 && inputs.messages.contains("larger than 8388608 bytes"), "{}", inputs.messages);
    let connection = desk.run_bare(&[&action[..], &["--connection", "/dev/zero"]].concat()).await;
    assert!(connection.status == 2 && connection.messages.contains("larger than"), "{}", connection.messages);
    let made = tokio::process::Command::new("mkfifo").arg(desk.file("poll.state")).status().await.unwrap();
    assert!(made.success());
    let state = tokio::time::timeout(PATIENCE, desk.run(&POLL)).await.expect("it waits for the pipe");
    assert!(state.status == 2 && state.messages.contains("not a regular file"), "{}", state.messages);
    assert_eq!(desk.sim.request_count(), 0);
}

/// Every command and flag that writes to a file that is named, with the name of that file last.
const WRITING: [&[&str]; 7] = [
    &["key", "renew", "--to-env-file", "FILE", "--name", "KEY"],
    &["key", "renew", "--to-file", "FILE"],
    &["action", "getCurrentUser", "--record", "FILE"],
    &["action", "getCurrentUser", "--output", "FILE"],
    &["verify", "--report", "FILE"],
    &["poll", "pollChangesTrigger", "--state", "poll.state", "--output", "FILE"],
    &["watch", "pollChangesTrigger", "--state", "watch.state", "--count", "1", "--output", "FILE"],
];

fn writing_to(words: &[&'static str], file: &'static str) -> Vec<&'static str> {
    words.iter().map(|word| if *word == "FILE" { file } else { word }).collect()
}

#[tokio::test]
async fn nothing_is_written_through_a_link_and_nothing_is_asked_for_before_that_is_known() {
    let desk = Desk::new().await;
    fs::write(desk.file("precious"), "precious").unwrap();
    symlink("precious", desk.file("link")).unwrap();
    symlink("nowhere", desk.file("dangling")).unwrap();
    for file in ["link", "dangling"] {
        for words in WRITING {
            let words = writing_to(words, file);
            let refused = desk.run(&words).await;
            assert_eq!((refused.status, refused.output.as_str()), (2, ""), "{words:?}: {}", refused.messages);
            let said = format!("{file} cannot be written: it is a link: name the file that it leads to");
            assert!(refused.messages.contains(&said), "{words:?}: {}", refused.messages);
        }
        for words in [["docs", "--output", file], ["inspect", "--output", file]] {
            let refused = desk.run_bare(&words).await;
            assert!(refused.status == 2 && refused.messages.contains("is a link"), "{words:?}: {}", refused.messages);
        }
        assert!(fs::symlink_metadata(desk.file(file)).unwrap().is_symlink(), "{file}");
    }
    assert_eq!(fs::read(desk.file("precious")).unwrap(), b"precious");
    assert!(!desk.file("nowhere").exists());
    assert_eq!(desk.sim.request_count(), 0);

    // A recording is updated where it is, and none of several where one is a link.
    let recorded = desk.run(&["action", "listComponents", "--input", "first=3", "--record", "list.har"]).await;
    assert_eq!(recorded.status, 0, "{}", recorded.messages);
    let changed = fs::read_to_string(desk.file("list.har")).unwrap().replacen(r#"\"first\":3"#, r#"\"first\":4"#, 1);
    fs::write(desk.file("list.har"), &changed).unwrap();
    symlink("list.har", desk.file("link.har")).unwrap();
    let refused = desk.run_bare(&["replay", "list.har", "link.har", "--update"]).await;
    assert!(refused.status == 2 && refused.messages.contains("link.har cannot be written"), "{}", refused.messages);
    assert_eq!(fs::read_to_string(desk.file("list.har")).unwrap(), changed);
    assert_eq!(desk.run_bare(&["replay", "link.har"]).await.status, 1, "a link is read as before");
}

#[tokio::test]
async fn a_result_goes_to_a_pipe_and_to_what_the_system_has_linked() {
    let desk = Desk::new().await;
    let plain = desk.run(&["action", "getCurrentUser"]).await.output;
    let piped = desk.run(&["action", "getCurrentUser", "--output", "/dev/stdout"]).await;
    assert_eq!((piped.status, &piped.output), (0, &plain), "{}", piped.messages);
    let nowhere = desk.run(&["action", "getCurrentUser", "--output", "/dev/null"]).await;
    assert_eq!((nowhere.status, nowhere.output.as_str()), (0, ""), "{}", nowhere.messages);
    // What the shell has opened is added to, and stays the file that it is.
    let words = ["--allow-http", "--allow-private-network", "action", "getCurrentUser", "--output", "/dev/stdout"];
    let mut command = desk.command(&[&words[..], &["--connection", "connection.json"]].concat());
    let opened = fs::File::create(desk.file("redirected")).unwrap();
    let before = std::os::unix::fs::MetadataExt::ino(&opened.metadata().unwrap());
    assert!(command.stdout(opened).status().await.unwrap().success());
    assert_eq!(fs::read_to_string(desk.file("redirected")).unwrap(), plain);
    assert_eq!(std::os::unix::fs::MetadataExt::ino(&fs::metadata(desk.file("redirected")).unwrap()), before);
}

#[tokio::test]
async fn nothing_is_written_in_the_place_of_the_connection_that_is_used() {
    let desk = Desk::new().await;
    let connection = fs::read(desk.file("connection.json")).unwrap();
    fs::create_dir(desk.file("folder")).unwrap();
    fs::hard_link(desk.file("connection.json"), desk.file("second")).unwrap();
    for file in ["connection.json", "folder/../connection.json", "second"] {
        for words in WRITING {
            let words = writing_to(words, file);
            let refused = desk.run(&words).await;
            assert_eq!((refused.status, refused.output.as_str()), (2, ""), "{words:?}: {}", refused.messages);
            assert!(refused.messages.contains("is the connection file itself"), "{words:?}: {}", refused.messages);
        }
        assert!(fs::read(desk.file(file)).unwrap() == connection, "{file} was changed");
    }
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn a_recording_is_made_for_its_user_alone() {
    let desk = Desk::new().await;
    let mode = || fs::metadata(desk.file("user.har")).unwrap().permissions().mode() & 0o777;
    let words = ["action", "getCurrentUser", "--record", "user.har"];
    assert_eq!((desk.run(&words).await.status, mode()), (0, 0o600));
    // Whoever has shared one goes on sharing it.
    fs::set_permissions(desk.file("user.har"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!((desk.run(&words).await.status, mode()), (0, 0o644));
}
