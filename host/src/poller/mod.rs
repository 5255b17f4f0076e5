//! Polls a trigger again and again: load the state, poll, hand the payload over, and only then commit the new state.
//! Whatever ends it in between, changes are handed over twice at the worst, and none is lost.

mod file_store;
mod lock;
mod pace;
mod store;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use serde::Serialize;

pub use file_store::FileStore;
use pace::Pace;
pub use store::{MemoryStore, StateStore, StoreError, Stored, Version};

use crate::connection::Connection;
use crate::contract::{Error, PollResult};
use crate::runtime::{CallFailure, CallOptions, Connector};
use crate::trace::Trace;

/// Where the payloads of polls go.
pub trait Recipient {
    /// Why a payload was not accepted.
    type Error: Send;

    /// Takes what a poll found. The state moves on when this returns, so it returns when the payload is safe: written,
    /// queued, worked off. With an error the state stays, and the next poll finds the same changes again. Called for
    /// polls without changes too ([`PollResult::no_changes`]).
    fn accept(&mut self, poll: &PollResult) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Polls one trigger, with its state in a store, and knows when to poll again.
///
/// Two pollers on one store do no harm: each commits only what follows the state that it began with. See
/// [`StateStore`].
#[derive(Debug)]
pub struct Poller<S> {
    connector: Connector,
    trigger: String,
    store: S,
    pace: Pace,
    pause: Duration,
}

/// A poll that succeeded: its payload was accepted, and its state committed.
#[derive(Debug, Clone)]
pub struct Polled {
    /// What it found.
    pub poll: PollResult,
    /// What the call used and did.
    pub trace: Trace,
    /// The state that it began with; none for a first poll.
    pub before: Option<Vec<u8>>,
    /// Whether polling again would only repeat itself: the trigger says that more waits, and neither found anything nor
    /// got any further.
    pub is_stuck: bool,
}

/// Why a poll did not move the state. `E` is the recipient's error.
#[derive(Debug)]
#[non_exhaustive]
pub enum PollError<E> {
    /// The call has no result.
    Call(Box<CallFailure>),
    /// The recipient did not accept the payload.
    Recipient(E),
    /// The state could not be loaded or committed. Where it could not be committed, the payload was accepted all the
    /// same, and the next poll hands over the same changes again.
    Store(StoreError),
}

impl<E> PollError<E> {
    /// Whether the same poll may succeed later without anyone changing anything here: see
    /// [`CallError::may_pass`](crate::CallError::may_pass) and [`StoreError::may_pass`]. What the recipient said no to
    /// may pass as well, unless the recipient knows better.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Call(failure) => failure.error.may_pass(),
            Self::Recipient(_) => true,
            Self::Store(error) => error.may_pass(),
        }
    }

    /// The seconds that the service asks to wait, where it does.
    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Call(failure) => match failure.error.answer() {
                Some(Error::RateLimited(seconds)) => *seconds,
                _ => None,
            },
            _ => None,
        }
    }
}

impl<E: fmt::Display> fmt::Display for PollError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(failure) => write!(f, "{failure}"),
            Self::Recipient(error) => write!(f, "what the poll found was not accepted: {error}"),
            Self::Store(error) => write!(f, "{error}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for PollError<E> {}

impl<S: StateStore> Poller<S> {
    /// A poller of the connector's trigger of this key. `every` is the pause between two polls where nothing speaks for
    /// another.
    pub fn new(connector: Connector, trigger: impl Into<String>, store: S, every: Duration) -> Self {
        Self { connector, trigger: trigger.into(), store, pace: Pace::every(every), pause: Duration::ZERO }
    }

    /// Polls once: loads the state, polls, has the payload accepted, commits the state that came with it. Given up at
    /// any point, it leaves the state as it was or as it is to be. `inputs` is anything that is a JSON object when it
    /// is serialized.
    pub async fn poll<R: Recipient>(
        &mut self,
        connection: &Connection,
        inputs: &(impl Serialize + Sync + ?Sized),
        options: &CallOptions,
        recipient: &mut R,
    ) -> Result<Polled, PollError<R::Error>> {
        let result = self.attempt(connection, inputs, options, recipient).await;
        self.pause = match &result {
            Ok(polled) => self.pace.after_success(polled.poll.more && !polled.is_stuck, !polled.poll.no_changes),
            Err(error) => self.pace.after_failure(error.retry_after()),
        };
        result
    }

    async fn attempt<R: Recipient>(
        &self,
        connection: &Connection,
        inputs: &(impl Serialize + Sync + ?Sized),
        options: &CallOptions,
        recipient: &mut R,
    ) -> Result<Polled, PollError<R::Error>> {
        let (before, version) = match self.store.load().await.map_err(PollError::Store)? {
            Some(Stored { state, version }) => (Some(state), Some(version)),
            None => (None, None),
        };
        let polled = self.connector.poll(&self.trigger, connection, inputs, before.as_deref(), options).await;
        let polled = polled.map_err(PollError::Call)?;
        let (poll, trace) = (polled.value, polled.trace);
        recipient.accept(&poll).await.map_err(PollError::Recipient)?;
        self.store.commit(version, &poll.state).await.map_err(PollError::Store)?;
        let is_stuck = is_stuck(&poll, before.as_deref());
        Ok(Polled { poll, trace, before, is_stuck })
    }

    /// How long to wait before the next poll: the schedule's pause; less while more changes wait; more after errors,
    /// and at least as long as the service asks for, up to an hour.
    pub fn pause(&self) -> Duration {
        self.pause
    }

    /// Waits for [`Poller::pause`].
    pub async fn wait(&self) {
        tokio::time::sleep(self.pause).await;
    }
}

/// Whether polling again would only repeat itself.
fn is_stuck(poll: &PollResult, before: Option<&[u8]>) -> bool {
    poll.more && poll.no_changes && before == Some(poll.state.as_slice())
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::runtime::CallError;

    #[test]
    fn a_trigger_that_finds_nothing_and_gets_no_further_is_stuck() {
        let poll = |more, no_changes| PollResult {
            payload: RawValue::from_string("{}".into()).unwrap(),
            no_changes,
            state: b"same".to_vec(),
            more,
            extensions: None,
        };
        assert!(is_stuck(&poll(true, true), Some(b"same")));
        assert!(!is_stuck(&poll(true, true), Some(b"other")) && !is_stuck(&poll(true, true), None));
        assert!(!is_stuck(&poll(true, false), Some(b"same")) && !is_stuck(&poll(false, true), Some(b"same")));
    }

    #[test]
    fn an_error_that_can_only_come_again_does_not_pass() {
        let call = |error| CallFailure { error: CallError::Connector(error), trace: Trace::default() };
        let call = |error| PollError::<String>::Call(Box::new(call(error)));
        for error in [Error::Unauthenticated("no".into()), Error::RateLimited(None), Error::Other("?".into())] {
            assert!(call(error.clone()).may_pass(), "{error}");
        }
        let last = [Error::InvalidState("other inputs".into()), Error::UnknownKey("?".into())];
        for error in last.into_iter().chain([Error::InvalidInput(Vec::new())]) {
            assert!(!call(error.clone()).may_pass(), "{error}");
        }
        assert!(PollError::Recipient("the queue is full").may_pass());
        assert!(PollError::<String>::Store(StoreError::Conflict).may_pass());
        assert!(!PollError::<String>::Store(StoreError::Unusable("it is a link".into())).may_pass());
        assert_eq!(call(Error::RateLimited(Some(7))).retry_after(), Some(7));
    }
}
