//! The state file that a trigger is polled with.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use clap::Args;
use host::poller::FileStore;

use super::command_error::CommandError;
use super::output;

/// What a person should know who has never polled with this state.
pub(super) const FIRST_POLL: &str =
    "note: this first poll has marked where counting begins; the next delivers what changes from now on";

#[derive(Args)]
pub(super) struct StateOption {
    /// Where the state is kept from one poll to the next; one file for one trigger with the same inputs
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Begin anew, as a first poll does: what has changed since the last poll is never delivered. The old state is kept
    /// as FILE.before-reset
    #[arg(long)]
    reset_state: bool,
}

impl StateOption {
    /// How the file is named in messages.
    pub(super) fn name(&self) -> String {
        self.state.display().to_string()
    }

    /// Takes the file for this process. A state of at most so many bytes is read.
    pub(super) fn open(&self, most: u64) -> Result<FileStore, CommandError> {
        let store = FileStore::open(self.state.as_path(), most)?;
        // Nothing has been read of it yet, and nobody else has it.
        if self.reset_state {
            let mut kept = self.state.as_os_str().to_owned();
            kept.push(".before-reset");
            let kept = PathBuf::from(kept);
            match fs::rename(&self.state, &kept) {
                Ok(()) => output::message(&format!("note: the old state is in {}", kept.display())),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let text = format!("the state file {} cannot be set aside: {error}", self.state.display());
                    return Err(CommandError::usage(text));
                }
            }
        }
        Ok(store)
    }
}
