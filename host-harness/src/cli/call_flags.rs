//! The flags of a command line that count for every call, for command lines that are shown: which component, what it may
//! do and use, and how requests get to their service. Not how results are printed, nor what is written beside them.

use clap::{ArgAction, ArgMatches, Command};

use super::project::config::{TABLES, is_given};
use super::shell::word;

/// Those of them that stand under no heading.
const WHAT_IS_LOADED: [&str; 4] = ["component", "precompiled", "trust", "expect_manifest"];
/// A grant that is of use beside --otlp alone, which is no flag of a call.
const FOR_COLLECTORS: &str = "send_trace_context";

/// These flags as a shell takes them; none where one cannot be written for a shell.
pub(super) fn of(command: &Command, matches: &ArgMatches) -> Option<Vec<String>> {
    // A flag may stand before the command's name or after it: the innermost has all.
    let mut matches = matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let counts = |argument: &&clap::Arg| {
        let heading = argument.get_help_heading().unwrap_or_default();
        let id = argument.get_id().as_str();
        let is_of_calls = id != FOR_COLLECTORS;
        WHAT_IS_LOADED.contains(&id) || is_of_calls && TABLES.iter().any(|(_, known)| *known == heading)
    };
    let mut words = Vec::new();
    for argument in command.get_arguments().filter(counts) {
        let id = argument.get_id().as_str();
        if !is_given(matches, id) {
            continue;
        }
        let flag = format!("--{}", argument.get_long()?);
        match argument.get_action() {
            ArgAction::SetTrue => words.push(flag),
            _ => {
                for value in matches.get_raw(id)? {
                    words.extend([flag.clone(), word(value.to_str()?)?]);
                }
            }
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Arguments;
    use super::of;

    #[test]
    fn what_is_loaded_granted_and_bounded_is_said_again_wherever_it_stood_and_nothing_else_is() {
        let flags = |words: &[&str]| {
            let matches = Arguments::command().try_get_matches_from([&["harness"], words].concat()).unwrap();
            of(&Arguments::command(), &matches).map(|words| words.join(" "))
        };
        let line = ["--component", "a b.wasm", "--read-only", "serve", "--deadline", "2s", "--allow-http", "--quiet"];
        let said = flags(&line).unwrap();
        assert_eq!(said, "--component 'a b.wasm' --allow-http --read-only --deadline 2s");
        let trusted = flags(&["serve", "--trust", "a.pub", "--trust", "$(b)", "--format", "json", "--debug"]).unwrap();
        assert_eq!(trusted, "--trust a.pub --trust '$(b)'");
        assert_eq!(flags(&["serve", "--proxy", "http://127.0.0.1:1"]).unwrap(), "--proxy http://127.0.0.1:1");
        let expected = flags(&["--expect-manifest", "a.json", "--send-trace-context", "serve"]).unwrap();
        assert_eq!(expected, "--expect-manifest a.json");
        assert_eq!(flags(&["inspect"]).unwrap(), "");
        assert_eq!(flags(&["--component", "a\u{1b}.wasm", "serve"]), None);
    }
}
