//! `cargo xtask package`: what a release consists of, the same bytes wherever it is built.

mod facts;
mod sbom;
mod twice;
mod wit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::packages::Package;
use crate::workspace::Workspace;
use crate::{build, cargo, componentise, files, progress, wasm_target};
use facts::Facts;

/// The file of all checksums.
const CHECKSUMS: &str = "SHA256SUMS";

/// Build what a release consists of, in dist/package: components that say what they are, with manifest, page and bill
/// of materials (CycloneDX) each; the contract as a WIT package; the harness with its manual pages and completions of
/// shells; and checksums of all of it.
///
/// The same revision gives the same bytes in whatever folder and on whatever machine it is built, with the same
/// compiler. --twice proves it: all is built again from a second folder, and every file compared.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask package --source https://git.example/connectors\n  cargo xtask package \
                  --no-harness\n  cargo xtask package --sign cosign.key      (the password in COSIGN_PASSWORD)\n  \
                  cargo xtask package --twice\n\n\
                  Then: harness push oci://registry.example/team/duro-plm:0.1.0 --component \
                  dist/package/duro_plm.wasm"
)]
pub(crate) struct Options {
    /// Where to put it, in place of what is there
    #[arg(long, value_name = "DIR", default_value = "dist/package")]
    output: PathBuf,
    /// Where the source code is published, which the components then say [default: `repository` in Cargo.toml]
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// The revision that is built [default: Git's, with -dirty where something is not committed]
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
    /// Leave out the harness and its pages, which takes minutes
    #[arg(long)]
    no_harness: bool,
    /// Sign each component and the checksums with this private key: a .sig file beside each, as `cosign sign-blob`
    /// makes it
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// Build it again from a second folder, and fail if a byte differs
    #[arg(long)]
    twice: bool,
}

/// Builds the package.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let output = workspace.root.join(&options.output);
    let facts = facts::read(workspace, options.source.clone(), options.revision.clone())?;
    if facts.source.is_none() {
        eprintln!(
            "WARNING: the components do not say where their source is: give --source URL, or `repository` in Cargo.toml"
        );
    }
    assemble(workspace, &facts, options, &output)?;
    if options.twice {
        twice::check(workspace, &facts, options, &output)?;
    }
    if let Some(key) = &options.sign {
        sign(workspace, options, key, &output)?;
    }
    let names = files_of(&output)?;
    // Manual pages are many, and are no news.
    let (inner, own): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| name.contains('/'));
    let own: Vec<&str> = own.into_iter().map(String::as_str).collect();
    let more = if inner.is_empty() { String::new() } else { format!(", and {} in man/ and completions/", inner.len()) };
    eprintln!("  {}: {}{more}", workspace.shown(&output), own.join(", "));
    Ok(())
}

/// Makes everything but signatures, in a folder of its own that takes the place of the one before.
fn assemble(workspace: &Workspace, facts: &Facts, options: &Options, output: &Path) -> Result<()> {
    let parent = output.parent().context("the folder to write to has no parent")?;
    fs::create_dir_all(parent)?;
    check_replaceable(output)?;
    let folder = tempfile::Builder::new().prefix(".packaging-").tempdir_in(parent)?;
    let put = |name: &str, bytes: &[u8]| files::write_atomically(&folder.path().join(name), bytes);
    for connector in workspace.connectors()? {
        let component = described(workspace, facts, connector)?;
        let name = connector.library();
        put(&format!("{name}.wasm"), &component)?;
        put(&format!("{name}.cdx.json"), &sbom::of(workspace, facts, &connector.name, wasm_target::TARGET)?)?;
        // Both are what the component says: `cargo xtask check` holds them to it.
        let kept = [
            (connector.folder.join("manifest.json"), "manifest.json"),
            (workspace.root.join("docs/connectors").join(format!("{}.md", connector.name)), "md"),
        ];
        for (path, ending) in kept {
            let content = fs::read(&path).with_context(|| format!("{} cannot be read", workspace.shown(&path)))?;
            put(&format!("{name}.{ending}"), &content)?;
        }
    }
    let (name, package) = wit::package(workspace)?;
    put(&name, &package)?;
    for name in ["manifest.schema.json", "LICENSE", "CHANGELOG.md"] {
        let path = workspace.root.join(name);
        put(name, &fs::read(&path).with_context(|| format!("{} cannot be read", workspace.shown(&path)))?)?;
    }
    if !options.no_harness {
        let target = wasm_target::compiler_fact("host")?;
        let name = format!("harness-{target}{}", std::env::consts::EXE_SUFFIX);
        let program = folder.path().join(&name);
        build::shipped_harness(workspace, &program)?;
        build::documents_of(&program)?;
        put("harness.cdx.json", &sbom::of(workspace, facts, "host-harness", &target)?)?;
    }
    let sums = checksums(folder.path())?;
    put(CHECKSUMS, sums.as_bytes())?;
    if output.exists() {
        fs::remove_dir_all(output).with_context(|| format!("{} cannot be replaced", workspace.shown(output)))?;
    }
    fs::rename(folder.keep(), output).with_context(|| format!("{} cannot be written", workspace.shown(output)))
}

