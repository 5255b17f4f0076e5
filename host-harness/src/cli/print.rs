//! What a command does with its result: which part of it, in which form, and where to.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use host::contract::RecordList;
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::format::Format;
use super::table::LeftOut;
use super::{jq, line, output};

#[derive(Args)]
pub(super) struct PrintOptions {
    /// Print what this expression of the jq language makes of the JSON; a text is printed without its quotes
    #[arg(long, value_name = "EXPRESSION", help_heading = "Output")]
    jq: Option<String>,
    /// Print these columns alone, in this order: NAME, or NAME.NAME for what lies in an object
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Output")]
    columns: Vec<String>,
    #[command(flatten)]
    output: OutputOption,
}

/// Where the result goes.
#[derive(Args)]
pub(super) struct OutputOption {
    /// Write the result to this file, in place of what is there, and not to standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

impl OutputOption {
    /// Makes sure that the result can be written where it is to go, before anything is done for it.
    pub(super) fn open(&self) -> Result<(), CommandError> {
        // As everywhere, - is standard output.
        match self.output.as_ref().filter(|path| *path != Path::new("-")) {
            Some(path) => output::to_file(path).map_err(|error| CommandError::not_written_by("--output", path, &error)),
            None => Ok(()),
        }
    }
}

/// Prints the results of one command.
pub(super) struct Printer {
    jq: Option<String>,
    columns: Vec<String>,
    format: Format,
    /// Whether what is printed is of a call that may have changed something.
    changes: bool,
}

impl PrintOptions {
    /// The same for a command that has words for a person, who reads them where nothing else is asked for. Gives
    /// whether one does.
    pub(super) fn open_for_people(self, chosen: Option<Format>) -> Result<(Printer, bool), CommandError> {
        let is_left_open = chosen.is_none() && self.jq.is_none() && self.columns.is_empty();
        let printer = self.open(chosen)?;
        // Asked after it is known where results go.
        Ok((printer, is_left_open && output::is_for_person()))
    }

    /// Makes sure that the result can be printed as it is asked for, before anything is asked of a service. `chosen` is
    /// the format that was asked for, if one was.
    pub(super) fn open(self, chosen: Option<Format>) -> Result<Printer, CommandError> {
        let format = match chosen {
            Some(format) => format,
            // Columns are of tables.
            None if !self.columns.is_empty() => Format::Table,
            None => Format::Json,
        };
        if format == Format::Json && !self.columns.is_empty() {
            return Err(CommandError::usage(
                "--columns is for --format table, csv and ndjson; --jq picks parts of JSON",
            ));
        }
        check(self.jq.as_deref())?;
        self.output.open()?;
        Ok(Printer { jq: self.jq, columns: self.columns, format, changes: false })
    }
}

/// What is wrong with an expression is wrong whatever the result: nothing is to be done before that is known.
fn check(expression: Option<&str>) -> Result<(), CommandError> {
    expression.map_or(Ok(()), jq::check).map_err(not_jq)
}

fn not_jq(problem: String) -> CommandError {
    CommandError::usage(format!("--jq: {problem}"))
}

/// Has each value printed that the expression makes of JSON values.
fn each(
    expression: &str,
    json: &str,
    mut print: impl FnMut(&RawValue) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let values = jq::values(expression, json).map_err(not_jq)?;
    values.lines().try_for_each(|line| {
        let value = serde_json::from_str(line).map_err(|_| {
            let what = "it gives a value that JSON does not have, such as nan or an object with other keys than texts";
            not_jq(what.to_owned())
        })?;
        print(value)
    })
}

/// A value that is a text.
fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

impl Printer {
    /// The same for what comes of a call that may change something, if it may.
    pub(super) fn of_change(self, changes: bool) -> Self {
        Self { changes, ..self }
    }

    /// Whether the result is printed as the JSON that it is.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json || self.jq.is_some()
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Whether some columns are printed alone.
    pub(super) fn picks_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Prints a document that is kept in a file, indented wherever it goes, unless something else is asked for.
    pub(super) fn document<T: Serialize>(&self, document: &T) -> Result<(), CommandError> {
        if self.format == Format::Json && self.jq.is_none() {
            output::json_document(document)?;
            return Ok(output::settle()?);
        }
        self.print(document, document, &[]).map(drop)
    }

    /// Prints a result that a call came to. Where it cannot be printed as it was asked for, it is printed as it is: the
    /// call was made, and may not be one to make again.
    pub(super) fn print<W: Serialize, V: Serialize>(
        &self,
        whole: &W,
        value: &V,
        lists: &[RecordList],
    ) -> Result<LeftOut, CommandError> {
        self.as_asked(whole, value, lists).map_err(|error| match error {
            CommandError::OutputClosed => error,
            error => {
                let stands = match output::json_on_standard_output(whole) {
                    Ok(()) => "what came of it stands on standard output",
                    // The first error says more than the second one would.
                    Err(_) if self.changes => {
                        "what it changes may be changed, but what came of it could not be written anywhere: look at it \
                         in the service before you make the call again"
                    }
                    Err(_) => "what came of it could not be written anywhere",
                };
                CommandError::usage(format!("{}; the call was made all the same, and {stands}", error.message()))
            }
        })
    }

