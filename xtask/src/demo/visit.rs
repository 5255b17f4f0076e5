//! What the stops of the tour have in common: run the harness, show it, check it, remember what later stops need.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::excerpt::excerpt;
use super::harness::{Harness, Run};
use super::screen::{Screen, first_lines, quoted};

/// The lines that are shown of one answer.
const LINES: usize = 40;

/// The tour, and what its stops have found out for the ones after them.
pub(super) struct Visit<'screen> {
    screen: &'screen Screen,
    harness: Harness,
    /// The id of a part.
    pub(super) part: Option<String>,
    /// The part number of that part.
    pub(super) part_number: Option<String>,
    /// The name of a change order that the tour made.
    pub(super) change_order: Option<String>,
}

impl<'screen> Visit<'screen> {
    pub(super) fn new(screen: &'screen Screen, harness: Harness) -> Self {
        Self { screen, harness, part: None, part_number: None, change_order: None }
    }

    /// Runs a command that needs no connection and prints text for people.
    pub(super) fn read(&self, arguments: &[&str]) -> Result<String> {
        let run = self.run(None, arguments.iter().map(ToString::to_string).collect())?;
        self.screen.came_back(&first_lines(&run.output, LINES));
        self.expect(&run, 0)?;
        Ok(run.output)
    }

    /// Runs a command on the connection and gives the JSON that it printed.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Value> {
        let run = self.run(None, self.connected(&[], arguments))?;
        self.answer(&run, 0)
    }

    /// Runs a command on the connection for people to read: the answer is text.
    pub(super) fn ask_for_text(&self, arguments: &[&str]) -> Result<String> {
        let run = self.run(None, self.connected(&[], arguments))?;
        self.screen.came_back(&first_lines(&run.output, LINES));
        self.expect(&run, 0)?;
        Ok(run.output)
    }

    /// Runs a command on the connection with more options, and gives its answer and what it said on standard error.
    pub(super) fn overhear(&self, options: &[&str], arguments: &[&str]) -> Result<(Value, String)> {
        let run = self.run(None, self.connected(options, arguments))?;
        self.screen.said_beside(&first_lines(&run.messages, LINES));
        Ok((self.answer(&run, 0)?, run.messages))
    }

    /// Runs a command that is to fail with this status, and gives the error that it printed.
    pub(super) fn fail(&self, key: Option<&str>, status: i32, arguments: &[&str]) -> Result<Value> {
        let run = self.run(key, self.connected(&[], arguments))?;
        self.error(&run, status)
    }

    /// The same without the grants for the simulated service, so that nothing may leave.
    pub(super) fn fail_without_grants(&self, status: i32, arguments: &[&str]) -> Result<Value> {
        let mut words: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        words.extend(self.connection());
        let run = self.run(None, words)?;
        self.error(&run, status)
    }

    /// Writes a file of inputs, shows it, and gives its path.
    pub(super) fn inputs(&self, name: &str, inputs: &Value) -> Result<String> {
        let path = self.harness.file(name);
        let text = serde_json::to_string_pretty(inputs)?;
        fs::write(&path, format!("{text}\n")).with_context(|| format!("{path} cannot be written"))?;
        self.screen.command(&format!("cat {}", quoted(&path)));
        self.screen.came_back(&text);
        Ok(path)
    }

    /// A file of the tour, by its name.
    pub(super) fn file(&self, name: &str) -> String {
        self.harness.file(name)
    }

    /// The API key, to look for where it must not be.
    pub(super) fn key(&self) -> &str {
        self.harness.key()
    }

    /// The part that an earlier stop found.
    pub(super) fn known_part(&self) -> Result<String> {
        self.part.clone().context("no part is known: the list of components gave none")
    }

    fn run(&self, key: Option<&str>, arguments: Vec<String>) -> Result<Run> {
        self.screen.command(&self.harness.line(key, &arguments));
        self.harness.run(key, &arguments)
    }

    fn connected(&self, options: &[&str], arguments: &[&str]) -> Vec<String> {
        let grants = ["--allow-http", "--allow-private-network"];
        let words = grants.iter().chain(options).chain(arguments);
        words.map(ToString::to_string).chain(self.connection()).collect()
    }

    fn connection(&self) -> [String; 2] {
        ["--connection".to_owned(), self.harness.connection().to_string_lossy().into_owned()]
    }

    fn answer(&self, run: &Run, status: i32) -> Result<Value> {
        let answer: Result<Value, _> = serde_json::from_str(&run.output);
        let shown = match &answer {
            Ok(answer) => serde_json::to_string_pretty(&excerpt(answer))?,
            Err(_) => run.output.clone(),
        };
        self.screen.came_back(&first_lines(&shown, LINES));
        self.expect(run, status)?;
        answer.context("what came back is not JSON")
    }

    fn error(&self, run: &Run, status: i32) -> Result<Value> {
        let answer = self.answer(run, status)?;
        answer.get("error").cloned().context("what came back has no `error`")
    }

    fn expect(&self, run: &Run, status: i32) -> Result<()> {
        ensure!(
            run.status == Some(status),
            "the exit status was to be {status} and is {}; on standard error: {}",
            run.status.map_or_else(|| "that of a signal".to_owned(), |status| status.to_string()),
            first_lines(&run.messages, LINES)
        );
        Ok(())
    }
}
