//! What one call keeps beside its instance: its requests, its log, and the watch over its memory.

use wasmtime::ResourceLimiter;

use crate::budget::HostBudget;
use crate::egress::Egress;
use crate::limits::{Limit, LimitExceeded, Limits};
use crate::log::CallLog;

/// The host's side of one call.
pub(super) struct CallState {
    pub(super) egress: Egress,
    pub(super) log: CallLog,
    pub(super) resources: Resources,
    /// What egress and log charge too.
    pub(super) budget: HostBudget,
}

/// Counts what the component allocates. Going over a limit ends the call at once, with the limit as the reason: a
/// component whose allocation merely failed would end in a crash that explains nothing.
pub(super) struct Resources {
    memory: LimitExceeded,
    table_elements: LimitExceeded,
    instances: usize,
    /// The largest that the memory became, in bytes.
    pub(super) peak_memory: u64,
}

impl Resources {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            memory: LimitExceeded::new(Limit::Memory, limits),
            table_elements: LimitExceeded::new(Limit::TableElements, limits),
            instances: usize::try_from(limits.instances).unwrap_or(usize::MAX),
            peak_memory: 0,
        }
    }
}

impl ResourceLimiter for Resources {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let desired = desired as u64;
        if desired > self.memory.allowed {
            return Err(self.memory.into());
        }
        self.peak_memory = self.peak_memory.max(desired);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired as u64 > self.table_elements.allowed {
            return Err(self.table_elements.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        // A componentised module has one, and the pool has one slot a call.
        1
    }
}
