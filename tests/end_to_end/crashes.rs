//! `watch` killed at random moments, and two processes on one state file.

use crate::harness::{Desk, POLL, WATCH, ended};
use duro_sim::{DuroSim, Resource};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;

const KILLS: usize = 100;

/// Starts a command with the grants for a service on loopback.
fn start(desk: &Desk, words: &[&str]) -> Child {
    let mut command = desk.command(&["--allow-http", "--allow-private-network"]);
    command.args(words).args(["--connection", "connection.json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Each record of the lines as its id and version; a line that was cut off by a kill is none.
fn delivered(output: &str) -> impl Iterator<Item = (String, i64)> {
    let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let text = |name: &str| line["record"][name].as_str().unwrap_or_else(|| panic!("{line}")).to_owned();
        (text("id"), text("lastModified").parse::<jiff::Timestamp>().unwrap().as_millisecond())
    })
}

/// Changes, adds and deletes some records.
fn change(desk: &Desk, random: &mut fastrand::Rng) {
    desk.sim.advance_clock(Duration::from_millis(random.u64(1..500)));
    desk.sim.touch_many(Resource::Components, random.usize(0..8));
    if random.u8(0..3) == 0 {
        desk.sim.add(Resource::Components, "New");
    }
    if random.u8(0..6) == 0 {
        let records = desk.sim.records(Resource::Components);
        desk.sim.delete(Resource::Components, &records[random.usize(0..records.len())].id);
    }
}

#[tokio::test]
async fn a_watch_that_is_killed_a_hundred_times_loses_nothing() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let desk = Desk::with(DuroSim::builder().components(120).page_size(5)).await;
    let before: HashSet<_> = versions(&desk).collect();
    assert_eq!(desk.run(&POLL).await.status, 0);
    let mut seen = HashSet::new();
    // How long a start takes here until it prints, so that the kills fall where something happens.
    let mut usual = Duration::ZERO;
    let (mut cut_off, mut silent) = (0, 0);
    for number in 0..KILLS {
        change(&desk, &mut random);
        // Something to print, or the first would be waited for in vain.
        desk.sim.add(Resource::Components, "New");
        let started = Instant::now();
        let mut child = start(&desk, &WATCH);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        let patience = if number < 3 { Duration::from_secs(20) } else { usual.mul_f64(0.5 + random.f64()) };
        if tokio::time::timeout(patience, output.read_line(&mut text)).await.is_ok() {
            usual = if number == 0 { started.elapsed() } else { (usual * 3 + started.elapsed()) / 4 };
            // It prints: some go on a little, and some are hit in the middle of it.
            if random.bool() {
                change(&desk, &mut random);
            }
            tokio::time::sleep(Duration::from_micros(random.u64(0..4_000))).await;
        } else {
            // The machine may have become slower since; else all the kills would come too early from now on.
            usual = usual.mul_f64(1.2);
        }
        child.kill().await.unwrap();
        output.read_to_string(&mut text).await.unwrap();
        cut_off += usize::from(!text.is_empty() && !text.ends_with('\n'));
        silent += usize::from(text.is_empty());
        seen.extend(delivered(&text));
        let state = fs::read_to_string(desk.file("poll.state")).unwrap();
        assert!(state.starts_with('{') && state.ends_with('}'), "half a state: {state}");
    }
    println!("{silent} kills before anything was printed, {cut_off} in the middle of a line");
    // The rest, and with it the proof that the state can still be read.
    let last = desk.run(&[&WATCH[..], &["--count", "3"]].concat()).await;
    assert_eq!(last.status, 0, "{}", last.messages);
    seen.extend(delivered(&last.output));
    let lost: Vec<_> = versions(&desk).filter(|version| !before.contains(version) && !seen.contains(version)).collect();
    assert!(lost.is_empty(), "seed {seed}: {lost:?}");
    assert!(seen.len() > KILLS, "only {} versions were delivered: too few to show anything", seen.len());
    assert!(!desk.file("poll.state.harness-new").exists());
    assert!(silent < KILLS * 9 / 10, "nearly every kill came before anything happened");
}

fn versions(desk: &Desk) -> impl Iterator<Item = (String, i64)> {
    desk.sim.records(Resource::Components).into_iter().map(|record| (record.id, record.last_modified))
}

#[tokio::test]
async fn a_second_process_on_a_state_file_is_refused_and_told_of_the_first() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    let mut first = start(&desk, &[&WATCH[..7], &["1h"]].concat());
    let process = first.id().unwrap().to_string();
    while fs::read_to_string(desk.file("poll.state.lock")).unwrap_or_default().trim() != process {
        assert!(first.try_wait().unwrap().is_none(), "the first ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let state = fs::read(desk.file("poll.state")).unwrap();
    for words in [&WATCH[..], &POLL[..]] {
        let second = desk.run(words).await;
        assert_eq!((second.status, second.output.as_str()), (2, ""), "{}", second.messages);
        assert!(second.messages.contains(&format!("process {process}")), "{}", second.messages);
        assert!(second.messages.contains("poll.state is in use"), "{}", second.messages);
    }
    assert_eq!(fs::read(desk.file("poll.state")).unwrap(), state);
    // The lock goes with its process, however that ends.
    first.kill().await.unwrap();
    assert_eq!(desk.run(&POLL).await.status, 0);
    let other = desk.command(&["inspect"]);
    assert_eq!(ended(other).await.status, 0);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn changes_that_could_not_be_printed_are_found_again() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    desk.sim.advance_clock(Duration::from_secs(1));
    let id = desk.sim.add(Resource::Components, "New");
    let state = fs::read(desk.file("poll.state")).unwrap();
    for words in [&WATCH[..], &POLL[..]] {
        let mut command = desk.command(&["--allow-http", "--allow-private-network"]);
        command.args(words).args(["--connection", "connection.json"]);
        // A disk that is full.
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap()).stderr(Stdio::null());
        assert_eq!(command.status().await.unwrap().code(), Some(2));
        assert!(fs::read(desk.file("poll.state")).unwrap() == state, "{words:?} went on without its output");
    }
    let polled = desk.run(&POLL).await.json();
    assert_eq!(polled["payload"]["body"]["data"]["created"][0]["id"], id);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_result_that_can_be_written_nowhere_is_not_said_to_stand_anywhere() {
    let desk = Desk::new().await;
    let nowhere = "could not be written anywhere";
    let warning = "look at it in the service before you make the call again";
    let create = ["action", "createChangeOrder", "--input", "name=Screws", "--input", "type=ECO"];
    for (words, changes) in [(&["action", "listComponents"][..], false), (&create, true)] {
        let before = desk.sim.records(Resource::ChangeOrders).len();
        let mut command = desk.command(&["--allow-http", "--allow-private-network"]);
        command.args(words).args(["--connection", "connection.json"]);
        command.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap()).stderr(Stdio::piped());
        let ended = command.spawn().unwrap().wait_with_output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(nowhere) && !said.contains("stands on standard output"), "{words:?}: {said}");
        assert!(said.contains("the call was made all the same"), "{words:?}: {said}");
        assert_eq!(said.contains(warning), changes, "{words:?}: {said}");
        assert_eq!(desk.sim.records(Resource::ChangeOrders).len(), before + usize::from(changes));
    }
}
