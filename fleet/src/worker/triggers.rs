//! All triggers that a worker holds: when each is due, whose turn it is, and what is known of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc;
use tracing::{info, warn};

use super::attempt::{Attempt, Polling, attempt};
use super::entry::Entry;
use super::holding::Holding;
use super::membership::News;
use super::origins::Origins;
use super::ready::Ready;
use super::report::{Ask, Report, Row};
use super::slot::Slot;
use super::timeline::Timeline;
use super::{Event, Parts, WorkerOptions, due};
use crate::connectors::Health;
use crate::engine::Engine;
use crate::model::{Definition, Name, Record, TriggerId};

/// Nothing is looked for less often.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// A trigger whose payloads are not accepted is looked at again after this time.
const BACKLOG_PAUSE: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(5) };
/// A poll that takes longer is not soon.
const SOON: Duration = Duration::from_secs(2);
/// After a poll that went over a limit, the tenant's others that did so rest for so many times as long as it took: all
/// of them together use a tenth of one core at most.
const REST: u32 = 9;

pub(super) struct Triggers<E: Engine> {
    parts: Parts<E>,
    options: WorkerOptions,
    events: mpsc::UnboundedSender<Event<E>>,
    entries: HashMap<TriggerId, Entry<E>>,
    /// When each is due, and of which generation of its entry that was said: what is outdated is passed over.
    due: BinaryHeap<Reverse<(Instant, u64, TriggerId)>>,
    generation: u64,
    ready: Ready,
    origins: Origins,
    /// Connections whose service wants no requests until then.
    waiting: HashMap<Arc<str>, Instant>,
    /// Tenants whose triggers that went over a limit are to rest until then.
    resting: HashMap<Name, Instant>,
    under_way: usize,
    health: Health,
    workers: usize,
    /// Payloads of all triggers that are not delivered, as the engine last said.
    undelivered: u64,
}

impl<E: Engine> Triggers<E> {
    pub(super) fn new(parts: Parts<E>, options: &WorkerOptions, events: mpsc::UnboundedSender<Event<E>>) -> Self {
        Self {
            parts,
            options: options.clone(),
            events,
            entries: HashMap::new(),
            due: BinaryHeap::new(),
            generation: 0,
            ready: Ready::new(options.polls_of_a_tenant),
            origins: Origins::new(options.origin_rate),
            waiting: HashMap::new(),
            resting: HashMap::new(),
            under_way: 0,
            health: Health::default(),
            workers: 1,
            undelivered: 0,
        }
    }

    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Begins the polls whose turn it is. Gives when to look again, if nothing happens until then.
    pub(super) fn poll_what_is_due(&mut self, now: Instant) -> Instant {
        while self.due.peek().is_some_and(|Reverse((due, ..))| *due <= now) {
            let Some(Reverse((_, generation, id))) = self.due.pop() else { break };
            self.make_ready(id, generation, now);
        }
        while self.under_way < self.options.polls_at_once {
            let origins = &mut self.origins;
            let Some(id) = self.ready.pop(|origin| origins.may(origin, now)) else { break };
            self.begin(id);
        }
        self.parts.seen.backlog(self.ready.waiting(), self.undelivered);
        let due = self.due.peek().map(|Reverse((due, ..))| *due);
        let budget = if self.ready.waiting() > 0 { self.origins.next(now) } else { None };
        due.into_iter().chain(budget).chain([now + LONGEST_SLEEP]).min().unwrap_or(now)
    }

