//! The options that every command takes: which component, what it may do, what it may use, how to print.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use host::{CompileCache, Grants, Limits};

use super::values::{duration, size};

/// The component that is looked for when none is named.
const DEFAULT_COMPONENT: &str = "duro_plm.wasm";

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// JSON: one line where a program reads it, indented where a person does.
    Json,
    /// A table or a text for people.
    Table,
}

#[derive(Args)]
pub(super) struct GlobalOptions {
    /// The component to load [default: duro_plm.wasm beside this program, else dist/duro_plm.wasm]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "precompiled")]
    component: Option<PathBuf>,
    /// Load this file of `harness compile` in place of a component: machine code that runs outside the sandbox, so only one of your own
    #[arg(long, global = true, value_name = "FILE")]
    precompiled: Option<PathBuf>,
    /// Refuse a component whose manifest is not the one in this file (of `harness inspect --manifest`), and say what changed for secrets
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
    /// Trust the certificate authorities in this PEM file too
    #[arg(long, global = true, value_name = "FILE", help_heading = "Grants")]
    ca_file: Option<PathBuf>,
    /// Compile the component anew, and keep nothing of it
    #[arg(long, global = true, conflicts_with = "cache_dir")]
    no_cache: bool,
    /// Where compiled components are kept [default: host-harness in $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, global = true, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Show the connector's log and every HTTP attempt on standard error
    #[arg(long, global = true)]
    debug: bool,
    /// How to print results
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    limits: LimitOptions,
}

#[derive(Args)]
#[command(next_help_heading = "Limits of a call")]
struct LimitOptions {
    /// How long a call may take, waiting for the service included [default: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    deadline: Option<Duration>,
    /// Memory of the component [default: 64MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_memory: Option<u64>,
    /// Requests of a call [default: 200]
    #[arg(long, global = true, value_name = "COUNT")]
    max_requests: Option<u64>,
    /// Body of one answer [default: 16MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_response_bytes: Option<u64>,
    /// Bodies of all answers of a call [default: 256MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_received_bytes: Option<u64>,
    /// One request, its URL and headers included [default: 4MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_request_bytes: Option<u64>,
    /// All requests of a call [default: 64MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_sent_bytes: Option<u64>,
    /// The JSON that a call returns [default: 32MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_result_bytes: Option<u64>,
    /// The state of a poll [default: 64KiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_state_bytes: Option<u64>,
    /// Lines of log that are kept [default: 5000]
    #[arg(long, global = true, value_name = "COUNT")]
    max_log_lines: Option<u64>,
    /// Length of a line of log [default: 16KiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_log_line_bytes: Option<u64>,
    /// Elements of each of the component's tables [default: 20000]
    #[arg(long, global = true, value_name = "COUNT")]
    max_table_elements: Option<u64>,
    /// All that the host may hold for a call beside the component's memory [default: 96MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_host_bytes: Option<u64>,
    /// The component's file [default: 8MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_component_bytes: Option<u64>,
    /// How long compiling the component may take [default: 60s]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    compile_deadline: Option<Duration>,
    /// The component's manifest [default: 1MiB]
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    max_manifest_bytes: Option<u64>,
    /// Instances and tables that the component is made of [default: 16]
    #[arg(long, global = true, value_name = "COUNT")]
    max_instances: Option<u64>,
}

impl GlobalOptions {
    /// The component's file.
    pub(super) fn component(&self) -> PathBuf {
        if let Some(component) = &self.component {
            return component.clone();
        }
        let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(DEFAULT_COMPONENT)));
        match beside {
            Some(path) if path.exists() => path,
            _ => Path::new("dist").join(DEFAULT_COMPONENT),
        }
    }

    /// The compiled component that the operator vouches for.
    pub(super) fn precompiled(&self) -> Option<&Path> {
        self.precompiled.as_deref()
    }

    pub(super) fn expect_manifest(&self) -> Option<&Path> {
        self.expect_manifest.as_deref()
    }

    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
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

    pub(super) fn debug(&self) -> bool {
        self.debug
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
            read_only: self.read_only,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        let (asked, default) = (&self.limits, Limits::default());
        Limits {
            deadline: asked.deadline.unwrap_or(default.deadline),
            memory_bytes: asked.max_memory.unwrap_or(default.memory_bytes),
            table_elements: asked.max_table_elements.unwrap_or(default.table_elements),
            instances: asked.max_instances.unwrap_or(default.instances),
            requests: asked.max_requests.unwrap_or(default.requests),
            request_bytes: asked.max_request_bytes.unwrap_or(default.request_bytes),
            sent_bytes: asked.max_sent_bytes.unwrap_or(default.sent_bytes),
            response_bytes: asked.max_response_bytes.unwrap_or(default.response_bytes),
            received_bytes: asked.max_received_bytes.unwrap_or(default.received_bytes),
            log_lines: asked.max_log_lines.unwrap_or(default.log_lines),
            log_line_bytes: asked.max_log_line_bytes.unwrap_or(default.log_line_bytes),
            result_bytes: asked.max_result_bytes.unwrap_or(default.result_bytes),
            state_bytes: asked.max_state_bytes.unwrap_or(default.state_bytes),
            host_bytes: asked.max_host_bytes.unwrap_or(default.host_bytes),
            component_bytes: asked.max_component_bytes.unwrap_or(default.component_bytes),
            compile_deadline: asked.compile_deadline.unwrap_or(default.compile_deadline),
            manifest_bytes: asked.max_manifest_bytes.unwrap_or(default.manifest_bytes),
        }
    }
}
