//! Triggers that clients have subscribed to, or read: each is polled in one place, and its changes wait there until
//! they have been read. Where no more of them fit, polling pauses: what was not taken is found again, and nothing is
//! lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use host::contract::{PollResult, RecordList};
use host::poller::{MemoryStore, PollError, Recipient};
use host::{CallOptions, Poller};
use rmcp::RoleServer;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, SubscriptionSink};
use serde_json::Value;
use tokio::task::AbortHandle;

use super::answer;
use super::served::Served;
use super::uris::Watched;
use crate::json_parts::items;
use crate::records::found;

/// Triggers that are polled, or were: each with its inputs.
const MOST_WATCHES: usize = 32;
/// The changes of one trigger that wait to be read, in bytes. One poll's always fit.
const MOST_WAITING: usize = 1024 * 1024;
/// How long a client may take to take a notification.
const LONGEST_NOTIFICATION: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Watches {
    by_uri: Mutex<HashMap<String, Arc<Watch>>>,
}

/// One trigger with its inputs.
pub(super) struct Watch {
    watched: Watched,
    lists: Vec<RecordList>,
    poller: tokio::sync::Mutex<Poller<MemoryStore>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    changes: VecDeque<Change>,
    bytes: usize,
    /// The number of the last change that there was, and of the last that somebody has read.
    last: u64,
    read: u64,
    /// Whether a poll's changes did not fit.
    is_full: bool,
    polls: u64,
    /// Why the last poll failed.
    error: Option<String>,
    subscribers: HashMap<u64, Notify>,
    next_subscriber: u64,
    task: Option<AbortHandle>,
    /// When it was last read, or subscribed to.
    used: Option<Instant>,
}

/// One change, as it waits to be read.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) number: u64,
    /// The list of the payload that it was in; none where it is a whole payload.
    pub(super) list: Option<String>,
    pub(super) json: Box<str>,
}

impl Change {
    /// What it holds in memory, in bytes: a record can be much smaller than what is kept beside it.
    fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.list.as_ref().map_or(0, String::len) + self.json.len()
    }
}

/// How a subscriber is told.
#[derive(Clone)]
pub(super) enum Notify {
    Peer(Peer<RoleServer>),
    Sink(SubscriptionSink),
}

/// A subscription, which ends when this is dropped.
pub(super) struct Subscription {
    watch: Weak<Watch>,
    number: u64,
}

/// How a trigger stands.
pub(super) struct Standing {
    pub(super) changes: Vec<Change>,
    /// The number of the last change that there was.
    pub(super) last: u64,
    pub(super) is_polled: bool,
    pub(super) polls: u64,
    pub(super) is_full: bool,
    pub(super) error: Option<String>,
}

impl Watches {
    /// The watch of a trigger with these inputs, which begins if it is new.
    pub(super) fn of(&self, served: &Served, watched: &Watched) -> Result<Arc<Watch>, String> {
        let mut by_uri = self.by_uri.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = by_uri.get(&watched.uri) {
            return Ok(watch.clone());
        }
        if by_uri.len() >= MOST_WATCHES {
            // Whoever comes back to it begins anew, and is told so.
            let idle = by_uri.iter().filter_map(|(uri, watch)| Some((watch.idle_since()?, uri)));
            let Some(oldest) = idle.min().map(|(_, uri)| uri.clone()) else {
                let each = "triggers, each with its inputs, are watched by one server";
                return Err(format!("no more than {MOST_WATCHES} {each}: end a subscription first"));
            };
            by_uri.remove(&oldest);
        }
        let trigger = served.definition().trigger(&watched.trigger);
        let poller =
            Poller::new(served.connector.clone(), watched.trigger.as_str(), MemoryStore::default(), served.every);
        let watch = Arc::new(Watch {
            watched: Watched { after: None, ..watched.clone() },
            lists: trigger.map(|trigger| trigger.record_lists()).unwrap_or_default(),
            poller: tokio::sync::Mutex::new(poller),
            waiting: Mutex::new(Waiting { used: Some(Instant::now()), ..Waiting::default() }),
        });
        by_uri.insert(watched.uri.clone(), watch.clone());
        Ok(watch)
    }
}

impl Watch {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when nobody has read it; none where somebody is subscribed to it.
    fn idle_since(&self) -> Option<Instant> {
        let waiting = self.waiting();
        waiting.used.filter(|_| waiting.subscribers.is_empty())
    }

    /// Tells this subscriber from now on, and polls as long as there is one. The first poll, which marks where counting
    /// begins, is over when this returns; the error is that it can only fail again.
    pub(super) async fn subscribe(
        self: &Arc<Self>,
        served: &Arc<Served>,
        notify: Notify,
    ) -> Result<Subscription, String> {
        if self.waiting().polls == 0 && self.poll(served).await.is_none() {
            return Err(self.waiting().error.clone().unwrap_or_default());
        }
        Ok(self.add_subscriber(served, notify))
    }

    fn add_subscriber(self: &Arc<Self>, served: &Arc<Served>, notify: Notify) -> Subscription {
        let mut waiting = self.waiting();
        let number = waiting.next_subscriber;
        waiting.next_subscriber = number.saturating_add(1);
        waiting.subscribers.insert(number, notify);
        let is_polled = waiting.task.as_ref().is_some_and(|task| !task.is_finished());
        if !is_polled {
            let task = tokio::spawn(poll_on(served.clone(), Arc::downgrade(self)));
            waiting.task = Some(task.abort_handle());
        }
        Subscription { watch: Arc::downgrade(self), number }
    }

