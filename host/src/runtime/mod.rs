//! Loads components and runs their calls. The engine is made in `engine`, a component is loaded and linked in
//! `component`, one call from start to end is in `call`, and `bindings` is the only file that sees generated code.

mod bindings;
mod cache;
mod call;
mod calls;
mod component;
mod engine;
mod error;
mod heard;
mod load_error;
mod observed;
mod observers;
mod operation_kind;
mod operations;
mod own_request;
mod owners;
mod receipts;
mod renewal;
mod store;
mod telling;
mod told;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

pub use cache::{CacheUse, CompileCache};
pub use call::{CallOptions, Outcome, Started};
pub use component::Connector;
use component::Source;
pub use engine::Allocation;
pub use error::{CallError, CallFailure};
pub use heard::{CallHeard, HeardCall, Returned};
pub use load_error::LoadError;
pub use observers::{CallEnd, CallEnded, OTHER_OPERATION, Observers};
pub use operation_kind::OperationKind;
pub use own_request::{OwnAnswer, OwnRequest};
pub use told::{Told, WaysOut};

use crate::egress::{Network, Transport};
use crate::limits::Limits;
use crate::network::{NetworkError, NetworkOptions};
use engine::SharedEngine;

/// How a [`Runtime`] is set up.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// Calls that may run at the same time; more wait for their turn, within their deadline.
    pub concurrent_calls: u32,
    /// How instances get their memory.
    pub allocation: Allocation,
    /// Whether and where compiled components are kept. Off by default: an embedder decides what is written to disk.
    pub cache: CompileCache,
    /// What loading a component may use: [`Limits::component_bytes`], [`Limits::compile_deadline`], and, for reading
    /// its manifest, [`Limits::manifest_bytes`] and the limits of any call.
    pub load_limits: Arc<Limits>,
    /// How requests get to their service: whose certificates are trusted, a proxy, a certificate of one's own.
    pub network: NetworkOptions,
    /// Has the last word on the engine's configuration. For tests that look into a component's memory; nothing is
    /// promised about it.
    #[doc(hidden)]
    pub configure_engine: Option<fn(&mut wasmtime::Config)>,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        // 1,000 slots reserve 4 TiB of addresses and no memory: a quarter of what 32 machines' worth of calls would
        // need, and well within the 128 TiB that a process has.
        Self {
            concurrent_calls: 1_000,
            allocation: Allocation::Pooled,
            cache: CompileCache::Off,
            load_limits: Arc::default(),
            network: NetworkOptions::default(),
            configure_engine: None,
        }
    }
}

/// Why a [`Runtime`] could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The engine could not be made.
    #[error("the WebAssembly engine could not be set up: {0}")]
    Engine(String),
    /// The network cannot be used as it is described.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// What a [`Runtime`] chose for the machine that it runs on.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RuntimeChoices {
    /// How instances get their memory: `pooled` or `on demand`.
    pub allocation: &'static str,
    /// Calls that may run at the same time.
    pub concurrent_calls: u32,
    /// Whether an instance's memory begins as a copy-on-write mapping of the component's image.
    pub copy_on_write: bool,
    /// How much of a slot's memory stays resident for its next use, in bytes.
    pub keep_resident_bytes: u64,
    /// Whether the kernel says which pages a call has touched, so that only these are reset.
    pub pagemap_scan: bool,
    /// How often a computing component can be interrupted, in milliseconds.
    pub epoch_tick_milliseconds: u64,
}

/// The engine of a process, and its way to the network. Cheap to clone; one is enough for any number of connectors and
/// calls.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<RuntimeInner>,
}

pub(crate) struct RuntimeInner {
    engine: Arc<SharedEngine>,
    cache: CompileCache,
    load_limits: Arc<Limits>,
    concurrent_calls: u32,
    network: Arc<Network>,
    slots: Semaphore,
}

impl Runtime {
    /// Sets up the engine. Falls back to memory on demand where a pool cannot be had; [`Runtime::allocation`] says
    /// which it is.
    pub fn new(options: RuntimeOptions) -> Result<Self, RuntimeError> {
        Self::build(options, None)
    }

