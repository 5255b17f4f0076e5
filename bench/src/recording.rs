//! What one poll asks and what the simulated service answers, recorded once, so that every case does the same work on the same bytes and
//! the service's own cost is not measured.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use connector_sdk::polling::{self, blob};
use connector_sdk::{Connection, Connector, PollResult};
use duro_plm::{Duro, NAMES};
use duro_sim::{DuroSim, RecordView, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::native::Recorder;
use crate::worker::plain;

/// The key of the trigger.
pub(crate) const TRIGGER: &str = "pollChangesTrigger";
/// Its inputs.
pub(crate) const INPUTS: &str = r#"{"pollResourceType":"components"}"#;
/// What lies below every backlog, so that a walk ends at older records and not at the end of the list.
const OLDER_RECORDS: usize = 300;
const HEAD_START_MILLISECONDS: i64 = 24 * 3_600 * 1_000;
/// The time between two changes.
const GAP: Duration = Duration::from_millis(7);

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

    fn write(&self, work: &Path, name: &str) -> Result<()> {
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

/// Records a poll of a backlog of this many records, as many polls as it takes, under `name` or `name-0`, `name-1` and so on; gives how many.
pub(crate) fn backlog(work: &Path, name: &str, records: usize) -> Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sim =
        runtime.block_on(DuroSim::builder().components(OLDER_RECORDS + records / 2).personal_components(0).spawn())?;
    // Behind real time, which the answers' `date` tells: what changes from here on must not lie in the future.
    sim.run_clock_from(sim.now() - HEAD_START_MILLISECONDS);
    let session = Session::new(&sim)?;
    let first = session.poll(None)?;
    let mut known = session.known(&first.state)?;
    // Half of them new, half changed: both lists of the payload have work.
    sim.advance_clock(Duration::from_secs(600));
    for record in sim.records(Resource::Components).iter().take(records / 2) {
        sim.advance_clock(GAP);
        sim.touch(Resource::Components, &record.id);
    }
    sim.add_many(Resource::Components, records - records / 2, GAP);
    sim.advance_clock(Duration::from_secs(1));
    let mut state = first.state;
    let mut delivered = BTreeSet::new();
    for index in 0.. {
        let name = if records > ONE_POLL { format!("{name}-{index}") } else { name.to_owned() };
        let recorded = session.record(&state, &known)?;
        recorded.0.write(work, &name)?;
        delivered.extend(recorded.0.created.iter().chain(&recorded.0.updated).cloned());
        state = recorded.1;
        known = session.known(&state).unwrap_or_default();
        if !recorded.0.more {
            // The world holds a few odd records, which may come along.
            if delivered.len() < records {
                bail!("of a backlog of {records} records {} were delivered", delivered.len());
            }
            return Ok(index + 1);
        }
    }
    Ok(0)
}

/// What one poll delivers at most: 50 pages, each but the first of which repeats a few records.
pub(crate) const ONE_POLL: usize = 4_800;

/// Records a poll that finds five changes.
pub(crate) fn steady(work: &Path, name: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sim = runtime.block_on(DuroSim::builder().components(5_000).personal_components(0).spawn())?;
    let session = Session::new(&sim)?;
    let first = session.poll(None)?;
    let known = session.known(&first.state)?;
    sim.advance_clock(Duration::from_secs(600));
    sim.touch_many(Resource::Components, 3);
    sim.add_many(Resource::Components, 2, Duration::from_millis(5));
    sim.advance_clock(Duration::from_secs(1));
    session.record(&first.state, &known)?.0.write(work, name)
}

struct Session<'a> {
    sim: &'a DuroSim,
    recorder: Recorder,
    connection: Connection,
}

impl<'a> Session<'a> {
    fn new(sim: &'a DuroSim) -> Result<Self> {
        Ok(Self { sim, recorder: Recorder::new(&sim.key())?, connection: plain(&sim.url()) })
    }

    fn poll(&self, state: Option<&[u8]>) -> Result<PollResult> {
        Duro::poll(&self.recorder, TRIGGER, &self.connection, INPUTS, state)
            .map_err(|error| anyhow::anyhow!("the poll to record failed: {error:?}"))
    }

    fn record(&self, state: &[u8], known: &[(String, i64)]) -> Result<(Recording, Vec<u8>)> {
        self.recorder.clear();
        let result = self.poll(Some(state))?;
        let (exchanges, date) = self.recorder.taken();
        let (created, updated) = delivered(&result.payload)?;
        let recording = Recording {
            state: String::from_utf8(state.to_vec())?,
            url: self.sim.url(),
            exchanges,
            date,
            created,
            updated,
            floor: self.floor(state)?,
            known: known.to_vec(),
            more: result.more,
        };
        Ok((recording, result.state))
    }

    /// What a state knows by hashes, by its ids.
    fn known(&self, state: &[u8]) -> Result<Vec<(String, i64)>> {
        let floor = self.floor(state)?;
        let above = |record: &RecordView| record.last_modified > floor;
        let records = self.sim.records(Resource::Components);
        Ok(records.into_iter().filter(above).map(|record| (record.id, record.last_modified)).collect())
    }

    fn floor(&self, state: &[u8]) -> Result<i64> {
        Ok(blob::read(state, &watched(&origin(&self.sim.url())?)).map_err(unusable)?.floor)
    }
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
