//! `harness key`: when a connection's credential ends, and a new one in its place. The new one is written where the
//! operator says, and is shown nowhere.

pub(super) mod destination;

use std::time::SystemTime;

use clap::{Args, Subcommand};
use host::Connection;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::options::GlobalOptions;
use super::output;
use super::print::PrintOptions;
use super::progress::Progress;
use super::session::Session;
use destination::{Destination, Options as To};

/// Show when a connection's key expires, or renew it
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness key show --connection connection.json
  harness key renew --connection connection.json --to-file api-key")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
    Renew(Renew),
}

/// Show whose the key is and when it expires; never the key
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness key show --connection connection.json
  harness key show --connection connection.json --offline")]
struct Show {
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    print: PrintOptions,
    /// Send nothing: say only what the key itself tells
    #[arg(long)]
    offline: bool,
}

/// Get a new key in place of one that is still good, and write it where you say
///
/// The host asks the service, in the way that the connector's manifest declares; the connector takes no part, and the
/// new key is printed nowhere. The destination is opened before anything is asked for. The new key is tried before it
/// takes the old one's place; if it does not work, or cannot be written, it is kept in a file of its own beside you,
/// which is named, and the old one stays where it is. Whether the service goes on accepting the old key is its affair:
/// start using the new one at once.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness key renew --connection connection.json --to-file api-key
  harness key renew --connection connection.json --to-env-file .env --name API_KEY
  harness key renew --connection connection.json --to-command 'vault kv put secret/plm key=-'")]
struct Renew {
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    print: PrintOptions,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    match arguments.command {
        Command::Show(show) => run_show(show, options).await,
        Command::Renew(renew) => run_renew(renew, options).await,
    }
}

async fn run_show(arguments: Show, options: GlobalOptions) -> Result<(), CommandError> {
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let mut shown = Map::new();
    if !arguments.offline {
        let progress = Progress::start("Testing the connection".into());
        let outcome = session.connector.test_connection(&connection, &session.call_options(&progress)).await;
        let outcome = outcome.map_err(|failure| session.test_failed(&connection, failure))?;
        shown.insert("user".into(), outcome.value.user.into());
        shown.insert("organization".into(), outcome.value.organization.into());
    }
    shown.insert("expires".into(), expiries(&connection));
    let definition = session.connector.definition().connection(connection.key());
    let renewable = definition.is_some_and(|definition| matches!(definition.renewal(), Ok(Some(_))));
    shown.insert("renewable".into(), renewable.into());
    let shown = Value::Object(shown);
    printer.print(&shown, &shown, &[]).map(drop)
}

async fn run_renew(arguments: Renew, options: GlobalOptions) -> Result<(), CommandError> {
    if options.grants().read_only {
        return Err(CommandError::usage("--read-only: a renewal makes a new key; leave the flag out"));
    }
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let (connection, mut value) = session.connection_and_value(&arguments.connection)?;
    if let Some((flag, path)) = arguments.to.file() {
        session.spares_connection(&arguments.connection, flag, path)?;
    }
    // First of all: a key that nobody can keep must not be asked for.
    let mut destination = Destination::open(arguments.to)?;
    output::message(&format!("note: {}", connection.destination()));
    let progress = Progress::start("Asking for a new key".into());
    let options = session.call_options(&progress);
    let renewed = session.connector.renew(&connection, &options).await;
    let renewed = renewed.map_err(|error| session.explained(&connection, *error, None))?;
    drop(progress);
    output::message(&match destination.hold(renewed.expose()) {
        Ok(held) => format!("note: the new key is in {held} until it is where it belongs"),
        // It may be written where it belongs all the same.
        Err(why) => format!("warning: {why}; until the new key is where it belongs it is in memory alone"),
    });

    if let Some(fields) = value.get_mut("fields").and_then(Value::as_object_mut) {
        fields.insert(renewed.field.clone(), renewed.expose().into());
    }
    let with_new_key = session.connector.connection(value);
    let progress = Progress::start("Trying the new key".into());
    let tried = match with_new_key {
        Ok(connection) => {
            let options = session.call_options(&progress);
            let tried = session.connector.test_connection(&connection, &options).await;
            tried.map(drop).map_err(|failure| session.test_failed(&connection, failure))
        }
        Err(error) => Err(CommandError::usage(error.to_string())),
    };
    drop(progress);
    if let Err(error) = tried {
        let kept = destination.keep_apart()?;
        output::message(&format!(
            "warning: the new key does not work yet; it is in {kept}, and the old one is where it was"
        ));
        return Err(error);
    }
    let written = destination.write(renewed.expose())?;
    let expires = renewed.expires.map(date);
    let done = json!({ "field": renewed.field, "writtenTo": written, "expires": expires });
    printer.print(&done, &done, &[]).map(drop)
}

/// The end of each secret that has one, by its field.
pub(super) fn expiries(connection: &Connection) -> Value {
    let ends = connection.expiries().iter().map(|(field, end)| (field.clone(), date(*end).into()));
    Value::Object(ends.collect())
}

fn date(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}
