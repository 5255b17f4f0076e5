//! Loads components and runs their calls. The engine is made in `engine`, a component is loaded and linked in `component`, one call
//! from start to end is in `call`, and `bindings` is the only file that sees generated code.

mod bindings;
mod call;
mod component;
mod engine;
mod error;
mod operations;
mod store;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Semaphore;

pub use call::{CallOptions, Outcome};
pub use component::{Connector, LoadError};
pub use engine::Allocation;
pub use error::{CallError, CallFailure};

use crate::egress::HttpClients;
use engine::SharedEngine;

/// How a [`Runtime`] is set up.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// Calls that may run at the same time; more wait for their turn, within their deadline.
    pub concurrent_calls: u32,
    /// How instances get their memory.
    pub allocation: Allocation,
    /// Certificates in PEM form of authorities to trust beside the web's, for services inside a company.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// Has the last word on the engine's configuration. For tests that look into a component's memory; nothing is promised about it.
    #[doc(hidden)]
    pub configure_engine: Option<fn(&mut wasmtime::Config)>,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        // 1,000 slots reserve 4 TiB of addresses and no memory: a quarter of what 32 machines' worth of calls would need, and well
        // within the 128 TiB that a process has.
        Self { concurrent_calls: 1_000, allocation: Allocation::Pooled, extra_roots_pem: None, configure_engine: None }
    }
}

/// Why a [`Runtime`] could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The engine could not be made.
    #[error("the WebAssembly engine could not be set up: {0}")]
    Engine(String),
    /// The extra roots cannot be read.
    #[error("the extra root certificates cannot be read: {0}")]
    Roots(String),
}

/// The engine and the HTTP clients of a process. Cheap to clone; one is enough for any number of connectors and calls.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<RuntimeInner>,
}

pub(crate) struct RuntimeInner {
    engine: SharedEngine,
    clients: Arc<HttpClients>,
    slots: Semaphore,
}

impl Runtime {
    /// Sets up the engine. Falls back to memory on demand where a pool cannot be had; [`Runtime::allocation`] says which it is.
    pub fn new(options: RuntimeOptions) -> Result<Self, RuntimeError> {
        let extra_roots = match &options.extra_roots_pem {
            Some(pem) => CertificateDer::pem_slice_iter(pem)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| RuntimeError::Roots(error.to_string()))?,
            None => Vec::new(),
        };
        if options.extra_roots_pem.is_some() && extra_roots.is_empty() {
            return Err(RuntimeError::Roots("there is no certificate in PEM form".into()));
        }
        let concurrent_calls = options.concurrent_calls.max(1);
        let engine = SharedEngine::new(options.allocation, concurrent_calls, options.configure_engine)
            .map_err(|error| RuntimeError::Engine(format!("{error:#}")))?;
        Ok(Self {
            inner: Arc::new(RuntimeInner {
                engine,
                clients: Arc::new(HttpClients::new(extra_roots)),
                slots: Semaphore::new(concurrent_calls as usize),
            }),
        })
    }

    /// How instances get their memory.
    pub fn allocation(&self) -> Allocation {
        self.inner.engine.allocation()
    }

    /// Loads a component from a file: see [`Runtime::load`].
    pub async fn load_file(&self, path: impl AsRef<Path>) -> Result<Connector, LoadError> {
        let path = path.as_ref();
        let bytes = tokio::fs::read(path)
            .await
            .map_err(|error| LoadError::File { path: path.to_owned(), reason: error.to_string() })?;
        self.load(bytes).await
    }

    /// Compiles a component, links it, reads its manifest and checks it, so that what is wrong with it shows here and not at its
    /// first call. Compiling takes a tenth of a second or so and runs on a thread for blocking work.
    pub async fn load(&self, bytes: Vec<u8>) -> Result<Connector, LoadError> {
        Connector::load(self.inner.clone(), bytes).await
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("allocation", &self.allocation()).finish_non_exhaustive()
    }
}
