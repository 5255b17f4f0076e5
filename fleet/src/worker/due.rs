//! When a trigger is polled. Pure.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::model::TriggerId;

/// The first poll of a trigger that this worker has taken: somewhere within one pause from now on, and at the same place
/// for a trigger always, so that thousands that are taken at once are not polled at once.
pub(super) fn first(id: &TriggerId, every: Duration, now: Instant) -> Instant {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(id.to_string()).into();
    let part = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
    now + every.mul_f64(part)
}

/// The poll after one that was due at `due`. On schedule where nothing speaks against it; a poll that was missed, because
/// the one before it took so long, is not made up for.
pub(super) fn next(due: Instant, every: Duration, pause: Duration, now: Instant) -> Instant {
    if pause == every {
        let next = due + every;
        return if next + every < now { now } else { next };
    }
    // After errors, and while more waits: not all of them at the same moment again.
    now + pause.mul_f64(fastrand::f64().mul_add(0.2, 0.9))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn triggers_that_are_taken_at_once_are_spread_over_their_pause() {
        let now = Instant::now();
        let mut tenths = [0; 10];
        for n in 0..10_000 {
            let wait = first(&format!("acme/p{n}").parse().unwrap(), 10 * SECOND, now) - now;
            tenths[usize::try_from(wait.as_secs()).unwrap().min(9)] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
        let id = "acme/parts".parse().unwrap();
        assert_eq!(first(&id, 10 * SECOND, now), first(&id, 10 * SECOND, now));
    }

    #[test]
    fn a_trigger_stays_on_its_schedule_and_does_not_make_up_for_what_it_missed() {
        let due = Instant::now();
        assert_eq!(next(due, 10 * SECOND, 10 * SECOND, due + 3 * SECOND), due + 10 * SECOND);
        assert_eq!(next(due, 10 * SECOND, 10 * SECOND, due + 15 * SECOND), due + 10 * SECOND);
        assert_eq!(next(due, 10 * SECOND, 10 * SECOND, due + 65 * SECOND), due + 65 * SECOND);
    }

    #[test]
    fn other_pauses_are_kept_within_a_tenth() {
        let due = Instant::now();
        for _ in 0..100 {
            let wait = next(due, 10 * SECOND, 20 * SECOND, due + SECOND) - due - SECOND;
            assert!((18 * SECOND..=22 * SECOND).contains(&wait), "{wait:?}");
        }
    }
}
