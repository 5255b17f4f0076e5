//! `cargo xtask build`: the components and the harness, in `dist/`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages::Package;
use crate::workspace::Workspace;
use crate::{cargo, componentise, files, optimise, packages, progress, symbols, wasm_target};

/// The largest component that may ship, in bytes. Each host compiles and holds it, so growth must be a decision.
const COMPONENT_SIZE_LIMIT: usize = 850_000;
/// And the largest as gzip packs it, which is what travels.
const GZIPPED_SIZE_LIMIT: usize = 280_000;

/// The memory that an instance begins with, in bytes: its stack, its data, and what a short call needs beside them.
/// Less, and every call would ask the host for more, which takes longer than to instantiate. More, and every call would
/// pay for the large ones: a host that keeps memory resident zeroes what lies within this whenever a call ends, if any
/// call before it had used it, and what lies above it only after calls that grew that far.
const INITIAL_MEMORY: usize = 1280 * 1024;

/// Build the components (dist/duro_plm.wasm, and dist/connectors/NAME.wasm for each folder of connectors/) and the
/// harness (dist/harness), with its manual pages (dist/man) and what shells complete its command line by
/// (dist/completions).
///
/// Installs the compiler's WebAssembly target if it is missing. Fails if a component is larger than may ship or needs
/// anything of its host but http and log. Uses Binaryen's wasm-opt where there is one, and on Linux objcopy, which
/// moves the harness's symbols to dist/harness.debug.
#[derive(clap::Args, Default)]
#[command(after_help = "Examples:\n  cargo xtask build\n  cargo xtask build --component-only\n  \
                        cargo xtask build --component-only --connector duro-plm")]
pub(crate) struct Options {
    /// Build the components alone, which takes seconds instead of minutes
    #[arg(long)]
    component_only: bool,
    /// One connector instead of all: duro-plm, or a folder of connectors/
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
}

/// Builds what the options ask for.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    for connector in packages::chosen(&workspace.connectors()?, options.connector.as_deref())? {
        component(workspace, connector)?;
    }
    if !options.component_only {
        harness(workspace)?;
    }
    Ok(())
}

/// Builds the connector for Duro and the harness: what every command but `build`, `test` and `check` needs.
pub(crate) fn duro(workspace: &Workspace) -> Result<()> {
    let connectors = workspace.connectors()?;
    component(workspace, connectors.first().context("there is no connector")?)?;
    harness(workspace)
}

/// Builds a connector into `dist/` and reports its size.
fn component(workspace: &Workspace, connector: &Package) -> Result<()> {
    wasm_target::ensure_installed()?;
    let path = workspace.component_of(connector);
    let component = guest(workspace, &connector.name, &connector.library(), &path)?;
    let gzipped = componentise::gzipped_size(&component)?;
    eprintln!("  {}: {} bytes, {gzipped} gzipped", workspace.shown(&path), component.len());
    check_size(component.len(), gzipped).with_context(|| workspace.shown(&path).to_string())
}

/// Builds the connector of this name into `dist/` and says where it is.
pub(crate) fn connector(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let connectors = workspace.connectors()?;
    let chosen = packages::chosen(&connectors, Some(name))?;
    let connector = chosen.first().context("there is no connector")?;
    component(workspace, connector)?;
    Ok(workspace.component_of(connector))
}

/// Builds the component that breaks every rule, on which the host is tested.
pub(crate) fn misbehaving_component(workspace: &Workspace) -> Result<()> {
    guest(workspace, "misbehaving-guest", "misbehaving", &workspace.misbehaving_component())?;
    Ok(())
}

/// The package of the connector with faults planted in it.
const PLANTED: &str = "planted-faults";

/// Builds the connector with faults planted in it, which `harness check` has to find.
pub(crate) fn planted_component(workspace: &Workspace) -> Result<()> {
    guest(workspace, PLANTED, "planted_faults", &workspace.planted_component())?;
    Ok(())
}

