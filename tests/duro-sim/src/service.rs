//! What one running service shares between its requests, the test that drives it and the control endpoints.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_graphql::{Context, Result};
use serde_json::Value;

use crate::cors::Cors;
use crate::cursor::CursorKind;
use crate::faults::FaultPlan;
use crate::request::ReceivedRequest;
use crate::schema::shared::Company;
use crate::world::World;

/// What can be set before the start and, but for the keys, while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) keys: Vec<String>,
    /// Keys of another company than the service's own.
    pub(crate) keys_of_others: Vec<(String, Company)>,
    /// What is shown as the `lastModified` of the record with this id.
    pub(crate) shown_times: HashMap<String, Value>,
    pub(crate) page_size: usize,
    pub(crate) cursor_kind: CursorKind,
    pub(crate) latency: Duration,
    pub(crate) null_for_unknown_ids: bool,
    pub(crate) renewal_revokes: bool,
    pub(crate) kept_requests: usize,
    /// The pages of other origins that may call it.
    pub(crate) cors: Option<Cors>,
}

pub(crate) struct Service {
    world: Mutex<World>,
    settings: Mutex<Settings>,
    faults: Mutex<FaultPlan>,
    requests: Mutex<RequestLog>,
}

/// The newest requests, and how many there were in all.
#[derive(Default)]
pub(crate) struct RequestLog {
    pub(crate) kept: VecDeque<ReceivedRequest>,
    pub(crate) count: u64,
}

impl Service {
    pub(crate) fn new(world: World, settings: Settings) -> Service {
        Service {
            world: Mutex::new(world),
            settings: Mutex::new(settings),
            faults: Mutex::new(FaultPlan::default()),
            requests: Mutex::new(RequestLog::default()),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        lock(&self.settings)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultPlan> {
        lock(&self.faults)
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.requests)
    }

    /// Keeps a request, dropping the oldest where too many are kept.
    pub(crate) fn record(&self, request: ReceivedRequest) {
        let limit = self.settings().kept_requests;
        let mut log = self.requests();
        log.count += 1;
        log.kept.push_back(request);
        while log.kept.len() > limit {
            log.kept.pop_front();
        }
    }
}

/// The service that a resolver answers for.
pub(crate) fn state<'a>(context: &Context<'a>) -> Result<&'a Arc<Service>> {
    context.data::<Arc<Service>>()
}

/// A test that panicked while it held a lock fails on its own; the service goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
