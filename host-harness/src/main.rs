//! The `harness` command: loads, runs and shows a connector component. See [`cli`]; its page is in [`ui`], and what
//! assistants call is in [`mcp`].

mod asking;
mod check;
mod cli;
mod flags;
mod graphql_request;
mod input_word;
mod json_parts;
mod json_writer;
mod markdown;
mod may_be_done;
mod mcp;
mod missing_grants;
mod operation;
mod problems;
mod questions;
mod record_text;
mod recording;
mod records;
mod state_check;
mod steps;
mod suggest;
mod ui;
mod variable;
mod verify;

use std::process::ExitCode;

use operator::{connections, files, shell, shown, token};

fn main() -> ExitCode {
    cli::main()
}
