//! `harness check`: whether a component keeps the contract.

mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use host::LoadError;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::format::Format;
use super::options::GlobalOptions;
use super::print::OutputOption;
use super::session::{ONE_AT_A_TIME, Session};
use super::{component, output, record};
use crate::check::{self, Live, Subject};
use report::Checked;

/// Check that a component keeps the contract: a line a check, with what was found and what to do
///
/// It is tried on a service that is made up from its manifest (extensions.graphql), with records that change between
/// two polls and between two pages; nothing leaves this machine. Where the manifest says nothing of the service, as
/// that of a connector for a REST service, what is to be refused is tried all the same, and --service FILE has a
/// recording answer for the rest. With --connection it is tried on that service too, which is only read, whatever else
/// is granted; inputs are what its own lists offer, and examples. Exit status 0 if all holds that could be tried, 1 if
/// something does not, or with --strict if something could not be tried. A component that is not loaded, because it
/// imports more than the contract has or its manifest is not sound, is reported like any other.
#[derive(Args)]
#[command(after_long_help = "\
                             Examples:
  harness check
  harness --component next.wasm check --older released.wasm
  harness --component rest.wasm check --service session.har
  harness check --strict --format junit --output check.xml
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
    /// Count a check that could not be tried as failed: exit status 1. What is printed of it stays the same
    #[arg(long)]
    strict: bool,
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

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    arguments.output.open()?;
    let recorded = arguments.service.as_deref().map(record::read).transpose()?;
    let usual = if output::is_for_person() { Format::Table } else { Format::Json };
    let format = options.chosen_format().unwrap_or(usual);
    let name = component_name(&options);
    let session = match Session::loaded(options, ONE_AT_A_TIME).await? {
        Ok(session) => session,
        Err(error) => return not_loaded(&arguments, format, &name, error),
    };
    let older = match &arguments.older {
        Some(file) => {
            let found = component::find_at(&session.options, file).await?;
            let failed = |error: LoadError| CommandError::Load(format!("--older {}: {error}", file.display()));
            Some(found.load(&session.connector.runtime()).await.map_err(failed)?)
        }
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
        if let Err(error) = report::each(format, done) {
            failed_to_print.get_or_insert(error);
        }
    })
    .await;
    if let Some(error) = failed_to_print {
        return Err(error);
    }
    let definition = session.connector.definition();
    let checked = Checked {
        connector: Some(&definition.key),
        version: Some(&definition.version),
        contract: Some(session.connector.contract_version()),
    };
    report::all(format, &checked, &name, &checks)?;
    report::end(&checks, arguments.strict)
}

/// A component that breaks the contract, so that no host loads it, is what this command is there to find.
fn not_loaded(arguments: &Arguments, format: Format, name: &str, error: LoadError) -> Result<(), CommandError> {
    let (has_older, is_live) = (arguments.older.is_some(), arguments.calls_a_service());
    let Some(checks) = check::not_loaded(&error, has_older, is_live) else { return Err(error.into()) };
    checks.iter().try_for_each(|done| report::each(format, done))?;
    report::all(format, &Checked::default(), name, &checks)?;
    report::end(&checks, arguments.strict)
}

/// What a component is called that does not say it: the name of its file.
fn component_name(options: &GlobalOptions) -> String {
    let file = options.precompiled().map(Path::to_owned).or_else(|| options.component().ok());
    let name = file.as_deref().and_then(Path::file_name).unwrap_or_default();
    name.to_string_lossy().into_owned()
}
