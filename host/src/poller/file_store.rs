//! The file between two polls: the trigger's state as it is, byte for byte. It is replaced as a whole, and only after
//! the payload was accepted: a crash at any point repeats changes and never loses one. One process at a time uses it:
//! two would each move the state past changes that only the other has handed over.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::own_file;

use super::lock::{Lock, NotLocked};
use super::store::{StateStore, StoreError, Stored, Version, next_version};

/// A state in a file, which need not exist yet, held for this process by a lock on `FILE.lock` beside it. It is
/// replaced as a whole, by way of `FILE.harness-new`. Loading and committing block their thread for as long as the disk
/// takes for some KiB.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    /// The largest state that is read, in bytes.
    most: u64,
    // On a file beside it and not on the file itself, which is another one after each poll.
    _lock: Lock,
    /// What the file holds, once it was read: with the lock, nobody else writes it.
    known: Mutex<Known>,
}

#[derive(Debug)]
enum Known {
    Nothing,
    Read(Option<Stored>),
}

impl FileStore {
    /// Takes the file for this process, until this value is dropped. Fails if another process has it, and names that
    /// one. A file with more than `most` bytes is refused when it is read: see
    /// [`Limits::state_bytes`](crate::Limits::state_bytes).
    pub fn open(path: impl Into<PathBuf>, most: u64) -> Result<Self, StoreError> {
        let path = path.into();
        // One file has one lock, whatever the folder was called by. A link in the file's own place is not followed:
        // whoever made the folder could lead the state into any file of this user's.
        let path = own_file::in_the_real_folder(&path).unwrap_or(path);
        // Before anything is made beside it.
        let problem = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => Some(own_file::IS_A_LINK),
            Ok(metadata) if !metadata.is_file() => Some("it is not a regular file: name another"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(StoreError::Unusable(format!("the state file {}: {problem}", path.display())));
        }
        let lock = Lock::take(&with_suffix(&path, ".lock")).map_err(|not_locked| {
            StoreError::Unusable(match not_locked {
                NotLocked::Held(by) => format!(
                    "the state file {} is in use by {by}: stop it first, or name another state file",
                    path.display()
                ),
                NotLocked::Unusable(why) => format!("the state file {} cannot be locked: {why}", path.display()),
            })
        })?;
        Ok(Self { path, most, _lock: lock, known: Mutex::new(Known::Nothing) })
    }

    /// The state in the file; none when there is no file, which means a first poll.
    fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let failed = |text: String| StoreError::Unusable(format!("the state file {}: {text}", self.path.display()));
        let most = self.most;
        // A pipe would be waited for, and could not be replaced: only a file holds a state.
        let file = match open_regular(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let mut state = Vec::new();
        file.take(most.saturating_add(1)).read_to_end(&mut state).map_err(|error| failed(error.to_string()))?;
        if state.len() as u64 > most {
            return Err(failed(format!("it is larger than {most} bytes, so no poll wrote it: name another file")));
        }
        // Taking it for a first poll would move the point from which changes count, and lose those before it.
        if state.is_empty() {
            let text = "it is empty, so no poll wrote it; remove it if the next poll should begin anew";
            return Err(failed(text.into()));
        }
        Ok(Some(state))
    }

    /// Replaces the file: either the old state or the new one is there, whatever happens.
    fn replace(&self, state: &[u8]) -> Result<(), StoreError> {
        // Beside the file, because a rename is atomic only within a file system. Always the same name, so that a
        // process that was killed between the two leaves one file behind and not one each time; the lock makes it ours,
        // and no other program calls its files so.
        let name = with_suffix(&self.path, ".harness-new");
        let failed = |error: std::io::Error| {
            StoreError::Unusable(format!(
                "the state file {} could not be replaced by way of {}: {error}",
                self.path.display(),
                name.display()
            ))
        };
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        // Not through a link that somebody else put there.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut temporary = options.open(&name).map_err(failed)?;
        temporary.write_all(state).map_err(failed)?;
        temporary.sync_all().map_err(failed)?;
        std::fs::rename(&name, &self.path).map_err(failed)?;
        // The rename itself must be on disk too. Folders cannot be opened everywhere, and there it is the system's
        // affair.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all().map_err(failed)?;
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the file holds, read the first time.
    fn stored<'a>(&self, known: &'a mut Known) -> Result<&'a mut Option<Stored>, StoreError> {
        if let Known::Nothing = known {
            *known = Known::Read(self.read()?.map(|state| Stored { state, version: Version(0) }));
        }
        match known {
            Known::Read(stored) => Ok(stored),
            Known::Nothing => Err(StoreError::Unavailable("the state was not read".into())),
        }
    }
}

impl StateStore for FileStore {
    async fn load(&self) -> Result<Option<Stored>, StoreError> {
        self.stored(&mut self.known()).map(|stored| stored.clone())
    }

    async fn commit(&self, expected: Option<Version>, state: &[u8]) -> Result<Version, StoreError> {
        let mut known = self.known();
        let stored = self.stored(&mut known)?;
        let version = next_version(stored.as_ref().map(|stored| stored.version), expected)?;
        self.replace(state)?;
        *stored = Some(Stored { state: state.to_vec(), version });
        Ok(version)
    }
}

/// Opens a file that must be one: a pipe or a device in its place is refused, and not waited for.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file: name another")),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
#[path = "file_store_tests.rs"]
mod tests;
