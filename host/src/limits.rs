//! Every limit of a call, its default and the reason for it. A limit that is exceeded ends the call with a typed error that
//! names the limit, its value and how to raise it; it never takes the process down.

use std::fmt;
use std::time::Duration;

/// What one call of a component may use. Build it from [`Limits::default`] and change what you need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long the whole call may take: computing, waiting for the service and reading its answers.
    pub deadline: Duration,
    /// Linear memory of the component, in bytes.
    pub memory_bytes: u64,
    /// Elements of each of the component's tables.
    pub table_elements: u64,
    /// Core instances, and tables, that the component is made of. It has one memory.
    pub instances: u64,
    /// Requests the component may make. A request that the host repeats counts once.
    pub requests: u64,
    /// One request, in bytes: URL, headers and body.
    pub request_bytes: u64,
    /// All requests together, in bytes.
    pub sent_bytes: u64,
    /// Body of one answer after decoding, in bytes. A longer one is cut off while it streams in.
    pub response_bytes: u64,
    /// Bodies of all answers together, in bytes.
    pub received_bytes: u64,
    /// Lines of log that are kept; more are counted and dropped.
    pub log_lines: u64,
    /// Length of one line of log, in bytes; a longer one is cut.
    pub log_line_bytes: u64,
    /// The JSON that a call returns, in bytes.
    pub result_bytes: u64,
    /// The polling state that a poll is given or returns, in bytes.
    pub state_bytes: u64,
    /// All that the host itself may hold for the call, in bytes, beside the component's memory: the request and the answer under way, the log,
    /// the recorded exchanges, the result. Log and exchanges may take half of it; what is too much of them is left out and counted.
    pub host_bytes: u64,
    /// The component's file, in bytes. Holds when it is loaded.
    pub component_bytes: u64,
    /// How long compiling may take. Holds when the component is loaded.
    pub compile_deadline: Duration,
    /// The component's description of itself, in bytes: all texts of its manifest together. Holds when the component is loaded.
    pub manifest_bytes: u64,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A flow's step that takes a minute is taken for broken by whoever waits for it.
            deadline: Duration::from_secs(60),
            // A poll of 5,000 records holds a few MiB; 64 leave room for awkward answers and let 1,000 calls share a machine.
            memory_bytes: 64 * MIB,
            // A component's tables hold its function pointers: some hundreds. The pooled tables have room for these.
            table_elements: 20_000,
            // A componentised module is three or four core instances.
            instances: 16,
            // Two pages of 100 records a second for most of the deadline; a loop that never ends is noticed soon.
            requests: 200,
            // Requests are queries and inputs; a service refuses larger ones anyway.
            request_bytes: 4 * MIB,
            sent_bytes: 64 * MIB,
            // A page of 100 full records is below 1 MiB. Four of these still fit into the component's memory.
            response_bytes: 16 * MIB,
            received_bytes: 256 * MIB,
            // At debug every request and answer is a line or two: enough for the most requests, small enough to keep.
            log_lines: 5_000,
            log_line_bytes: 16 * KIB,
            // Half of the memory it is made in.
            result_bytes: 32 * MIB,
            // Part of the contract: what a host has promised to store.
            state_bytes: 64 * KIB,
            // The largest result, the largest answer, and as much again for log and exchanges. With the component's memory and what one
            // hand-over may take ([`Limits::handed_over_bytes`]) a call stays below 256 MiB.
            host_bytes: 96 * MIB,
            // A connector has some hundreds of KiB, one with a large library a few MiB. Compiling takes a hundred times its size.
            component_bytes: 8 * MIB,
            // A few seconds on a slow machine.
            compile_deadline: Duration::from_secs(60),
            // A large connector's manifest has 100 KiB, and becomes up to eighty times that as values.
            manifest_bytes: MIB,
        }
    }
}

/// What the host's own records of a hand-over may take beside the texts in them, in bytes.
const HANDED_OVER_OVERHEAD: u64 = 8 * MIB;

