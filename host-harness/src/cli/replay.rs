//! `harness replay`: makes recorded calls again, without a network.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::command_error::CommandError;
use super::format::Format;
use super::options::GlobalOptions;
use super::output_file::{OutputFile, refuse_link};
use super::print::OutputOption;
use super::progress::Progress;
use super::session::Session;
use super::{output, record};
use crate::recording::{Difference, Recording, replay};

/// What the files of a folder are called that are recordings.
const EXTENSION: &str = "har";

/// Make recorded calls again on this component, without a network, and compare what comes of them byte by byte
///
/// A recording is what --record wrote. Exit status 0 if all is as it was, 1 if something differs: a request, a result,
/// an error, a state. Members are compared by name, and items of lists by their ids; how JSON is spaced does not
/// matter, the order and the spelling of its values do.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness action listThings --connection connection.json --record recordings/list.har
  harness replay recordings
  harness replay recordings --component next.wasm --format table
  harness replay recordings/list.har --update
  harness action listThings --connection connection.json --answer-from browser.har --record recordings/list.har")]
pub(super) struct Arguments {
    /// Recordings, or folders of them: the files there whose names end in .har
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Take what the component does now into the recordings: its requests, and what comes of the recorded answers
    #[arg(long)]
    update: bool,
    #[command(flatten)]
    output: OutputOption,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    recordings: usize,
    calls: usize,
    differences: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    file: String,
    call: usize,
    operation: String,
    #[serde(flatten)]
    difference: Difference,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    arguments.output.open()?;
    let files = files(&arguments.paths)?;
    if arguments.update {
        // Before any of them is written.
        files.iter().try_for_each(|file| refuse_link(file).map_err(|error| CommandError::not_written(file, &error)))?;
    }
    let format = options.format();
    let session = Session::open(options).await?;
    let limits = Arc::new(session.options.limits());
    let component = session.component();
    let mut report = Report { recordings: files.len(), calls: 0, differences: Vec::new() };
    let mut updated = 0;
    for file in &files {
        let progress = Progress::start(format!("Replaying {}", file.display()));
        let failed = |why: String| CommandError::usage(format!("{}: {why}", file.display()));
        let mut recording = record::read(file)?;
        recording.check(&component.key).map_err(failed)?;
        report.calls += recording.calls.len();
        let before = report.differences.len();
        for (call, number) in recording.calls.iter_mut().zip(1..) {
            let title = call.title();
            let failed = |why: String| failed(format!("call {number} ({title}): {why}"));
            let replayed = replay(&session.connector, call, &limits).await.map_err(failed)?;
            let found = replayed.differences.iter().map(|difference| Found {
                file: file.display().to_string(),
                call: number,
                operation: title.clone(),
                difference: difference.clone(),
            });
            report.differences.extend(found);
            if arguments.update {
                replayed.take_into(call).map_err(failed)?;
            }
        }
        drop(progress);
        if arguments.update && report.differences.len() > before {
            recording.component = Some(component.clone());
            write(file, &recording)?;
            updated += 1;
        }
    }
    match format {
        Format::Table if report.differences.is_empty() => {}
        Format::Table => {
            output::table(&report.differences, &[])?;
        }
        _ => output::json(&report)?,
    }
    let Report { recordings, calls, differences } = report;
    let all = format!("{calls} calls of {recordings} recordings");
    if arguments.update {
        output::message(&format!("{all} were replayed; {updated} files were updated."));
        return Ok(());
    }
    if differences.is_empty() {
        output::message(&format!("{all} came to what was recorded."));
        return Ok(());
    }
    Err(CommandError::Found(format!(
        "{} differences in {all}; --update takes them into the recordings",
        differences.len()
    )))
}

/// The files of what is named, each folder's by name.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        let failed = |error: std::io::Error| CommandError::usage(format!("{}: {error}", path.display()));
        if !path.metadata().map_err(failed)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        for entry in path.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                found.push(path);
            }
        }
        if found.is_empty() {
            return Err(CommandError::usage(format!("{} has no file that ends in .har", path.display())));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}

fn write(path: &Path, recording: &Recording) -> Result<(), CommandError> {
    let failed = |error| CommandError::not_written(path, &error);
    let mut file = OutputFile::open(path).map_err(failed)?;
    output::json_into(&mut file, &recording.har()).map_err(failed)
}
