//! The file between two polls: the trigger's state as it is, byte for byte. It is replaced as a whole, and only after the
//! output was written: a crash at any point repeats changes and never loses one.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// A state file, which need not exist yet.
pub(super) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The state in the file; none when there is no file, which means a first poll.
    pub(super) fn read(&self, most: u64) -> Result<Option<Vec<u8>>, Failure> {
        let failed = |text: String| Failure::usage(format!("the state file {}: {text}", self.path.display()));
        let file = match File::open(&self.path) {
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
    pub(super) fn replace(&self, state: &[u8]) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::usage(format!("the state file {} could not be replaced: {error}", self.path.display()))
        };
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // Beside the file, because a rename is atomic only within a file system.
        let mut temporary = tempfile::Builder::new().prefix(".state-").tempfile_in(folder).map_err(failed)?;
        temporary.write_all(state).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        temporary.persist(&self.path).map_err(|error| failed(error.error))?;
        // The rename itself must be on disk too. Folders cannot be opened everywhere, and there it is the system's affair.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all().map_err(failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_as_it_was_written_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path().join("poll.state"));
        assert_eq!(file.read(64).unwrap(), None);
        file.replace(b"one\0\xff").unwrap();
        file.replace(b"two").unwrap();
        assert_eq!(file.read(64).unwrap(), Some(b"two".to_vec()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_no_poll_wrote_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poll.state");
        let file = StateFile::new(path.clone());
        std::fs::write(&path, vec![b'x'; 65]).unwrap();
        assert!(file.read(64).unwrap_err().message().contains("larger than 64 bytes"));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 65);
        std::fs::write(&path, b"").unwrap();
        assert!(file.read(64).unwrap_err().message().contains("is empty"));
        assert!(StateFile::new(folder.path().to_owned()).read(64).is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let file = StateFile::new("/nonexistent-folder/poll.state".into());
        assert!(file.replace(b"x").unwrap_err().message().contains("/nonexistent-folder/poll.state"));
    }
}
