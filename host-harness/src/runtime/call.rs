//! One call of a component from start to end: its turn, a fresh store and instance, the deadline, and what to make of the end.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use wasmtime::component::Instance;
use wasmtime::{Store, UpdateDeadline};

use super::RuntimeInner;
use super::bindings::{self, LinkedComponent};
use super::component::LoadError;
use super::error::{CallError, CallFailure};
use super::operations::{Operation, ResultProblem};
use super::store::{CallState, Resources};
use crate::connection::Connection;
use crate::contract::{Error, Failure};
use crate::egress::{Egress, EgressContext, EgressPolicy, Grants, Secrets};
use crate::limits::{Limit, LimitExceeded, Limits};
use crate::log::{CallLog, LogLevel, LogOptions, LogSource};
use crate::trace::Trace;

/// The part of the deadline that is kept back from waiting for the service, so that the component can still say that it
/// waited in vain: a tenth, and never more than this.
const LONGEST_LAST_WORDS: Duration = Duration::from_millis(500);

/// What the component may hand over at once, as a multiple of its memory. Values are larger out here than in there, but a list
/// whose items all point to the same text is small in there and would be endless out here.
const COPIES_OF_MEMORY: u64 = 2;

/// How a call is made.
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    /// What the call may do beyond the defaults.
    pub grants: Grants,
    /// What the call may use.
    pub limits: Arc<Limits>,
    /// Which lines of log are kept and who hears of them.
    pub log: LogOptions,
    /// Whether [`Trace::exchanges`] keeps every request and answer, with their bodies.
    pub record_exchanges: bool,
}

/// The result of a call that succeeded, with what it used and did.
#[derive(Debug, Clone)]
pub struct Outcome<T> {
    /// What the connector returned.
    pub value: T,
    /// What the call used and did.
    pub trace: Trace,
}

/// Runs one operation. Everything in it that waits is bounded by the deadline: the turn, the requests, and, through the
/// epoch, the component's own computing.
pub(super) async fn run<O: Operation>(
    runtime: &RuntimeInner,
    component: &LinkedComponent,
    connection: Option<&Connection>,
    options: &CallOptions,
    operation: O,
) -> Result<Outcome<O::Accepted>, Box<CallFailure>> {
    let started = Instant::now();
    let limits = &options.limits;
    // A deadline beyond what the clock can express is none; a century will do.
    let century = || started + Duration::from_secs(100 * 365 * 24 * 3600);
    let deadline = started.checked_add(limits.deadline).unwrap_or_else(century);
    let failed =
        |error| Err(Box::new(CallFailure { error, trace: Trace { duration: started.elapsed(), ..Trace::default() } }));
    let exceeded = |limit| CallError::Limit { exceeded: LimitExceeded::new(limit, limits), answer: None };

    let turn = tokio::time::timeout_at(deadline.into(), runtime.slots.acquire()).await;
    let _slot = match turn {
        Ok(Ok(slot)) => slot,
        Ok(Err(closed)) => return failed(CallError::Start(closed.to_string())),
        Err(_) => return failed(exceeded(Limit::Deadline)),
    };
    let mut store = new_store(runtime, connection, options, started, deadline);
    let (started_up, returned) = match component.pre.instantiate_async(&mut store).await {
        Ok(instance) => (true, operation.invoke(&mut store, component, &instance).await),
        Err(error) => (false, Err(error)),
    };
    let state = store.into_data();
    let result = match returned {
        Ok(Ok(returned)) => operation.accept(returned, limits).map_err(|problem| match problem {
            ResultProblem::TooLarge(limit) => exceeded(limit),
            ResultProblem::Invalid(text) => CallError::BadResult(text),
        }),
        Ok(Err(error)) if bindings::error_size(&error) as u64 > limits.result_bytes => {
            Err(exceeded(Limit::ResultBytes))
        }
        Ok(Err(error)) => Err(blame(error.into(), &state.egress)),
        Err(error) => Err(crash(&error, &state, limits, started_up)),
    };
    let trace = trace(state, started);
    match result {
        Ok(value) => Ok(Outcome { value, trace }),
        Err(error) => Err(Box::new(CallFailure { error, trace })),
    }
}

/// An instance that does nothing, as every call begins with one. Dropping it is what every call ends with.
pub struct Started {
    store: Store<CallState>,
    instance: Instance,
}

/// Makes an instance for [`Started`].
pub(super) async fn start(
    runtime: &RuntimeInner,
    component: &LinkedComponent,
    options: &CallOptions,
) -> Result<Started, CallError> {
    let started = Instant::now();
    let deadline = started.checked_add(options.limits.deadline).unwrap_or(started);
    let mut store = new_store(runtime, None, options, started, deadline);
    match component.pre.instantiate_async(&mut store).await {
        Ok(instance) => Ok(Started { store, instance }),
        Err(error) => Err(crash(&error, store.data(), &options.limits, false)),
    }
}

