//! A program with all that it starts: begun, killed, and what it uses.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

/// A process with its children, which end with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Pid,
}

impl Process {
    /// Starts a program in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).stdin(Stdio::null()).spawn().with_context(|| format!("{name} cannot be started"))?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process without a number")?;
        Ok(Self { child, group })
    }

    /// Its standard output, once.
    pub(crate) fn output(&mut self) -> Result<std::process::ChildStdout> {
        self.child.stdout.take().context("the output is taken already")
    }

    /// Kills it and all that it started, as if the machine had lost its power.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = kill_process_group(self.group, Signal::KILL);
        let _ = self.child.wait();
    }

    /// Asks it to end.
    pub(crate) fn end(&mut self) {
        let _ = kill_process_group(self.group, Signal::TERM);
        for _ in 0..150 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.kill();
    }

    /// Whether it has not ended.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it and its children use.
    pub(crate) fn usage(&self) -> Usage {
        usage_of_group(self.group.as_raw_nonzero().get())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What processes have used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// Of each process, in ticks of the kernel's clock: the dead ones are with their parents.
    ticks: BTreeMap<i32, u64>,
    /// Resident memory, in bytes: pages that several share count once for each.
    pub(crate) resident: u64,
}

impl Usage {
    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.ticks.extend(other.ticks);
        self.resident += other.resident;
        self
    }

    /// CPU time since an earlier look, in seconds.
    pub(crate) fn seconds_since(&self, before: &Self) -> f64 {
        let spent = self.ticks.iter().map(|(pid, ticks)| ticks.saturating_sub(before.ticks.get(pid).copied().unwrap_or(0)));
        spent.sum::<u64>() as f64 / rustix::param::clock_ticks_per_second() as f64
    }
}

fn usage_of_group(group: i32) -> Usage {
    let mut usage = Usage::default();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        // The name, in brackets, can hold anything.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
        if fields.get(2).and_then(|field| field.parse::<i32>().ok()) != Some(group) {
            continue;
        }
        usage.ticks.insert(pid, number(11) + number(12) + number(13) + number(14));
        // Private memory, so that what processes share counts once or so.
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        usage.resident += pss.unwrap_or(number(21) * 4) * 1024;
    }
    usage
}
