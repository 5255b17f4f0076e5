//! How a command ends when it does not succeed: what is printed where, and the exit status.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use host::poller::{PollError, StoreError};
use host::{CallError, CallFailure, ConnectionError, LoadError, RuntimeError, Told};
use serde::Serialize;

use super::{output, progress};
use crate::flags::Flags;
use crate::may_be_done;

/// The status of a program that nobody reads any more, as shells show it: 128 and the number of SIGPIPE.
const OUTPUT_CLOSED: u8 = 141;

/// The status of a program that Ctrl-C has ended, as shells show it: 128 and the number of SIGINT.
pub(super) const INTERRUPTED: u8 = 130;

/// Why a command did not succeed.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The command line or a file is wrong: status 2.
    Usage(String),
    /// A call failed: status 1 where the connector or its service said no, 3 where the host did.
    Call(Box<CallError>),
    /// The same, and what is said of it to people is in the words of the manifest.
    Explained { error: Box<CallError>, said: String },
    /// A call failed that was to change something, and may have done so: what is said of it, and that.
    MayBeDone(Box<CommandError>),
    /// The host does not run this component: status 3.
    Load(String),
    /// A check found something, which was printed: status 1.
    Found(String),
    /// Nobody reads standard output any more; nothing is left to say.
    OutputClosed,
    /// A person has cancelled it: status 130.
    Cancelled,
}

impl CommandError {
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// A file that cannot be written.
    pub(super) fn not_written(path: &Path, error: &io::Error) -> Self {
        Self::Usage(format!("{} cannot be written: {error}", path.display()))
    }

    /// The same of the file that a flag names.
    pub(super) fn not_written_by(flag: &str, path: &Path, error: &io::Error) -> Self {
        Self::Usage(format!("{flag}: {}", Self::not_written(path, error)))
    }

    /// The error that goes to standard output; none with status 2.
    pub(super) fn printed(&self) -> Option<Printed<'_>> {
        let error = match self {
            Self::Call(error) | Self::Explained { error, .. } => PrintedError::Call(error.told(&Flags)),
            Self::Load(message) => PrintedError::Load { kind: "other", message, ended_by: "load" },
            Self::MayBeDone(of) => return of.printed().map(|printed| Printed { may_be_done: true, ..printed }),
            Self::Usage(_) | Self::Found(_) | Self::OutputClosed | Self::Cancelled => return None,
        };
        Some(Printed { error, may_be_done: false })
    }

    /// What to say to people.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Usage(text) | Self::Load(text) | Self::Found(text) => text.clone(),
            Self::Call(error) => format!("{}: {}", error.kind(), error.told(&Flags)),
            Self::Explained { error, said } => format!("{}: {said}", error.kind()),
            Self::MayBeDone(of) => format!("{}. {}", of.message(), may_be_done::ADVICE),
            Self::OutputClosed => "standard output was closed".into(),
            Self::Cancelled => cancelled(progress::sent()),
        }
    }

    fn status(&self) -> u8 {
        match self {
            Self::Call(error) | Self::Explained { error, .. } if !error.is_hosts() => 1,
            Self::MayBeDone(of) => of.status(),
            Self::Found(_) => 1,
            Self::Usage(_) => 2,
            Self::Call(_) | Self::Explained { .. } | Self::Load(_) => 3,
            Self::OutputClosed => OUTPUT_CLOSED,
            Self::Cancelled => INTERRUPTED,
        }
    }

    /// The exit status, without a word.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status())
    }

    /// Prints the failure and gives the exit status. That nobody reads any more is no news to whoever stopped reading.
    pub(super) fn report(&self) -> ExitCode {
        match self {
            Self::OutputClosed => return self.exit_code(),
            Self::Cancelled => output::message(&self.message()),
            _ => output::message(&format!("error: {}", self.message())),
        }
        if let Some(json) = self.printed() {
            // The status says the same when standard output is gone.
            output::error(&json).ok();
        }
        self.exit_code()
    }
}

/// What whoever cancels a command wants to know: whether anything may have come of it.
fn cancelled(sent: u64) -> String {
    match sent {
        0 => "Cancelled: nothing was sent.".to_owned(),
        1 => "Cancelled. 1 request was sent before that.".to_owned(),
        sent => format!("Cancelled. {sent} requests were sent before that."),
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

/// `{"error": …}`, written as it is: what a service sent with its error can be large. `"mayBeDone": true` stands beside
/// it where what was to be changed may have been.
#[derive(Serialize)]
pub(super) struct Printed<'a> {
    error: PrintedError<'a>,
    #[serde(rename = "mayBeDone", skip_serializing_if = "std::ops::Not::not")]
    may_be_done: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PrintedError<'a> {
    Call(Told<'a>),
    Load {
        kind: &'static str,
        message: &'a str,
        #[serde(rename = "endedBy")]
        ended_by: &'static str,
    },
}

impl From<Box<CallFailure>> for CommandError {
    fn from(failure: Box<CallFailure>) -> Self {
        Self::Call(Box::new(failure.error))
    }
}

impl From<PollError<CommandError>> for CommandError {
    fn from(error: PollError<CommandError>) -> Self {
        match error {
            PollError::Call(failure) => failure.into(),
            PollError::Recipient(failure) => failure,
            PollError::Store(error) => error.into(),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ConnectionError> for CommandError {
    fn from(error: ConnectionError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<RuntimeError> for CommandError {
    fn from(error: RuntimeError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Describe(error) => Self::Call(error),
            LoadError::Limit(exceeded) => Self::Call(Box::new(CallError::Limit { exceeded, answer: None })),
            LoadError::MachineCode => {
                let what = "this is a program or a compiled component, which is machine code and runs unchecked";
                Self::Usage(format!("{what}; if you made it, load it with --precompiled"))
            }
            LoadError::Imports(_) | LoadError::OtherManifest(_) => Self::Load(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            // What was asked of the output cannot be done with this result.
            io::ErrorKind::InvalidInput => Self::Usage(error.to_string()),
            _ => Self::Usage(format!("the result could not be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use host::contract::Error;

    use super::*;

    #[test]
    fn the_status_tells_who_said_no() {
        let connector = CommandError::Call(Box::new(CallError::Connector(Error::RateLimited(Some(3)))));
        assert_eq!(connector.status(), 1);
        let json = serde_json::to_value(connector.printed().unwrap()).unwrap();
        assert_eq!(json["error"]["retryAfter"], 3);
        let host = CommandError::Call(Box::new(CallError::Trap { reason: "unreachable".into(), last_words: None }));
        assert_eq!((host.status(), host.printed().is_some()), (3, true));
        let imports = CommandError::from(LoadError::Imports(vec!["wasi:cli/environment@0.2.0".into()]));
        assert_eq!(imports.status(), 3);
        assert!(imports.message().contains("wasi:cli/environment@0.2.0"));
        assert_eq!((CommandError::Cancelled.status(), CommandError::Cancelled.printed().is_some()), (130, false));
        assert_eq!([0, 1, 2].map(cancelled)[2], "Cancelled. 2 requests were sent before that.");
        let usage = CommandError::usage("no such file");
        assert_eq!((usage.status(), usage.printed().is_some()), (2, false));
    }
}
