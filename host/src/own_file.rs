//! Files that a program of this user makes for itself and writes into where they are: the lock on a state, a history.
//! Whoever could lead one elsewhere would have another file overwritten, and whoever could open one could hold it; so
//! nothing is opened that is a link, has a second name, is another user's or is no file.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What is said of a link in a file's own place, where that file is to be written: whoever has made the link would decide
/// which file is replaced.
pub const IS_A_LINK: &str = "it is a link: name the file that it leads to";

/// Opens such a file to be read and written, and makes it for this user alone where there is none; `what` is what it is
/// called in the error, which is for people and names the file.
///
/// # Errors
///
/// It cannot be opened, or is not a file that a program of this user has made.
pub fn open(path: &Path, what: &str) -> Result<(File, Metadata), String> {
    let failed = |error: io::Error| format!("{}: {error}", path.display());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    owners::private(&mut options).map_err(failed)?;
    let file = match options.open(path) {
        Err(error) if path.is_symlink() => {
            return Err(format!("{} is a link ({error}): remove it, or name another {what}", path.display()));
        }
        opened => opened.map_err(failed)?,
    };
    let metadata = file.metadata().map_err(failed)?;
    match owners::problem(&metadata, what) {
        Some(problem) => Err(format!("{} {problem}", path.display())),
        None => Ok((file, metadata)),
    }
}

/// Takes it from others who could open it.
///
/// # Errors
///
/// The system does not let it be changed.
pub fn close_to_others(file: &File, metadata: &Metadata) -> io::Result<()> {
    owners::close_to_others(file, metadata)
}

/// The path of a file that need not exist yet, in the folder that its links lead to: a link in the file's own place is
/// left, to be refused.
///
/// # Errors
///
/// It has no name, or its folder is not there.
pub fn in_the_real_folder(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    Ok(folder.canonicalize()?.join(name))
}

#[cfg(unix)]
mod owners {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

    use rustix::fs::OFlags;

    use super::{File, Metadata, OpenOptions, io};

    /// Made for this user alone; a link is not followed, and a pipe not waited for.
    pub(super) fn private(options: &mut OpenOptions) -> io::Result<()> {
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
        options.mode(0o600).custom_flags(flags);
        Ok(())
    }

    /// Why this is not a file that a program of this user has made, and what to do.
    pub(super) fn problem(metadata: &Metadata, what: &str) -> Option<String> {
        if !metadata.is_file() {
            return Some(format!("is not a regular file: remove it, or name another {what}"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Some(format!(
                "belongs to another user, who could hold it for ever: name a {what} in a folder of yours"
            ));
        }
        if metadata.nlink() != 1 {
            return Some(format!(
                "has another name as well, and what stands under that would be overwritten: remove it, or name another \
                 {what}"
            ));
        }
        None
    }

    pub(super) fn close_to_others(file: &File, metadata: &Metadata) -> io::Result<()> {
        if metadata.mode() & 0o077 == 0 { Ok(()) } else { file.set_permissions(PermissionsExt::from_mode(0o600)) }
    }
}

#[cfg(not(unix))]
mod owners {
    use super::{File, Metadata, OpenOptions, io};

    pub(super) fn private(_: &mut OpenOptions) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn problem(metadata: &Metadata, what: &str) -> Option<String> {
        (!metadata.is_file()).then(|| format!("is not a regular file: remove it, or name another {what}"))
    }

    pub(super) fn close_to_others(_: &File, _: &Metadata) -> io::Result<()> {
        Ok(())
    }
}
