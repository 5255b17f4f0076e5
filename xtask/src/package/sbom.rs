//! A bill of materials in CycloneDX: every crate that is compiled into a component or a program, with its version,
//! licence, checksum, and what it depends on. No time and no folder stands in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};
use cyclonedx_bom::external_models::normalized_string::NormalizedString;
use cyclonedx_bom::external_models::spdx::SpdxExpression;
use cyclonedx_bom::external_models::uri::Purl;
use cyclonedx_bom::models::bom::{Bom, SpecVersion};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata as About;
use cyclonedx_bom::models::property::{Properties, Property};
use cyclonedx_bom::validation::Validate;

use super::facts::{self, Facts};
use crate::workspace::Workspace;

/// The bill of materials of a package as it is built for a kind of machine.
pub(super) fn of(workspace: &Workspace, facts: &Facts, package: &str, target: &str) -> Result<Vec<u8>> {
    let metadata = facts::metadata(workspace, Some(target))?;
    let checksums = checksums(&fs::read_to_string(workspace.root.join("Cargo.lock"))?)?;
    let mut bom = bill(&metadata, &checksums, package)?;
    let about = bom.metadata.get_or_insert_with(About::default);
    about.properties =
        Some(Properties(vec![Property::new("revision", &facts.revision), Property::new("target", target)]));
    let validated = bom.validate_version(SpecVersion::V1_5);
    if validated.has_errors() {
        bail!("the bill of materials of {package} is not as CycloneDX wants it: {validated:?}");
    }
    let mut bytes = Vec::new();
    bom.output_as_json_v1_5(&mut bytes)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn bill(metadata: &Metadata, checksums: &HashMap<(String, String), String>, package: &str) -> Result<Bom> {
    let root = metadata.workspace_packages().into_iter().find(|known| known.name == package);
    let root = root.with_context(|| format!("cargo does not know the package {package}"))?;
    let used = used(metadata, &root.id)?;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    // In the order of names and not of ids, in which this machine's folders are.
    let mut sorted: BTreeMap<String, (&Package, &BTreeSet<PackageId>)> = BTreeMap::new();
    for (id, direct) in &used {
        let package = &metadata[id];
        sorted.insert(reference(package), (package, direct));
    }
    if sorted.len() != used.len() {
        bail!("two packages have one name and version");
    }
    for (reference, (package, direct)) in sorted {
        if package.id != root.id {
            components.push(component(package, checksums, Classification::Library)?);
        }
        let mut direct: Vec<String> = direct.iter().map(|id| self::reference(&metadata[id])).collect();
        direct.sort();
        dependencies.push(Dependency { dependency_ref: reference, dependencies: direct });
    }
    Ok(Bom {
        serial_number: None,
        spec_version: SpecVersion::V1_5,
        metadata: Some(About {
            component: Some(component(root, checksums, Classification::Application)?),
            ..About::default()
        }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies)),
        ..Bom::default()
    })
}

/// The packages that end up in what is built from one, each with those that it uses itself. What only tests or build
/// scripts use does not.
fn used(metadata: &Metadata, root: &PackageId) -> Result<BTreeMap<PackageId, BTreeSet<PackageId>>> {
    let resolve = metadata.resolve.as_ref().context("cargo does not say what depends on what")?;
    let nodes: HashMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut used = BTreeMap::new();
    let mut next = vec![root.clone()];
    while let Some(id) = next.pop() {
        if used.contains_key(&id) {
            continue;
        }
        let node = nodes.get(&id).with_context(|| format!("cargo does not say what {id} depends on"))?;
        let is_normal = |dependency: &&cargo_metadata::NodeDep| {
            dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        };
        let direct: BTreeSet<PackageId> =
            node.deps.iter().filter(is_normal).map(|dependency| dependency.pkg.clone()).collect();
        next.extend(direct.iter().cloned());
        used.insert(id, direct);
    }
    Ok(used)
}

fn component(
    package: &Package,
    checksums: &HashMap<(String, String), String>,
    classification: Classification,
) -> Result<Component> {
    let (name, version) = (package.name.to_string(), package.version.to_string());
    let mut component = Component::new(classification, &name, &version, Some(reference(package)));
    component.description = package.description.as_deref().map(NormalizedString::new);
    // Older packages write a slash for "or".
    component.licenses = package
        .license
        .as_ref()
        .map(|license| Licenses(vec![LicenseChoice::Expression(SpdxExpression::new(&license.replace('/', " OR ")))]));
    // What is no crate of a registry is not to be had by its name.
    if package.source.is_some() {
        component.purl = Some(Purl::new("cargo", &name, &version)?);
        let checksum = checksums.get(&(name.clone(), version)).with_context(|| format!("{name} has no checksum"))?;
        component.hashes =
            Some(Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content: HashValue(checksum.clone()) }]));
    }
    Ok(component)
}

fn reference(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

/// The checksums that `Cargo.lock` holds packages to, by name and version.
fn checksums(lock: &str) -> Result<HashMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock names no packages")?;
    let text = |package: &toml::Value, key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let checksum =
        |package: &toml::Value| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    Ok(packages.iter().filter_map(checksum).collect())
}

#[cfg(test)]
mod tests {
    use super::{checksums, of};
    use crate::package::facts;
    use crate::workspace::Workspace;

    #[test]
    fn checksums_are_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n[[package]]\nname = \
                    \"own\"\nversion = \"0.1.0\"\n";
        let found = checksums(lock).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[&("a".to_owned(), "1.0.0".to_owned())], "ab");
    }

    #[test]
    fn a_bill_names_what_is_compiled_in_and_nothing_of_the_tests_or_of_this_machine() {
        let workspace = Workspace::locate().unwrap();
        let facts = facts::read(&workspace, None, Some("0123".into())).unwrap();
        let bill = of(&workspace, &facts, "duro-plm", crate::wasm_target::TARGET).unwrap();
        let text = String::from_utf8(bill).unwrap();
        let bill: serde_json::Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"serde_json") && names.contains(&"connector-sdk"), "{names:?}");
        // Of the tests, of the build, and of the host.
        for absent in ["proptest", "connector-sdk-build", "wasmtime"] {
            assert!(!names.contains(&absent), "{absent}");
        }
        assert!(!text.contains(workspace.root.to_str().unwrap()) && !text.contains("file://"), "{text}");
        assert_eq!(bill["metadata"]["component"]["name"], "duro-plm");
    }
}
