//! What crates depend on, by `cargo metadata`.

use std::path::Path;

use crate::packages::Package;

/// What a crate may use of the workspace, and what it must not use of the rest of the world.
struct Rule {
    may_use: &'static [&'static str],
    never: &'static [&'static str],
}

/// The rule for a crate; none for what may use everything.
fn rule(name: &str, is_connector: bool) -> Option<Rule> {
    const ENGINE: &[&str] = &["wasmtime"];
    /// Flags and pages are for whoever embeds it, and what is made of its spans is for `telemetry`.
    const NEVER_OF_HOST: &[&str] = &[
        "axum",
        "maud",
        "clap",
        "indicatif",
        "opentelemetry",
        "opentelemetry_sdk",
        "opentelemetry-otlp",
        "tracing-opentelemetry",
        "tracing-subscriber",
    ];
    match name {
        "host" => Some(Rule { may_use: &[], never: NEVER_OF_HOST }),
        "telemetry" => Some(Rule { may_use: &["host"], never: &["axum", "maud", "clap", "indicatif", "wasmtime"] }),
        "operator" => Some(Rule { may_use: &["host"], never: &["maud", "wasmtime"] }),
        "registry" => Some(Rule { may_use: &[], never: &["axum", "maud", "clap", "indicatif", "wasmtime"] }),
        "host-harness" => Some(Rule { may_use: &["host", "operator", "registry", "telemetry"], never: &[] }),
        "fleet" => Some(Rule { may_use: &["host", "operator", "telemetry"], never: ENGINE }),
        "connector-sdk" | "connector-sdk-build" => Some(Rule { may_use: &[], never: ENGINE }),
        _ if is_connector => Some(Rule { may_use: &["connector-sdk", "connector-sdk-build"], never: ENGINE }),
        _ => None,
    }
}

/// Every dependency of these packages that must not be.
pub(super) fn problems(packages: &[Package], root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for Package { name, folder, dependencies } in packages {
        let is_connector = folder == root || folder.starts_with(root.join("connectors"));
        let Some(rule) = rule(name, is_connector) else { continue };
        for dependency in dependencies {
            let is_ours = packages.iter().any(|other| other.name == *dependency);
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

    use super::problems;
    use crate::packages;

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
            package("telemetry", "/w/telemetry", &[("host", none.clone()), ("host-harness", none.clone())]),
            package("host", "/w/host", &[("tracing", none.clone()), ("opentelemetry", none.clone())]),
            package("host-harness", "/w/host-harness", &[("host", none.clone()), ("acme", none.clone())]),
            package("host-harness", "/w/host-harness", &[("telemetry", none.clone())]),
            package("connector-sdk", "/w/connector-sdk", &[("serde", none.clone()), ("host", none.clone())]),
            package("acme", "/w/connectors/acme", &[("connector-sdk", none.clone()), ("wasmtime", none.clone())]),
            package("root", "/w", &[("connector-sdk", none.clone()), ("acme", none.clone()), ("host", json!("dev"))]),
            package("xtask", "/w/xtask", &[("host", none)]),
        ] });
        let found = problems(&packages::read(&metadata).unwrap(), Path::new("/w"));
        let expected = [
            "host depends on clap",
            "telemetry depends on host-harness",
            "host depends on opentelemetry",
            "host-harness depends on acme",
            "connector-sdk depends on host",
            "acme depends on wasmtime",
            "root depends on acme",
        ];
        assert_eq!(found, expected);
    }
}
