//! The engine: the one place where Wasmtime is configured, and the clock that lets a call be interrupted.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often a computing component gives way to other calls and has its deadline checked. Short enough that no call
/// waits noticeably for another, long enough that the thread behind it costs nothing.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// As many core instances and tables a call as `Limits::instances` has by default.
const INSTANCES_PER_CALL: u32 = 16;
/// Room to raise `Limits::table_elements` five times over.
const POOLED_TABLE_ELEMENTS: usize = 100_000;

/// The most memory of a slot that stays resident and is zeroed by hand when the slot is used again: cheaper than page
/// faults, which are a third of what a full poll costs without this. All that a full poll touches. Short calls in the
/// same slot do not pay for it as long as they do not grow their memory.
const MOST_KEPT_RESIDENT: usize = 8 * 1024 * 1024;
/// What a short call touches. Less would save nothing worth having.
const LEAST_KEPT_RESIDENT: usize = 256 * 1024;
/// The part of the machine's free memory that all slots together may keep.
const KEPT_PART: u64 = 4;

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// From slots that are reserved ahead, with memory mapped copy-on-write from the component's image: microseconds a
    /// call.
    Pooled,
    /// From the operating system for each call: slower, and sparing with addresses.
    OnDemand,
}

/// Whether the kernel has `PAGEMAP_SCAN`.
pub(super) fn is_pagemap_scan_available() -> bool {
    PoolingAllocationConfig::is_pagemap_scan_available()
}

/// An engine whose epoch advances for as long as this lives.
pub(super) struct SharedEngine {
    engine: Engine,
    allocation: Allocation,
    keep_resident: usize,
    // Dropping it ends the ticker's wait at once.
    _stop_ticker: Sender<()>,
}

impl SharedEngine {
    pub(super) fn new(
        wanted: Allocation,
        concurrent_calls: u32,
        last_word: Option<fn(&mut Config)>,
    ) -> wasmtime::Result<Self> {
        let config = |pooled_calls| {
            let mut config = config(pooled_calls);
            if let Some(last_word) = last_word {
                last_word(&mut config);
            }
            config
        };
        // A pool reserves addresses, which a limit on the process (`ulimit -v`, some containers) can forbid.
        let keep_resident = keep_resident(free_memory(), concurrent_calls);
        let pooled = match wanted {
            Allocation::Pooled => Engine::new(&config(Some((concurrent_calls, keep_resident)))).ok(),
            Allocation::OnDemand => None,
        };
        let (engine, allocation) = match pooled {
            Some(engine) => (engine, Allocation::Pooled),
            None => (Engine::new(&config(None))?, Allocation::OnDemand),
        };
        let stop_ticker = start_ticker(&engine)?;
        Ok(Self { engine, allocation, keep_resident, _stop_ticker: stop_ticker })
    }

    pub(super) fn get(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn allocation(&self) -> Allocation {
        self.allocation
    }

    /// How much of a slot stays resident, in bytes.
    pub(super) fn keep_resident(&self) -> usize {
        if self.allocation == Allocation::Pooled { self.keep_resident } else { 0 }
    }
}

/// The one constructor of a configuration, so that two engines never differ by accident.
fn config(pool: Option<(u32, usize)>) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.epoch_interruption(true);
    // Nothing in the contract is concurrent within a call, and its bookkeeping costs at each one.
    config.concurrency_support(false);
    // A trap's text is enough for whoever runs a flow; collecting frames costs time and code size.
    config.wasm_backtrace_max_frames(None);
    config.memory_init_cow(true);
    if let Some((calls, keep_resident)) = pool {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(calls)
            .total_core_instances(calls.saturating_mul(INSTANCES_PER_CALL))
            .total_memories(calls)
            .total_tables(calls.saturating_mul(INSTANCES_PER_CALL))
            .table_elements(POOLED_TABLE_ELEMENTS)
            .total_stacks(calls)
            .linear_memory_keep_resident(keep_resident)
            .table_keep_resident(keep_resident)
            .pagemap_scan(Enabled::Auto);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

/// What each slot may keep, so that all of them stay within their part of the free memory.
fn keep_resident(free: Option<u64>, slots: u32) -> usize {
    let share = free.map_or(0, |free| free / KEPT_PART / u64::from(slots.max(1)));
    usize::try_from(share).unwrap_or(MOST_KEPT_RESIDENT).clamp(LEAST_KEPT_RESIDENT, MOST_KEPT_RESIDENT)
}

/// The bytes that the machine and the container have free; none where neither can be read.
fn free_memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.saturating_mul(1024))
    });
    // The word `max` there, which is no number, stands for no limit.
    let container = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse::<u64>().ok());
    machine.into_iter().chain(container).min()
}

/// Advances the epoch until the returned sender is dropped.
fn start_ticker(engine: &Engine) -> wasmtime::Result<Sender<()>> {
    let (stop, stopped) = channel::<()>();
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch-ticker".into()).spawn(move || {
        while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let Some(engine) = engine.upgrade() else { break };
            engine.increment_epoch();
        }
    })?;
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ticker_ends_when_the_engine_is_dropped() {
        let shared = SharedEngine::new(Allocation::OnDemand, 1, None).expect("an engine");
        let weak = shared.get().weak();
        drop(shared);
        // The thread holds the engine only while it ticks.
        let gone = (0..100).any(|_| {
            std::thread::sleep(TICK);
            weak.upgrade().is_none()
        });
        assert!(gone, "something still holds the engine");
    }

    #[test]
    fn slots_share_a_part_of_the_free_memory() {
        let (gib, mib) = (1024 * 1024 * 1024, 1024 * 1024);
        assert_eq!(keep_resident(Some(64 * gib), 1_000), 8 * mib);
        assert_eq!(keep_resident(Some(16 * gib), 1_024), 4 * mib);
        assert_eq!(keep_resident(Some(gib), 1_000), 268_435);
        for scarce in [None, Some(0), Some(100 * mib as u64)] {
            assert_eq!(keep_resident(scarce, 1_000), LEAST_KEPT_RESIDENT);
        }
    }

    #[test]
    fn a_pool_is_used_when_it_is_asked_for() {
        let shared = SharedEngine::new(Allocation::Pooled, 10, None).expect("an engine");
        assert_eq!(shared.allocation(), Allocation::Pooled);
    }
}
