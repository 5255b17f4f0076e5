//! What a command does with its result: which part of it, in which form, and where to.

use std::path::{Path, PathBuf};

use clap::Args;
use host::contract::RecordList;
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::format::Format;
use super::table::LeftOut;
use super::{jq, output};

#[derive(Args)]
pub(super) struct PrintOptions {
    /// Print what this expression of the jq language makes of the JSON; a text is printed without its quotes
    #[arg(long, value_name = "EXPRESSION", help_heading = "Output")]
    jq: Option<String>,
    /// Print these columns alone, in this order: NAME, or NAME.NAME for what lies in an object
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Output")]
    columns: Vec<String>,
    /// Write the result to this file, in place of what is there, and not to standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// Prints the results of one command.
pub(super) struct Printer {
    jq: Option<String>,
    columns: Vec<String>,
    format: Format,
}

impl PrintOptions {
    /// Whether a person's way of printing cannot be meant.
    pub(super) fn wants_json(&self) -> bool {
        self.jq.is_some()
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
        if let Some(expression) = &self.jq {
            // What is wrong with it is wrong whatever the result: nothing is to be done before that is known.
            jq::check(expression).map_err(|problem| CommandError::usage(format!("--jq: {problem}")))?;
        }
        // As everywhere, - is standard output.
        if let Some(path) = self.output.as_ref().filter(|path| *path != Path::new("-")) {
            let failed =
                |error| CommandError::usage(format!("--output: {} cannot be written: {error}", path.display()));
            output::to_file(path).map_err(failed)?;
        }
        Ok(Printer { jq: self.jq, columns: self.columns, format })
    }
}

impl Printer {
    /// Whether the result is printed as the JSON that it is.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json || self.jq.is_some()
    }

    pub(super) fn format(&self) -> Format {
        self.format
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
                // The error says more than a second one would.
                output::json_on_standard_output(whole).ok();
                CommandError::usage(format!(
                    "{}; the call was made all the same, and what came of it stands on standard output",
                    error.message()
                ))
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
        let Some(expression) = &self.jq else { return Ok(self.formatted(whole, value, lists)?) };
        let failed = |problem: String| CommandError::usage(format!("--jq: {problem}"));
        let values = jq::values(expression, &output::compact(whole)?).map_err(failed)?;
        let mut left_out = LeftOut::default();
        if values.is_empty() {
            // A file that was there holds another result.
            output::nothing()?;
        }
        for line in values.lines() {
            let value: &RawValue = serde_json::from_str(line).map_err(|_| {
                failed(
                    "it gives a value that JSON does not have, such as nan or an object with other keys than texts"
                        .into(),
                )
            })?;
            match (self.format, serde_json::from_str::<String>(line)) {
                (Format::Json, Ok(text)) => output::bare_line(&text)?,
                _ => left_out = self.formatted(value, value, &[])?,
            }
        }
        Ok(left_out)
    }

    fn formatted<W: Serialize + ?Sized, V: Serialize + ?Sized>(
        &self,
        whole: &W,
        value: &V,
        lists: &[RecordList],
    ) -> std::io::Result<LeftOut> {
        match self.format {
            Format::Json | Format::Junit => output::json(&whole)?,
            Format::Table => return output::table(&value, &self.columns),
            format @ (Format::Csv | Format::Ndjson) => output::records(&value, format, lists, &self.columns)?,
        }
        Ok(LeftOut::default())
    }
}
