//! `harness allow`: lets a file of this folder count without being named.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use serde_json::Value;

use super::config::{self, Config};
use super::trusted;
use crate::cli::command_error::CommandError;
use crate::cli::connection_option;
use crate::cli::output;

/// Let harness.toml and connection.json of this folder count, as they are now
///
/// Both come with what one clones, and can send a key to another address or open a private network; so they count only
/// after this, and again after each change. A file that other users can change never does. What is named with
/// --connection or HARNESS_CONNECTION needs no leave.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness allow
  harness allow harness.toml")]
pub(in crate::cli) struct Arguments {
    /// The files [default: those of the two that are here]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(in crate::cli) fn run(arguments: Arguments, command: &Command) -> Result<(), CommandError> {
    let mut files = arguments.files;
    if files.is_empty() {
        let usual = [config::NAME, connection_option::USUAL].map(PathBuf::from);
        files.extend(usual.into_iter().filter(|path| path.exists()));
    }
    if files.is_empty() {
        let text = format!("there is neither {} nor {} here", config::NAME, connection_option::USUAL);
        return Err(CommandError::usage(text));
    }
    for path in files {
        allow(&path, command)?;
    }
    Ok(())
}

/// Allows one file, and shows what it says: as it stands, and then in short, where no blank line can hide a part of it.
fn allow(path: &Path, command: &Command) -> Result<(), CommandError> {
    let text = trusted::read_own(path)?;
    let is_settings = path.file_name().is_some_and(|name| name == config::NAME);
    let (names, said) = if is_settings {
        (Config::files_named(&text, command), Config::said(&text, command)?)
    } else {
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| CommandError::usage(format!("{} is not JSON: {error}", path.display())))?;
        (Vec::new(), value.to_string())
    };
    trusted::allow(path, &text, &names)?;
    output::message(&format!("{}:\n{}", path.display(), text.trim_end()));
    let files: Vec<String> = names.iter().map(|name| name.display().to_string()).collect();
    let files = match files.as_slice() {
        [] => String::new(),
        names => format!(", with what is in {} now", names.join(", ")),
    };
    output::message(&format!("note: {} counts from now on in its folder{files}: {said}", path.display()));
    Ok(())
}
