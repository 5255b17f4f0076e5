//! The checks: what each is called, what has to hold, and what to do where it does not.

use super::{Done, Verdict};

/// A check by its name.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) rule: &'static str,
    pub(super) way_out: &'static str,
}

pub(super) const IMPORTS: Check = Check {
    name: "imports",
    rule: "it asks its host for http and log, and for nothing else",
    way_out: "build it for wasm32-unknown-unknown, and look at what `inspect` lists",
};
pub(super) const MANIFEST: Check = Check {
    name: "manifest",
    rule: "it offers a contract that hosts speak, its manifest fits manifest.schema.json, and no key is there twice",
    way_out: "build it on the contract of wit/, and correct what describe() returns",
};
pub(super) const EXAMPLES: Check = Check {
    name: "examples",
    rule: "schemas are schemas, and examples and defaults fit them, each input's its own",
    way_out: "make the example from a real result, or correct the schema",
};
pub(super) const UNKNOWN_KEYS: Check = Check {
    name: "unknown-keys",
    rule: "a key that is not there is unknown-key, and nothing is sent",
    way_out: "give unknown-key where no operation has the key",
};
pub(super) const MISSING_SECRET: Check = Check {
    name: "missing-secret",
    rule: "what is called like a secret is marked as one, and a connection without it is refused by its name, with \
           nothing sent",
    way_out: "mark the field as secret and as required",
};
pub(super) const BAD_INPUTS: Check = Check {
    name: "bad-inputs",
    rule: "an input that is missing or of another kind is invalid-input with its name, and nothing is sent",
    way_out: "read all inputs before the first request, and name every one that is wrong",
};
pub(super) const GOOD_CALLS: Check = Check {
    name: "good-calls",
    rule: "every operation takes its own examples, asks only for what the manifest says, and gives what its schema \
           says",
    way_out: "run the operation with --record on a service, and hold the result against the schema",
};
pub(super) const TROUBLES: Check = Check {
    name: "troubles",
    rule: "what a service in trouble answers is told apart by the kind of the error",
    way_out: "map statuses and bodies to the contract's errors, and take nothing else for an answer",
};
pub(super) const LOGS: Check = Check {
    name: "logs",
    rule: "no secret stands in the log, and no record or input at level info or above",
    way_out: "leave secrets to the host, which puts them into headers, and log bodies at level debug or below",
};
pub(super) const STATE_ROUND_TRIP: Check = Check {
    name: "state-round-trip",
    rule: "a first poll delivers nothing, and two polls from one state give the same",
    way_out: "put all that a poll depends on into its state",
};
pub(super) const STATE_REFUSED: Check = Check {
    name: "state-refused",
    rule: "garbage, half a state, and the state of another service, of other inputs, or of another account where the \
           trigger is told whose the records are, are invalid-state",
    way_out: "write a check value, the endpoint, the inputs and whose the records are, where that is told, into the \
              state, and look at them first",
};
pub(super) const PAYLOADS: Check = Check {
    name: "payloads",
    rule: "every payload that a trigger delivers, whichever poll it is, is what its schema says",
    way_out: "poll twice with --state and --record, with a change between, and hold the payload against the schema",
};
pub(super) const LOSES_NOTHING: Check = Check {
    name: "loses-nothing",
    rule: "every change is delivered, whatever happens between two polls and between two pages",
    way_out: "page from the last change back to where the poll before began, with an overlap, and remember what was \
              delivered; play one history again with --seed and --histories 1",
};
pub(super) const BOUNDS: Check = Check {
    name: "bounds",
    rule: "no call uses more requests, bytes, memory or time than every host allows",
    way_out: "page by hundreds and stop where the list ends, let go of what was handed over, and hold lists in parts",
};
pub(super) const OLDER_STATE: Check = Check {
    name: "older-state",
    rule: "a state that the older version wrote is taken, and what changed since is found",
    way_out: "read the old layout of the state too",
};
pub(super) const VERSION: Check = Check {
    name: "version",
    rule: "the version's number says what a flow would notice, by semantic versioning",
    way_out: "raise the version, or take the change back",
};

pub(super) const LIVE_CONNECTION: Check = Check {
    name: "live-connection",
    rule: "on the service itself, the connection is good and says whose it is",
    way_out: "`harness doctor` says what keeps a call from working",
};
pub(super) const LIVE_CALLS: Check = Check {
    name: "live-calls",
    rule: "on the service itself, what only reads gives what its schema says",
    way_out: "run the operation with --record, and correct the schema or the operation",
};
pub(super) const LIVE_TRIGGERS: Check = Check {
    name: "live-triggers",
    rule: "on the service itself, a trigger begins with nothing and goes on from its state",
    way_out: "run `harness poll` twice with --state and --record, and look at what was answered",
};

impl Check {
    /// The check with what came of it.
    pub(super) fn done(&self, verdict: Verdict) -> Done {
        let way_out = verdict.is_failed().then_some(self.way_out);
        Done { check: self.name, rule: self.rule, verdict, way_out }
    }
}
