//! Ending a command that runs until it is told to, also when nobody reads what it prints; and how it waits between
//! polls.

use crate::harness::{Desk, POLL, WATCH};
use duro_sim::{Fault, Resource};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// More than any pipe holds, and than both ends keep beside it.
const RECORDS: usize = 3_000;
/// When a test gives up on a process that does not end.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(desk: &Desk, words: &[&str]) -> Child {
    let mut command = desk.command(&["--allow-http", "--allow-private-network"]);
    command.args(words).args(["--connection", "connection.json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

async fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().unwrap().to_string()]).status().await.unwrap();
    assert!(sent.success());
}

async fn first_line(from: impl AsyncRead + Unpin) -> String {
    let mut line = String::new();
    BufReader::new(from).read_line(&mut line).await.unwrap();
    line
}

/// The status of a process that ends, while its pipes are kept open and unread.
async fn end_of(mut child: Child) -> ExitStatus {
    let (_output, _errors) = (child.stdout.take(), child.stderr.take());
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(status) => status.unwrap(),
        Err(_) => panic!("it did not hear the signal"),
    }
}

/// A desk whose next poll delivers more than fits into a pipe, and its state before that.
async fn backlog() -> (Desk, Vec<u8>) {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    desk.sim.advance_clock(Duration::from_secs(1));
    desk.sim.add_many(Resource::Components, RECORDS, Duration::from_millis(1));
    let state = fs::read(desk.file("poll.state")).unwrap();
    (desk, state)
}

#[tokio::test]
async fn watch_ends_on_a_signal_although_nobody_reads_what_it_prints() {
    for (name, flags) in [("-TERM", &[][..]), ("-INT", &[]), ("-TERM", &["--debug"])] {
        let (desk, state) = backlog().await;
        let mut child = start(&desk, &[&WATCH[..], flags].concat());
        // Its first line, or that of its log, shows that it has begun to print; of the rest nothing is read.
        if flags.is_empty() {
            let output = child.stdout.as_mut().unwrap();
            assert!(first_line(output).await.starts_with("{\"change\":\"created\""));
        } else {
            assert!(first_line(child.stderr.as_mut().unwrap()).await.contains(" s "));
        }
        signal(&child, name).await;
        assert_eq!(end_of(child).await.code(), Some(0), "{name} {flags:?}");
        // What was not taken is found again.
        assert!(fs::read(desk.file("poll.state")).unwrap() == state, "{name} {flags:?}: the state moved");
        assert!(!desk.file("poll.state.harness-new").exists());
        let polled = desk.run(&POLL).await.json();
        assert_eq!(polled["payload"]["body"]["data"]["created"].as_array().unwrap().len(), RECORDS);
    }
}

#[tokio::test]
async fn poll_ends_on_a_signal_although_nobody_reads_what_it_prints() {
    let (desk, state) = backlog().await;
    let mut child = start(&desk, &[&POLL[..], &["--drain"]].concat());
    // It has begun to print, and of the rest nothing is read.
    child.stdout.as_mut().unwrap().read_u8().await.unwrap();
    signal(&child, "-TERM").await;
    // By the signal itself, which it does not hear.
    assert_eq!(end_of(child).await.signal(), Some(15));
    assert!(fs::read(desk.file("poll.state")).unwrap() == state, "the state moved");
}

#[tokio::test]
async fn watch_waits_an_hour_at_most_and_ends_on_a_signal_while_it_waits() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    desk.sim.fault_next(Fault::rate_limited(4_000_000_000));
    let mut child = start(&desk, &WATCH);
    let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
    let said = loop {
        let line = messages.next_line().await.unwrap().expect("it ended");
        if line.contains("next poll in") {
            break line;
        }
    };
    assert!(said.ends_with("next poll in 3600 s"), "{said}");
    signal(&child, "-TERM").await;
    assert_eq!(end_of(child).await.code(), Some(0));
}
