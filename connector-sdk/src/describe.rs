//! Turns a connector's constants into the records of the contract.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::contract::manifest;
use crate::contract::manifest::{
    ActionDefinition, Choice, ConnectionDefinition, ConnectorDefinition, DataSourceDefinition, Endpoint, Environment,
    InputField, InputKind, TriggerDefinition,
};
use crate::declaration::{self, About, ConnectionField, ConnectionKind, GraphQl, Renewal, Role};
use crate::inputs::{Input, Kind, Literal, input_schema};
use crate::json::{push_string, push_values, quoted};
use crate::operation::{ActionRow, DataSourceRow, TriggerRow};

pub(crate) fn describe(
    (about, graphql): (&About, Option<&GraphQl>),
    connections: &[ConnectionKind],
    actions: &[ActionRow],
    data_sources: &[DataSourceRow],
    triggers: &[TriggerRow],
) -> ConnectorDefinition {
    ConnectorDefinition {
        key: text(about.key),
        label: text(about.label),
        description: text(about.description),
        version: text(about.version),
        documentation_url: about.documentation_url.map(text),
        connections: connections.iter().map(connection).collect(),
        actions: actions.iter().map(action).collect(),
        data_sources: data_sources.iter().map(data_source).collect(),
        triggers: triggers.iter().map(trigger).collect(),
        extensions: extensions(&[
            ("category", about.category.map(quoted)),
            ("icon", about.icon.map(|png| quoted(&format!("data:image/png;base64,{}", STANDARD.encode(png))))),
            ("changelog", about.changelog.map(quoted)),
            ("graphql", graphql.map(self::graphql)),
        ]),
    }
}

/// A JSON object of the members that are there; none without any.
fn extensions(members: &[(&str, Option<String>)]) -> Option<String> {
    let mut json = String::new();
    for (name, value) in members {
        if let Some(value) = value {
            json.push(if json.is_empty() { '{' } else { ',' });
            push_string(&mut json, name);
            json.push(':');
            json.push_str(value);
        }
    }
    (!json.is_empty()).then(|| json + "}")
}

fn connection(kind: &ConnectionKind) -> ConnectionDefinition {
    ConnectionDefinition {
        key: text(kind.key),
        label: text(kind.label),
        description: text(kind.description),
        fields: kind.fields.iter().map(connection_field).collect(),
        extensions: extensions(&[("renewal", kind.renewal.as_ref().map(renewal))]),
    }
}

fn graphql(graphql: &GraphQl) -> String {
    let GraphQl { schema, secret, header, queries } = graphql;
    let mut json = format!(
        "{{\"secret\":{},\"secretHeader\":{},\"schema\":{},\"queries\":[",
        quoted(secret),
        quoted(header),
        quoted(schema)
    );
    let query = |(operation, query): &(&str, &str)| {
        format!("{{\"operation\":{},\"query\":{}}}", quoted(operation), quoted(query))
    };
    let queries: Vec<String> = queries.iter().copied().flatten().map(query).collect();
    push_values(&mut json, queries.iter().map(String::as_str));
    json.push_str("]}");
    json
}

fn renewal(renewal: &Renewal) -> String {
    let Renewal { secret, header, query, answer } = renewal;
    let body = format!("{{\"query\":{}}}", quoted(query));
    format!(
        "{{\"secret\":{},\"secretHeader\":{},\"body\":{},\"answer\":{}}}",
        quoted(secret),
        quoted(header),
        quoted(&body),
        quoted(answer)
    )
}

fn connection_field(field: &ConnectionField) -> manifest::ConnectionField {
    let endpoint = match field.role {
        Role::Endpoint { precedence, environments } => {
            let environment = |known: &declaration::Environment| Environment {
                value: text(known.value),
                url: text(known.url),
                extensions: None,
            };
            Some(Endpoint {
                precedence,
                environments: environments.iter().map(environment).collect(),
                extensions: None,
            })
        }
        Role::Plain | Role::Secret { .. } => None,
    };
    manifest::ConnectionField {
        input: input_field(&field.input),
        secret: matches!(field.role, Role::Secret { .. }),
        endpoint,
        may_be_jwt: matches!(field.role, Role::Secret { may_be_jwt: true }),
        extensions: None,
    }
}

fn action(row: &ActionRow) -> ActionDefinition {
    ActionDefinition {
        key: text(row.operation.key),
        label: text(row.operation.label),
        description: text(row.operation.description),
        changes_data: row.flag,
        inputs: row.inputs.iter().map(input_field).collect(),
        input_schema: input_schema(row.inputs),
        result_schema: text(row.operation.result_schema.trim()),
        example_payload: text(row.operation.example.trim()),
        extensions: None,
    }
}

fn data_source(row: &DataSourceRow) -> DataSourceDefinition {
    DataSourceDefinition {
        key: text(row.operation.key),
        label: text(row.operation.label),
        description: text(row.operation.description),
        searchable: row.flag,
        inputs: row.inputs.iter().map(input_field).collect(),
        input_schema: input_schema(row.inputs),
        result_schema: text(row.operation.result_schema.trim()),
        example_payload: text(row.operation.example.trim()),
        extensions: None,
    }
}

fn trigger(row: &TriggerRow) -> TriggerDefinition {
    TriggerDefinition {
        key: text(row.operation.key),
        label: text(row.operation.label),
        description: text(row.operation.description),
        inputs: row.inputs.iter().map(input_field).collect(),
        input_schema: input_schema(row.inputs),
        result_schema: text(row.operation.result_schema.trim()),
        example_payload: text(row.operation.example.trim()),
        extensions: extensions(&[("rebase", row.rebases.map(|format| format!("{{\"format\":{}}}", quoted(format))))]),
    }
}

fn input_field(input: &Input) -> InputField {
    let choice = |choice: &crate::inputs::Choice| Choice {
        value: text(choice.value),
        label: text(choice.label),
        extensions: None,
    };
    InputField {
        key: text(input.key),
        label: text(input.label),
        kind: match input.kind {
            Kind::Text => InputKind::Text,
            Kind::MultiLine => InputKind::MultiLine,
            Kind::Password => InputKind::Password,
            Kind::Number => InputKind::Number,
            Kind::Boolean => InputKind::Boolean,
            Kind::Choice => InputKind::Choice,
            Kind::Code(language) => InputKind::Code(text(language)),
            Kind::KeyValueList => InputKind::KeyValueList,
            Kind::EndpointUrl => InputKind::EndpointUrl,
        },
        required: input.required,
        default: input.default.map(Literal::to_json),
        example: input.example.map(Literal::to_json),
        placeholder: input.placeholder.map(text),
        help: text(input.help),
        choices: input.choices.iter().map(choice).collect(),
        data_source: input.data_source.map(text),
        extensions: None,
    }
}

/// Not inlined: there are a hundred of these.
#[inline(never)]
fn text(text: &str) -> String {
    text.to_owned()
}
