//! When a request is sent again: exponential backoff with full jitter, the service's `Retry-After` heeded in both of
//! its forms, never beyond the time that the call has left. Pure: the caller sleeps.

use std::time::{Duration, SystemTime};

use http::StatusCode;

/// Sends of one request in all. Three retries get over a restart or a short rate limit; what lasts longer is for the
/// caller's schedule.
pub(super) const MOST_ATTEMPTS: u32 = 4;
/// The widest first wait; it doubles with every attempt.
const BASE: Duration = Duration::from_millis(250);
/// The widest wait without the service's own wish.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// Whether an answer of this status says that the same request may succeed later.
pub(super) fn is_worth_another(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// How long to wait after attempt number `attempt` (the first is 1) before the next; none to give up. `random` is from
/// 0 to 1, `remaining` what the call has left.
pub(super) fn wait_before_next(
    attempt: u32,
    retry_after: Option<Duration>,
    remaining: Duration,
    random: f64,
) -> Option<Duration> {
    if attempt >= MOST_ATTEMPTS {
        return None;
    }
    let widest = BASE.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_BACKOFF);
    let jittered = widest.mul_f64(random.clamp(0.0, 1.0));
    // Jitter on top of the service's wish keeps many callers that were told the same from coming back at once.
    let wait = retry_after.map_or(jittered, |wish| wish.saturating_add(jittered));
    // An answer takes time too: a wait that leaves nothing for it is not worth beginning.
    (wait < remaining).then_some(wait)
}

/// Reads `Retry-After`: whole seconds, or an HTTP date.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_widest_wait_doubles_and_the_last_attempt_is_final() {
        let waits: Vec<_> = (1..=4).map(|attempt| wait_before_next(attempt, None, LONG, 1.0)).collect();
        assert_eq!(
            waits,
            [250, 500, 1000].map(|ms| Some(Duration::from_millis(ms))).into_iter().chain([None]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn jitter_reaches_from_nothing_to_the_widest_wait() {
        assert_eq!(wait_before_next(2, None, LONG, 0.0), Some(Duration::ZERO));
        assert_eq!(wait_before_next(2, None, LONG, 0.5), Some(Duration::from_millis(250)));
    }

    #[test]
    fn the_services_wish_is_the_least_that_is_waited() {
        let wish = Some(Duration::from_secs(3));
        assert_eq!(wait_before_next(1, wish, LONG, 0.0), wish);
        assert!(wait_before_next(1, wish, LONG, 1.0) > wish);
    }

    #[test]
    fn a_wait_beyond_the_deadline_is_not_begun() {
        assert_eq!(wait_before_next(1, Some(Duration::from_secs(60)), LONG, 0.0), None);
        assert_eq!(wait_before_next(1, None, Duration::from_millis(100), 1.0), None);
        assert_eq!(wait_before_next(1, Some(Duration::MAX), LONG, 1.0), None);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Fri, 14 Jun 2024 14:58:00 GMT").unwrap();
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Fri, 14 Jun 2024 14:58:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Fri, 14 Jun 2024 14:00:00 GMT", now), Some(Duration::ZERO));
        for bad in ["", "-1", "soon", "1.5", "99999999999999999999999"] {
            assert_eq!(retry_after(bad, now), None, "{bad}");
        }
    }

    #[test]
    fn only_answers_that_say_later_are_worth_another_attempt() {
        for code in [429, 502, 503, 504] {
            assert!(is_worth_another(StatusCode::from_u16(code).unwrap()), "{code}");
        }
        for code in [200, 301, 400, 401, 403, 404, 408, 500, 501] {
            assert!(!is_worth_another(StatusCode::from_u16(code).unwrap()), "{code}");
        }
    }
}
