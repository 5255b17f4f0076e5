//! The clients: programs on SDKs, each of which makes the checks of a plan and says on standard output what came of
//! them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::checks::Checks;
use super::plan::{Desk, Transport};

/// Fewer checks than this are not all of them: a program that leaves parts out must not look like one that passes.
const FEWEST: u64 = 25;

/// A client as a command.
pub(super) struct Client {
    name: &'static str,
    program: PathBuf,
    script: PathBuf,
}

impl Client {
    pub(super) fn new(name: &'static str, program: &Path, script: &Path) -> Self {
        Self { name, program: program.to_owned(), script: script.to_owned() }
    }

    /// Makes every check over one transport.
    pub(super) fn run(&self, desk: &Desk, transport: Transport, checks: &mut Checks) -> Result<()> {
        let whose = format!("{}, {}, {}", self.name, transport.name(), desk.connector.package);
        let (plan, servers) = desk.plan(transport)?;
        let log = desk.folder.join(format!("{}-{}.log", self.name, transport.name()));
        let mut process = Command::new(&self.program)
            .arg(&self.script)
            .arg(&plan)
            // Standard error is a file: what a server says there is read where a check fails.
            .stderr(File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .spawn()
            .with_context(|| format!("{} cannot be started", self.program.display()))?;
        let output = BufReader::new(process.stdout.take().context("the client has no standard output")?);
        let mut ended = None;
        for line in output.lines() {
            match Line::read(&line.context("the client's standard output cannot be read")?)? {
                Line::Check { name, took, error } => checks.note(&whose, &name, took, error.as_deref()),
                Line::End { made, failed } => ended = Some((made, failed)),
            }
        }
        let status = process.wait().context("the client cannot be waited for")?;
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let (made, failed) =
            ended.with_context(|| format!("{whose}: it ended early, with {status}: {}", said().trim()))?;
        ensure!(made >= FEWEST, "{whose}: it made {made} checks, and was to make {FEWEST} at least");
        ensure!(status.success() == (failed == 0), "{whose}: it ended with {status} after {failed} failures");
        if failed > 0 && !said().trim().is_empty() {
            println!("    on standard error: {}", said().trim().replace('\n', "\n    "));
        }
        for server in servers {
            checks.note_stop(&whose, server);
        }
        Ok(())
    }
}

/// A line that a client prints.
#[derive(Debug, PartialEq)]
enum Line {
    Check { name: String, took: Duration, error: Option<String> },
    End { made: u64, failed: u64 },
}

impl Line {
    fn read(line: &str) -> Result<Self> {
        let parsed: Option<Value> = serde_json::from_str(line).ok();
        let value = parsed.with_context(|| format!("the client was to print JSON and printed {line:?}"))?;
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some((made, failed)) = number("checks").zip(number("failed")) {
            return Ok(Self::End { made, failed });
        }
        let (name, milliseconds) =
            text("check").zip(number("milliseconds")).with_context(|| format!("this line is no check: {line}"))?;
        Ok(Self::Check { name, took: Duration::from_millis(milliseconds), error: text("error") })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Line;

    #[test]
    fn the_lines_of_a_client_are_read_and_any_other_is_an_error() {
        let read = |line: &str| Line::read(line).unwrap();
        let (name, took) = ("lists".to_owned(), Duration::from_millis(7));
        let passed = Line::Check { name: name.clone(), took, error: None };
        assert_eq!(read(r#"{"check":"lists","milliseconds":7,"error":null}"#), passed);
        let failed = Line::Check { name, took, error: Some("no".into()) };
        assert_eq!(read(r#"{"check":"lists","milliseconds":7,"error":"no"}"#), failed);
        assert_eq!(read(r#"{"checks":3,"failed":1}"#), Line::End { made: 3, failed: 1 });
        for line in ["", "warning: x", "{}", r#"{"check":"lists"}"#] {
            assert!(Line::read(line).is_err(), "{line}");
        }
    }
}
