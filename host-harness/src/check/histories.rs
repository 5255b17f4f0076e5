//! A trigger loses nothing: small histories of a service are played against it, in which records are made and changed
//! between polls, and between the pages of one. What was changed has to be delivered as it is at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use host::Connector;
use host::contract::{InputKind, RecordList, TriggerDefinition};
use serde_json::{Map, Value};

use super::Verdict;
use super::bench::{Bench, Watched, words};
use super::deliveries::Deliveries;
use super::service::{Paging, World};
use crate::operation::Operation;

/// Polls after the last change: everything must have been delivered by then.
const LAST_POLLS: usize = 40;
/// Of losses, the first say enough.
const MOST_SHOWN: usize = 5;

/// What was played.
#[derive(Default)]
struct Tally {
    polls: u64,
    changes: u64,
}

/// What came of the histories of one trigger.
#[derive(Default)]
struct Played {
    /// Polls that failed, or that never came to an end.
    faults: Vec<String>,
    losses: Vec<String>,
    changes: u64,
    /// What was delivered, recognised or not.
    records: u64,
    /// Whether any of it was recognised as a record of the service.
    names_some: bool,
    /// Whether any of it told its version.
    tells_versions: bool,
}

impl Played {
    /// Why nobody can tell whether changes were lost; none where it was seen.
    fn unseen(&self) -> Option<&'static str> {
        if !self.faults.is_empty() || self.changes == 0 {
            return None;
        }
        if !self.names_some && self.records > 0 {
            return Some("the records that it delivers hold no id of the service's, so that none is recognised");
        }
        if !self.tells_versions && self.losses.is_empty() {
            return Some(
                "what it delivers names the records that were changed, and nothing in it tells their versions: no text \
                 of the service, and no time but that of their creation",
            );
        }
        None
    }
}

/// Plays histories against every trigger, from this seed on.
pub(super) async fn lose_nothing(connector: &Connector, watched: &Arc<Watched>, histories: u64, from: u64) -> Verdict {
    let (mut problems, mut unseen) = (Vec::new(), Vec::new());
    let mut tally = Tally::default();
    for trigger in &connector.definition().triggers {
        let lists = trigger.record_lists();
        if lists.is_empty() {
            problems.push(format!(
                "{}: its result schema has no lists of records, so nobody can tell what it delivers",
                trigger.key
            ));
            continue;
        }
        let mut played = Played::default();
        for seed in from..from.saturating_add(histories) {
            match play(connector, watched, (trigger, &lists), seed, (&mut tally, &mut played)).await {
                Ok(None) => {}
                Ok(Some(loss)) => played.losses.push(format!("{}, history {seed}: {loss}", trigger.key)),
                Err(Unplayable::Never(why)) => return Verdict::not_checked(why),
                Err(Unplayable::Failed(why)) => {
                    played.faults.push(format!("{}, history {seed}: {why}", trigger.key));
                }
            }
            if played.faults.len() + played.losses.len() >= MOST_SHOWN {
                break;
            }
        }
        match played.unseen() {
            Some(why) => unseen.push(format!("{}: {why}", trigger.key)),
            None => problems.extend(played.faults.into_iter().chain(played.losses)),
        }
    }
    if problems.is_empty() && !unseen.is_empty() {
        return Verdict::not_checked(unseen.join("; "));
    }
    let Tally { polls, changes } = tally;
    Verdict::of(problems, format!("{histories} histories a trigger: {changes} changes, {polls} polls"))
}

enum Unplayable {
    /// This history or any other.
    Never(String),
    Failed(String),
}

