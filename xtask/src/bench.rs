//! `cargo xtask bench`: builds everything that is compared, and measures it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{build, cargo, componentise, files, progress, wasm_target};

/// Measure the component against its own source compiled natively, and against Node.
///
/// Takes a few minutes, in which the machine should have nothing else to do. Prints the table and writes it with its
/// data and a chart to docs/bench/. Installs the platform's SDK and graphql-request below the target directory with
/// npm; without npm, Node is left out.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench --quick\n  cargo xtask bench --assistants")]
pub(crate) struct Options {
    /// Fewer rounds: about a minute
    #[arg(long)]
    quick: bool,
    /// Measure what calls cost assistants in place of all that, and write docs/assistants.md's table
    #[arg(long, conflicts_with_all = ["quick", "output"])]
    assistants: bool,
    /// Where the results go [default: docs/bench; with --quick, bench-quick in the target directory]
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Builds, then runs the measuring program.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    build::duro(workspace)?;
    let bench = progress::step("Compile the benchmark", || build::native_binary(workspace, "bench"))?;
    let work = workspace.target.join("bench");
    fs::create_dir_all(&work).with_context(|| format!("{} cannot be made", work.display()))?;
    if options.assistants {
        let mut command = Command::new(bench);
        command.arg("assistants").arg("--component").arg(workspace.component()).arg("--work").arg(&work);
        command.arg("--harness").arg(workspace.harness());
        return cargo::hand_over(command.arg("--document").arg(workspace.root.join("docs").join("assistants.md")));
    }
    let node = match install_node(workspace, &work) {
        Ok(script) => Some(script),
        Err(error) => {
            eprintln!("WARNING: Node is left out of the comparison: {error:#}");
            None
        }
    };
    let component = fs::read(workspace.component())?;
    let output = options.output.clone().unwrap_or_else(|| {
        // A quick run is for trying; the documents quote a whole one.
        if options.quick { workspace.target.join("bench-quick") } else { workspace.root.join("docs").join("bench") }
    });

    let mut command = Command::new(bench);
    command.arg("run").arg("--component").arg(workspace.component()).arg("--work").arg(&work);
    command.arg("--harness").arg(workspace.harness()).arg("--output").arg(&output);
    command.args(["--sizes", &component.len().to_string(), &componentise::gzipped_size(&component)?.to_string()]);
    command.args(["--version", &format!("rustc {}", wasm_target::compiler_fact("release")?)]);
    command.args(["--version", &format!("wasmtime {}", locked_version(workspace, "wasmtime")?)]);
    if let Some(script) = node {
        let version = cargo::output(Command::new("node").arg("--version"))?;
        command.arg("--node").arg(script).args(["--version", &format!("Node {}", version.trim())]);
        command.args(["--version", "graphql-request 6.1.0, spectral 10.31.1"]);
    }
    if options.quick {
        command.arg("--quick");
    }
    cargo::hand_over(&mut command)?;
    eprintln!("  {}", workspace.shown(&output));
    Ok(())
}

/// Installs what the Node script needs, and gives the script's place beside it.
fn install_node(workspace: &Workspace, work: &Path) -> Result<PathBuf> {
    let folder = work.join("node");
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "poll.mjs"] {
        files::copy_atomically(&workspace.root.join("bench").join("node").join(name), &folder.join(name))?;
    }
    progress::step("Install the platform's SDK and graphql-request for Node", || {
        let mut command = Command::new("npm");
        command.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--silent"]);
        cargo::run(&mut command)
    })?;
    Ok(folder.join("poll.mjs"))
}

/// The version of a crate that `Cargo.lock` names.
fn locked_version(workspace: &Workspace, name: &str) -> Result<String> {
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock"))?;
    version_in(&lock, name).with_context(|| format!("Cargo.lock names no {name}"))
}

fn version_in(lock: &str, name: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn a_version_is_found_by_the_whole_name() {
        let lock = "name = \"wasmtime-cli\"\nversion = \"1.0.0\"\n\nname = \"wasmtime\"\nversion = \"48.0.8\"\n";
        assert_eq!(version_in(lock, "wasmtime").as_deref(), Some("48.0.8"));
        assert_eq!(version_in(lock, "wasm"), None);
    }
}
