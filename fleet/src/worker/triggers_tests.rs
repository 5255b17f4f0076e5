//! Triggers that come and go while they are polled or waited for.

use super::*;
use crate::connectors::{Connectors, Folder};
use crate::engine::EngineError;
use crate::engine::fake::{Fake, record};
use crate::model::Undelivered;
use crate::polls::Polls;
use crate::secrets::FileSecrets;
use crate::seen::Seen;

struct Stage {
    triggers: Triggers<Fake>,
    happened: mpsc::UnboundedReceiver<Event<Fake>>,
    engine: Fake,
}

/// A worker without a component: each of its polls fails before anything is sent.
fn stage() -> Stage {
    let runtime = host::Runtime::new(host::RuntimeOptions::default()).unwrap();
    let connectors = Arc::new(Connectors::new(Folder::new(runtime, "nowhere".into())));
    let secrets = FileSecrets::new("nowhere").into();
    let (grants, limits) = (host::Grants::default(), host::Limits::default());
    let polls = Polls::new(connectors, secrets, grants, limits, host::Observers::default()).unwrap();
    let telemetry = telemetry::Telemetry::start(telemetry::TelemetryOptions::of("test", "0")).unwrap();
    let engine = Fake::default();
    let parts = Parts {
        engine: engine.clone(),
        polls: Arc::new(polls),
        seen: Arc::new(Seen::new(telemetry)),
        committed: Arc::default(),
    };
    let options = WorkerOptions {
        name: "test".into(),
        lease: Duration::from_secs(60),
        polls_at_once: 4,
        polls_of_a_tenant: 4,
        origin_rate: std::num::NonZeroU32::MIN,
        most_undelivered: Undelivered { payloads: 2, bytes: 100 },
        longest_unkept: Duration::from_secs(60),
    };
    let (events, happened) = mpsc::unbounded_channel();
    Stage { triggers: Triggers::new(parts, &options, events), happened, engine }
}

fn holding() -> Arc<Holding> {
    Arc::new(Holding::new(1, Instant::now() + Duration::from_secs(60)))
}

impl Stage {
    fn take(&mut self, record: Record, holding: &Arc<Holding>) {
        let taken = vec![(record, holding.clone())];
        self.triggers.heard(Event::News(News { taken, ..News::default() }));
        self.triggers.poll_what_is_due(Instant::now());
    }

    async fn next(&mut self) -> Event<Fake> {
        tokio::time::timeout(Duration::from_secs(20), self.happened.recv()).await.expect("nothing happened").unwrap()
    }

    fn entry(&self) -> &Entry<Fake> {
        self.triggers.entries.values().next().unwrap()
    }
}

#[tokio::test]
async fn a_poll_of_an_earlier_lease_changes_nothing_of_what_was_taken_anew() {
    let mut stage = stage();
    let (first, second) = (holding(), holding());
    stage.take(record(0, None), &first);
    let polled = stage.next().await;
    let lost = vec![record(0, None).id.shard()];
    stage.triggers.heard(Event::News(News { lost, ..News::default() }));
    // Not polled at once, because it has a state.
    stage.take(record(1, Some("kept")), &second);
    stage.triggers.heard(polled);
    let entry = stage.entry();
    assert!(Arc::ptr_eq(&entry.holding, &second) && entry.slot.is_as(&record(1, Some("kept"))));
    assert_eq!((entry.timeline.polls, entry.polling.is_some(), stage.triggers.under_way()), (0, true, 0));
}

#[tokio::test]
async fn a_trigger_whose_payloads_wait_is_polled_again_although_the_engine_was_gone_meanwhile() {
    // As many payloads as there may be, or as many bytes.
    for undelivered in [Undelivered { payloads: 2, bytes: 2 }, Undelivered { payloads: 1, bytes: 100 }] {
        let mut stage = stage();
        let waits = Record { undelivered, ..record(0, None) };
        let gone = Err(EngineError::Unavailable("gone".into()));
        stage.engine.records.lock().unwrap().extend([Ok(Some(record(0, None))), gone]);
        stage.take(waits, &holding());
        assert_eq!((stage.triggers.under_way(), stage.entry().waits_for.is_some()), (0, true));
        let looked_at = stage.next().await;
        stage.triggers.heard(looked_at);
        stage.triggers.poll_what_is_due(Instant::now());
        assert_eq!(stage.triggers.under_way(), 1);
    }
}

#[tokio::test]
async fn what_was_asked_for_a_trigger_that_is_another_workers_by_now_does_not_bring_it_back() {
    let mut stage = stage();
    let looked_at = vec![(record(0, None), holding())];
    stage.triggers.heard(Event::News(News { looked_at, ..News::default() }));
    assert!(stage.triggers.entries.is_empty());
}
