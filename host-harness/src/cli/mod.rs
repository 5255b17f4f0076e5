//! The command line. It reads arguments and files, calls the library, and prints: no decision about a connector is made
//! here.

mod action;
mod ask;
mod call_flags;
mod check;
mod colours;
mod command;
mod command_error;
mod compile;
mod complete;
mod component;
mod connection_file;
mod connection_option;
mod data_source;
mod described;
mod docs;
mod doctor;
mod documents;
mod env_file;
mod explain;
mod format;
mod help;
mod hidden;
mod init;
mod inputs;
mod inspect;
mod jq;
mod key;
mod line;
mod mcp;
mod missing;
mod network;
mod notify;
mod options;
mod output;
mod output_file;
mod pick;
mod poll;
mod print;
mod progress;
mod project;
mod pull;
mod push;
mod record;
mod replay;
mod seen;
mod serve;
mod session;
mod sign;
mod standard_input;
mod state;
mod stop;
mod table;
mod tally;
mod test_connection;
mod trigger_state;
mod verify;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser};
use operator::values;

use command::{Command, Settings};
use command_error::CommandError;
use options::GlobalOptions;
use project::config::Config;

use crate::{record_text as records, shell, shown, suggest};

/// Loads a connector component, runs it in a sandbox, and shows what it does.
#[derive(Parser)]
#[command(name = "harness", version, about, long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    options: GlobalOptions,
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str = "\
Loads a connector component, runs it in a sandbox, and shows what it does.

Results are JSON on standard output (or a table: --format table); messages go to standard error. A component reaches one \
origin, the one that its connection names, over https, and nothing on a private network; --allow-http and \
--allow-private-network open those two, --read-only closes what could change data. What the environment says of proxies \
(HTTPS_PROXY and the like) counts for nothing but on the way to a registry: --proxy names one, and --allow-proxy allows it. A component never sees \
the connection's secrets.

Exit status: 0 done; 1 the connector or its service said no; 2 the command line or a file is wrong; 3 the host refused \
something or a limit was hit; 130 cancelled with Ctrl-C at a terminal. Where a call failed, with 1 or 3, a program finds \
{\"error\": {\"kind\": …, \"message\": …}} on standard output, with \"mayBeDone\": true where what was to be changed may \
have been changed all the same; what check, doctor, verify and replay find is their result.";

const EXAMPLES: &str = "\
Examples:
  harness init
  harness inspect
  harness action getThing --help
  harness test-connection --connection connection.json
  harness action getThing --connection connection.json --input id=5f1e…
  harness poll pollThings --connection connection.json --state poll.state
  harness serve --open

A connection file names a connection of the manifest and fills in its fields; ${NAME} is read from the environment:
  {\"key\": \"apiKey\", \"fields\": {\"apiKey\": \"${API_KEY}\", \"environment\": \"Main\"}}
It need not be named where it is connection.json in this folder, and `harness init` or `harness allow` has let it count.

The file harness.toml of this folder holds flags of every command, once it has been allowed too:
  [grants]
  read-only = true
  [limits]
  deadline = \"2m\"";

/// Reads the command line, runs the command, and gives the exit status.
pub(crate) fn main() -> ExitCode {
    output::guard_panics();
    // A shell that completes a line asks for words, and for nothing else.
    clap_complete::CompleteEnv::with_factory(Arguments::command).var(documents::VARIABLE).complete();
    let words: Vec<OsString> = std::env::args_os().collect();
    let (mut arguments, settings) = match read(&words) {
        Ok(read) => read,
        Err(Unread::Words(error)) if error.use_stderr() => {
            // The arguments stand in it, and a script may have them from somebody else.
            output::message(error.render().to_string().trim_end());
            if let Some(keys) = help::keys_where_none_is_given(&words, &error, &Arguments::command()) {
                output::message(&keys);
            }
            return ExitCode::from(2);
        }
        Err(Unread::Words(help)) => match help::of_operation(&words, &help, &Arguments::command()) {
            Some(status) => return status,
            None => help.exit(),
        },
        Err(Unread::Settings(failure)) => return failure.report(),
    };
    // The other half of --jq: what it works on is nobody's to see, and it needs nothing of what follows.
    if let Command::JqFilter(arguments) = &arguments.command {
        return jq::run(&arguments.expression, arguments.asked_by);
    }
    if arguments.options.quiet() {
        output::be_quiet();
    }
    let seen = match arguments.options.start_seen() {
        Ok(seen) => seen,
        Err(failure) => return failure.report(),
    };
    // One thread is enough for one call at a time, and starts fastest; the page runs many, and signals are heard on
    // another.
    let can_be_cancelled = arguments.command.can_be_cancelled();
    let mut builder = match &arguments.command {
        Command::Serve(_) | Command::Mcp(_) | Command::Watch(_) => tokio::runtime::Builder::new_multi_thread(),
        _ if can_be_cancelled => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    if can_be_cancelled {
        builder.worker_threads(1);
    }
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return CommandError::usage(format!("no asynchronous runtime could be started: {error}")).report();
        }
    };
    let recording = match arguments.options.start_recording(arguments.command.recording()) {
        Ok(recording) => recording,
        Err(failure) => return failure.report(),
    };
    let ended = runtime.block_on(async {
        let work = arguments.command.run(arguments.options, settings, Arguments::command());
        let result = match can_be_cancelled {
            true => until_cancelled(work).await,
            false => work.await,
        };
        // What failed is worth looking at too.
        let recorded = match recording {
            Some(recording) => recording.finish().await,
            None => Ok(()),
        };
        result.and(recorded)
    });
    let status = match &ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    };
    output::close_file();
    // All that it has to say has been printed.
    if let Some(seen) = seen {
        seen.finish();
    }
    // Nothing of it is needed any more, and to wait for its threads takes time.
    runtime.shutdown_background();
    if let Err(CommandError::Cancelled) = ended {
        stop::end_as_interrupted();
    }
    status
}

