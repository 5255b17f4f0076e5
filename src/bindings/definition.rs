//! The export `manifest.describe`, written by hand: the manifest's texts are constants, so what the host reads can point at them where
//! they stand, and nothing is copied. The types below are the records of `wit/manifest.wit` as the canonical ABI lays them out in
//! memory, field by field in the same order. `cargo xtask manifest --check` holds what a host reads through them
//! against `manifest.json`.
//!
//! There is no function that frees what is returned (`cabi_post_…`): it is a few kilobytes of pointers, once.

use crate::manifest;

#[repr(C)]
#[derive(Clone, Copy)]
struct List<T: 'static> {
    start: *const T,
    length: usize,
}

type Text = List<u8>;

/// `option<…>`. The value of none is not looked at.
#[repr(C)]
struct Maybe<T> {
    is_some: u8,
    value: T,
}

#[repr(C)]
struct ConnectorDefinition {
    key: Text,
    label: Text,
    description: Text,
    version: Text,
    documentation_url: Maybe<Text>,
    connections: List<ConnectionDefinition>,
    actions: List<ActionDefinition>,
    data_sources: List<DataSourceDefinition>,
    triggers: List<TriggerDefinition>,
    extensions: Maybe<Text>,
}

#[repr(C)]
struct ConnectionDefinition {
    key: Text,
    label: Text,
    description: Text,
    fields: List<ConnectionField>,
    extensions: Maybe<Text>,
}

#[repr(C)]
struct ConnectionField {
    input: InputField,
    secret: bool,
    endpoint: Maybe<Endpoint>,
    may_be_jwt: bool,
    extensions: Maybe<Text>,
}

#[repr(C)]
struct Endpoint {
    precedence: u8,
    environments: List<Pair>,
    extensions: Maybe<Text>,
}

/// An environment with its value and URL, or a choice with its value and label.
#[repr(C)]
struct Pair {
    value: Text,
    other: Text,
    extensions: Maybe<Text>,
}

#[repr(C)]
struct InputField {
    key: Text,
    label: Text,
    kind: Kind,
    required: bool,
    default: Maybe<Text>,
    example: Maybe<Text>,
    placeholder: Maybe<Text>,
    help: Text,
    choices: List<Pair>,
    data_source: Maybe<Text>,
    extensions: Maybe<Text>,
}

/// The number of the case, and what it carries.
#[repr(C)]
struct Kind {
    case: u8,
    language: Text,
}

#[repr(C)]
struct ActionDefinition {
    key: Text,
    label: Text,
    description: Text,
    changes_data: bool,
    rest: Operation,
}

#[repr(C)]
struct DataSourceDefinition {
    key: Text,
    label: Text,
    description: Text,
    searchable: bool,
    rest: Operation,
}

#[repr(C)]
struct TriggerDefinition {
    key: Text,
    label: Text,
    description: Text,
    rest: Operation,
}

/// With what the records of all operations end.
#[repr(C)]
struct Operation {
    inputs: List<InputField>,
    input_schema: Text,
    result_schema: Text,
    example_payload: Text,
    extensions: Maybe<Text>,
}

// The name is the interface's of `wit/`, with its version; a host that links the component checks that it is there.
#[unsafe(export_name = "integration:connector/manifest@0.2.0#describe")]
extern "C" fn describe() -> *const ConnectorDefinition {
    crate::log_panics();
    let definition = manifest::describe();
    Box::leak(Box::new(ConnectorDefinition {
        key: text(definition.key),
        label: text(definition.label),
        description: text(definition.description),
        version: text(definition.version),
        documentation_url: maybe(definition.documentation_url),
        connections: list(definition.connections, |connection| ConnectionDefinition {
            key: text(connection.key),
            label: text(connection.label),
            description: text(connection.description),
            fields: list(connection.fields, connection_field),
            extensions: maybe(None),
        }),
        actions: list(definition.actions, |action| ActionDefinition {
            key: text(action.about.key),
            label: text(action.about.label),
            description: text(action.about.description),
            changes_data: action.changes_data,
            rest: operation(&action.about),
        }),
        data_sources: list(definition.data_sources, |source| DataSourceDefinition {
            key: text(source.about.key),
            label: text(source.about.label),
            description: text(source.about.description),
            searchable: source.searchable,
            rest: operation(&source.about),
        }),
        triggers: list(definition.triggers, |trigger| TriggerDefinition {
            key: text(trigger.about.key),
            label: text(trigger.about.label),
            description: text(trigger.about.description),
            rest: operation(&trigger.about),
        }),
        extensions: maybe(None),
    }))
}

fn connection_field(field: &manifest::ConnectionField) -> ConnectionField {
    let environments = field.endpoint.map_or(&[] as &[_], |endpoint| endpoint.environments);
    ConnectionField {
        input: input_field(&field.input),
        secret: field.secret,
        endpoint: Maybe {
            is_some: u8::from(field.endpoint.is_some()),
            value: Endpoint {
                precedence: field.endpoint.map_or(0, |endpoint| endpoint.precedence),
                environments: list(environments, |environment| pair(environment.value, environment.url)),
                extensions: maybe(None),
            },
        },
        may_be_jwt: field.may_be_jwt,
        extensions: maybe(None),
    }
}

#[inline(never)]
fn operation(about: &manifest::About) -> Operation {
    Operation {
        inputs: list(about.inputs, input_field),
        input_schema: text(about.input_schema),
        result_schema: text(about.result_schema),
        example_payload: text(about.example_payload),
        extensions: maybe(None),
    }
}

#[inline(never)]
fn input_field(input: &manifest::Input) -> InputField {
    let (case, language) = match input.kind {
        manifest::Kind::Text => (0, ""),
        manifest::Kind::MultiLine => (1, ""),
        manifest::Kind::Password => (2, ""),
        manifest::Kind::Number => (3, ""),
        manifest::Kind::Boolean => (4, ""),
        manifest::Kind::Choice => (5, ""),
        manifest::Kind::Code(language) => (6, language),
        manifest::Kind::KeyValueList => (7, ""),
        manifest::Kind::EndpointUrl => (8, ""),
    };
    InputField {
        key: text(input.key),
        label: text(input.label),
        kind: Kind { case, language: text(language) },
        required: input.required,
        default: maybe(input.default),
        example: maybe(input.example),
        placeholder: maybe(input.placeholder),
        help: text(input.help),
        choices: list(input.choices, |choice| pair(choice.value, choice.label)),
        data_source: maybe(input.data_source),
        extensions: maybe(None),
    }
}

fn pair(value: &'static str, other: &'static str) -> Pair {
    Pair { value: text(value), other: text(other), extensions: maybe(None) }
}

fn text(text: &'static str) -> Text {
    List { start: text.as_ptr(), length: text.len() }
}

fn maybe(value: Option<&'static str>) -> Maybe<Text> {
    Maybe { is_some: u8::from(value.is_some()), value: text(value.unwrap_or_default()) }
}

fn list<From, To>(items: &'static [From], convert: fn(&'static From) -> To) -> List<To> {
    let items: &'static [To] = Vec::leak(items.iter().map(convert).collect());
    List { start: items.as_ptr(), length: items.len() }
}
