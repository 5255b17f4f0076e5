//! The options that every command takes: which component, what it may do, what it may use, how to print.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use host::{CompileCache, Grants, Limit, LimitUnit, Limits, NetworkOptions, Observers};

use super::command_error::CommandError;
use super::format::Format;
use super::network::NetworkFlags;
use super::record::{RecordOptions, UnderWay, Use};
use super::seen::{Seen, SeenOptions};
use super::values::{milliseconds, size};
use crate::flags::limit_flag;

/// The variable that names the component where no flag does.
const COMPONENT_VARIABLE: &str = "HARNESS_COMPONENT";

#[derive(Args)]
pub(super) struct GlobalOptions {
    /// The component to load: a file, or one in a registry, oci://HOST/NAME@sha256:DIGEST or oci://HOST/NAME:TAG
    /// [default: what HARNESS_COMPONENT names, else the only .wasm file beside this program]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "precompiled")]
    component: Option<PathBuf>,
    /// Refuse a component that the key of this file has not signed: cosign's public key in PEM. A component in a
    /// registry has its signature there, a file has it beside it, in FILE.sig. Several keys: the flag several times
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "precompiled")]
    trust: Vec<PathBuf>,
    /// Load this file of `harness compile` in place of a component: machine code that runs outside the sandbox, so only
    /// one of your own
    #[arg(long, global = true, value_name = "FILE")]
    precompiled: Option<PathBuf>,
    /// Refuse a component whose manifest is not the one in this file (of `harness inspect --manifest`), and say what
    /// changed for secrets
    #[arg(long, global = true, value_name = "FILE")]
    expect_manifest: Option<PathBuf>,
    /// Let requests go over plain http
    #[arg(long, global = true, help_heading = "Grants")]
    allow_http: bool,
    /// Let requests go to loopback, private and link-local addresses
    #[arg(long, global = true, help_heading = "Grants")]
    allow_private_network: bool,
    /// Let a request leave only if it can be shown to read: GET, HEAD, or GraphQL with queries alone
    #[arg(long, global = true, help_heading = "Grants")]
    read_only: bool,
    /// Let requests go through the proxy of --proxy, which looks up the addresses behind their hosts itself, unchecked
    #[arg(long, global = true, help_heading = "Grants")]
    allow_proxy: bool,
    /// Tell the service which trace each request belongs to, in the header traceparent; needs --otlp
    #[arg(long, global = true, help_heading = "Grants")]
    send_trace_context: bool,
    #[command(flatten)]
    network: NetworkFlags,
    /// Compile the component anew, and keep nothing of it
    #[arg(long, global = true, conflicts_with = "cache_dir")]
    no_cache: bool,
    /// Where compiled components are kept [default: host-harness in $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, global = true, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Do not read harness.toml in this folder
    #[arg(long, global = true)]
    no_config: bool,
    /// Say nothing on standard error but warnings and errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// The connection file that the folder's settings name.
    #[arg(skip)]
    set_connection: Option<PathBuf>,
    /// The flags that they add.
    #[arg(skip)]
    added: Vec<OsString>,
    /// The flags that count for every call, as a shell takes them, if it can.
    #[arg(skip)]
    call_flags: Option<Vec<String>>,
    /// Show the connector's log and every HTTP attempt on standard error
    #[arg(long, global = true)]
    debug: bool,
    /// How to print results
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    recording: RecordOptions,
    /// The recording under way.
    #[arg(skip)]
    under_way: Option<UnderWay>,
    #[command(flatten)]
    seen: SeenOptions,
    /// Who sees the calls from outside, once there is somebody.
    #[arg(skip)]
    observers: Observers,
    #[command(flatten)]
    limits: LimitOptions,
}

/// A flag for each limit of the library's table.
struct LimitOptions(Limits);

