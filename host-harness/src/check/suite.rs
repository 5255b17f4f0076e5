//! The checks, in order.

use std::sync::Arc;

use host::{Connector, Limits};

use super::bench::{Bench, Watched};
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

/// A check by its name.
struct Check {
    name: &'static str,
    rule: &'static str,
    way_out: &'static str,
}

const IMPORTS: Check = Check {
    name: "imports",
    rule: "it asks its host for http and log, and for nothing else",
    way_out: "build it for wasm32-unknown-unknown, and look at what `inspect` lists",
};
const MANIFEST: Check = Check {
    name: "manifest",
    rule: "its manifest fits manifest.schema.json, and no key is there twice",
    way_out: "correct what describe() returns",
};
const EXAMPLES: Check = Check {
    name: "examples",
    rule: "schemas are schemas, and examples and defaults fit them, each input's its own",
    way_out: "make the example from a real result, or correct the schema",
};
const UNKNOWN_KEYS: Check = Check {
    name: "unknown-keys",
    rule: "a key that is not there is unknown-key, and nothing is sent",
    way_out: "give unknown-key where no operation has the key",
};
const MISSING_SECRET: Check = Check {
    name: "missing-secret",
    rule: "what is called like a secret is marked as one, and a connection without it is refused by its name, with \
           nothing sent",
    way_out: "mark the field as secret and as required",
};
const BAD_INPUTS: Check = Check {
    name: "bad-inputs",
    rule: "an input that is missing or of another kind is invalid-input with its name, and nothing is sent",
    way_out: "read all inputs before the first request, and name every one that is wrong",
};
const GOOD_CALLS: Check = Check {
    name: "good-calls",
    rule: "every operation takes its own examples, asks only for what the manifest says, and gives what its schema \
           says",
    way_out: "run the operation with --record on a service, and hold the result against the schema",
};
const TROUBLES: Check = Check {
    name: "troubles",
    rule: "what a service in trouble answers is told apart by the kind of the error",
    way_out: "map statuses and bodies to the contract's errors, and take nothing else for an answer",
};
const LOGS: Check = Check {
    name: "logs",
    rule: "no secret stands in the log, and no record or input at level info or above",
    way_out: "leave secrets to the host, which puts them into headers, and log bodies at level debug or below",
};
const STATE_ROUND_TRIP: Check = Check {
    name: "state-round-trip",
    rule: "a first poll delivers nothing, and two polls from one state give the same",
    way_out: "put all that a poll depends on into its state",
};
const STATE_REFUSED: Check = Check {
    name: "state-refused",
    rule: "garbage, half a state, and the state of another service or of other inputs are invalid-state",
    way_out: "write a check value, the endpoint and the inputs into the state, and look at them first",
};
const PAYLOADS: Check = Check {
    name: "payloads",
    rule: "every payload that a trigger delivers, whichever poll it is, is what its schema says",
    way_out: "poll twice with --state and --record, with a change between, and hold the payload against the schema",
};
const LOSES_NOTHING: Check = Check {
    name: "loses-nothing",
    rule: "every change is delivered, whatever happens between two polls and between two pages",
    way_out: "page from the last change back to where the poll before began, with an overlap, and remember what was \
              delivered; play one history again with --seed and --histories 1",
};
const BOUNDS: Check = Check {
    name: "bounds",
    rule: "no call uses more requests, bytes, memory or time than every host allows",
    way_out: "page by hundreds and stop where the list ends, let go of what was handed over, and hold lists in parts",
};
const OLDER_STATE: Check = Check {
    name: "older-state",
    rule: "a state that the older version wrote is taken, and what changed since is found",
    way_out: "read the old layout of the state too",
};
const VERSION: Check = Check {
    name: "version",
    rule: "the version's number says what a flow would notice, by semantic versioning",
    way_out: "raise the version, or take the change back",
};

const LIVE_CONNECTION: Check = Check {
    name: "live-connection",
    rule: "on the service itself, the connection is good and says whose it is",
    way_out: "`harness doctor` says what keeps a call from working",
};
const LIVE_CALLS: Check = Check {
    name: "live-calls",
    rule: "on the service itself, what only reads gives what its schema says",
    way_out: "run the operation with --record, and correct the schema or the operation",
};
const LIVE_TRIGGERS: Check = Check {
    name: "live-triggers",
    rule: "on the service itself, a trigger begins with nothing and goes on from its state",
    way_out: "run `harness poll` twice with --state and --record, and look at what was answered",
};

/// Where a connector says nothing of its service.
const HINT: &str = "; --service FILE has a recording in its place";

/// Runs all of it. `heard` is told of each check as it is done.
pub(crate) async fn run(subject: &Subject, mut heard: impl FnMut(&Done)) -> Vec<Done> {
    let Subject { connector, older, limits, histories, seed, recorded, live } = subject;
    let definition = connector.definition();
    let watched = Watched::of(connector, limits);
    let mut all = Vec::new();
    let mut done = |check: Check, verdict: Verdict| {
        let way_out = verdict.is_failed().then_some(check.way_out);
        let done = Done { check: check.name, rule: check.rule, verdict, way_out };
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
