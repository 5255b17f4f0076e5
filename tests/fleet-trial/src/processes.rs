//! A program with all that it starts: begun, killed, and what it uses.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A process with its children, which end with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
}

impl Process {
    /// Starts a program, in a process group of its own, so that ctrl-c ends this program alone, and it the others.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process without a number")?;
        Ok(Self { child, pid })
    }

    /// Its standard output, once.
    pub(crate) fn output(&mut self) -> Result<std::process::ChildStdout> {
        self.child.stdout.take().context("the output is taken already")
    }

    /// Kills it and all that it started, as if the machine had lost its power.
    pub(crate) fn kill(&mut self) {
        // Stopped before, so that it starts no more while they are looked for, and found before: what a dead process
        // had started is nobody's. It may have ended by itself.
        if kill_process(self.pid, Signal::STOP).is_ok() {
            self.wait_until_stopped();
        }
        let all = self.tree();
        for pid in all.into_iter().filter_map(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }

    /// A process runs on for a moment after it was told to stop, and can start another one in it.
    fn wait_until_stopped(&self) {
        let pid = self.pid.as_raw_nonzero().get();
        let runs = || {
            let found = processes().into_iter().find(|(found, _)| *found == pid);
            found
                .and_then(|(_, fields)| fields.first().cloned())
                .is_some_and(|state| !matches!(&*state, "T" | "t" | "Z"))
        };
        for _ in 0..1_000 {
            if !runs() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Its number, and those of all that it started, however deep.
    fn tree(&self) -> Vec<i32> {
        let all: Vec<(i32, i32)> =
            processes().into_iter().map(|(pid, fields)| (pid, number(&fields, 1) as i32)).collect();
        let mut tree = vec![self.pid.as_raw_nonzero().get()];
        let mut place = 0;
        while let Some(parent) = tree.get(place).copied() {
            tree.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            place += 1;
        }
        tree
    }

    /// Asks it to end.
    pub(crate) fn end(&mut self) {
        let _ = kill_process(self.pid, Signal::TERM);
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
        usage(&self.tree())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The kernel counts CPU time in hundredths of a second, on every machine that Linux runs on.
pub(crate) const TICKS: f64 = 100.0;

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
        let spent =
            self.ticks.iter().map(|(pid, ticks)| ticks.saturating_sub(before.ticks.get(pid).copied().unwrap_or(0)));
        spent.sum::<u64>() as f64 / TICKS
    }
}

/// The processes of this machine, with what the kernel says of each after its name.
fn processes() -> Vec<(i32, Vec<String>)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let read = pids.filter_map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in brackets, can hold anything.
        let (_, rest) = stat.rsplit_once(") ")?;
        Some((pid, rest.split(' ').map(str::to_owned).collect()))
    });
    read.collect()
}

fn number(fields: &[String], place: usize) -> u64 {
    fields.get(place).and_then(|field| field.parse().ok()).unwrap_or_default()
}

fn usage(tree: &[i32]) -> Usage {
    let mut usage = Usage::default();
    for (pid, fields) in processes().into_iter().filter(|(pid, _)| tree.contains(pid)) {
        // Of the process, and of its children that have ended.
        usage.ticks.insert(pid, (11..15).map(|place| number(&fields, place)).sum());
        // In proportion, where processes share memory.
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let share = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
        usage.resident += share.unwrap_or(number(&fields, 21) * 4) * 1024;
    }
    usage
}
