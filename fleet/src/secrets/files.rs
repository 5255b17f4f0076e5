//! Secrets in files: `FOLDER/TENANT/NAME`, as a container's mounted secrets are.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{LARGEST, SecretError, SecretStore, without_line_break};
use crate::model::Name;

/// A folder with a folder for each tenant, in which each secret is a file.
#[derive(Debug)]
pub(crate) struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

impl SecretStore for FileSecrets {
    fn secret(&self, tenant: &Name, name: &Name) -> Result<SecretString, SecretError> {
        // Names hold no separators, so this is in the folder.
        let path = self.folder.join(tenant.as_str()).join(name.as_str());
        read_file(&path)
            .map_err(|text| SecretError(format!("the secret {name} of {tenant}, {}: {text}", path.display())))
    }
}

/// Reads a file that holds a secret. The error says what is wrong with it, and repeats nothing of it.
pub(crate) fn read_file(path: &Path) -> Result<SecretString, String> {
    let file = match open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("there is no such file: put the secret's value into it".into());
        }
        opened => opened.map_err(|error| error.to_string())?,
    };
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a regular file".into());
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o027 != 0 {
        return Err("others can read or change it: allow its owner alone (chmod 600)".into());
    }
    let mut bytes = operator::files::read_secret(file, LARGEST as u64).map_err(|error| error.to_string())?;
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        "it is not text in UTF-8".to_owned()
    })?;
    let text = without_line_break(text);
    if text.is_empty() { Err("it is empty".into()) } else { Ok(text.into()) }
}

/// Opens a file without waiting: a pipe in its place has no end to wait for.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).map_err(std::io::Error::other)?;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_its_tenants_file_without_the_last_line_break_and_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileSecrets::new(folder.path());
        let (acme, name): (Name, Name) = ("acme".parse().unwrap(), "duro".parse().unwrap());
        fs::create_dir(folder.path().join("acme")).unwrap();
        let path = folder.path().join("acme/duro");
        for (text, expected) in [("one", "one"), ("two\n", "two"), ("three\r\n", "three"), ("4\n\n", "4\n")] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(store.secret(&acme, &name).unwrap().expose_secret(), expected);
        }
        let error = store.secret(&"other".parse().unwrap(), &name).unwrap_err().to_string();
        assert!(
            error.contains("the secret duro of other") && error.contains("put the secret's value into it"),
            "{error}"
        );
    }

    #[test]
    fn what_others_can_read_or_change_and_what_is_no_text_is_refused_without_being_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileSecrets::new(folder.path());
        fs::create_dir(folder.path().join("acme")).unwrap();
        let path = folder.path().join("acme/duro");
        let error = |bytes: &[u8], mode| {
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = store.secret(&"acme".parse().unwrap(), &"duro".parse().unwrap()).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
            error
        };
        assert!(error(b"canary", 0o644).contains("chmod 600"));
        assert!(error(b"canary", 0o620).contains("chmod 600"));
        assert!(error(b"canary\xff", 0o600).contains("UTF-8"));
        assert!(error(b"\n", 0o600).contains("it is empty"));
        assert!(error(&[b'x'; LARGEST + 1], 0o600).contains("larger than"));
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
        let error = store.secret(&"acme".parse().unwrap(), &"duro".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
    }
}
