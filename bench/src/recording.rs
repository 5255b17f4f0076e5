//! What one poll asks and what the simulated service answers, recorded once, so that every case does the same work on
//! the same bytes and the service's own cost is not measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use connector_sdk::polling::{self, blob};
use duro_plm::NAMES;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The key of the trigger.
pub(crate) const TRIGGER: &str = "pollChangesTrigger";
/// Its inputs.
pub(crate) const INPUTS: &str = r#"{"pollResourceType":"components"}"#;

/// One poll.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Recording {
    /// The state it begins with.
    pub(crate) state: String,
    /// The URL that it polls, and the state with it: see [`Recording::at`].
    pub(crate) url: String,
    /// Each request's body with the answer's, in order.
    pub(crate) exchanges: Vec<(String, String)>,
    /// The `date` of the answers.
    pub(crate) date: String,
    /// The ids it delivers.
    pub(crate) created: BTreeSet<String>,
    /// The ids it delivers.
    pub(crate) updated: BTreeSet<String>,
    /// Below which everything was delivered before: what a poll in another language begins with.
    pub(crate) floor: i64,
    /// The versions that were delivered above it.
    pub(crate) known: Vec<(String, i64)>,
    /// Whether more waits.
    pub(crate) more: bool,
}

impl Recording {
    pub(crate) fn path(work: &Path, name: &str) -> PathBuf {
        work.join(format!("{name}.json"))
    }

    pub(crate) fn read(work: &Path, name: &str) -> Result<Self> {
        let path = Self::path(work, name);
        let bytes = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// The file of [`Recording::read_start`].
    pub(crate) fn start_path(work: &Path, name: &str) -> PathBuf {
        work.join(format!("{name}.start.json"))
    }

    /// Reads what a poll begins with and delivers, without the answers, in memory that was never as large as they are.
    pub(crate) fn read_start(work: &Path, name: &str) -> Result<Self> {
        Self::read(work, &format!("{name}.start"))
    }

    /// The same with a state for another URL, at which the answers are served again. A state is of one service.
    pub(crate) fn at(mut self, url: &str) -> Result<Self> {
        let state = blob::read(self.state.as_bytes(), &watched(&origin(&self.url)?)).map_err(unusable)?;
        self.state = String::from_utf8(blob::write(&state, &watched(&origin(url)?)))?;
        url.clone_into(&mut self.url);
        Ok(self)
    }

    pub(crate) fn write(&self, work: &Path, name: &str) -> Result<()> {
        fs::write(Self::path(work, name), serde_json::to_vec(self)?)?;
        let start = Self { exchanges: Vec::new(), ..self.clone() };
        Ok(fs::write(Self::start_path(work, name), serde_json::to_vec(&start)?)?)
    }

    /// Fails unless the payload delivers exactly what was recorded.
    pub(crate) fn check(&self, payload: &str) -> Result<()> {
        let (created, updated) = delivered(payload)?;
        if created == self.created && updated == self.updated {
            return Ok(());
        }
        bail!(
            "the cases do not agree: {} created and {} updated, not {} and {}",
            created.len(),
            updated.len(),
            self.created.len(),
            self.updated.len()
        )
    }

    /// A recording of something else than a poll.
    pub(crate) fn of_exchanges(exchanges: Vec<(String, String)>, date: String) -> Self {
        Self { exchanges, date, ..Self::default() }
    }

    /// The size of the answers, in bytes.
    pub(crate) fn received(&self) -> usize {
        self.exchanges.iter().map(|(_, answer)| answer.len()).sum()
    }
}

/// The ids in a payload: created, updated.
pub(crate) fn delivered(payload: &str) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let payload: Value = serde_json::from_str(payload)?;
    let ids = |list: &str| -> BTreeSet<String> {
        let records = payload.pointer(&format!("/body/data/{list}")).and_then(Value::as_array);
        let ids = records.into_iter().flatten().filter_map(|record| record.get("id")?.as_str());
        ids.map(str::to_owned).collect()
    };
    Ok((ids("created"), ids("updated")))
}

/// Up to which time a state of the service at this URL has everything.
pub(crate) fn floor(state: &[u8], url: &str) -> Result<i64> {
    Ok(blob::read(state, &watched(&origin(url)?)).map_err(unusable)?.floor)
}

fn origin(url: &str) -> Result<String> {
    polling::origin(url).map_err(unusable)
}

fn watched(origin: &str) -> blob::Watched<'_> {
    blob::Watched { trigger: &NAMES, list: "components", origin }
}

fn unusable(error: connector_sdk::contract::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}
