//! `--record` and `--answer-from`: what calls came to, kept in a file, and a file in the place of the service.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clap::Args;
use host::{CallHeard, Connector, Limits};

use super::command_error::CommandError;
use super::output;
use super::output_file::OutputFile;
use super::tally::counted;
use crate::files;
use crate::recording::{Answers, Component, Finished, LARGEST, Recorder, Recording, Redaction, finish};

/// The flags of what is recorded.
#[derive(Args)]
pub(super) struct RecordOptions {
    /// Write what the component was asked, what it asked of the service, and what came of it to this file: a HAR, which
    /// `harness replay` runs without a network. Secrets are not in it. For test-connection, action, data-source, poll,
    /// watch, verify, doctor, and what check does on the service of --connection
    #[arg(long, global = true, value_name = "FILE", help_heading = "Recording")]
    record: Option<PathBuf>,
    /// Take the values of this member, parameter or header out of the recording, and out of what the page of `serve`
    /// records and keeps; can be given several times. Passwords, tokens, keys and cookies always are
    #[arg(long, global = true, value_name = "NAME", help_heading = "Recording")]
    redact: Vec<String>,
    /// Take what this regular expression matches out of the same; can be given several times
    #[arg(long, global = true, value_name = "PATTERN", help_heading = "Recording")]
    redact_pattern: Vec<String>,
    /// Have requests answered by the recording, or the HAR of a browser, in this file: nothing leaves this machine
    #[arg(long, global = true, value_name = "FILE", help_heading = "Recording")]
    answer_from: Option<PathBuf>,
}

/// What a command does with these flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Its calls are written to the file.
    Records,
    /// It has a switch of its own, and what is taken out counts for that.
    HasSwitch,
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// A recording under way.
#[derive(Clone)]
pub(super) struct UnderWay(Arc<Inner>);

struct Inner {
    recorder: Arc<Recorder>,
    redaction: Redaction,
    path: PathBuf,
    file: Mutex<OutputFile>,
    opened: OnceLock<(Connector, Component, Arc<Limits>)>,
}

impl RecordOptions {
    /// Begins a recording, if one is asked for: makes sure that it can be written, before anything is asked of a
    /// service.
    pub(super) fn start(&self, used: Use) -> Result<Option<UnderWay>, CommandError> {
        let Some(path) = &self.record else {
            let takes_out = !self.redact.is_empty() || !self.redact_pattern.is_empty();
            if takes_out && used != Use::HasSwitch {
                return Err(CommandError::usage(
                    "--redact and --redact-pattern take something out of what --record FILE writes, or of what the \
                     page of `harness serve` records and keeps: this command does neither",
                ));
            }
            return Ok(None);
        };
        match used {
            Use::Records => {}
            Use::HasSwitch => {
                return Err(CommandError::usage(
                    "--record: the page has a switch for it, under Recordings; --redact and --redact-pattern count \
                     for that",
                ));
            }
            Use::Nothing(why) => return Err(CommandError::usage(format!("--record {why}"))),
        }
        let redaction = self.redaction()?;
        // What calls are about is nobody else's to read.
        let file =
            OutputFile::open_private(path).map_err(|error| CommandError::not_written_by("--record", path, &error))?;
        Ok(Some(UnderWay(Arc::new(Inner {
            recorder: Arc::default(),
            redaction,
            path: path.clone(),
            file: Mutex::new(file),
            opened: OnceLock::new(),
        }))))
    }

    /// What is taken out.
    pub(super) fn redaction(&self) -> Result<Redaction, CommandError> {
        Redaction::new(&self.redact, &self.redact_pattern)
            .map_err(|problem| CommandError::usage(format!("--redact-pattern: {problem}")))
    }

    /// What answers in place of the service, if something is to.
    pub(super) fn answers(&self) -> Result<Option<Arc<Answers>>, CommandError> {
        let Some(path) = &self.answer_from else { return Ok(None) };
        let answers = Answers::of(read(path)?);
        if answers.len() == 0 {
            return Err(CommandError::usage(format!("{} holds no answer", path.display())));
        }
        let (path, count) = (path.display(), answers.len());
        output::message(&format!(
            "note: {count} recorded answers of {path} stand in for the service, and nothing leaves"
        ));
        Ok(Some(Arc::new(answers)))
    }
}

/// Reads a recording, or the HAR of a browser.
pub(super) fn read(path: &Path) -> Result<Recording, CommandError> {
    let failed = |why: String| CommandError::usage(format!("{}: {why}", path.display()));
    let text = files::read(path, LARGEST).map_err(|error| failed(format!("cannot be read: {error}")))?;
    Recording::read(&text).map_err(failed)
}

impl UnderWay {
    /// The file that it is written to.
    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// What has calls heard.
    pub(super) fn hears(&self) -> CallHeard {
        self.0.recorder.hears()
    }

    /// Notes what is recorded.
    pub(super) fn opened(&self, connector: &Connector, file: Option<&Path>, limits: Arc<Limits>) {
        let component = Component::of(connector, file);
        self.0.opened.set((connector.clone(), component, limits)).ok();
    }

    /// Writes the file.
    pub(super) async fn finish(self) -> Result<(), CommandError> {
        let inner = self.0;
        let kept = inner.recorder.take();
        let Some((connector, component, limits)) = inner.opened.get() else { return Ok(()) };
        if kept.calls.is_empty() && kept.own.is_empty() && kept.left_out == 0 {
            output::message("warning: no call was made, so there is nothing to record");
            return Ok(());
        }
        let finished = finish(connector, component.clone(), kept, &inner.redaction, limits).await;
        let Finished { recording, warnings } = finished;
        for warning in warnings {
            output::message(&format!("warning: {warning}"));
        }
        let mut file = inner.file.lock().unwrap_or_else(PoisonError::into_inner);
        output::json_into(&mut file, &recording.har())
            .map_err(|error| CommandError::not_written_by("--record", &inner.path, &error))?;
        let calls = counted(recording.calls.len() as u64, "call");
        let own = match recording.loose.len() as u64 {
            0 => String::new(),
            own => format!(" and {} of this command's own", counted(own, "request")),
        };
        output::message(&format!("note: {calls}{own} recorded in {}", inner.path.display()));
        Ok(())
    }
}
