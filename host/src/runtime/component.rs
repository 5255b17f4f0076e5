//! A component from bytes to a connector that can be called: compiled, its imports checked, linked, its manifest read.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker};

use super::bindings::{self, Interface, LinkedComponent};
use super::cache::{self, CacheUse};
use super::call::{self, CallOptions};
use super::load_error::LoadError;
use super::operations::Describe;
use super::{Runtime, RuntimeInner};
use crate::connection::{Connection, ConnectionError};
use crate::contract::{ConnectorDefinition, short, trust_changes};
use crate::egress::Transport;
use crate::limits::{Limit, LimitExceeded, Limits};

/// What a component may import: what it asks of the host, and the types of its contract.
const ALLOWED_IMPORTS: [&str; 3] = ["http", "log", "types"];
/// What a component must export.
const EXPORTS: [&str; 5] = ["manifest", "connections", "actions", "data-sources", "triggers"];

/// A loaded connector. Cheap to clone; its calls are independent of each other and may run at the same time.
#[derive(Clone)]
pub struct Connector {
    inner: Arc<ConnectorInner>,
    runtime: Arc<RuntimeInner>,
}

struct ConnectorInner {
    linked: LinkedComponent,
    definition: ConnectorDefinition,
    imports: Vec<String>,
    exports: Vec<String>,
    size: usize,
    cache_use: CacheUse,
}

/// Where a component comes from.
pub(super) enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
    /// A file of machine code that the caller vouches for.
    Precompiled(PathBuf),
}

impl Connector {
    pub(super) async fn load(runtime: Arc<RuntimeInner>, source: Source) -> Result<Self, LoadError> {
        let (component, size, cache_use) =
            within_compile_deadline(&runtime, move |runtime| runtime.component(source)).await?;
        let (imports, exports) = interfaces(&component)?;
        let linked = link(&component).map_err(|error| LoadError::Contract(format!("{error:#}")))?;
        let options = CallOptions { limits: runtime.load_limits.clone(), ..CallOptions::default() };
        call::check_exports(&runtime, &linked, &options).await?;
        let described = call::run(&runtime, &linked, None, &options, Describe)
            .await
            .map_err(|failure| LoadError::Describe(Box::new(failure.error)))?;
        let definition = bindings::read_definition(described.value).map_err(LoadError::Manifest)?;
        let problems = definition.problems();
        if !problems.is_empty() {
            return Err(LoadError::Manifest(problems));
        }
        let inner = ConnectorInner { linked, definition, imports, exports, size, cache_use };
        Ok(Self { inner: Arc::new(inner), runtime })
    }

    /// What the connector declares. Read once, when it was loaded.
    pub fn definition(&self) -> &ConnectorDefinition {
        &self.inner.definition
    }

    /// Whether the manifest is one that was approved before: the error names every change in which fields are secret
    /// and in where requests with secrets go. To be asked before a connection is made for it.
    pub fn expect_manifest(&self, approved: &ConnectorDefinition) -> Result<(), LoadError> {
        if self.definition() == approved {
            return Ok(());
        }
        Err(LoadError::OtherManifest(trust_changes(approved, self.definition())))
    }

    /// The interfaces that the component asks of its host. One that holds types alone gives nothing and is not listed.
    pub fn imports(&self) -> &[String] {
        &self.inner.imports
    }

    /// The interfaces that the component offers.
    pub fn exports(&self) -> &[String] {
        &self.inner.exports
    }

    /// The version of the contract that the component offers, for example `0.2.0`.
    pub fn contract_version(&self) -> &'static str {
        self.inner.linked.contract().version()
    }

    /// Whether the component asks for the contract's `http` and `log` at most. Loading has made sure of it; this says
    /// it from the list.
    pub fn needs_only_http_and_log(&self) -> bool {
        self.inner.imports.iter().all(|name| is_contracts(name, &["http", "log"]))
    }

    /// The size in bytes of what was loaded: the component, or the file that it was compiled to.
    pub fn size(&self) -> usize {
        self.inner.size
    }

    /// What the cache of compiled components did when this was loaded.
    pub fn cache_use(&self) -> &CacheUse {
        &self.inner.cache_use
    }

    /// The runtime it was loaded into.
    pub fn runtime(&self) -> Runtime {
        Runtime { inner: self.runtime.clone() }
    }

    /// The same connector, with requests answered by `transport` in place of the network. Nothing is compiled or linked
    /// anew.
    pub fn with_transport(&self, transport: Arc<dyn Transport>) -> Self {
        let runtime = Arc::new(self.runtime.answered_by(transport));
        Self { inner: self.inner.clone(), runtime }
    }

    pub(super) fn linked(&self) -> &LinkedComponent {
        &self.inner.linked
    }

    pub(super) fn runtime_inner(&self) -> &RuntimeInner {
        &self.runtime
    }

    /// Makes a connection of `{"key": …, "fields": {…}}`, by the connector's manifest. A connection that can be made
    /// and not be used says so with [`Connection::problems`], and with every call.
    pub fn connection(&self, value: Value) -> Result<Connection, ConnectionError> {
        Connection::new(self.definition(), value)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("key", &self.inner.definition.key)
            .field("version", &self.inner.definition.version)
            .finish_non_exhaustive()
    }
}

