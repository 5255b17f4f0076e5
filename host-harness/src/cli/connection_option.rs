//! Which connection a command is to use: the one that is named, or the one that is there.

use std::path::{Path, PathBuf};

use clap::Args;

use super::command_error::CommandError;
use super::output_file::are_one;

/// The variable that names the connection file where no flag does.
const VARIABLE: &str = "HARNESS_CONNECTION";
/// The file that is looked for where nothing names one.
pub(super) const USUAL: &str = "connection.json";

#[derive(Args)]
pub(super) struct ConnectionOption {
    /// The connection: {"key": …, "fields": {…}}, in which ${NAME} is read from the environment; - reads standard
    /// input [default: the file that HARNESS_CONNECTION names, else connection.json in this folder, once `harness
    /// allow` or `harness init` has allowed it]
    #[arg(long = "connection", value_name = "FILE")]
    named: Option<PathBuf>,
}

/// Where a connection comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    StandardInput,
    /// A person has named the file for this command.
    Named(PathBuf),
    /// Named by the variable.
    Set(PathBuf),
    /// It is there, or the folder's settings name it, and nobody has for this command: it may be somebody else's.
    Found(PathBuf),
}

impl ConnectionOption {
    /// The connection to use. `set` is the file that the folder's settings name.
    pub(super) fn source(&self, set: Option<&Path>) -> Result<Source, CommandError> {
        let variable = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        self.source_of(set, variable, Path::new(USUAL)).ok_or_else(|| {
            CommandError::usage(format!(
                "no connection is named: name its file with --connection FILE or in the variable {VARIABLE}, or have \
                 `harness init` write {USUAL}"
            ))
        })
    }

    /// The one that is there, where a command takes several and none is named.
    pub(super) fn unnamed(set: Option<&Path>) -> Result<Source, CommandError> {
        Self { named: None }.source(set)
    }

    /// The same, where a command can do without one.
    pub(super) fn optional(&self, set: Option<&Path>) -> Option<Source> {
        self.source(set).ok()
    }

    /// Whether a person has named one for this command.
    pub(super) fn is_named(&self) -> bool {
        self.named.is_some()
    }

    fn source_of(&self, set: Option<&Path>, variable: Option<PathBuf>, usual: &Path) -> Option<Source> {
        match &self.named {
            Some(named) if named == Path::new("-") => Some(Source::StandardInput),
            Some(named) => Some(Source::Named(named.clone())),
            None => match (variable, set) {
                (Some(variable), _) if variable == Path::new("-") => Some(Source::StandardInput),
                (Some(variable), _) => Some(Source::Set(variable)),
                // That the settings were allowed says nothing of the file that they name: it can change by itself.
                (None, Some(set)) => Some(Source::Found(set.to_owned())),
                (None, None) => usual.exists().then(|| Source::Found(usual.to_owned())),
            },
        }
    }
}

impl Source {
    /// How it is named in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::StandardInput => "standard input".to_owned(),
            Self::Named(path) | Self::Set(path) | Self::Found(path) => path.display().to_string(),
        }
    }

    /// Fails where this flag would have something else written in place of the connection.
    pub(super) fn spared_by(&self, flag: &str, path: &Path) -> Result<(), CommandError> {
        match self {
            Self::Named(own) | Self::Set(own) | Self::Found(own) if are_one(own, path) => {
                Err(CommandError::usage(format!(
                    "{flag}: {} is the connection file itself, which would be lost: name another file",
                    path.display()
                )))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_wins_over_what_is_set_and_that_over_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let usual = folder.path().join(USUAL);
        let source = |named: Option<&str>, variable: Option<&str>, set: Option<&str>| {
            ConnectionOption { named: named.map(PathBuf::from) }.source_of(
                set.map(Path::new),
                variable.map(PathBuf::from),
                &usual,
            )
        };
        assert_eq!(source(None, None, None), None);
        std::fs::write(&usual, "{}").unwrap();
        assert_eq!(source(None, None, None), Some(Source::Found(usual.clone())));
        assert_eq!(source(None, None, Some("s")), Some(Source::Found("s".into())));
        assert_eq!(source(None, Some("v"), Some("s")), Some(Source::Set("v".into())));
        assert_eq!(source(Some("n"), Some("v"), Some("s")), Some(Source::Named("n".into())));
        assert_eq!(source(Some("-"), Some("v"), None), Some(Source::StandardInput));
    }
}
