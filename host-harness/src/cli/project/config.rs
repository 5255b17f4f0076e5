//! `harness.toml`: the flags of every command that runs in its folder. Its members are those flags by their names, in
//! the tables `grants`, `limits` and `network`, so that nothing is said twice: what a flag takes, a member takes.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, parser::ValueSource};
use toml::{Table, Value};

use super::trusted;
use crate::cli::command_error::CommandError;
use crate::cli::suggest::did_you_mean;

/// The file's name.
pub(in crate::cli) const NAME: &str = "harness.toml";

/// The tables of the file, and under which heading the flags of each stand in the help.
pub(in crate::cli) const TABLES: [(&str, &str); 3] =
    [("grants", "Grants"), ("limits", "Limits of a call"), ("network", "Network")];

/// What the file says.
#[derive(Debug, Default, PartialEq)]
pub(in crate::cli) struct Config {
    /// The connection file to use where none is named.
    pub(in crate::cli) connection: Option<PathBuf>,
    /// The files that its flags name.
    files: Vec<PathBuf>,
    /// Flags, each with the id of its argument.
    flags: Vec<(String, OsString)>,
}

impl Config {
    /// Reads the file of this folder, if there is one. It has to be allowed.
    pub(in crate::cli) fn find(command: &Command) -> Result<Option<Self>, CommandError> {
        let path = Path::new(NAME);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let text = trusted::read(path, "--no-config does without it", |text| Self::files_named(text, command))?;
        Self::read(&text, command).map(Some).map_err(|text| CommandError::usage(format!("{NAME}: {text}")))
    }

    /// The files that a text of settings names: what is in them counts as what it says itself.
    pub(super) fn files_named(text: &str, command: &Command) -> Vec<PathBuf> {
        Self::read(text, command).map(|config| config.files).unwrap_or_default()
    }

    /// What a text of settings says, in the words of the command line.
    pub(super) fn said(text: &str, command: &Command) -> Result<String, CommandError> {
        let failed = |text: String| CommandError::usage(format!("{NAME}: {text}"));
        let config = Self::read(text, command).map_err(failed)?;
        // One that is not there yet may come.
        let is_no_file = |path: &&PathBuf| path.metadata().is_ok_and(|there| !there.is_file());
        if let Some(path) = config.connection.as_ref().filter(is_no_file) {
            return Err(failed(format!("connection: {} is no file: name a connection file", path.display())));
        }
        Ok(config.words(&config.flags.iter().map(|(_, word)| word.clone()).collect::<Vec<_>>()))
    }

    /// These flags, and the connection that the file names, in words.
    pub(in crate::cli) fn words(&self, flags: &[OsString]) -> String {
        let connection = self.connection.iter().map(|path| format!("the connection {}", path.display()));
        let words: Vec<String> =
            flags.iter().map(|flag| flag.to_string_lossy().into_owned()).chain(connection).collect();
        if words.is_empty() { "it says nothing".to_owned() } else { words.join(" ") }
    }

    fn read(text: &str, command: &Command) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        let mut config = Self::default();
        for (name, value) in table {
            let heading = TABLES.iter().find(|(table, _)| *table == name).map(|(_, heading)| *heading);
            match (name.as_str(), heading, value) {
                ("connection", _, Value::String(path)) => config.connection = Some(path.into()),
                ("component", _, Value::String(name)) if is_movable(&name) => {
                    return Err(format!("{name:?} can become another component: name it by its digest, @sha256:…"));
                }
                (name @ ("component" | "trust"), _, value @ Value::String(_)) => {
                    config.flag(name, &value, None, command)?;
                }
                ("trust", _, Value::Array(keys)) => {
                    for key in keys {
                        config.flag("trust", &key, None, command)?;
                    }
                }
                ("connection" | "component" | "trust", _, _) => {
                    return Err(format!("{name} must be the name of a file"));
                }
                (_, Some(heading), Value::Table(members)) => {
                    for (flag, value) in members {
                        config.flag(&flag, &value, Some(heading), command)?;
                    }
                }
                (_, Some(_), _) => return Err(format!("{name} must be a table, [{name}]")),
                (_, None, _) => {
                    let known = || {
                        ["connection", "component", "trust"].into_iter().chain(TABLES.iter().map(|(table, _)| *table))
                    };
                    let meant = did_you_mean(&name, known());
                    let known = known().collect::<Vec<_>>().join(", ");
                    return Err(format!("there is no {name:?}{meant}; there are {known}"));
                }
            }
        }
        Ok(config)
    }

    fn flag(&mut self, name: &str, value: &Value, heading: Option<&str>, command: &Command) -> Result<(), String> {
        let is_of_table = |argument: &&Arg| argument.get_help_heading() == heading && argument.is_global_set();
        let mut flags = command.get_arguments().filter(is_of_table);
        let Some(argument) = flags.find(|argument| argument.get_long() == Some(name)) else {
            let known = || command.get_arguments().filter(is_of_table).filter_map(Arg::get_long);
            let known_text = known().collect::<Vec<_>>().join(", ");
            return Err(format!("there is no {name:?} here{}; there are {known_text}", did_you_mean(name, known())));
        };
        let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
        let word = match value {
            Value::Boolean(true) if is_switch => format!("--{name}"),
            Value::Boolean(false) if is_switch => return Ok(()),
            _ if is_switch => return Err(format!("{name} is true or false")),
            Value::String(text) => format!("--{name}={text}"),
            Value::Integer(number) => format!("--{name}={number}"),
            _ => return Err(format!("{name} must be a text or a whole number, as --{name} takes it")),
        };
        let names_a_file = argument.get_value_names().is_some_and(|names| names.iter().any(|name| name == "FILE"));
        if let (true, Value::String(path)) = (names_a_file && !is_address(value), value) {
            self.files.push(path.into());
        }
        self.flags.push((argument.get_id().to_string(), word.into()));
        Ok(())
    }

    /// The flags that the command line does not give itself.
    pub(in crate::cli) fn flags_beside(&self, given: &ArgMatches) -> Vec<OsString> {
        // What is compiled already takes the component's place.
        let is_replaced = |id: &str| id == "component" && is_given(given, "precompiled");
        let flags = self.flags.iter().filter(|(id, _)| !is_given(given, id) && !is_replaced(id));
        flags.map(|(_, word)| word.clone()).collect()
    }
}

