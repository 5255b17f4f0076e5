//! Every limit of a call, in one table: its name, its default, what it bounds and why. A limit that is exceeded ends
//! the call with a typed error that names the limit and its value; it never takes the process down.

use std::fmt;
use std::time::Duration;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// What the number of a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitUnit {
    /// Milliseconds.
    Time,
    /// Bytes.
    Bytes,
    /// Whatever the limit is called after.
    Count,
}

/// A row of the table.
struct Row {
    name: &'static str,
    field: &'static str,
    unit: LimitUnit,
    default: u64,
    bounds: &'static str,
    why: &'static str,
    exceeded: &'static str,
}

/// What a field of [`Limits`] holds: a number by its row's unit.
trait Amount {
    fn of(number: u64) -> Self;
    fn number(&self) -> u64;
}

impl Amount for u64 {
    fn of(number: u64) -> Self {
        number
    }

    fn number(&self) -> u64 {
        *self
    }
}

impl Amount for Duration {
    fn of(number: u64) -> Self {
        Self::from_millis(number)
    }

    fn number(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Makes [`Limits`] and [`Limit`] from the table: `field, Case, "name": type in Unit = default; what it bounds; why;
/// what is said when it is exceeded, before the value`.
macro_rules! table {
    ($(
        $field:ident, $case:ident, $name:literal: $type:ident in $unit:ident = $default:expr;
        $bounds:literal;
        $why:literal;
        $exceeded:literal;
    )+) => {
        /// What one call of a component may use. Build it from [`Limits::default`] and change what you need.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $(
                #[doc = concat!($bounds, ".\n\n", $why)]
                pub $field: $type,
            )+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($field: Amount::of($default),)+ }
            }
        }

        impl Limits {
            /// The value of a limit, in its [unit](Limit::unit).
            pub fn get(&self, limit: Limit) -> u64 {
                match limit {
                    $(Limit::$case => self.$field.number(),)+
                }
            }

            /// Sets a limit to a value in its [unit](Limit::unit).
            pub fn set(&mut self, limit: Limit, value: u64) {
                match limit {
                    $(Limit::$case => self.$field = Amount::of(value),)+
                }
            }
        }

        /// One of the [`Limits`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Limit {
            $(
                #[doc = concat!("[`Limits::", stringify!($field), "`].")]
                $case,
            )+
        }

        impl Limit {
            /// Every limit, in the table's order.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$case),+];

            fn row(self) -> &'static Row {
                match self {
                    $(Self::$case => &Row {
                        name: $name,
                        field: stringify!($field),
                        unit: LimitUnit::$unit,
                        default: $default,
                        bounds: $bounds,
                        why: $why,
                        exceeded: $exceeded,
                    },)+
                }
            }
        }
    };
}