/// Whether the component's exports have the contract's types. A call has only those checked that it calls.
pub(super) async fn check_exports(runtime: &RuntimeInner, component: &LinkedComponent) -> Result<(), LoadError> {
    let started = start(runtime, component, &CallOptions::default()).await;
    let mut started = started.map_err(|error| LoadError::Describe(Box::new(error)))?;
    component.check(&mut started.store, &started.instance).map_err(|error| LoadError::Contract(format!("{error:#}")))
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").finish_non_exhaustive()
    }
}

/// The connection as the component sees it.
pub(super) fn visible(connection: &Connection) -> bindings::Connection {
    bindings::Connection { key: connection.key().to_owned(), fields: connection.public_fields().to_owned() }
}

fn new_store(
    runtime: &RuntimeInner,
    connection: Option<&Connection>,
    options: &CallOptions,
    started: Instant,
    deadline: Instant,
) -> Store<CallState> {
    let limits = &options.limits;
    let secrets = connection.map_or_else(|| Arc::new(Secrets::default()), |connection| connection.secrets().clone());
    let origin = match connection {
        Some(connection) => connection.origin().cloned().map_err(str::to_owned),
        None => Err("this call has no connection".to_owned()),
    };
    let last_words = (limits.deadline / 10).min(LONGEST_LAST_WORDS);
    let egress = Egress::new(EgressContext {
        policy: EgressPolicy::new(origin, options.grants),
        secrets: secrets.clone(),
        network: runtime.network.clone(),
        sockets: connection.map(|connection| connection.sockets().clone()).unwrap_or_default(),
        limits: limits.clone(),
        started,
        deadline: deadline.checked_sub(last_words).unwrap_or(deadline),
        record_exchanges: options.record_exchanges,
    });
    let mut log = CallLog::new(started, options.log.clone(), secrets, limits);
    for warning in connection.map(|connection| connection.warnings(SystemTime::now())).unwrap_or_default() {
        log.write(LogLevel::Warn, LogSource::Host, warning);
    }
    let mut store = Store::new(runtime.engine.get(), CallState { egress, log, resources: Resources::new(limits) });
    store.limiter(|state| &mut state.resources);
    store
        .set_hostcall_fuel(usize::try_from(limits.memory_bytes.saturating_mul(COPIES_OF_MEMORY)).unwrap_or(usize::MAX));
    store.set_epoch_deadline(1);
    let exceeded = LimitExceeded::new(Limit::Deadline, limits);
    // At every tick a component that computes gives way to the other calls of its thread.
    store.epoch_deadline_callback(move |_| {
        if Instant::now() >= deadline { Err(exceeded.into()) } else { Ok(UpdateDeadline::Yield(1)) }
    });
    store
}

/// Whether the host is to blame for what the connector reports: it made the connector fail by refusing or by a limit.
fn blame(error: Error, egress: &Egress) -> CallError {
    if let Some(exceeded) = egress.exceeded {
        return CallError::Limit { exceeded, answer: Some(error) };
    }
    match &error {
        Error::Transport(Failure::Denied(_)) if !egress.refusals.is_empty() => {
            CallError::Refused { refusals: egress.refusals.clone(), answer: error }
        }
        _ => CallError::Connector(error),
    }
}

fn crash(error: &wasmtime::Error, state: &CallState, limits: &Limits, started_up: bool) -> CallError {
    if let Some(exceeded) = error.downcast_ref::<LimitExceeded>() {
        return CallError::Limit { exceeded: *exceeded, answer: None };
    }
    let reason = error.root_cause().to_string();
    // Wasmtime counts instances itself and has no type for the error.
    if reason.starts_with("resource limit exceeded") {
        return CallError::Limit { exceeded: LimitExceeded::new(Limit::Instances, limits), answer: None };
    }
    if error.downcast_ref::<wasmtime::Trap>().is_some() || state.log.last_error.is_some() {
        return CallError::Trap { reason, last_words: state.log.last_error.clone() };
    }
    // Wasmtime has no type for this error either.
    if reason.contains("fuel allocated for hostcalls") {
        return CallError::Limit { exceeded: LimitExceeded::new(Limit::Memory, limits), answer: None };
    }
    // What is left of a component that runs is a value that is none: text that is not UTF-8, a case that does not exist.
    if started_up { CallError::BadResult(format!("{error:#}")) } else { CallError::Start(format!("{error:#}")) }
}

fn trace(state: CallState, started: Instant) -> Trace {
    Trace {
        duration: started.elapsed(),
        requests: state.egress.requests,
        sent_bytes: state.egress.sent_bytes,
        received_bytes: state.egress.received_bytes,
        memory_bytes: state.resources.peak_memory,
        refusals: state.egress.refusals,
        exchanges: state.egress.exchanges,
        log: state.log.lines,
        log_lines_dropped: state.log.dropped,
    }
}
