//! The `harness` command: loads, runs and shows a connector component. See [`cli`].

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
