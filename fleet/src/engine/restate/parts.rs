//! What the handlers need beside what Restate keeps.

use std::sync::Arc;

use super::Restate;
use crate::delivery::Sender;
use crate::model::Definition;
use crate::polls::Polls;
use crate::seen::Seen;

/// What the handlers need beside what Restate keeps.
pub(crate) struct Parts {
    /// Polls.
    pub(crate) polls: Arc<Polls>,
    /// Delivers.
    pub(crate) sender: Sender,
    /// Asks Restate.
    pub(crate) restate: Restate,
    /// Counts.
    pub(crate) seen: Arc<Seen>,
}

impl Parts {
    /// Checks a definition as far as the components that are here can tell.
    pub(super) fn check(&self, definition: &Definition) -> Result<(), String> {
        self.polls.check(definition)
    }
}
