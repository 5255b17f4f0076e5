//! Makes recordings: lets the simulated service change what a poll is to find, and polls it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use connector_sdk::{Connection, Connector as _, PollResult};
use duro_plm::Duro;
use duro_sim::{DuroSim, RecordView, Resource};

use crate::connection::plain;
use crate::native::Recorder;
use crate::recording::{self, INPUTS, Recording, TRIGGER};

/// What one poll delivers at most: 50 pages, each but the first of which repeats a few records.
pub(crate) const ONE_POLL: usize = 4_800;

/// What lies below every backlog, so that a walk ends at older records and not at the end of the list.
const OLDER_RECORDS: usize = 300;
const HEAD_START_MILLISECONDS: i64 = 24 * 3_600 * 1_000;
/// The time between two changes.
const GAP: Duration = Duration::from_millis(7);

/// Records a poll of a backlog of this many records, as many polls as it takes, under `name` or `name-0`, `name-1` and
/// so on; gives how many.
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
        let (created, updated) = recording::delivered(&result.payload)?;
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
        recording::floor(state, &self.sim.url())
    }
}
