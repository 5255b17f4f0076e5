//! `cargo xtask manifest`: the checked-in description of the connector and its page, from the built component itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::difference::difference;
use crate::workspace::Workspace;
use crate::{build, cargo, files, progress};

/// Rewrite manifest.json, manifest.schema.json and the page in docs/connectors from the built component.
///
/// Builds the component and the harness first.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask manifest\n  cargo xtask manifest --check")]
pub(crate) struct Options {
    /// Change nothing, and fail if the files are not what the component says
    #[arg(long)]
    check: bool,
}

/// Builds, then rewrites or checks the two files.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    build::duro(workspace)?;
    if options.check {
        progress::step("Check that manifest.json and its schema are current", || check(workspace))
    } else {
        progress::step("Write manifest.json and its schema", || write(workspace))
    }
}

/// Fails if a file is not what the built component says.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut problems = Vec::new();
    for (name, expected) in current(workspace)? {
        problems.extend(problem(name, &on_disk(&workspace.root.join(name))?, &expected));
    }
    if !problems.is_empty() {
        bail!("{}\nRun `cargo xtask manifest` and commit the result.", problems.join("\n"));
    }
    Ok(())
}

fn write(workspace: &Workspace) -> Result<()> {
    for (name, content) in current(workspace)? {
        let path = workspace.root.join(name);
        let changed = on_disk(&path)? != content;
        files::write_atomically(&path, content.as_bytes())?;
        eprintln!("  {name}: {}", if changed { "rewritten" } else { "was current" });
    }
    Ok(())
}

/// The files' names and what they must hold.
fn current(workspace: &Workspace) -> Result<[(&'static str, String); 3]> {
    let report = inspect(workspace, &["--format", "json"])?;
    let manifest = report.get("manifest").context("`harness inspect --format json` printed no `manifest`")?;
    let schema = inspect(workspace, &["--schema"])?;
    let page =
        cargo::output(Command::new(workspace.harness()).arg("--component").arg(workspace.component()).arg("docs"))?;
    Ok([
        ("manifest.json", as_file(manifest)?),
        ("manifest.schema.json", as_file(&schema)?),
        ("docs/connectors/duro-plm.md", page),
    ])
}

fn inspect(workspace: &Workspace, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(workspace.harness());
    command.arg("--component").arg(workspace.component()).arg("inspect").args(arguments);
    let printed = cargo::output(&mut command)?;
    serde_json::from_str(&printed).with_context(|| format!("`{}` printed what is not JSON", cargo::shown(&command)))
}

/// A member a line, which suits diffs, in the order of the component's own description.
fn as_file(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// A file that is not there yet is empty.
fn on_disk(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn problem(name: &str, found: &str, expected: &str) -> Option<String> {
    let difference = difference(found, expected)?;
    Some(format!("{name} is not what the component says (- in the file, + in the component):\n{difference}"))
}

#[cfg(test)]
mod tests {
    use super::{as_file, problem};

    #[test]
    fn the_file_ends_with_a_newline_and_keeps_the_order() {
        let value = serde_json::from_str(r#"{"b":1,"a":2}"#).unwrap();
        assert_eq!(as_file(&value).unwrap(), "{\n  \"b\": 1,\n  \"a\": 2\n}\n");
    }

    #[test]
    fn a_stale_file_is_named_with_what_differs() {
        let text = problem("manifest.json", "{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n").unwrap();
        assert!(text.starts_with("manifest.json is not"), "{text}");
        assert!(text.contains("-  \"a\": 1") && text.contains("+  \"a\": 2"), "{text}");
        assert_eq!(problem("manifest.json", "{}\n", "{}\n"), None);
    }
}
