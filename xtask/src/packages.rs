//! The workspace's own packages, as `cargo metadata --no-deps` describes them, and which of them are connectors.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A package of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its `Cargo.toml`.
    pub(crate) folder: PathBuf,
    /// The packages that it uses in what ships, build scripts included: not those of its tests alone.
    pub(crate) dependencies: Vec<String>,
}

impl Package {
    /// Its name as the compiler writes it, which names the files that are built from it.
    pub(crate) fn library(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Reads what cargo printed.
pub(crate) fn read(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata.get("packages").and_then(Value::as_array).context("`cargo metadata` names no packages")?;
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let text = |key: &str| {
        let text = value.get(key).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("`cargo metadata` gives no {key} of a package"))
    };
    let mut folder = PathBuf::from(text("manifest_path")?);
    folder.pop();
    let all = value.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    let shipped = all.filter(|dependency| dependency.get("kind").and_then(Value::as_str) != Some("dev"));
    let names = shipped.filter_map(|dependency| dependency.get("name").and_then(Value::as_str));
    Ok(Package { name: text("name")?, folder, dependencies: names.map(str::to_owned).collect() })
}

/// The connectors: the package in the workspace's root, and one in each folder of `connectors/`.
pub(crate) fn connectors<'packages>(packages: &'packages [Package], root: &Path) -> Result<Vec<&'packages Package>> {
    let first = packages.iter().find(|package| package.folder == root);
    let first = first.context("the workspace's root holds no package, and is to hold the connector for Duro")?;
    let folder = root.join("connectors");
    let mut further: Vec<&Package> =
        packages.iter().filter(|package| package.folder.parent() == Some(&folder)).collect();
    further.sort_by(|one, other| one.name.cmp(&other.name));
    for package in &further {
        if !package.folder.ends_with(&package.name) {
            bail!("{} holds the package {}: give both one name", package.folder.display(), package.name);
        }
    }
    Ok([vec![first], further].concat())
}

/// Those connectors that a person asked for: the one of this name, or all.
pub(crate) fn chosen<'packages>(
    connectors: &[&'packages Package],
    name: Option<&str>,
) -> Result<Vec<&'packages Package>> {
    let Some(name) = name else { return Ok(connectors.to_vec()) };
    let found: Vec<&Package> = connectors.iter().copied().filter(|connector| connector.name == name).collect();
    if found.is_empty() {
        let known: Vec<&str> = connectors.iter().map(|connector| connector.name.as_str()).collect();
        bail!("there is no connector {name:?}; there are: {}", known.join(", "));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::json;

    use super::{Package, chosen, connectors, read};

    fn package(name: &str, folder: &str) -> Package {
        Package { name: name.to_owned(), folder: PathBuf::from(folder), dependencies: Vec::new() }
    }

    fn names(packages: &[&Package]) -> Vec<String> {
        packages.iter().map(|package| package.name.clone()).collect()
    }

    #[test]
    fn packages_are_read_with_their_folders() {
        let metadata = json!({"packages": [{"name": "duro-plm", "manifest_path": "/w/Cargo.toml"}]});
        let expected = package("duro-plm", "/w");
        assert_eq!(expected.library(), "duro_plm");
        assert_eq!(read(&metadata).unwrap(), [expected]);
        assert!(read(&json!({"packages": [{"name": "nowhere"}]})).is_err());
        assert!(read(&json!({})).is_err());
    }

    #[test]
    fn connectors_are_the_root_package_and_those_right_below_their_folder() {
        let packages = [
            package("zoo", "/w/connectors/zoo"),
            package("host", "/w/host"),
            package("acme-things", "/w/connectors/acme-things"),
            package("inner", "/w/connectors/acme-things/inner"),
            package("duro-plm", "/w"),
        ];
        let found = connectors(&packages, Path::new("/w")).unwrap();
        assert_eq!(names(&found), ["duro-plm", "acme-things", "zoo"]);
        assert!(connectors(&packages, Path::new("/elsewhere")).is_err());
    }

    #[test]
    fn a_connector_whose_folder_has_another_name_is_refused() {
        let packages = [package("duro-plm", "/w"), package("acme-parts", "/w/connectors/parts")];
        let error = connectors(&packages, Path::new("/w")).unwrap_err().to_string();
        assert!(error.contains("/w/connectors/parts") && error.contains("acme-parts"), "{error}");
    }

    #[test]
    fn an_unknown_connector_is_refused_with_those_that_there_are() {
        let (duro, acme) = (package("duro-plm", "/w"), package("acme", "/w/connectors/acme"));
        assert_eq!(names(&chosen(&[&duro, &acme], None).unwrap()), ["duro-plm", "acme"]);
        assert_eq!(names(&chosen(&[&duro, &acme], Some("acme")).unwrap()), ["acme"]);
        let error = chosen(&[&duro, &acme], Some("host")).unwrap_err().to_string();
        assert_eq!(error, "there is no connector \"host\"; there are: duro-plm, acme");
    }
}
