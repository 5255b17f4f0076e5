//! What a component says in its log.

use host::{LogLevel, LogSource, Trace};

use super::Verdict;
use super::bench::{Bench, name};
use crate::operation::Operation;

/// What happens once a call, and what is unusual, is kept by everyone: no record and no input belongs into it.
pub(super) async fn without_records(bench: &Bench) -> Verdict {
    let mut problems = Vec::new();
    let mut lines = 0;
    let marks: Vec<String> = bench.service.world(|world| world.versions().into_iter().map(|(id, _)| id).collect());
    let test = bench.connector.test_connection(&bench.connection, &bench.options()).await;
    let trace = test.map_or_else(|failure| failure.trace, |outcome| outcome.trace);
    look("the test of the connection", &trace, &marks, &mut lines, &mut problems);
    for operation in Operation::all(bench.definition()) {
        let (_, called) = bench.call_well(operation).await;
        let trace = called.map_or_else(|failure| failure.trace, |outcome| outcome.trace);
        look(&name(operation), &trace, &marks, &mut lines, &mut problems);
    }
    Verdict::of(problems, format!("{lines} lines"))
}

fn look(name: &str, trace: &Trace, marks: &[String], lines: &mut u64, problems: &mut Vec<String>) {
    for line in trace.log.iter().filter(|line| line.source == LogSource::Connector) {
        *lines += 1;
        let shows = line.level >= LogLevel::Info && marks.iter().any(|mark| line.message.contains(mark));
        if shows {
            let text = host::text::cut(&line.message, 120);
            problems.push(format!("{name} logs a record at level {}: {text:?}", line.level.name()));
        }
    }
}
