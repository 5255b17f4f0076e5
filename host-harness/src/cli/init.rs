//! `harness init`: asks for a connection, tries it, and writes it down: what is no secret into the connection file, the
//! secret into a line of an environment file.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use host::contract::{ConnectionDefinition, ConnectionField};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use super::command_error::CommandError;
use super::hidden::Hidden;
use super::key::destination;
use super::options::GlobalOptions;
use super::output;
use super::progress::Progress;
use super::project::{config, trusted};
use super::session::Session;
use super::{ask, connection_option, env_file, shell};
use crate::flags::granted;
use crate::variable;

/// Ask for a connection, try it, and write connection.json and the .env line that holds its key
///
/// Asks for each field of the connection that the connector declares, with its help. The key is typed unseen, and is
/// written to the environment file alone; the connection file names the variable. Before anything is sent it says where
/// to. What is written is allowed to count in this folder (see `harness allow`). With --allow-http and the like, those
/// grants are written to harness.toml.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness init
  harness init --file sandbox.json --env-file sandbox.env
  harness --allow-http --allow-private-network init")]
pub(super) struct Arguments {
    /// The connection file to write
    #[arg(long, value_name = "FILE", default_value = connection_option::USUAL)]
    file: PathBuf,
    /// The environment file whose line is written
    #[arg(long, value_name = "FILE", default_value = env_file::USUAL)]
    env_file: PathBuf,
}

/// What a person has filled in.
struct FilledIn {
    /// As they are written: a secret is the name of its variable.
    fields: Map<String, Value>,
    /// The variables of the secrets, and whether they were typed here.
    secrets: Vec<Secret>,
}

struct Secret {
    field: String,
    variable: String,
    value: SecretString,
    is_new: bool,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    if options.quiet() {
        return Err(CommandError::usage("init asks questions, and --quiet asks none: leave the flag out"));
    }
    if !ask::can_ask() {
        return Err(CommandError::usage(
            "init asks questions, and here is no terminal to ask at: write the connection file yourself, {\"key\": …, \
             \"fields\": {…}}, as `harness --help` shows",
        ));
    }
    let is_there = arguments.file.symlink_metadata().is_ok();
    if is_there && !ask::confirm(&format!("{} is there: replace it", arguments.file.display()), false)? {
        let text = format!("{} stays as it is: name another with --file", arguments.file.display());
        return Err(CommandError::usage(text));
    }
    let session = Session::open(options).await?;
    let kind = kind(&session)?;
    output::message(&format!("{}\n{}", kind.label, kind.description));
    let mut filled_in = filled_in(kind)?;
    correct(&session, kind, &mut filled_in)?;
    output::hide(Hidden::of(filled_in.secrets.iter().map(|secret| secret.value.expose_secret())));
    if !test(&session, kind, &filled_in).await? {
        return Err(CommandError::Found("nothing was written".to_owned()));
    }
    write(&arguments, kind, &filled_in)?;
    write_grants(&session.options)?;
    let is_new = filled_in.secrets.iter().any(|secret| secret.is_new);
    let mut sourced = String::new();
    if is_new {
        let file = arguments.env_file.display();
        let mut says = format!("note: keep {file} out of version control");
        match env_file::sourced(&arguments.env_file) {
            Some(words) => sourced = words + "; ",
            None => says.push_str("; it has other lines, which a shell that reads it runs: look at them first"),
        }
        output::message(&says);
    }
    let file = match arguments.file.to_str().filter(|file| *file != connection_option::USUAL) {
        Some(file) => shell::word(file).map(|file| format!(" --connection {file}")).unwrap_or_default(),
        None => String::new(),
    };
    output::message(&format!("Done. Next: {sourced}harness test-connection{file}"));
    Ok(())
}

/// The kind of connection: the only one, or the one that is chosen.
fn kind(session: &Session) -> Result<&ConnectionDefinition, CommandError> {
    let kinds = &session.connector.definition().connections;
    let chosen = match kinds.as_slice() {
        [_] => Some(0),
        kinds => {
            let labels: Vec<String> = kinds.iter().map(|kind| output::one_line(&kind.label).into_owned()).collect();
            ask::select("Which kind of connection", &labels)?
        }
    };
    chosen.and_then(|place| kinds.get(place)).ok_or_else(|| CommandError::usage("no connection was chosen"))
}

fn filled_in(kind: &ConnectionDefinition) -> Result<FilledIn, CommandError> {
    let mut filled_in = FilledIn { fields: Map::new(), secrets: Vec::new() };
    for field in &kind.fields {
        ask::say(&field.input);
        if field.secret {
            if let Some(secret) = secret(kind, field)? {
                filled_in.fields.insert(field.input.key.clone(), format!("${{{}}}", secret.variable).into());
                filled_in.secrets.push(secret);
            }
        } else if let Some(value) = plain(field)? {
            filled_in.fields.insert(field.input.key.clone(), value);
        }
    }
    Ok(filled_in)
}

/// What is filled into a field that is no secret.
fn plain(field: &ConnectionField) -> Result<Option<Value>, CommandError> {
    let Some(value) = ask::answer(&field.input, field.input.required)? else { return Ok(None) };
    let value: Value = serde_json::from_str(value.get()).map_err(|error| CommandError::usage(error.to_string()))?;
    // As a text that the file shows: `${` would be read as a variable.
    Ok(Some(value.as_str().map(|text| Value::from(text.replace("${", "$${"))).unwrap_or(value)))
}

