//! The trigger's third list: the ids of records that are gone.

use crate::support::{Bench, assert_valid, ids};
use duro_sim::{DuroSim, Fault, LibraryType, Resource};
use host::contract::PollResult;
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than a round waits for the next one.
pub(crate) const HOUR: Duration = Duration::from_secs(3_700);
/// Longer than the time after which a pass is deep again.
pub(crate) const MINUTES: Duration = Duration::from_secs(120);

struct Watch {
    bench: Bench,
    resource: Resource,
    inputs: Value,
    state: Option<Vec<u8>>,
    log: Vec<String>,
}

impl Watch {
    fn of(bench: Bench, resource: Resource) -> Self {
        let key = if resource == Resource::Components { "components" } else { "changeOrders" };
        let inputs = json!({ "pollResourceType": key, "showDeletedRecords": true });
        Self { bench, resource, inputs, state: None, log: Vec::new() }
    }

    /// Deletes the record at this place, and gives its id.
    fn delete(&self, place: usize) -> String {
        let id = self.bench.sim.records(self.resource).remove(place).id;
        assert!(self.bench.sim.delete(self.resource, &id));
        id
    }

    async fn poll(&mut self) -> PollResult {
        let Bench { connector, connection, options, .. } = &self.bench;
        let polled =
            connector.poll("pollChangesTrigger", connection, &self.inputs, self.state.as_deref(), options).await;
        let outcome = polled.unwrap_or_else(|failure| panic!("{failure}"));
        let payload: Value = serde_json::from_str(outcome.value.payload.get()).unwrap();
        assert_valid(&payload, &connector.definition().triggers[0].result_schema, "pollChangesTrigger");
        self.log.extend(outcome.trace.log.iter().map(|line| line.message.clone()));
        self.state = Some(outcome.value.state.clone());
        outcome.value
    }

    /// Polls until a whole round is over: what was called deleted meanwhile.
    async fn round(&mut self) -> Vec<String> {
        let mut deleted = Vec::new();
        for wait in [HOUR, MINUTES, MINUTES] {
            self.bench.sim.advance_clock(wait);
            deleted.extend(ids(&self.poll().await, "deleted"));
        }
        deleted
    }
}

#[tokio::test]
async fn a_deleted_component_is_reported_once_and_so_is_one_that_was_new() {
    let mut watch = Watch::of(Bench::new().await, Resource::Components);
    assert!(watch.round().await.is_empty());
    let old = watch.delete(7);
    let new = watch.bench.sim.add(Resource::Components, "Bracket");
    assert_eq!(ids(&watch.poll().await, "created"), [new.as_str()]);
    assert!(watch.bench.sim.delete(Resource::Components, &new));
    let mut deleted = watch.round().await;
    deleted.sort();
    assert_eq!(deleted, [old, new]);
    assert!(watch.round().await.is_empty());
}

#[tokio::test]
async fn deleted_is_a_change_for_a_flow_and_the_list_is_there_when_it_is_empty() {
    let mut watch = Watch::of(Bench::new().await, Resource::Components);
    let first = watch.poll().await;
    assert!(first.no_changes && ids(&first, "deleted").is_empty());
    watch.round().await;
    let gone = watch.delete(0);
    watch.bench.sim.advance_clock(HOUR);
    watch.poll().await;
    watch.bench.sim.advance_clock(MINUTES);
    let found = watch.poll().await;
    assert!(!found.no_changes && ids(&found, "deleted") == [gone]);
}

#[tokio::test]
async fn a_deleted_change_order_is_reported_when_two_rounds_have_not_come_by_it() {
    let mut watch = Watch::of(Bench::new().await, Resource::ChangeOrders);
    watch.round().await;
    let gone = watch.delete(1);
    assert!(watch.round().await.is_empty());
    assert_eq!(watch.round().await, [gone]);
    assert!(watch.round().await.is_empty());
}

