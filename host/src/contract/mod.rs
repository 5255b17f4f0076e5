//! The contract's values as types of our own: what a connector declares, how a connection is configured, what a call
//! returns and how it can fail. Pure data: no sockets, no engine, no generated code.

mod definition;
mod error;
mod json_text;
mod rebase;
mod record_lists;
mod renewal;
mod results;
mod shown;
mod trust;
mod validate;

pub use definition::{
    ActionDefinition, Choice, ConnectionDefinition, ConnectionField, ConnectorDefinition, DataSourceDefinition,
    Endpoint, Environment, InputField, InputKind, TriggerDefinition,
};
pub use error::{Error, Failure, InputProblem, ServiceFailure};
pub use json_text::JsonText;
pub use rebase::Rebase;
pub use record_lists::RecordList;
pub use renewal::Renewal;
pub use results::{Account, Item, Page, PollResult};
pub use trust::trust_changes;

pub(crate) use error::Shown;
pub(crate) use json_text::json_size;
pub(crate) use validate::{Problems, short};

/// The JSON Schema (2020-12) of a connector's manifest, as it is published beside `manifest.json`.
pub fn manifest_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(ConnectorDefinition).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".into(), "The manifest of a connector".into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_schema_spells_fields_in_camel_case_and_kinds_in_kebab_case() {
        let schema = manifest_schema();
        assert!(schema.pointer("/properties/dataSources").is_some(), "{schema:#}");
        let text = schema.to_string();
        assert!(text.contains("multi-line") && text.contains("mayBeJwt"), "{schema:#}");
    }
}
