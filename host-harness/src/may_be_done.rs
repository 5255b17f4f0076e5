//! Whether a call that failed may have changed something all the same. Pure.

/// What to do where it may.
pub(crate) const ADVICE: &str =
    "What it was to change may have been changed all the same: look whether it was before you run it again.";

/// The kinds of errors by which a service says no before it does anything.
const REFUSALS: [&str; 6] =
    ["invalid-input", "unknown-key", "unauthenticated", "forbidden", "not-found", "rate-limited"];

/// Whether a call to change something, which sent so many requests and ended with this kind of error, may have changed
/// it: its answer may be all that was lost.
pub(crate) fn may_be_done(kind: &str, requests: u64) -> bool {
    requests > 0 && !REFUSALS.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::may_be_done;

    #[test]
    fn what_was_refused_or_not_sent_was_not_done_and_nobody_knows_of_anything_else() {
        assert!(may_be_done("transport", 1) && may_be_done("service", 2) && may_be_done("unexpected-response", 1));
        assert!(!may_be_done("transport", 0) && !may_be_done("forbidden", 1) && !may_be_done("invalid-input", 3));
    }
}
