//! Runs without a service: found by their ids, bounded, forgotten, deleted, looked at.

use super::*;
use crate::ui::forms::Typed;
use crate::ui::run::Failed;

fn run() -> Run {
    Run::refused(Failed::no_connection())
}

#[test]
fn a_run_is_found_by_its_id_under_its_own_action_alone() {
    let runs = Runs::of(Vec::new(), 0);
    let id = runs.begin("a", Values::new()).unwrap().record.id;
    assert!(runs.get("a", id).unwrap().run().is_none());
    assert!(runs.get("b", id).is_none() && !runs.cancel("b", id));
    assert!(runs.cancel("a", id));
    runs.end(id, run());
    assert!(runs.get("a", id).unwrap().run().is_some() && !runs.cancel("a", id));
}

#[test]
fn the_oldest_runs_of_an_action_go_and_those_of_others_stay() {
    let runs = Runs::of(Vec::new(), 0);
    let other = runs.begin("b", Values::new()).unwrap().record.id;
    runs.end(other, run());
    for _ in 0..MOST_RUNS + 5 {
        let id = runs.begin("a", Values::new()).unwrap().record.id;
        runs.end(id, run());
    }
    assert_eq!((runs.of_action("a").len(), runs.of_action("b").len()), (MOST_RUNS, 1));
    assert!(runs.of_action("a")[0].id > runs.of_action("a")[1].id);
}

#[test]
fn no_more_runs_begin_than_may_be_under_way() {
    let runs = Runs::of(Vec::new(), 0);
    let ids: Vec<u64> = (0..MOST_UNDER_WAY).map(|_| runs.begin("a", Values::new()).unwrap().record.id).collect();
    assert!(runs.begin("a", Values::new()).is_none());
    runs.end(ids[0], run());
    assert!(runs.begin("a", Values::new()).is_some());
}

#[test]
fn large_inputs_are_let_go_of_and_small_ones_stay_for_another_run() {
    let runs = Runs::of(Vec::new(), 0);
    for (length, stays) in [(10, true), (1_000_000, false)] {
        let values = Values::from([("x".to_owned(), Typed::Text("x".repeat(length)))]);
        let id = runs.begin("a", values).unwrap().record.id;
        runs.end(id, run());
        assert_eq!(runs.held().iter().any(|(held, _, _)| *held == id), !stays);
        runs.empty(id);
        assert_eq!(runs.get("a", id).unwrap().values.is_some(), stays);
        assert!(runs.held().is_empty());
    }
}

#[tokio::test]
async fn what_a_run_came_to_is_not_kept_once_its_connection_was_forgotten() {
    let runs = Runs::of(Vec::new(), 0);
    let id = runs.begin("a", Values::new()).unwrap().record.id;
    runs.forget(false);
    let value = serde_json::value::RawValue::from_string("1".into()).unwrap();
    let done = Run { result: Ok(Some(value.into())), ..run() };
    runs.end(id, done);
    runs.wait(id, Duration::from_secs(60)).await;
    assert!(matches!(runs.get("a", id).unwrap().run().unwrap().result, Ok(None)));
}

#[test]
fn what_was_asked_and_why_it_failed_are_forgotten_with_the_connection_unless_a_file_keeps_them() {
    for keeps in [false, true] {
        let runs = Runs::of(Vec::new(), 0);
        let values = Values::from([("x".to_owned(), Typed::Text("canary".into()))]);
        let id = runs.begin("a", values).unwrap().record.id;
        let failed = Failed { message: "no canary".into(), ..Failed::no_connection() };
        runs.end(id, Run::refused(failed));
        runs.forget(keeps);
        let record = runs.get("a", id).unwrap();
        assert!(record.is_forgotten);
        let message = record.run().unwrap().result.as_ref().unwrap_err().message.clone();
        assert_eq!((record.values.is_some(), message.contains("canary")), (keeps, keeps));
    }
}

#[test]
fn a_secret_that_was_typed_before_it_was_one_is_taken_out_of_what_runs_were_asked_and_said() {
    let runs = Runs::of(Vec::new(), 0);
    let pairs = Typed::Pairs(vec![("canary".into(), "a canary b".into())]);
    let picked = Typed::Picked { value: "canary".into(), label: "canary".into() };
    let values = [Typed::Text("a canary b".into()), pairs, picked, Typed::Checked(true)];
    let values: Values = values.into_iter().enumerate().map(|(at, typed)| (at.to_string(), typed)).collect();
    let id = runs.begin("a", values).unwrap().record.id;
    let problems = vec![host::contract::InputProblem { input: "0".into(), message: "no canary".into() }];
    runs.end(id, Run::refused(Failed { message: "no canary".into(), problems, ..Failed::no_connection() }));
    let mut secrets = Secrets::default();
    secrets.hide("canary");
    runs.scrub(&secrets);
    let record = runs.get("a", id).unwrap();
    let said =
        format!("{:?} {:?}", record.values.as_ref().unwrap(), record.run().unwrap().result.as_ref().unwrap_err());
    assert!(!said.contains("canary") && said.matches("[redacted]").count() == 7, "{said}");
}

#[test]
fn what_is_deleted_is_gone_what_is_under_way_stays_and_no_number_is_given_twice() {
    let runs = Runs::of(Vec::new(), 0);
    let begin = |action: &str| runs.begin(action, Values::new()).unwrap().record.id;
    let [first, other, under_way] = [begin("a"), begin("b"), begin("a")];
    runs.end(first, run());
    runs.end(other, run());
    assert!(!runs.delete("a", under_way) && !runs.delete("b", first));
    assert!(runs.delete("a", first) && !runs.delete("a", first));
    runs.end(under_way, run());
    let last = begin("a");
    runs.clear(Some("a"));
    assert_eq!(runs.of_action("a").iter().map(|record| record.id).collect::<Vec<_>>(), [last]);
    assert_eq!(runs.of_action("b").len(), 1);
    runs.end(last, run());
    runs.clear(None);
    assert!(runs.of_action("a").is_empty() && runs.of_action("b").is_empty());
    assert_eq!(begin("a"), last + 1);
}

#[test]
fn a_run_that_ended_is_marked_until_somebody_looks_at_its_action() {
    let runs = Runs::of(Vec::new(), 0);
    let id = runs.begin("a", Values::new()).unwrap().record.id;
    assert_eq!((runs.mark("a"), runs.mark("b")), (Some(Mark::UnderWay), None));
    runs.end(id, run());
    assert_eq!(runs.mark("a"), Some(Mark::Ended));
    runs.look("b");
    assert_eq!(runs.mark("a"), Some(Mark::Ended));
    runs.look("a");
    assert_eq!(runs.mark("a"), None);
}
