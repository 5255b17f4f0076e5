//! One call as the page keeps and explains it: the result or the error with the way out, what it used, the exchanges
//! and the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use host::contract::{Error, Failure, InputProblem};
use host::egress::{Grant, Secrets};
use host::text::cut;
use host::{CallError, CallFailure, Exchange, ExchangeOutcome, Outcome, Trace};
use serde_json::value::RawValue;

use crate::flags::Flags;
use crate::may_be_done::{self, may_be_done};

/// A message, as of all that an error says, is kept up to this many bytes.
const LONGEST_MESSAGE: usize = 8 * 1024;
/// Inputs that are to blame, of which a form can show no more.
const MOST_PROBLEMS: usize = 100;

/// The kind of error of a run that somebody stopped: the one that the contract does not have.
pub(super) const STOPPED: &str = "stopped";

/// The kinds of errors that a history may name.
const KINDS: [&str; 12] = [
    "unknown-key",
    "invalid-input",
    "unauthenticated",
    "forbidden",
    "not-found",
    "rate-limited",
    "service",
    "unexpected-response",
    "transport",
    "invalid-state",
    STOPPED,
    "other",
];

/// What a call came to.
#[derive(Clone)]
pub(super) struct Run {
    /// The result; none of one that succeeded and is no longer kept.
    pub(super) result: Result<Option<Arc<RawValue>>, Failed>,
    pub(super) trace: Trace,
    pub(super) finished: Instant,
}

/// An error as the page shows it.
#[derive(Debug, Clone)]
pub(super) struct Failed {
    /// The kind, as the contract spells it.
    pub(super) kind: &'static str,
    /// What happened.
    pub(super) message: String,
    /// What to do about it.
    pub(super) advice: &'static str,
    /// The inputs that are to blame.
    pub(super) problems: Vec<InputProblem>,
    /// Whether the same call may succeed later although nobody changes anything here.
    pub(super) may_pass: bool,
    /// The grants that the host missed; `refused` completes them.
    pub(super) grants: Vec<Grant>,
    /// The command line that gives them.
    pub(super) command: Option<String>,
}

impl From<&CallError> for Failed {
    fn from(error: &CallError) -> Self {
        let problems = match error.answer() {
            Some(Error::InvalidInput(problems)) => problems.iter().take(MOST_PROBLEMS).map(shortened).collect(),
            _ => Vec::new(),
        };
        Self {
            kind: error.kind(),
            message: cut(&error.told(&Flags).to_string(), LONGEST_MESSAGE).into_owned(),
            advice: advice(error),
            problems,
            may_pass: error.may_pass(),
            grants: missed(error),
            command: None,
        }
    }
}

impl Failed {
    /// A poll whose state was not taken over.
    pub(super) fn of_state(why: &str, may_pass: bool) -> Self {
        let advice = "Poll again: what this poll found is found again.";
        Self { kind: "other", message: why.into(), advice, may_pass, ..Self::no_connection() }
    }

    /// A run that somebody stopped; `changes` says whether it was to change something.
    pub(super) fn stopped(changes: bool) -> Self {
        let advice = if changes { may_be_done::ADVICE } else { "It changed nothing: run it again whenever you like." };
        Self { kind: STOPPED, message: "stopped before it ended".into(), advice, ..Self::no_connection() }
    }

    /// A run whose program ended before it did.
    pub(super) fn interrupted() -> Self {
        let message = "this program ended while it ran, and nobody knows how far it came".into();
        Self { message, ..Self::of_history(STOPPED, String::new(), 0) }
    }

    /// A fault of this program.
    pub(super) fn defect() -> Self {
        let advice = "This is a defect of the harness: report it with what the terminal shows.";
        let message = "the run was given up".into();
        Self { kind: "other", message, advice, ..Self::no_connection() }
    }

    /// A run of an earlier start that failed after so many requests, as the history has it.
    pub(super) fn of_history(kind: &str, message: String, requests: u64) -> Self {
        let kind = KINDS.iter().find(|known| **known == kind).copied().unwrap_or("other");
        // What one that was stopped had sent, nobody knows.
        let advice = match kind == STOPPED || may_be_done(kind, requests) {
            true => {
                "This run is of an earlier start. What it was to change, if anything, may have been done all the same: \
                 look whether it is there before you run it again."
            }
            false => "This run is of an earlier start: run it again to see its requests and log.",
        };
        Self { kind, message, advice, ..Self::no_connection() }
    }

    /// A call that was not made, because there is nothing to make it with.
    pub(super) fn no_connection() -> Self {
        Self {
            kind: "invalid-input",
            message: "there is no connection yet".into(),
            advice: "Fill in the connection first.",
            problems: Vec::new(),
            may_pass: false,
            grants: Vec::new(),
            command: None,
        }
    }
}

impl Run {
    pub(super) fn of<T>(outcome: Result<Outcome<T>, Box<CallFailure>>, value: impl FnOnce(T) -> Arc<RawValue>) -> Self {
        let (result, trace) = match outcome {
            Ok(outcome) => (Ok(Some(value(outcome.value))), outcome.trace),
            Err(failure) => (Err(Failed::from(&failure.error)), failure.trace),
        };
        Self { result, trace, finished: Instant::now() }
    }

    /// Notes of a run that was to change something that this may have happened although it failed.
    pub(super) fn note_what_may_be_done(&mut self) {
        if let Err(failed) = &mut self.result
            && may_be_done(failed.kind, self.trace.requests)
        {
            failed.advice = may_be_done::ADVICE;
        }
    }

