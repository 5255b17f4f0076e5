//! `harness allow`: lets a file of this folder count without being named.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{config, trusted};
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

pub(in crate::cli) fn run(arguments: Arguments) -> Result<(), CommandError> {
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
        allow(&path)?;
    }
    Ok(())
}

/// Allows one file, and shows what it says.
fn allow(path: &Path) -> Result<(), CommandError> {
    let text = trusted::read_own(path)?;
    trusted::allow(path, &text)?;
    output::message(&format!(
        "note: {} counts from now on in its folder, as it is:\n{}",
        path.display(),
        text.trim_end()
    ));
    Ok(())
}
