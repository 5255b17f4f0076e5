//! An engine in memory, for tests of what uses one: one trigger, and what was committed of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::{Engine, EngineError, LeaseRequest, Lent, Summary};
use crate::model::{Commit, Definition, Incarnation, Kept, Name, Record, Rollout, TriggerId, Undelivered};

type Asked = Result<Option<Record>, EngineError>;

#[derive(Clone, Default)]
pub(crate) struct Fake {
    /// Of each commit: the version that it began with, its lease, its state, who wrote it, and its delivery.
    pub(crate) commits: Arc<Mutex<Vec<Committed>>>,
    /// What is answered, from the last to the first, when the record is asked for.
    pub(crate) records: Arc<Mutex<Vec<Asked>>>,
    /// What the next commits are answered with, in place of being kept.
    pub(crate) errors: Arc<Mutex<Vec<EngineError>>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) expected: u64,
    pub(crate) epoch: u64,
    pub(crate) state: Vec<u8>,
    pub(crate) written_by: String,
    pub(crate) delivery: Option<String>,
}

/// A trigger that the version 1 polled last, with the state `kept`.
pub(crate) fn record(version: u64, state: Option<&str>) -> Record {
    let definition = json!({
        "connector": "duro-plm", "trigger": "t", "connection": {}, "every": "30s",
        "deliver": {"url": "https://flows.example/1", "secret": "signing"},
    });
    Record {
        id: "acme/parts".parse().unwrap(),
        incarnation: Incarnation("one".into()),
        version,
        definition: Definition::read(definition.to_string().as_bytes()).unwrap(),
        paused: false,
        state: state.map(|state| Kept { state: state.into(), written_by: "1".into() }),
        before: None,
        undelivered: Undelivered::default(),
    }
}

impl Engine for Fake {
    const NAME: &'static str = "memory";

    async fn configure(&self, _: &TriggerId, _: &Definition) -> Result<(), EngineError> {
        Ok(())
    }

    async fn pause(&self, _: &TriggerId, _: bool) -> Result<(), EngineError> {
        Ok(())
    }

    async fn remove(&self, _: &TriggerId) -> Result<(), EngineError> {
        Ok(())
    }

    async fn poll_now(&self, _: &TriggerId) -> Result<(), EngineError> {
        Ok(())
    }

    async fn record(&self, _: &TriggerId) -> Result<Option<Record>, EngineError> {
        self.records.lock().unwrap().pop().unwrap_or(Ok(None))
    }

    async fn list(&self, _: Option<&Name>) -> Result<Vec<Summary>, EngineError> {
        Ok(Vec::new())
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<(u64, Undelivered), EngineError> {
        if let Some(error) = self.errors.lock().unwrap().pop() {
            return Err(error);
        }
        let undelivered = Undelivered::default().and(commit.payload.as_ref());
        self.commits.lock().unwrap().push(Committed {
            expected: commit.expected,
            epoch: commit.epoch,
            state: commit.state.to_vec(),
            written_by: commit.written_by.to_owned(),
            delivery: commit.payload.map(|payload| payload.delivery),
        });
        Ok((commit.expected + 1, undelivered))
    }

    async fn undelivered(&self) -> Result<u64, EngineError> {
        Ok(0)
    }

    async fn beat(&self, _: &str, _: Duration) -> Result<Vec<String>, EngineError> {
        Ok(Vec::new())
    }

    async fn lease(&self, _: &LeaseRequest<'_>) -> Result<Vec<Lent>, EngineError> {
        Ok(Vec::new())
    }

    async fn rollout(&self, _: &Name) -> Result<Option<Rollout>, EngineError> {
        Ok(None)
    }

    async fn roll_out(&self, _: &Name, _: &Rollout) -> Result<(), EngineError> {
        Ok(())
    }

    async fn hold(&self, _: &Name, _: &str, _: &str) -> Result<(), EngineError> {
        Ok(())
    }
}
