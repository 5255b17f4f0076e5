//! What comes with the program: manual pages, and the scripts by which shells complete its command line. Made from the
//! command line itself, by `cargo xtask build`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

use super::command_error::CommandError;
use super::output;

/// Write the manual pages and the completions of shells to a folder
#[derive(Args)]
#[command(after_long_help = "\
Example:
  harness documents dist")]
pub(super) struct Arguments {
    /// The folder, in which man/ and completions/ are made
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// The variable that has the program complete a line in place of running it.
pub(super) const VARIABLE: &str = "HARNESS_COMPLETE";

/// What bash needs beside, so that it completes what follows the equals sign of an input.
const WHOLE_WORDS: &str = include_str!("words.bash");

pub(super) fn run(arguments: &Arguments, command: Command) -> Result<(), CommandError> {
    let folder = &arguments.folder;
    let failed = |error: io::Error| CommandError::usage(format!("{} cannot be written to: {error}", folder.display()));
    manual_pages(command, &folder.join("man")).map_err(failed)?;
    completions(&folder.join("completions")).map_err(failed)?;
    output::message(&format!("note: {0}/man and {0}/completions are written", folder.display()));
    Ok(())
}

fn manual_pages(command: Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}

fn completions(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let shells: [(&dyn EnvCompleter, &str); 4] =
        [(&Bash, "harness.bash"), (&Zsh, "_harness"), (&Fish, "harness.fish"), (&Powershell, "harness.ps1")];
    for (shell, name) in shells {
        let mut script = Vec::new();
        // By its name alone: whichever is first on the path completes itself.
        shell.write_registration(VARIABLE, "harness", "harness", "harness", &mut script)?;
        if shell.name() == Bash.name() {
            script.extend_from_slice(WHOLE_WORDS.as_bytes());
        }
        fs::write(folder.join(name), script)?;
    }
    Ok(())
}
