//! Reads a connection file: JSON in which `${NAME}` stands for a variable of the environment, so that the file can be
//! shared and the key cannot. What came from the environment is not printed by any command, whatever field it stands
//! in.

use std::cell::Cell;
use std::fs::{File, Metadata};
use std::path::Path;

use host::Origin;
use host::contract::{ConnectionDefinition, ConnectorDefinition};
use operator::openness::{self, Openness};
use operator::variables::filled_in;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::command_error::CommandError;
use super::connection_option::Source;
use super::hidden::Hidden;
use super::project::trusted;
use super::{env_file, output, standard_input};
use crate::files;
use crate::variable::FromFile;

/// Connections are a handful of fields; a larger file is another file.
const LARGEST: u64 = 1024 * 1024;

/// Reads a connection, fills in variables, and hides what they hold from now on. Warns of a file that is open to
/// others, and refuses one that nobody has named or allowed. Errors name the file and the variable, and repeat no
/// value.
pub(super) fn read(source: &Source, connector: &ConnectorDefinition) -> Result<FromFile, CommandError> {
    let mut files = read_all([source], connector)?;
    files.pop().ok_or_else(|| CommandError::usage("no connection was read"))
}

/// The same for all connections of a command, which has to read them together: what is hidden is said once.
pub(super) fn read_all<'s>(
    sources: impl IntoIterator<Item = &'s Source>,
    connector: &ConnectorDefinition,
) -> Result<Vec<FromFile>, CommandError> {
    let read = sources.into_iter().map(|source| read_from(source, connector)).collect::<Result<Vec<Read>, _>>()?;
    output::hide(Hidden::of(read.iter().flat_map(|read| &read.hidden).map(|value| value.as_str())));
    for warning in read.iter().filter_map(|read| read.warning.as_ref()) {
        output::message(&format!("warning: {warning}"));
    }
    Ok(read.into_iter().map(|read| FromFile { value: read.value, written: read.written }).collect())
}

fn read_from(source: &Source, connector: &ConnectorDefinition) -> Result<Read, CommandError> {
    let missing = Cell::new(None);
    let variable = |name: &str| {
        let value = std::env::var(name).ok();
        if value.is_none() {
            missing.set(Some(name.to_owned()));
        }
        value
    };
    let read = match source {
        Source::StandardInput => {
            let input = standard_input::take("--connection")?;
            let failed = |text: String| CommandError::usage(format!("the connection on standard input: {text}"));
            let text = files::read_text(input, LARGEST).map_err(|error| failed(error.to_string()))?;
            read_text(&text, None, connector, variable).map_err(failed)
        }
        Source::Named(path) | Source::Set(path) => read_with(path, connector, variable),
        Source::Found(path) => {
            let text = trusted::read(path, "or name it with --connection", |_| Vec::new())?;
            let failed = |text: String| CommandError::usage(format!("the connection file {}: {text}", path.display()));
            read_text(&text, None, connector, variable).map_err(failed)
        }
    };
    read.map_err(|error| match missing.take().and_then(|name| set_here(&name)) {
        Some(says) => CommandError::usage(format!("{}; {says}", error.message())),
        None => error,
    })
}

/// That a variable stands in the environment file that is usual, which nothing but a shell reads.
fn set_here(variable: &str) -> Option<String> {
    let file = Path::new(env_file::USUAL);
    let way = env_file::sourced(file).map(|words| format!(": `{words}` has this shell know it"));
    env_file::sets(file, variable).then(|| format!("{} here sets it{}", file.display(), way.unwrap_or_default()))
}

/// A connection file that was read.
#[derive(Debug)]
struct Read {
    value: Value,
    /// As it is written, variables by their names.
    written: Value,
    /// What came from the environment and is to be shown nowhere.
    hidden: Vec<Zeroizing<String>>,
    warning: Option<String>,
}