    /// Like [`Runtime::new`], with requests answered by `transport` in place of the network.
    pub fn with_transport(options: RuntimeOptions, transport: Arc<dyn Transport>) -> Result<Self, RuntimeError> {
        Self::build(options, Some(transport))
    }

    fn build(options: RuntimeOptions, transport: Option<Arc<dyn Transport>>) -> Result<Self, RuntimeError> {
        let network = Network::new(&options.network, transport)?;
        let concurrent_calls = options.concurrent_calls.max(1);
        let engine = SharedEngine::new(options.allocation, concurrent_calls, options.configure_engine)
            .map_err(|error| RuntimeError::Engine(format!("{error:#}")))?;
        Ok(Self {
            inner: Arc::new(RuntimeInner {
                engine: Arc::new(engine),
                cache: options.cache,
                load_limits: options.load_limits,
                concurrent_calls,
                network: Arc::new(network),
                slots: Semaphore::new(concurrent_calls as usize),
            }),
        })
    }

    /// How instances get their memory.
    pub fn allocation(&self) -> Allocation {
        self.inner.engine.allocation()
    }

    /// What was chosen when this was set up.
    pub fn choices(&self) -> RuntimeChoices {
        let pooled = self.allocation() == Allocation::Pooled;
        RuntimeChoices {
            allocation: if pooled { "pooled" } else { "on demand" },
            concurrent_calls: self.inner.concurrent_calls,
            copy_on_write: cfg!(unix),
            keep_resident_bytes: self.inner.engine.keep_resident() as u64,
            pagemap_scan: pooled && engine::is_pagemap_scan_available(),
            epoch_tick_milliseconds: engine::TICK.as_millis() as u64,
        }
    }

    /// Loads a component from a file, see [`Runtime::load`]. Only WebAssembly is taken: machine code is loaded by
    /// [`Runtime::load_precompiled`] and nothing else.
    pub async fn load_file(&self, path: impl AsRef<Path>) -> Result<Connector, LoadError> {
        Connector::load(self.inner.clone(), Source::File(path.as_ref().to_owned())).await
    }

    /// Compiles a component, or takes it from the cache, links it, reads its manifest and checks it, so that what is
    /// wrong with it shows here and not at its first call. Compiling takes a tenth of a second or so and runs on a
    /// thread for blocking work; [`RuntimeOptions::load_limits`] bounds it.
    pub async fn load(&self, bytes: Vec<u8>) -> Result<Connector, LoadError> {
        Connector::load(self.inner.clone(), Source::Bytes(bytes)).await
    }

    /// Loads a file that [`Runtime::compile_file`] wrote, in a fraction of a millisecond. Refused if another user could
    /// have written the file, or if another version or other settings made it; neither says that it is what its name
    /// promises.
    ///
    /// # Safety
    ///
    /// The file is machine code, which runs in this process outside of any sandbox and can do whatever the process can.
    /// The caller vouches that `compile_file` wrote it from a component, and that nobody has changed it since: as for
    /// any program that one starts.
    pub async unsafe fn load_precompiled(&self, path: impl AsRef<Path>) -> Result<Connector, LoadError> {
        Connector::load(self.inner.clone(), Source::Precompiled(path.as_ref().to_owned())).await
    }

    /// Compiles a component for this machine and these settings, and writes the result to a file that
    /// [`Runtime::load_precompiled`] loads. Gives the file's size in bytes. A file that is there is replaced only if it
    /// is a compiled component too.
    pub async fn compile_file(&self, component: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<u64, LoadError> {
        component::compile_to_file(&self.inner, component.as_ref().to_owned(), output.as_ref().to_owned()).await
    }
}

impl RuntimeInner {
    /// The same engine, with requests answered by `transport`.
    fn answered_by(&self, transport: Arc<dyn Transport>) -> Self {
        Self {
            engine: self.engine.clone(),
            cache: self.cache.clone(),
            load_limits: self.load_limits.clone(),
            concurrent_calls: self.concurrent_calls,
            network: Arc::new(Network::answered_by(transport)),
            slots: Semaphore::new(self.concurrent_calls as usize),
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("allocation", &self.allocation()).finish_non_exhaustive()
    }
}