/// Plays one history. Gives what was lost, in words.
async fn play(
    connector: &Connector,
    watched: &Arc<Watched>,
    (trigger, lists): (&TriggerDefinition, &[RecordList]),
    seed: u64,
    (tally, played): (&mut Tally, &mut Played),
) -> Result<Option<String>, Unplayable> {
    let mut draw = fastrand::Rng::with_seed(seed);
    let paging = Paging { most: draw.usize(2..=5), by_place: draw.bool() };
    let world = World::with(draw.u64(0..12));
    let bench = Bench::with(connector, watched, world, paging).map_err(Unplayable::Never)?;
    let mut inputs = bench.inputs(Operation::Trigger(trigger));
    choose(trigger, &mut inputs, &mut draw);

    let mut seen = Deliveries::new(lists);
    let first = bench.poll(trigger, &inputs, None).await;
    let mut state = first.map_err(|failure| failed("the first poll", &failure))?.state;
    let there = bench.service.world(|world| world.courses());
    let before: BTreeMap<String, usize> = there.iter().map(|course| (course.id.clone(), course.version())).collect();

    for _ in 0..draw.usize(4..12) {
        bench.service.world(|world| {
            world.advance(pause(&mut draw));
            change(world, &mut draw);
        });
        if draw.u8(0..3) == 0 {
            continue;
        }
        // While the poll goes from page to page, the service goes on.
        let mut own = draw.fork();
        let is_busy = draw.u8(0..2) == 0;
        bench.service.meanwhile(is_busy.then(|| {
            Box::new(move |world: &mut World| {
                if own.u8(0..3) == 0 {
                    change(world, &mut own);
                }
            }) as super::service::Meanwhile
        }));
        let polled = bench.poll(trigger, &inputs, Some(&state)).await;
        bench.service.meanwhile(None);
        let poll = polled.map_err(|failure| failed("a poll", &failure))?;
        tally.polls += 1;
        seen.take(poll.payload.get(), &bench.service.world(|world| world.courses()));
        state = poll.state;
    }

    let mut quiet = 0;
    for _ in 0..LAST_POLLS {
        // Longer than any overlap that a trigger looks back.
        bench.service.world(|world| world.advance(Duration::from_secs(300)));
        let poll = bench.poll(trigger, &inputs, Some(&state)).await;
        let poll = poll.map_err(|failure| failed("a poll after the last change", &failure))?;
        tally.polls += 1;
        seen.take(poll.payload.get(), &bench.service.world(|world| world.courses()));
        state = poll.state;
        quiet = if poll.no_changes && !poll.more { quiet + 1 } else { 0 };
        if quiet == 3 {
            break;
        }
    }
    played.records += seen.records;
    played.names_some |= seen.names_some();
    played.tells_versions |= seen.tells_versions();
    if quiet < 3 {
        return Err(Unplayable::Failed(format!("{LAST_POLLS} polls after the last change it still finds some")));
    }
    let mut changed = bench.service.world(|world| world.courses());
    changed.retain(|course| before.get(&course.id) != Some(&course.version()));
    let changes = changed.len() as u64;
    tally.changes += changes;
    played.changes += changes;
    let lost = changed.iter().find_map(|course| Some((course, seen.lost(course)?)));
    Ok(lost.map(|(course, was)| {
        let how = if paging.by_place { "place" } else { "record" };
        format!(
            "{}, of version {} at the end, was delivered {was} (pages of {}, cursors by {how})",
            course.id,
            course.version(),
            paging.most
        )
    }))
}

fn failed(what: &str, failure: &host::CallFailure) -> Unplayable {
    Unplayable::Failed(format!("{what} fails: {}", words(failure)))
}

/// Of a choice that the trigger needs, one or another.
fn choose(trigger: &TriggerDefinition, inputs: &mut Map<String, Value>, draw: &mut fastrand::Rng) {
    for input in trigger.inputs.iter().filter(|input| input.required && input.kind == InputKind::Choice) {
        if let Some(choice) = input.choices.get(draw.usize(0..input.choices.len().max(1))) {
            inputs.insert(input.key.clone(), choice.value.clone().into());
        }
    }
}

/// Mostly moments, so that several records have the same time, and sometimes hours.
fn pause(draw: &mut fastrand::Rng) -> Duration {
    match draw.u8(0..6) {
        0 | 1 => Duration::ZERO,
        2 => Duration::from_millis(1),
        3 => Duration::from_millis(draw.u64(2..1_000)),
        4 => Duration::from_secs(draw.u64(1..120)),
        _ => Duration::from_secs(draw.u64(600..7_200)),
    }
}

/// Makes records, or changes some, all at one time.
fn change(world: &mut World, draw: &mut fastrand::Rng) {
    let many = if draw.u8(0..4) == 0 { draw.usize(2..9) } else { 1 };
    for _ in 0..many {
        if world.len() == 0 || draw.u8(0..3) == 0 {
            world.create();
        } else {
            world.touch(draw.usize(0..world.len()));
        }
    }
}
