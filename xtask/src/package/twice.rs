//! The proof that a package depends on nothing of the folder that it is built in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::facts::Facts;
use super::{Options, files_of};
use crate::workspace::Workspace;
use crate::{cargo, progress};

/// Builds the package once more, from a copy of the sources in another folder and with another target directory, and
/// compares every file.
pub(super) fn check(workspace: &Workspace, facts: &Facts, options: &Options, output: &Path) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("second folder ").tempdir()?;
    let copy = folder.path().join("sources");
    progress::step("Copy the sources to a second folder", || copy_sources(workspace, &copy))?;
    let second = folder.path().join("package");
    let mut command = Command::new(this_program()?);
    command.current_dir(&copy).env("CARGO_TARGET_DIR", folder.path().join("target"));
    command.args(["package", "--revision", &facts.revision, "--output"]).arg(&second);
    command.args(facts.source.iter().flat_map(|source| ["--source", source]));
    command.args(options.no_harness.then_some("--no-harness"));
    cargo::run(&mut command).context("the package cannot be built from a second folder")?;
    let differing = differing(output, &second)?;
    if !differing.is_empty() {
        bail!("the package is another one when it is built elsewhere: {} differ", differing.join(", "));
    }
    eprintln!("  {} files are the same, byte for byte, from a second folder", files_of(output)?.len());
    Ok(())
}

/// This program as it was started: building the harness takes so long that another build may have replaced its file.
fn this_program() -> Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { Ok(std::env::current_exe()?) }
}

/// Copies what Git knows or would take, and nothing that was built.
fn copy_sources(workspace: &Workspace, to: &Path) -> Result<()> {
    let mut command = Command::new("git");
    command.current_dir(&workspace.root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let names = cargo::output(&mut command)?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (workspace.root.join(name), to.join(name));
        // One that was removed and not committed.
        if !from.is_file() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file has no folder")?)?;
        fs::copy(&from, &to).with_context(|| format!("{name} cannot be copied"))?;
    }
    Ok(())
}

/// The names of files that are not the same in both folders.
fn differing(one: &Path, other: &Path) -> Result<Vec<String>> {
    let mut names = files_of(one)?;
    names.extend(files_of(other)?);
    names.sort();
    names.dedup();
    names.retain(|name| fs::read(one.join(name)).ok() != fs::read(other.join(name)).ok());
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::differing;

    #[test]
    fn files_that_differ_or_are_in_one_folder_alone_are_named() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let put = |at: usize, name: &str, text: &str| {
            let path = folders[at].path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put(0, "man/page", "a");
        put(1, "man/page", "b");
        put(0, "same", "a");
        put(1, "same", "a");
        put(0, "other", "a");
        put(1, "other", "b");
        put(1, "alone", "a");
        assert_eq!(differing(folders[0].path(), folders[1].path()).unwrap(), ["alone", "man/page", "other"]);
    }
}
