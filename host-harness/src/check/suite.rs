//! The checks, in order.

use std::sync::Arc;

use host::{Connector, Limits};

use super::bench::{Bench, Watched};
use super::checks::{
    BAD_INPUTS, BOUNDS, Check, EXAMPLES, GOOD_CALLS, IMPORTS, LIVE_CALLS, LIVE_CONNECTION, LIVE_TRIGGERS, LOGS,
    LOSES_NOTHING, MANIFEST, MISSING_SECRET, OLDER_STATE, PAYLOADS, STATE_REFUSED, STATE_ROUND_TRIP, TROUBLES,
    UNKNOWN_KEYS, VERSION,
};
use super::{Done, Live, Verdict, calls, declared, histories, live, logs, states, troubles, versions};
use crate::recording::Recording;

/// What is checked, and how thoroughly.
pub(crate) struct Subject {
    pub(crate) connector: Connector,
    /// An earlier version of it.
    pub(crate) older: Option<Connector>,
    pub(crate) limits: Arc<Limits>,
    /// Histories that are played against each trigger.
    pub(crate) histories: u64,
    /// The first of them.
    pub(crate) seed: u64,
    /// What answers in the place of a made-up service.
    pub(crate) recorded: Option<Recording>,
    /// A real service to try it on too.
    pub(crate) live: Option<Live>,
}

/// Where a connector says nothing of its service.
const HINT: &str = "; --service FILE has a recording in its place";

/// Runs all of it. `heard` is told of each check as it is done.
pub(crate) async fn run(subject: &Subject, mut heard: impl FnMut(&Done)) -> Vec<Done> {
    let Subject { connector, older, limits, histories, seed, recorded, live } = subject;
    let definition = connector.definition();
    let watched = Watched::of(connector, limits);
    let mut all = Vec::new();
    let mut done = |check: Check, verdict: Verdict| {
        let done = check.done(verdict);
        heard(&done);
        all.push(done);
    };
    done(IMPORTS, imports(connector));
    done(MANIFEST, declared::manifest(definition));
    done(EXAMPLES, declared::examples(definition));
    let served = match recorded {
        Some(recording) => Bench::recorded(connector, &watched, recording).map_err(|why| format!("--service: {why}")),
        None => Bench::new(connector, &watched).map_err(|why| format!("no service can be made up for it: {why}{HINT}")),
    };
    // What is refused before anything is sent needs no service.
    match &served {
        Ok(bench) => refusals(bench, &mut done).await,
        Err(_) => match Bench::alone(connector, &watched) {
            Ok(bench) => refusals(&bench, &mut done).await,
            Err(why) => [UNKNOWN_KEYS, MISSING_SECRET, BAD_INPUTS, TROUBLES]
                .into_iter()
                .for_each(|check| done(check, Verdict::not_checked(why.clone()))),
        },
    }
    match &served {
        Ok(bench) => {
            done(GOOD_CALLS, calls::good(bench).await);
            done(LOGS, logs::without_secrets(bench).await);
        }
        Err(why) => [GOOD_CALLS, LOGS].into_iter().for_each(|check| done(check, Verdict::not_checked(why.clone()))),
    }
    let why_not = match &served {
        _ if definition.triggers.is_empty() => Some("it has no trigger".to_owned()),
        Err(why) => Some(why.clone()),
        Ok(_) => None,
    };
    match (&served, why_not) {
        (Ok(bench), None) => {
            done(STATE_ROUND_TRIP, states::round_trip(bench).await);
            done(STATE_REFUSED, states::refused(bench).await);
            done(
                LOSES_NOTHING,
                match recorded {
                    Some(_) => Verdict::not_checked("what was recorded does not change between two polls"),
                    None => histories::lose_nothing(connector, &watched, *histories, *seed).await,
                },
            );
            done(PAYLOADS, watched.payloads.verdict());
        }
        (_, why) => [STATE_ROUND_TRIP, STATE_REFUSED, LOSES_NOTHING, PAYLOADS]
            .into_iter()
            .for_each(|check| done(check, Verdict::not_checked(why.clone().unwrap_or_default()))),
    }
    done(BOUNDS, watched.used.verdict());
    if let Some(older) = older {
        let verdict = match Bench::new(connector, &watched) {
            Ok(bench) => states::older(older, &bench, &Watched::of(older, limits)).await,
            Err(why) => Verdict::not_checked(why),
        };
        done(OLDER_STATE, verdict);
        done(VERSION, versions::compared(older.definition(), definition));
    }
    if let Some(live) = live {
        done(LIVE_CONNECTION, live::connection(live).await);
        done(LIVE_CALLS, live::calls(live).await);
        if definition.triggers.is_empty() {
            done(LIVE_TRIGGERS, Verdict::not_checked("it has no trigger"));
        } else {
            done(LIVE_TRIGGERS, live::triggers(live).await);
        }
    }
    all
}

/// What is to be refused, and what a service in trouble comes to.
async fn refusals(bench: &Bench, done: &mut impl FnMut(Check, Verdict)) {
    done(UNKNOWN_KEYS, calls::unknown_keys(bench).await);
    done(MISSING_SECRET, calls::missing_secret(bench).await);
    done(BAD_INPUTS, calls::bad(bench).await);
    done(TROUBLES, troubles::told(bench).await);
}

fn imports(connector: &Connector) -> Verdict {
    let imports = connector.imports();
    if connector.needs_only_http_and_log() {
        return Verdict::passed(imports.join(", "));
    }
    Verdict::Failed { problems: imports.iter().map(|name| format!("it imports {name}")).collect() }
}