/// Builds a package as a component and writes it to a path.
fn guest(workspace: &Workspace, package: &str, library: &str, path: &Path) -> Result<Vec<u8>> {
    let module = progress::step(&format!("Compile {package} to WebAssembly"), || {
        let mut command = guest_command(workspace, "rustc", package)?;
        command.args(["--crate-type", "cdylib"]);
        let files = cargo::built_files(&mut command)?;
        Ok(cargo::named(&files, &format!("{library}.wasm"))?.to_owned())
    })?;
    let module = optimise::run(workspace, &module)?;
    let component = progress::step("Make it a component and validate it", || {
        let component = componentise::componentise(&module)?;
        componentise::check_imports(&component)?;
        Ok(component)
    })?;
    files::write_atomically(path, &component)?;
    Ok(component)
}

/// Builds the harness into `dist/`, its symbols beside it, and reports their sizes.
///
/// With `XTASK_HARNESS` in the environment that program is taken in place of one that is built: for trying another one,
/// and for a checkout in which Wasmtime is not compiled.
pub(crate) fn harness(workspace: &Workspace) -> Result<()> {
    if let Some(given) = std::env::var_os("XTASK_HARNESS") {
        eprintln!(
            "  {}: that of XTASK_HARNESS, {}",
            workspace.shown(&workspace.harness()),
            Path::new(&given).display()
        );
        files::copy_atomically(Path::new(&given), &workspace.harness())?;
        return documents(workspace);
    }
    let built = progress::step("Compile the harness", || native_binary(workspace, "harness"))?;
    let path = workspace.harness();
    let shipped = symbols::ship(&built, &path)?;
    eprintln!("  {}: {} bytes", workspace.shown(&path), shipped.program);
    if let Some((symbols, size)) = shipped.symbols {
        eprintln!("  {}: {size} bytes, its symbols", workspace.shown(&symbols));
    }
    documents(workspace)
}

/// Builds the harness to ship it to a path: the same bytes from whatever folder, which takes a build of its own.
pub(crate) fn shipped_harness(workspace: &Workspace, path: &Path) -> Result<()> {
    let built = progress::step("Compile the harness that ships", || {
        let mut command = workspace.native_cargo();
        let target = workspace.target.join("package");
        let mut flags = remappings(workspace)?;
        // What build scripts write is compiled from there. The last that fits counts.
        flags.push(remapping(&target, "/target"));
        command.env("CARGO_TARGET_DIR", &target).env("CARGO_ENCODED_RUSTFLAGS", encoded(&flags));
        command.args(["build", "--release", "--locked", "--workspace", "--bin", "harness"]);
        let files = cargo::built_files(&mut command)?;
        Ok(cargo::named(&files, &format!("harness{}", std::env::consts::EXE_SUFFIX))?.to_owned())
    })?;
    symbols::strip(&built, path)
}

/// Has the harness write its manual pages and its completions beside itself.
fn documents(workspace: &Workspace) -> Result<()> {
    documents_of(&workspace.harness())
}

