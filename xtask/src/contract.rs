//! Holds the contract in `wit/` against what was released of it. Within a version nothing changes but its words:
//! records grow through their `extensions` and variants through their last case, which is JSON and text and no type. So
//! every type, case, field and function of a released text is still there, in its order and with its types, and nothing
//! is added.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use wit_component::WitPrinter;
use wit_parser::Resolve;

use crate::difference::difference;
use crate::workspace::Workspace;

/// A contract without its words, laid out in one way.
struct Contract {
    version: String,
    text: String,
}

/// Fails where `wit/` says something else than was released under its version.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("wit");
    let released = released(&folder.join("released"))?;
    compare(&read(&folder)?, &released)
}

fn compare(current: &Contract, released: &[Contract]) -> Result<()> {
    let version = &current.version;
    let Some(same) = released.iter().find(|released| released.version == *version) else {
        bail!("wit/ is the contract {version}, of which wit/released/{version} keeps no text: copy wit/*.wit there");
    };
    if let Some(changed) = difference(&same.text, &current.text) {
        bail!(
            "wit/ is no longer the contract {version} that components and hosts were built on. Undo this, or give it a \
             new version in wit/world.wit and keep its text in wit/released/:\n{changed}"
        );
    }
    Ok(())
}

fn released(folder: &Path) -> Result<Vec<Contract>> {
    let mut contracts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let contract = read(&path)?;
        ensure!(path.ends_with(&contract.version), "{} holds the contract {}", path.display(), contract.version);
        contracts.push(contract);
    }
    Ok(contracts)
}

fn read(folder: &Path) -> Result<Contract> {
    let unreadable = || format!("{} holds no WIT package that can be read", folder.display());
    let mut resolve = Resolve::default();
    let (id, _) = resolve.push_dir(folder).with_context(unreadable)?;
    let package = resolve.packages.get(id).with_context(unreadable)?;
    let version = package.name.version.as_ref().map(ToString::to_string);
    let version = version.with_context(|| format!("the package in {} has no version", folder.display()))?;
    let mut printer = WitPrinter::default();
    printer.emit_docs(false).print(&resolve, id, &[])?;
    Ok(Contract { version, text: printer.output.to_string() })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const RELEASED: &str = "package a:b@0.2.0;\n/// Words.\ninterface things {\n  /// A thing.\n  record thing { id: \
                            string, extensions: option<string> }\n  variant error { lost(string), other(string) }\n  \
                            find: func(id: string) -> result<thing, error>;\n}\n";

    fn contract(text: &str) -> Contract {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("world.wit"), text).unwrap();
        read(folder.path()).unwrap()
    }

    fn after(change: (&str, &str)) -> Result<()> {
        assert!(RELEASED.contains(change.0), "{}", change.0);
        compare(&contract(&RELEASED.replace(change.0, change.1)), &[contract(RELEASED)])
    }

    #[test]
    fn a_contract_whose_words_alone_have_changed_is_the_released_one() {
        after(("/// A thing.", "/// A thing, in better words.\n  /// And more of them.")).unwrap();
        after(("interface things {", "interface things {\n\n")).unwrap();
    }

    #[test]
    fn whatever_goes_comes_moves_or_has_another_type_is_refused_and_shown() {
        for change in [
            ("id: string, extensions", "extensions"),
            ("id: string, extensions", "id: string, name: string, extensions"),
            ("id: string, extensions: option<string>", "extensions: option<string>, id: string"),
            ("id: string, extensions", "id: u32, extensions"),
            ("lost(string), ", ""),
            ("lost(string), other(string)", "other(string), lost(string)"),
            ("other(string)", "other(string), late"),
            ("find: func(id: string)", "find: func(id: option<string>)"),
            ("find: func", "search: func"),
            ("interface things", "interface stuff"),
        ] {
            let error = after(change).unwrap_err().to_string();
            assert!(
                error.contains("a new version") && (error.contains("\n-") || error.contains("\n+")),
                "{change:?}: {error}"
            );
        }
    }

    #[test]
    fn a_new_version_may_say_anything_once_its_text_is_kept() {
        let newer = || contract(&RELEASED.replace("0.2.0", "0.3.0").replace("lost(string), ", ""));
        let error = compare(&newer(), &[contract(RELEASED)]).unwrap_err().to_string();
        assert!(error.contains("wit/released/0.3.0"), "{error}");
        compare(&newer(), &[contract(RELEASED), newer()]).unwrap();
    }

    #[test]
    fn the_contracts_of_this_project_that_were_released_are_kept_under_their_versions() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wit");
        let mut versions: Vec<String> =
            released(&folder.join("released")).unwrap().into_iter().map(|contract| contract.version).collect();
        versions.sort();
        assert!(versions.starts_with(&["0.1.0".to_owned(), "0.2.0".to_owned()]), "{versions:?}");
    }
}
