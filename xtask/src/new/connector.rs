//! A new connector.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::names::Name;
use crate::workspace::Workspace;
use crate::{cargo, files};

/// The files of a connector, with `__NAME__`, `__CRATE__`, `__TYPE__` and `__LABEL__` in the place of its names.
const TEMPLATE: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../templates/connector/Cargo.toml")),
    ("build.rs", include_str!("../../templates/connector/build.rs")),
    ("examples/__CRATE___service.rs", include_str!("../../templates/connector/examples/service.rs")),
    (
        "src/actions/list_things.example.json",
        include_str!("../../templates/connector/src/actions/list_things.example.json"),
    ),
    ("src/actions/list_things.graphql", include_str!("../../templates/connector/src/actions/list_things.graphql")),
    ("src/actions/list_things.rs", include_str!("../../templates/connector/src/actions/list_things.rs")),
    ("src/actions/mod.rs", include_str!("../../templates/connector/src/actions/mod.rs")),
    ("src/connection.rs", include_str!("../../templates/connector/src/connection.rs")),
    ("src/data_sources/mod.rs", include_str!("../../templates/connector/src/data_sources/mod.rs")),
    (
        "src/data_sources/select_thing.graphql",
        include_str!("../../templates/connector/src/data_sources/select_thing.graphql"),
    ),
    ("src/data_sources/select_thing.rs", include_str!("../../templates/connector/src/data_sources/select_thing.rs")),
    ("src/lib.rs", include_str!("../../templates/connector/src/lib.rs")),
    ("src/schema.graphql", include_str!("../../templates/connector/src/schema.graphql")),
    ("src/service.rs", include_str!("../../templates/connector/src/service.rs")),
    ("src/tests.rs", include_str!("../../templates/connector/src/tests.rs")),
    ("src/triggers/mod.rs", include_str!("../../templates/connector/src/triggers/mod.rs")),
    ("src/triggers/poll_changes.rs", include_str!("../../templates/connector/src/triggers/poll_changes.rs")),
    ("src/triggers/poll_things.graphql", include_str!("../../templates/connector/src/triggers/poll_things.graphql")),
    ("src/who_am_i.graphql", include_str!("../../templates/connector/src/who_am_i.graphql")),
];

/// Writes the connector's folder.
pub(super) fn write(workspace: &Workspace, package: &str) -> Result<()> {
    let name = Name::of_kebab_case(package)?;
    let folder = workspace.root.join("connectors").join(package);
    ensure!(
        !folder.exists(),
        "{} is there already: choose another name, or remove what an interrupted run has left",
        workspace.shown(&folder)
    );
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    ensure!(
        !is_taken(&lock, package, &name.snake()),
        "a package named {package:?} is part of this workspace or of what it depends on: choose another name"
    );
    let filled_in = |text: &str| {
        text.replace("__NAME__", package)
            .replace("__CRATE__", &name.snake())
            .replace("__TYPE__", &name.pascal())
            .replace("__LABEL__", &name.label())
    };
    let manifest = workspace.root.join("Cargo.toml");
    let members = fs::read_to_string(&manifest).context("the workspace's Cargo.toml cannot be read")?;
    let members = with_member(&members, package).context("the workspace's Cargo.toml has no list of members")?;
    for (path, text) in TEMPLATE {
        files::write_atomically(&folder.join(filled_in(path)), filled_in(text).as_bytes())?;
    }
    files::write_atomically(&manifest, members.as_bytes())?;
    cargo::run(cargo::native().current_dir(&folder).arg("fmt"))?;
    // All that it depends on is in the lock file already; the commands that follow take that file as it is.
    cargo::run(cargo::native().current_dir(&workspace.root).args(["update", "--quiet", "--workspace", "--offline"]))?;
    eprintln!(
        "{} is a connector that compiles, with a simulated service. Next: `cargo test --release -p {package}` runs its \
         tests, `cargo xtask demo --connector {package}` shows it in the harness, with --page in the browser. Then put \
         your service's schema in src/schema.graphql and follow the compiler.",
        workspace.shown(&folder)
    );
    Ok(())
}

/// Whether a package of this name, or with a library of this name, is in the lock file: cargo could not tell the two
/// apart.
fn is_taken(lock: &str, package: &str, library: &str) -> bool {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.into_iter().any(|name| name == package || name.replace('-', "_") == library)
}

/// The workspace's manifest with one more member.
fn with_member(manifest: &str, package: &str) -> Option<String> {
    let (before, rest) = manifest.split_once("members = [\n")?;
    let (members, after) = rest.split_once("]\n")?;
    Some(format!("{before}members = [\n{members}    \"connectors/{package}\",\n]\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, is_taken, with_member};

    #[test]
    fn a_name_that_a_package_has_already_is_taken_in_either_spelling() {
        let lock = "[[package]]\nname = \"serde_json\"\nversion = \"1\"\n\n[[package]]\nname = \"host\"\n";
        assert!(is_taken(lock, "host", "host") && is_taken(lock, "serde-json", "serde_json"));
        assert!(!is_taken(lock, "serde", "serde"));
    }

    #[test]
    fn the_connector_becomes_a_member_of_the_workspace() {
        let before = "[workspace]\nmembers = [\n    \".\",\n]\n\n[lints]\n";
        let after = "[workspace]\nmembers = [\n    \".\",\n    \"connectors/acme\",\n]\n\n[lints]\n";
        assert_eq!(with_member(before, "acme").as_deref(), Some(after));
        assert_eq!(with_member("[package]\n", "acme"), None);
    }

    #[test]
    fn every_file_of_the_template_is_written() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join("connector");
        let mut count = 0;
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { count += 1 }
            }
        }
        assert_eq!(count, TEMPLATE.len());
    }
}
