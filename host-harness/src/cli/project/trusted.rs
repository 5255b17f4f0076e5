//! The files that this user has allowed to count without being named: each by where it is and what is in it, and in the
//! files that it names, so that whatever changes has to be allowed again. What was allowed is kept in the user's own
//! folder, and never beside the file.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cli::command_error::CommandError;
use crate::cli::shell;
use crate::files;
use operator::openness::Openness;

/// Such files are some lines long, and what is allowed is shown whole.
const LARGEST: u64 = 32 * 1024;
/// What such a file names is a component, or some certificates.
const LARGEST_NAMED: u64 = 64 * 1024 * 1024;

/// Reads a file that was found and not named. The error says how it can be allowed, or what else is to be done about
/// it: `otherwise` is what does without it.
/// `names` gives the files that its text names, which count with it.
pub(in crate::cli) fn read(
    path: &Path,
    otherwise: &str,
    names: impl FnOnce(&str) -> Vec<PathBuf>,
) -> Result<String, CommandError> {
    let text = read_own(path)?;
    if !is_allowed(path, &text, &names(&text)) {
        let name = shell::quoted(&path.display().to_string()).unwrap_or_else(|| "FILE".to_owned());
        return Err(CommandError::usage(format!(
            "{} is there, and was not allowed as it is now, with what is in the files that it names: read it, and if \
             what it says is what you want, `harness allow {name}`; {otherwise}",
            path.display()
        )));
    }
    Ok(text)
}

/// Reads a file that nobody else can change.
pub(super) fn read_own(path: &Path) -> Result<String, CommandError> {
    let failed = |text: String| CommandError::usage(format!("{}: {text}", path.display()));
    let file = opened(path).map_err(|error| failed(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
    if !metadata.is_file() {
        return Err(failed("it is not a regular file".to_owned()));
    }
    if let Some(Openness::Writable(who)) = Openness::of(&metadata) {
        return Err(failed(format!(
            "it does not count, because it is one that {who}: chmod 600 it, and look what is in it"
        )));
    }
    files::read_text(file, LARGEST).map_err(|error| failed(error.to_string()))
}

/// Opens a file, and waits for nobody: a pipe can lie there under the name of a file.
fn opened(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK.bits();
        options.custom_flags(i32::try_from(flags).unwrap_or_default());
    }
    options.open(path)
}

/// Allows a file as it is, with the files that it names as they are.
pub(in crate::cli) fn allow(path: &Path, text: &str, names: &[PathBuf]) -> Result<(), CommandError> {
    let failed =
        |error: String| CommandError::usage(format!("that {} is allowed cannot be noted: {error}", path.display()));
    let mark =
        mark(path, text, names).ok_or_else(|| failed("there is neither $XDG_STATE_HOME nor $HOME".to_owned()))?;
    let folder = mark.parent().unwrap_or(Path::new("."));
    let made = {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)
    };
    made.and_then(|()| fs::write(&mark, path.display().to_string())).map_err(|error| failed(error.to_string()))
}

fn is_allowed(path: &Path, text: &str, names: &[PathBuf]) -> bool {
    mark(path, text, names).is_some_and(|mark| mark.is_file())
}

/// The file that stands for this content at this place.
fn mark(path: &Path, text: &str, names: &[PathBuf]) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let states = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")))?;
    Some(states.join("host-harness/allowed").join(name(
        &path.canonicalize().ok()?,
        text,
        &names.iter().map(|named| content(named)).collect::<Vec<_>>(),
    )))
}

/// What is in a file that is named, as far as it is one that can be read.
fn content(path: &Path) -> Vec<u8> {
    let hash = || {
        let file = opened(path).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut hash = Sha256::new();
        std::io::copy(&mut file.take(LARGEST_NAMED), &mut hash).ok()?;
        Some(hash.finalize().to_vec())
    };
    hash().unwrap_or_default()
}

fn name(path: &Path, text: &str, named: &[Vec<u8>]) -> String {
    let mut hash = Sha256::new();
    hash.update(path.as_os_str().as_encoded_bytes());
    // No path has it.
    hash.update([0]);
    hash.update(text);
    for content in named {
        hash.update([0]);
        hash.update(content);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_one_content_at_one_place() {
        let names = [("/a", "b"), ("/a", "c"), ("/b", "b"), ("/a b", ""), ("/a", " b")];
        let names: std::collections::HashSet<String> =
            names.iter().map(|(path, text)| name(Path::new(path), text, &[])).collect();
        assert_eq!(names.len(), 5);
        assert!(names.iter().all(|name| name.len() == 64));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_change_does_not_count() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "allow").unwrap();
        assert_eq!(read_own(file.path()).unwrap(), "allow");
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(read_own(file.path()).unwrap_err().message().contains("other users can change"));
        assert!(read_own(Path::new("/")).is_err());
    }
}