    /// Puts a trigger that is due in line, unless something speaks against it.
    fn make_ready(&mut self, id: TriggerId, generation: u64, now: Instant) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.generation == generation) else { return };
        if entry.polling.is_none() {
            return;
        }
        if entry.slot.undelivered().reaches(self.options.most_undelivered) && !entry.slot.is_unsure() {
            entry.waits_for = Some("deliveries that are not accepted");
            return self.look_at_backlog(id);
        }
        if let Some(until) = self.waiting.get(&entry.connection).copied().filter(|until| *until > now) {
            entry.waits_for = Some("the service, which asked to wait");
            let spread = Duration::from_millis(fastrand::u64(0..1_000));
            return self.schedule(&id, until + spread);
        }
        if let Some(until) = self.resting.get(&id.tenant).filter(|until| entry.went_over() && **until > now) {
            let until = *until;
            entry.waits_for = Some("the end of a rest, because polls of the tenant's went over a limit");
            return self.schedule(&id, until);
        }
        entry.waits_for = None;
        let origin = entry.origin.clone();
        self.ready.push(&origin, id);
    }

    /// Asks the engine whether payloads of a trigger were accepted meanwhile.
    fn look_at_backlog(&mut self, id: TriggerId) {
        let Some(entry) = self.entries.get(&id) else { return };
        let (engine, events, holding) = (self.parts.engine.clone(), self.events.clone(), entry.holding.clone());
        tokio::spawn(async move {
            // Until there is an answer, or the shard is another worker's: the trigger is scheduled by nothing else.
            while holding.epoch().is_some() {
                tokio::time::sleep(BACKLOG_PAUSE).await;
                let news = match engine.record(&id).await {
                    Ok(Some(record)) => News { looked_at: vec![(record, holding)], ..News::default() },
                    Ok(None) => News { removed: vec![id], ..News::default() },
                    Err(error) => {
                        warn!("{id} cannot be looked at: {error}");
                        continue;
                    }
                };
                let _ = events.send(Event::News(news));
                return;
            }
        });
    }

    /// Polls a trigger whose turn it is.
    fn begin(&mut self, id: TriggerId) {
        let tenant = id.tenant.clone();
        let rests = |entry: &Entry<E>| {
            self.resting.get(&id.tenant).copied().filter(|until| entry.went_over() && *until > Instant::now())
        };
        if let Some(until) = self.entries.get(&id).and_then(rests) {
            self.ready.done(&tenant, false);
            return self.schedule(&id, until);
        }
        let taken = self.entries.get_mut(&id).and_then(|entry| {
            let polling = if entry.paused { None } else { entry.polling.take() }?;
            Some((polling, entry.definition.clone(), entry.due))
        });
        // Removed, paused or taken away while it stood in line.
        let Some((polling, definition, due)) = taken else { return self.ready.done(&tenant, false) };
        self.under_way += 1;
        let (polls, seen, events) = (self.parts.polls.clone(), self.parts.seen.clone(), self.events.clone());
        tokio::spawn(async move {
            let attempt = attempt(polls, seen, id.clone(), definition, polling, due).await;
            let _ = events.send(Event::Polled(Box::new(attempt), id));
        });
    }

    pub(super) fn heard(&mut self, event: Event<E>) {
        match event {
            Event::Polled(attempt, id) => self.polled(*attempt, id),
            Event::News(news) => self.take_news(news),
            Event::Ask(ask) => self.answer(ask),
        }
    }

    fn polled(&mut self, attempt: Attempt<E>, id: TriggerId) {
        let now = Instant::now();
        self.under_way = self.under_way.saturating_sub(1);
        self.ready.done(&id.tenant, attempt.outcome.is_good() && attempt.outcome.duration < SOON);
        if attempt.outcome.kind == "limit" {
            self.resting.insert(id.tenant.clone(), now + attempt.outcome.duration * REST);
        }
        // It may have been taken away meanwhile, and taken anew: then this poll was of another lease.
        let is_of_now = |entry: &&mut Entry<E>| Arc::ptr_eq(&entry.slot, &attempt.polling.slot);
        let Some(entry) = self.entries.get_mut(&id).filter(is_of_now) else { return };
        let requests = u64::from(attempt.outcome.requests);
        self.origins.note(&entry.origin, &id.tenant, requests, attempt.signs.origin_failed, now);
        if let Some(pause) = attempt.signs.asked_to_wait {
            self.waiting.insert(entry.connection.clone(), now + pause);
        }
        let held_back = attempt.signs.version.as_ref().and_then(|(version, failed)| {
            let reason = self.health.note(&entry.definition.connector, version, &id, *failed)?;
            Some((entry.definition.connector.clone(), version.clone(), reason))
        });
        let every = entry.definition.every();
        let next = due::next(&id, entry.due, every, attempt.pause, (now, SystemTime::now()));
        if entry.timeline.failures == 0
            && let Some(text) = &attempt.outcome.text
        {
            self.parts.seen.say(&id, &format!("{}: {text}", attempt.outcome.kind));
        }
        entry.timeline.note(attempt.outcome);
        entry.polling = Some(attempt.polling);
        let newer = entry.newer.take();
        let holding = entry.holding.clone();
        if let Some((connector, version, reason)) = held_back {
            self.hold_back(connector, version, reason);
        }
        if attempt.signs.is_gone {
            self.forget(&id);
        } else if let Some(record) = newer {
            self.take(record, holding, now);
        } else {
            self.schedule(&id, next);
        }
    }

    /// Says to the engine that a version fails by itself. What polls with it goes on where it may.
    fn hold_back(&self, connector: Name, version: Arc<str>, reason: String) {
        // Once, and not after each poll that fails by it.
        if !self.parts.polls.connectors().hold(&connector, &version, &reason) {
            return;
        }
        let engine = self.parts.engine.clone();
        warn!("{version} of {connector} is held back: {reason}");
        tokio::spawn(async move {
            if let Err(error) = engine.hold(&connector, &version, &reason).await {
                warn!("that {version} of {connector} is held back could not be kept: {error}");
            }
        });
    }

    fn take_news(&mut self, news: News) {
        let now = Instant::now();
        if let Some(count) = news.undelivered {
            self.undelivered = count;
        }
        if news.workers > 0 && news.workers != self.workers {
            info!("{} workers share the triggers", news.workers);
            self.workers = news.workers;
            self.origins.share_with(news.workers);
        }
        if !news.lost.is_empty() {
            let lost: Vec<TriggerId> =
                self.entries.keys().filter(|id| news.lost.contains(&id.shard())).cloned().collect();
            lost.iter().for_each(|id| self.forget(id));
        }
        for id in news.removed {
            self.forget(&id);
        }
        for (record, holding) in news.taken {
            // A new one sets its beginning at once.
            let at = match record.state {
                Some(_) => due::on_schedule(&record.id, record.definition.every(), now, (now, SystemTime::now())),
                None => now,
            };
            self.take(record, holding, at);
        }
        for (record, holding) in news.changed {
            // Some engines read more than what was changed.
            if !self.entries.get(&record.id).is_some_and(|entry| entry.is_as(&record)) {
                self.take(record, holding, now);
            }
        }
        for (record, holding) in news.looked_at {
            // Nobody asked for one that is another worker's by now.
            if self.entries.get(&record.id).is_some_and(|entry| Arc::ptr_eq(&entry.holding, &holding)) {
                self.take(record, holding, now);
            }
        }
        self.waiting.retain(|_, until| *until > now);
        self.resting.retain(|_, until| *until > now);
        self.parts.seen.triggers(self.entries.len());
    }

    /// Takes a trigger, or what its owner made of it, and polls it at that time.
    fn take(&mut self, record: Record, holding: Arc<Holding>, at: Instant) {
        let id = record.id.clone();
        if let Some(entry) = self.entries.get_mut(&id)
            && entry.polling.is_none()
        {
            entry.newer = Some(record);
            return;
        }
        let (paused, definition) = (record.paused, Arc::new(record.definition.clone()));
        let origin = self.parts.polls.origin(&id, &definition);
        // Where it goes nowhere, it is in nobody's way.
        let origin: Arc<str> = origin.map_or_else(|_| format!("nowhere of {id}").into(), Arc::from);
        let connection: Arc<str> = format!("{} {}", id.tenant, definition.connection).into();
        match self.entries.get_mut(&id) {
            Some(entry) => {
                entry.slot.reset(record);
                if let Some(polling) = entry.polling.as_mut().filter(|_| entry.definition != definition) {
                    polling.begin_anew();
                }
                entry.definition = definition;
                (entry.paused, entry.holding, entry.origin, entry.connection) = (paused, holding, origin, connection);
            }
            None => {
                let slot = Arc::new(Slot::new(
                    self.parts.engine.clone(),
                    record,
                    holding.clone(),
                    self.parts.committed.clone(),
                    self.options.longest_unkept,
                ));
                let entry = Entry {
                    definition,
                    paused,
                    holding,
                    origin,
                    connection,
                    polling: Some(Polling::new(slot.clone())),
                    slot,
                    newer: None,
                    generation: 0,
                    due: at,
                    timeline: Timeline::default(),
                    waits_for: None,
                };
                self.entries.insert(id.clone(), entry);
            }
        }
        self.schedule(&id, at);
    }

    fn schedule(&mut self, id: &TriggerId, at: Instant) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        self.generation += 1;
        entry.generation = self.generation;
        entry.due = at;
        if !entry.paused {
            self.due.push(Reverse((at, self.generation, id.clone())));
        }
    }

    fn forget(&mut self, id: &TriggerId) {
        self.entries.remove(id);
        self.health.forget(id);
    }

    /// Tells the engine of all quiet polls that it has not heard of, the oldest first.
    pub(super) async fn keep_all(&self) {
        let idle = self.entries.values().filter(|entry| entry.polling.is_some());
        let mut unkept: Vec<_> = idle.filter_map(|entry| Some((entry.slot.unkept()?, &entry.slot))).collect();
        unkept.sort_by_key(|(since, _)| Reverse(*since));
        for (_, slot) in unkept {
            if let Err(error) = slot.keep().await {
                warn!("the engine was not told of quiet polls of {}: {error}", slot.id);
                return;
            }
        }
    }

    fn answer(&self, ask: Ask) {
        // Whoever asked may be gone.
        match ask {
            Ask::All(answer) => drop(answer.send(self.report())),
            Ask::One(id, answer) => drop(answer.send(self.one(&id))),
        }
    }

    /// What is known of all of them, for the page.
    fn report(&self) -> Report {
        let now = Instant::now();
        Report {
            workers: self.workers,
            waiting: self.ready.waiting(),
            under_way: self.under_way,
            left_alone: self.origins.left_alone(now).map(|(origin, time)| (origin.to_string(), time)).collect(),
            rows: self.entries.iter().map(|(id, entry)| entry.row(id, now, &self.parts.seen)).collect(),
        }
    }

    /// One trigger and its timeline.
    fn one(&self, id: &TriggerId) -> Option<(Row, Timeline, Arc<Definition>)> {
        let entry = self.entries.get(id)?;
        Some((entry.row(id, Instant::now(), &self.parts.seen), entry.timeline.clone(), entry.definition.clone()))
    }
}

#[cfg(test)]
#[path = "triggers_tests.rs"]
mod tests;
