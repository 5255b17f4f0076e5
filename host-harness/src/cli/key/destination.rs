//! Where a new key is written: a file of its own, a line of an environment file, or what a command reads. Nothing of it
//! is on a command line.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use host::own_file;
use tempfile::NamedTempFile;

use crate::cli::command_error::CommandError;
use crate::cli::env_file::{is_name, lines, with_line};
use crate::cli::output;

#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct Options {
    /// Write it to this file, readable by you alone, in place of what is there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to_env_file", "to_command"])]
    to_file: Option<PathBuf>,
    /// Write it to the line NAME=… of this file, whose other lines stay, and which is readable by you alone from then on
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with = "to_command")]
    to_env_file: Option<PathBuf>,
    /// The variable in that file
    #[arg(long, value_name = "NAME", requires = "to_env_file")]
    name: Option<String>,
    /// Run this by the shell, with the key and a line break on its standard input
    #[arg(long, value_name = "COMMAND")]
    to_command: Option<String>,
}

impl Options {
    /// The file that the key is to go to, if it is to go to one, and the flag that names it.
    pub(super) fn file(&self) -> Option<(&'static str, &Path)> {
        let env_file = self.to_env_file.as_deref().map(|path| ("--to-env-file", path));
        self.to_file.as_deref().map(|path| ("--to-file", path)).or(env_file)
    }
}

/// A destination that was found to be writable.
pub(super) struct Destination {
    kind: Kind,
    /// Where the key goes if all else fails: a file in the present folder.
    rescue: NamedTempFile,
    /// Whether it is there already.
    is_held: bool,
}

enum Kind {
    File(NamedTempFile, PathBuf),
    EnvFile { file: NamedTempFile, path: PathBuf, name: String },
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
                let file = beside(&path)?;
                lines(&path).map_err(|error| CommandError::not_written(&path, &error))?;
                Kind::EnvFile { file, path, name }
            }
            Options { to_command: Some(command), .. } => Kind::Command(command),
            _ => {
                return Err(CommandError::usage(
                    "say where the new key is to go: --to-file, --to-env-file or --to-command",
                ));
            }
        };
        Ok(Self { kind, rescue, is_held: false })
    }

    /// Keeps the key apart for as long as it is not where it belongs, and gives where: whatever ends this process, the
    /// key is on the disk. The error says why it is not.
    pub(super) fn hold(&mut self, key: &str) -> Result<String, String> {
        let rescue = &mut self.rescue;
        let held = writeln!(rescue, "{key}").and_then(|()| rescue.as_file().sync_all());
        self.is_held = held.is_ok();
        let shown = self.rescue.path().display().to_string();
        held.map(|()| shown.clone()).map_err(|error| format!("{shown} cannot be written: {error}"))
    }

    /// Writes the key, and gives where, in words. If that fails it stays where it is held, and the error says where.
    pub(super) fn write(self, key: &str) -> Result<String, CommandError> {
        let Self { kind, rescue, is_held } = self;
        let written = match kind {
            Kind::File(file, path) => replace(file, &path, &format!("{key}\n")),
            // As it is now: somebody may have changed it while the service was asked.
            Kind::EnvFile { file, path, name } => match lines(&path) {
                Ok(now) => replace(file, &path, &with_line(&now, &name, key)),
                Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
            },
            Kind::Command(command) => run(&command, key),
        };
        written.or_else(|why| {
            let kept = keep(rescue, is_held)?;
            Err(CommandError::usage(format!(
                "{why}. The new key is good, and is in {kept}: move it to where it belongs"
            )))
        })
    }

    /// Leaves the key where it is held, and gives where.
    pub(super) fn keep_apart(self) -> Result<String, CommandError> {
        keep(self.rescue, self.is_held)
    }
}

fn keep(rescue: NamedTempFile, is_held: bool) -> Result<String, CommandError> {
    let lost = |why: String| {
        CommandError::usage(format!("the new key {why}, and is lost; the old one may be good still: try again"))
    };
    if !is_held {
        return Err(lost("could not be kept anywhere".to_owned()));
    }
    let kept = rescue.keep().map_err(|error| lost(format!("cannot be kept ({error})")));
    kept.map(|(_, path)| path.display().to_string())
}

