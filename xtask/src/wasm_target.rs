//! The compiler's target for WebAssembly without an operating system, which `build` installs where it lacks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// The target of the guest. It has no system interface, and that is what keeps WASI out of the component.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Installs the target if the compiler lacks it.
pub(crate) fn ensure_installed() -> Result<()> {
    if is_installed()? {
        return Ok(());
    }
    eprintln!("The compiler has no target {TARGET}: running `rustup target add {TARGET}`.");
    let added = cargo::run(Command::new("rustup").args(["target", "add", TARGET]));
    if added.is_ok() && is_installed()? {
        return Ok(());
    }
    let cause =
        added.err().map_or_else(|| "rustup added it to another toolchain".to_owned(), |error| format!("{error:#}"));
    bail!("the target {TARGET} cannot be installed: {cause}\n\n{}", by_hand(&compiler_release()?));
}

/// What the compiler says about itself, by the names of `rustc -vV`: `release`, `commit-hash`, `host`.
pub(crate) fn compiler_fact(name: &str) -> Result<String> {
    let facts = cargo::output(cargo::rustc().arg("-vV"))?;
    let fact = facts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    fact.map(str::to_owned).with_context(|| format!("`rustc -vV` does not say its {name}"))
}

/// The compiler's own folder.
pub(crate) fn sysroot() -> Result<PathBuf> {
    Ok(PathBuf::from(cargo::output(cargo::rustc().args(["--print", "sysroot"]))?.trim_end()))
}

fn compiler_release() -> Result<String> {
    compiler_fact("release")
}

fn is_installed() -> Result<bool> {
    let folder = cargo::output(cargo::rustc().args(["--print", "target-libdir", "--target", TARGET]))?;
    // The folder alone is not enough: an interrupted installation leaves it empty.
    let Ok(entries) = std::fs::read_dir(Path::new(folder.trim_end())) else { return Ok(false) };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-")))
}

fn by_hand(release: &str) -> String {
    format!(
        "What to do by hand, whichever fits the machine:\n\
         - With a network that reaches the Rust project's downloads: `rustup target add {TARGET}`. Behind a mirror, \
         set RUSTUP_DIST_SERVER to it first.\n\
         - Without rustup: install the standard library for {TARGET} from where the compiler came from, in the \
         compiler's own version ({release})."
    )
}

#[cfg(test)]
mod tests {
    use super::{compiler_fact, compiler_release, sysroot};

    #[test]
    fn the_compiler_describes_itself() {
        assert!(compiler_release().unwrap().starts_with(|first: char| first.is_ascii_digit()));
        assert!(sysroot().unwrap().is_dir());
        assert!(compiler_fact("favourite colour").is_err());
    }
}