fn read_with(
    path: &Path,
    connector: &ConnectorDefinition,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Read, CommandError> {
    let failed = |text: String| CommandError::usage(format!("the connection file {}: {text}", path.display()));
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
    let text = files::read_text(file, LARGEST).map_err(|error| failed(error.to_string()))?;
    read_text(&text, Some((path, &metadata)), connector, variable).map_err(failed)
}

/// Reads the text of a connection, which is of this file if it is of one that others may have to do with.
fn read_text(
    text: &str,
    file: Option<(&Path, &Metadata)>,
    connector: &ConnectorDefinition,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Read, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let kind = value.get("key").and_then(Value::as_str).and_then(|key| connector.connection(key));
    let warning = file.and_then(|(path, metadata)| {
        let others = Openness::of(metadata).and_then(|openness| match openness {
            Openness::Writable(who) => Some(format!("{who}, and so decide where the key goes")),
            Openness::Readable => holds_a_secret(&value, kind).then(|| openness::READS_A_SECRET.to_owned()),
        });
        others.map(|others| openness::warning("the connection file", path, &others))
    });
    let (written, mut filled_in) = (value.clone(), Vec::new());
    fill_in(&mut value, None, &variable, &mut filled_in)?;
    let hidden = filled_in.iter().filter(|filled| !is_shown(filled, &value, kind));
    let hidden = hidden.map(|filled| Zeroizing::new(filled.value.clone())).collect();
    Ok(Read { hidden, value, written, warning })
}

/// What a variable held, and the field of the connection that it is in, if it is in one.
struct FilledIn {
    value: String,
    field: Option<String>,
}

/// Whether a value is shown although it came from the environment: a choice of the manifest's is no secret, and neither
/// is the address that the person must be able to check.
fn is_shown(filled: &FilledIn, connection: &Value, kind: Option<&ConnectionDefinition>) -> bool {
    let fields = || kind.into_iter().flat_map(|kind| &kind.fields);
    let is_choice = fields().any(|field| {
        let environments = field.endpoint.iter().flat_map(|endpoint| &endpoint.environments);
        let choices = field.input.choices.iter().map(|choice| &choice.value);
        choices.chain(environments.map(|environment| &environment.value)).any(|value| *value == filled.value)
    });
    let is_in_endpoint = fields()
        .any(|field| field.endpoint.is_some() && !field.secret && Some(&field.input.key) == filled.field.as_ref());
    // A host or a port of its own: what is shown of an address is its origin.
    let whole = || connection.get("fields")?.get(filled.field.as_ref()?)?.as_str();
    let is_part_of_origin = whole()
        .and_then(|address| Origin::parse(address).ok())
        .is_some_and(|origin| origin.to_string().contains(filled.value.as_str()));
    is_choice || is_in_endpoint && (is_plain_url(&filled.value) || is_part_of_origin)
}

/// An absolute URL with nothing in it that only those who may use it should know.
fn is_plain_url(text: &str) -> bool {
    Url::parse(text.trim()).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// Whether a secret stands in the file itself. By the manifest, because an address may be read by anybody; not of a
/// connection that the manifest does not have, which is refused for that.
fn holds_a_secret(value: &Value, kind: Option<&ConnectionDefinition>) -> bool {
    let secrets = kind.into_iter().flat_map(|kind| &kind.fields).filter(|field| field.secret);
    let texts = secrets.filter_map(|field| value.get("fields")?.get(&field.input.key)?.as_str());
    texts.into_iter().any(|text| !text.trim().is_empty() && !text.contains("${"))
}

fn fill_in(
    value: &mut Value,
    field: Option<&str>,
    variable: &impl Fn(&str) -> Option<String>,
    found: &mut Vec<FilledIn>,
) -> Result<(), String> {
    match value {
        Value::String(text) => {
            if text.contains("${") {
                *text = filled_in(text, variable, &mut |value| {
                    found.push(FilledIn { value: value.to_owned(), field: field.map(str::to_owned) });
                })?;
            }
            Ok(())
        }
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill_in(value, field, variable, found)),
        Value::Object(object) => object.iter_mut().try_for_each(|(name, value)| match value {
            // Only the members of `fields` are fields; inside one, its name is that of the field still.
            Value::Object(fields) if field.is_none() && name == "fields" => {
                fields.iter_mut().try_for_each(|(name, value)| fill_in(value, Some(name), variable, found))
            }
            value => fill_in(value, field, variable, found),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "connection_file_tests.rs"]
mod tests;