    /// A run that did not begin.
    pub(super) fn refused(why: Failed) -> Self {
        Self { result: Err(why), trace: Trace::default(), finished: Instant::now() }
    }

    /// A run that was given up after this time: what it used is not known.
    pub(super) fn given_up(why: Failed, after: Duration) -> Self {
        Self { trace: Trace { duration: after, ..Trace::default() }, ..Self::refused(why) }
    }

    /// What it holds in memory, in bytes.
    pub(super) fn held_bytes(&self) -> u64 {
        let result = self.result.as_ref().ok().and_then(Option::as_ref).map_or(0, |value| value.get().len() as u64);
        result + self.trace.held_bytes()
    }

    /// The same run without anything that it came to or that was said of it: its connection was given up.
    pub(super) fn forgotten(&self) -> Self {
        let mut emptied = self.emptied();
        if let Err(failed) = &mut emptied.result {
            failed.message = "what was said is forgotten with the connection that it was said on".into();
            failed.problems = Vec::new();
            failed.command = None;
        }
        emptied.trace.refusals = Vec::new();
        emptied
    }

    /// The same run without these secrets in the words of its error.
    pub(super) fn scrubbed(&self, secrets: &Secrets) -> Self {
        let mut scrubbed = self.clone();
        if let Err(failed) = &mut scrubbed.result {
            failed.message = secrets.scrub(std::mem::take(&mut failed.message));
            for problem in &mut failed.problems {
                problem.message = secrets.scrub(std::mem::take(&mut problem.message));
            }
        }
        scrubbed
    }

    /// The same run without what takes room: how it ended and what it used.
    pub(super) fn emptied(&self) -> Self {
        let trace = Trace {
            duration: self.trace.duration,
            requests: self.trace.requests,
            sent_bytes: self.trace.sent_bytes,
            received_bytes: self.trace.received_bytes,
            memory_bytes: self.trace.memory_bytes,
            refusals: self.trace.refusals.clone(),
            exchanges_dropped: self.trace.exchanges_dropped + self.trace.exchanges.len() as u64,
            log_lines_dropped: self.trace.log_lines_dropped + self.trace.log.len() as u64,
            ..Trace::default()
        };
        Self { result: self.result.as_ref().map(|_| None).map_err(Clone::clone), trace, finished: self.finished }
    }
}

fn shortened(problem: &InputProblem) -> InputProblem {
    InputProblem { input: cut(&problem.input, 200).into_owned(), message: cut(&problem.message, 1_000).into_owned() }
}

fn missed(error: &CallError) -> Vec<Grant> {
    match error {
        CallError::Refused { refusals, .. } => refusals.iter().filter_map(|refusal| refusal.grant).collect(),
        _ => Vec::new(),
    }
}

fn advice(error: &CallError) -> &'static str {
    match error {
        CallError::Refused { refusals, .. } if refusals.iter().any(|refusal| refusal.grant.is_some()) => {
            "If you trust this address, start the page again with the flags that the message names."
        }
        CallError::Refused { refusals, .. } if refusals.iter().any(|refusal| refusal.restriction.is_some()) => {
            "This page was started with --read-only, so what may change data does not leave. Nothing was changed; \
             start the page again without that flag to run this."
        }
        CallError::Refused { .. } => "Check the connection's address.",
        CallError::Limit { .. } => "Ask for less, or start the page again with a higher limit.",
        CallError::Trap { .. } | CallError::BadResult(_) | CallError::Start(_) => {
            "This is a fault of the connector: report it with the log."
        }
        CallError::Connector(error) => connectors_advice(error),
        _ => "Read the message and the log.",
    }
}

fn connectors_advice(error: &Error) -> &'static str {
    match error {
        Error::UnknownKey(_) => "The connector has no such operation: reload the page.",
        Error::InvalidInput(_) => "Correct the marked inputs and run again. Nothing was sent.",
        Error::Unauthenticated(_) => "Check the key and the environment that it belongs to, or renew the key.",
        Error::Forbidden(_) => "Ask for the permission, or use the key of someone who has it.",
        Error::NotFound(_) => "Check the id: the record may have been deleted, or is another company's.",
        Error::RateLimited(_) => "Wait, then run again.",
        Error::Service(_) => "The message is the service's own; the requests show what was asked.",
        Error::UnexpectedResponse(_) => "Check the address: something else may answer there.",
        Error::Transport(Failure::Timeout) => {
            "The service is slow, or too much was asked for: ask for less, or try again."
        }
        Error::Transport(Failure::Denied(_)) => "Check the connection's address.",
        Error::Transport(_) => "Check the address and the network, then try again.",
        Error::InvalidState(_) => "Set the inputs back to what the state was made with, or reset the state.",
        _ => "Read the message and the log.",
    }
}

/// Which body of an exchange is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The request's.
    Request,
    /// The answer's.
    Answer,
}

impl Side {
    /// Its name in addresses.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }

    /// The side of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Request, Self::Answer].into_iter().find(|side| side.name() == name)
    }
}

/// A body of the `index`-th exchange, if there is one.
pub(super) fn body(trace: &Trace, index: usize, side: Side) -> Option<Bytes> {
    let exchange: &Exchange = trace.exchanges.get(index)?;
    match (side, &exchange.outcome) {
        (Side::Request, _) => Some(exchange.request_body.clone()),
        (Side::Answer, ExchangeOutcome::Answered { body, .. }) => Some(body.clone()),
        (Side::Answer, ExchangeOutcome::Failed(_)) => None,
    }
}
