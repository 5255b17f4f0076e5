//! From what was heard to what is written: without what is not to be in it, and tried once.

use std::collections::HashMap;
use std::sync::Arc;

use host::{Connector, Limits};

use super::bytes_text::BytesText;
use super::call::Call;
use super::component::Component;
use super::file::Recording;
use super::recorder::{Kept, MOST_BYTES};
use super::redaction::Redaction;
use super::replay::{Replayed, replay};

/// A recording, and what its reader should know.
pub(crate) struct Finished {
    pub(crate) recording: Recording,
    /// A sentence each.
    pub(crate) warnings: Vec<String>,
}

/// Takes out what is not to be written, and makes every call again without a network. Where something was taken out,
/// what the calls come to without it is what is recorded.
pub(crate) async fn finish(
    connector: &Connector,
    component: Component,
    kept: Kept,
    redaction: &Redaction,
    limits: &Arc<Limits>,
) -> Finished {
    let Kept { mut calls, mut own, left_out } = kept;
    let mut warnings = Vec::new();
    if left_out > 0 {
        let most = MOST_BYTES >> 20;
        warnings.push(format!("the recording is full at {most} MiB: the last {left_out} calls are not in it"));
    }
    let was_redacted = redaction.apply(&mut calls, &mut own);
    if was_redacted && !own.is_empty() {
        warnings.push(
            "something was taken out of what is recorded: `harness verify --answer-from` may find otherwise with it, or \
             nothing that answers"
                .to_owned(),
        );
    }
    let mut states: HashMap<BytesText, BytesText> = HashMap::new();
    for (call, number) in calls.iter_mut().zip(1..) {
        let title = format!("call {number} of the recording ({})", call.title());
        if let Some(state) = call.asked.state.as_mut()
            && let Some(now) = states.get(state)
        {
            *state = now.clone();
        }
        let before = call.made.state();
        match replay(connector, call, limits).await {
            Err(problem) => warnings.push(format!("{title} cannot be replayed: {problem}")),
            Ok(replayed) => warnings.extend(settle(call, replayed, was_redacted).map(|said| format!("{title} {said}"))),
        }
        if let (Some(before), Some(now)) = (before, call.made.state()) {
            states.insert(before, now);
        }
    }
    Finished { recording: Recording { component: Some(component), calls, loose: own }, warnings }
}

/// What the call is recorded as; gives what is to be said of it.
fn settle(call: &mut Call, replayed: Replayed, was_redacted: bool) -> Option<String> {
    if replayed.differences.is_empty() {
        return None;
    }
    if was_redacted {
        let ended_well = call.made.is_result();
        if let Err(problem) = replayed.take_into(call) {
            return Some(format!("does not replay without what was taken out: {problem}"));
        }
        return (call.made.is_result() != ended_well).then(|| "ends otherwise without what was taken out".to_owned());
    }
    let first = replayed.differences.first().map(|difference| difference.place.as_str()).unwrap_or_default();
    Some(format!("does not replay as it was: {first} differs"))
}
