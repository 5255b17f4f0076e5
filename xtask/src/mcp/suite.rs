//! The protocol's own conformance suite, its scenarios for servers, at both revisions that are served.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::checks::Checks;
use super::listening::Listening;
use super::plan::Desk;
use super::table::{self, Fate};
use crate::cargo;

/// The revisions that are served.
const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];
const PROGRAM: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";

/// Runs every scenario that applies, and says of every other why it does not.
pub(super) fn run(desk: &Desk, node: &Path, javascript: &Path, checks: &mut Checks) -> Result<()> {
    let suite = Suite { node, program: javascript.join(PROGRAM).into_os_string() };
    let server = desk.listen("main")?;
    // The suite can send no token, and the server serves nobody without one.
    let way: [OsString; 4] =
        [node.into(), javascript.join("with_token.mjs").into(), server.url().into(), desk.token_file().into()];
    let way = Listening::start(&way, &desk.folder.join("with_token.log"))?;
    let scenarios = suite.scenarios()?;
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    table::check(&names)?;
    for revision in REVISIONS {
        let whose = format!("conformance, {revision}");
        for scenario in scenarios.iter().filter(|scenario| scenario.is_of(revision)) {
            let fate = table::fate(&scenario.name).context("a scenario that is not in the table")?;
            if let Fate::LeftOut(reason) = fate {
                Checks::leave_out(&whose, &scenario.name, reason);
                continue;
            }
            let started = Instant::now();
            let folder = desk.folder.join(format!("{revision}-{}", scenario.name));
            let found = suite.run(way.url(), &scenario.name, revision, &folder)?;
            let problem = problem(&found, fate.excused());
            checks.note(&whose, &scenario.name, started.elapsed(), problem.as_deref());
        }
    }
    drop(way);
    checks.note_stop("conformance", server);
    Ok(())
}

/// The suite as a command.
struct Suite<'a> {
    node: &'a Path,
    program: OsString,
}

impl Suite<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.node);
        command.arg(&self.program);
        command
    }

    /// What there is for servers.
    fn scenarios(&self) -> Result<Vec<Scenario>> {
        let listed = cargo::output(self.command().args(["list", "--server"]))?;
        let scenarios: Vec<Scenario> = listed.lines().filter_map(Scenario::read).collect();
        ensure!(scenarios.len() > 20, "the conformance suite lists {} scenarios:\n{listed}", scenarios.len());
        Ok(scenarios)
    }

    /// Runs one and gives the checks that it made.
    fn run(&self, url: &str, scenario: &str, revision: &str, folder: &Path) -> Result<Vec<Check>> {
        let mut command = self.command();
        command.args(["server", "--url", url, "--scenario", scenario, "--spec-version", revision, "--output-dir"]);
        // Whether it passed is in the file that it writes, check by check.
        let output =
            command.arg(folder).stdin(Stdio::null()).output().context("the conformance suite cannot be started")?;
        let said = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let written =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path().join("checks.json"));
        let written = written.into_iter().find(|path| path.is_file());
        let written = written.with_context(|| format!("{scenario} wrote no checks; it said: {}", said()))?;
        let json: Value = serde_json::from_str(&fs::read_to_string(&written)?).context("checks.json is no JSON")?;
        let checks = json.as_array().into_iter().flatten().map(Check::read);
        checks.collect::<Option<Vec<Check>>>().context("checks.json holds what is no check")
    }
}

/// A scenario for servers.
#[derive(Debug, PartialEq, Eq)]
struct Scenario {
    name: String,
    /// The revisions that it is of; none for an extension.
    revisions: Vec<String>,
}

impl Scenario {
    /// Reads a line like `  - ping [2025-06-18,2025-11-25]`.
    fn read(line: &str) -> Option<Self> {
        let (name, rest) = line.trim().strip_prefix("- ")?.split_once(" [")?;
        let revisions = rest.strip_suffix(']')?.split(',').filter(|revision| revision.starts_with("20"));
        Some(Self { name: name.to_owned(), revisions: revisions.map(str::to_owned).collect() })
    }

    /// Whether it is of this revision. One of an extension is shown with the newest.
    fn is_of(&self, revision: &str) -> bool {
        let is_extension = self.revisions.is_empty() && REVISIONS.last() == Some(&revision);
        is_extension || self.revisions.iter().any(|known| known == revision)
    }
}

/// One thing that a scenario looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    id: String,
    status: String,
    message: String,
}

impl Check {
    fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self { id: text("id")?, status: text("status")?, message: text("errorMessage").unwrap_or_default() })
    }

    /// A warning is of something that a server should do, and this one does all of it that the table does not excuse.
    fn is_bad(&self) -> bool {
        self.status == "FAILURE" || self.status == "WARNING"
    }
}

/// What is wrong with a scenario's checks, apart from those that are excused.
fn problem(checks: &[Check], excused: &[(&str, &str)]) -> Option<String> {
    let is_excused = |check: &&Check| excused.iter().any(|(id, _)| *id == check.id);
    let bad = checks.iter().filter(|check| check.is_bad());
    let mut problems: Vec<String> = bad
        .filter(|check| !is_excused(check))
        .map(|check| format!("{} {}: {}", check.status, check.id, check.message))
        .collect();
    if !checks.iter().any(|check| check.status == "SUCCESS") {
        problems.push("no check of it was a success".to_owned());
    }
    for (id, _) in excused {
        if !checks.iter().any(|check| check.id == *id && check.is_bad()) {
            problems.push(format!("{id} passes, or is gone: xtask/src/mcp/table.rs need not excuse it any more"));
        }
    }
    (!problems.is_empty()).then(|| problems.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{Check, Scenario, problem};

    fn check(id: &str, status: &str) -> Check {
        Check { id: id.to_owned(), status: status.to_owned(), message: "why".to_owned() }
    }

    #[test]
    fn scenarios_are_read_with_their_revisions_and_those_of_extensions_have_none() {
        let scenario = Scenario::read("  - ping [2025-06-18,2025-11-25]").unwrap();
        assert_eq!(scenario.name, "ping");
        assert!(scenario.is_of("2025-11-25") && !scenario.is_of("2026-07-28"));
        let extension = Scenario::read("  - tasks-lifecycle [extension]").unwrap();
        assert!(extension.is_of("2026-07-28") && !extension.is_of("2025-11-25"));
        assert_eq!(Scenario::read("Server scenarios (test against a server):"), None);
    }

    #[test]
    fn a_failure_or_a_warning_is_a_problem_unless_it_is_excused() {
        let good = [check("a", "SUCCESS"), check("b", "INFO"), check("c", "SKIPPED")];
        assert_eq!(problem(&good, &[]), None);
        for status in ["FAILURE", "WARNING"] {
            let bad = [check("a", "SUCCESS"), check("b", status)];
            assert!(problem(&bad, &[]).unwrap().contains("b: why"));
            assert_eq!(problem(&bad, &[("b", "a tool of the suite's own")]), None);
        }
    }

    #[test]
    fn an_excuse_that_nothing_needs_is_a_problem_and_so_is_a_scenario_that_looks_at_nothing() {
        assert!(problem(&[check("a", "SUCCESS")], &[("a", "why")]).unwrap().contains("need not excuse"));
        assert!(problem(&[check("a", "SKIPPED")], &[]).unwrap().contains("no check"));
        assert!(problem(&[], &[]).is_some());
    }
}
