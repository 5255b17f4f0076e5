//! `harness state`: what a trigger's state says, whether a connector takes it, and another beginning in its place.

mod rebase;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use clap_complete::ArgValueCompleter;
use serde_json::{Map, Value, json};

use super::command_error::CommandError;
use super::complete;
use super::connection_option::ConnectionOption;
use super::explain::Call;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::print::PrintOptions;
use super::session::Session;
use crate::files;
use crate::operation::Kind;
use crate::state_check;

/// The most characters of a member that are shown: what is remembered of records is packed, and says nothing to people.
const SHOWN_CHARACTERS: usize = 60;
/// The most members of an object, or items of a list, that are shown.
const SHOWN_MEMBERS: usize = 50;

/// Show what a trigger's state file says, check it, or set it back
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness state show --state poll.state
  harness state check pollThings --connection connection.json --state poll.state
  harness state rebase pollThings --state poll.state")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
    Check(Check),
    Rebase(rebase::Arguments),
}

/// Show what a state says of itself; long members are cut. Sends nothing, and loads no connector
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness state show --state poll.state
  harness state show --state poll.state --format table
  harness state show --state poll.state --jq .bytes")]
struct Show {
    /// The state file of `poll` or `watch`
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    #[command(flatten)]
    print: PrintOptions,
}

/// Check whether the next poll would take a state, with this connection and these inputs. Sends nothing, and changes
/// nothing
///
/// Exit status 0 if it would, 1 if it would refuse it, with the reason and the way out. Whose the records are is known
/// to the service alone, and is not checked.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness state check pollThings --connection connection.json --state poll.state
  harness state check pollThings --connection connection.json --state poll.state --input kind=small")]
struct Check {
    /// The trigger's key; `harness inspect` lists them
    #[arg(add = ArgValueCompleter::new(complete::trigger_key))]
    key: String,
    #[command(flatten)]
    connection: ConnectionOption,
    /// The state file of `poll` or `watch`
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    #[command(flatten)]
    inputs: InputOptions,
    #[command(flatten)]
    print: PrintOptions,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    match arguments.command {
        Command::Show(arguments) => show(arguments, &options),
        Command::Check(arguments) => check(arguments, options).await,
        Command::Rebase(arguments) => rebase::run(arguments, options).await,
    }
}

fn show(arguments: Show, options: &GlobalOptions) -> Result<(), CommandError> {
    let printer = arguments.print.open(options.chosen_format())?;
    let state = load(&arguments.state, options.limits().state_bytes)?;
    let mut shown = Map::from_iter([("bytes".to_owned(), json!(state.len()))]);
    match serde_json::from_slice::<Map<String, Value>>(&state) {
        Ok(members) => shown.extend(members.into_iter().map(|(name, value)| (name, cut(value)))),
        Err(_) => {
            shown.insert("note".to_owned(), json!("it is no JSON object: only its connector can read it"));
        }
    }
    printer.print(&shown, &shown, &[]).map(drop)
}

/// A value with its long texts, lists and objects cut.
fn cut(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > SHOWN_CHARACTERS => {
            let beginning: String = text.chars().take(SHOWN_CHARACTERS).collect();
            format!("{beginning}… ({} bytes)", text.len()).into()
        }
        Value::Object(members) if members.len() <= SHOWN_MEMBERS => {
            Value::Object(members.into_iter().map(|(name, value)| (name, cut(value))).collect())
        }
        Value::Object(members) => format!("({} members)", members.len()).into(),
        Value::Array(items) if items.len() <= SHOWN_MEMBERS => Value::Array(items.into_iter().map(cut).collect()),
        Value::Array(items) => format!("({} items)", items.len()).into(),
        value => value,
    }
}

async fn check(arguments: Check, options: GlobalOptions) -> Result<(), CommandError> {
    let inputs = arguments.inputs.read()?;
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let state = load(&arguments.state, session.state_limit())?;
    let options = session.plain_call_options();
    state_check::taken(&session.connector, &arguments.key, &connection, &inputs, &state, &options).await.map_err(
        |error| {
            let call = Call { kind: Kind::Trigger, key: &arguments.key, inputs: &inputs };
            session.explained(&connection, error, Some(call))
        },
    )?;
    let accepted = json!({ "trigger": arguments.key, "accepted": true, "bytes": state.len() });
    printer.print(&accepted, &accepted, &[]).map(drop)
}

/// Reads a state without its lock, so that it can be looked at while `watch` runs: the file is replaced as a whole.
fn load(path: &Path, most: u64) -> Result<Vec<u8>, CommandError> {
    let text = files::read(path, most);
    let text = text.map_err(|error| CommandError::usage(format!("the state file {}: {error}", path.display())))?;
    Ok(text.into_bytes())
}
