//! What the commands that call a connector share: the component loaded, the connection read, the options of a call.

use std::path::Path;
use std::sync::Arc;

use host::contract::ConnectorDefinition;
use host::{CacheUse, CallOptions, Connection, Connector, Limits, LogLevel, LogOptions, Runtime, RuntimeOptions};

use serde_json::Value;

use super::command_error::CommandError;
use super::options::GlobalOptions;
use super::progress::Progress;
use super::{connection_file, output};
use crate::files;

/// A manifest as it is printed, in bytes: indented, it is several times what a component may declare.
const LARGEST_MANIFEST: u64 = 16 * 1024 * 1024;

/// A loaded connector with the options that its calls are made with.
pub(super) struct Session {
    pub(super) connector: Connector,
    pub(super) options: GlobalOptions,
    limits: Arc<Limits>,
}

impl Session {
    pub(super) async fn open(options: GlobalOptions) -> Result<Self, CommandError> {
        let runtime = runtime(&options)?;
        let loading = |file: &Path| Progress::start(format!("Loading {}", file.display()));
        let connector = match options.precompiled() {
            Some(file) => {
                let _progress = loading(file);
                // SAFETY: the operator vouches for the file by naming it with a flag that says what it is.
                unsafe { runtime.load_precompiled(file) }.await?
            }
            None => {
                let component = options.component()?;
                let _progress = loading(&component);
                runtime.load_file(&component).await?
            }
        };
        // Trouble with the cache is no error, and worth a word only to whoever has named a folder for it.
        if let (true, CacheUse::Unusable(why)) = (options.names_a_cache(), connector.cache_use()) {
            output::message(&format!("warning: the cache folder is not used: {why}"));
        }
        if let Some(path) = options.expect_manifest() {
            connector.expect_manifest(&expected_manifest(path)?)?;
        }
        let limits = Arc::new(options.limits());
        Ok(Self { connector, options, limits })
    }

    /// Reads a connection file against the connector's manifest.
    pub(super) fn connection(&self, path: &Path) -> Result<Connection, CommandError> {
        Ok(self.connection_and_value(path)?.0)
    }

    /// The same, with what the file says. It holds the secrets.
    pub(super) fn connection_and_value(&self, path: &Path) -> Result<(Connection, Value), CommandError> {
        let value = connection_file::read(path, self.connector.definition())?;
        let connection = self.connector.connection(value.clone());
        let connection = connection.map_err(|error| CommandError::usage(format!("{}: {error}", path.display())))?;
        Ok((connection, value))
    }

    /// The options of a call whose progress is shown: warnings always, everything with `--debug`.
    pub(super) fn call_options(&self, progress: &Progress) -> CallOptions {
        let print = progress.printer();
        CallOptions {
            grants: self.options.grants(),
            limits: self.limits.clone(),
            log: LogOptions {
                level: if self.options.debug() { LogLevel::Trace } else { LogLevel::Warn },
                sink: Some(Arc::new(move |line| print(&line.to_string()))),
            },
            observers: self.options.observers(),
            ..Default::default()
        }
    }

    /// The options of a call that shows nothing while it runs.
    pub(super) fn plain_call_options(&self) -> CallOptions {
        CallOptions {
            grants: self.options.grants(),
            limits: self.limits.clone(),
            observers: self.options.observers(),
            ..Default::default()
        }
    }

    pub(super) fn state_limit(&self) -> u64 {
        self.limits.state_bytes
    }
}

/// Reads a manifest that was approved.
fn expected_manifest(path: &Path) -> Result<ConnectorDefinition, CommandError> {
    let failed = |text: String| CommandError::usage(format!("the expected manifest {}: {text}", path.display()));
    let text = files::read(path, LARGEST_MANIFEST).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text)
        .map_err(|error| failed(format!("it is no manifest as `harness inspect --manifest` prints it: {error}")))
}

/// The runtime of a command.
pub(super) fn runtime(options: &GlobalOptions) -> Result<Runtime, CommandError> {
    // One call at a time needs no pool of a thousand.
    let settings = RuntimeOptions {
        concurrent_calls: 4,
        cache: options.cache(),
        load_limits: Arc::new(options.limits()),
        network: options.network()?,
        ..Default::default()
    };
    Ok(Runtime::new(settings)?)
}
