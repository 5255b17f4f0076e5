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
use super::service::{Paging, World, mark};
use crate::json_parts::items;
use crate::operation::Operation;
use crate::records::found;

/// Polls after the last change: everything must have been delivered by then.
const LAST_POLLS: usize = 40;
/// Of losses, the first say enough.
const MOST_SHOWN: usize = 5;

/// What was played.
#[derive(Default)]
struct Tally {
    polls: u64,
    changes: u64,
    delivered: u64,
}

/// Plays histories against every trigger, from this seed on.
pub(super) async fn lose_nothing(connector: &Connector, watched: &Arc<Watched>, histories: u64, from: u64) -> Verdict {
    let mut problems = Vec::new();
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
        for seed in from..from.saturating_add(histories) {
            match play(connector, watched, (trigger, &lists), seed, &mut tally).await {
                Ok(None) => {}
                Ok(Some(loss)) => problems.push(format!("{}, history {seed}: {loss}", trigger.key)),
                Err(Unplayable::Never(why)) => return Verdict::not_checked(why),
                Err(Unplayable::Failed(why)) => problems.push(format!("{}, history {seed}: {why}", trigger.key)),
            }
            if problems.len() >= MOST_SHOWN {
                break;
            }
        }
    }
    if problems.is_empty() && tally.delivered == 0 && tally.changes > 0 {
        return Verdict::not_checked(
            "what the trigger delivers holds no text of the records, so changes are not recognised",
        );
    }
    let Tally { polls, changes, .. } = tally;
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
    tally: &mut Tally,
) -> Result<Option<String>, Unplayable> {
    let mut draw = fastrand::Rng::with_seed(seed);
    let paging = Paging { most: draw.usize(2..=5), by_place: draw.bool() };
    let world = World::with(draw.u64(0..12));
    let bench = Bench::with(connector, watched, world, paging).map_err(Unplayable::Never)?;
    let mut inputs = bench.inputs(Operation::Trigger(trigger));
    choose(trigger, &mut inputs, &mut draw);

    let mut seen = Seen { lists, delivered: BTreeMap::new() };
    let first = bench.poll(trigger, &inputs, None).await;
    let mut state = first.map_err(|failure| failed("the first poll", &failure))?.state;
    let before: BTreeMap<String, u32> = bench.service.world(|world| world.versions().into_iter().collect());

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
        seen.take(&bench, poll.payload.get());
        state = poll.state;
    }

    let mut quiet = 0;
    for _ in 0..LAST_POLLS {
        // Longer than any overlap that a trigger looks back.
        bench.service.world(|world| world.advance(Duration::from_secs(300)));
        let poll = bench.poll(trigger, &inputs, Some(&state)).await;
        let poll = poll.map_err(|failure| failed("a poll after the last change", &failure))?;
        tally.polls += 1;
        seen.take(&bench, poll.payload.get());
        state = poll.state;
        quiet = if poll.no_changes && !poll.more { quiet + 1 } else { 0 };
        if quiet == 3 {
            break;
        }
    }
    if quiet < 3 {
        return Ok(Some(format!("{LAST_POLLS} polls after the last change it still finds some")));
    }
    let lost = bench.service.world(|world| {
        let changed = world.versions().into_iter().filter(|(id, version)| before.get(id) != Some(version));
        let changed: Vec<(String, u32)> = changed.collect();
        tally.changes += changed.len() as u64;
        changed.into_iter().find(|(id, version)| seen.delivered.get(id) != Some(version))
    });
    tally.delivered += seen.delivered.len() as u64;
    Ok(lost.map(|(id, version)| {
        let was = match seen.delivered.get(&id) {
            Some(was) => format!("as version {was}"),
            None => "never".to_owned(),
        };
        let how = if paging.by_place { "place" } else { "record" };
        format!(
            "{id}, of version {version} at the end, was delivered {was} (pages of {}, cursors by {how})",
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

/// What was delivered: of each record, the last version.
struct Seen<'l> {
    lists: &'l [RecordList],
    delivered: BTreeMap<String, u32>,
}

impl Seen<'_> {
    fn take(&mut self, bench: &Bench, payload: &str) {
        let known = bench.service.world(|world| world.versions());
        for (_, list) in found(payload, self.lists).unwrap_or_default() {
            for record in items(list).into_iter().flatten() {
                for (id, version) in known.iter().filter(|(id, _)| record.contains(id.as_str())) {
                    let is = (1..=*version).rev().find(|version| record.contains(&mark(id, *version)));
                    if let Some(is) = is {
                        self.delivered.insert(id.clone(), is);
                    }
                }
            }
        }
    }
}
