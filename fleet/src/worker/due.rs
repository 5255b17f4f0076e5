//! When a trigger is polled. Pure.

use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use crate::model::TriggerId;

/// The next time after `from` at which a trigger is polled by its schedule: always the same places of the clock for a
/// trigger, whoever polls it, and spread over the pause for all of them, so that thousands that are taken or configured
/// at once are not polled at once. `now` is one moment by both clocks.
pub(super) fn on_schedule(id: &TriggerId, every: Duration, from: Instant, now: (Instant, SystemTime)) -> Instant {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(id.to_string()).into();
    let phase = every.mul_f64(f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX));
    let since_1970 = (now.1.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
        + from.saturating_duration_since(now.0))
    .saturating_sub(now.0.saturating_duration_since(from));
    let every = every.as_nanos().max(1);
    let into = (since_1970.as_nanos() + every - phase.as_nanos() % every) % every;
    // Below a day's worth of nanoseconds.
    from + Duration::from_nanos(u64::try_from(every - into).unwrap_or_default())
}

/// The poll after one that was due at `due`. On schedule where nothing speaks against it, and half a pause or more
/// after that one; a poll that was missed, because the one before it took so long, is not made up for.
pub(super) fn next(
    id: &TriggerId,
    due: Instant,
    every: Duration,
    pause: Duration,
    now: (Instant, SystemTime),
) -> Instant {
    if pause == every {
        return on_schedule(id, every, (due + every / 2).max(now.0), now);
    }
    // After errors, and while more waits: not all of them at the same moment again.
    now.0 + pause.mul_f64(fastrand::f64().mul_add(0.2, 0.9))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn now() -> (Instant, SystemTime) {
        (Instant::now(), SystemTime::now())
    }

    #[test]
    fn triggers_that_are_taken_at_once_are_spread_over_their_pause() {
        let now = now();
        let mut tenths = [0; 10];
        for n in 0..10_000 {
            let id = format!("acme/p{n}").parse().unwrap();
            let wait = on_schedule(&id, 10 * SECOND, now.0, now) - now.0;
            assert!(wait > Duration::ZERO && wait <= 10 * SECOND);
            tenths[usize::try_from(wait.as_secs()).unwrap().min(9)] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
    }

    #[test]
    fn a_trigger_keeps_its_place_of_the_clock_whoever_polls_it() {
        let id = "acme/parts".parse().unwrap();
        let start = (Instant::now(), SystemTime::UNIX_EPOCH + 86_400 * SECOND);
        // From every place of the pause: the first poll is before `later` for some of them, and after it for others.
        for tenth in 0..100 {
            let now = (start.0 + tenth * SECOND / 10, start.1 + tenth * SECOND / 10);
            let first = on_schedule(&id, 10 * SECOND, now.0, now);
            let later = (now.0 + 3 * SECOND, now.1 + 3 * SECOND);
            let again = on_schedule(&id, 10 * SECOND, first, later);
            assert_eq!(again - first, 10 * SECOND, "{tenth}");
            assert_eq!(next(&id, first, 10 * SECOND, 10 * SECOND, later), again, "{tenth}");
            // Polled at once because its owner changed it: back on its place after it, and not a moment later.
            let after = next(&id, now.0, 10 * SECOND, 10 * SECOND, later);
            assert!((after == first || after == again) && after - now.0 >= 5 * SECOND, "{tenth}");
        }
    }

    #[test]
    fn a_trigger_does_not_make_up_for_what_it_missed() {
        let (now, id) = (now(), "acme/parts".parse().unwrap());
        let late = (now.0 + 65 * SECOND, now.1 + 65 * SECOND);
        let after = next(&id, now.0, 10 * SECOND, 10 * SECOND, late);
        assert!(after > late.0 && after <= late.0 + 10 * SECOND);
    }

    #[test]
    fn other_pauses_are_kept_within_a_tenth() {
        let (now, id) = (now(), "acme/parts".parse().unwrap());
        for _ in 0..100 {
            let wait = next(&id, now.0, 10 * SECOND, 20 * SECOND, now) - now.0;
            assert!((18 * SECOND..=22 * SECOND).contains(&wait), "{wait:?}");
        }
    }
}
