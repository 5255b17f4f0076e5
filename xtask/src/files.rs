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

/// Copies the files that lie right in a folder, in the way of [`copy_atomically`]. What else the other folder has
/// stays.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            copy_atomically(&path, &to.join(name))?;
        }
    }
    Ok(())
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
    use super::{copy_folder, write_atomically};

    #[test]
    fn the_files_of_a_folder_are_copied_and_its_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("inner")).unwrap();
        std::fs::write(from.join(".hidden"), "a").unwrap();
        write_atomically(&to.join("kept"), b"b").unwrap();
        copy_folder(&from, &to).unwrap();
        assert_eq!(std::fs::read(to.join(".hidden")).unwrap(), b"a");
        assert!(to.join("kept").is_file() && !to.join("inner").exists());
        assert!(copy_folder(&folder.path().join("none"), &to).is_err());
    }

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
