//! How far a file that holds a secret is open to others, and the warning of it.

use std::fs::Metadata;
use std::path::Path;

use crate::shell;

/// What others do with a file that they can read and that holds a secret.
pub const READS_A_SECRET: &str = "other users can read, and it holds a secret";

/// How far a file is open to others than its owner.
#[derive(Debug, PartialEq, Eq)]
pub enum Openness {
    /// Who can write to it, and that they can.
    Writable(&'static str),
    /// Others can read it.
    Readable,
}

impl Openness {
    /// None for a file that is its owner's alone.
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        // A pipe of the shell's is gone with the command.
        if !metadata.is_file() {
            return None;
        }
        let (owner, mode) = (metadata.uid(), metadata.mode());
        match mode {
            _ if owner != 0 && owner != rustix::process::geteuid().as_raw() => {
                Some(Self::Writable("another user owns, who can change it"))
            }
            mode if mode & 0o022 != 0 => Some(Self::Writable("other users can change")),
            mode if mode & 0o044 != 0 => Some(Self::Readable),
            _ => None,
        }
    }

    /// None where files do not say.
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// What others do with a file that holds a secret.
    pub fn of_a_secret(&self) -> &'static str {
        match self {
            Self::Writable(who) => who,
            Self::Readable => READS_A_SECRET,
        }
    }
}

/// A warning of a file: what it is, where it is, and what others do with it.
pub fn warning(what: &str, path: &Path, others: &str) -> String {
    let name = shell::quoted(&path.display().to_string()).unwrap_or_else(|| "FILE".into());
    format!("{what} {} is one that {others}: chmod 600 {name}", path.display())
}
