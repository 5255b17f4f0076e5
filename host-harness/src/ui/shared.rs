//! All that the handlers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::contract::ConnectorDefinition;
use host::{CallOptions, Connection, Connector, Trace};
use operator::gate::Gate;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::archive::Archive;
use super::changes::ChangeButtons;
use super::held::Held;
use super::memory::Memory;
use super::progress::Progress;
use super::recordings::Recordings;
use super::runs::{Mark, Phase, Record, Runs};
use super::started::Started;
use super::trigger::Trigger;
use super::ways;
use super::writing::Writing;
use crate::questions::Questions;
use crate::recording::Redaction;
use crate::variable;

/// The connector, how it is called, and what is remembered.
pub(super) struct Shared {
    pub(super) connector: Connector,
    pub(super) options: CallOptions,
    pub(super) gate: Arc<Gate>,
    pub(super) changes: ChangeButtons,
    pub(super) triggers: HashMap<String, Arc<Trigger>>,
    pub(super) runs: Runs,
    pub(super) questions: Questions,
    pub(super) writing: Writing,
    /// Where runs are kept beyond this start.
    pub(super) archive: Option<Arc<Archive>>,
    pub(super) progress: Arc<Progress>,
    pub(super) started: Started,
    pub(super) recordings: Recordings,
    /// What is taken out of recordings, and of what the file keeps.
    pub(super) redaction: Arc<Redaction>,
    /// Tells that a test of the connection has ended.
    pub(super) tested: watch::Sender<u64>,
    memory: Mutex<Memory>,
}

/// What a page is started with beside its connector.
pub(super) struct Beside {
    pub(super) archive: Option<Archive>,
    pub(super) started: Started,
    pub(super) redaction: Arc<Redaction>,
}

impl Shared {
    pub(super) fn new(
        connector: Connector,
        mut options: CallOptions,
        gate: Arc<Gate>,
        changes: ChangeButtons,
        connection: Option<Held>,
        Beside { archive, started, redaction }: Beside,
    ) -> Self {
        let recordings = Recordings::without(redaction.clone());
        options.observers.heard = Some(recordings.hears());
        let triggers = connector.definition().triggers.iter();
        let triggers: HashMap<String, Arc<Trigger>> =
            triggers.map(|trigger| (trigger.key.clone(), Arc::new(Trigger::new(trigger.record_lists())))).collect();
        let mut memory = Memory::default();
        memory.put(connection);
        let memory = Mutex::new(memory);
        if let Some(archive) = &archive {
            for (key, trigger) in &triggers {
                trigger.restore(archive.timeline(key, options.limits.state_bytes));
            }
        }
        let earlier = archive.as_ref().map(|archive| (archive.earlier(), archive.last_id()));
        let (earlier, above) = earlier.unwrap_or_default();
        let runs = Runs::of(earlier, above);
        Self {
            connector,
            options,
            gate,
            changes,
            triggers,
            runs,
            questions: Questions::default(),
            writing: Writing::default(),
            archive: archive.map(Arc::new),
            progress: Arc::default(),
            started,
            recordings,
            redaction,
            tested: watch::Sender::new(0),
            memory,
        }
    }

    pub(super) fn definition(&self) -> &ConnectorDefinition {
        self.connector.definition()
    }

    /// What is remembered, for as long as it takes to read or write a value: never held while something is awaited.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a run came to, from memory or from the file that keeps it; none if it failed or is no longer kept.
    pub(super) async fn result(self: &Arc<Self>, record: &Record) -> Option<Arc<RawValue>> {
        let Phase::Ended(run) = &record.phase else { return None };
        if let Some(value) = run.result.as_ref().ok()? {
            return Some(value.clone());
        }
        let archive = self.archive.clone()?;
        let (action, id) = (record.action.clone(), record.id);
        tokio::task::spawn_blocking(move || archive.result(&action, id)).await.ok()?
    }

    /// A run's result as the file that keeps runs has it.
    pub(super) async fn as_kept(&self, value: Arc<RawValue>, record: &Record) -> Option<Arc<RawValue>> {
        let redaction = self.redaction.clone();
        let exchanges = record.run().map(|run| run.trace.exchanges.clone()).unwrap_or_default();
        // To look through a large one takes time, and a task must not.
        let kept = tokio::task::spawn_blocking(move || {
            let mut json = value.get().to_owned();
            redaction.take_out(&mut [&mut json], &mut [], &exchanges);
            RawValue::from_string(json).ok()
        });
        kept.await.ok()?.map(Into::into)
    }

    /// What a poll delivered, from memory or from the file that keeps it; none if it failed or is no longer kept.
    pub(super) async fn payload(self: &Arc<Self>, key: &str, id: u64) -> Option<Arc<RawValue>> {
        let event = self.triggers.get(key)?.event(id)?;
        if let Some(value) = event.poll()?.run.result.as_ref().ok()? {
            return Some(value.clone());
        }
        let (archive, key) = (self.archive.clone()?, key.to_owned());
        tokio::task::spawn_blocking(move || archive.payload(&key, id)).await.ok()?
    }

    /// A recorded request as a command line of curl.
    pub(super) fn curl(&self, trace: &Trace, index: usize) -> Option<String> {
        let memory = self.memory();
        let connection = memory.connection.as_ref().map(|held| &held.connection);
        let kind = connection.and_then(|connection| self.definition().connection(connection.key()));
        let secret = kind.and_then(|kind| kind.fields.iter().find(|field| field.secret).map(|field| (kind, field)));
        let variable = secret
            .map_or_else(|| "SECRET".to_owned(), |(kind, field)| variable::of_secret(&kind.key, &field.input.key));
        let origin = connection.and_then(|connection| connection.origin().ok());
        ways::curl(trace.exchanges.get(index)?, &variable, origin)
    }

    /// What is to be said of an operation, by its place, where another page is looked at.
    pub(super) fn mark(&self, place: &str) -> Option<Mark> {
        match place.split_once('/')? {
            ("actions", key) => self.runs.mark(key),
            (_, key) => {
                let trigger = self.triggers.get(key)?;
                let is_ended = trigger.is_unseen().then_some(Mark::Ended);
                if trigger.status().is_asked { Some(Mark::UnderWay) } else { is_ended }
            }
        }
    }

    /// The connection that calls are made with.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.memory().connection.as_ref().map(|held| held.connection.clone())
    }
}
