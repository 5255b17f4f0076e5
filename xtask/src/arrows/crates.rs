//! What crates depend on, by `cargo metadata`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo;
use crate::workspace::Workspace;

/// One crate of the workspace, with what it depends on in what ships.
#[derive(Debug)]
struct Crate {
    name: String,
    folder: PathBuf,
    dependencies: Vec<String>,
}

/// What a crate may use of the workspace, and what it must not use of the rest of the world.
struct Rule {
    may_use: &'static [&'static str],
    never: &'static [&'static str],
}

/// The rule for a crate; none for what may use everything.
fn rule(name: &str, is_connector: bool) -> Option<Rule> {
    const ENGINE: &[&str] = &["wasmtime"];
    match name {
        "host" => Some(Rule { may_use: &[], never: &["axum", "maud", "clap", "indicatif"] }),
        "host-harness" => Some(Rule { may_use: &["host"], never: &[] }),
        "connector-sdk" | "connector-sdk-build" => Some(Rule { may_use: &[], never: ENGINE }),
        _ if is_connector => Some(Rule { may_use: &["connector-sdk", "connector-sdk-build"], never: ENGINE }),
        _ => None,
    }
}

/// The folders of all crates of the workspace.
pub(super) fn folders(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    Ok(crates(&metadata(workspace)?).into_iter().map(|one| one.folder).collect())
}

/// Every dependency that must not be.
pub(super) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(problems_of(&crates(&metadata(workspace)?), &workspace.root))
}

fn metadata(workspace: &Workspace) -> Result<Value> {
    let mut command = cargo::native();
    command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(&workspace.root);
    serde_json::from_str(&cargo::output(&mut command)?).context("`cargo metadata` did not print JSON")
}

fn crates(metadata: &Value) -> Vec<Crate> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let read = |package: &Value| {
        let all = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        // Tests may use what they like.
        let shipped = all.filter(|dependency| text(dependency, "kind") != "dev");
        Crate {
            name: text(package, "name"),
            folder: Path::new(&text(package, "manifest_path")).parent().map(Path::to_owned).unwrap_or_default(),
            dependencies: shipped.map(|dependency| text(dependency, "name")).collect(),
        }
    };
    packages.map(read).collect()
}

fn problems_of(crates: &[Crate], root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for Crate { name, folder, dependencies } in crates {
        let is_connector = folder == root || folder.starts_with(root.join("connectors"));
        let Some(rule) = rule(name, is_connector) else { continue };
        for dependency in dependencies {
            let is_ours = crates.iter().any(|other| other.name == *dependency);
            if is_ours && !rule.may_use.contains(&dependency.as_str()) || rule.never.contains(&dependency.as_str()) {
                problems.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::{crates, problems_of};

    fn package(name: &str, folder: &str, dependencies: &[(&str, Value)]) -> Value {
        let dependency = |(name, kind): &(&str, Value)| json!({ "name": name, "kind": kind });
        let dependencies: Vec<Value> = dependencies.iter().map(dependency).collect();
        json!({ "name": name, "manifest_path": format!("{folder}/Cargo.toml"), "dependencies": dependencies })
    }

    #[test]
    fn each_crate_uses_only_what_its_room_may() {
        let none = Value::Null;
        let metadata = json!({ "packages": [
            package("host", "/w/host", &[("wasmtime", none.clone()), ("clap", none.clone()), ("axum", json!("dev"))]),
            package("host-harness", "/w/host-harness", &[("host", none.clone()), ("acme", none.clone())]),
            package("connector-sdk", "/w/connector-sdk", &[("serde", none.clone()), ("host", none.clone())]),
            package("acme", "/w/connectors/acme", &[("connector-sdk", none.clone()), ("wasmtime", none.clone())]),
            package("root", "/w", &[("connector-sdk", none.clone()), ("acme", none.clone()), ("host", json!("dev"))]),
            package("xtask", "/w/xtask", &[("host", none)]),
        ] });
        let found = problems_of(&crates(&metadata), Path::new("/w"));
        let expected = [
            "host depends on clap",
            "host-harness depends on acme",
            "connector-sdk depends on host",
            "acme depends on wasmtime",
            "root depends on acme",
        ];
        assert_eq!(found, expected);
    }
}
