//! Where a new key is written: a file of its own, a line of an environment file, or what a command reads. Nothing of it
//! is on a command line.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use tempfile::NamedTempFile;

use crate::cli::command_error::CommandError;
use crate::files;

/// Environment files have some dozens of lines.
const LARGEST_ENV_FILE: u64 = 1024 * 1024;

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct Options {
    /// Write it to this file, readable by you alone, in place of what is there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to_env_file", "to_command"])]
    to_file: Option<PathBuf>,
    /// Write it to the line NAME=… of this file, whose other lines stay
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with = "to_command")]
    to_env_file: Option<PathBuf>,
    /// The variable in that file
    #[arg(long, value_name = "NAME", requires = "to_env_file")]
    name: Option<String>,
    /// Run this by the shell, with the key and a line break on its standard input
    #[arg(long, value_name = "COMMAND")]
    to_command: Option<String>,
}

/// A destination that was found to be writable.
pub(super) struct Destination {
    kind: Kind,
    /// Where the key goes if all else fails: a file in the present folder.
    rescue: NamedTempFile,
}

enum Kind {
    File(NamedTempFile, PathBuf),
    EnvFile { file: NamedTempFile, path: PathBuf, name: String, before: String },
    Command(String),
}

impl Destination {
    pub(super) fn open(options: Options) -> Result<Self, CommandError> {
        let rescue = tempfile::Builder::new().prefix("renewed-key-").tempfile_in(".");
        let rescue = rescue.map_err(|error| {
            CommandError::usage(format!(
                "nothing can be written in the present folder, where a new key could be kept safe: {error}"
            ))
        })?;
        let kind = match options {
            Options { to_file: Some(path), .. } => Kind::File(beside(&path)?, path),
            Options { to_env_file: Some(path), name: Some(name), .. } => {
                if !is_name(&name) {
                    return Err(CommandError::usage(format!(
                        "{name:?} cannot be the name of a variable: use letters, digits and _"
                    )));
                }
                let before = match files::read(&path, LARGEST_ENV_FILE) {
                    Ok(text) => text,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
                    Err(error) => return Err(failed(&path, &error)),
                };
                Kind::EnvFile { file: beside(&path)?, path, name, before }
            }
            Options { to_command: Some(command), .. } => Kind::Command(command),
            _ => {
                return Err(CommandError::usage(
                    "say where the new key is to go: --to-file, --to-env-file or --to-command",
                ));
            }
        };
        Ok(Self { kind, rescue })
    }

    /// Writes the key, and gives where, in words. If that fails the key is kept apart, and the error says where.
    pub(super) fn write(self, key: &str) -> Result<String, CommandError> {
        let Self { kind, rescue } = self;
        let written = match kind {
            Kind::File(file, path) => replace(file, &path, &format!("{key}\n")),
            Kind::EnvFile { file, path, name, before } => replace(file, &path, &with_line(&before, &name, key)),
            Kind::Command(command) => run(&command, key),
        };
        written.or_else(|why| {
            let kept = keep(rescue, key)?;
            Err(CommandError::usage(format!(
                "{why}. The new key is good, and is in {kept}: move it to where it belongs"
            )))
        })
    }

    /// Writes the key to a file of its own and gives its name.
    pub(super) fn keep_apart(self, key: &str) -> Result<String, CommandError> {
        keep(self.rescue, key)
    }
}

fn keep(mut rescue: NamedTempFile, key: &str) -> Result<String, CommandError> {
    let kept = rescue.write_all(key.as_bytes()).and_then(|()| rescue.as_file().sync_all());
    let kept = kept.and_then(|()| rescue.keep().map_err(|error| error.error));
    match kept {
        Ok((_, path)) => Ok(path.display().to_string()),
        Err(error) => Err(CommandError::usage(format!(
            "the new key could not be kept anywhere ({error}), and is lost; the old one may be good still: try again"
        ))),
    }
}

/// A file of the same folder, readable by its owner alone, that can take the other's place at once.
fn beside(path: &Path) -> Result<NamedTempFile, CommandError> {
    // A link stays one: what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.is_dir() {
        return Err(CommandError::usage(format!("{} is a folder", path.display())));
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &io::Error) -> CommandError {
    CommandError::usage(format!("{} cannot be written, so no key was asked for: {error}", path.display()))
}

fn replace(mut file: NamedTempFile, path: &Path, text: &str) -> Result<String, String> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
    written
        .map_err(|error| error.to_string())
        .and_then(|()| file.persist(&target).map(drop).map_err(|error| error.error.to_string()))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    Ok(path.display().to_string())
}

/// The text with this line in place of the one that sets the variable, or at its end.
fn with_line(before: &str, name: &str, key: &str) -> String {
    // A key is printable ASCII; between single quotes only a single quote means anything.
    let line = format!("{name}='{}'", key.replace('\'', "'\\''"));
    let sets_it = |text: &str| {
        let text = text.trim_start();
        let text = text.strip_prefix("export ").unwrap_or(text).trim_start();
        text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let mut found = false;
    let mut lines: Vec<String> = Vec::new();
    for old in before.lines() {
        if !sets_it(old) {
            lines.push(old.to_owned());
        } else if !std::mem::replace(&mut found, true) {
            let export = if old.trim_start().starts_with("export ") { "export " } else { "" };
            lines.push(format!("{export}{line}"));
        }
    }
    if !found {
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

fn run(command: &str, key: &str) -> Result<String, String> {
    let failed = |what: String| format!("the command {command:?} {what}");
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    // A command that reads nothing of it is not to be waited for.
    let given = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(format!("{key}\n").as_bytes()));
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    match (status.success(), given) {
        (true, Ok(())) => Ok(format!("the command {command:?}")),
        (true, Err(error)) => Err(failed(format!("did not read the key: {error}"))),
        (false, _) => Err(failed(format!("failed: {status}"))),
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_an_environment_file_is_replaced_and_the_others_stay() {
        for (before, after) in [
            ("", "KEY='new'\n"),
            ("A=1\nKEY=old\n# KEY=kept\nMY_KEY=2\n", "A=1\nKEY='new'\n# KEY=kept\nMY_KEY=2\n"),
            ("export KEY = \"old\"\nKEY=older", "export KEY='new'\n"),
            ("KEYS=1", "KEYS=1\nKEY='new'\n"),
        ] {
            assert_eq!(with_line(before, "KEY", "new"), after, "{before}");
        }
        assert_eq!(with_line("", "KEY", "a'b"), "KEY='a'\\''b'\n");
    }

    #[test]
    fn names_of_variables_are_told_from_others() {
        assert!(is_name("API_KEY2") && !is_name("2KEY") && !is_name("") && !is_name("A=B") && !is_name("A B"));
    }
}
