//! `cargo xtask test`: every test, on a freshly built component.

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{build, cargo, progress};

/// Build the component and the harness, then run every test.
///
/// With cargo-nextest if it is installed, else with `cargo test`; documentation tests too, unless arguments select
/// tests.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask test\n  cargo xtask test poll            only tests with `poll` in their \
                  name\n  cargo xtask test -- --test end_to_end"
)]
pub(crate) struct Options {
    /// Words that a test's name must contain, or other arguments for the test runner
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILTER OR ARGUMENT")]
    arguments: Vec<String>,
}

/// Builds, then runs the tests.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    build::run(workspace, &build::Options::default())?;
    build::misbehaving_component(workspace)?;
    build::planted_component(workspace)?;
    if has_nextest() {
        tests(workspace, &["nextest", "run"], &options.arguments)?;
        if !selects(&options.arguments) {
            progress::step("Run the documentation tests", || {
                cargo::run(workspace.native_cargo().args(["test", "--release", "--workspace", "--doc"]))
            })?;
        }
        return Ok(());
    }
    tests(workspace, &["test"], &options.arguments)
}

fn tests(workspace: &Workspace, runner: &[&str], arguments: &[String]) -> Result<()> {
    progress::step("Run the tests", || {
        let mut command = workspace.native_cargo();
        command.args(runner).arg("--release");
        if !names_a_package(arguments) {
            command.arg("--workspace");
        }
        cargo::run(command.args(arguments))
    })
}

/// Whether not all tests are asked for.
fn selects(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument != "--no-fail-fast")
}

fn has_nextest() -> bool {
    let version = cargo::native().args(["nextest", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

/// `--workspace` beside `--package` would win over it.
fn names_a_package(arguments: &[String]) -> bool {
    let options = arguments.iter().take_while(|argument| *argument != "--");
    options.into_iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

#[cfg(test)]
mod tests {
    use super::{names_a_package, selects};

    #[test]
    fn documentation_is_tested_too_where_nothing_selects_other_tests() {
        let selects = |arguments: &[&str]| selects(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(!selects(&[]) && !selects(&["--no-fail-fast"]));
        assert!(selects(&["poll"]) && selects(&["--no-fail-fast", "poll"]) && selects(&["-p", "xtask"]));
    }

    #[test]
    fn a_package_is_seen_in_each_spelling_and_only_among_the_options() {
        let named =
            |arguments: &[&str]| names_a_package(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(named(&["-p", "xtask"]) && named(&["-pxtask"]) && named(&["--package=xtask"]));
        assert!(!named(&["poll"]) && !named(&["--", "--package"]) && !named(&[]));
    }
}
