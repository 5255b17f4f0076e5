//! A worker: holds shards of triggers by leases, polls them in this process when they are due, and goes to the engine
//! when something was found. One task knows all triggers, so that nothing of it is shared; each poll is a task of its
//! own.

mod attempt;
mod circuit;
mod due;
mod entry;
mod holding;
mod membership;
mod origins;
mod ready;
mod report;
mod share;
mod slot;
mod timeline;
mod triggers;

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tracing::{info, warn};

use attempt::Attempt;
use membership::{Membership, News};
pub(crate) use report::{Ask, Report, Row};
pub(crate) use timeline::{Outcome, Timeline};
use triggers::Triggers;

use crate::engine::Engine;
use crate::model::Undelivered;
use crate::polls::Polls;
use crate::seen::Seen;

/// How a worker works.
#[derive(Debug, Clone)]
pub(crate) struct WorkerOptions {
    /// Its name: another one for each process.
    pub(crate) name: String,
    /// For how long it holds its shards without renewing them.
    pub(crate) lease: Duration,
    /// So many polls at a time.
    pub(crate) polls_at_once: usize,
    /// So many of one tenant's.
    pub(crate) polls_of_a_tenant: usize,
    /// Requests a second to one origin, of all workers together.
    pub(crate) origin_rate: NonZeroU32,
    /// A trigger with so many payloads that were not accepted is not polled: what it would find waits in the service.
    pub(crate) most_undelivered: Undelivered,
    /// The longest that the engine does not hear of a trigger's quiet polls.
    pub(crate) longest_unkept: Duration,
}

/// What a worker works with.
pub(crate) struct Parts<E> {
    pub(crate) engine: E,
    pub(crate) polls: Arc<Polls>,
    pub(crate) seen: Arc<Seen>,
    /// Is told of each payload that was committed.
    pub(crate) committed: Arc<Notify>,
}

/// After the end of a worker was asked for, polls that are under way have so long to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// And so long is taken to tell the engine of quiet polls.
const KEEPING: Duration = Duration::from_secs(5);

/// What happens to a worker.
enum Event<E> {
    Polled(Box<Attempt<E>>, crate::model::TriggerId),
    News(News),
    Ask(Ask),
}

/// Works until `end` ends, and then gives back what it holds.
pub(crate) async fn work<E: Engine>(
    parts: Parts<E>,
    options: WorkerOptions,
    mut asked: mpsc::Receiver<Ask>,
    end: impl Future<Output = ()> + Send,
) {
    let (events, mut happened) = mpsc::unbounded_channel();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let every = options.lease / 3;
    // Known before the first trigger is.
    look_for_versions(&parts.polls, &parts.engine).await;
    let versions = tokio::spawn(keep_versions(parts.polls.clone(), parts.engine.clone(), every));
    let membership = Membership::new(parts.engine.clone(), options.name.clone(), options.lease);
    let membership = tokio::spawn(keep_leases(membership, parts.engine.clone(), every, events.clone(), stopped));
    let mut triggers = Triggers::new(parts, &options, events);
    let mut end = std::pin::pin!(end);
    loop {
        let next = triggers.poll_what_is_due(Instant::now());
        tokio::select! {
            Some(event) = happened.recv() => {
                triggers.heard(event);
                // As many as there are, before anything is looked for again.
                while let Ok(event) = happened.try_recv() {
                    triggers.heard(event);
                }
            }
            Some(ask) = asked.recv() => triggers.heard(Event::Ask(ask)),
            () = tokio::time::sleep_until(next.into()) => {}
            () = &mut end => break,
        }
    }
    info!("ending: {} polls are under way", triggers.under_way());
    let until = tokio::time::Instant::now() + PATIENCE;
    while triggers.under_way() > 0 {
        match tokio::time::timeout_at(until, happened.recv()).await {
            Ok(Some(Event::Polled(attempt, id))) => triggers.heard(Event::Polled(attempt, id)),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    if tokio::time::timeout(KEEPING, triggers.keep_all()).await.is_err() {
        info!("the engine was not told of all quiet polls: they are made again");
    }
    versions.abort();
    let _ = stop.send(());
    if let Err(error) = membership.await {
        warn!("the leases were not given back: {error}");
    }
}

/// Renews the leases again and again.
async fn keep_leases<E: Engine>(
    mut membership: Membership<E>,
    engine: E,
    every: Duration,
    events: mpsc::UnboundedSender<Event<E>>,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) {
    loop {
        match membership.renew().await {
            Ok(mut news) => {
                news.undelivered = engine.undelivered().await.ok();
                if events.send(Event::News(news)).is_err() {
                    return;
                }
            }
            Err(error) => warn!("leases could not be renewed: {error}"),
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = &mut stopped => break,
        }
    }
    if let Err(error) = membership.leave().await {
        warn!("the leases could not be given back, and end by themselves: {error}");
    }
}

/// Looks for components and how they are rolled out, again and again. Apart from the leases: to compile a component can
/// take longer than a lease.
async fn keep_versions<E: Engine>(polls: Arc<Polls>, engine: E, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        look_for_versions(&polls, &engine).await;
        polls.tidy();
    }
}

async fn look_for_versions<E: Engine>(polls: &Polls, engine: &E) {
    let connectors = polls.connectors();
    for problem in connectors.folder().look().await {
        warn!("a component is not used: {problem}");
    }
    for connector in connectors.folder().connectors() {
        match engine.rollout(&connector).await {
            Ok(rollout) => connectors.set_rollout(&connector, rollout),
            Err(error) => warn!("how {connector} is rolled out is not known: {error}"),
        }
    }
}