/// A folder that is there and is no package is somebody's own.
fn check_replaceable(output: &Path) -> Result<()> {
    let is_empty = || fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_none());
    if output.exists() && !output.join(CHECKSUMS).is_file() && !is_empty() {
        bail!(
            "{} is there and holds no package, so it is left alone: remove it, or name another one",
            output.display()
        );
    }
    Ok(())
}

/// A connector's component with what it is in its metadata.
fn described(workspace: &Workspace, facts: &Facts, connector: &Package) -> Result<Vec<u8>> {
    let path = build::connector(workspace, &connector.name)?;
    let component = fs::read(&path).with_context(|| format!("{} cannot be read", workspace.shown(&path)))?;
    let component = facts.of(&connector.name)?.metadata(facts)?.to_wasm(&component)?;
    componentise::check_imports(&component)?;
    facts.check_said_by(&component)?;
    Ok(component)
}

/// A line a file, as `sha256sum --check` reads them.
fn checksums(folder: &Path) -> Result<String> {
    let mut sums = String::new();
    for name in files_of(folder)? {
        let digest = Sha256::digest(fs::read(folder.join(&name))?);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        sums.push_str(&format!("{digest}  {name}\n"));
    }
    Ok(sums)
}

/// The names of a folder's files and of those in its folders, in order.
fn files_of(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))? {
        let entry = entry?;
        let name =
            entry.file_name().into_string().ok().context("a file of the package has a name that is not UTF-8")?;
        match entry.file_type()?.is_dir() {
            true => names.extend(files_of(&entry.path())?.into_iter().map(|inner| format!("{name}/{inner}"))),
            false => names.push(name),
        }
    }
    names.sort();
    Ok(names)
}

/// Signs the components and the checksums.
fn sign(workspace: &Workspace, options: &Options, key: &Path, output: &Path) -> Result<()> {
    if options.no_harness {
        build::harness(workspace)?;
    }
    let harness = match options.no_harness {
        true => workspace.harness(),
        false => files_of(output)?
            .into_iter()
            .find(|name| name.starts_with("harness-"))
            .map(|name| output.join(name))
            .context("the package has no harness")?,
    };
    let names = files_of(output)?;
    let signed = names.iter().filter(|name| name.ends_with(".wasm") || *name == CHECKSUMS);
    progress::step("Sign the components and the checksums", || {
        for name in signed {
            cargo::run(Command::new(&harness).args(["--quiet", "sign", "--key"]).arg(key).arg(output.join(name)))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{CHECKSUMS, check_replaceable, checksums};

    #[test]
    fn checksums_are_as_the_usual_tool_reads_them_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "").unwrap();
        fs::write(folder.path().join("a"), "a").unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let one = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        fs::create_dir(folder.path().join("man")).unwrap();
        fs::write(folder.path().join("man/harness.1"), "a").unwrap();
        assert_eq!(checksums(folder.path()).unwrap(), format!("{one}  a\n{empty}  b\n{one}  man/harness.1\n"));
    }

    #[test]
    fn a_folder_of_somebodys_own_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        check_replaceable(folder.path()).unwrap();
        check_replaceable(&folder.path().join("new")).unwrap();
        fs::write(folder.path().join("work.txt"), "").unwrap();
        assert!(check_replaceable(folder.path()).unwrap_err().to_string().contains("left alone"));
        fs::write(folder.path().join(CHECKSUMS), "").unwrap();
        check_replaceable(folder.path()).unwrap();
    }
}
