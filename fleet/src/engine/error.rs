//! Why an engine did not do something.

use host::poller::StoreError;

/// Why an engine did not do something. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// The trigger is no longer as whoever asks had found it.
    #[error("the trigger was moved on by somebody else")]
    Conflict,
    /// There is none of this name.
    #[error("there is no trigger {0}")]
    Unknown(String),
    /// It does not answer, and may later.
    #[error("{0}")]
    Unavailable(String),
    /// It has more to say than is read at once, in bytes.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    /// It will not do this until somebody changes something.
    #[error("{0}")]
    Unusable(String),
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Conflict => Self::Conflict,
            EngineError::Unavailable(text) => Self::Unavailable(text),
            // The trigger was removed: whoever polls it is told so otherwise.
            error @ (EngineError::Unknown(_) | EngineError::TooLarge(_) | EngineError::Unusable(_)) => {
                Self::Unusable(error.to_string())
            }
        }
    }
}