table! {
    deadline, Deadline, "deadline": Duration in Time = 60_000;
        "How long a call may take, computing, waiting for the service and reading its answers included";
        "A flow's step that takes a minute is taken for broken by whoever waits for it.";
        "the call did not end within its deadline of";
    memory_bytes, Memory, "memory": u64 in Bytes = 64 * MIB;
        "Linear memory of the component";
        "A poll of 5,000 records holds a few MiB; 64 leave room for awkward answers and let 1,000 calls share a \
         machine.";
        "the component asked for more memory than";
    table_elements, TableElements, "table-elements": u64 in Count = 20_000;
        "Elements of each of the component's tables";
        "A component's tables hold its function pointers: some hundreds. The pooled tables have room for these.";
        "the component asked for a table of more elements than";
    instances, Instances, "instances": u64 in Count = 16;
        "Core instances, and tables, that the component is made of. It has one memory";
        "A componentised module is three or four core instances.";
        "the component is made of more instances or tables than";
    requests, Requests, "requests": u64 in Count = 200;
        "Requests of a call. A request that the host repeats counts once";
        "Two pages of 100 records a second for most of the deadline; a loop that never ends is noticed soon.";
        "the component made more requests than";
    request_bytes, RequestBytes, "request-bytes": u64 in Bytes = 4 * MIB;
        "One request: its URL, headers and body";
        "Requests are queries and inputs; a service refuses larger ones anyway.";
        "the component sent a request larger than";
    sent_bytes, SentBytes, "sent-bytes": u64 in Bytes = 64 * MIB;
        "All requests of a call together";
        "Sixteen of the largest; no connector sends so much to read a service.";
        "the component sent more in all than";
    response_bytes, ResponseBytes, "response-bytes": u64 in Bytes = 16 * MIB;
        "Body of one answer after decoding. A longer one is cut off while it streams in";
        "A page of 100 full records is below 1 MiB. Four of these still fit into the component's memory.";
        "the service sent a body larger than";
    received_bytes, ReceivedBytes, "received-bytes": u64 in Bytes = 256 * MIB;
        "Bodies of all answers of a call together";
        "Sixteen of the largest; two hundred pages of full records have less.";
        "the service sent more in all than";
    log_lines, LogLines, "log-lines": u64 in Count = 5_000;
        "Lines of log that are kept; more are counted and dropped";
        "At debug every request and answer is a line or two: enough for the most requests, small enough to keep.";
        "the call wrote more lines of log than";
    log_line_bytes, LogLineBytes, "log-line-bytes": u64 in Bytes = 16 * KIB;
        "Length of one line of log; a longer one is cut";
        "A line is for people, and a panic's message fits in.";
        "the call wrote a line of log longer than";
    result_bytes, ResultBytes, "result-bytes": u64 in Bytes = 32 * MIB;
        "The JSON that a call returns";
        "Half of the memory it is made in.";
        "the component returned a result larger than";
    state_bytes, StateBytes, "state-bytes": u64 in Bytes = MIB;
        "The polling state that a poll is given or returns";
        "Part of the contract: what a host has promised to store.";
        "the polling state is larger than";
    host_bytes, HostBytes, "host-bytes": u64 in Bytes = 96 * MIB;
        "All that the host itself may hold for a call beside the component's memory: the request and the answer under \
         way, the log, the recorded exchanges, the result. Log and exchanges may take half of it; what is too much of \
         them is left out and counted";
        "The largest result, the largest answer, and as much again for log and exchanges. With the component's memory \
         and what it may hand over at once, a call stays below 256 MiB.";
        "the host would have to hold more for this call than";
    component_bytes, ComponentBytes, "component-bytes": u64 in Bytes = 8 * MIB;
        "The component's file. Holds when it is loaded";
        "A connector has some hundreds of KiB, one with a large library a few MiB. Compiling takes a hundred times its \
         size.";
        "the component is larger than";
    compile_deadline, CompileDeadline, "compile-deadline": Duration in Time = 60_000;
        "How long compiling may take. Holds when the component is loaded";
        "It takes a few seconds on a slow machine.";
        "the component was not compiled within";
    manifest_bytes, ManifestBytes, "manifest-bytes": u64 in Bytes = MIB;
        "The component's description of itself: all texts of its manifest together. Holds when the component is loaded";
        "A large connector's manifest has 100 KiB, and becomes up to eighty times that as values.";
        "the component's manifest is larger than";
}

/// What the host's own records of a hand-over may take beside the texts in them, in bytes.
const HANDED_OVER_OVERHEAD: u64 = 8 * MIB;

impl Limits {
    /// The most that the component may hand over at once (one request, one line of log, one result), in bytes as the
    /// host holds them. A list whose items all point to one text is small in the component and would be endless out
    /// here.
    pub(crate) fn handed_over_bytes(&self) -> u64 {
        let largest = self.request_bytes.max(self.result_bytes).saturating_add(HANDED_OVER_OVERHEAD);
        largest.min(self.host_bytes)
    }
}

