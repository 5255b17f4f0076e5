//! Where things are: the workspace, its target directories and `dist/`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo;

/// The checkout that the command was started in.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target directory for native code, wherever the person's settings put it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo, because only it knows every setting that can move the target directory.
    pub(crate) fn locate() -> Result<Self> {
        let mut command = cargo::bare();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value =
            serde_json::from_str(&cargo::output(&mut command)?).context("`cargo metadata` did not print JSON")?;
        let path = |key: &str| {
            let text = metadata.get(key).and_then(Value::as_str);
            text.map(PathBuf::from).with_context(|| format!("`cargo metadata` names no {key}"))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// The target directory of the guest. Its own, because a nested build with other flags would otherwise wait for, or
    /// rebuild, what the native build holds.
    pub(crate) fn component_target(&self) -> PathBuf {
        self.target.join("component")
    }

    /// Where programs from npm are installed that one command or another uses.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// Where finished products go.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The built component.
    pub(crate) fn component(&self) -> PathBuf {
        self.dist().join("duro_plm.wasm")
    }

    /// The component that the host is tested on by breaking its rules.
    pub(crate) fn misbehaving_component(&self) -> PathBuf {
        self.dist().join("test").join("misbehaving.wasm")
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
