//! The signals that end a command: one that runs until it is told to stop, and one that a person at a terminal cancels.
//! They are heard on a thread of their own: a command that writes to a pipe nobody reads does not come round to look
//! for them.

use std::io;
use std::time::Duration;

use tokio::signal;
use tokio::sync::oneshot;

use super::command_error::{CommandError, INTERRUPTED};

/// How long the command may take to come to its own end, before the process is ended under it. A line that is being
/// written to a reader who reads is written in less; where nobody reads, waiting longer changes nothing.
const GRACE: Duration = Duration::from_secs(2);

/// Hears that a command is to end.
pub(super) struct Stop {
    asked: oneshot::Receiver<()>,
}

impl Stop {
    /// Listens from now on for Ctrl-C, and for the signal with which service managers end a program. Whatever needs
    /// this thread and may be waited for in vain is done before: until now signals end the process at once, and now
    /// only this does. The runtime must have a thread beside the one that calls this.
    pub(super) fn listen() -> Result<Self, CommandError> {
        let mut signals = Signals::listen().map_err(not_heard)?;
        // Nothing is lost by this: the state moves only after the output was taken, and as a whole.
        Ok(Self::when(async move { signals.next().await }, || std::process::exit(0)))
    }

    /// The same for Ctrl-C alone, which cancels what a person waits for: any other signal ends the process at once.
    pub(super) fn listen_for_cancel() -> Result<Self, CommandError> {
        let mut interrupt = Interrupt::listen().map_err(not_heard)?;
        Ok(Self::when(async move { interrupt.next().await }, end_as_interrupted))
    }

    fn when(signal: impl Future<Output = ()> + Send + 'static, end: fn()) -> Self {
        let (ask, asked) = oneshot::channel();
        tokio::spawn(async move {
            signal.await;
            ask.send(()).ok();
            tokio::time::sleep(GRACE).await;
            end();
        });
        Self { asked }
    }

    /// Waits for the first of the signals.
    pub(super) async fn asked(self) {
        self.asked.await.ok();
    }
}

fn not_heard(error: io::Error) -> CommandError {
    CommandError::usage(format!("signals cannot be received: {error}"))
}

/// Ends the process as the signal would have done that was heard in its place: a shell that runs a loop ends it only
/// where it sees that.
pub(super) fn end_as_interrupted() {
    #[cfg(unix)]
    // SAFETY: the default action takes the place of a handler, and nothing of this process runs after the signal.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
        libc::raise(libc::SIGINT);
    }
    std::process::exit(INTERRUPTED.into());
}

#[cfg(unix)]
struct Signals {
    interrupt: Interrupt,
    terminate: signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: Interrupt::listen()?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            () = self.interrupt.next() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
use Interrupt as Signals;

/// Ctrl-C.
#[cfg(unix)]
struct Interrupt(signal::unix::Signal);

#[cfg(unix)]
impl Interrupt {
    fn listen() -> io::Result<Self> {
        Ok(Self(signal::unix::signal(signal::unix::SignalKind::interrupt())?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// Ctrl-C.
#[cfg(windows)]
struct Interrupt(signal::windows::CtrlC);

#[cfg(windows)]
impl Interrupt {
    fn listen() -> io::Result<Self> {
        Ok(Self(signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
