//! A history's file, opened where it is one that this program may use: else the error names it and says what to do.

use std::path::Path;
use std::sync::{Arc, Mutex};

use host::own_file;
use operator::openness::{self, Openness};
use rusqlite::ErrorCode;

use super::schema::{foreign, opened};
use super::{Archive, LARGEST_FILE};

impl Archive {
    /// Opens a file, or makes it, for the runs of one connector. The error is for people.
    pub(in crate::ui) fn open(path: &Path, connector: &str) -> Result<Self, String> {
        let failed = |why: String| format!("the history {}: {why}", path.display());
        let real = own_file::in_the_real_folder(path).map_err(|error| failed(error.to_string()))?;
        let (file, metadata) = own_file::open(&real, "history").map_err(|why| format!("the history {why}"))?;
        if let Some(openness) = Openness::of(&metadata) {
            let others = match openness {
                Openness::Writable(who) => who,
                Openness::Readable => "other users can read, and it holds what was asked and answered",
            };
            return Err(openness::warning("the history", path, others));
        }
        if metadata.len() > LARGEST_FILE {
            return Err(failed(format!(
                "it is larger than {LARGEST_FILE} bytes, so no harness wrote it: name a new file"
            )));
        }
        // Its lock would go with this handle, were that closed later.
        drop(file);
        let database = opened(&real).map_err(|error| failed(way_out(&error)))?;
        let database = database.ok_or_else(|| failed("it is no history of this program: name a new file".into()))?;
        if let Some(what) = foreign(&database).map_err(|error| failed(way_out(&error)))? {
            return Err(failed(format!("it has {what}: name a new file")));
        }
        Ok(Self {
            database: Mutex::new(database),
            connector: connector.to_owned(),
            redaction: Arc::default(),
            trouble: Mutex::default(),
            cleared: Mutex::default(),
            lent: Mutex::default(),
        })
    }
}

fn way_out(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => "another harness uses it: give each a file of its own".into(),
        Some(ErrorCode::NotADatabase) => "it is no history: name a new file".into(),
        Some(ErrorCode::DatabaseCorrupt) => {
            format!(
                "it is damaged, or a part of it is missing ({error}): name a new file, or put a whole copy in its place"
            )
        }
        _ => error.to_string(),
    }
}
