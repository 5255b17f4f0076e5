//! Where things are: the workspace, its target directories and `dist/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::packages::Package;
use crate::{cargo, packages};

/// The checkout that the command was started in.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory for native code, wherever the person's settings put it.
    pub(crate) target: PathBuf,
    /// Its packages.
    pub(crate) packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo, because only it knows every setting that can move the target directory.
    pub(crate) fn locate() -> Result<Self> {
        let mut command = cargo::native();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value =
            serde_json::from_str(&cargo::output(&mut command)?).context("`cargo metadata` did not print JSON")?;
        let path = |key: &str| {
            let text = metadata.get(key).and_then(Value::as_str);
            text.map(PathBuf::from).with_context(|| format!("`cargo metadata` names no {key}"))
        };
        let (root, target) = (path("workspace_root")?, path("target_directory")?);
        Ok(Self { root, target, packages: packages::read(&metadata)? })
    }

    /// Cargo for native code, in the workspace's root and its target directory.
    pub(crate) fn native_cargo(&self) -> Command {
        let mut command = cargo::native();
        // Absolute, because a relative setting would count from another folder here.
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Cargo for a guest, in the workspace's root and the guests' own target directory: a nested build with other flags
    /// would otherwise wait for, or rebuild, what the native build holds.
    pub(crate) fn component_cargo(&self) -> Command {
        let mut command = cargo::component();
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", self.target.join("component"));
        command
    }

    /// Where programs from npm are installed that one command or another uses.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// Where finished products go.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The connectors, the one for Duro first.
    pub(crate) fn connectors(&self) -> Result<Vec<&Package>> {
        packages::connectors(&self.packages, &self.root)
    }

    /// The built component of the connector for Duro.
    pub(crate) fn component(&self) -> PathBuf {
        self.dist().join("duro_plm.wasm")
    }

    /// The built component of a connector: that for Duro beside the harness, which takes the only one that it finds
    /// there, and every further one in a folder of its own.
    pub(crate) fn component_of(&self, connector: &Package) -> PathBuf {
        let dist = self.dist();
        let folder = if connector.folder == self.root { dist } else { dist.join("connectors") };
        folder.join(format!("{}.wasm", connector.library()))
    }

    /// The component that the host is tested on by breaking its rules.
    pub(crate) fn misbehaving_component(&self) -> PathBuf {
        self.dist().join("test").join("misbehaving.wasm")
    }

    /// The connector with faults planted in it.
    pub(crate) fn planted_component(&self) -> PathBuf {
        self.dist().join("test").join("planted_faults.wasm")
    }

    /// The built harness.
    pub(crate) fn harness(&self) -> PathBuf {
        self.dist().join(format!("harness{}", std::env::consts::EXE_SUFFIX))
    }

    /// A path as a person would type it at the workspace's root.
    pub(crate) fn shown<'path>(&self, path: &'path Path) -> std::path::Display<'path> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Workspace;
    use crate::packages::Package;

    #[test]
    fn beside_the_harness_there_is_one_component_however_many_connectors_there_are() {
        let workspace = Workspace { root: PathBuf::from("/w"), target: PathBuf::from("/t"), packages: Vec::new() };
        let built = |name: &str, folder: &str| {
            let package = Package { name: name.to_owned(), folder: PathBuf::from(folder), dependencies: Vec::new() };
            workspace.component_of(&package)
        };
        let first = built("duro-plm", "/w");
        assert_eq!(first, workspace.component());
        assert_eq!(first.parent(), workspace.harness().parent());
        let further = built("acme-things", "/w/connectors/acme-things");
        assert_eq!(further, PathBuf::from("/w/dist/connectors/acme_things.wasm"));
    }
}
