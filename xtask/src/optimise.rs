//! Binaryen's `wasm-opt` on the compiled module, where there is one: a few percent off its size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{cargo, progress};

/// What the compiler's default for the target uses, and what the build adds to it. Not everything that Binaryen knows:
/// a host need not.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Optimises the module in a file, and gives its bytes; as they are where there is no `wasm-opt`.
pub(crate) fn run(workspace: &Workspace, module: &Path) -> Result<Vec<u8>> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    let Some(program) = program(workspace) else {
        eprintln!(
            "  There is no wasm-opt: the component stays a little larger. To have it, install Binaryen, or run `npm \
             install --prefix {} binaryen`.",
            workspace.shown(&workspace.tools())
        );
        return read(module);
    };
    progress::step("Optimise it with wasm-opt", || {
        let output = module.with_extension("optimised.wasm");
        let mut command = Command::new(&program);
        // The section that describes the contract must stay, so nothing is stripped but what the compiler did.
        command.args(FEATURES).arg("-O3").arg(module).arg("-o").arg(&output);
        cargo::run(&mut command)?;
        read(&output)
    })
}

/// The one that `WASM_OPT` names, else one on the path, else the one that npm installed below the target directory.
fn program(workspace: &Workspace) -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("WASM_OPT").filter(|set| !set.is_empty()) {
        return Some(set.into());
    }
    let installed = workspace.tools().join("node_modules").join(".bin");
    cargo::on_path("wasm-opt").or_else(|| cargo::program_in([installed], "wasm-opt"))
}