/// The same of a harness that is somewhere else.
pub(crate) fn documents_of(harness: &Path) -> Result<()> {
    let folder = harness.parent().context("the harness is in no folder")?;
    progress::step("Write manual pages and completions", || {
        let output = Command::new(harness).args(["--quiet", "documents"]).arg(folder).output();
        let output = output.with_context(|| format!("{} cannot be started", harness.display()))?;
        if !output.status.success() {
            bail!("no manual pages: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    })
}

/// Builds one program of the workspace and says where it is. With the features that the whole workspace asks for, so
/// that no command compiles a crate that another one has compiled.
pub(crate) fn native_binary(workspace: &Workspace, binary: &str) -> Result<PathBuf> {
    native(workspace, "--bin", binary)
}

/// Builds an example, in the way of [`native_binary`], and says where it is.
pub(crate) fn native_example(workspace: &Workspace, example: &str) -> Result<PathBuf> {
    native(workspace, "--example", example)
}

fn native(workspace: &Workspace, kind: &str, name: &str) -> Result<PathBuf> {
    let mut command = workspace.native_cargo();
    command.args(["build", "--release", "--locked", "--workspace", kind, name]);
    let files = cargo::built_files(&mut command)?;
    Ok(cargo::named(&files, &format!("{name}{}", std::env::consts::EXE_SUFFIX))?.to_owned())
}

/// A cargo command on a guest, with everything that decides its code; `check` gives clippy the same.
pub(crate) fn guest_command(workspace: &Workspace, subcommand: &str, package: &str) -> Result<Command> {
    let mut command = workspace.component_cargo();
    let mut flags = remappings(workspace)?;
    flags.push(format!("-Clink-arg=--initial-memory={INITIAL_MEMORY}").into());
    // Sixteen bytes at once, which strings are scanned with. Every engine that knows components has it.
    flags.push("-Ctarget-feature=+simd128".into());
    if package == PLANTED {
        // It exports itself what the connector that it is a copy of would export.
        flags.push("--cfg=planted_faults".into());
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", encoded(&flags));
    command.args([subcommand, "--locked", "--package", package, "--lib"]);
    command.args(["--target", wasm_target::TARGET, "--profile", "component"]);
    Ok(command)
}

/// Panic messages name source files. These flags replace this machine's folders, so that the same source gives the same
/// bytes everywhere and a host learns nothing about the machine that built its component.
fn remappings(workspace: &Workspace) -> Result<Vec<OsString>> {
    let mut pairs = vec![(workspace.root.clone(), String::new())];
    if let Some(registry) = cargo_home().map(|home| home.join("registry").join("src")) {
        pairs.push((registry, "/crates".to_owned()));
    }
    // Where the compiler's own source is installed, it appears by its local path instead of its official name.
    let source = wasm_target::sysroot()?.join("lib").join("rustlib").join("src").join("rust");
    pairs.push((source, format!("/rustc/{}", wasm_target::compiler_fact("commit-hash")?)));
    Ok(pairs.iter().map(|(from, to)| remapping(from, to)).collect())
}

fn remapping(from: &Path, to: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(from);
    flag.push("=");
    flag.push(to);
    flag
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
}

/// Flags as `CARGO_ENCODED_RUSTFLAGS` takes them, in which a flag may contain spaces.
fn encoded(flags: &[OsString]) -> OsString {
    flags.join(&OsString::from("\u{1f}"))
}

fn check_size(size: usize, gzipped: usize) -> Result<()> {
    if gzipped > GZIPPED_SIZE_LIMIT {
        bail!(
            "the component has {gzipped} bytes gzipped and may have {GZIPPED_SIZE_LIMIT}; find what grew it, or raise \
             GZIPPED_SIZE_LIMIT in xtask/src/build.rs and say why"
        );
    }
    if size > COMPONENT_SIZE_LIMIT {
        bail!(
            "the component has {size} bytes and may have {COMPONENT_SIZE_LIMIT}; find what grew it, or raise \
             COMPONENT_SIZE_LIMIT in xtask/src/build.rs and say why"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{COMPONENT_SIZE_LIMIT, GZIPPED_SIZE_LIMIT, check_size, encoded, remapping};

    #[test]
    fn a_component_of_exactly_the_limit_may_ship_and_one_byte_more_may_not() {
        assert!(check_size(COMPONENT_SIZE_LIMIT, GZIPPED_SIZE_LIMIT).is_ok());
        assert!(check_size(COMPONENT_SIZE_LIMIT + 1, 1).unwrap_err().to_string().contains("850001"));
        assert!(check_size(1, GZIPPED_SIZE_LIMIT + 1).unwrap_err().to_string().contains("280001 bytes gzipped"));
    }

    #[test]
    fn a_folder_with_a_space_stays_one_flag() {
        let flags = [remapping(Path::new("/home/a b"), ""), remapping(Path::new("/c"), "/d")];
        assert_eq!(encoded(&flags), "--remap-path-prefix=/home/a b=\u{1f}--remap-path-prefix=/c=/d");
    }
}
