//! Files that others read while they are replaced.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file so that a reader sees the old content or the new, never a part, and creates the folder it is in.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    replace_atomically(path, |temporary| Ok(fs::write(temporary, content)?))
}

/// Copies a file, permissions included, in the way of [`write_atomically`]. A program that runs from `to` keeps
/// running.
pub(crate) fn copy_atomically(from: &Path, to: &Path) -> Result<()> {
    replace_atomically(to, |temporary| Ok(fs::copy(from, temporary).map(drop)?))
}

/// Removes a file, which need not be there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("{} cannot be removed", path.display())),
    }
}

/// Gives a file the content that `write` puts into a temporary one beside it, in the way of [`write_atomically`].
pub(crate) fn replace_atomically(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let cannot_write = || format!("{} cannot be written", path.display());
    let folder = path.parent().with_context(cannot_write)?;
    fs::create_dir_all(folder).with_context(cannot_write)?;
    let mut name = path.file_name().with_context(cannot_write)?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = folder.join(name);
    let written = write(&temporary).and_then(|()| Ok(fs::rename(&temporary, path)?));
    if written.is_err() {
        // The write has failed already, and that is the error to report.
        let _ = fs::remove_file(&temporary);
    }
    written.with_context(cannot_write)
}

#[cfg(test)]
mod tests {
    use super::write_atomically;

    #[test]
    fn a_replaced_file_has_the_new_content_and_leaves_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("xtask-files-{}", std::process::id()));
        let file = folder.join("inner").join("a.txt");
        write_atomically(&file, b"old").unwrap();
        write_atomically(&file, b"new").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
