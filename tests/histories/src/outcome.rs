//! What is promised, and what came of a history.

/// What is promised, by its number in `docs/polling.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Promise {
    /// The first poll delivers nothing.
    FirstPollIsSilent = 1,
    /// Every later change of a record that still exists is delivered.
    NothingIsLost = 2,
    /// A backlog of any size drains.
    BacklogsDrain = 3,
    /// What has not changed is not repeated without need: at rest, nothing is delivered.
    RestIsSilent = 4,
    /// A record is created or updated, once created at most.
    CreatedOnce = 5,
    /// A failed poll leaves everything as it was, and later polls succeed.
    FailuresPass = 6,
    /// A state is small, and is read by the next poll.
    StateIsReadable = 7,
    /// A state is used for no other service and no other company than the one it was written for.
    StateIsBound = 8,
    /// A trigger that waits for a state delivers a record when it enters it, once.
    EnteredOnce = 9,
    /// What is reported as deleted is gone, and what is gone is reported, once.
    DeletedTruly = 10,
}

/// All promises.
pub const PROMISES: [Promise; 10] = [
    Promise::FirstPollIsSilent,
    Promise::NothingIsLost,
    Promise::BacklogsDrain,
    Promise::RestIsSilent,
    Promise::CreatedOnce,
    Promise::FailuresPass,
    Promise::StateIsReadable,
    Promise::StateIsBound,
    Promise::EnteredOnce,
    Promise::DeletedTruly,
];

/// What came of a history.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Records delivered, repeats included.
    pub delivered: u64,
    /// Versions delivered again, although the state that knew of them had been kept.
    pub repeats: u64,
    /// Versions delivered that were there before the first poll, because nothing told that they are old.
    pub unasked: u64,
    /// Polls that were refused because the state is of another service, and of another company.
    pub refused: [u64; 2],
    /// Changes that had to be delivered.
    pub owed: u64,
    /// Of those, the ones that never were.
    pub lost: u64,
    /// Deleted records that had to be reported, and were.
    pub deleted: u64,
    /// Polls.
    pub polls: u64,
    /// Requests that they made.
    pub requests: u64,
    /// Every broken promise, in words.
    pub broken: Vec<(Promise, String)>,
    /// The history step by step, if it was asked for.
    pub story: Vec<String>,
}

impl Outcome {
    /// Adds the numbers of another.
    pub fn count(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.repeats += other.repeats;
        self.unasked += other.unasked;
        self.owed += other.owed;
        self.lost += other.lost;
        self.deleted += other.deleted;
        self.polls += other.polls;
        self.requests += other.requests;
        for (refused, more) in self.refused.iter_mut().zip(other.refused) {
            *refused += more;
        }
    }
}
