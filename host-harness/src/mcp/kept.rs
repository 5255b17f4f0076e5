//! Results that a model has not read to the end yet, each under a name that cannot be guessed, so that one connection's
//! cursor opens nothing of another's. Bounded in bytes; the oldest go.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use operator::token;

use super::pages::Paged;

/// The most that the results of one connection may hold, in bytes.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// So much of a token makes a name: 64 bits, which nobody finds by trying, and which takes a model few tokens.
const NAME: usize = 16;

#[derive(Default)]
pub(super) struct Kept {
    results: Mutex<VecDeque<(String, Arc<Paged>)>>,
}

/// A place in a kept result.
pub(super) struct Cursor {
    name: String,
    pub(super) from: usize,
}

impl Cursor {
    /// Reads a cursor as it was given out: the result's name, a dot, the number of records before.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (name, from) = text.trim().split_once('.')?;
        Some(Self { name: name.to_owned(), from: from.parse().ok()? })
    }

    pub(super) fn at(&self, from: usize) -> String {
        format!("{}.{from}", self.name)
    }
}

impl Kept {
    /// Keeps a result, and gives its place; none where it is too large to be kept, or there is no randomness.
    pub(super) fn keep(&self, result: Arc<Paged>) -> Option<Cursor> {
        if result.held_bytes() > MOST_BYTES {
            return None;
        }
        let name = token::made().ok()?.get(..NAME)?.to_owned();
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.push_back((name.clone(), result));
        while results.iter().map(|(_, result)| result.held_bytes()).sum::<usize>() > MOST_BYTES {
            results.pop_front();
        }
        Some(Cursor { name, from: 0 })
    }

    /// The result that a cursor belongs to, if it is still kept.
    pub(super) fn find(&self, cursor: &Cursor) -> Option<Arc<Paged>> {
        let results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.iter().find(|(name, _)| token::same(name, &cursor.name)).map(|(_, result)| result.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(bytes: usize) -> Arc<Paged> {
        Arc::new(Paged::of(format!("\"{}\"", "x".repeat(bytes)).into()))
    }

    #[test]
    fn a_cursor_opens_its_own_result_alone_and_as_long_as_it_is_kept() {
        let (kept, other) = (Kept::default(), Kept::default());
        let cursor = kept.keep(result(10)).unwrap();
        let read = Cursor::read(&cursor.at(7)).unwrap();
        assert_eq!(read.from, 7);
        assert!(kept.find(&read).is_some() && other.find(&read).is_none());
        for wrong in ["", "x", "a.b", ".1", "0000000000000000.0"] {
            assert!(Cursor::read(wrong).is_none_or(|cursor| kept.find(&cursor).is_none()), "{wrong}");
        }
        assert!(kept.keep(result(MOST_BYTES)).is_none());
        for _ in 0..4 {
            kept.keep(result(MOST_BYTES / 4)).unwrap();
        }
        assert!(kept.find(&read).is_none(), "it went for those that came after it");
    }
}
