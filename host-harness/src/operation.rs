//! The operations of a manifest under one roof: what is the same for an action, a data source and a trigger. Pure.

use host::contract::{ActionDefinition, ConnectorDefinition, DataSourceDefinition, InputField, TriggerDefinition};
use serde::Serialize;

/// One operation of a connector.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "operation", rename_all = "kebab-case")]
pub(crate) enum Operation<'d> {
    Action(&'d ActionDefinition),
    DataSource(&'d DataSourceDefinition),
    Trigger(&'d TriggerDefinition),
}

/// The kinds of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Action,
    DataSource,
    Trigger,
}

impl Kind {
    /// What it is called in a sentence.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::DataSource => "data source",
            Self::Trigger => "trigger",
        }
    }

    /// The command that runs it once.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::DataSource => "data-source",
            Self::Trigger => "poll",
        }
    }
}

impl<'d> Operation<'d> {
    /// All operations, in the manifest's order.
    pub(crate) fn all(definition: &'d ConnectorDefinition) -> impl Iterator<Item = Self> + 'd {
        let actions = definition.actions.iter().map(Self::Action);
        let sources = definition.data_sources.iter().map(Self::DataSource);
        actions.chain(sources).chain(definition.triggers.iter().map(Self::Trigger))
    }

    /// The operation of this kind and key.
    pub(crate) fn of(definition: &'d ConnectorDefinition, kind: Kind, key: &str) -> Option<Self> {
        Self::all(definition).find(|operation| operation.kind() == kind && operation.key() == key)
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Action(_) => Kind::Action,
            Self::DataSource(_) => Kind::DataSource,
            Self::Trigger(_) => Kind::Trigger,
        }
    }

    pub(crate) fn key(self) -> &'d str {
        match self {
            Self::Action(definition) => &definition.key,
            Self::DataSource(definition) => &definition.key,
            Self::Trigger(definition) => &definition.key,
        }
    }

    pub(crate) fn label(self) -> &'d str {
        match self {
            Self::Action(definition) => &definition.label,
            Self::DataSource(definition) => &definition.label,
            Self::Trigger(definition) => &definition.label,
        }
    }

    pub(crate) fn description(self) -> &'d str {
        match self {
            Self::Action(definition) => &definition.description,
            Self::DataSource(definition) => &definition.description,
            Self::Trigger(definition) => &definition.description,
        }
    }

    pub(crate) fn inputs(self) -> &'d [InputField] {
        match self {
            Self::Action(definition) => &definition.inputs,
            Self::DataSource(definition) => &definition.inputs,
            Self::Trigger(definition) => &definition.inputs,
        }
    }

    /// What it may be given.
    pub(crate) fn input_schema(self) -> &'d serde_json::Value {
        match self {
            Self::Action(definition) => &definition.input_schema,
            Self::DataSource(definition) => &definition.input_schema,
            Self::Trigger(definition) => &definition.input_schema,
        }
    }

    /// What its results are.
    pub(crate) fn result_schema(self) -> &'d serde_json::Value {
        match self {
            Self::Action(definition) => &definition.result_schema,
            Self::DataSource(definition) => &definition.result_schema,
            Self::Trigger(definition) => &definition.result_schema,
        }
    }

    /// A result to learn from.
    pub(crate) fn example(self) -> &'d serde_json::Value {
        match self {
            Self::Action(definition) => &definition.example_payload,
            Self::DataSource(definition) => &definition.example_payload,
            Self::Trigger(definition) => &definition.example_payload,
        }
    }
}
