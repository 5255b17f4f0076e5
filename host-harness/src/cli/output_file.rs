//! The file of `--output`. It is there as a whole or not at all: what was there before stays until the first result has
//! been written, and results that follow are added to it. A command that goes on where it stopped only adds. None of them
//! follows a link to another file: whoever made the link would decide what is written over.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use host::own_file;
use tempfile::NamedTempFile;

/// A file that results are written to.
pub(super) struct OutputFile {
    path: PathBuf,
    state: State,
    /// Whether the last line that is there was cut short, by a full disk or a crash. It must not swallow the next one.
    is_cut_short: bool,
}

enum State {
    /// Beside the file, which a rename replaces at once.
    New(NamedTempFile),
    InPlace(File),
}

impl OutputFile {
    /// Makes sure that it can be written, before anything is asked of a service.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // As a shell would make it, by the process's mask.
        Self::open_as(path, 0o666)
    }

    /// The same of a file that is made for this user alone where there is none.
    pub(super) fn open_private(path: &Path) -> io::Result<Self> {
        Self::open_as(path, 0o600)
    }

    #[cfg_attr(not(unix), expect(unused_variables))]
    fn open_as(path: &Path, mode: u32) -> io::Result<Self> {
        let path = place(path)?;
        let state = match path.metadata() {
            Ok(metadata) if metadata.is_dir() => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
            // A pipe or a terminal is written to as it is, and so is what the system's own link stands for.
            Ok(metadata) if !metadata.is_file() || path.is_symlink() => {
                State::InPlace(File::options().append(true).open(&path)?)
            }
            before => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let mut builder = tempfile::Builder::new();
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt;
                    // As the one was that it replaces.
                    let mode = before.map_or(mode, |before| before.permissions().mode() & 0o777);
                    builder.permissions(std::fs::Permissions::from_mode(mode));
                }
                #[cfg(not(unix))]
                drop(before);
                State::New(builder.prefix(".harness-output-").tempfile_in(folder)?)
            }
        };
        Ok(Self { path, state, is_cut_short: false })
    }

    /// Adds to what is there; the file is made where there is none.
    pub(super) fn append(path: &Path) -> io::Result<Self> {
        let path = place(path)?;
        let file = File::options().create(true).append(true).open(&path)?;
        // It is ended with the first line that follows: until then the file is as it was.
        let is_cut_short = file.metadata()?.is_file() && !ends_in_a_line(&path)?;
        Ok(Self { path, state: State::InPlace(file), is_cut_short })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
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
        if self.is_cut_short {
            out.write_all(b"\n")?;
        }
        let result = write(&mut out)?;
        out.flush()?;
        drop(out);
        self.is_cut_short = false;
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

/// Where a file is written, which need not be there yet: in the folder that its links lead to, and by no link in its own
/// place into another file.
fn place(path: &Path) -> io::Result<PathBuf> {
    let path = own_file::in_the_real_folder(path).unwrap_or_else(|_| path.to_owned());
    // Nothing that a device or a pipe holds can be lost.
    let leads_to_a_file = || path.metadata().map_or(true, |target| target.is_file());
    if path.is_symlink() && !is_the_systems(&path) && leads_to_a_file() {
        return Err(io::Error::other(own_file::IS_A_LINK));
    }
    Ok(path)
}

/// Whether it is a link that the system has made, such as /dev/stdout: what it stands for is open to this process.
fn is_the_systems(link: &Path) -> bool {
    link.parent().is_some_and(|folder| folder == Path::new("/dev") || folder.starts_with("/proc"))
}

/// Fails where a file is to be written that is a link. For whoever writes by other means.
pub(super) fn refuse_link(path: &Path) -> io::Result<()> {
    place(path).map(drop)
}

/// Whether two paths lead to one file, by whatever names.
pub(super) fn are_one(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path: &Path| {
        use std::os::unix::fs::MetadataExt;
        let metadata = path.metadata().ok().filter(|metadata| metadata.is_file())?;
        Some((metadata.dev(), metadata.ino()))
    };
    #[cfg(not(unix))]
    let identity = |path: &Path| path.canonicalize().ok().filter(|path| path.is_file());
    identity(one).is_some_and(|one| identity(other) == Some(one))
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
            assert_eq!(std::fs::read_to_string(&path).unwrap(), before.unwrap_or_default());
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

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_but_to_a_device_and_to_what_the_system_has_linked() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("target"), "precious").unwrap();
        symlink(at("target"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        symlink("/dev/null", at("device")).unwrap();
        symlink(folder.path(), at("folder")).unwrap();
        for name in ["link", "dangling", "folder/link"] {
            for opened in [OutputFile::open(&at(name)), OutputFile::append(&at(name))] {
                assert!(opened.err().unwrap().to_string().contains("is a link"), "{name}");
            }
        }
        assert_eq!(std::fs::read_to_string(at("target")).unwrap(), "precious");
        assert!(!at("nowhere").exists());
        for path in [at("device"), "/dev/stdout".into(), "/dev/null".into(), at("folder/new")] {
            assert!(OutputFile::open(&path).is_ok(), "{}", path.display());
        }
        std::fs::hard_link(at("target"), at("second")).unwrap();
        assert!(are_one(&at("target"), &at("link")) && are_one(&at("folder/target"), &at("second")));
        assert!(!are_one(&at("target"), &at("nowhere")) && !are_one(&at("nowhere"), &at("nowhere")));
        let mut private = OutputFile::open_private(&at("private")).unwrap();
        private.add(|out| out.write_all(b"x")).unwrap();
        assert_eq!(at("private").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
