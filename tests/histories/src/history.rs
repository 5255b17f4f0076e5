//! A history: what the service is like, and what happens, in order. Plain data without behaviour.

use duro_plm::duro::Millis;
use duro_plm::triggers::poll_changes::bounds::Bounds;

/// One history.
#[derive(Clone, Debug)]
pub struct History {
    /// What the service is like.
    pub settings: Settings,
    /// What happens, in order. A first poll precedes them, and polls without trouble follow them until nothing waits.
    pub steps: Vec<Step>,
}

/// What the service is like throughout a history, and the bounds that the trigger has.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long before the first poll each record was last changed, in milliseconds.
    pub initial: Vec<Millis>,
    /// What a cursor remembers.
    pub cursor: Cursor,
    /// The order of records with the same `lastModified`.
    pub ties: Ties,
    /// Whether records without a `lastModified` come before the others, or after them.
    pub untimed_first: bool,
    /// What a request with an expired cursor gets.
    pub expired: Expired,
    /// Whether each poll finds the cursors of the one before expired.
    pub cursors_live_for_one_poll: bool,
    /// The most records on a page, whatever is asked for.
    pub most_on_page: usize,
    /// The milliseconds that pass with each request.
    pub request_takes: Millis,
    /// How far the service's clock is ahead of the host's.
    pub clock_ahead: Millis,
    /// The `Date` of the answers.
    pub date: Date,
    /// The bounds of a poll, made small.
    pub bounds: Bounds,
}

/// What a cursor remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// A position in the list.
    Offset,
    /// The place of the record in the order when the cursor was given.
    SortKey,
    /// The record, wherever it is now.
    Id,
}

/// The order of records with the same `lastModified`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// The oldest first.
    Inserted,
    /// The youngest first.
    Reverse,
    /// By nothing that a client could know.
    Scattered,
}

/// What a request with an expired cursor gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// An error.
    Error,
    /// The first page.
    Top,
    /// A page without records, and no next one.
    Nothing,
}

/// The `Date` of the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    /// The service's time, in whole seconds.
    True,
    /// There is none.
    Missing,
    /// A clock that is so far from the one that stamps records.
    Apart(Millis),
}

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// A change of the records.
    Change(Change),
    /// A poll.
    Poll(Poll),
}

/// A change of the records.
#[derive(Clone, Debug)]
pub struct Change {
    /// The milliseconds that pass before it.
    pub after: Millis,
    /// What changes.
    pub what: What,
    /// How long after its own timestamp it becomes visible.
    pub lag: Millis,
}

/// What changes. A record is named by a number, taken modulo how many there are.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A new record.
    Create,
    /// New records of one moment.
    CreateMany(usize),
    /// A new version of a record.
    Edit(usize),
    /// New versions of so many records from this one on, of one moment.
    EditMany(usize, usize),
    /// The record is gone.
    Delete(usize),
    /// Its place in the list holds null until it is next changed.
    Nullify(usize),
    /// A new record without `created` and `lastModified`, or one of them.
    CreateUntimed(Untimed),
    /// A new version of a record, without a `lastModified`.
    EditUntimed(usize),
    /// A new record that is stamped so far in the future.
    CreateAhead(Millis),
}

/// Which times are missing.
#[derive(Clone, Copy, Debug)]
pub enum Untimed {
    /// `created`.
    Created,
    /// `lastModified`.
    Modified,
    /// Both.
    Both,
}

/// A poll and what happens during it.
#[derive(Clone, Debug, Default)]
pub struct Poll {
    /// The milliseconds that pass before it.
    pub after: Millis,
    /// Changes, each before the request of this number, counted from 0.
    pub between: Vec<(usize, Change)>,
    /// What goes wrong, each at the request of this number.
    pub troubles: Vec<(usize, Trouble)>,
    /// How many records the first answers hold at most.
    pub short_pages: Vec<usize>,
    /// Whether the process dies after its payload was accepted and before its state is kept.
    pub dies: bool,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It gets no answer.
    Transport,
    /// It gets an error of the service.
    Service,
    /// It gets an answer that is not of the shape asked for.
    Garbled,
    /// All cursors given so far expire before it.
    CursorsExpire,
}
