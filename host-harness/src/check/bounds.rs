//! What calls use: the most of all that were made, held against what a host allows by default.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use host::{CallEnd, CallError, Limit, Trace};

use super::Verdict;

/// What a call used of something.
type Amount = fn(&Trace) -> u64;

/// What is looked at, and what of it a call used.
const WATCHED: [(Limit, Amount); 5] = [
    (Limit::Requests, |trace| trace.requests),
    (Limit::SentBytes, |trace| trace.sent_bytes),
    (Limit::ReceivedBytes, |trace| trace.received_bytes),
    (Limit::Memory, |trace| trace.memory_bytes),
    (Limit::Deadline, |trace| u64::try_from(trace.duration.as_millis()).unwrap_or(u64::MAX)),
];

/// What all calls of a check used.
#[derive(Default)]
pub(super) struct Used(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    calls: u64,
    /// The most of one call, and whose it was.
    most: [(u64, String); WATCHED.len()],
    /// Calls that the host ended, each limit of an operation once.
    stopped: BTreeSet<String>,
}

impl Used {
    /// Counts a call that has ended.
    pub(super) fn note(&self, end: &CallEnd<'_>) {
        let kind = end.kind.name();
        let name = end.operation.map_or_else(|| kind.to_owned(), |key| format!("{kind} {key}"));
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.calls += 1;
        for ((_, used), most) in WATCHED.iter().zip(&mut inner.most) {
            let used = used(end.trace);
            if used > most.0 {
                *most = (used, name.clone());
            }
        }
        if let Some(CallError::Limit { exceeded, .. }) = end.error {
            inner.stopped.insert(format!("{name}: {} goes over {}", exceeded.limit.name(), exceeded.value()));
        }
    }

    /// Whether all calls kept within what every host allows.
    pub(super) fn verdict(&self) -> Verdict {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut problems: Vec<String> = inner.stopped.iter().cloned().collect();
        let mut figures = Vec::new();
        for ((limit, _), (used, name)) in WATCHED.iter().zip(&inner.most) {
            let (used_shown, allowed) = (limit.shown(*used), limit.shown(limit.default()));
            if *used > limit.default() {
                problems.push(format!("{name}: {} is {used_shown}, and a host allows {allowed}", limit.name()));
            }
            figures.push(format!("{} {used_shown} of {allowed}", limit.name()));
        }
        Verdict::of(problems, format!("{} calls, at most: {}", inner.calls, figures.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use host::{LimitExceeded, OperationKind};

    use super::*;

    fn end<'a>(trace: &'a Trace, error: Option<&'a CallError>) -> CallEnd<'a> {
        let (kind, operation) = (OperationKind::Action, Some("list"));
        CallEnd { connector: "one", version: "1.0.0", kind, operation, error, trace }
    }

    #[test]
    fn the_most_of_all_calls_is_told_and_what_no_host_allows_is_found() {
        let used = Used::default();
        used.note(&end(&Trace { requests: 3, memory_bytes: 1 << 20, ..Trace::default() }, None));
        used.note(&end(&Trace { requests: 2, duration: Duration::from_millis(7), ..Trace::default() }, None));
        let Verdict::Passed { tried } = used.verdict() else { panic!("{:?}", used.verdict()) };
        for part in ["2 calls", "requests 3 of 200", "memory 1 MiB of 64 MiB", "deadline 7 ms of 60 s"] {
            assert!(tried.contains(part), "{part}: {tried}");
        }
        used.note(&end(&Trace { requests: 201, ..Trace::default() }, None));
        let exceeded = LimitExceeded { limit: Limit::Memory, allowed: 64 << 20 };
        for _ in 0..2 {
            used.note(&end(&Trace::default(), Some(&CallError::Limit { exceeded, answer: None })));
        }
        let found = Verdict::Failed {
            problems: vec![
                "action list: memory goes over 64 MiB".into(),
                "action list: requests is 201, and a host allows 200".into(),
            ],
        };
        assert_eq!(used.verdict(), found);
    }
}
