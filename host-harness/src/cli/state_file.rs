//! The file between two polls: the trigger's state as it is, byte for byte. It is replaced as a whole, and only after the
//! output was written: a crash at any point repeats changes and never loses one. One process at a time uses it: two would each
//! move the state past changes that only the other has printed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::files;
use super::lock::{Lock, Refusal};

/// A state file, which need not exist yet, held for this process.
pub(super) struct StateFile {
    path: PathBuf,
    // On a file beside it and not on the file itself, which is another one after each poll.
    _lock: Lock,
}

impl StateFile {
    /// Takes the file for this process, until this value is dropped. Fails if another process has it, and names that one.
    pub(super) fn open(path: PathBuf) -> Result<Self, Failure> {
        // One file has one lock, whatever the folder was called by. A link in the file's own place is not followed: whoever made
        // the folder could lead the state into any file of this user's.
        let path = beside_the_real_folder(&path).unwrap_or(path);
        // Before anything is made beside it.
        let problem = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => Some("it is a link: name the file that it leads to"),
            Ok(metadata) if !metadata.is_file() => Some("it is not a regular file: name another"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Failure::usage(format!("the state file {}: {problem}", path.display())));
        }
        let lock = Lock::take(&with_suffix(&path, ".lock")).map_err(|refusal| {
            Failure::usage(match refusal {
                Refusal::Held(by) => format!(
                    "the state file {} is in use by {by}: stop it first, or name another state file",
                    path.display()
                ),
                Refusal::Unusable(why) => format!("the state file {} cannot be locked: {why}", path.display()),
            })
        })?;
        Ok(Self { path, _lock: lock })
    }

    /// The state in the file; none when there is no file, which means a first poll.
    pub(super) fn read(&self, most: u64) -> Result<Option<Vec<u8>>, Failure> {
        let failed = |text: String| Failure::usage(format!("the state file {}: {text}", self.path.display()));
        // A pipe would be waited for, and could not be replaced: only a file holds a state.
        let file = match files::open_regular(&self.path) {
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
        // Beside the file, because a rename is atomic only within a file system. Always the same name, so that a process that was killed
        // between the two leaves one file behind and not one each time; the lock makes it ours, and no other program calls its files so.
        let name = with_suffix(&self.path, ".harness-new");
        let failed = |error: std::io::Error| {
            Failure::usage(format!(
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
        // The rename itself must be on disk too. Folders cannot be opened everywhere, and there it is the system's affair.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all().map_err(failed)?;
        }
        Ok(())
    }
}

/// The path of a file that does not exist yet, in the folder that its links lead to.
fn beside_the_real_folder(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    Ok(folder.canonicalize()?.join(name))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_back_as_it_was_written_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::open(folder.path().join("poll.state")).unwrap();
        assert_eq!(file.read(64).unwrap(), None);
        file.replace(b"one\0\xff").unwrap();
        file.replace(b"two").unwrap();
        assert_eq!(file.read(64).unwrap(), Some(b"two".to_vec()));
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["poll.state", "poll.state.lock"]);
    }

    #[test]
    fn the_old_state_is_replaced_as_a_whole_and_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let (path, before) = (folder.path().join("poll.state"), folder.path().join("before"));
        let file = StateFile::open(path.clone()).unwrap();
        file.replace(b"one").unwrap();
        std::fs::hard_link(&path, &before).unwrap();
        file.replace(b"two").unwrap();
        // Whoever had it open, or was killed in the middle, has the old one whole.
        assert_eq!(
            (std::fs::read(&before).unwrap(), std::fs::read(&path).unwrap()),
            (b"one".to_vec(), b"two".to_vec())
        );
    }

    #[test]
    fn what_a_killed_process_left_behind_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::open(folder.path().join("poll.state")).unwrap();
        file.replace(b"one").unwrap();
        std::fs::write(folder.path().join("poll.state.harness-new"), "half of a sta").unwrap();
        assert_eq!(file.read(64).unwrap(), Some(b"one".to_vec()));
        file.replace(b"two").unwrap();
        assert_eq!(file.read(64).unwrap(), Some(b"two".to_vec()));
    }

    #[test]
    fn a_file_is_held_under_every_name_until_its_holder_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poll.state");
        let file = StateFile::open(path.clone()).unwrap();
        file.replace(b"one").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), folder.path().join("link")).unwrap();
        for name in [
            "poll.state",
            "./poll.state",
            #[cfg(unix)]
            "link/poll.state",
        ] {
            let Err(refusal) = StateFile::open(folder.path().join(name)) else { panic!("{name} was opened twice") };
            assert!(refusal.message().contains(&format!("process {}", std::process::id())), "{}", refusal.message());
        }
        drop(file);
        // A process that another test starts at this moment has the lock too, until it becomes another program.
        let opened = std::iter::repeat_with(|| StateFile::open(path.clone())).take(1_000).find_map(Result::ok);
        assert_eq!(opened.unwrap().read(64).unwrap(), Some(b"one".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn a_state_is_not_led_into_another_file_by_a_link_and_takes_no_file_of_somebody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("precious"), "precious").unwrap();
        std::os::unix::fs::symlink(file("precious"), file("poll.state")).unwrap();
        let Err(refusal) = StateFile::open(file("poll.state")) else { panic!("it was opened") };
        assert!(refusal.message().contains("it is a link"), "{}", refusal.message());
        // Nothing was made beside it, nor beside a device.
        assert!(!file("poll.state.lock").exists());
        assert!(StateFile::open("/dev/zero".into()).is_err() && !Path::new("/dev/zero.lock").exists());
        std::fs::write(file("other.new"), "theirs").unwrap();
        StateFile::open(file("other")).unwrap().replace(b"state").unwrap();
        assert_eq!(std::fs::read_to_string(file("other.new")).unwrap(), "theirs");
        assert_eq!(std::fs::read_to_string(file("precious")).unwrap(), "precious");
    }

    #[test]
    fn a_file_that_no_poll_wrote_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poll.state");
        let file = StateFile::open(path.clone()).unwrap();
        std::fs::write(&path, vec![b'x'; 65]).unwrap();
        assert!(file.read(64).unwrap_err().message().contains("larger than 64 bytes"));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 65);
        std::fs::write(&path, b"").unwrap();
        assert!(file.read(64).unwrap_err().message().contains("is empty"));
        assert!(StateFile::open(folder.path().to_owned()).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_in_the_place_of_the_state_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poll.state");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let Err(refusal) = StateFile::open(path.clone()) else { panic!("it was opened") };
        assert!(refusal.message().contains("not a regular file"), "{}", refusal.message());
        // Nor one that takes its place later.
        std::fs::remove_file(&path).unwrap();
        let file = StateFile::open(path.clone()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(file.read(64).unwrap_err().message().contains("not a regular file"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let Err(refusal) = StateFile::open("/nonexistent-folder/poll.state".into()) else { panic!("it was opened") };
        assert!(refusal.message().contains("/nonexistent-folder/poll.state"));
    }
}
