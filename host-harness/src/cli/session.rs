//! What the commands that call a connector share: the component loaded, the connection read, the options of a call.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::contract::ConnectorDefinition;
use host::{
    CacheUse, CallError, CallFailure, CallOptions, Connection, Connector, Limits, LoadError, LogLevel, LogOptions,
    Observers, Runtime, RuntimeOptions, WaysOut,
};

use serde_json::Value;

use super::command_error::CommandError;
use super::connection_option::{ConnectionOption, Source};
use super::explain::{Call, explained};
use super::inputs::Inputs;
use super::options::GlobalOptions;
use super::progress::Progress;
use super::{component, connection_file, output};
use crate::files;
use crate::flags::Flags;
use crate::missing_grants::known;
use crate::operation::Kind;
use crate::recording::Component;

/// A manifest as it is printed, in bytes: indented, it is several times what a component may declare.
const LARGEST_MANIFEST: u64 = 16 * 1024 * 1024;

/// So many calls are at most under way of a command that makes one at a time: that needs no pool of a thousand.
pub(super) const ONE_AT_A_TIME: u32 = 4;

/// A loaded connector with the options that its calls are made with.
pub(super) struct Session {
    pub(super) connector: Connector,
    pub(super) options: GlobalOptions,
    limits: Arc<Limits>,
    /// What the connector was loaded from, where that is WebAssembly.
    file: Option<PathBuf>,
}

impl Session {
    pub(super) async fn open(options: GlobalOptions) -> Result<Self, CommandError> {
        Self::open_for(options, ONE_AT_A_TIME).await
    }

    /// The same for so many calls at the same time.
    pub(super) async fn open_for(options: GlobalOptions, concurrent_calls: u32) -> Result<Self, CommandError> {
        Ok(Self::loaded(options, concurrent_calls).await??)
    }