impl Limit {
    /// The limit's name in JSON and logs, in kebab-case.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The field of [`Limits`] that holds it.
    pub fn field(self) -> &'static str {
        self.row().field
    }

    /// What its number counts.
    pub fn unit(self) -> LimitUnit {
        self.row().unit
    }

    /// Its value in [`Limits::default`], in its unit.
    pub fn default(self) -> u64 {
        self.row().default
    }

    /// What it bounds, in words without a full stop.
    pub fn bounds(self) -> &'static str {
        self.row().bounds
    }

    /// Why its default is what it is, in a sentence or two.
    pub fn why(self) -> &'static str {
        self.row().why
    }

    /// A value of it with its unit, for people: `64 MiB`, `60 s`, `200`.
    pub fn shown(self, value: u64) -> String {
        match self.unit() {
            LimitUnit::Time if value.is_multiple_of(1000) => format!("{} s", value / 1000),
            LimitUnit::Time => format!("{value} ms"),
            LimitUnit::Count => value.to_string(),
            LimitUnit::Bytes if value.is_multiple_of(MIB) => format!("{} MiB", value / MIB),
            LimitUnit::Bytes if value.is_multiple_of(KIB) => format!("{} KiB", value / KIB),
            LimitUnit::Bytes => format!("{value} bytes"),
        }
    }
}

/// A limit that a call went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}; raise it with Limits::{}", self.what(), .limit.field())]
pub struct LimitExceeded {
    /// Which limit.
    pub limit: Limit,
    /// What it allows, in the limit's unit.
    pub allowed: u64,
}

impl LimitExceeded {
    pub(crate) fn new(limit: Limit, limits: &Limits) -> Self {
        Self { limit, allowed: limits.get(limit) }
    }

    /// The allowed amount with its unit, for people.
    pub fn value(&self) -> String {
        self.limit.shown(self.allowed)
    }

    /// What happened, without the way out.
    pub(crate) fn what(&self) -> impl fmt::Display + use<> {
        format!("{} {}", self.limit.row().exceeded, self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exceeded_limit_names_itself_its_value_and_how_to_raise_it() {
        let exceeded = LimitExceeded::new(Limit::Memory, &Limits::default());
        let expected = "the component asked for more memory than 64 MiB; raise it with Limits::memory_bytes";
        assert_eq!(exceeded.to_string(), expected);
        let limits = Limits { deadline: Duration::from_millis(1500), ..Limits::default() };
        assert_eq!(LimitExceeded::new(Limit::Deadline, &limits).value(), "1500 ms");
        assert_eq!(LimitExceeded::new(Limit::Requests, &limits).value(), "200");
    }

    #[test]
    fn every_limit_is_read_and_set_by_its_own_name() {
        for limit in Limit::ALL {
            let mut limits = Limits::default();
            assert_eq!(limits.get(limit), limit.default(), "{}", limit.name());
            limits.set(limit, 7);
            assert!(Limit::ALL.iter().all(|other| (limits.get(*other) == 7) == (*other == limit)), "{}", limit.name());
        }
    }

    /// Written anew with `UPDATE_TABLES=1`.
    #[test]
    fn the_table_in_the_readme_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(path).unwrap();
        let mut table = "| limit | default | bounds | why |\n| --- | --- | --- | --- |\n".to_owned();
        for limit in Limit::ALL {
            let cells = [
                format!("`{}`", limit.name()),
                limit.shown(limit.default()),
                limit.bounds().into(),
                limit.why().into(),
            ];
            table.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        let begin = readme.find("| limit | default |").unwrap();
        let end = begin + readme[begin..].find("\n\n").unwrap() + 1;
        if std::env::var_os("UPDATE_TABLES").is_some() {
            std::fs::write(path, format!("{}{table}{}", &readme[..begin], &readme[end..])).unwrap();
        } else {
            assert_eq!(&readme[begin..end], table, "renew it with UPDATE_TABLES=1");
        }
    }
}
