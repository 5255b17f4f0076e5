//! `cargo xtask manifest`: the checked-in description of each connector and its page, from the built component itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::difference::difference;
use crate::workspace::Workspace;
use crate::{build, cargo, files, progress};

/// Rewrite manifest.json of each connector, its page in docs/connectors, and manifest.schema.json, from the built
/// components.
///
/// Builds the components and the harness first.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask manifest\n  cargo xtask manifest --check")]
pub(crate) struct Options {
    /// Change nothing, and fail if the files are not what the components say
    #[arg(long)]
    check: bool,
}

/// Builds, then rewrites or checks the files.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    build::run(workspace, &build::Options::default())?;
    if options.check {
        progress::step("Check that manifests and their schema are current", || check(workspace))
    } else {
        progress::step("Write manifests and their schema", || write(workspace))
    }
}

/// Fails if a file is not what the built component says.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut problems = Vec::new();
    for (path, expected) in current(workspace)? {
        problems.extend(problem(&workspace.shown(&path).to_string(), &on_disk(&path)?, &expected));
    }
    if !problems.is_empty() {
        bail!("{}\nRun `cargo xtask manifest` and commit the result.", problems.join("\n"));
    }
    Ok(())
}

fn write(workspace: &Workspace) -> Result<()> {
    for (path, content) in current(workspace)? {
        let changed = on_disk(&path)? != content;
        files::write_atomically(&path, content.as_bytes())?;
        eprintln!("  {}: {}", workspace.shown(&path), if changed { "rewritten" } else { "was current" });
    }
    Ok(())
}

/// The files, and what they must hold: a manifest in each connector's folder, its page, and one schema of them all.
fn current(workspace: &Workspace) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for connector in workspace.connectors()? {
        let component = workspace.component_of(connector);
        let report = inspect(workspace, &component, &["--format", "json"])?;
        let manifest = report.get("manifest").context("`harness inspect --format json` printed no `manifest`")?;
        files.push((connector.folder.join("manifest.json"), as_file(manifest)?));
        let page = cargo::output(Command::new(workspace.harness()).arg("--component").arg(&component).arg("docs"))?;
        files.push((workspace.root.join("docs/connectors").join(format!("{}.md", connector.name)), page));
    }
    let schema = inspect(workspace, &workspace.component(), &["--schema"])?;
    files.push((workspace.root.join("manifest.schema.json"), as_file(&schema)?));
    Ok(files)
}

fn inspect(workspace: &Workspace, component: &Path, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(workspace.harness());
    command.arg("--component").arg(component).arg("inspect").args(arguments);
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
