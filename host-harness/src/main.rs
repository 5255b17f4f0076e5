//! The `harness` command: loads, runs and shows a connector component. See [`cli`]; its page is in [`ui`].

mod cli;
mod connections;
mod files;
mod flags;
mod json_parts;
mod record_text;
mod records;
mod shell;
mod shown;
mod token;
mod ui;
mod verify;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