impl RuntimeInner {
    /// Reads, loads or compiles: all that may block.
    fn component(&self, source: Source) -> Result<(Component, usize, CacheUse), LoadError> {
        let engine = self.engine.get();
        let bytes = match source {
            Source::Bytes(bytes) => within_component_bytes(bytes, &self.load_limits)?,
            Source::File(path) => read(&path, &self.load_limits)?,
            Source::Precompiled(path) => {
                let (component, bytes) = cache::load(engine, &path)
                    .map_err(|reason| LoadError::Precompiled { path: path.clone(), reason })?;
                return Ok((component, bytes, CacheUse::Precompiled(path)));
            }
        };
        let (component, cache_use) = cache::load_or_compile(&self.cache, engine, &bytes, || compile(engine, &bytes))?;
        Ok((component, bytes.len(), cache_use))
    }
}

/// Runs what may compile, on a thread for blocking work. At the deadline the thread is left behind: a compiler cannot
/// be interrupted.
async fn within_compile_deadline<T: Send + 'static>(
    runtime: &Arc<RuntimeInner>,
    work: impl FnOnce(&RuntimeInner) -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let shared = runtime.clone();
    let work = tokio::task::spawn_blocking(move || work(&shared));
    match tokio::time::timeout(runtime.load_limits.compile_deadline, work).await {
        Ok(done) => done.map_err(|error| LoadError::NotAComponent(error.to_string()))?,
        Err(_) => Err(LoadError::Limit(LimitExceeded::new(Limit::CompileDeadline, &runtime.load_limits))),
    }
}

/// Compiles a component to a file of machine code; gives the file's size in bytes.
pub(super) async fn compile_to_file(
    runtime: &Arc<RuntimeInner>,
    component: PathBuf,
    output: PathBuf,
) -> Result<u64, LoadError> {
    within_compile_deadline(runtime, move |runtime| {
        let failed = |reason: String| LoadError::Precompiled { path: output.clone(), reason };
        let bytes = read(&component, &runtime.load_limits)?;
        cache::check_replaceable(&component, &output).map_err(failed)?;
        let compiled = compile(runtime.engine.get(), &bytes)?.serialize();
        let compiled = compiled.map_err(|error| failed(format!("{error:#}")))?;
        cache::write(&output, &compiled).map_err(|error| failed(format!("it cannot be written: {error}")))?;
        Ok(compiled.len() as u64)
    })
    .await
}

/// Reads a component's file, and not a byte beyond the limit.
fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, LoadError> {
    let failed = |reason: String| LoadError::File { path: path.to_owned(), reason };
    // A pipe or a device could be waited for without end.
    if !std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.is_file() {
        return Err(failed("it is not a regular file".into()));
    }
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(limits.component_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| failed(error.to_string()))?;
    within_component_bytes(bytes, limits)
}

fn within_component_bytes(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, LoadError> {
    if bytes.len() as u64 > limits.component_bytes {
        return Err(LoadError::Limit(LimitExceeded::new(Limit::ComponentBytes, limits)));
    }
    Ok(bytes)
}

fn compile(engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Component, LoadError> {
    if cache::looks_compiled(bytes) {
        return Err(LoadError::MachineCode);
    }
    if bytes.starts_with(b"\0asm\x01\0\0\0") {
        let text = "it is a core module; make it a component with wit-component or `wasm-tools component new`";
        return Err(LoadError::NotAComponent(text.into()));
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotAComponent("it does not begin with the bytes of WebAssembly".into()));
    }
    Component::from_binary(engine, bytes).map_err(|error| LoadError::NotAComponent(format!("{error:#}")))
}

/// The imports that give the component something, and the exports; an import that no connector is given is an error.
fn interfaces(component: &Component) -> Result<(Vec<String>, Vec<String>), LoadError> {
    let engine = component.engine();
    let component_type = component.component_type();
    let mut imports = Vec::new();
    let mut refused = Vec::new();
    for (name, item) in component_type.imports(engine) {
        if !is_contracts(name, &ALLOWED_IMPORTS) {
            refused.push(name.to_owned());
        } else if !matches!(&item.ty, ComponentItem::ComponentInstance(instance) if holds_types_alone(instance, engine))
        {
            imports.push(name.to_owned());
        }
    }
    if !refused.is_empty() {
        return Err(LoadError::Imports(refused));
    }
    let exports: Vec<String> = component_type.exports(engine).map(|(name, _)| name.to_owned()).collect();
    let asked = component_type.imports(engine).map(|(name, _)| name);
    let mut asked = asked.chain(exports.iter().map(String::as_str)).filter_map(Interface::of);
    if let Some(interface) = asked.find(|interface| !interface.is_spoken()) {
        let version = if interface.version.is_empty() { "no version" } else { short(interface.version) };
        return Err(LoadError::Contract(format!("it has {} of {version}", short(interface.name))));
    }
    let missing: Vec<&str> =
        EXPORTS.into_iter().filter(|wanted| !exports.iter().any(|name| is_contracts(name, &[wanted]))).collect();
    if !missing.is_empty() {
        return Err(LoadError::Contract(format!("it does not export {}", missing.join(", "))));
    }
    Ok((imports, exports))
}

/// Whether `name` is one of the contract's `interfaces`, for example `integration:connector/http@0.2.0`, in whatever
/// version.
fn is_contracts(name: &str, interfaces: &[&str]) -> bool {
    Interface::of(name).is_some_and(|interface| interfaces.contains(&interface.name))
}

fn holds_types_alone(instance: &ComponentInstance, engine: &wasmtime::Engine) -> bool {
    instance.exports(engine).all(|(_, item)| matches!(item.ty, ComponentItem::Type(_)))
}

fn link(component: &Component) -> wasmtime::Result<LinkedComponent> {
    let mut linker = Linker::new(component.engine());
    bindings::add_imports(&mut linker)?;
    LinkedComponent::new(linker.instantiate_pre(component)?)
}