    /// The same, with what keeps a component that was found from being loaded apart from everything else.
    pub(super) async fn loaded(
        options: GlobalOptions,
        concurrent_calls: u32,
    ) -> Result<Result<Self, LoadError>, CommandError> {
        let runtime = runtime(&options, concurrent_calls)?;
        let loading = |file: &Path| Progress::start(format!("Loading {}", file.display()));
        let answers = options.recording().answers()?;
        let (loaded, file) = match options.precompiled() {
            Some(file) => {
                let _progress = loading(file);
                // SAFETY: the operator vouches for the file by naming it with a flag that says what it is.
                (unsafe { runtime.load_precompiled(file) }.await, None)
            }
            None => {
                let _progress = loading(&options.component()?);
                let found = component::find(&options).await?;
                (found.load(&runtime).await, found.file)
            }
        };
        let mut connector = match loaded {
            Ok(connector) => connector,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(answers) = answers {
            connector = connector.with_transport(answers);
        }
        // Trouble with the cache is no error, and worth a word only to whoever has named a folder for it.
        if let (true, CacheUse::Unusable(why)) = (options.names_a_cache(), connector.cache_use()) {
            output::message(&format!("warning: the cache folder is not used: {why}"));
        }
        expect_manifest(&options, &connector)?;
        let limits = Arc::new(options.limits());
        if let Some(recording) = options.under_way() {
            recording.opened(&connector, file.as_deref(), limits.clone());
        }
        Ok(Ok(Self { connector, options, limits, file }))
    }

    /// What the connector was loaded from, where that is WebAssembly.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Reads the connection to use against the connector's manifest.
    pub(super) fn connection(&self, option: &ConnectionOption) -> Result<Connection, CommandError> {
        Ok(self.connection_and_value(option)?.0)
    }

    /// The same, with what the file says. It holds the secrets.
    pub(super) fn connection_and_value(&self, option: &ConnectionOption) -> Result<(Connection, Value), CommandError> {
        let source = option.source(self.options.set_connection())?;
        // What is written in its place is known by now, and nothing of it is written yet.
        let recording = self.options.under_way().map(|recording| recording.path().to_owned());
        for (flag, path) in [("--output", output::file()), ("--record", recording)] {
            path.map_or(Ok(()), |path| source.spared_by(flag, &path))?;
        }
        let read = self.connection_of(&source)?;
        // Whoever has not named it is told which it is before anything is sent.
        if let Source::Set(_) | Source::Found(_) = source {
            output::message(&format!("note: the connection is {}: {}", source.name(), read.0.destination()));
        }
        Ok(read)
    }

    /// Fails where this flag would have something else written in place of the connection.
    pub(super) fn spares_connection(
        &self,
        option: &ConnectionOption,
        flag: &str,
        path: &Path,
    ) -> Result<(), CommandError> {
        option.source(self.options.set_connection())?.spared_by(flag, path)
    }

    /// Reads a connection from this place.
    pub(super) fn connection_of(&self, source: &Source) -> Result<(Connection, Value), CommandError> {
        let value = connection_file::read(source, self.connector.definition())?.value;
        Ok((self.connection_in(&value, source)?, value))
    }

    /// The connection that was read from this place.
    pub(super) fn connection_in(&self, value: &Value, source: &Source) -> Result<Connection, CommandError> {
        let connection = self.connector.connection(value.clone());
        connection.map_err(|error| CommandError::usage(format!("{}: {error}", source.name())))
    }

    /// Why a call with this connection failed, of this operation if it is of one: in the words of the manifest, with
    /// what this command can do about it.
    pub(super) fn explained(&self, connection: &Connection, error: CallError, call: Option<Call<'_>>) -> CommandError {
        let said = explained(&error, self.connector.definition(), call);
        match said.or_else(|| self.all_missing(connection, &error)) {
            Some(said) => CommandError::Explained { error: Box::new(error), said },
            None => CommandError::Call(Box::new(error)),
        }
    }

    /// The same of a call of this operation.
    pub(super) fn failed(
        &self,
        connection: &Connection,
        kind: Kind,
        key: &str,
        inputs: &Inputs,
        failure: Box<CallFailure>,
    ) -> CommandError {
        self.explained(connection, failure.error, Some(Call { kind, key, inputs }))
    }

    /// The same of a test of the connection.
    pub(super) fn test_failed(&self, connection: &Connection, failure: Box<CallFailure>) -> CommandError {
        self.explained(connection, failure.error, None)
    }

    /// All grants that the connection needs, where the host named the first that was missing; none where it is the only
    /// one.
    fn all_missing(&self, connection: &Connection, error: &CallError) -> Option<String> {
        let CallError::Refused { refusals, .. } = error else { return None };
        let named = refusals.first()?.grant?;
        let missing = known(connection.origin().ok()?, self.options.grants());
        let others = missing.into_iter().filter(|grant| *grant != named).filter_map(|grant| Flags.grant(grant));
        let others: Vec<String> = others.collect();
        (!others.is_empty()).then(|| format!("{}, and it needs {} too", error.told(&Flags), others.join(" and ")))
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
            observers: Observers { steps: progress.listener(), ..self.options.observers() },
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

    /// Which component it is.
    pub(super) fn component(&self) -> Component {
        Component::of(&self.connector, self.file.as_deref())
    }

    pub(super) fn state_limit(&self) -> u64 {
        self.limits.state_bytes
    }
}

/// Fails where the component's manifest is not the one that was approved, if the options name one.
pub(super) fn expect_manifest(options: &GlobalOptions, connector: &Connector) -> Result<(), CommandError> {
    let Some(path) = options.expect_manifest() else { return Ok(()) };
    Ok(connector.expect_manifest(&expected_manifest(path)?)?)
}

/// Reads a manifest that was approved.
fn expected_manifest(path: &Path) -> Result<ConnectorDefinition, CommandError> {
    let failed = |text: String| CommandError::usage(format!("the expected manifest {}: {text}", path.display()));
    let text = files::read(path, LARGEST_MANIFEST).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text)
        .map_err(|error| failed(format!("it is no manifest as `harness inspect --manifest` prints it: {error}")))
}

/// The runtime of a command.
pub(super) fn runtime(options: &GlobalOptions, concurrent_calls: u32) -> Result<Runtime, CommandError> {
    let settings = RuntimeOptions {
        concurrent_calls,
        cache: options.cache(),
        load_limits: Arc::new(options.limits()),
        network: options.network()?,
        ..Default::default()
    };
    Ok(Runtime::new(settings)?)
}
