//! Which compiled files this program wrote. Whoever unpacks an archive or clones a repository owns what is in it, so
//! that owner and name of a file say nothing; a receipt does, which lies in a folder of the user's own and names the
//! one file that was written.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::owners::{check_file, check_folder, identity, make_folder, open_without_following};

/// More than these are of folders that are gone; the oldest go.
const MOST_RECEIPTS: usize = 1024;
/// A receipt is a line of some hundred bytes.
const LONGEST_RECEIPT: u64 = 1024;

/// The receipts in one folder.
pub(super) struct Receipts {
    folder: PathBuf,
}

impl Receipts {
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether `file`, found at `path`, is the very file that was written there.
    pub(super) fn has(&self, path: &Path, file: &File) -> bool {
        self.read(path).is_ok_and(|receipt| identity(file).is_ok_and(|identity| identity == receipt))
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        check_folder(&self.folder).map_err(io::Error::other)?;
        let receipt = self.receipt(path)?;
        let file = open_without_following(&receipt)?;
        check_file(&file, &receipt).map_err(io::Error::other)?;
        let mut text = String::new();
        file.take(LONGEST_RECEIPT).read_to_string(&mut text)?;
        Ok(text)
    }

    /// Notes that `file` was written to `path`.
    pub(super) fn write(&self, path: &Path, file: &File) -> io::Result<()> {
        make_folder(&self.folder)?;
        check_folder(&self.folder).map_err(io::Error::other)?;
        let mut receipt = tempfile::Builder::new().prefix(".receipt-").tempfile_in(&self.folder)?;
        receipt.write_all(identity(file)?.as_bytes())?;
        receipt.persist(self.receipt(path)?)?;
        self.prune();
        Ok(())
    }

    pub(super) fn remove(&self, path: &Path) {
        if let Ok(receipt) = self.receipt(path) {
            // It may never have been there.
            let _ = fs::remove_file(receipt);
        }
    }

    /// Named after the file's whole path, so that files of one name in two folders have one each.
    fn receipt(&self, path: &Path) -> io::Result<PathBuf> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let whole = folder.canonicalize()?.join(name);
        let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        Ok(self.folder.join(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
    }

    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let dated = |path: PathBuf| Some((fs::metadata(&path).ok()?.modified().ok()?, path));
        let mut found: Vec<_> = entries.flatten().filter_map(|entry| dated(entry.path())).collect();
        found.sort();
        let surplus = found.len().saturating_sub(MOST_RECEIPTS);
        for (_, path) in found.iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }
}
