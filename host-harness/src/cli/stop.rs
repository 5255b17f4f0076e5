//! The signals that end a command which runs until it is told to stop. They are heard on a thread of their own: a
//! command that writes to a pipe nobody reads does not come round to look for them.

use std::time::Duration;

use tokio::signal;
use tokio::sync::oneshot;

use super::command_error::CommandError;

/// How long the command may take to come to its own end, before the process is ended under it. A line that is being
/// written to a reader who reads is written in less; where nobody reads, waiting longer changes nothing.
const GRACE: Duration = Duration::from_secs(2);

/// Hears Ctrl-C, and the signal with which service managers end a program.
pub(super) struct Stop {
    asked: oneshot::Receiver<()>,
}

impl Stop {
    /// Listens from now on. Whatever needs this thread and may be waited for in vain is done before: until now signals
    /// end the process at once, and now only this does. The runtime must have a thread beside the one that calls this.
    pub(super) fn listen() -> Result<Self, CommandError> {
        let mut signals =
            Signals::listen().map_err(|error| CommandError::usage(format!("signals cannot be received: {error}")))?;
        let (ask, asked) = oneshot::channel();
        tokio::spawn(async move {
            signals.next().await;
            ask.send(()).ok();
            tokio::time::sleep(GRACE).await;
            // Nothing is lost by this: the state moves only after the output was taken, and as a whole.
            std::process::exit(0);
        });
        Ok(Self { asked })
    }

    /// Waits for the first of the signals.
    pub(super) async fn asked(self) {
        self.asked.await.ok();
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: signal::unix::Signal,
    terminate: signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self(signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
