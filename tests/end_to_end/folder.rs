//! What a folder says of how connectors are run in it: nothing counts that this user has not allowed as it is, because
//! it may have come with what was cloned.

use crate::harness::Desk;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const GRANTS: [&str; 2] = ["--allow-http", "--allow-private-network"];

fn with_grants<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&GRANTS[..], words].concat()
}

#[tokio::test]
async fn a_connection_that_is_there_counts_once_it_is_allowed_and_until_it_changes() {
    let desk = Desk::new().await;
    let words = with_grants(&["action", "getCurrentUser"]);
    let refused = desk.run_bare(&words).await;
    assert_eq!((refused.status, refused.output.as_str()), (2, ""), "{}", refused.messages);
    assert!(refused.messages.contains("`harness allow 'connection.json'`"), "{}", refused.messages);
    assert_eq!(desk.sim.request_count(), 0);

    let allowed = desk.run_bare(&["allow", "connection.json"]).await;
    assert!(allowed.status == 0 && allowed.messages.contains("${DURO_API_KEY}"), "{}", allowed.messages);
    let used = desk.run_bare(&words).await;
    assert_eq!(used.status, 0, "{}", used.messages);
    assert!(
        used.messages.contains("note: the connection is connection.json: requests go to http://127.0.0.1"),
        "{}",
        used.messages
    );

    let elsewhere = json!({ "key": "duroApiKey", "fields": { "apiKey": "${DURO_API_KEY}", "customDuroEnvironment": "http://127.0.0.1:9/" } });
    fs::write(desk.file("connection.json"), elsewhere.to_string()).unwrap();
    desk.sim.clear_requests();
    let changed = desk.run_bare(&words).await;
    assert!(changed.status == 2 && changed.messages.contains("was not allowed as it is now"), "{}", changed.messages);
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn a_file_that_others_can_change_never_counts() {
    let desk = Desk::new().await;
    assert_eq!(desk.run_bare(&["allow"]).await.status, 0);
    fs::set_permissions(desk.file("connection.json"), fs::Permissions::from_mode(0o666)).unwrap();
    for words in [with_grants(&["action", "getCurrentUser"]), vec!["allow"]] {
        let refused = desk.run_bare(&words).await;
        assert!(refused.status == 2 && refused.messages.contains("other users can change"), "{}", refused.messages);
    }
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn the_variable_names_a_connection_and_the_flag_wins_over_it() {
    let desk = Desk::new().await;
    fs::rename(desk.file("connection.json"), desk.file("mine.json")).unwrap();
    let run = async |words: &[&str]| {
        let mut command = desk.command(&with_grants(words));
        command.env("HARNESS_CONNECTION", "mine.json");
        crate::harness::ended(command).await
    };
    assert_eq!(run(&["action", "getCurrentUser"]).await.status, 0);
    let named = run(&["action", "getCurrentUser", "--connection", "no.json"]).await;
    assert!(named.status == 2 && named.messages.contains("no.json"), "{}", named.messages);
    let none = desk.run_bare(&["action", "getCurrentUser"]).await;
    assert!(none.status == 2 && none.messages.contains("harness init"), "{}", none.messages);
}

#[tokio::test]
async fn settings_grant_and_restrict_once_they_are_allowed_and_the_command_line_wins() {
    let desk = Desk::new().await;
    let settings = "connection = \"connection.json\"\n[grants]\nallow-http = true\nallow-private-network = \
                    true\n[limits]\nmax-requests = 1\n";
    fs::write(desk.file("harness.toml"), settings).unwrap();
    let words = ["action", "listComponents", "--input", "first=150"];
    let refused = desk.run_bare(&words).await;
    assert!(refused.status == 2 && refused.messages.contains("`harness allow 'harness.toml'`"), "{}", refused.messages);
    assert_eq!(desk.sim.request_count(), 0);
    let without = desk.run_bare(&[&words[..], &["--no-config", "--connection", "connection.json"]].concat()).await;
    assert_eq!((without.status, without.error_kind().as_str()), (3, "transport"), "{}", without.messages);

    assert_eq!(desk.run_bare(&["allow"]).await.status, 0);
    let bounded = desk.run_bare(&words).await;
    assert_eq!(bounded.status, 3, "{}", bounded.messages);
    assert_eq!(bounded.json()["error"]["limit"]["raiseWith"], "--max-requests");
    assert!(bounded.messages.contains("note: harness.toml counts: --allow-http"), "{}", bounded.messages);
    let raised = desk.run_bare(&[&words[..], &["--max-requests", "9"]].concat()).await;
    assert_eq!(raised.status, 0, "{}", raised.messages);

    fs::write(desk.file("harness.toml"), "[grants]\nallow-htp = true\n").unwrap();
    // What cannot be read is not allowed, and so does not count either.
    let wrong = desk.run_bare(&["allow", "harness.toml"]).await;
    assert!(wrong.status == 2 && wrong.messages.contains("did you mean allow-http?"), "{}", wrong.messages);
    assert_eq!(desk.run_bare(&words).await.status, 2);
}

#[tokio::test]
async fn a_connection_that_settings_name_counts_once_it_is_allowed_itself_and_until_it_changes() {
    let desk = Desk::new().await;
    fs::rename(desk.file("connection.json"), desk.file("theirs.json")).unwrap();
    fs::write(desk.file("harness.toml"), "connection = \"theirs.json\"\n").unwrap();
    assert_eq!(desk.run_bare(&["allow"]).await.status, 0);
    #[cfg(unix)]
    {
        fs::write(desk.file("harness.toml"), "connection = \"/dev/zero\"\n").unwrap();
        let device = desk.run_bare(&["allow"]).await;
        assert!(device.status == 2 && device.messages.contains("/dev/zero is no file"), "{}", device.messages);
        fs::write(desk.file("harness.toml"), "connection = \"theirs.json\"\n").unwrap();
    }
    let words = with_grants(&["action", "getCurrentUser"]);
    let refused = desk.run_bare(&words).await;
    assert!(refused.status == 2 && refused.messages.contains("`harness allow 'theirs.json'`"), "{}", refused.messages);
    assert_eq!(desk.sim.request_count(), 0);
    assert_eq!(desk.run_bare(&["allow", "theirs.json"]).await.status, 0);
    assert_eq!(desk.run_bare(&words).await.status, 0);
    let changed = fs::read_to_string(desk.file("theirs.json")).unwrap() + " ";
    fs::write(desk.file("theirs.json"), changed).unwrap();
    let refused = desk.run_bare(&words).await;
    assert!(refused.status == 2 && refused.messages.contains("was not allowed as it is now"), "{}", refused.messages);
}

#[tokio::test]
async fn doctor_says_what_keeps_a_call_from_working_and_how_to_mend_it() {
    let desk = Desk::new().await;
    let found = |checks: &Value, name: &str| -> Value {
        let checks = checks.as_array().unwrap();
        checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{name}: {checks:?}")).clone()
    };
    let well = desk.run(&["doctor"]).await;
    assert_eq!(well.status, 0, "{}", well.output);
    for name in ["settings", "component", "connection", "key", "service", "clock"] {
        assert_eq!(found(&well.json(), name)["outcome"], "ok", "{}", well.output);
    }
    let refused = desk.run_with_key("another-key", &["doctor"]).await;
    assert_eq!(refused.status, 1, "{}", refused.output);
    assert!(found(&refused.json(), "service")["says"].as_str().unwrap().starts_with("unauthenticated"));
    let ungranted = desk.run_bare(&["doctor", "--connection", "connection.json"]).await;
    assert!(found(&ungranted.json(), "service")["says"].as_str().unwrap().contains("--allow-http"));
    let none = desk.run_bare(&["doctor"]).await;
    assert!(found(&none.json(), "connection")["says"].as_str().unwrap().contains("harness allow"), "{}", none.output);
    fs::write(desk.file("harness.toml"), "[grants]\n").unwrap();
    let settings = desk.run(&["doctor", "--offline"]).await;
    assert_eq!(found(&settings.json(), "settings")["outcome"], "problem", "{}", settings.output);
    let mut proxied = desk.command(&["doctor", "--offline", "--no-config", "--connection", "connection.json"]);
    proxied.env("HTTPS_PROXY", "http://me:open-sesame@127.0.0.1:9");
    let proxied = crate::harness::ended(proxied).await;
    let warned = proxied.json().as_array().unwrap().iter().any(|check| {
        check["outcome"] == "warning" && check["says"].as_str().unwrap().starts_with("HTTPS_PROXY is set")
    });
    assert!(warned, "{}", proxied.output);
    assert!(!proxied.output.contains("open-sesame"), "{}", proxied.output);
}

#[tokio::test]
async fn what_settings_name_counts_with_them_and_until_it_changes() {
    let desk = Desk::new().await;
    let component = fs::read(crate::support::built("duro_plm.wasm")).unwrap();
    fs::write(desk.file("x.wasm"), &component).unwrap();
    let settings = "component = \"x.wasm\"\n[grants]\nallow-http = true\nallow-private-network = true\n";
    fs::write(desk.file("harness.toml"), settings).unwrap();
    let allowed = desk.run_bare(&["allow"]).await;
    assert!(allowed.messages.contains("with what is in x.wasm now"), "{}", allowed.messages);
    assert_eq!(desk.run_bare(&["action", "getCurrentUser"]).await.status, 0);
    // One that sends the key elsewhere looks like any other.
    fs::write(desk.file("x.wasm"), [component.as_slice(), &[0, 2, 1, b'x']].concat()).unwrap();
    desk.sim.clear_requests();
    let changed = desk.run_bare(&["action", "getCurrentUser"]).await;
    assert!(changed.status == 2 && changed.messages.contains("the files that it names"), "{}", changed.messages);
    fs::remove_file(desk.file("x.wasm")).unwrap();
    assert_eq!(desk.run_bare(&["action", "getCurrentUser"]).await.status, 2);
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn what_is_allowed_is_said_in_short_whatever_stands_before_it() {
    let desk = Desk::new().await;
    let hidden = format!("# harmless{}x\n[grants]\nallow-private-network = true\n", " ".repeat(20_000));
    fs::write(desk.file("harness.toml"), hidden).unwrap();
    let allowed = desk.run_bare(&["allow", "harness.toml"]).await;
    let last = allowed.messages.lines().last().unwrap();
    assert!(last.contains("counts from now on") && last.ends_with("--allow-private-network"), "{last}");
    fs::write(desk.file("harness.toml"), format!("# {}\n", "x".repeat(70_000))).unwrap();
    let too_long = desk.run_bare(&["allow", "harness.toml"]).await;
    assert!(too_long.status == 2, "{}", too_long.messages);
    fs::write(desk.file("harness.toml"), "connection = \"connection.json\"\n").unwrap();
    let allowed = desk.run_bare(&["allow"]).await;
    assert!(allowed.messages.contains("in its folder: the connection connection.json"), "{}", allowed.messages);
}

#[tokio::test]
async fn a_pipe_under_the_name_of_such_a_file_is_not_waited_for() {
    let desk = Desk::new().await;
    fs::remove_file(desk.file("connection.json")).unwrap();
    for name in ["harness.toml", "connection.json"] {
        let made = std::process::Command::new("mkfifo").arg(desk.file(name)).status().unwrap();
        assert!(made.success());
        for words in [&["action", "getCurrentUser"][..], &["allow"], &["inspect"]] {
            let ended = tokio::time::timeout(std::time::Duration::from_secs(20), desk.run_bare(words)).await;
            let ended = ended.unwrap_or_else(|_| panic!("{words:?} waits for {name}"));
            assert!(
                ended.status == 2 && ended.messages.contains("not a regular file") || words == ["inspect"],
                "{words:?} {name}: {}",
                ended.messages
            );
        }
        fs::remove_file(desk.file(name)).unwrap();
    }
}