impl Limits {
    /// The most that the component may hand over at once (one request, one line of log, one result), in bytes as the host holds them. A list whose
    /// items all point to one text is small in the component and would be endless out here.
    pub(crate) fn handed_over_bytes(&self) -> u64 {
        let largest = self.request_bytes.max(self.result_bytes).saturating_add(HANDED_OVER_OVERHEAD);
        largest.min(self.host_bytes)
    }
}

/// The name of a limit that can end a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::deadline`].
    Deadline,
    /// [`Limits::memory_bytes`].
    Memory,
    /// [`Limits::table_elements`].
    TableElements,
    /// [`Limits::instances`].
    Instances,
    /// [`Limits::requests`].
    Requests,
    /// [`Limits::request_bytes`].
    RequestBytes,
    /// [`Limits::sent_bytes`].
    SentBytes,
    /// [`Limits::response_bytes`].
    ResponseBytes,
    /// [`Limits::received_bytes`].
    ReceivedBytes,
    /// [`Limits::result_bytes`].
    ResultBytes,
    /// [`Limits::state_bytes`].
    StateBytes,
    /// [`Limits::host_bytes`].
    HostBytes,
    /// [`Limits::component_bytes`].
    ComponentBytes,
    /// [`Limits::compile_deadline`].
    CompileDeadline,
    /// [`Limits::manifest_bytes`].
    ManifestBytes,
}

impl Limit {
    /// Every limit that can end a call.
    pub const ALL: [Self; 15] = [
        Self::Deadline,
        Self::Memory,
        Self::TableElements,
        Self::Instances,
        Self::Requests,
        Self::RequestBytes,
        Self::SentBytes,
        Self::ResponseBytes,
        Self::ReceivedBytes,
        Self::ResultBytes,
        Self::StateBytes,
        Self::HostBytes,
        Self::ComponentBytes,
        Self::CompileDeadline,
        Self::ManifestBytes,
    ];

    /// The limit's name in JSON and logs, in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::TableElements => "table-elements",
            Self::Instances => "instances",
            Self::Requests => "requests",
            Self::RequestBytes => "request-bytes",
            Self::SentBytes => "sent-bytes",
            Self::ResponseBytes => "response-bytes",
            Self::ReceivedBytes => "received-bytes",
            Self::ResultBytes => "result-bytes",
            Self::StateBytes => "state-bytes",
            Self::HostBytes => "host-bytes",
            Self::ComponentBytes => "component-bytes",
            Self::CompileDeadline => "compile-deadline",
            Self::ManifestBytes => "manifest-bytes",
        }
    }

    /// The flag of the `harness` command that raises it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Deadline => "--deadline",
            Self::Memory => "--max-memory",
            Self::TableElements => "--max-table-elements",
            Self::Instances => "--max-instances",
            Self::Requests => "--max-requests",
            Self::RequestBytes => "--max-request-bytes",
            Self::SentBytes => "--max-sent-bytes",
            Self::ResponseBytes => "--max-response-bytes",
            Self::ReceivedBytes => "--max-received-bytes",
            Self::ResultBytes => "--max-result-bytes",
            Self::StateBytes => "--max-state-bytes",
            Self::HostBytes => "--max-host-bytes",
            Self::ComponentBytes => "--max-component-bytes",
            Self::CompileDeadline => "--compile-deadline",
            Self::ManifestBytes => "--max-manifest-bytes",
        }
    }

    /// The field of [`Limits`] that holds it.
    pub fn field(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Memory => "memory_bytes",
            Self::TableElements => "table_elements",
            Self::Instances => "instances",
            Self::Requests => "requests",
            Self::RequestBytes => "request_bytes",
            Self::SentBytes => "sent_bytes",
            Self::ResponseBytes => "response_bytes",
            Self::ReceivedBytes => "received_bytes",
            Self::ResultBytes => "result_bytes",
            Self::StateBytes => "state_bytes",
            Self::HostBytes => "host_bytes",
            Self::ComponentBytes => "component_bytes",
            Self::CompileDeadline => "compile_deadline",
            Self::ManifestBytes => "manifest_bytes",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Deadline => "the call did not end within its deadline of",
            Self::Memory => "the component asked for more memory than",
            Self::TableElements => "the component asked for a table of more elements than",
            Self::Instances => "the component is made of more instances or tables than",
            Self::Requests => "the component made more requests than",
            Self::RequestBytes => "the component sent a request larger than",
            Self::SentBytes => "the component sent more in all than",
            Self::ResponseBytes => "the service sent a body larger than",
            Self::ReceivedBytes => "the service sent more in all than",
            Self::ResultBytes => "the component returned a result larger than",
            Self::StateBytes => "the polling state is larger than",
            Self::HostBytes => "the host would have to hold more for this call than",
            Self::ComponentBytes => "the component is larger than",
            Self::CompileDeadline => "the component was not compiled within",
            Self::ManifestBytes => "the component's manifest is larger than",
        }
    }
}