impl Args for LimitOptions {
    fn augment_args(command: Command) -> Command {
        command.args(Limit::ALL.map(limit_argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn limit_argument(limit: Limit) -> Arg {
    let default = limit.shown(limit.default()).replace(' ', "");
    let help = format!("{} [default: {default}]", limit.bounds());
    let argument = Arg::new(limit.name()).long(limit_flag(limit)).global(true).help(help);
    let argument = argument.help_heading("Limits of a call");
    match limit.unit() {
        LimitUnit::Time => argument.value_name("TIME").value_parser(milliseconds),
        LimitUnit::Bytes => argument.value_name("SIZE").value_parser(size),
        LimitUnit::Count => argument.value_name("COUNT").value_parser(clap::value_parser!(u64)),
    }
}

impl FromArgMatches for LimitOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut limits = Self(Limits::default());
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for limit in Limit::ALL {
            if let Some(value) = matches.get_one::<u64>(limit.name()) {
                self.0.set(limit, *value);
            }
        }
        Ok(())
    }
}

impl GlobalOptions {
    /// The component's file, or its address in a registry.
    pub(super) fn component(&self) -> Result<PathBuf, CommandError> {
        component(self.component.as_deref())
    }

    /// The files of the public keys that a component must be signed by one of.
    pub(super) fn trust(&self) -> &[PathBuf] {
        &self.trust
    }

    /// Whose certificates are trusted.
    pub(super) fn trusted(&self) -> Result<NetworkOptions, CommandError> {
        self.network.trusted()
    }

    /// The compiled component that the operator vouches for.
    pub(super) fn precompiled(&self) -> Option<&Path> {
        self.precompiled.as_deref()
    }

    pub(super) fn expect_manifest(&self) -> Option<&Path> {
        self.expect_manifest.as_deref()
    }

    /// How requests get to their service; reads the files that the flags name.
    pub(super) fn network(&self) -> Result<NetworkOptions, CommandError> {
        self.network.options()
    }

    /// Where compiled components are kept.
    pub(super) fn cache(&self) -> CompileCache {
        match &self.cache_dir {
            _ if self.no_cache => CompileCache::Off,
            Some(folder) => CompileCache::Folder(folder.clone()),
            None => CompileCache::standard(),
        }
    }

    /// Whether a person has said where.
    pub(super) fn names_a_cache(&self) -> bool {
        self.cache_dir.is_some()
    }

    /// Whether harness.toml is not to be read.
    pub(super) fn no_config(&self) -> bool {
        self.no_config
    }

    pub(super) fn quiet(&self) -> bool {
        self.quiet
    }

    /// Takes over the flags that the folder's settings add to the line.
    pub(super) fn set_added(&mut self, flags: Vec<OsString>) {
        self.added = flags;
    }

    /// The flags that the folder's settings have added to the line.
    pub(super) fn added(&self) -> &[OsString] {
        &self.added
    }

    /// Takes over the flags that count for every call.
    pub(super) fn set_call_flags(&mut self, flags: Option<Vec<String>>) {
        self.call_flags = flags;
    }

    /// The flags that count for every call, as a shell takes them, if it can.
    pub(super) fn call_flags(&self) -> Option<&[String]> {
        self.call_flags.as_deref()
    }

    /// Takes over which connection the folder's settings name.
    pub(super) fn set_connection_to(&mut self, path: Option<PathBuf>) {
        self.set_connection = path;
    }

    /// The connection file that the folder's settings name.
    pub(super) fn set_connection(&self) -> Option<&Path> {
        self.set_connection.as_deref()
    }

    pub(super) fn debug(&self) -> bool {
        self.debug
    }

    /// The format that was asked for, if one was.
    pub(super) fn chosen_format(&self) -> Option<Format> {
        self.format
    }

    /// How to print; JSON unless something else is asked for.
    pub(super) fn format(&self) -> Format {
        self.format.unwrap_or(Format::Json)
    }

    /// How to print what people read first.
    pub(super) fn format_for_people(&self) -> Format {
        self.format.unwrap_or(Format::Table)
    }

    pub(super) fn grants(&self) -> Grants {
        Grants {
            allow_http: self.allow_http,
            allow_private_network: self.allow_private_network,
            allow_proxy: self.allow_proxy,
            read_only: self.read_only,
            send_trace_context: self.send_trace_context,
        }
    }

    /// Starts what sees the command from outside, if that is asked for.
    pub(super) fn start_seen(&mut self) -> Result<Option<Seen>, CommandError> {
        let seen = Seen::start(&self.seen, self.send_trace_context, self.network.trusted()?)?;
        self.observers = seen.as_ref().map(Seen::observers).unwrap_or_default();
        Ok(seen)
    }

    /// Begins a recording, if one is asked for.
    pub(super) fn start_recording(&mut self, used: Use) -> Result<Option<UnderWay>, CommandError> {
        self.under_way = self.recording.start(used)?;
        Ok(self.under_way.clone())
    }

    pub(super) fn recording(&self) -> &RecordOptions {
        &self.recording
    }

    /// The recording under way.
    pub(super) fn under_way(&self) -> Option<&UnderWay> {
        self.under_way.as_ref()
    }

    /// Who sees the calls from outside.
    pub(super) fn observers(&self) -> Observers {
        let heard = self.under_way.as_ref().map(UnderWay::hears);
        Observers { heard, ..self.observers.clone() }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.0.clone()
    }
}

/// The component's file: the one that is named, or the only one there is beside this program.
pub(super) fn component(named: Option<&Path>) -> Result<PathBuf, CommandError> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    if let Some(component) = std::env::var_os(COMPONENT_VARIABLE).filter(|component| !component.is_empty()) {
        return Ok(component.into());
    }
    let folder = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
    let found = folder.as_deref().map(components_in).unwrap_or_default();
    let why = match <[PathBuf; 1]>::try_from(found) {
        Ok([only]) => return Ok(only),
        Err(found) if found.is_empty() => "there is no .wasm file beside this program",
        Err(_) => "there is more than one .wasm file beside this program",
    };
    let way_out = format!("name one with --component FILE, or in the variable {COMPONENT_VARIABLE}");
    Err(CommandError::usage(format!("no component is named, and {why}: {way_out}")))
}

/// The WebAssembly files of a folder. What cannot be listed has none.
fn components_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "wasm") && path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_components_of_a_folder_are_its_webassembly_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("folder.wasm")).unwrap();
        for name in ["one.wasm", "one.cwasm", "two.wasm.gz", "harness"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(components_in(folder.path()), [folder.path().join("one.wasm")]);
        assert!(components_in(&folder.path().join("nothing")).is_empty());
    }
}