/// A file of the same folder that can take the other's place at once. It belongs to the other's owner, and is that one's
/// alone.
fn beside(path: &Path) -> Result<NamedTempFile, CommandError> {
    // Nor one of the system's own, which a file would take the place of.
    if path.is_symlink() {
        return Err(CommandError::not_written(path, &io::Error::other(own_file::IS_A_LINK)));
    }
    let before = path.metadata().ok();
    if let Some(before) = before.as_ref().filter(|before| !before.is_file()) {
        let what = if before.is_dir() { "a folder" } else { "no regular file, and a file would take its place" };
        return Err(CommandError::usage(format!("{} is {what}", path.display())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = NamedTempFile::new_in(folder).and_then(|file| {
        #[cfg(unix)]
        if let Some(before) = before {
            take_over(file.as_file(), &before)?;
        }
        Ok(file)
    });
    made.map_err(|error| CommandError::not_written(path, &error))
}

/// Gives a file the owner of another.
#[cfg(unix)]
fn take_over(file: &fs::File, before: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
        fchown(file, Some(before.uid()), Some(before.gid()))?;
    }
    Ok(())
}

/// Sets a variable in an environment file of this user's own, whose other lines stay. Whoever could read it before, its
/// owner alone can afterwards.
pub(in crate::cli) fn set_variable(path: &Path, name: &str, value: &str) -> Result<(), CommandError> {
    check_own(path)?;
    let file = beside(path)?;
    let before = lines(path).map_err(|error| CommandError::not_written(path, &error))?;
    replace(file, path, &with_line(&before, name, value)).map(drop).map_err(CommandError::usage)
}

/// A key goes into no file that somebody else has put there, and by no link into another.
fn check_own(path: &Path) -> Result<(), CommandError> {
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let wrong = |what: &str| {
        Err(CommandError::usage(format!(
            "{} is {what}, so no key is written there: name a file of your own with --env-file",
            path.display()
        )))
    };
    if metadata.is_symlink() {
        return wrong("a link");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return wrong("another user's");
        }
        if metadata.is_file() && metadata.nlink() > 1 {
            return wrong("a file with a second name");
        }
    }
    Ok(())
}

/// Puts the file in the other's place, also where a link stands there by now. Says so if fewer can read it than before.
fn replace(mut file: NamedTempFile, path: &Path, text: &str) -> Result<String, String> {
    let was_open = is_open(path);
    let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
    written
        .map_err(|error| error.to_string())
        .and_then(|()| file.persist(path).map(drop).map_err(|error| error.error.to_string()))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    if was_open {
        output::message(&format!(
            "warning: {} was open to other users; it holds a key, and is its owner's alone now (mode 600)",
            path.display()
        ));
    }
    Ok(path.display().to_string())
}

/// Whether anybody but a file's owner may do something with it.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o077 != 0)
}

/// Where files do not say.
#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_key_goes_by_no_link_into_another_file_and_is_its_owners_alone() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (tracked, link, open) =
            (folder.path().join("readme"), folder.path().join("link"), folder.path().join(".env"));
        fs::write(&tracked, "text\n").unwrap();
        symlink(&tracked, &link).unwrap();
        let refused = set_variable(&link, "KEY", "k").unwrap_err();
        assert!(refused.message().contains("is a link"), "{}", refused.message());
        assert_eq!(fs::read_to_string(&tracked).unwrap(), "text\n");
        fs::hard_link(&tracked, folder.path().join("second")).unwrap();
        assert!(set_variable(&tracked, "KEY", "k").unwrap_err().message().contains("second name"));
        fs::write(&open, "A=b\n").unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o666)).unwrap();
        set_variable(&open, "KEY", "k").unwrap();
        assert_eq!(fs::read_to_string(&open).unwrap(), "A=b\nKEY='k'\n");
        assert_eq!(open.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
