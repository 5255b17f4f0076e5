//! The contract as one file that WIT tools and registries take.

use anyhow::{Context, Result};
use wit_parser::Resolve;

use crate::workspace::Workspace;

/// The name of the file, and the package in its binary form.
pub(super) fn package(workspace: &Workspace) -> Result<(String, Vec<u8>)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(workspace.root.join("wit")).context("the contract cannot be read")?;
    let bytes = wit_component::encode(&resolve, package, false).context("the contract cannot be encoded")?;
    let name = &resolve.packages.get(package).context("the contract is no package")?.name;
    let version = name.version.as_ref().context("the contract has no version")?;
    Ok((format!("{}-{}-{version}.wit.wasm", name.namespace, name.name), bytes))
}
