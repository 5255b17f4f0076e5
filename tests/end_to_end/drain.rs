//! Backlogs larger than one poll delivers: through the library, and by the commands that go on by themselves.

use crate::harness::{Desk, POLL};
use crate::support::Bench;
use duro_sim::{CursorKind, DuroSim, Resource};
use host::contract::PollResult;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// What one poll delivers at most: 50 pages of 100 records.
const PAGE_CAP: usize = 5_000;
/// The most bytes of a state that is not to find deleted records.
const STATE_LIMIT: usize = 64 * 1024;

const WATCHED: &str = "pollResourceType=components";

async fn poll(bench: &Bench, state: Option<&[u8]>) -> PollResult {
    let inputs = json!({ "pollResourceType": "components" });
    let polled = bench.connector.poll("pollChangesTrigger", &bench.connection, &inputs, state, &bench.options).await;
    let result = polled.unwrap_or_else(|failure| panic!("{failure}")).value;
    assert!(result.state.len() <= STATE_LIMIT, "{} bytes", result.state.len());
    result
}

/// Records that must confirm a time before the watermark goes there.
const WITNESSES: usize = 4;

fn records(payload: &Value) -> Vec<String> {
    let lists = ["created", "updated"].map(|list| payload["body"]["data"][list].as_array().unwrap());
    lists.into_iter().flatten().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_backlog_of_20000_changes_drains_each_delivered_once_with_every_kind_of_cursor() {
    for (kind, gap) in [
        (CursorKind::Offset, Duration::from_millis(3)),
        (CursorKind::SortKey, Duration::from_millis(250)),
        // All of one millisecond: no time tells how far delivery got.
        (CursorKind::Id, Duration::ZERO),
    ] {
        let bench = Bench::with(DuroSim::builder().components(300).cursor_kind(kind)).await;
        let before: BTreeSet<String> =
            bench.sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
        let first = poll(&bench, None).await;
        bench.sim.advance_clock(Duration::from_secs(1));
        let created: BTreeSet<String> =
            bench.sim.add_many(Resource::Components, 4 * PAGE_CAP, gap).into_iter().collect();
        assert_eq!(created.len(), 20_000);

        let (mut state, mut seen, mut polls) = (first.state, BTreeSet::new(), 0);
        loop {
            let result = poll(&bench, Some(&state)).await;
            let delivered = records(&serde_json::from_str(result.payload.get()).unwrap());
            assert!(delivered.len() <= PAGE_CAP, "{} records in one poll", delivered.len());
            for id in delivered {
                assert!(seen.insert(id.clone()), "{kind:?}: {id} was delivered twice");
            }
            (state, polls) = (result.state, polls + 1);
            assert!(polls <= 8, "{kind:?}: {} of 20000 after {polls} polls", seen.len());
            if !result.more {
                break;
            }
        }
        // The watermark lies a few records below the newest, because one that is stamped in the future must not carry
        // it along. Those few come once more where a backlog is larger than what can be remembered, and nothing else
        // does.
        let unasked: BTreeSet<_> = seen.difference(&created).collect();
        assert!(created.is_subset(&seen), "{kind:?}: of 20000 {} were lost", created.difference(&seen).count());
        assert!(unasked.len() < WITNESSES, "{kind:?}: {unasked:?}");
        assert!(unasked.into_iter().all(|id| before.contains(id)), "{kind:?}");
        assert!(poll(&bench, Some(&state)).await.no_changes);
    }
}

/// A desk whose state is that of a first poll, with more changes since than one poll delivers.
async fn backlog() -> (Desk, usize) {
    let desk = Desk::with(DuroSim::builder().components(50)).await;
    desk.run(&POLL).await;
    desk.sim.advance_clock(Duration::from_secs(1));
    let count = PAGE_CAP + 700;
    desk.sim.add_many(Resource::Components, count, Duration::from_millis(5));
    (desk, count)
}

#[tokio::test]
async fn drain_polls_until_nothing_waits_and_prints_each_poll() {
    let (desk, count) = backlog().await;
    let ended = desk.run(&[&POLL[..], &["--drain"]].concat()).await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    let polls = ended.lines();
    let delivered: BTreeSet<String> = polls.iter().flat_map(|poll| records(&poll["payload"])).collect();
    assert_eq!(delivered.len(), count);
    assert_eq!(polls.first().unwrap()["more"], true);
    assert_eq!(polls.last().unwrap()["more"], false);
}

#[tokio::test]
async fn watch_polls_again_at_once_while_more_waits() {
    let (desk, count) = backlog().await;
    // An hour between polls: only `more` can make the second one follow within the time that a test may take.
    let ended = desk
        .run(&[
            "watch",
            "pollChangesTrigger",
            "--state",
            "poll.state",
            "--input",
            WATCHED,
            "--every",
            "1h",
            "--count",
            "2",
        ])
        .await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    assert_eq!(ended.lines().len(), count);
}
