//! The polling state: what a trigger takes for its own, and what it refuses.

use std::sync::Arc;

use host::contract::{Error, InputField, InputKind, TriggerDefinition};
use host::{CallFailure, Connector};
use serde_json::{Map, Value};

use super::Verdict;
use super::bench::{Bench, Watched, connection, kind, words};
use super::service::World;
use crate::operation::Operation;

/// What a recording lacks.
const UNANSWERED: &str = "the recording has no answers to a first poll, and to one that goes on from its state, with \
                          the inputs of the first poll in it";

/// From one state, the same changes give the same payload and the same state.
pub(super) async fn round_trip(bench: &Bench) -> Verdict {
    let (mut problems, mut count) = (Vec::new(), 0);
    for trigger in &bench.definition().triggers {
        let inputs = bench.inputs(Operation::Trigger(trigger));
        let state = match first(bench, trigger, &inputs).await {
            Ok(state) => state,
            Err(_) if bench.service.left_unanswered() => continue,
            Err(why) => {
                problems.push(why);
                continue;
            }
        };
        bench.service.world(|world| world.touch(0));
        let kept = bench.service.world(|world| world.clone());
        let one = bench.poll(trigger, &inputs, Some(&state)).await;
        bench.service.world(|world| *world = kept);
        let other = bench.poll(trigger, &inputs, Some(&state)).await;
        if bench.service.left_unanswered() {
            continue;
        }
        count += 1;
        match (one, other) {
            (Ok(one), Ok(other)) if one.payload.get() != other.payload.get() || one.state != other.state => {
                problems.push(format!("{}: two polls from one state differ", trigger.key));
            }
            (Ok(_), Ok(_)) => {}
            (Err(failure), _) | (_, Err(failure)) => {
                problems.push(format!("{} does not take its own state: {}", trigger.key, words(&failure)));
            }
        }
    }
    if count == 0 && problems.is_empty() {
        return Verdict::not_checked(UNANSWERED);
    }
    Verdict::of(problems, format!("{count} triggers, polled twice from one state"))
}

/// What is no state is refused as one, and so is that of another service, of other inputs and, by a trigger that is
/// told whose the records are, of another account.
pub(super) async fn refused(bench: &Bench) -> Verdict {
    let (mut problems, mut unaware) = (Vec::new(), Vec::new());
    let mut count = 0;
    for trigger in &bench.definition().triggers {
        let inputs = bench.inputs(Operation::Trigger(trigger));
        let state = match first(bench, trigger, &inputs).await {
            Ok(state) => state,
            Err(_) if bench.service.left_unanswered() => continue,
            Err(why) => {
                problems.push(why);
                continue;
            }
        };
        let was_told_whose = bench.service.said_whose();
        for (garbage, name) in broken(&state) {
            count += 1;
            expect(bench.poll(trigger, &inputs, Some(&garbage)).await.map(drop), &trigger.key, name, &mut problems);
        }
        count += 1;
        let elsewhere = match connection(&bench.connector, "https://another-service.example/graphql") {
            Ok(elsewhere) => elsewhere,
            Err(why) => return Verdict::not_checked(why),
        };
        let options = bench.options();
        let polled = bench.connector.poll(&trigger.key, &elsewhere, &inputs, Some(&state), &options).await;
        expect(polled.map(drop), &trigger.key, "the state of another service", &mut problems);
        if let Some(others) = other_inputs(&trigger.inputs, &inputs) {
            count += 1;
            let polled = bench.poll(trigger, &others, Some(&state)).await;
            expect(polled.map(drop), &trigger.key, "the state of other inputs", &mut problems);
        }
        if !bench.service.is_made_up() {
            continue;
        }
        bench.service.world(World::change_owner);
        let polled = bench.poll(trigger, &inputs, Some(&state)).await;
        // Only who was told of both accounts can know that they are two: nothing makes a connector ask.
        let knows = was_told_whose && bench.service.said_whose();
        bench.service.world(World::change_owner);
        if knows {
            count += 1;
            let name = "the state of another account at the same service, whose id it was told";
            expect(polled.map(drop), &trigger.key, name, &mut problems);
        } else {
            unaware.push(trigger.key.as_str());
        }
    }
    if count == 0 && problems.is_empty() {
        return Verdict::not_checked(UNANSWERED);
    }
    let left_out = match unaware.as_slice() {
        [] => String::new(),
        names => format!("; not told whose the records are, so that any account's state is good: {}", names.join(", ")),
    };
    Verdict::of(problems, format!("{count} states{left_out}"))
}

