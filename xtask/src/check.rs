//! `cargo xtask check`: everything that must hold before a change is accepted, short of the tests.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{arrows, build, cargo, contract, editor, features, manifest, progress};

/// Check format, arrows, the contract, features, lints, documentation, the page's editor, the components' imports and
/// sizes, and that their manifests and pages are current.
///
/// This and `cargo xtask test` are what continuous integration runs. Every step runs even if one before it failed.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cargo xtask check && cargo xtask test")]
pub(crate) struct Options {}

/// Runs every step and prints a table of them.
pub(crate) fn run(workspace: &Workspace, _options: &Options) -> Result<()> {
    let mut steps = Steps::default();
    steps.take("Format", || cargo::run(workspace.native_cargo().args(["fmt", "--all", "--check"])));
    steps.take("Arrows between crates and modules", || arrows::check(workspace));
    steps.take("The contract is the one that was released", || contract::check(workspace));
    steps.take("One set of features for programs and tests", || features::check(workspace));
    steps.take("Lint native code", || lint_native(workspace));
    // With its own target, because code for WebAssembly alone is invisible to the native lints.
    steps.take("Lint the components for WebAssembly", || {
        let connectors = workspace.connectors()?.into_iter().map(|connector| connector.name.as_str());
        connectors.chain(["misbehaving-guest", "planted-faults"]).try_for_each(|package| lint_guest(workspace, package))
    });
    steps.take("Documentation", || document(workspace));
    steps.take("The page's editor is what its sources give", || editor::check(workspace));
    let is_built = steps.take("Build, imports and size", || build::run(workspace, &build::Options::default()));
    if is_built {
        steps.take("Manifests are current", || manifest::check(workspace));
    }
    eprint!("\n{}", steps.table());
    steps.verdict()
}

fn lint_native(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.native_cargo();
    command.args(["clippy", "--release", "--locked", "--workspace", "--all-targets"]);
    cargo::run(command.args(["--", "--deny", "warnings"]))
}

fn lint_guest(workspace: &Workspace, package: &str) -> Result<()> {
    cargo::run(build::guest_command(workspace, "clippy", package)?.args(["--", "--deny", "warnings"]))
}

fn document(workspace: &Workspace) -> Result<()> {
    let mut command = workspace.native_cargo();
    command.env("RUSTDOCFLAGS", "--deny warnings");
    cargo::run(command.args(["doc", "--release", "--locked", "--workspace", "--no-deps", "--document-private-items"]))
}

/// What ran, how it ended and how long it took.
#[derive(Default)]
struct Steps {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    passed: bool,
    took: Duration,
}

impl Steps {
    /// Runs one step; says whether it passed.
    fn take(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        let started = Instant::now();
        let result = progress::step(name, work);
        if let Err(error) = &result {
            eprintln!("error: {error:#}");
        }
        self.rows.push(Row { name, passed: result.is_ok(), took: started.elapsed() });
        result.is_ok()
    }

    fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for row in &self.rows {
            let verdict = if row.passed { "passed" } else { "FAILED" };
            text.push_str(&format!("{:width$}  {verdict}  {}\n", row.name, progress::seconds(row.took)));
        }
        text
    }

    fn verdict(&self) -> Result<()> {
        let failed: Vec<&str> = self.rows.iter().filter(|row| !row.passed).map(|row| row.name).collect();
        if !failed.is_empty() {
            bail!("{} of {} steps failed: {}", failed.len(), self.rows.len(), failed.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Steps;

    #[test]
    fn a_failed_step_is_named_and_the_others_still_run() {
        let mut steps = Steps::default();
        assert!(!steps.take("First", || anyhow::bail!("no")));
        assert!(steps.take("Second", || Ok(())));
        let table = steps.table();
        assert!(table.contains("First   FAILED") && table.contains("Second  passed"), "{table}");
        assert!(steps.verdict().unwrap_err().to_string().contains("1 of 2 steps failed: First"));
    }

    #[test]
    fn steps_that_all_passed_are_a_success() {
        let mut steps = Steps::default();
        steps.take("Only", || Ok(()));
        assert!(steps.verdict().is_ok());
    }
}