/// Asks once more for what cannot be used, so that nothing else has to be typed again.
fn correct(session: &Session, kind: &ConnectionDefinition, filled_in: &mut FilledIn) -> Result<(), CommandError> {
    loop {
        let connection = session.connector.connection(composed(kind, filled_in))?;
        let Some(problem) = connection.problems().first() else { return Ok(()) };
        let said = format!("{}: {}", problem.input, problem.message);
        let field = kind.fields.iter().find(|field| field.input.key == problem.input && !field.secret);
        let Some(field) = field else { return Err(CommandError::usage(said)) };
        output::message(&format!("error: {said}"));
        match plain(field)? {
            Some(value) => drop(filled_in.fields.insert(field.input.key.clone(), value)),
            None => drop(filled_in.fields.remove(&field.input.key)),
        }
    }
}

/// The connection, with its secrets.
fn composed(kind: &ConnectionDefinition, filled_in: &FilledIn) -> Value {
    let mut fields = filled_in.fields.clone();
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            *text = text.replace("$${", "${");
        }
    }
    for secret in &filled_in.secrets {
        fields.insert(secret.field.clone(), secret.value.expose_secret().into());
    }
    json!({ "key": kind.key, "fields": fields })
}

/// A secret: from its variable where that is set, else typed unseen.
fn secret(kind: &ConnectionDefinition, field: &ConnectionField) -> Result<Option<Secret>, CommandError> {
    let is_name =
        |name: &String| if env_file::is_name(name) { Ok(()) } else { Err("letters, digits and _".to_owned()) };
    let usual = variable::of_secret(&kind.key, &field.input.key);
    let of = |variable: String, value: String, is_new: bool| Secret {
        field: field.input.key.clone(),
        variable,
        value: value.into(),
        is_new,
    };
    if let Some(value) = std::env::var(&usual).ok().filter(|value| !value.trim().is_empty()) {
        output::message(&format!("note: {usual} is set in the environment, and is used"));
        return Ok(Some(of(usual, value, false)));
    }
    // First what a person has at hand, unseen: at any other question it would be shown.
    let answer = ask::answer(&field.input, field.input.required)?;
    let Some(value) = answer.and_then(|answer| serde_json::from_str::<String>(answer.get()).ok()) else {
        return Ok(None);
    };
    let variable = ask::text("The name of the variable that is to hold it", Some(usual), true, is_name)?;
    Ok(variable.map(|variable| of(variable, value, true)))
}

/// Says where the key goes, and asks the service whose it is. Gives whether the connection is to be written.
async fn test(session: &Session, kind: &ConnectionDefinition, filled_in: &FilledIn) -> Result<bool, CommandError> {
    let connection = session.connector.connection(composed(kind, filled_in))?;
    output::message(&format!("note: {}", connection.destination()));
    if !ask::confirm("Test the connection now", true)? {
        return ask::confirm("Write it untested", true);
    }
    let progress = Progress::start("Testing the connection".into());
    let tested = session.connector.test_connection(&connection, &session.call_options(&progress)).await;
    drop(progress);
    match tested {
        Ok(outcome) => {
            let of = outcome.value.organization.as_deref().map_or_else(String::new, |name| format!(" of {name}"));
            output::message(&format!("The key is that of {}{of}", outcome.value.user));
            Ok(true)
        }
        Err(failure) => {
            output::message(&format!("warning: {}", session.test_failed(&connection, failure).message()));
            ask::confirm("Write it all the same", false)
        }
    }
}

fn write(arguments: &Arguments, kind: &ConnectionDefinition, filled_in: &FilledIn) -> Result<(), CommandError> {
    let Arguments { file, env_file } = arguments;
    for secret in filled_in.secrets.iter().filter(|secret| secret.is_new) {
        destination::set_variable(env_file, &secret.variable, secret.value.expose_secret())?;
        output::message(&format!("note: {} holds {}", env_file.display(), secret.variable));
    }
    let connection = json!({ "key": kind.key, "fields": filled_in.fields });
    let text =
        serde_json::to_string_pretty(&connection).map_err(|error| CommandError::usage(error.to_string()))? + "\n";
    write_and_allow(file, &text)
}

/// Writes the grants that this command was given, so that a call in this folder needs no flags.
fn write_grants(options: &GlobalOptions) -> Result<(), CommandError> {
    let grants: Vec<String> = granted(options.grants()).map(|flag| flag.trim_start_matches("--").to_owned()).collect();
    let path = Path::new(config::NAME);
    let given = |grant: &String| options.added().iter().any(|flag| flag.to_str() == Some(&format!("--{grant}")));
    let new: Vec<&str> = grants.iter().filter(|grant| !given(grant)).map(String::as_str).collect();
    if new.is_empty() || options.no_config() {
        return Ok(());
    }
    // One that is there was read and allowed; what it says is the person's.
    if path.exists() {
        let text = format!("note: {} is there and stays as it is: it does not say {}", config::NAME, new.join(", "));
        output::message(&(text + ", which calls need here too"));
        return Ok(());
    }
    let lines: String = grants.iter().map(|grant| format!("{grant} = true\n")).collect();
    if !ask::confirm(&format!("Write {} to {}, for this folder", grants.join(", "), config::NAME), true)? {
        return Ok(());
    }
    write_and_allow(path, &format!("[grants]\n{lines}"))
}

/// Writes a file that its owner alone can read, and lets it count.
fn write_and_allow(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| CommandError::not_written(path, &error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    trusted::allow(path, text, &[])?;
    output::message(&format!("note: {} is written, and counts in this folder", path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_called_by_the_connection_and_its_field() {
        for (connection, field, name) in [
            ("acmeApiKey", "apiKey", "ACME_API_KEY"),
            ("key", "token", "KEY_TOKEN"),
            ("acme-things", "apiKey", "ACME_THINGS_API_KEY"),
            ("2x", "key", "_2X_KEY"),
        ] {
            assert_eq!(variable::of_secret(connection, field), name);
            assert!(env_file::is_name(name));
        }
    }
}
