//! What is known of the packages: from cargo, and from Git.

use std::collections::HashMap;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{Metadata, MetadataCommand};
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Licenses, Payload, Revision, Source, Version};

use crate::cargo;
use crate::workspace::Workspace;

/// What the components and their bills of materials say of this build.
pub(super) struct Facts {
    /// Where the source is published.
    pub(super) source: Option<String>,
    pub(super) revision: String,
    packages: HashMap<String, Facets>,
}

/// What a package says of itself.
pub(super) struct Facets {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
    pub(super) license: Option<String>,
}

/// Asks cargo and Git.
pub(super) fn read(workspace: &Workspace, source: Option<String>, revision: Option<String>) -> Result<Facts> {
    let metadata = metadata(workspace, None)?;
    let mut packages = HashMap::new();
    let mut repository = None;
    for package in metadata.workspace_packages() {
        repository = repository.or_else(|| package.repository.clone());
        let facets = Facets {
            name: package.name.to_string(),
            version: package.version.to_string(),
            description: package.description.clone(),
            license: package.license.clone(),
        };
        packages.insert(facets.name.clone(), facets);
    }
    let revision = match revision {
        Some(revision) => revision,
        None => git_revision(workspace)?,
    };
    Ok(Facts { source: source.or(repository), revision, packages })
}

/// The packages and, for one kind of machine, what each is built from.
pub(super) fn metadata(workspace: &Workspace, target: Option<&str>) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.current_dir(&workspace.root).cargo_path("cargo");
    let mut options = vec!["--locked".to_owned()];
    match target {
        Some(target) => options.extend(["--filter-platform".to_owned(), target.to_owned()]),
        None => options.push("--no-deps".to_owned()),
    }
    command.other_options(options);
    command.exec().context("cargo does not say what the packages are")
}

fn git_revision(workspace: &Workspace) -> Result<String> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        cargo::output(command.current_dir(&workspace.root).args(arguments)).map(|text| text.trim().to_owned())
    };
    let way_out = "there is no Git here to ask for the revision: give it with --revision";
    let head = git(&["rev-parse", "HEAD"]).context(way_out)?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).context(way_out)?;
    Ok(if changed.is_empty() { head } else { format!("{head}-dirty") })
}

impl Facts {
    /// What a package says of itself.
    pub(super) fn of(&self, package: &str) -> Result<&Facets> {
        self.packages.get(package).with_context(|| format!("cargo does not know the package {package}"))
    }

    /// Fails where a component does not say what it is: registries show what it says, and nothing else.
    pub(super) fn check_said_by(&self, component: &[u8]) -> Result<()> {
        let payload = Payload::from_binary(component)?;
        let said = payload.metadata();
        let missing = [
            ("name", said.name.is_none()),
            ("version", said.version.is_none()),
            ("licence", said.licenses.is_none()),
            ("revision", said.revision.as_ref().map(ToString::to_string) != Some(self.revision.clone())),
            ("source", said.source.is_none() && self.source.is_some()),
        ];
        let missing: Vec<&str> = missing.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        ensure!(missing.is_empty(), "the component does not say its {}", missing.join(", "));
        Ok(())
    }
}

impl Facets {
    /// The same for a component to carry.
    pub(super) fn metadata(&self, facts: &Facts) -> Result<AddMetadata> {
        let Some(license) = &self.license else { bail!("{} names no license in its Cargo.toml", self.name) };
        let mut metadata = AddMetadata::default();
        metadata.name = AddMetadataField::Set(self.name.clone());
        metadata.version = AddMetadataField::Set(Version::new(self.version.clone()));
        metadata.licenses = AddMetadataField::Set(Licenses::new(license)?);
        metadata.revision = AddMetadataField::Set(Revision::new(facts.revision.clone()));
        if let Some(description) = &self.description {
            metadata.description = AddMetadataField::Set(Description::new(description.clone()));
        }
        if let Some(source) = &facts.source {
            let source = Source::new(source).with_context(|| format!("the source {source:?} is no URL"))?;
            metadata.source = AddMetadataField::Set(source);
        }
        Ok(metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_ships_says_whose_revision_it_is_and_one_that_does_not_is_refused() {
        let facts = Facts {
            source: Some("https://git.example/connectors".into()),
            revision: "abc".into(),
            packages: HashMap::new(),
        };
        let facets =
            Facets { name: "one".into(), version: "1.2.3".into(), description: None, license: Some("MIT".into()) };
        let component = wat::parse_str("(component)").unwrap();
        let shipped = facets.metadata(&facts).unwrap().to_wasm(&component).unwrap();
        facts.check_said_by(&shipped).unwrap();
        let refused = facts.check_said_by(&component).unwrap_err().to_string();
        assert!(refused.contains("name, version, licence, revision, source"), "{refused}");
        let older = Facts { revision: "older".into(), ..facts };
        assert!(older.check_said_by(&shipped).unwrap_err().to_string().ends_with("its revision"));
    }
}
