//! `harness check`: whether a component keeps the contract.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::format::Format;
use super::options::GlobalOptions;
use super::print::OutputOption;
use super::session::Session;
use super::{component, output, record};
use crate::check::{self, Done, Live, Subject, Verdict};

/// Check that a component keeps the contract: a line a check, with what was found and what to do
///
/// It is tried on a service that is made up from its manifest (extensions.graphql), with records that change between
/// two polls and between two pages; nothing leaves this machine. Where the manifest says nothing of the service, as
/// that of a connector for a REST service, what is to be refused is tried all the same, and --service FILE has a
/// recording answer for the rest. With --connection it is tried on that service too, which is only read, whatever else
/// is granted; inputs are what its own lists offer, and examples. Exit status 0 if all holds that could be tried, 1 if
/// something does not.
#[derive(Args)]
#[command(after_long_help = "\
                             Examples:
  harness check
  harness --component next.wasm check --older released.wasm
  harness --component rest.wasm check --service session.har
  harness check --format junit --output check.xml
  harness check --histories 1 --seed 4711
  harness check --connection connection.json
  harness check --connection connection.json --record check.har")]
pub(super) struct Arguments {
    /// An earlier version of the component, a file or oci://…: its states must be taken, and the version's number must
    /// say what changed. With --trust it has to be signed too; --expect-manifest says nothing of it
    #[arg(long, value_name = "FILE")]
    older: Option<PathBuf>,
    /// Have this recording, or the HAR of a browser, answer in place of the made-up service: each operation is called
    /// with the inputs of its first call in it, and what it holds no answer to is left out
    #[arg(long, value_name = "FILE")]
    service: Option<PathBuf>,
    /// How many histories are played against each trigger
    #[arg(long, value_name = "COUNT", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    histories: u64,
    /// The number of the first history: what failed is played again by its number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    output: OutputOption,
}

impl Arguments {
    /// Whether a service is called, beside the one that is made up.
    pub(super) fn calls_a_service(&self) -> bool {
        self.connection.is_named()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    connector: &'a str,
    version: &'a str,
    contract: &'a str,
    checks: &'a [Done],
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    arguments.output.open()?;
    let recorded = arguments.service.as_deref().map(record::read).transpose()?;
    let usual = if output::is_for_person() { Format::Table } else { Format::Json };
    let format = options.chosen_format().unwrap_or(usual);
    let session = Session::open(options).await?;
    let older = match &arguments.older {
        Some(file) => Some(component::find_at(&session.options, file).await?.load(&session.connector.runtime()).await?),
        None => None,
    };
    if let (Some(file), Some(of)) = (&arguments.service, recorded.as_ref().and_then(|of| of.component.as_ref()))
        && of.key != session.connector.definition().key
    {
        let (file, key) = (file.display(), &session.connector.definition().key);
        let problem = format!("{file}: it is a recording of the connector {}, and this is {key}", of.key);
        return Err(CommandError::usage(problem));
    }
    // Only where it is named: a check on a service of somebody's is not what a file that lies here asks for.
    let live = match arguments.calls_a_service() {
        true => {
            let connection = session.connection(&arguments.connection)?;
            Some(Live::new(session.connector.clone(), connection, session.plain_call_options()))
        }
        false => None,
    };
    let subject = Subject {
        connector: session.connector.clone(),
        older,
        limits: Arc::new(session.options.limits()),
        histories: arguments.histories,
        seed: arguments.seed,
        recorded,
        live,
    };
    let mut failed_to_print = None;
    let checks = check::run(&subject, |done| {
        if format == Format::Table
            && let Err(error) = output::text_line(&line(done))
        {
            failed_to_print.get_or_insert(error);
        }
    })
    .await;
    if let Some(error) = failed_to_print {
        return Err(error.into());
    }
    let definition = session.connector.definition();
    match format {
        Format::Table => {}
        Format::Junit => output::text_line(&junit(&definition.key, &checks))?,
        _ => output::json(&Report {
            connector: &definition.key,
            version: &definition.version,
            contract: session.connector.contract_version(),
            checks: &checks,
        })?,
    }
    let failed: Vec<&str> = checks.iter().filter(|done| done.verdict.is_failed()).map(|done| done.check).collect();
    let skipped = checks.iter().filter(|done| matches!(done.verdict, Verdict::NotChecked { .. })).count();
    let left_out = if skipped > 0 { format!("; {skipped} could not be tried") } else { String::new() };
    if failed.is_empty() {
        output::message(&format!("{} of {} checks hold{left_out}.", checks.len() - skipped, checks.len()));
        return Ok(());
    }
    Err(CommandError::Found(format!(
        "{} of {} checks do not hold: {}{left_out}",
        failed.len(),
        checks.len(),
        failed.join(", ")
    )))
}

/// A check in a line, and a line for each thing that was found.
fn line(done: &Done) -> String {
    let rule = done.rule;
    match &done.verdict {
        Verdict::Passed { tried } => format!("ok      {:<17} {rule} ({tried})", done.check),
        Verdict::NotChecked { why } => format!("not     {:<17} {rule}: {why}", done.check),
        Verdict::Failed { problems } => {
            let mut text = format!("FAILED  {:<17} {rule}", done.check);
            for problem in problems {
                text.push_str(&format!("\n          - {}", output::one_line(problem)));
            }
            if let Some(way_out) = done.way_out {
                text.push_str(&format!("\n          Way out: {way_out}"));
            }
            text
        }
    }
}

/// The results as JUnit writes them.
fn junit(connector: &str, checks: &[Done]) -> String {
    let count = |is: fn(&Verdict) -> bool| checks.iter().filter(|done| is(&done.verdict)).count();
    let failures = count(Verdict::is_failed);
    let skipped = count(|verdict| matches!(verdict, Verdict::NotChecked { .. }));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" \
         skipped=\"{skipped}\">\n",
        xml(connector),
        checks.len()
    );
    for done in checks {
        let name = format!("  <testcase classname=\"{}\" name=\"{}\"", xml(connector), xml(done.check));
        let within = match &done.verdict {
            Verdict::Passed { .. } => {
                text.push_str(&format!("{name}/>\n"));
                continue;
            }
            Verdict::NotChecked { why } => format!("<skipped message=\"{}\"/>", xml(why)),
            Verdict::Failed { problems } => {
                let way_out = done.way_out.unwrap_or_default();
                format!(
                    "<failure message=\"{}\">{}\nWay out: {}</failure>",
                    xml(done.rule),
                    xml(&problems.join("\n")),
                    xml(way_out)
                )
            }
        };
        text.push_str(&format!("{name}>{within}</testcase>\n"));
    }
    text + "</testsuite>"
}

/// Text within XML 1.0, which has no place for most control characters.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}')
            }
            character => escaped.push(character),
        }
    }
    escaped
}
