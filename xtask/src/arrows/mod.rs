//! Whether the arrows of ARCHITECTURE.md are true: what crates depend on, which words stand where, and that no two
//! modules use each other.

mod crates;
mod modules;
mod words;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// Fails with every arrow that must not be.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut problems = crates::problems(&workspace.packages, &workspace.root);
    problems.extend(words::problems(&workspace.root)?);
    let tests = workspace.root.join("tests");
    for package in workspace.packages.iter().filter(|package| !package.folder.starts_with(&tests)) {
        problems.extend(modules::problems(&workspace.root, &package.folder.join("src"))?);
    }
    if !problems.is_empty() {
        bail!("ARCHITECTURE.md does not allow this:\n  {}", problems.join("\n  "));
    }
    Ok(())
}
