//! How results are printed.

use clap::ValueEnum;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// JSON: one line where a program reads it, indented where a person does.
    Json,
    /// A table or a text for people.
    Table,
    /// The records of a result as comma-separated values, for spreadsheets: of action, data-source and poll.
    Csv,
    /// The records of a result as JSON, one a line, for pipes: of action, data-source, poll and watch.
    Ndjson,
    /// XML, as continuous integration reads the results of tests: of check.
    Junit,
}