/// Does the work, unless a person at the terminal cancels it.
async fn until_cancelled(work: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    let stop = stop::Stop::listen_for_cancel()?;
    let ended = tokio::select! {
        ended = work => ended,
        () = stop.asked() => Err(CommandError::Cancelled),
    };
    if let Err(CommandError::Cancelled) = ended {
        // A question that is given up leaves it hidden.
        console::Term::stderr().show_cursor().ok();
    }
    ended
}

/// Why a command line cannot be acted on.
enum Unread {
    /// It is wrong, or asks for help.
    Words(clap::Error),
    /// The settings of the folder are.
    Settings(CommandError),
}

/// Reads the command line, with the flags that the folder's settings add to it.
fn read(words: &[OsString]) -> Result<(Arguments, Settings), Unread> {
    let (arguments, matches) = parsed(words).map_err(Unread::Words)?;
    if !arguments.command.heeds_settings() || arguments.options.no_config() {
        return Ok((arguments, Ok(format!("{} is not read", project::config::NAME))));
    }
    let config = match Config::find(&Arguments::command()) {
        Ok(Some(config)) => config,
        Ok(None) => return Ok((arguments, Ok(format!("there is no {} here", project::config::NAME)))),
        // What is wrong is what this command is to find out.
        Err(problem) if matches!(arguments.command, Command::Doctor(_)) => return Ok((arguments, Err(problem))),
        Err(problem) => return Err(Unread::Settings(problem)),
    };
    let flags = config.flags_beside(&matches);
    let said = config.words(&flags);
    let (program, rest) = words.split_at(words.len().min(1));
    let (mut arguments, _) = parsed(&[program, &flags, rest].concat()).map_err(Unread::Words)?;
    arguments.options.set_connection_to(config.connection);
    arguments.options.set_added(flags);
    let says = format!("{} counts: {said}", project::config::NAME);
    if !arguments.options.quiet() && !matches!(arguments.command, Command::Doctor(_)) {
        output::message(&format!("note: {says}"));
    }
    Ok((arguments, Ok(says)))
}

fn parsed(words: &[OsString]) -> Result<(Arguments, ArgMatches), clap::Error> {
    let mut command = Arguments::command();
    let matches = command.try_get_matches_from_mut(words)?;
    let mut arguments = Arguments::from_arg_matches(&matches)?;
    arguments.options.set_call_flags(call_flags::of(&command, &matches));
    Ok((arguments, matches))
}

#[cfg(test)]
mod tests {
    use host::{Grants, LimitUnit, Limits, WaysOut};

    use super::*;
    use crate::flags::Flags;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_flags_go_before_and_after_the_command() {
        for line in [
            ["harness", "--allow-http", "--deadline", "5s", "action", "key", "--connection", "c"],
            ["harness", "action", "key", "--connection", "c", "--deadline", "5s", "--allow-http"],
        ] {
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert!(arguments.options.grants().allow_http);
            assert_eq!(arguments.options.limits().deadline.as_secs(), 5);
        }
    }

    #[test]
    fn without_flags_the_limits_are_the_librarys_and_nothing_is_granted() {
        let arguments = Arguments::try_parse_from(["harness", "inspect"]).unwrap();
        assert_eq!(arguments.options.limits(), Limits::default());
        assert_eq!(arguments.options.grants(), Default::default());
    }

    #[test]
    fn the_flag_that_a_refusal_or_a_limit_names_changes_what_it_names() {
        use host::egress::Grant;
        for grant in Grant::ALL {
            let flag = Flags.grant(grant).unwrap();
            let grants = Arguments::try_parse_from(["harness", &flag, "inspect"]).unwrap().options.grants();
            let expected = match grant.field() {
                "allow_http" => grants == Grants { allow_http: true, ..Grants::default() },
                "allow_private_network" => grants == Grants { allow_private_network: true, ..Grants::default() },
                "allow_proxy" => grants == Grants { allow_proxy: true, ..Grants::default() },
                field => panic!("{field}"),
            };
            assert!(expected, "{flag}");
        }
        assert!(Arguments::try_parse_from(["harness", "--read-only", "inspect"]).unwrap().options.grants().read_only);
        for limit in host::Limit::ALL {
            let flag = Flags.limit(limit).unwrap();
            let value = if limit.unit() == LimitUnit::Time { "7ms" } else { "7" };
            let limits = Arguments::try_parse_from(["harness", &flag, value, "inspect"]).unwrap().options.limits();
            let mut expected = Limits::default();
            expected.set(limit, 7);
            assert_eq!(limits, expected, "{flag}");
        }
    }

    #[test]
    fn every_flag_and_grant_that_an_error_names_exists() {
        let command = Arguments::command();
        let exists = |flag: &str| command.get_arguments().any(|known| known.get_long() == flag.strip_prefix("--"));
        for limit in host::Limit::ALL {
            assert!(exists(&Flags.limit(limit).unwrap()), "{}", limit.name());
        }
        use host::egress::{Grant, Restriction};
        for grant in Grant::ALL {
            assert!(exists(&Flags.grant(grant).unwrap()), "{}", grant.field());
        }
        assert!(exists(&Flags.restriction(Restriction::ReadOnly).unwrap()));
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        for command in Arguments::command().get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{help}");
        }
    }
}
