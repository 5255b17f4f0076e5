//! `cargo xtask editor`: the page's code editor, bundled by npm's packages into the one file that is checked in.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{cargo, files, installing, progress};

/// What the bundle is made of, in `host-harness/editor`.
const SOURCES: [&str; 10] = [
    ".npmrc",
    "package.json",
    "package-lock.json",
    "build.js",
    "src/doubt.js",
    "src/editor.js",
    "src/graphql.js",
    "src/json.js",
    "src/look.js",
    "src/variables.js",
];

/// Bundle the page's code editor anew from host-harness/editor.
///
/// Installs exactly what its lock file names, with npm. The same sources give the same bytes on every machine.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask editor\n  cargo xtask editor --check")]
pub(crate) struct Options {
    /// Change nothing, and fail if the checked-in file is not what the sources give
    #[arg(long)]
    check: bool,
}

/// Bundles, then rewrites or checks the file.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let folder = install(workspace)?;
    if options.check {
        return progress::step("Check that the page's editor is current", || compare(workspace, &folder));
    }
    let made = progress::step("Bundle the page's editor", || bundle(workspace, &folder))?;
    files::write_atomically(&checked_in(workspace), &made)?;
    eprintln!("  {}: {} bytes", workspace.shown(&checked_in(workspace)), made.len());
    Ok(())
}

/// Fails if the checked-in file is not what its sources give. Where npm's packages cannot be had that is said, and is
/// no failure unless continuous integration runs this.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    match install(workspace) {
        Ok(folder) => compare(workspace, &folder),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!(
                "\n*** NOT CHECKED: whether the page's editor is what its sources give, because npm's packages cannot \
                 be had: {error:#} ***\n"
            );
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Copies the sources below the target directory, and installs what the lock file names beside them.
fn install(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.tools().join("editor");
    for name in SOURCES {
        files::copy_atomically(&workspace.root.join("host-harness").join("editor").join(name), &folder.join(name))?;
    }
    installing::npm(&folder)?;
    Ok(folder)
}

fn bundle(workspace: &Workspace, folder: &PathBuf) -> Result<Vec<u8>> {
    let mut command = Command::new("npm");
    command.current_dir(folder).args(["run", "--silent", "build"]);
    cargo::run(&mut command)?;
    let made = folder.join("editor.js");
    fs::read(&made).with_context(|| format!("{} cannot be read", workspace.shown(&made)))
}

fn compare(workspace: &Workspace, folder: &PathBuf) -> Result<()> {
    let made = bundle(workspace, folder)?;
    let path = checked_in(workspace);
    let found = fs::read(&path).unwrap_or_default();
    if found != made {
        let at = found.iter().zip(&made).take_while(|(found, made)| found == made).count();
        bail!(
            "{} ({} bytes) is not what host-harness/editor gives ({} bytes): they differ from byte {at} on. Run `cargo \
             xtask editor` and commit the result.",
            workspace.shown(&path),
            found.len(),
            made.len()
        );
    }
    Ok(())
}

fn checked_in(workspace: &Workspace) -> PathBuf {
    workspace.root.join("host-harness/src/ui/assets/editor/editor.js")
}
