//! What is killed in a trial, and how each is started again.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::chaos::Victim;
use crate::engines::Engine;
use crate::fleets::{Fleet, SIGNING_SECRET, Worker};
use crate::processes::Process;

/// How long a worker may take to begin: its engine is killed as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// The workers, killed in turn.
pub(crate) struct Workers {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) workers: Vec<Worker>,
    /// Whose turn it is.
    pub(crate) next: usize,
}

impl Victim for Workers {
    fn kill_and_start(&mut self) -> Result<()> {
        let place = self.next % self.workers.len().max(1);
        self.next += 1;
        let Some(worker) = self.workers.get_mut(place) else { return Ok(()) };
        worker.process.kill();
        // The engine may be dead at this moment, so that a worker cannot begin.
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.fleet.start(&format!("worker-{place}")) {
                Ok(started) => {
                    *worker = started;
                    return Ok(());
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
        bail!("a worker that was killed could not be started again: see its log")
    }
}

impl Victim for Engine {
    fn kill_and_start(&mut self) -> Result<()> {
        self.kill();
        self.start()
    }
}

/// The flow that receives.
pub(crate) struct Flow {
    pub(crate) program: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) port: u16,
    /// Where its handler is served to a Restate.
    pub(crate) handlers: Option<u16>,
    pub(crate) process: Option<Process>,
}

impl Flow {
    /// Starts it.
    pub(crate) fn start(&mut self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["receive", "--port", &self.port.to_string(), "--secret", SIGNING_SECRET, "--log"]).arg(&self.log);
        if let Some(port) = self.handlers {
            command.args(["--handlers", &port.to_string()]);
        }
        self.process = Some(Process::start(command.stdout(Stdio::null()))?);
        Ok(())
    }
}

impl Victim for Flow {
    fn kill_and_start(&mut self) -> Result<()> {
        self.process = None;
        self.start()
    }
}
