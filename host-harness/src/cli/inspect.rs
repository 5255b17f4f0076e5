//! `harness inspect`: what a component is, offers and asks for.

use std::path::PathBuf;

use clap::Args;
use host::Connector;
use host::contract::{ConnectionField, ConnectorDefinition, InputField, InputKind, manifest_schema};
use host::text::cut;
use serde::Serialize;
use serde_json::json;

use super::command_error::CommandError;
use super::format::Format;
use super::options::GlobalOptions;
use super::output::{self, one_line};
use super::session::Session;

/// Show what a component is: its manifest, what it imports and exports, its size
///
/// Shows which fields are secret, which ones the component is given, and where requests with secrets can go; with
/// --connection, where they would go with this one. Nothing is sent.
///
/// --format json prints {"manifest": …, "contract": …, "imports": […], "exports": […], "bytes": …,
/// "needsOnlyHttpAndLog": …, "manifestSha256": …}, and with --connection "destination".
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness inspect
  harness --component other.wasm inspect --format json
  harness inspect --runtime
  harness inspect --connection connection.json
  harness inspect --manifest > manifest.json
  harness --component new.wasm --expect-manifest manifest.json inspect
  harness inspect --schema > manifest.schema.json")]
pub(super) struct Arguments {
    /// Print the manifest alone, as JSON
    #[arg(long, conflicts_with = "schema")]
    manifest: bool,
    /// Print how components are run on this machine, and what the cache did for this one
    #[arg(long, conflicts_with_all = ["schema", "manifest"])]
    runtime: bool,
    /// Print the JSON Schema of manifests; needs no component
    #[arg(long)]
    schema: bool,
    /// Say where requests with the secrets of this connection would go
    #[arg(long, value_name = "FILE", conflicts_with_all = ["schema", "manifest", "runtime"])]
    connection: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    if arguments.schema {
        return indented(&manifest_schema());
    }
    let session = Session::open(options).await?;
    let connector = &session.connector;
    if arguments.manifest {
        return indented(connector.definition());
    }
    if arguments.runtime {
        return runtime(&session);
    }
    let connection = arguments.connection.map(|path| session.connection(&path)).transpose()?;
    let destination = connection.map(|connection| connection.destination());
    match session.options.format_for_people() {
        Format::Json => output::json(&Report {
            manifest: connector.definition(),
            contract: connector.contract_version(),
            imports: connector.imports(),
            exports: connector.exports(),
            bytes: connector.size(),
            needs_only_http_and_log: connector.needs_only_http_and_log(),
            manifest_sha256: connector.definition().fingerprint(),
            destination,
        })?,
        _ => {
            output::text_line(&described(connector))?;
            if let Some(destination) = destination {
                output::text_line(&format!("\nWith this connection, {destination}."))?;
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    manifest: &'a ConnectorDefinition,
    contract: &'a str,
    imports: &'a [String],
    exports: &'a [String],
    bytes: usize,
    needs_only_http_and_log: bool,
    manifest_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
}

/// What the runtime chose, by itself and by the cache.
fn runtime(session: &Session) -> Result<(), CommandError> {
    let choices = session.connector.runtime().choices();
    let cache = session.connector.cache_use();
    if let Format::Json = session.options.format_for_people() {
        return Ok(output::json(&json!({ "runtime": choices, "cache": cache.to_string() }))?);
    }
    let yes_or_no = |value: bool| if value { "yes" } else { "no" };
    let lines = [
        format!("Memory of instances    {}", choices.allocation),
        format!("Calls at a time        {}", choices.concurrent_calls),
        format!("Copy-on-write images   {}", yes_or_no(choices.copy_on_write)),
        format!("Kept resident          {} bytes a slot", grouped(choices.keep_resident_bytes as usize)),
        format!("Pagemap scan           {}", yes_or_no(choices.pagemap_scan)),
        format!("Interruptible every    {} ms", choices.epoch_tick_milliseconds),
        format!("Cache                  {cache}"),
    ];
    Ok(output::text_line(&lines.join("\n"))?)
}

/// Documents that are kept in files are indented wherever they go.
fn indented(value: &impl serde::Serialize) -> Result<(), CommandError> {
    Ok(output::json_document(value)?)
}

fn described(connector: &Connector) -> String {
    let definition = connector.definition();
    let mut lines = vec![
        format!("{} {} ({})", one_line(&definition.label), one_line(&definition.version), definition.key),
        one_line(&definition.description).into_owned(),
    ];
    lines.extend(definition.category().map(|category| one_line(category).into_owned()));
    lines.extend(definition.documentation_url.as_deref().map(|url| one_line(url).into_owned()));
    lines.push(String::new());
    lines.push(format!(
        "Component, {} bytes, of the contract {}",
        grouped(connector.size()),
        connector.contract_version()
    ));
    lines.push(if connector.needs_only_http_and_log() {
        "It imports http and log, and nothing else.".to_owned()
    } else {
        format!("It imports {}.", connector.imports().join(", "))
    });
    lines.extend(connector.imports().iter().map(|name| format!("  imports  {}", one_line(name))));
    lines.extend(connector.exports().iter().map(|name| format!("  exports  {}", one_line(name))));
    lines.push(format!("Manifest, SHA-256 {}", definition.fingerprint()));
    for connection in &definition.connections {
        lines.push(format!("\nConnection {} - {}", one_line(&connection.key), one_line(&connection.label)));
        lines.extend(connection.fields.iter().flat_map(field));
    }
    for action in &definition.actions {
        let changes = if action.changes_data { ", changes data" } else { "" };
        lines.push(heading("Action", &action.key, &action.label, changes, &action.description));
        lines.extend(action.inputs.iter().map(input));
    }
    for source in &definition.data_sources {
        let search = if source.searchable { ", searchable" } else { "" };
        lines.push(heading("Data source", &source.key, &source.label, search, &source.description));
        lines.extend(source.inputs.iter().map(input));
    }
    for trigger in &definition.triggers {
        lines.push(heading("Trigger", &trigger.key, &trigger.label, "", &trigger.description));
        lines.extend(trigger.inputs.iter().map(input));
    }
    lines.join("\n")
}

/// An operation's first two lines. The manifest's texts are the component's own words, so that each is kept to one
/// line.
fn heading(what: &str, key: &str, label: &str, mark: &str, description: &str) -> String {
    format!("\n{what} {} - {}{mark}\n  {}", one_line(key), one_line(label), one_line(description))
}

/// A connection's field: what becomes of its value, and where it can send requests.
fn field(field: &ConnectionField) -> Vec<String> {
    let mark = match (&field.endpoint, field.secret) {
        (_, true) => ", secret: stays with the host",
        (Some(_), _) => ", endpoint: decides where requests with secrets go",
        _ => ", given to the component",
    };
    let mut lines = vec![format!("{}{mark}", input(&field.input))];
    for environment in field.endpoint.iter().flat_map(|endpoint| &endpoint.environments) {
        lines.push(format!("    {:<20} {}", one_line(&environment.value), one_line(&environment.url)));
    }
    lines
}

fn input(input: &InputField) -> String {
    let kind = match &input.kind {
        InputKind::Text => "text".to_owned(),
        InputKind::MultiLine => "text of several lines".to_owned(),
        InputKind::Password => "password".to_owned(),
        InputKind::Number => "number".to_owned(),
        InputKind::Boolean => "true or false".to_owned(),
        InputKind::Choice => {
            let values: Vec<_> = input.choices.iter().map(|choice| one_line(&choice.value)).collect();
            format!("one of {}", values.join(" | "))
        }
        InputKind::Code(language) => one_line(language).into_owned(),
        InputKind::KeyValueList => "pairs of key and value".to_owned(),
        InputKind::EndpointUrl => "URL".to_owned(),
        InputKind::Other(name) => one_line(name).into_owned(),
    };
    let mut line = format!("  {:<22} {kind}", one_line(&input.key));
    if input.required {
        line.push_str(", required");
    }
    if let Some(source) = &input.data_source {
        line.push_str(&format!(", picked from {}", one_line(source)));
    }
    if let Some(default) = &input.default {
        let default = default.to_string();
        line.push_str(&format!(", default {}", one_line(&cut(&default, 40))));
    }
    line
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(7, "7"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
