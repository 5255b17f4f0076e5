//! The library's poller: payloads are accepted first and states committed then, whoever else polls with the same state.

use crate::support::Bench;
use duro_sim::{DuroSim, Fault, Resource};
use host::contract::PollResult;
use host::poller::{FileStore, MemoryStore, PollError, Poller, Recipient, StateStore, StoreError};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(30);

/// Takes down which records came, and refuses where it is told to.
#[derive(Default)]
struct Inbox {
    ids: Vec<String>,
    refuses: bool,
}

impl Recipient for Inbox {
    type Error = &'static str;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), &'static str> {
        if self.refuses {
            return Err("the queue is full");
        }
        let payload: Value = serde_json::from_str(poll.payload.get()).unwrap();
        for list in ["created", "updated"] {
            let records = payload["body"]["data"][list].as_array().unwrap();
            self.ids.extend(records.iter().map(|record| record["id"].as_str().unwrap().to_owned()));
        }
        Ok(())
    }
}

fn poller<S: StateStore>(bench: &Bench, store: S) -> Poller<S> {
    Poller::new(bench.connector.clone(), "pollChangesTrigger", store, EVERY)
}

async fn poll<S: StateStore>(
    bench: &Bench,
    poller: &mut Poller<S>,
    inbox: &mut Inbox,
) -> Result<bool, PollError<&'static str>> {
    let inputs = json!({ "pollResourceType": "components" });
    let polled = poller.poll(&bench.connection, &inputs, &bench.options, inbox).await;
    polled.map(|polled| polled.poll.more)
}

fn add(bench: &Bench, name: &str) -> String {
    bench.sim.advance_clock(Duration::from_secs(1));
    bench.sim.add(Resource::Components, name)
}

/// Another poller gets in between: between the payload that is accepted here and the state that is committed.
struct Overtaken<'a, S> {
    bench: &'a Bench,
    inbox: Inbox,
    other: Poller<S>,
    others: Inbox,
}

impl<S: StateStore> Recipient for Overtaken<'_, S> {
    type Error = &'static str;

    async fn accept(&mut self, found: &PollResult) -> Result<(), &'static str> {
        self.inbox.accept(found).await?;
        poll(self.bench, &mut self.other, &mut self.others).await.map(drop).map_err(|_| "the other poll failed")
    }
}

async fn two_on(bench: &Bench, store: &impl StateStore) {
    let mut first = poller(bench, store);
    let mut others = Inbox::default();
    poll(bench, &mut first, &mut others).await.unwrap();
    let one = add(bench, "Grommet one");

    let inputs = json!({ "pollResourceType": "components" });
    let mut both = Overtaken { bench, inbox: Inbox::default(), other: poller(bench, store), others };
    let result = first.poll(&bench.connection, &inputs, &bench.options, &mut both).await;
    let error = result.unwrap_err();
    assert!(matches!(error, PollError::Store(StoreError::Conflict)) && error.may_pass(), "{error}");
    // Both were given it, and one has moved the state.
    assert_eq!((&both.inbox.ids, &both.others.ids), (&vec![one.clone()], &vec![one.clone()]));

    // Whoever polls next goes on from there: nothing comes a third time, and nothing is left out.
    let two = add(bench, "Grommet two");
    poll(bench, &mut first, &mut both.inbox).await.unwrap();
    poll(bench, &mut both.other, &mut both.others).await.unwrap();
    assert_eq!((both.inbox.ids, both.others.ids), (vec![one.clone(), two], vec![one]));
}

#[tokio::test]
async fn of_two_pollers_on_one_store_the_second_commit_is_refused_and_nothing_is_lost() {
    two_on(&Bench::new().await, &MemoryStore::default()).await;
    let folder = tempfile::tempdir().unwrap();
    two_on(&Bench::new().await, &FileStore::open(folder.path().join("poll.state"), 65_536).unwrap()).await;
}

#[tokio::test]
async fn a_payload_that_is_not_accepted_comes_again_and_the_state_waits_for_it() {
    let bench = Bench::new().await;
    let store = MemoryStore::default();
    let mut poller = poller(&bench, &store);
    let mut inbox = Inbox::default();
    poll(&bench, &mut poller, &mut inbox).await.unwrap();
    let before = store.load().await.unwrap();
    let added = add(&bench, "Grommet");
    inbox.refuses = true;
    for _ in 0..2 {
        let error = poll(&bench, &mut poller, &mut inbox).await.unwrap_err();
        assert!(matches!(error, PollError::Recipient("the queue is full")), "{error}");
        assert_eq!(store.load().await.unwrap(), before);
    }
    inbox.refuses = false;
    poll(&bench, &mut poller, &mut inbox).await.unwrap();
    assert_eq!(inbox.ids, [added]);
    assert_ne!(store.load().await.unwrap(), before);
}

#[tokio::test]
async fn pauses_follow_what_polls_come_to() {
    let bench = Bench::with(DuroSim::builder().components(3)).await;
    let mut poller = poller(&bench, MemoryStore::default());
    let mut inbox = Inbox::default();
    assert_eq!(poller.pause(), Duration::ZERO);
    poll(&bench, &mut poller, &mut inbox).await.unwrap();
    assert_eq!(poller.pause(), EVERY);
    bench.sim.fault_every(1, Fault::rate_limited(90));
    assert!(poll(&bench, &mut poller, &mut inbox).await.unwrap_err().may_pass());
    assert_eq!(poller.pause(), Duration::from_secs(90));
    bench.sim.clear_faults();
    // A backlog is worked off in less time, and every record of it comes once.
    bench.sim.advance_clock(Duration::from_secs(1));
    let added: BTreeSet<String> =
        bench.sim.add_many(Resource::Components, 6_000, Duration::from_millis(3)).into_iter().collect();
    while poll(&bench, &mut poller, &mut inbox).await.unwrap() {
        assert!(poller.pause() < Duration::from_secs(1), "{:?}", poller.pause());
    }
    assert_eq!((poller.pause(), inbox.ids.len()), (EVERY, added.len()));
    assert_eq!(inbox.ids.into_iter().collect::<BTreeSet<_>>(), added);
}
