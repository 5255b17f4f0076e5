//! The lock on a state file: the operating system's lock on a file beside it, gone with the process however it ends.
//! Whoever can open that file can hold it, so only this user can; and nothing that is not such a file is opened,
//! written or emptied.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::own_file;

/// A lock's text has fewer bytes.
const LONGEST: u64 = 32;

/// A lock that this process holds until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Why the lock is not held.
pub(super) enum NotLocked {
    /// Another process has it, in words that name it.
    Held(String),
    /// It cannot be used, and what would change that.
    Unusable(String),
}

impl Lock {
    /// Takes the lock, and makes its file if there is none.
    pub(super) fn take(path: &Path) -> Result<Self, NotLocked> {
        let failed = |error: io::Error| NotLocked::Unusable(format!("{}: {error}", path.display()));
        let (mut file, metadata) = own_file::open(path, "state file").map_err(NotLocked::Unusable)?;
        // Older ones were made for everybody to open, and so to hold.
        own_file::close_to_others(&file, &metadata).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NotLocked::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        if !is_ours(&mut file).map_err(failed)? {
            let what = "is there and is no lock of a harness, so it is left alone: name another state file";
            return Err(NotLocked::Unusable(format!("{} {what}", path.display())));
        }
        // For the refusal of the next process only: what counts is the lock.
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Whether the file holds what a lock holds, the number of a process, or nothing. Many files have names like a lock's.
fn is_ours(lock: &mut File) -> io::Result<bool> {
    let mut text = Vec::new();
    lock.rewind()?;
    Read::take(&mut *lock, LONGEST).read_to_end(&mut text)?;
    lock.rewind()?;
    let number = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok((text.len() as u64) < LONGEST && number.iter().all(u8::is_ascii_digit))
}

/// Who holds the lock, as it wrote itself into the file.
fn holder(lock: &mut File) -> String {
    // It may have the lock and not have written yet.
    for _ in 0..10 {
        let mut text = String::new();
        let read = lock.rewind().and_then(|()| Read::take(&mut *lock, LONGEST).read_to_string(&mut text));
        match text.trim().parse::<u32>() {
            Ok(process) if read.is_ok() => return format!("another harness, process {process}"),
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
    "another process".to_owned()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn refusal(path: &Path) -> String {
        match Lock::take(path) {
            Err(NotLocked::Held(text) | NotLocked::Unusable(text)) => text,
            Ok(_) => panic!("{} was taken", path.display()),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (lock, target) = (folder.path().join("poll.state.lock"), folder.path().join("precious"));
        fs::write(&target, "precious").unwrap();
        symlink(&target, &lock).unwrap();
        assert!(refusal(&lock).contains("is a link"), "{}", refusal(&lock));
        fs::remove_file(&lock).unwrap();
        // To nowhere: nothing is made there.
        symlink(folder.path().join("nowhere"), &lock).unwrap();
        assert!(refusal(&lock).contains("remove it"));
        assert!(!folder.path().join("nowhere").exists());
        fs::remove_file(&lock).unwrap();
        fs::hard_link(&target, &lock).unwrap();
        assert!(refusal(&lock).contains("has another name"), "{}", refusal(&lock));
        assert_eq!(fs::read(&target).unwrap(), b"precious");
    }

    #[test]
    fn a_file_of_somebody_elses_that_is_called_like_a_lock_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Cargo.lock");
        for theirs in ["version = 4\n", "12 monkeys", &"7".repeat(40)] {
            fs::write(&path, theirs).unwrap();
            assert!(refusal(&path).contains("no lock of a harness"), "{}", refusal(&path));
            assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
        }
        fs::write(&path, "4711\n").unwrap();
        assert!(Lock::take(&path).is_ok());
    }

    #[test]
    fn a_lock_that_is_no_regular_file_is_refused_without_waiting_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let lock = folder.path().join("poll.state.lock");
        assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
        assert!(refusal(&lock).contains("is not a regular file"), "{}", refusal(&lock));
        assert!(refusal(folder.path()).contains(&folder.path().display().to_string()));
    }

    #[test]
    fn only_this_user_can_open_a_lock_and_so_hold_it() {
        let folder = tempfile::tempdir().unwrap();
        let (made, found) = (folder.path().join("made.lock"), folder.path().join("found.lock"));
        drop(Lock::take(&made).map_err(|_| "not taken").unwrap());
        assert_eq!(mode(&made), 0o600);
        fs::write(&found, "").unwrap();
        fs::set_permissions(&found, fs::Permissions::from_mode(0o666)).unwrap();
        drop(Lock::take(&found).map_err(|_| "not taken").unwrap());
        assert_eq!(mode(&found), 0o600);
    }

    #[test]
    fn a_lock_is_held_once_and_its_holder_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poll.state.lock");
        let held = Lock::take(&path);
        assert_eq!(refusal(&path), format!("another harness, process {}", std::process::id()));
        drop(held);
        // A process that another test starts at this moment has the lock too, until it becomes another program.
        let again = || {
            std::thread::sleep(std::time::Duration::from_millis(5));
            Lock::take(&path)
        };
        assert!(std::iter::repeat_with(again).take(1_000).any(|taken| taken.is_ok()));
    }
}
