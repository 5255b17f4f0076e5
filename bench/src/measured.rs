//! What a whole run measures, before anything is said about it.

use serde::Serialize;

use crate::actions::Action;
use crate::density::Density;
use crate::inside::Inside;
use crate::statistics::Summary;
use crate::structure::Way;

/// One case of polling, over all rounds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Polling {
    pub(crate) cpu: Summary,
    pub(crate) wall: Summary,
    pub(crate) peak_memory_kib: Summary,
    pub(crate) instance_bytes: u64,
}

/// Everything that was measured. Times of polls are in milliseconds.
pub(crate) struct Measured {
    /// By scenario and case, such as `full memory native`.
    pub(crate) polls: Vec<(String, Polling)>,
    /// Whole processes, milliseconds.
    pub(crate) processes: Vec<(String, Summary)>,
    pub(crate) inside: Inside,
    pub(crate) actions: Vec<Action>,
    /// Ways to a structure of five thousand lines.
    pub(crate) structure: Vec<Way>,
    pub(crate) density: Density,
    pub(crate) answer_bytes: usize,
    pub(crate) delivered: usize,
}
