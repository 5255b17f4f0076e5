//! The component itself: what it asks for, how large it is, what it declares.

use crate::support::{assert_valid, built, connector, root};
use serde_json::Value;
use std::fs;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{InterfaceId, Resolve, WorldItem};

/// The names of a world's imports, and which of them hold functions.
fn imports(component: &[u8]) -> Vec<(String, usize)> {
    let DecodedWasm::Component(resolve, world) = decode(component).unwrap() else { panic!("not a component") };
    resolve.worlds[world]
        .imports
        .iter()
        .map(|(key, item)| {
            let WorldItem::Interface { id, .. } = item else { panic!("{key:?} is no interface") };
            (resolve.id_of(*id).unwrap(), functions(&resolve, *id))
        })
        .collect()
}

fn functions(resolve: &Resolve, id: InterfaceId) -> usize {
    resolve.interfaces[id].functions.len()
}

#[test]
fn the_component_imports_http_and_log_and_nothing_else() {
    let mut imports = imports(&fs::read(built("duro_plm.wasm")).unwrap());
    imports.sort();
    let named: Vec<(&str, usize)> = imports.iter().map(|(name, functions)| (name.as_str(), *functions)).collect();
    // `types` holds no function: it names the types that the other interfaces share.
    assert_eq!(
        named,
        [
            ("integration:connector/http@0.2.0", 1),
            ("integration:connector/log@0.2.0", 2),
            ("integration:connector/types@0.2.0", 0),
        ]
    );
}

#[tokio::test]
async fn the_manifest_in_the_repository_is_the_components_own() {
    let manifest: Value = serde_json::from_str(&fs::read_to_string(root().join("manifest.json")).unwrap()).unwrap();
    let described = serde_json::to_value(connector().await.definition()).unwrap();
    assert_eq!(manifest, described, "manifest.json is out of date: run `cargo xtask manifest`");
}

#[tokio::test]
async fn the_manifest_satisfies_its_own_schema() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(root().join("manifest.schema.json")).unwrap()).unwrap();
    let described = serde_json::to_value(connector().await.definition()).unwrap();
    assert_valid(&described, &schema, "manifest.json");
}

#[test]
fn the_lines_that_the_readme_embeds_the_host_with_are_those_of_an_example_that_compiles() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let example = fs::read_to_string(root().join("host/examples/embed.rs")).unwrap();
    let example: String = example.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    assert!(shown.lines().count() <= 10);
    assert!(example.contains(shown), "host/examples/embed.rs does not hold these lines:\n{shown}");
}
