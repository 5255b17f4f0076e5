//! All that the handlers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::contract::ConnectorDefinition;
use host::{CallOptions, Connection, Connector};

use super::changes::ChangeButtons;
use super::memory::{Held, Memory};
use super::progress::Progress;
use super::security::Gate;
use super::started::Started;
use super::trigger::Trigger;

/// The connector, how it is called, and what is remembered.
pub(super) struct Shared {
    pub(super) connector: Connector,
    pub(super) options: CallOptions,
    pub(super) gate: Arc<Gate>,
    pub(super) changes: ChangeButtons,
    pub(super) triggers: HashMap<String, Arc<Trigger>>,
    pub(super) progress: Arc<Progress>,
    pub(super) started: Started,
    memory: Mutex<Memory>,
}

impl Shared {
    pub(super) fn new(
        connector: Connector,
        options: CallOptions,
        gate: Arc<Gate>,
        changes: ChangeButtons,
        connection: Option<Held>,
        started: Started,
    ) -> Self {
        let triggers = connector.definition().triggers.iter();
        let triggers =
            triggers.map(|trigger| (trigger.key.clone(), Arc::new(Trigger::new(trigger.record_lists())))).collect();
        let memory = Mutex::new(Memory { connection, ..Memory::default() });
        Self { connector, options, gate, changes, triggers, progress: Arc::default(), started, memory }
    }

    pub(super) fn definition(&self) -> &ConnectorDefinition {
        self.connector.definition()
    }

    /// What is remembered, for as long as it takes to read or write a value: never held while something is awaited.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that calls are made with.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.memory().connection.as_ref().map(|held| held.connection.clone())
    }
}
