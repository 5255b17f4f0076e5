//! Kills at random, with nothing said before: the engine, a worker, the receiver.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;

/// What can be killed, and started again.
pub(crate) trait Victim: Send + 'static {
    /// Kills it, and starts it again.
    fn kill_and_start(&mut self) -> Result<()>;
}

/// Kills one victim again and again, on a thread of its own.
pub(crate) struct Killer {
    thread: JoinHandle<Result<()>>,
    ended: Arc<AtomicBool>,
    /// How often it has killed.
    pub(crate) kills: Arc<AtomicU64>,
}

impl Killer {
    /// Kills so many times, with a pause of 0 to twice `pause` between two.
    pub(crate) fn start(victim: Arc<Mutex<dyn Victim>>, times: u64, pause: Duration) -> Self {
        let (ended, kills) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (over, count) = (ended.clone(), kills.clone());
        let thread = std::thread::spawn(move || {
            while count.load(Ordering::Relaxed) < times && !over.load(Ordering::Relaxed) {
                std::thread::sleep(pause.mul_f64(fastrand::f64() * 2.0));
                victim.lock().unwrap_or_else(PoisonError::into_inner).kill_and_start()?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        Self { thread, ended, kills }
    }

    /// Whether it has killed as often as it was to.
    pub(crate) fn is_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends it, and says what went wrong.
    pub(crate) fn end(self) -> Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("a thread that kills has died"))?
    }
}