    /// As it was asked for: `whole` is what JSON shows of it, `value` what tables and records show, whose lists are
    /// `lists` where they are known. What a table had no room for is given back.
    fn as_asked<W: Serialize, V: Serialize>(
        &self,
        whole: &W,
        value: &V,
        lists: &[RecordList],
    ) -> Result<LeftOut, CommandError> {
        let mut left_out = LeftOut::default();
        match &self.jq {
            None => left_out = self.formatted(whole, value, lists)?,
            Some(expression) => {
                let mut is_nothing = true;
                each(expression, &output::compact(whole)?, |value| {
                    is_nothing = false;
                    match (self.format, text(value)) {
                        (Format::Json, Some(text)) => output::bare_line(&text)?,
                        _ => left_out = self.formatted(value, value, &[])?,
                    }
                    Ok(())
                })?;
                if is_nothing {
                    // A file that was there holds another result.
                    output::nothing()?;
                }
            }
        }
        output::settle()?;
        Ok(left_out)
    }

    fn formatted<W: Serialize + ?Sized, V: Serialize + ?Sized>(
        &self,
        whole: &W,
        value: &V,
        lists: &[RecordList],
    ) -> io::Result<LeftOut> {
        match self.format {
            Format::Json | Format::Junit => output::json(&whole)?,
            Format::Table => return output::table(&value, &self.columns),
            format @ (Format::Csv | Format::Ndjson) => output::records(&value, format, lists, &self.columns)?,
        }
        Ok(LeftOut::default())
    }
}

/// The same for a command that prints lines as they come, and goes on where it stopped.
#[derive(Args)]
pub(super) struct LineOptions {
    /// Print what this expression of the jq language makes of each line; a text is printed without its quotes
    #[arg(long, value_name = "EXPRESSION", help_heading = "Output")]
    jq: Option<String>,
    /// Show these columns of a record alone, in this order: NAME, or NAME.NAME for what lies in an object
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Output")]
    columns: Vec<String>,
    /// Add the lines to this file, and print none on standard output: what is there stays, as it does not come again
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// Prints values, each as a line.
pub(super) struct LinePrinter {
    jq: Option<String>,
    columns: Vec<String>,
    in_words: bool,
    /// Whether columns were looked for in records.
    looked_for: AtomicBool,
}

impl LineOptions {
    /// Makes sure that lines can be printed, before anything is asked of a service. `chosen` is the format that was
    /// asked for, if one was.
    pub(super) fn open(self, chosen: Option<Format>) -> Result<LinePrinter, CommandError> {
        check(self.jq.as_deref())?;
        if let Some(path) = &self.output {
            output::to_end_of_file(path).map_err(|error| CommandError::not_written_by("--output", path, &error))?;
        }
        let in_words = match chosen {
            Some(format) => format == Format::Table,
            None if !self.columns.is_empty() => true,
            None => self.jq.is_none() && output::is_for_person(),
        };
        if !in_words && !self.columns.is_empty() {
            return Err(CommandError::usage("--columns is for --format table; --jq picks parts of JSON"));
        }
        Ok(LinePrinter { jq: self.jq, columns: self.columns, in_words, looked_for: AtomicBool::new(false) })
    }
}

impl LinePrinter {
    /// Prints these values; when this returns, they are where they should be. Gives how many there were. One process
    /// runs the expression for all of them.
    pub(super) fn print<T: Serialize>(
        &self,
        values: impl IntoIterator<Item = Result<T, CommandError>>,
    ) -> Result<u64, CommandError> {
        let (mut count, mut json) = (0, String::new());
        for value in values {
            let value = value?;
            count += 1;
            match &self.jq {
                None => self.line(&value)?,
                Some(_) => json = json + &output::compact(&value)? + "\n",
            }
        }
        if let Some(expression) = self.jq.as_ref().filter(|_| count > 0) {
            each(expression, &json, |value| {
                match text(value) {
                    Some(text) => output::bare_line(&text)?,
                    None => self.line(&value)?,
                }
                Ok(())
            })?;
        }
        output::settle()?;
        Ok(count)
    }

    fn line<T: Serialize>(&self, value: &T) -> io::Result<()> {
        if !self.in_words {
            return output::json_line(value);
        }
        let json = output::compact(value)?;
        if !self.columns.is_empty() && !self.looked_for.swap(true, Ordering::Relaxed) {
            let missing = line::missing(&json, &self.columns);
            if !missing.is_empty() {
                output::message(&format!("warning: --columns: this record has no {}", missing.join(", ")));
            }
        }
        output::text_line(&line::of(&json, &self.columns, output::width()))
    }
}
