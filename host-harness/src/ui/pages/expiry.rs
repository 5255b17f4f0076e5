//! When the credentials of the connection end: in the navigation where that is soon, and all of them on the
//! connection's page, in the same words.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use maud::{Markup, html};

use super::count;
use crate::ui::held::Held;

/// A day, in seconds.
const DAY: u64 = 24 * 3600;
/// A credential that ends within this is soon to be renewed.
const SOON: Duration = Duration::from_secs(30 * DAY);

/// Of the credential that ends first, how it stands, if it ends soon enough to say so everywhere.
pub(super) fn first(held: Option<&Held>) -> Markup {
    let now = SystemTime::now();
    let end = held.and_then(|held| held.connection.expiries().iter().map(|(_, end)| *end).min());
    html! { @if let Some(end) = end.filter(|end| *end < now + SOON) { " · " (said(end, now)) } }
}

/// Every credential that ends, with the day and the way to a new one.
pub(super) fn all(held: Option<&Held>) -> Markup {
    let now = SystemTime::now();
    html! {
        @for (field, end) in held.map(|held| held.connection.expiries()).unwrap_or_default() {
            p .expiry {
                (field) " " (said(*end, now))
                @if *end > now { ", on " (day(*end)) ". Renew it before with " } @else { " on " (day(*end)) ". A new one can be typed in here; the next one is renewed before its end with " }
                code { "harness key renew" } "."
            }
        }
    }
}

/// How a credential stands that ends then.
fn said(end: SystemTime, now: SystemTime) -> String {
    match end.duration_since(now).unwrap_or_default().as_secs() {
        _ if end <= now => "expired".to_owned(),
        ..DAY => "expires within a day".to_owned(),
        left => format!("expires in {}", count(left / DAY, "day")),
    }
}

/// The day of a time.
fn day(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "a day far off".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_has_expired_and_nothing_expires_in_no_days() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let at = |seconds: u64| said(now + Duration::from_secs(seconds), now);
        assert_eq!((said(now, now), said(now - Duration::from_secs(1), now)), ("expired".into(), "expired".into()));
        assert_eq!([at(1), at(DAY - 1)], ["expires within a day", "expires within a day"]);
        assert_eq!([at(DAY), at(3 * DAY + 5)], ["expires in 1 day", "expires in 3 days"]);
    }
}
