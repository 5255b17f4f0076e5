//! `harness verify`: whether a live service has all that the connector asks of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use host::contract::{ConnectorDefinition, Error};
use host::{CallError, CallOptions, Connection, Connector, OwnRequest};
use serde::Serialize;
use serde_json::{Value, json};

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::options::GlobalOptions;
use super::output;
use super::output_file::OutputFile;
use super::print::{PrintOptions, Printer};
use super::progress::Progress;
use super::session::Session;
use crate::flags::Flags;
use crate::verify::{Asked, Finding, INTROSPECTION, Schema, compare, judge, variables};

/// Check that a live service has every query, field, argument and enum value that the connector asks for
///
/// Reads only, whatever the other flags say. Asks the service what it has, or, where it does not say, sends each query
/// for as little as it can. Exit status 0 if all is there, 1 if something would stop working.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness verify --connection connection.json --format table
  harness verify --connection connection.json --report findings.json
  harness verify --connection connection.json --record verify.har
  harness verify --connection connection.json --answer-from verify.har
  harness verify --connection connection.json --jq '.findings[].operation' --output operations.txt")]
pub(super) struct Arguments {
    #[command(flatten)]
    connection: ConnectionOption,
    /// Write the findings to this file too, for the connector's authors: without the key, the address and any record
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Send each query even where the service says what it has
    #[arg(long)]
    by_queries: bool,
    #[command(flatten)]
    print: PrintOptions,
}

/// What was found.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    connector: String,
    version: String,
    /// `introspection` or `queries`.
    checked_by: &'static str,
    queries: usize,
    /// What would stop working, by the labels of operations.
    stops_working: BTreeMap<String, String>,
    findings: Vec<Finding>,
    not_checked: Vec<NotChecked>,
}

#[derive(Clone, Serialize)]
struct NotChecked {
    operation: String,
    why: String,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let mut report_file = match &arguments.report {
        Some(path) => {
            session.spares_connection(&arguments.connection, "--report", path)?;
            Some((
                path,
                OutputFile::open(path).map_err(|error| CommandError::not_written_by("--report", path, &error))?,
            ))
        }
        None => None,
    };
    let asked = Asked::of(session.connector.definition()).map_err(CommandError::usage)?;
    let ours = asked.schema().map_err(CommandError::usage)?;
    output::message(&format!("note: {}", connection.destination()));

    let progress = Progress::start("Asking whose the credential is".into());
    let call = reading(&session, &progress);
    // A credential that is no good is no finding. A test that the service cannot answer may be one.
    let tested = session.connector.test_connection(&connection, &call).await;
    drop(progress);
    if let Err(failure) = tested {
        if !matches!(
            failure.error,
            CallError::Connector(Error::Service(_) | Error::UnexpectedResponse(_) | Error::NotFound(_))
        ) {
            return Err(session.test_failed(&connection, failure));
        }
        output::message(&format!("warning: the test of the connection fails: {}", failure.error.told(&Flags)));
    }

    let service = Service { connector: &session.connector, connection: &connection, asked: &asked };
    let progress = Progress::start("Asking what the service has".into());
    let call = reading(&session, &progress);
    let theirs = if arguments.by_queries { None } else { service.schema(&call).await? };
    drop(progress);

