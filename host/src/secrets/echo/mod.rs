//! Takes secrets out of what a service answers, in whatever spelling an honest encoder chose: JSON escapes, percent
//! encoding and HTML entities of any character, in several layers and mixed; base64 at any place in a line or over
//! several; hexadecimal; the other case. What holds none is told by `filter`, in nearly no time. Pure.

mod filter;
mod find;
mod forms;
mod marks;
mod spelling;

use std::sync::OnceLock;

use zeroize::Zeroizing;

use filter::Filter;
use find::Finder;
pub(crate) use spelling::unescaped;

/// Shorter secrets are not searched for in answers: nearly every answer holds them by chance.
pub(super) const SHORTEST_SCRUBBED: usize = 4;

/// Some secrets, ready to be looked for.
pub(super) struct Search {
    secrets: Vec<Zeroizing<Vec<u8>>>,
    filter: Filter,
    /// Made when the filter first lets a text through. None if it cannot be made.
    finder: OnceLock<Option<Finder>>,
}

impl Search {
    pub(super) fn of(secrets: Vec<Zeroizing<Vec<u8>>>) -> Self {
        Self { filter: Filter::of(&secrets), secrets, finder: OnceLock::new() }
    }

    /// Whether the text may hold a secret; surely none where it may not.
    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        self.filter.may_hold(text)
    }

    /// Puts `instead` in the place of each secret in the text. Gives whether there was one.
    pub(super) fn replace(&self, text: &mut Vec<u8>, instead: &[u8]) -> bool {
        if !self.may_hold(text) {
            return false;
        }
        let forms = || self.secrets.iter().flat_map(|secret| forms::forms_of(secret)).collect();
        let Some(finder) = self.finder.get_or_init(|| Finder::of(forms())) else {
            // What cannot be searched is not passed on.
            *text = instead.to_vec();
            return true;
        };
        let marks = finder.find(text);
        let found = marks.ranges().next().is_some();
        if found {
            marks.replace(text, instead);
        }
        found
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
