//! What a component says in its log.

use host::egress::{REDACTED, Secrets};
use host::{LogLevel, LogSource, Trace};
use serde_json::{Map, Value};

use super::Verdict;
use super::bench::{Bench, SECRET, name};
use crate::operation::Operation;

/// A shorter text stands in a line by chance.
const SHORTEST: usize = 8;

/// What belongs into no line, or into none that everyone keeps.
struct Private {
    /// Of the connection; in no line.
    secrets: Secrets,
    secret_in_hex: String,
    /// Whether the host has taken a secret out where it left a mark: a recording is full of them.
    leaves_marks: bool,
    /// The ids of all records.
    records: Vec<String>,
}

/// At no level is there a secret. What happens once a call, and what is unusual, is kept by everyone: no record and no
/// input belongs into it.
pub(super) async fn without_secrets(bench: &Bench) -> Verdict {
    let (mut problems, mut lines) = (Vec::new(), 0);
    let mut secrets = Secrets::default();
    secrets.hide(SECRET);
    let private = Private {
        secrets,
        secret_in_hex: SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
        leaves_marks: bench.service.is_made_up(),
        records: bench.service.world(|world| world.courses().into_iter().map(|course| course.id).collect()),
    };
    let test = bench.connector.test_connection(&bench.connection, &bench.options()).await;
    let trace = test.map_or_else(|failure| failure.trace, |outcome| outcome.trace);
    look("the test of the connection", &trace, (&private, &[]), &mut lines, &mut problems);
    for operation in Operation::all(bench.definition()) {
        let (given, called) = bench.call_well(operation).await;
        let trace = called.map_or_else(|failure| failure.trace, |outcome| outcome.trace);
        look(&name(operation), &trace, (&private, &texts(operation, &given)), &mut lines, &mut problems);
    }
    bench.service.take_refused();
    Verdict::of(problems, format!("{lines} lines"))
}

/// The texts that an operation was given, but for those that its manifest names.
fn texts<'g>(operation: Operation<'_>, given: &'g Map<String, Value>) -> Vec<&'g str> {
    let is_choice = |key: &str| operation.inputs().iter().any(|input| input.key == key && !input.choices.is_empty());
    let texts = given.iter().filter(|(key, _)| !is_choice(key)).filter_map(|(_, value)| value.as_str());
    texts.filter(|text| text.len() >= SHORTEST).collect()
}

fn look(name: &str, trace: &Trace, (private, given): (&Private, &[&str]), lines: &mut u64, problems: &mut Vec<String>) {
    for line in trace.log.iter().filter(|line| line.source == LogSource::Connector) {
        *lines += 1;
        let what = if private.is_secret(&line.message) {
            "a secret"
        } else if line.level < LogLevel::Info {
            continue;
        } else if private.records.iter().any(|id| line.message.contains(id)) {
            "a record"
        } else if given.iter().any(|text| line.message.contains(text)) {
            "an input"
        } else {
            continue;
        };
        let text = private.secrets.scrub(line.message.clone()).replace(&private.secret_in_hex, REDACTED);
        let text = host::text::cut(&text, 120);
        problems.push(format!("{name} logs {what} at level {}: {text:?}", line.level.name()));
    }
}

impl Private {
    fn is_secret(&self, message: &str) -> bool {
        let is_in_hex = message.to_ascii_lowercase().contains(&self.secret_in_hex);
        is_in_hex
            || self.secrets.scrub(message.to_owned()) != message
            || (self.leaves_marks && message.contains(REDACTED))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use host::LogLine;
    use std::time::Duration;

    use super::*;

    fn found(level: LogLevel, message: &str) -> Vec<String> {
        let mut secrets = Secrets::default();
        secrets.hide(SECRET);
        let secret_in_hex = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        let private = Private { secrets, secret_in_hex, leaves_marks: true, records: vec!["5f01".into()] };
        let line = LogLine { at: Duration::ZERO, level, source: LogSource::Connector, message: message.into() };
        let (mut lines, mut problems) = (0, Vec::new());
        let trace = Trace { log: vec![line], ..Trace::default() };
        look("it", &trace, (&private, &["given-text"]), &mut lines, &mut problems);
        problems
    }

    #[test]
    fn a_secret_is_found_at_every_level_in_each_of_its_forms_and_not_repeated() {
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect();
        for form in [SECRET.to_owned(), STANDARD.encode(format!("user:{SECRET}")), hex, REDACTED.to_owned()] {
            for level in [LogLevel::Trace, LogLevel::Error] {
                let problems = found(level, &format!("sent {form}"));
                assert!(problems.len() == 1 && problems[0].contains("logs a secret"), "{form}: {problems:?}");
                assert!(!problems[0].contains(SECRET), "{problems:?}");
            }
        }
    }

    #[test]
    fn records_and_inputs_are_found_from_info_on() {
        for (message, what) in [("5f01 changed", "a record"), ("asked for given-text", "an input")] {
            assert_eq!(found(LogLevel::Debug, message), Vec::<String>::new());
            assert!(found(LogLevel::Info, message)[0].contains(what));
        }
        assert_eq!(found(LogLevel::Error, "2 records"), Vec::<String>::new());
    }
}
