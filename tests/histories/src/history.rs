//! A history: what the service is like, and what happens, in order. Plain data without behaviour.

use connector_sdk::polling::bounds::Bounds;
use connector_sdk::time::Millis;

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
    /// Where records without a readable `lastModified` stand in the list.
    pub untimed_at: UntimedAt,
    /// How many records may be stamped in the future at a time; what would be one more is stamped now.
    pub most_ahead: usize,
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
    /// Whether records can be asked for by their ids.
    pub by_ids: bool,
    /// How long before it the first poll is to begin, in milliseconds; where none is given, it marks a beginning.
    pub since: Option<Millis>,
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

/// Where records without a readable `lastModified` stand in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UntimedAt {
    /// Before all others.
    Top,
    /// Where they belong: the service knows when they were changed, and only writes it so that nobody can read it.
    Place,
    /// After all others, where no poll need come by them.
    End,
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
    /// A new record whose `lastModified` is wrong in this way.
    CreateWrong(Wrong),
    /// A new version of a record, whose `lastModified` is wrong in this way.
    EditWrong(usize, Wrong),
    /// A new record that is stamped so far in the future.
    CreateAhead(Millis),
    /// A new version of a record that is stamped so far in the future.
    EditAhead(usize, Millis),
}

/// How a `lastModified` is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The true time with an offset that no place has.
    Offset,
    /// The first year.
    FirstYear,
    /// The last year with four digits.
    LastYear,
    /// A day that the month lacks.
    NoDay,
    /// No text at all.
    Number,
    /// Words.
    Words,
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
    /// Which connection is used. Where the state cannot tell another from its own, it is its own.
    pub whose: Whose,
    /// What the service says when it is asked for the company.
    pub tells: Tells,
    /// If this many, the state that was kept is one of this earlier version of its format.
    pub aged_to: Option<u32>,
}

/// Which connection a poll uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The one that the state was written for.
    #[default]
    Own,
    /// One to another service.
    OtherOrigin,
    /// One with the key of another company, at the same service.
    OtherCompany,
}

/// What the service says when it is asked for the company.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tells {
    /// Which one it is.
    #[default]
    Company,
    /// Null.
    Nothing,
    /// Null, and an error about it.
    AnError,
    /// An error instead of everything that was asked for with it.
    Refusal,
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
