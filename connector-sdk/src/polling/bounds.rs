//! Every bound of a poll, together, so that what one poll may cost and what it covers can be read in one place.

use crate::time::Millis;

/// The bounds of a poll. The component always uses [`Bounds::STANDARD`]; simulations make them small, so that short
/// histories reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Records asked for at once. What the service allows is not published; 100 is what its public clients ask for.
    pub page_size: u32,
    /// The page cap: how many pages that delivered something one poll reads. 50 pages are 5,000 records, a few
    /// megabytes of payload. Pages that only lead back to where delivery stopped do not count.
    pub delivering_pages: u32,
    /// How many requests one poll makes, whatever for. Below the 200 that a host allows by default.
    pub requests: u32,
    /// How often one poll begins again from the top of the list because a page could not be joined to the one before.
    pub restarts: u32,
    /// How long after its own timestamp a record may become visible, in milliseconds. Each pass goes this far below the
    /// watermark.
    pub overlap: Millis,
    /// How long after a deep pass, which alone finds what became visible late, the next one is due, in milliseconds of
    /// the service's own time.
    pub deep_every: Millis,
    /// How much of the service's own time must have passed since a watermark was first seen before what lies at or
    /// below it is settled: twice the overlap, so that the clocks of two of the service's machines may differ by up to
    /// an overlap.
    pub settling: Millis,
    /// How many records of the last page a page begins above where that one ended. One seen again proves that
    /// nothing slipped between; more make it likely that one is still there after edits and deletions.
    pub joint: usize,
    /// How many of the last page's records the state keeps for that proof; more than `joint`, so that all that a page
    /// begins with is recognised.
    pub tail: usize,
    /// How many delivered versions the state remembers, at about eleven bytes each in its text.
    pub remembered: usize,
    /// The most bytes of text that they take, those of records without a time included. Five thousand take about 55 KiB
    /// when most lie within minutes of one another; the more they are spread over time, the fewer fit.
    pub remembered_bytes: usize,
    /// How many records without a time it remembers, which then leaves room for fewer versions. What a poll comes by
    /// beyond them is not delivered.
    pub untimed: usize,
    /// How many records must have been changed at a time or later before the watermark goes there, although the `Date`
    /// of the answers has reached it: one more than may be stamped in the future where that `Date` is ahead of the
    /// clock that stamps records.
    pub witnesses: usize,
    /// How long after a round that looks for deleted records began the next one does, in milliseconds of the service's
    /// own time; at once where the service does not say what that is.
    pub round_every: Millis,
    /// How many pages of the list a poll reads for such a round, and how many requests it makes to confirm what is
    /// gone.
    pub slice_pages: u32,
    /// See `slice_pages`.
    pub confirm_requests: u32,
    /// How many records it asks for at once, before it calls those gone that are not given.
    pub confirm_ids: usize,
    /// How many pages it reads instead if the list cannot be followed on from where it was left.
    pub slice_pages_again: u32,
    /// The most bytes of text that the ids of known records take in the state.
    pub ids_bytes: usize,
    /// After how many records that the `Date` of the answers has not reached it does not count any more. They are read
    /// by every poll.
    pub unreached: usize,
}

impl Bounds {
    /// The same as `witnesses` where answers have no `Date`: half a page, which is read anyway.
    pub fn witnesses_without_date(&self) -> usize {
        usize::try_from(self.page_size / 2).unwrap_or(usize::MAX).max(2)
    }

    /// What the component uses.
    pub const STANDARD: Self = Self {
        page_size: 100,
        delivering_pages: 50,
        requests: 150,
        restarts: 10,
        overlap: 60_000,
        deep_every: 60_000,
        settling: 120_000,
        joint: 3,
        tail: 8,
        remembered: 5_000,
        remembered_bytes: 58 * 1024,
        untimed: 1_000,
        witnesses: 4,
        unreached: 1_000,
        round_every: 3_600_000,
        slice_pages: 10,
        slice_pages_again: 40,
        confirm_requests: 20,
        confirm_ids: 8,
        ids_bytes: 900 * 1024,
    };
}

/// The most bytes of a state, by the contract.
pub const MAX_STATE_BYTES: usize = 1024 * 1024;

/// The most bytes of a state without the ids of known records, which are kept where deleted ones are to be reported.
pub const MAX_STATE_BYTES_WITHOUT_IDS: usize = 64 * 1024;

/// The most bytes of a cursor, as JSON, that is kept in the state. The service's own are a few dozen; a longer one is
/// left out, and the next poll begins at the top.
pub const MAX_CURSOR_BYTES: usize = 2 * 1024;
