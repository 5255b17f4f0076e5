//! The file of `--output`. It is there as a whole or not at all: what was there before stays until the first result has
//! been written, and results that follow are added to it. A command that goes on where it stopped only adds.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that results are written to.
pub(super) struct OutputFile {
    path: PathBuf,
    state: State,
}

enum State {
    /// Beside the file, which a rename replaces at once.
    New(NamedTempFile),
    InPlace(File),
}

impl OutputFile {
    /// Makes sure that it can be written, before anything is asked of a service.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // A link stays one, and a pipe or a terminal is written to as it is.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let state = match path.metadata() {
            Ok(metadata) if metadata.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(metadata) if !metadata.is_file() => State::InPlace(File::options().append(true).open(&path)?),
            before => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let mut builder = tempfile::Builder::new();
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt;
                    // As a shell would make it, by the process's mask, or as the one was that it replaces.
                    let mode = before.map_or(0o666, |before| before.permissions().mode() & 0o777);
                    builder.permissions(std::fs::Permissions::from_mode(mode));
                }
                #[cfg(not(unix))]
                drop(before);
                State::New(builder.prefix(".harness-output-").tempfile_in(folder)?)
            }
        };
        Ok(Self { path, state })
    }

    /// Adds to what is there; the file is made where there is none.
    pub(super) fn append(path: &Path) -> io::Result<Self> {
        let mut file = File::options().create(true).append(true).open(path)?;
        // A line that was cut short, by a full disk or a crash, must not swallow the next one.
        if file.metadata()?.is_file() && !ends_in_a_line(path)? {
            file.write_all(b"\n")?;
        }
        Ok(Self { path: path.to_owned(), state: State::InPlace(file) })
    }

    /// Has what is in the file outlast the machine. A pipe or a terminal has nothing to keep.
    pub(super) fn settle(&self) -> io::Result<()> {
        match &self.state {
            State::InPlace(file) if file.metadata()?.is_file() => file.sync_data(),
            _ => Ok(()),
        }
    }

    /// Adds a result; when this returns, it is in the file.
    pub(super) fn add<R>(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<R>) -> io::Result<R> {
        let file = match &mut self.state {
            State::New(file) => file.as_file_mut(),
            State::InPlace(file) => file,
        };
        let mut out = BufWriter::new(&mut *file);
        let result = write(&mut out)?;
        out.flush()?;
        drop(out);
        if let State::New(file) = &self.state {
            // Another handle on the same file: the temporary one goes with its name.
            let handle = file.as_file().try_clone()?;
            handle.sync_all()?;
            let State::New(file) = std::mem::replace(&mut self.state, State::InPlace(handle)) else {
                return Ok(result);
            };
            file.persist(&self.path).map_err(|error| error.error)?;
        }
        Ok(result)
    }
}

/// Whether nothing is in a file, or a line's end is last.
fn ends_in_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_to_a_file_and_one_that_was_cut_short_ends_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        for (before, after) in [(None, "new\n"), (Some("old\n"), "old\nnew\n"), (Some("old"), "old\nnew\n")] {
            std::fs::remove_file(&path).ok();
            before.into_iter().for_each(|before| std::fs::write(&path, before).unwrap());
            let mut file = OutputFile::append(&path).unwrap();
            file.add(|out| out.write_all(b"new\n")).unwrap();
            file.settle().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
        assert!(OutputFile::append(folder.path()).is_err());
    }

    #[test]
    fn a_file_is_replaced_by_its_first_result_and_the_next_is_added() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "before").unwrap();
        let mut file = OutputFile::open(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        file.add(|_| Err::<(), _>(io::Error::other("no"))).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        drop(file);
        let mut file = OutputFile::open(&path).unwrap();
        file.add(|out| out.write_all(b"one\n")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\n");
        file.add(|out| out.write_all(b"two\n")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(OutputFile::open(folder.path()).is_err() && OutputFile::open(&folder.path().join("no/file")).is_err());
    }
}