    let mut report = Report {
        connector: session.connector.definition().key.clone(),
        version: session.connector.definition().version.clone(),
        checked_by: if theirs.is_some() { "introspection" } else { "queries" },
        queries: asked.queries.len(),
        stops_working: BTreeMap::new(),
        findings: Vec::new(),
        not_checked: Vec::new(),
    };
    for query in &asked.queries {
        let operation = query.operation.as_str();
        if let Some(theirs) = &theirs {
            report.findings.extend(compare(&ours, theirs, operation, &query.query).map_err(CommandError::usage)?);
            continue;
        }
        let Some(variables) =
            variables(&ours, &query.query).filter(|_| is_harmless(session.connector.definition(), operation))
        else {
            let why =
                "it changes something, or gives a credential away, and the service does not say what it has".to_owned();
            report.not_checked.push(NotChecked { operation: operation.to_owned(), why });
            continue;
        };
        let progress = Progress::start(format!("Trying {operation}"));
        let call = reading(&session, &progress);
        let body = json!({ "query": query.query, "variables": variables }).to_string();
        let (status, answer) = service.ask(&body, &call).await?;
        report.findings.extend(judge(&ours, operation, &query.query, status, answer.as_ref()));
    }
    report.findings.sort();
    report.findings.dedup();
    for finding in &report.findings {
        let label = label(session.connector.definition(), &finding.operation);
        report.stops_working.entry(finding.operation.clone()).or_insert(label);
    }
    if let Some((path, file)) = &mut report_file {
        let findings = report.findings.iter().map(|finding| finding.without_foreign_words(&asked)).collect();
        let redacted = Report { findings, ..report.clone() };
        output::json_into(file, &redacted).map_err(|error| CommandError::not_written_by("--report", path, &error))?;
    }
    print(&report, &printer)?;
    if report.findings.is_empty() {
        output::message(&format!("All {} queries fit this service.", report.queries - report.not_checked.len()));
        return Ok(());
    }
    Err(CommandError::Found(format!(
        "{} findings; these would stop working: {}",
        report.findings.len(),
        labels(&report)
    )))
}

/// The options of a call that may only read, whatever the flags say.
fn reading(session: &Session, progress: &Progress) -> CallOptions {
    let mut options = session.call_options(progress);
    options.grants.read_only = true;
    options
}

fn print(report: &Report, printer: &Printer) -> Result<(), CommandError> {
    printer.print(report, &report.findings, &[])?;
    // Columns are those of the findings.
    if !printer.is_json() && !printer.picks_columns() && !report.not_checked.is_empty() {
        printer.print(report, &report.not_checked, &[])?;
    }
    Ok(())
}

fn labels(report: &Report) -> String {
    report.stops_working.values().cloned().collect::<Vec<_>>().join(", ")
}

/// Whether the query of an operation may be sent for a look at its answer. The renewal of a credential may not.
fn is_harmless(definition: &ConnectorDefinition, operation: &str) -> bool {
    definition.connection(operation).is_none()
}

/// The name of an operation for people.
fn label(definition: &ConnectorDefinition, key: &str) -> String {
    let action = definition.action(key).map(|of| &of.label);
    let label = action.or_else(|| definition.data_source(key).map(|of| &of.label));
    let label = label.or_else(|| definition.trigger(key).map(|of| &of.label));
    match label {
        Some(label) => label.clone(),
        None => format!("the renewal of {key}"),
    }
}

/// The most bytes of an answer. What large services say of themselves has one or two MiB.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The live service.
struct Service<'a> {
    connector: &'a Connector,
    connection: &'a Connection,
    asked: &'a Asked,
}

impl Service<'_> {
    async fn ask(&self, body: &str, options: &CallOptions) -> Result<(u16, Option<Value>), CommandError> {
        let Asked { secret, secret_header, .. } = self.asked;
        let request = OwnRequest {
            secret,
            secret_header,
            body,
            idempotent: true,
            most_bytes: MAX_ANSWER_BYTES,
            gives_credential: false,
        };
        let answer = self.connector.ask(self.connection, request, options).await.map_err(CommandError::Call)?;
        Ok((answer.status, serde_json::from_slice(&answer.body).ok()))
    }

    /// What it has; none where it does not say.
    async fn schema(&self, options: &CallOptions) -> Result<Option<Schema>, CommandError> {
        let body = json!({ "query": INTROSPECTION, "operationName": "IntrospectionQuery" }).to_string();
        let (_, answer) = self.ask(&body, options).await?;
        Ok(answer.as_ref().and_then(Schema::of_introspection))
    }
}
