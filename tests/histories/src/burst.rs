//! What a poll costs in requests, at the bounds that ship: the histories of [`crate::draw`] have pages of a few
//! records, and joining these takes requests that pages of a hundred do not.

use crate::draw;
use crate::history::{Change, Cursor, Date, Expired, History, Poll, Settings, Step, Ties, UntimedAt, What};
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::time::Millis;

/// The name of the row in the table for [`calm`].
pub const CALM: &str = "calm, at the bounds that ship";

/// A calm history at the bounds that ship.
pub fn calm(seed: u64) -> History {
    let mut history = draw::history(&draw::CALM, seed);
    (history.settings.bounds, history.settings.most_on_page) = (Bounds::STANDARD, 100);
    history
}

/// The name of the row in the table for [`history`].
pub const NAME: &str = "850 changes at once, then a poll every 2 to 10 s for ten minutes";

/// How many there are.
pub const HISTORIES: u64 = 27;

/// A library of a thousand records; 850 of them change at once, or within some seconds; polls follow.
pub fn history(number: u64) -> History {
    const CURSORS: [Cursor; 3] = [Cursor::Offset, Cursor::SortKey, Cursor::Id];
    let pick = |of: u64| number % of;
    let pause = Millis::try_from(2_000 + 1_000 * pick(9)).unwrap_or(2_000);
    let cursor = CURSORS.into_iter().nth(usize::try_from(pick(3)).unwrap_or_default()).unwrap_or(Cursor::Offset);
    let settings = Settings {
        initial: (0..1_000).map(|record| 400_000 + 1_000 * record).collect(),
        cursor,
        ties: Ties::Inserted,
        untimed_at: UntimedAt::Place,
        most_ahead: 0,
        expired: Expired::Error,
        cursors_live_for_one_poll: false,
        most_on_page: 100,
        request_takes: 20,
        clock_ahead: 0,
        date: Date::True,
        by_ids: true,
        since: None,
        bounds: Bounds::STANDARD,
    };
    // At one moment, or in parts that lie seconds apart.
    let parts = 1 + usize::try_from(pick(4)).unwrap_or_default();
    let each = 850 / parts;
    let burst = (0..parts).map(|part| {
        let after = if part == 0 { 5_000 } else { 3_000 };
        Step::Change(Change { after, what: What::EditMany(part * each, each), lag: 0 })
    });
    let polls = (0..600_000 / pause).map(|_| Step::Poll(Poll { after: pause, ..Poll::default() }));
    History { settings, steps: burst.chain(polls).collect() }
}
