//! Packages of npm and of PyPI, exactly those that a lock file names, and a Node to run them on. All of it goes below
//! the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{cargo, files, progress};

/// Where the package with a Node is named that this machine's own may be too old for.
const ENGINE: &str = "examples/hosts/engine";

/// Installs what the `package-lock.json` of a folder names, beside it.
pub(crate) fn npm(folder: &Path) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let what = format!("Install the packages of {name} with npm");
    once_for(&folder.join("package-lock.json"), &folder.join("installed-lock.json"), &what, || {
        let mut command = Command::new("npm");
        command.current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--silent"]);
        cargo::run(&mut command)
    })
}

/// Makes a virtual environment with what a file of requirements names, and gives its Python.
pub(crate) fn python(venv: &Path, requirements: &Path) -> Result<PathBuf> {
    let python = cargo::on_path("python3").context("there is no python3: install Python 3.11 or later with venv")?;
    let inside = venv.join("bin/python");
    let whose = venv.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let what = format!("Install the Python packages of {whose} with pip");
    once_for(requirements, &venv.join("installed.txt"), &what, || {
        cargo::run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(venv))?;
        let mut command = Command::new(&inside);
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]);
        cargo::run(command.arg(requirements))
    })?;
    Ok(inside)
}

/// A Node that is as recent: this machine's, or that of the package for this kind of machine.
pub(crate) fn node(workspace: &Workspace, oldest: u32) -> Result<PathBuf> {
    if let Some(node) = node_on_path(oldest) {
        return Ok(node);
    }
    let node = engine(workspace)?;
    node.with_context(|| format!("there is no Node {oldest} or later, and npm has none for this kind of machine"))
}

/// This machine's Node, if it is as recent.
pub(crate) fn node_on_path(oldest: u32) -> Option<PathBuf> {
    cargo::on_path("node").filter(|node| {
        let version = cargo::output(Command::new(node).arg("--version")).unwrap_or_default();
        major(&version).is_some_and(|major| major >= oldest)
    })
}

/// The newest Node, which npm has as a package; none for some kinds of machine.
pub(crate) fn engine(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let folder = workspace.tools().join("engine");
    files::copy_folder(&workspace.root.join(ENGINE), &folder)?;
    npm(&folder)?;
    let packages = fs::read_dir(folder.join("node_modules")).into_iter().flatten().flatten();
    Ok(packages.map(|package| package.path().join("bin/node")).find(|program| program.is_file()))
}

/// Installs, unless that was done for these very contents of the file that names what.
fn once_for(named: &Path, stamp: &Path, what: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(named).with_context(|| format!("{} cannot be read", named.display()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    progress::step(what, install)?;
    files::write_atomically(stamp, &wanted)
}

/// The first number of what `node --version` prints.
fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{major, once_for};

    #[test]
    fn the_first_number_of_a_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!((major(""), major("node 20")), (None, None));
    }

    #[test]
    fn what_is_installed_for_a_lock_file_is_not_installed_again_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (named, stamp) = (folder.path().join("lock"), folder.path().join("stamp"));
        let mut installed = 0;
        for content in ["one", "one", "two"] {
            std::fs::write(&named, content).unwrap();
            once_for(&named, &stamp, "Install", || {
                installed += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(installed, 2);
        assert!(once_for(&folder.path().join("none"), &stamp, "Install", || Ok(())).is_err());
    }

    #[test]
    fn an_installation_that_failed_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let (named, stamp) = (folder.path().join("lock"), folder.path().join("stamp"));
        std::fs::write(&named, "one").unwrap();
        assert!(once_for(&named, &stamp, "Install", || anyhow::bail!("no network")).is_err());
        assert!(!stamp.exists());
    }
}
