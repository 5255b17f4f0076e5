//! `harness inspect`: what a component is, offers and asks for.

use clap::Args;
use clap_complete::ArgValueCompleter;
use host::Connector;
use host::contract::{ConnectorDefinition, manifest_schema};
use serde::Serialize;
use serde_json::json;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::options::GlobalOptions;
use super::output::{self, one_line};
use super::print::{PrintOptions, Printer};
use super::session::Session;
use super::suggest::did_you_mean;
use super::{complete, described};
use crate::operation::Operation;

/// Show what a component is: its manifest, what it imports and exports, its size; or one of its operations
///
/// Shows which fields are secret, which ones the component is given, and where requests with secrets can go; with
/// --connection, where they would go with this one. Nothing is sent.
///
/// As text on a terminal, and as JSON for a program. JSON is {"manifest": …, "contract": …, "imports": […], "exports":
/// […], "bytes": …, "needsOnlyHttpAndLog": …, "manifestSha256": …}, with --connection "destination", and of one
/// operation its part of the manifest.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness inspect
  harness inspect listThings
  harness inspect --jq '.manifest.actions[].key'
  harness --component other.wasm inspect --format json
  harness inspect --runtime
  harness inspect --connection connection.json
  harness inspect --manifest > manifest.json
  harness --component new.wasm --expect-manifest manifest.json inspect
  harness inspect --schema > manifest.schema.json")]
pub(super) struct Arguments {
    /// The key of an action, a data source or a trigger: show that one, with all that its inputs take
    #[arg(conflicts_with_all = ["schema", "manifest", "runtime", "named"], add = ArgValueCompleter::new(complete::any_key))]
    key: Option<String>,
    /// Print the manifest alone, as JSON
    #[arg(long, conflicts_with = "schema")]
    manifest: bool,
    /// Print how components are run on this machine, and what the cache did for this one
    #[arg(long, conflicts_with_all = ["schema", "manifest"])]
    runtime: bool,
    /// Print the JSON Schema of manifests; needs no component
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    print: PrintOptions,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    // Before the component is loaded: what it says is not wanted in a form that there is not.
    let (printer, is_for_person) = arguments.print.open_for_people(options.chosen_format())?;
    if arguments.schema {
        return printer.document(&manifest_schema());
    }
    let in_words = is_for_person || !printer.is_json() && !printer.picks_columns();
    let session = Session::open(options).await?;
    let connector = &session.connector;
    if arguments.manifest {
        return printer.document(connector.definition());
    }
    if arguments.runtime {
        return if in_words { runtime_in_words(&session) } else { runtime(&session, &printer) };
    }
    if let Some(key) = &arguments.key {
        let operation = operation(connector.definition(), key)?;
        if in_words {
            return Ok(output::text_line(&described::operation(operation, width()))?);
        }
        return printer.print(&operation, &operation, &[]).map(drop);
    }
    let named = arguments.connection.is_named();
    let connection = if named { Some(session.connection(&arguments.connection)?) } else { None };
    let destination = connection.map(|connection| connection.destination());
    if !in_words {
        let report = Report {
            manifest: connector.definition(),
            contract: connector.contract_version(),
            imports: connector.imports(),
            exports: connector.exports(),
            bytes: connector.size(),
            needs_only_http_and_log: connector.needs_only_http_and_log(),
            manifest_sha256: connector.definition().fingerprint(),
            destination,
        };
        return printer.print(&report, &report, &[]).map(drop);
    }
    let destination = destination.map(|destination| format!("\n\nWith this connection, {destination}."));
    Ok(output::text_line(&(described(connector) + &destination.unwrap_or_default()))?)
}

/// The operation of this key, whatever kind it is.
fn operation<'d>(definition: &'d ConnectorDefinition, key: &str) -> Result<Operation<'d>, CommandError> {
    Operation::all(definition).find(|operation| operation.key() == key).ok_or_else(|| {
        let known = || Operation::all(definition).map(Operation::key);
        let (meant, known) = (did_you_mean(key, known()), known().collect::<Vec<_>>().join(", "));
        CommandError::usage(format!("there is no operation {key:?}{meant}; there are {known}"))
    })
}

/// How wide a line for a person may be.
fn width() -> usize {
    usize::from(console::Term::stdout().size().1).clamp(40, 100)
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
fn runtime(session: &Session, printer: &Printer) -> Result<(), CommandError> {
    let connector = &session.connector;
    let chosen = json!({ "runtime": connector.runtime().choices(), "cache": connector.cache_use().to_string() });
    printer.print(&chosen, &chosen, &[]).map(drop)
}

fn runtime_in_words(session: &Session) -> Result<(), CommandError> {
    let choices = session.connector.runtime().choices();
    let cache = session.connector.cache_use();
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
        lines.extend(connection.fields.iter().flat_map(described::field));
    }
    for operation in Operation::all(definition) {
        lines.push(described::heading(operation));
        lines.extend(operation.inputs().iter().map(described::input));
    }
    lines.join("\n")
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
