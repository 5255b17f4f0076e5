//! A component as an artifact: what its configuration and its manifest say of it. The format is the CNCF's for Wasm,
//! which wkg, wasmtime and others read.

use std::collections::BTreeMap;

use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde::Serialize;
use wit_component::DecodedWasm;

use crate::{Address, Error, blob, signature};

const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
const LAYER_TYPE: &str = "application/wasm";

/// What a component begins with, and a core module does not.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// What a registry shows of a component beside its bytes.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// The world that it is of, as `package/world@version`.
    pub world: Option<String>,
}

/// The configuration of a Wasm artifact.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    /// No time of its own, so that the same component is the same artifact whenever it is pushed.
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: Vec<String>,
    component: Component,
}

#[derive(Serialize)]
struct Component {
    exports: Vec<String>,
    imports: Vec<String>,
    target: Option<String>,
}

/// The artifact of a component: its configuration's bytes, and its manifest.
///
/// # Errors
///
/// The bytes are no component.
pub fn describe(component: &[u8], description: &Description) -> Result<(Vec<u8>, OciImageManifest), Error> {
    let no_component = |reason: String| Error::NotAComponent { address: "the file".into(), reason };
    if component.get(..8) != Some(COMPONENT) {
        return Err(no_component("it does not begin as a WebAssembly component does".into()));
    }
    let decoded = wit_component::decode(component).map_err(|error| no_component(format!("{error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(no_component("it is a WIT package".into()));
    };
    let world = resolve.worlds.get(world).ok_or_else(|| no_component("it describes no world".into()))?;
    let config = Config {
        created: "1970-01-01T00:00:00Z",
        architecture: "wasm",
        // The format's word for a component, whatever the component asks of its host.
        os: "wasip2",
        layer_digests: vec![blob::digest(component)],
        component: Component {
            exports: world.exports.keys().map(|key| resolve.name_world_key(key)).collect(),
            imports: world.imports.keys().map(|key| resolve.name_world_key(key)).collect(),
            target: description.world.clone(),
        },
    };
    let config = serde_json::to_vec(&config).map_err(|error| no_component(error.to_string()))?;
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: signature::descriptor(CONFIG_TYPE, &config),
        layers: vec![signature::descriptor(LAYER_TYPE, component)],
        annotations: Some(annotations(component)).filter(|annotations| !annotations.is_empty()),
        ..OciImageManifest::default()
    };
    Ok((config, manifest))
}

/// What the component says of itself in its metadata, by the names of the OCI's specification.
fn annotations(component: &[u8]) -> BTreeMap<String, String> {
    let Ok(payload) = wasm_metadata::Payload::from_binary(component) else { return BTreeMap::new() };
    let said = payload.metadata();
    let text = |text: Option<String>| text.map(|text| crate::error::bounded(&text));
    [
        ("title", text(said.name.clone())),
        ("version", text(said.version.as_ref().map(ToString::to_string))),
        ("description", text(said.description.as_ref().map(ToString::to_string))),
        ("licenses", text(said.licenses.as_ref().map(ToString::to_string))),
        ("source", text(said.source.as_ref().map(ToString::to_string))),
        ("revision", text(said.revision.as_ref().map(ToString::to_string))),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((format!("org.opencontainers.image.{name}"), value?)))
    .collect()
}

/// The one layer of a manifest that is a component's.
pub(crate) fn layer(address: &Address, manifest: &[u8]) -> Result<OciDescriptor, Error> {
    let wrong = |reason: &str| Error::NotAComponent { address: address.to_string(), reason: reason.to_owned() };
    let manifest: OciImageManifest =
        serde_json::from_slice(manifest).map_err(|_| wrong("there is no manifest of one artifact under this name"))?;
    if manifest.config.media_type != CONFIG_TYPE {
        return Err(wrong(&format!(
            "it is a {}, not a {CONFIG_TYPE}: push components with `harness push` or `wkg oci push`",
            crate::error::bounded(&manifest.config.media_type)
        )));
    }
    match manifest.layers.as_slice() {
        [layer] if layer.media_type == LAYER_TYPE => Ok(layer.clone()),
        _ => Err(wrong("it must have one layer, of the type application/wasm")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_component_is_the_same_artifact_and_says_what_it_exports() {
        let component = wat::parse_str(r#"(component (import "a:b/c@1.0.0" (instance)))"#).unwrap();
        let description = Description { world: Some("a:b/w@1.0.0".into()) };
        let (config, manifest) = describe(&component, &description).unwrap();
        assert_eq!(describe(&component, &description).unwrap().0, config);
        let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
        assert_eq!(config["component"]["imports"], serde_json::json!(["a:b/c@1.0.0"]));
        assert_eq!(config["component"]["target"], "a:b/w@1.0.0");
        assert_eq!(config["layerDigests"][0], blob::digest(&component));
        let address: Address = "oci://localhost:1/x:1".parse().unwrap();
        let found = layer(&address, &serde_json::to_vec(&manifest).unwrap()).unwrap();
        assert_eq!(found.digest, blob::digest(&component));
    }

    #[test]
    fn what_a_packaged_component_says_of_itself_is_in_the_artifacts_annotations() {
        use wasm_metadata::{AddMetadata, AddMetadataField, Licenses, Revision, Source, Version};
        let component = wat::parse_str("(component)").unwrap();
        let mut said = AddMetadata::default();
        said.name = AddMetadataField::Set("one".into());
        said.version = AddMetadataField::Set(Version::new("1.2.3"));
        said.licenses = AddMetadataField::Set(Licenses::new("MIT").unwrap());
        said.revision = AddMetadataField::Set(Revision::new("abc"));
        said.source = AddMetadataField::Set(Source::new("https://git.example/one").unwrap());
        let packaged = said.to_wasm(&component).unwrap();
        let annotations = describe(&packaged, &Description::default()).unwrap().1.annotations.unwrap();
        for (name, value) in [
            ("title", "one"),
            ("version", "1.2.3"),
            ("licenses", "MIT"),
            ("revision", "abc"),
            ("source", "https://git.example/one"),
        ] {
            assert_eq!(annotations[&format!("org.opencontainers.image.{name}")], value);
        }
        assert!(describe(&component, &Description::default()).unwrap().1.annotations.is_none());
    }

    #[test]
    fn what_is_no_component_is_neither_described_nor_taken() {
        let module = wat::parse_str("(module)").unwrap();
        assert!(describe(&module, &Description::default()).is_err());
        let address: Address = "oci://localhost:1/x:1".parse().unwrap();
        for manifest in ["", "[]", "{}", r#"{"schemaVersion":2,"manifests":[]}"#] {
            assert!(layer(&address, manifest.as_bytes()).is_err());
        }
        let image = r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"x","size":1},"layers":[]}"#;
        assert!(layer(&address, image.as_bytes()).unwrap_err().to_string().contains("vnd.oci.image.config"));
    }
}
