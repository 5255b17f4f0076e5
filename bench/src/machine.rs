//! What the process used, and what the machine is.

use std::fs;
use std::time::Duration;

/// CPU time of this process so far, all threads, user and system.
pub(crate) fn cpu_time() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(spent.tv_sec).unwrap_or_default(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}

/// The most memory that this process had resident, in KiB; 0 where the system does not say.
pub(crate) fn peak_memory_kib() -> u64 {
    status("/proc/self/status", "VmHWM:")
}

/// The memory that this process has resident now, with the tables of its pages, in KiB.
pub(crate) fn memory_kib() -> u64 {
    status("/proc/self/status", "VmRSS:") + status("/proc/self/status", "VmPTE:")
}

fn status(file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or_default()
}

/// The processor, as the kernel names it.
pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {cores} cores", name.trim_start_matches([' ', '\t', ':']).trim())
}

/// The kernel's release.
pub(crate) fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {}", std::env::consts::OS, release.trim())
}