/// A state that an older version wrote is taken, and what changed since then is found.
pub(super) async fn older(older: &Connector, newer: &Bench, watched: &Arc<Watched>) -> Verdict {
    // Of an older one that does not say what it asks for, the newer's manifest says it: the service is the same.
    let old = Bench::new(older, watched).or_else(|_| Bench::described(older, watched, newer.definition()));
    let old = match old {
        Ok(bench) => bench,
        Err(why) => return Verdict::not_checked(format!("the older version: {why}")),
    };
    let (mut problems, mut unwritten) = (Vec::new(), Vec::new());
    let mut count = 0;
    for trigger in &old.definition().triggers {
        let Some(now) = newer.definition().trigger(&trigger.key) else { continue };
        let inputs = old.inputs(Operation::Trigger(trigger));
        let world = newer.service.world(|world| world.clone());
        old.service.world(|of| *of = world);
        let state = match first(&old, trigger, &inputs).await {
            Ok(state) => state,
            // That is nothing that the newer one could mend.
            Err(why) => {
                unwritten.push(why);
                continue;
            }
        };
        let world = old.service.world(|world| world.clone());
        newer.service.world(|of| {
            *of = world;
            of.advance(std::time::Duration::from_secs(60));
            of.touch(0);
        });
        count += 1;
        match newer.poll(now, &inputs, Some(&state)).await {
            Ok(poll) if poll.no_changes => {
                problems.push(format!("{}: a change since the older version's poll is not found", trigger.key));
            }
            Ok(_) => {}
            Err(failure) => problems.push(format!("{} does not take it: {}", trigger.key, words(&failure))),
        }
    }
    let version = &older.definition().version;
    if count == 0 {
        let why = match unwritten.as_slice() {
            [] => "it has no trigger that is still there".to_owned(),
            whys => whys.join("; "),
        };
        return Verdict::not_checked(format!("the older version, {version}, wrote no state: {why}"));
    }
    let left_out = if unwritten.is_empty() { String::new() } else { format!("; left out: {}", unwritten.join("; ")) };
    Verdict::of(problems, format!("{count} states of version {version}{left_out}"))
}

async fn first(bench: &Bench, trigger: &TriggerDefinition, inputs: &Map<String, Value>) -> Result<Vec<u8>, String> {
    match bench.poll(trigger, inputs, None).await {
        Ok(poll) if !poll.no_changes => Err(format!("the first poll of {} delivers something", trigger.key)),
        Ok(poll) => Ok(poll.state),
        Err(failure) => Err(format!("the first poll of {} fails: {}", trigger.key, words(&failure))),
    }
}

fn expect(result: Result<(), Box<CallFailure>>, key: &str, name: &str, problems: &mut Vec<String>) {
    match result {
        Err(failure) if matches!(kind(&failure), (_, Some(Error::InvalidState(_)))) => {}
        Err(failure) => problems.push(format!("{key}, with {name}: {}", words(&failure))),
        Ok(()) => problems.push(format!("{key} goes on from {name}")),
    }
}

/// What is no state of anybody's, and what once was one.
fn broken(state: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let half = state.get(..state.len() / 2).unwrap_or_default().to_vec();
    let mut flipped = state.to_vec();
    let middle = flipped.len() / 2;
    if let Some(byte) = flipped.get_mut(middle) {
        *byte = if *byte == b'1' { b'2' } else { b'1' };
    }
    vec![
        (Vec::new(), "an empty state"),
        (b"{}".to_vec(), "an empty object"),
        (b"null".to_vec(), "null"),
        (vec![0xff; 64], "bytes that are no text"),
        (b"[".repeat(10_000), "ten thousand brackets"),
        (half, "half of a state"),
        (flipped, "a state with one byte changed"),
    ]
}

/// The same inputs but for one choice that the operation needs.
fn other_inputs(fields: &[InputField], inputs: &Map<String, Value>) -> Option<Map<String, Value>> {
    let field = fields.iter().find(|field| field.required && field.kind == InputKind::Choice)?;
    // What is left out stands for its default.
    let given = inputs.get(&field.key).or(field.default.as_ref());
    let other = field.choices.iter().find(|choice| given != Some(&choice.value.clone().into()))?;
    let mut others = inputs.clone();
    others.insert(field.key.clone(), other.value.clone().into());
    Some(others)
}
