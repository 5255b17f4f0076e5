//! A simulated service as a process beside this one.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A service on this machine that takes longer has stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running service. It ends with this value, and with this process, however that ends: it watches its standard input.
pub(crate) struct Service {
    process: Child,
    url: String,
    key: String,
}

impl Service {
    /// Starts the program and waits until it listens. What it says goes to a file in `folder`.
    pub(crate) fn start(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Self> {
        let log = folder.join("duro-sim.log");
        let mut process = Command::new(program)
            .arg("--stop-with-stdin")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        match first_line(&mut process).and_then(|line| address(&line)) {
            Ok((url, key)) => Ok(Self { process, url, key }),
            Err(error) => Err(error.context(did_not_start(process, &log))),
        }
    }

    /// The GraphQL endpoint.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// An API key that the service accepts.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Posts JSON to an address of the service, as whoever changes something in it from outside; gives whether it said
    /// yes.
    pub(crate) fn post(&self, path: &str, json: &str) -> io::Result<bool> {
        Ok(self.ask("POST", path, json)?.starts_with("HTTP/1.1 200"))
    }

    /// Has the service forget what an address of it holds; gives whether it said yes.
    pub(crate) fn delete(&self, path: &str) -> io::Result<bool> {
        Ok(self.ask("DELETE", path, "")?.starts_with("HTTP/1.1 200"))
    }

    /// What an address of the service says of it, as JSON.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        let answer = self.ask("GET", path, "")?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        serde_json::from_str(body).with_context(|| format!("the service says at {path} what is no JSON"))
    }

    fn ask(&self, method: &str, path: &str, json: &str) -> io::Result<String> {
        let host = self.url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let length = json.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{json}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Ends the service; an error if it did not end well.
    pub(crate) fn stop(mut self) -> Result<()> {
        drop(self.process.stdin.take());
        let status = self.process.wait().context("the simulated service cannot be waited for")?;
        if !status.success() {
            bail!("the simulated service ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // After `stop`, or where it has ended by itself, both find nothing to do.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn first_line(process: &mut Child) -> Result<String> {
    let output = process.stdout.take().context("it has no standard output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).context("its standard output cannot be read")?;
    Ok(line)
}

fn address(line: &str) -> Result<(String, String)> {
    let value: Value = serde_json::from_str(line)
        .with_context(|| format!("it was to print its address as JSON and printed {line:?}"))?;
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let address = text("url").zip(text("key"));
    address.with_context(|| format!("it was to print `url` and `key` and printed {line:?}"))
}

fn did_not_start(mut process: Child, log: &PathBuf) -> String {
    // It is of no use any more, whether it has ended or hangs.
    let _ = process.kill();
    let _ = process.wait();
    let said = fs::read_to_string(log).unwrap_or_default();
    format!("the simulated service did not start; it said: {}", said.trim())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_address_is_read_from_the_first_line() {
        let read = address("{\"url\":\"http://127.0.0.1:4000/graphql\",\"key\":\"a\\\"b\"}\n").unwrap();
        assert_eq!(read, ("http://127.0.0.1:4000/graphql".to_owned(), "a\"b".to_owned()));
    }

    #[test]
    fn a_line_without_an_address_is_shown_in_the_error() {
        for line in ["", "ready\n", "{\"url\":1,\"key\":\"k\"}", "{\"url\":\"u\"}"] {
            assert!(format!("{:#}", address(line).unwrap_err()).contains(&format!("{line:?}")), "{line}");
        }
    }
}