/// Whether a value is the address of a component in a registry, which is in no file.
fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(registry::SCHEME))
}

/// Whether the address of a component names one today and may name another tomorrow.
fn is_movable(name: &str) -> bool {
    name.starts_with(registry::SCHEME) && !name.contains("@sha256:")
}

/// Whether the command line gives the argument, before the command's name or after it.
pub(in crate::cli) fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let source = matches.try_contains_id(id).is_ok_and(|known| known).then(|| matches.value_source(id)).flatten();
    source == Some(ValueSource::CommandLine) || matches.subcommand().is_some_and(|(_, inner)| is_given(inner, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let switch = |name: &'static str| {
            Arg::new(name).long(name).global(true).action(ArgAction::SetTrue).help_heading("Grants")
        };
        Command::new("harness")
            .arg(switch("allow-http"))
            .arg(switch("read-only"))
            .arg(Arg::new("time").long("deadline").global(true).help_heading("Limits of a call"))
            .arg(Arg::new("component").long("component").global(true))
            .arg(Arg::new("trust").long("trust").global(true).action(ArgAction::Append).value_name("FILE"))
            .arg(Arg::new("precompiled").long("precompiled").global(true))
            .subcommand(Command::new("inspect"))
    }

    #[test]
    fn a_component_in_a_registry_is_named_by_its_digest_and_its_keys_count_as_they_were_allowed() {
        let moved = Config::read("component = \"oci://registry.example/x:1\"", &command()).unwrap_err();
        assert!(moved.contains("by its digest"), "{moved}");
        let text = "component = \"oci://registry.example/x@sha256:00\"\ntrust = [\"a.pub\", \"b.pub\"]\n";
        let config = Config::read(text, &command()).unwrap();
        assert_eq!(config.files, [PathBuf::from("a.pub"), "b.pub".into()]);
        let beside = config.flags_beside(&command().try_get_matches_from(["harness", "inspect"]).unwrap());
        assert_eq!(beside, ["--component=oci://registry.example/x@sha256:00", "--trust=a.pub", "--trust=b.pub"]);
    }

    #[test]
    fn members_are_flags_and_the_command_line_wins() {
        let text = "connection = \"c.json\"\ncomponent = \"x.wasm\"\n[grants]\nallow-http = true\nread-only = \
                    false\n[limits]\ndeadline = \"5s\"\n";
        let config = Config::read(text, &command()).unwrap();
        assert_eq!(config.connection.as_deref(), Some(Path::new("c.json")));
        let beside = |line: &[&str]| config.flags_beside(&command().try_get_matches_from(line).unwrap());
        assert_eq!(beside(&["harness", "inspect"]), ["--component=x.wasm", "--allow-http", "--deadline=5s"]);
        assert_eq!(beside(&["harness", "inspect", "--deadline", "1s"]), ["--component=x.wasm", "--allow-http"]);
        assert_eq!(beside(&["harness", "--deadline", "1s", "inspect"]), ["--component=x.wasm", "--allow-http"]);
        assert_eq!(beside(&["harness", "--precompiled", "x.cwasm", "inspect"]), ["--allow-http", "--deadline=5s"]);
    }

    #[test]
    fn what_the_file_cannot_say_is_an_error_that_names_what_it_can() {
        for (text, expected) in [
            ("[grant]\nallow-http = true", "did you mean grants?"),
            ("[grants]\nallow-htp = true", "did you mean allow-http?"),
            ("[grants]\nallow-http = \"yes\"", "allow-http is true or false"),
            ("[grants]\ndeadline = \"5s\"", "there are allow-http, read-only"),
            ("[limits]\ndeadline = [1]", "as --deadline takes it"),
            ("precompiled = \"x\"", "there is no \"precompiled\""),
            ("connection = 1", "must be the name of a file"),
            ("grants = true", "must be a table"),
            ("x", "expected"),
        ] {
            let error = Config::read(text, &command()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
