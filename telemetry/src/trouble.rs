//! What is said when a collector does not take telemetry: once, however often it happens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Hears, once, in a sentence, that a collector does not take what it is sent. It runs on a thread of this crate's.
pub type OnTrouble = Arc<dyn Fn(&str) + Send + Sync>;

/// Says it once.
pub(crate) struct Trouble {
    collector: String,
    on_trouble: Option<OnTrouble>,
    was_said: AtomicBool,
}

impl Trouble {
    /// Of the collector that people know by this name.
    pub(crate) fn new(collector: String, on_trouble: Option<OnTrouble>) -> Self {
        Self { collector, on_trouble, was_said: AtomicBool::new(false) }
    }

    /// Says why something was not taken, if nothing was said before.
    pub(crate) fn say(&self, why: &str) {
        if let Some(on_trouble) = &self.on_trouble
            && !self.was_said.swap(true, Ordering::Relaxed)
        {
            on_trouble(&format!(
                "the collector {} does not take telemetry: {why}; what is dropped is counted, and this is said once",
                self.collector
            ));
        }
    }
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trouble").field("collector", &self.collector).finish_non_exhaustive()
    }
}
