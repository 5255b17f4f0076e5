//! Standard input, which one thing of a command reads.

use std::io::{self, Stdin};
use std::sync::Mutex;
use std::sync::PoisonError;

use super::command_error::CommandError;

/// What reads it.
static TAKEN: Mutex<Option<String>> = Mutex::new(None);

/// Standard input for this, unless it is taken.
pub(super) fn take(what: &str) -> Result<Stdin, CommandError> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    match &*taken {
        Some(other) => {
            Err(CommandError::usage(format!("{other} and {what} cannot both read standard input: name a file for one")))
        }
        None => {
            *taken = Some(what.to_owned());
            Ok(io::stdin())
        }
    }
}
