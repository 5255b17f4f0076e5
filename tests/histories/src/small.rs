//! Every history of a small world: up to three records, two changes and two polls with a page cap of one, in every
//! interleaving, with every kind of cursor.

use crate::history::{Change, Cursor, Date, Expired, History, Poll, Settings, Step, Ties, UntimedAt, What};
use crate::outcome::Outcome;
use crate::play::play;
use crate::subject::{Lacks, Trigger};
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::time::Millis;

/// The places where a change can happen: before the first poll, before each of three requests of either poll, between
/// the polls and after them.
const PLACES: usize = 9;

/// A moment's end, a moment later, and longer than an overlap.
const PAUSES: [Millis; 3] = [0, 1, 61_000];

/// What came of all of them.
#[derive(Debug, Default)]
pub struct Counted {
    /// How many histories there are.
    pub histories: u64,
    /// The first that broke a promise, and what it did.
    pub broken: Option<(History, Outcome)>,
}

/// Plays every history of the small world.
pub fn play_all(lacks: Lacks) -> Counted {
    let mut counted = Counted::default();
    for records in 0..=3_usize {
        let kinds = kinds(records);
        for cursor in [Cursor::Offset, Cursor::SortKey, Cursor::Id] {
            for pause in PAUSES {
                for first in 0..PLACES {
                    for second in first..PLACES {
                        for one in &kinds {
                            for other in &kinds {
                                let changes = [(first, one), (second, other)];
                                let history = history(records, cursor, pause, changes);
                                counted.histories += 1;
                                let outcome = play(&history, &mut Trigger::new(&history.settings, lacks), false);
                                if !outcome.broken.is_empty() && counted.broken.is_none() {
                                    counted.broken = Some((history, outcome));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    counted
}

/// What a change can be: a creation, or an edit or a deletion of any record, visible at once or an overlap late.
fn kinds(records: usize) -> Vec<(What, Millis)> {
    let lags = [0, Bounds::STANDARD.overlap];
    let mut kinds: Vec<(What, Millis)> = lags.map(|lag| (What::Create, lag)).to_vec();
    for record in 0..records {
        kinds.extend(lags.map(|lag| (What::Edit(record), lag)));
        kinds.push((What::Delete(record), 0));
    }
    kinds
}

fn history(records: usize, cursor: Cursor, pause: Millis, changes: [(usize, &(What, Millis)); 2]) -> History {
    let bounds = Bounds { page_size: 2, delivering_pages: 1, requests: 100, joint: 1, tail: 2, ..Bounds::STANDARD };
    let settings = Settings {
        initial: vec![0; records],
        cursor,
        ties: Ties::Inserted,
        untimed_at: UntimedAt::End,
        most_ahead: 0,
        expired: Expired::Error,
        cursors_live_for_one_poll: false,
        most_on_page: 2,
        request_takes: 0,
        clock_ahead: 0,
        date: Date::True,
        by_ids: true,
        since: None,
        bounds,
    };
    let mut polls = [Poll { after: pause, ..Poll::default() }, Poll { after: pause, ..Poll::default() }];
    let mut between = [Vec::new(), Vec::new(), Vec::new()];
    for (place, (what, lag)) in changes {
        let change = Change { after: pause, what: *what, lag: *lag };
        // Places 0, 4 and 8 lie outside the polls; those after them are the requests of a poll.
        match (polls.get_mut(place / 4), place % 4) {
            (Some(poll), request @ 1..) => poll.between.push((request - 1, change)),
            _ => between.get_mut(place / 4).into_iter().for_each(|list| list.push(Step::Change(change.clone()))),
        }
    }
    let mut steps = Vec::new();
    let mut polls = polls.into_iter();
    for changes in between {
        steps.extend(changes);
        steps.extend(polls.next().map(Step::Poll));
    }
    History { settings, steps }
}