/// A limit that a call went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} {}; raise it with {} or Limits::{}", .limit.what(), self.value(), .limit.flag(), .limit.field())]
pub struct LimitExceeded {
    /// Which limit.
    pub limit: Limit,
    /// What it allows: milliseconds for the deadlines, otherwise bytes or a count.
    pub allowed: u64,
}

impl LimitExceeded {
    pub(crate) fn new(limit: Limit, limits: &Limits) -> Self {
        let allowed = match limit {
            Limit::Deadline => milliseconds(limits.deadline),
            Limit::Memory => limits.memory_bytes,
            Limit::TableElements => limits.table_elements,
            Limit::Instances => limits.instances,
            Limit::Requests => limits.requests,
            Limit::RequestBytes => limits.request_bytes,
            Limit::SentBytes => limits.sent_bytes,
            Limit::ResponseBytes => limits.response_bytes,
            Limit::ReceivedBytes => limits.received_bytes,
            Limit::ResultBytes => limits.result_bytes,
            Limit::StateBytes => limits.state_bytes,
            Limit::HostBytes => limits.host_bytes,
            Limit::ComponentBytes => limits.component_bytes,
            Limit::CompileDeadline => milliseconds(limits.compile_deadline),
            Limit::ManifestBytes => limits.manifest_bytes,
        };
        Self { limit, allowed }
    }

    /// The allowed amount with its unit, for people.
    pub fn value(&self) -> impl fmt::Display + use<> {
        let allowed = self.allowed;
        match self.limit {
            Limit::Deadline | Limit::CompileDeadline if allowed.is_multiple_of(1000) => format!("{} s", allowed / 1000),
            Limit::Deadline | Limit::CompileDeadline => format!("{allowed} ms"),
            Limit::TableElements | Limit::Instances | Limit::Requests => allowed.to_string(),
            _ if allowed.is_multiple_of(MIB) => format!("{} MiB", allowed / MIB),
            _ if allowed.is_multiple_of(KIB) => format!("{} KiB", allowed / KIB),
            _ => format!("{allowed} bytes"),
        }
    }

    /// The limit as JSON: its name, its value and unit for people, and the flag that raises it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.limit.name(),
            "allowed": self.value().to_string(),
            "raiseWith": self.limit.flag(),
        })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exceeded_limit_names_itself_its_value_and_how_to_raise_it() {
        let exceeded = LimitExceeded::new(Limit::Memory, &Limits::default());
        let text = exceeded.to_string();
        assert!(text.contains("memory than 64 MiB"), "{text}");
        assert!(text.contains("--max-memory") && text.contains("Limits::memory_bytes"), "{text}");
        let limits = Limits { deadline: Duration::from_millis(1500), ..Limits::default() };
        assert_eq!(LimitExceeded::new(Limit::Deadline, &limits).value().to_string(), "1500 ms");
        assert_eq!(LimitExceeded::new(Limit::Requests, &limits).value().to_string(), "200");
    }
}