#[tokio::test]
async fn of_many_pages_and_many_deletions_each_is_reported_once() {
    let bench = Bench::with(DuroSim::builder().page_size(20).components(900)).await;
    let mut watch = Watch::of(bench, Resource::Components);
    for _ in 0..3 {
        watch.round().await;
    }
    let mut gone: Vec<String> =
        watch.bench.sim.records(Resource::Components).into_iter().step_by(7).map(|record| record.id).collect();
    for id in &gone {
        watch.bench.sim.delete(Resource::Components, id);
    }
    let mut reported = Vec::new();
    for _ in 0..8 {
        reported.extend(watch.round().await);
    }
    gone.sort();
    reported.sort();
    assert_eq!(reported, gone);
}

#[tokio::test]
async fn without_the_toggle_nothing_is_listed_and_what_was_remembered_is_dropped() {
    let mut watch = Watch::of(Bench::new().await, Resource::Components);
    watch.round().await;
    let with_ids = watch.state.as_ref().unwrap().len();
    watch.inputs["showDeletedRecords"] = json!(false);
    watch.delete(0);
    assert!(watch.round().await.is_empty());
    assert!(watch.state.as_ref().unwrap().len() < with_ids);
    watch.inputs["showDeletedRecords"] = json!(true);
    assert!(watch.round().await.is_empty(), "deleted while nobody asked for it");
}

#[tokio::test]
async fn a_service_that_fails_or_gives_nothing_by_ids_calls_nothing_deleted_and_loses_no_change() {
    for fault in [Fault::unauthorized(), Fault::TruncatedJson] {
        let mut watch = Watch::of(Bench::new().await, Resource::Components);
        watch.round().await;
        let gone = watch.delete(0);
        let met = fault.clone();
        watch.bench.sim.fault_when(move |request| request.body_text().contains("componentsByIds").then(|| met.clone()));
        watch.bench.sim.advance_clock(HOUR);
        watch.poll().await;
        watch.bench.sim.advance_clock(MINUTES);
        let new = watch.bench.sim.add(Resource::Components, "Bracket");
        let delivered = watch.poll().await;
        assert_eq!((ids(&delivered, "created"), ids(&delivered, "deleted")), (vec![new], vec![]));
        assert!(watch.log.iter().any(|line| line.contains("a request failed, and the next poll goes on")));
        watch.bench.sim.clear_faults();
        assert_eq!(ids(&watch.poll().await, "deleted"), [gone]);
    }
}

#[tokio::test]
async fn what_can_still_be_had_by_its_id_is_not_called_deleted() {
    for null_for_unknown in [false, true] {
        let bench = Bench::with(DuroSim::builder().null_for_unknown_ids(null_for_unknown)).await;
        let mut watch = Watch::of(bench, Resource::Components);
        watch.round().await;
        let mut ids: Vec<String> =
            watch.bench.sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
        let gone = ids.pop().unwrap();
        assert!(ids.iter().step_by(2).all(|id| watch.bench.sim.move_component(id, LibraryType::Personal)));
        assert!(watch.bench.sim.delete(Resource::Components, &gone));
        assert_eq!(watch.round().await, [gone]);
        let moved = ids.swap_remove(0);
        assert!(watch.bench.sim.delete(Resource::Components, &moved));
        assert_eq!(watch.round().await, [moved]);
    }
}

#[tokio::test]
async fn a_list_that_is_empty_calls_nothing_deleted() {
    for resource in [Resource::Components, Resource::ChangeOrders] {
        let mut watch = Watch::of(Bench::new().await, resource);
        watch.round().await;
        for record in watch.bench.sim.records(resource) {
            watch.bench.sim.delete(resource, &record.id);
        }
        for _ in 0..2 {
            watch.log.clear();
            assert!(watch.round().await.is_empty());
            assert!(watch.log.iter().any(|line| line.contains("nothing is in the list any more")), "{:?}", watch.log);
        }
    }
}

#[tokio::test]
async fn as_long_as_the_service_does_not_say_whose_the_records_are_none_is_called_deleted() {
    let mut watch = Watch::of(Bench::new().await, Resource::Components);
    watch.round().await;
    let gone = watch.delete(0);
    watch.bench.sim.fault_when(|_| Some(Fault::FieldNull("userById".to_owned())));
    assert!(watch.round().await.is_empty(), "they may be another company's");
    watch.bench.sim.clear_faults();
    assert_eq!(watch.round().await, [gone]);
}