    /// How it stands, with the changes behind `after`: those up to it have been read by one client, and are let go of
    /// where room is needed. Others may not have read them yet.
    pub(super) fn standing(&self, after: Option<u64>) -> Standing {
        let mut waiting = self.waiting();
        waiting.used = Some(Instant::now());
        waiting.read = waiting.read.max(after.unwrap_or_default());
        let is_shown = |change: &&Change| after.is_none_or(|after| change.number > after);
        Standing {
            changes: waiting.changes.iter().filter(is_shown).cloned().collect(),
            last: waiting.last,
            is_polled: waiting.task.as_ref().is_some_and(|task| !task.is_finished()),
            polls: waiting.polls,
            is_full: waiting.is_full,
            error: waiting.error.clone(),
        }
    }

    /// Polls once, for whoever reads without a subscription.
    pub(super) async fn poll_once(&self, served: &Served) {
        self.poll(served).await;
    }

    /// Polls, and gives how long to wait before the next poll; none where it can only fail again.
    async fn poll(&self, served: &Served) -> Option<Duration> {
        let link = served.links.get(self.watched.connection)?;
        let mut poller = self.poller.lock().await;
        // As a call does: what is subscribed to holds up no more of the connection than calls would. Last of all that
        // is waited for, so that nobody who has one waits for another.
        let _permit = link.permit().await;
        let inputs = Value::Object(self.watched.inputs.clone());
        let options: &CallOptions = &served.call_options;
        let polled = poller.poll(&link.connection, &inputs, options, &mut Taking { watch: self, served }).await;
        let pause = poller.pause();
        drop(poller);
        let (error, may_pass) = match &polled {
            Ok(_) => (None, true),
            // It is said in its own place.
            Err(PollError::Recipient(Full)) => (None, true),
            Err(PollError::Call(failure)) => {
                let (message, _) = answer::told(&failure.error, served.definition(), &self.watched.trigger, &inputs);
                let text = format!("{}: {message}", failure.error.kind());
                (Some(served.scrub(link, text)), failure.error.may_pass())
            }
            Err(error) => (Some(error.to_string()), error.may_pass()),
        };
        let mut waiting = self.waiting();
        waiting.polls = waiting.polls.saturating_add(1);
        waiting.error = error;
        may_pass.then_some(pause)
    }

    fn tell_all(&self) {
        let subscribers: Vec<Notify> = self.waiting().subscribers.values().cloned().collect();
        for notify in subscribers {
            let uri = self.watched.uri.clone();
            // A client that does not listen holds nothing up.
            tokio::spawn(async move { tokio::time::timeout(LONGEST_NOTIFICATION, notify.tell(uri)).await });
        }
    }
}

/// Polls for as long as there are subscribers.
async fn poll_on(served: Arc<Served>, watch: Weak<Watch>) {
    loop {
        let Some(watch) = watch.upgrade() else { return };
        let standing = || {
            let waiting = watch.waiting();
            (waiting.last, waiting.error.is_some())
        };
        let before = standing();
        let pause = watch.poll(&served).await;
        let now = standing();
        // Changes are news, and so is that polling fails: whoever reads finds why.
        if now.0 != before.0 || (now.1 && !before.1) {
            watch.tell_all();
        }
        let Some(pause) = pause else { return };
        drop(watch);
        tokio::time::sleep(pause).await;
    }
}

/// There is no room for what a poll found.
#[derive(Debug)]
struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the changes before have not been read")
    }
}

/// Takes what a poll found, so that the state may move on.
struct Taking<'a> {
    watch: &'a Watch,
    served: &'a Served,
}

impl Recipient for Taking<'_> {
    type Error = Full;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), Full> {
        if poll.no_changes {
            return Ok(());
        }
        let payload = poll.payload.get();
        let mut waiting = self.watch.waiting();
        waiting.make_room(payload.len());
        if waiting.is_full {
            return Err(Full);
        }
        match found(payload, &self.watch.lists) {
            Some(lists) => {
                for (list, records) in lists {
                    for record in items(records).into_iter().flatten() {
                        waiting.add(Some(list.to_owned()), record, self.served, self.watch);
                    }
                }
            }
            None => waiting.add(None, payload, self.served, self.watch),
        }
        Ok(())
    }
}

impl Waiting {
    /// Lets go of changes that were read, as far as there has to be room for so many bytes.
    fn make_room(&mut self, bytes: usize) {
        let is_full = |waiting: &Self| waiting.bytes.saturating_add(bytes) > MOST_WAITING;
        while is_full(self) && self.changes.front().is_some_and(|first| first.number <= self.read) {
            let first = self.changes.pop_front();
            self.bytes = self.bytes.saturating_sub(first.map_or(0, |first| first.held_bytes()));
        }
        self.is_full = !self.changes.is_empty() && is_full(self);
    }

    fn add(&mut self, list: Option<String>, json: &str, served: &Served, watch: &Watch) {
        let Some(link) = served.links.get(watch.watched.connection) else { return };
        let json = served.scrub_json(link, json.to_owned()).unwrap_or_else(|| "null".to_owned());
        self.last = self.last.saturating_add(1);
        let change = Change { number: self.last, list, json: json.into() };
        self.bytes = self.bytes.saturating_add(change.held_bytes());
        self.changes.push_back(change);
    }
}

impl Notify {
    async fn tell(self, uri: String) {
        match self {
            Self::Peer(peer) => drop(peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await),
            Self::Sink(sink) => drop(sink.notify_resource_updated(uri).await),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let Some(watch) = self.watch.upgrade() else { return };
        let mut waiting = watch.waiting();
        waiting.subscribers.remove(&self.number);
        // A poll that is under way is given up: the state is as it was, and what waits stays.
        if waiting.subscribers.is_empty()
            && let Some(task) = waiting.task.take()
        {
            task.abort();
        }
    }
}
