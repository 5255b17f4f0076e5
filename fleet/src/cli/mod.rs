//! The command `fleet`.

mod apply;
mod rollout;
mod seen;
mod serve;
mod store;
mod triggers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use operator::shown::lines;

use store::StoreOptions;
use triggers::Deed;

/// Polls many triggers of many tenants, and delivers what they find.
///
/// The triggers are kept in PostgreSQL or on a Restate; any number of `fleet serve` share them.
#[derive(Parser)]
#[command(name = "fleet", version, about, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Options>),
    Apply(apply::Options),
    List(triggers::ListOptions),
    Show(triggers::ShowOptions),
    /// Poll triggers now, and not when they are due
    Poll(triggers::Named),
    /// Leave triggers alone; what waits for its delivery is still delivered
    Pause(triggers::Named),
    /// Poll triggers again that were paused: changes of the meantime come
    Resume(triggers::Named),
    /// Forget triggers, and what waits for its delivery: pause them first and wait, if that should be delivered
    Remove(triggers::Named),
    Rollout(rollout::Options),
}

pub(crate) fn main() -> ExitCode {
    let command = CommandLine::parse().command;
    // A worker's log goes to a collector, too.
    if !matches!(command, Command::Serve(_)) {
        seen::start_log();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::anyhow!("the program cannot be started: {error}")),
    };
    let result = runtime.block_on(async {
        match command {
            Command::Serve(options) => serve::run(*options).await,
            Command::Apply(options) => apply::run(options).await,
            Command::List(options) => triggers::list(options).await,
            Command::Show(options) => triggers::show(options).await,
            Command::Poll(named) => triggers::each(named, Deed::Poll).await,
            Command::Pause(named) => triggers::each(named, Deed::Pause).await,
            Command::Resume(named) => triggers::each(named, Deed::Resume).await,
            Command::Remove(named) => triggers::each(named, Deed::Remove).await,
            Command::Rollout(options) => rollout::run(options).await,
        }
    });
    // What still waits for a file or a name need not be waited for.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {}", lines(&format!("{error:#}")));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use host::WaysOut;
    use host::egress::Grant;

    use super::*;
    use crate::flags::Flags;

    #[test]
    fn the_command_line_is_sound_and_has_every_flag_that_an_error_names() {
        let mut command = CommandLine::command();
        command.build();
        command.clone().debug_assert();
        let serve = command.find_subcommand("serve").unwrap();
        let exists = |flag: &str| serve.get_arguments().any(|known| known.get_long() == flag.strip_prefix("--"));
        let named = host::Limit::ALL.into_iter().filter_map(|limit| Flags.limit(limit));
        let named: Vec<_> = named.chain(Grant::ALL.into_iter().filter_map(|grant| Flags.grant(grant))).collect();
        assert!(named.len() > 1 && named.iter().all(|flag| exists(flag)), "{named:?}");
    }
}
