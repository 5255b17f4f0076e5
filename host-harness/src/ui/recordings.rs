//! The recording that the page makes, and the one that it shows: one each, in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use host::{CallHeard, Connector, Limits};

use crate::recording::{self, Component, Difference, Finished, Recorder, Recording, Redaction};

/// The switch, and what came of it.
pub(super) struct Recordings {
    /// What is taken out of what is saved.
    redaction: Arc<Redaction>,
    recorder: Arc<Recorder>,
    is_on: Arc<AtomicBool>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    since: Option<SystemTime>,
    made: Option<Arc<Finished>>,
    opened: Option<Arc<Opened>>,
}

/// A recording that somebody opened.
pub(super) struct Opened {
    pub(super) recording: Recording,
    /// What is no longer the same, call by call, once it was replayed; the error says why a call cannot be.
    pub(super) replayed: Option<Vec<Result<Vec<Difference>, String>>>,
}

/// How it stands, for the page.
pub(super) struct Status {
    pub(super) since: Option<SystemTime>,
    /// Calls that were heard so far.
    pub(super) heard: usize,
    pub(super) made: Option<Arc<Finished>>,
    pub(super) opened: Option<Arc<Opened>>,
}

impl Recordings {
    pub(super) fn without(redaction: Arc<Redaction>) -> Self {
        Self { redaction, recorder: Arc::default(), is_on: Arc::default(), held: Mutex::default() }
    }

    /// Whether more is taken out than what always is.
    pub(super) fn takes_more(&self) -> bool {
        self.redaction.takes_more()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has calls heard while the switch is on.
    pub(super) fn hears(&self) -> CallHeard {
        let (is_on, hears) = (self.is_on.clone(), self.recorder.hears());
        Arc::new(move |call| {
            if is_on.load(Ordering::Relaxed) {
                hears(call);
            }
        })
    }

    pub(super) fn status(&self) -> Status {
        let held = self.held();
        Status { since: held.since, heard: self.recorder.len(), made: held.made.clone(), opened: held.opened.clone() }
    }

    /// Begins anew.
    pub(super) fn start(&self) {
        let mut held = self.held();
        self.recorder.take();
        held.since = Some(SystemTime::now());
        held.made = None;
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// Ends it, and makes ready what is saved.
    pub(super) async fn stop(&self, connector: &Connector, component: Component, limits: &Arc<Limits>) {
        self.is_on.store(false, Ordering::Relaxed);
        let kept = self.recorder.take();
        let finished = recording::finish(connector, component, kept, &self.redaction, limits).await;
        let mut held = self.held();
        held.since = None;
        held.made = Some(Arc::new(finished));
    }

    /// Shows this recording, in place of the one before.
    pub(super) fn open(&self, recording: Recording) {
        self.held().opened = Some(Arc::new(Opened { recording, replayed: None }));
    }

    /// Makes the calls of the opened recording again.
    pub(super) async fn replay(&self, connector: &Connector, limits: &Arc<Limits>) {
        let Some(opened) = self.opened() else { return };
        let mut replayed = Vec::new();
        for call in &opened.recording.calls {
            let again = recording::replay(connector, call, limits).await;
            replayed.push(again.map(|again| again.differences));
        }
        let recording = opened.recording.clone();
        self.held().opened = Some(Arc::new(Opened { recording, replayed: Some(replayed) }));
    }

    /// The recording that is shown.
    pub(super) fn opened(&self) -> Option<Arc<Opened>> {
        self.held().opened.clone()
    }

    /// Forgets all of it.
    pub(super) fn forget(&self) {
        self.is_on.store(false, Ordering::Relaxed);
        self.recorder.take();
        *self.held() = Held::default();
    }
}
