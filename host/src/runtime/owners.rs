//! Who could have written a file: what is loaded as machine code, or says what may be, must belong to this user or to
//! root, and so must every folder on the way to it.

#[cfg(unix)]
mod system {
    use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::OFlags;

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;

    pub(in crate::runtime) fn open_without_following(path: &Path) -> io::Result<File> {
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).map_err(io::Error::other)?;
        OpenOptions::new().read(true).custom_flags(flags).open(path)
    }

    pub(in crate::runtime) fn make_folder(folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    pub(in crate::runtime) fn check_file(file: &File, path: &Path) -> Result<(), String> {
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err(format!("{} is not a regular file", path.display()));
        }
        check(&metadata, path, false)
    }

    /// The folder itself and all above it: who can write to one of them can put another file in the place of ours.
    pub(in crate::runtime) fn check_folder(folder: &Path) -> Result<(), String> {
        let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
        for (index, ancestor) in folder.ancestors().enumerate() {
            let metadata =
                fs::symlink_metadata(ancestor).map_err(|error| format!("{}: {error}", ancestor.display()))?;
            // In a folder like /tmp only the owner of a file can replace it.
            let shared = index > 0 && metadata.mode() & STICKY != 0;
            check(&metadata, ancestor, shared)?;
        }
        Ok(())
    }

    fn check(metadata: &Metadata, path: &Path, may_be_writable: bool) -> Result<(), String> {
        let me = rustix::process::geteuid().as_raw();
        if metadata.uid() != me && metadata.uid() != 0 {
            return Err(format!("{} belongs to another user", path.display()));
        }
        if metadata.mode() & WRITABLE_BY_OTHERS != 0 && !may_be_writable {
            return Err(format!("other users can write to {0}; `chmod go-w {0}` changes that", path.display()));
        }
        Ok(())
    }

    /// What tells a file from every other that is or was on this machine, as long as nobody sets the clock back: no one
    /// can give a file of their own another's number and time of change.
    pub(in crate::runtime) fn identity(file: &File) -> io::Result<String> {
        let metadata = file.metadata()?;
        let (changed, modified) = (metadata.ctime(), metadata.mtime());
        Ok(format!(
            "device {} inode {} size {} modified {modified}.{:09} changed {changed}.{:09}",
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            metadata.mtime_nsec(),
            metadata.ctime_nsec()
        ))
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    const UNKNOWN: &str = "on this system it cannot be told who could have written a compiled file";

    pub(in crate::runtime) fn open_without_following(_: &Path) -> io::Result<File> {
        Err(io::Error::other(UNKNOWN))
    }

    pub(in crate::runtime) fn make_folder(_: &Path) -> io::Result<()> {
        Err(io::Error::other(UNKNOWN))
    }

    pub(in crate::runtime) fn check_file(_: &File, _: &Path) -> Result<(), String> {
        Err(UNKNOWN.into())
    }

    pub(in crate::runtime) fn check_folder(_: &Path) -> Result<(), String> {
        Err(UNKNOWN.into())
    }

    pub(in crate::runtime) fn identity(_: &File) -> io::Result<String> {
        Err(io::Error::other(UNKNOWN))
    }
}

pub(super) use system::{check_file, check_folder, identity, make_folder, open_without_following};
