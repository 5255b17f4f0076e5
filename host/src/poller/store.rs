//! Where a trigger's state is kept from one poll to the next.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which state it was that a poll began with: a number that is another one after each commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(pub u64);

/// A state, and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The state as the last poll returned it, byte for byte.
    pub state: Vec<u8>,
    /// What to name when the next one is committed.
    pub version: Version,
}

/// Why a state was not loaded or not committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else has committed since the state was loaded. What is committed stays; the next poll goes on from
    /// there.
    #[error("another poller has moved the state on, so this poll's is not kept")]
    Conflict,
    /// The store does not answer, and may later: the text is for people.
    #[error("{0}")]
    Unavailable(String),
    /// The store cannot be used until somebody changes something: the text says what, and is for people.
    #[error("{0}")]
    Unusable(String),
}

impl StoreError {
    /// Whether the same may succeed later without anyone changing anything here.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Unusable(_))
    }
}

/// Keeps the state of one trigger with the same connection and inputs.
///
/// A commit names the version that its poll began with, and is refused when that is no longer the one that is kept.
/// This is what makes two pollers on one store safe: of two polls that begin with the same state, one moves it on, and
/// the other's changes are found again. In a database it is one statement, and a conflict where it changes no row:
///
/// ```sql
/// UPDATE states SET state = ?, version = version + 1 WHERE trigger = ? AND version = ?
/// ```
pub trait StateStore: Send + Sync {
    /// The state that is kept; none before the first poll.
    fn load(&self) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// Keeps `state` in place of the one of the version `expected` (none: no state is kept yet) and gives its own
    /// version, or refuses it with [`StoreError::Conflict`]. It is there, whole, or it is not.
    fn commit(
        &self,
        expected: Option<Version>,
        state: &[u8],
    ) -> impl Future<Output = Result<Version, StoreError>> + Send;
}

impl<S: StateStore> StateStore for &S {
    fn load(&self) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send {
        S::load(self)
    }

    fn commit(
        &self,
        expected: Option<Version>,
        state: &[u8],
    ) -> impl Future<Output = Result<Version, StoreError>> + Send {
        S::commit(self, expected, state)
    }
}

impl<S: StateStore> StateStore for Arc<S> {
    fn load(&self) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send {
        S::load(self)
    }

    fn commit(
        &self,
        expected: Option<Version>,
        state: &[u8],
    ) -> impl Future<Output = Result<Version, StoreError>> + Send {
        S::commit(self, expected, state)
    }
}

/// A state in memory, which ends with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    stored: Mutex<Option<Stored>>,
}

impl MemoryStore {
    fn stored(&self) -> MutexGuard<'_, Option<Stored>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for MemoryStore {
    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        Ok(self.stored().clone())
    }

    async fn commit(&self, expected: Option<Version>, state: &[u8]) -> Result<Version, StoreError> {
        let mut stored = self.stored();
        let version = next_version(stored.as_ref().map(|stored| stored.version), expected)?;
        *stored = Some(Stored { state: state.to_vec(), version });
        Ok(version)
    }
}

/// The version after the one that is kept, if that is the one that is expected.
pub(super) fn next_version(kept: Option<Version>, expected: Option<Version>) -> Result<Version, StoreError> {
    if kept != expected {
        return Err(StoreError::Conflict);
    }
    Ok(Version(kept.map_or(1, |Version(number)| number.wrapping_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poller::FileStore;

    /// Two pollers that began with the same state.
    async fn commit_twice(store: &impl StateStore) {
        assert_eq!(store.load().await, Ok(None));
        let first = store.commit(None, b"one").await.unwrap();
        assert_eq!(store.commit(None, b"other").await, Err(StoreError::Conflict));
        assert_eq!(store.load().await.unwrap().unwrap(), Stored { state: b"one".to_vec(), version: first });
        let second = store.commit(Some(first), b"two").await.unwrap();
        assert_ne!(first, second);
        assert_eq!(store.commit(Some(first), b"other").await, Err(StoreError::Conflict));
        assert_eq!(store.load().await.unwrap().unwrap().state, b"two");
        // The same bytes again are another state all the same.
        let third = store.commit(Some(second), b"two").await.unwrap();
        assert_eq!(store.commit(Some(second), b"two").await, Err(StoreError::Conflict));
        assert_eq!(store.load().await.unwrap().unwrap().version, third);
    }

    #[tokio::test]
    async fn of_two_commits_that_follow_one_state_the_second_is_refused() {
        commit_twice(&MemoryStore::default()).await;
        let folder = tempfile::tempdir().unwrap();
        commit_twice(&FileStore::open(folder.path().join("poll.state"), 64).unwrap()).await;
    }
}
