//! A process beside this one that says on its first line where it listens.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A server that is told to end has this long.
const TO_END: Duration = Duration::from_secs(5);

/// A running server. What still runs when this value goes is killed.
pub(super) struct Listening {
    process: Child,
    /// Held, so that whatever else it prints finds a reader.
    _output: BufReader<ChildStdout>,
    url: String,
    log: PathBuf,
}

impl Listening {
    /// Starts a command and waits for its first line: a URL, or JSON with one. What it says on standard error goes to
    /// `log`.
    pub(super) fn start(command: &[OsString], log: &Path) -> Result<Self> {
        let (program, arguments) = command.split_first().context("a command without a program")?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log).with_context(|| format!("{} cannot be written", log.display()))?)
            .spawn()
            .with_context(|| format!("{} cannot be started", Path::new(program).display()))?;
        let mut output = BufReader::new(process.stdout.take().context("it has no standard output")?);
        let mut line = String::new();
        let read = output.read_line(&mut line).context("its standard output cannot be read");
        match read.and_then(|_| url(&line)) {
            Ok(url) => Ok(Self { process, _output: output, url, log: log.to_owned() }),
            Err(error) => {
                // It is of no use any more, whether it has ended or hangs.
                let _ = process.kill();
                let _ = process.wait();
                let said = fs::read_to_string(log).unwrap_or_default();
                Err(error.context(format!("the server did not start; it said: {}", said.trim())))
            }
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What it said so far on standard error.
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Tells it to end, as whoever started it at a terminal or in a service manager does; an error if it does not do so
    /// well.
    pub(super) fn stop(mut self) -> Result<()> {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().context("`kill` cannot be started")?;
        ensure!(told.success(), "the server ended before it was told to; it said: {}", self.said().trim());
        let until = Instant::now() + TO_END;
        while Instant::now() < until {
            if let Some(status) = self.process.try_wait().context("the server cannot be waited for")? {
                ensure!(status.success(), "the server ended with {status}; it said: {}", self.said().trim());
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("the server did not end in {} s", TO_END.as_secs())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // After `stop`, or where it has ended by itself, both find nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address on a first line.
fn url(line: &str) -> Result<String> {
    let line = line.trim();
    let given = serde_json::from_str::<Value>(line).ok();
    let url = given.as_ref().and_then(|value| value.get("url")).and_then(Value::as_str).unwrap_or(line);
    ensure!(url.starts_with("http://127.0.0.1:"), "it was to print where it listens and printed {line:?}");
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Listening, url};

    #[test]
    fn the_address_is_read_as_a_line_or_as_json_and_is_this_machines() {
        assert_eq!(url("http://127.0.0.1:4000/mcp\n").unwrap(), "http://127.0.0.1:4000/mcp");
        assert_eq!(url("{\"url\": \"http://127.0.0.1:4000/mcp\"}\n").unwrap(), "http://127.0.0.1:4000/mcp");
        for line in ["", "ready\n", "http://0.0.0.0:4000/mcp\n", "{\"url\": 1}"] {
            assert!(url(line).is_err(), "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_server_that_does_not_start_is_shown_with_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let command = ["sh", "-c", "echo no token >&2; exit 2"].map(OsString::from);
        let error = Listening::start(&command, &folder.path().join("log")).err().unwrap();
        assert!(format!("{error:#}").contains("no token"), "{error:#}");
    }

    #[cfg(unix)]
    #[test]
    fn a_server_is_told_to_end_and_one_that_has_ended_before_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let start = |script: &str| {
            let command = ["sh", "-c", script].map(OsString::from);
            Listening::start(&command, &folder.path().join("log")).unwrap()
        };
        let well = start("trap 'exit 0' TERM; echo http://127.0.0.1:1/mcp; while true; do sleep 0.05; done");
        well.stop().unwrap();
        let badly = start("trap 'exit 3' TERM; echo http://127.0.0.1:1/mcp; while true; do sleep 0.05; done");
        assert!(badly.stop().is_err());
    }
}
