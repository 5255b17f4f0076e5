//! Polling by hand: one at a time, which goes on when its page is left, until it ends or somebody stops it.

use std::sync::Arc;

use tokio::sync::Notify;

use super::Trigger;

/// Somebody polls by hand, for as long as it lives: also when that is given up.
pub(in crate::ui) struct Asked(Arc<Trigger>);

impl Trigger {
    /// Notes that somebody polls by hand; none if somebody does already. The second is told when it is to stop.
    pub(in crate::ui) fn ask(self: &Arc<Self>) -> Option<(Asked, Arc<Notify>)> {
        let cancel = Arc::new(Notify::new());
        let mut inner = self.inner();
        if inner.asked.is_some() {
            return None;
        }
        inner.asked = Some(cancel.clone());
        drop(inner);
        self.changed();
        Some((Asked(self.clone()), cancel))
    }

    /// Stops the polling by hand: nothing of the poll that is under way is taken over. False if there is none.
    pub(in crate::ui) fn stop_asked(&self) -> bool {
        let inner = self.inner();
        if let Some(cancel) = &inner.asked {
            cancel.notify_one();
        }
        inner.asked.is_some()
    }

    /// Whether polling by hand has come to its end, and nobody has looked since.
    pub(in crate::ui) fn is_unseen(&self) -> bool {
        self.inner().is_unseen
    }

    /// Somebody looks at the timeline.
    pub(in crate::ui) fn look(&self) {
        self.inner().is_unseen = false;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        {
            let mut inner = self.0.inner();
            inner.asked = None;
            inner.is_unseen = true;
        }
        self.0.changed();
    }
}
