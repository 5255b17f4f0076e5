//! A key's life: when it ends, and a new one in its place, which nothing shows.

use crate::harness::Desk;
use crate::support::Bench;
use duro_sim::{DuroSim, Fault};
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

fn read(desk: &Desk, name: &str) -> String {
    fs::read_to_string(desk.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The files that hold a key which could not be put where it belongs.
fn rescued(desk: &Desk) -> Vec<String> {
    let entries = fs::read_dir(desk.file(".")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| name.starts_with("renewed-key-")).collect()
}

#[tokio::test]
async fn a_renewed_key_is_written_where_it_is_told_and_shown_nowhere() {
    let desk = Desk::with(DuroSim::builder().renewal_revokes(true)).await;
    let renewed = desk.run(&["--debug", "key", "renew", "--to-file", "api-key"]).await;
    assert_eq!(renewed.status, 0, "{}", renewed.messages);
    let key = read(&desk, "api-key");
    let key = key.trim();
    assert!(key.split('.').count() == 3, "{key}");
    assert!(!renewed.output.contains(key) && !renewed.messages.contains(key));
    let parts: Vec<&str> = key.split('.').collect();
    assert!(!renewed.messages.contains(parts[1]) && !renewed.output.contains(parts[1]));
    assert_eq!(renewed.json()["writtenTo"], "api-key");
    assert!(renewed.json()["expires"].as_str().unwrap().starts_with("20"), "{}", renewed.output);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.file("api-key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(rescued(&desk), [""; 0]);
    let shown = desk.run_with_key(key, &["key", "show"]).await.json();
    assert!(shown["user"].is_string() && shown["expires"]["apiKey"].is_string() && shown["renewable"] == json!(true));
    let tested = desk.run_with_key(key, &["test-connection"]).await.json();
    assert_eq!(tested["expires"], shown["expires"]);
    // The old one is dead here, and says so before it is renewed.
    let old = desk.run(&["key", "renew", "--to-file", "api-key"]).await;
    assert_eq!((old.status, old.error_kind().as_str()), (1, "service"));
    assert_eq!(read(&desk, "api-key").trim(), key);
}

#[tokio::test]
async fn an_environment_file_and_a_command_can_take_the_key() {
    let desk = Desk::new().await;
    fs::write(desk.file(".env"), "OTHER=1\nDURO_API_KEY=old\n").unwrap();
    let renewed = desk.run(&["key", "renew", "--to-env-file", ".env", "--name", "DURO_API_KEY"]).await;
    assert_eq!(renewed.status, 0, "{}", renewed.messages);
    let lines = read(&desk, ".env");
    assert!(lines.starts_with("OTHER=1\nDURO_API_KEY='ey") && !lines.contains("old"), "{lines}");
    let renewed = desk.run(&["key", "renew", "--to-command", "cat > by-command"]).await;
    assert_eq!(renewed.status, 0, "{}", renewed.messages);
    assert!(read(&desk, "by-command").starts_with("ey"));
}

#[tokio::test]
async fn a_key_that_was_made_is_never_lost_and_none_is_made_that_cannot_be_kept() {
    let desk = Desk::new().await;
    let failed = desk.run(&["key", "renew", "--to-command", "exit 3"]).await;
    assert_eq!(failed.status, 2);
    let kept = rescued(&desk);
    assert!(kept.len() == 1 && failed.messages.contains(&kept[0]), "{kept:?}: {}", failed.messages);
    assert!(read(&desk, &kept[0]).starts_with("ey"));
    fs::remove_file(desk.file(&kept[0])).unwrap();

    // The new key does not work at once: it is kept apart, and the file is as it was.
    fs::write(desk.file("api-key"), "old").unwrap();
    let mut requests = 0;
    desk.sim.fault_when(move |_| {
        requests += 1;
        (requests == 2).then(Fault::unauthorized)
    });
    let failed = desk.run(&["key", "renew", "--to-file", "api-key"]).await;
    assert_eq!((failed.status, failed.error_kind().as_str()), (1, "unauthenticated"), "{}", failed.messages);
    assert_eq!((read(&desk, "api-key").as_str(), rescued(&desk).len()), ("old", 1));

    desk.sim.clear_faults();
    desk.sim.clear_requests();
    for words in [
        &["key", "renew", "--to-file", "no-such-folder/key"][..],
        &["key", "renew", "--to-file", "."],
        &["key", "renew"],
        &["key", "renew", "--to-env-file", ".env", "--name", "A=B"],
    ] {
        let refused = desk.run(words).await;
        assert_eq!(refused.status, 2, "{words:?}: {}", refused.messages);
    }
    assert_eq!(desk.sim.request_count(), 0, "a key was asked for that could not be kept");
}

#[tokio::test]
async fn many_callers_at_once_make_one_request_and_get_the_same_key() {
    let bench = Arc::new(Bench::with(DuroSim::builder().latency(Duration::from_millis(100))).await);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let bench = bench.clone();
        callers.spawn(async move {
            let mut options = bench.options.clone();
            options.record_exchanges = true;
            bench.connector.renew(&bench.connection, &options).await.unwrap().expose().to_owned()
        });
    }
    let keys = callers.join_all().await;
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_eq!(bench.sim.request_count(), 1);
    let again = bench.connector.renew(&bench.connection, &bench.options).await.unwrap();
    assert_ne!(again.expose(), keys[0]);
    assert_eq!(bench.sim.request_count(), 2);

    bench.sim.fault_next(Fault::FieldNull("apiToken".to_owned()));
    let error = bench.connector.renew(&bench.connection, &bench.options).await.unwrap_err().to_string();
    assert!(error.contains("gave no new credential"), "{error}");
}

#[tokio::test]
async fn an_answer_longer_than_any_credential_is_not_read() {
    let desk = Desk::new().await;
    desk.sim.fault_next(Fault::HugeBody(70_000));
    let renewed = desk.run(&["key", "renew", "--to-file", "api-key"]).await;
    assert_eq!((renewed.status, renewed.error_kind().as_str()), (1, "unexpected-response"), "{}", renewed.messages);
    assert!(renewed.messages.contains("at most 65536"), "{}", renewed.messages);
    assert_eq!(rescued(&desk), [""; 0]);
}

/// Waits until the key is held apart while it is tried, and gives the file.
#[cfg(unix)]
async fn held(desk: &Desk) -> String {
    for _ in 0..500 {
        let held = rescued(desk).into_iter().find(|name| read(desk, name).starts_with("ey"));
        if let Some(held) = held {
            return held;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no key came to be held: {:?}", rescued(desk));
}

#[cfg(unix)]
#[tokio::test]
async fn a_renewal_that_is_killed_leaves_the_new_key_on_the_disk() {
    let desk = Desk::with(DuroSim::builder().renewal_revokes(true)).await;
    let renew = |to: &[&str]| {
        let words =
            [&["--allow-http", "--allow-private-network", "key", "renew", "--connection", "connection.json"], to]
                .concat();
        desk.command(&words).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let mut child = renew(&["--to-command", "sleep 20"]);
    let held = held(&desk).await;
    child.kill().await.unwrap();
    let key = read(&desk, &held);
    let shown = desk.run_with_key(key.trim(), &["key", "show"]).await;
    assert_eq!(shown.status, 0, "{}", shown.messages);
    assert_eq!(
        fs::metadata(desk.file(&held)).map(|file| std::os::unix::fs::MetadataExt::mode(&file) & 0o777).unwrap(),
        0o600
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_renewed_keeps_what_else_is_in_it_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new().await;
    // The file changes while the new key is tried.
    let mut requests = 0;
    desk.sim.fault_when(move |_| {
        requests += 1;
        (requests == 2).then(|| Fault::SlowHeaders(Duration::from_secs(5)))
    });
    fs::write(desk.file(".env"), "A=1\r\nKEY=old\r\n").unwrap();
    fs::set_permissions(desk.file(".env"), fs::Permissions::from_mode(0o640)).unwrap();
    let words = ["key", "renew", "--to-env-file", ".env", "--name", "KEY"];
    let changed = async {
        held(&desk).await;
        fs::write(desk.file(".env"), "A=1\r\nKEY=old\r\nNEW=2\r\n").unwrap();
    };
    let (renewed, ()) = tokio::join!(desk.run(&words), changed);
    assert_eq!(renewed.status, 0, "{}", renewed.messages);
    let lines = read(&desk, ".env");
    assert!(lines.starts_with("A=1\r\nKEY='ey") && lines.ends_with("'\r\nNEW=2\r\n"), "{lines}");
    let mode = |name: &str| fs::metadata(desk.file(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".env"), 0o600);
    assert!(renewed.messages.contains("warning: .env was open to other users"), "{}", renewed.messages);
    let again = desk.run(&words).await;
    assert!(again.status == 0 && !again.messages.contains("was open"), "{}", again.messages);
    fs::write(desk.file("api-key"), "old").unwrap();
    fs::set_permissions(desk.file("api-key"), fs::Permissions::from_mode(0o644)).unwrap();
    let renewed_file = desk.run(&["key", "renew", "--to-file", "api-key"]).await;
    assert!(renewed_file.messages.contains("warning: api-key was open"), "{}", renewed_file.messages);
    assert_eq!(mode("api-key"), 0o600);
    assert_eq!(rescued(&desk), [""; 0]);

    desk.sim.clear_requests();
    let made = std::process::Command::new("mkfifo").arg(desk.file("pipe")).status().unwrap();
    assert!(made.success());
    for words in [&["key", "renew", "--to-file", "pipe"][..], &["--read-only", "key", "renew", "--to-file", "new"]] {
        let refused = desk.run(words).await;
        assert_eq!(refused.status, 2, "{words:?}: {}", refused.messages);
    }
    assert_eq!(desk.sim.request_count(), 0, "a key was asked for that could not be kept");
}
