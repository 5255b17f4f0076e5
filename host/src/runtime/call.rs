//! One call of a component from start to end: its turn, a fresh store and instance, the deadline, and what to make of
//! the end.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use wasmtime::component::Instance;
use wasmtime::{Store, UpdateDeadline};

use super::RuntimeInner;
use super::bindings::LinkedComponent;
use super::error::{CallError, CallFailure};
use super::load_error::LoadError;
use super::observers::Observers;
use super::operations::{Operation, ResultProblem};
use super::store::{CallState, Resources};
use crate::budget::HostBudget;
use crate::connection::Connection;
use crate::contract::{Error, Failure, json_size};
use crate::egress::{Egress, EgressContext, EgressPolicy, Grants};
use crate::limits::{Limit, LimitExceeded, Limits};
use crate::log::{CallLog, LogLevel, LogOptions, LogSource};
use crate::secrets::Secrets;
use crate::trace::Trace;

/// The part of the deadline that is kept back from waiting for the service, so that the component can still say that it
/// waited in vain: a tenth, and never more than this.
const LONGEST_LAST_WORDS: Duration = Duration::from_millis(500);

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
    /// Who sees the call from outside.
    pub observers: Observers,
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
    let (handing_over, most_handed_over) = O::most_handed_over(limits);
    store.set_hostcall_fuel(usize::try_from(most_handed_over).unwrap_or(usize::MAX));
    let (started_up, returned) = match component.pre.instantiate_async(&mut store).await {
        Ok(instance) => (true, operation.invoke(&mut store, component, &instance).await),
        Err(error) => (false, Err(error)),
    };
    // The instance goes first: its memory and what is made of its result need not be there at the same time.
    let mut state = store.into_data();
    state.egress.release_answer();
    let result = match returned {
        Ok(Ok(returned)) if !state.budget.take(O::size(&returned)) => {
            drop(returned);
            Err(exceeded(Limit::HostBytes))
        }
        Ok(Ok(returned)) => operation.accept(returned, limits).map_err(|problem| match problem {
            ResultProblem::TooLarge(limit) => exceeded(limit),
            ResultProblem::Invalid(text) => CallError::BadResult(text),
        }),
        Ok(Err(error)) => Err(connectors_error(error.into(), &state, limits)),
        Err(error) => Err(crash(&error, &state, limits, started_up.then_some(handing_over))),
    };
    // To read a result is a part of the call, however long it takes.
    let result = match result {
        Ok(_) if Instant::now() >= deadline => Err(exceeded(Limit::Deadline)),
        result => result,
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
        Err(error) => Err(crash(&error, store.data(), &options.limits, None)),
    }
}

/// Whether the component's exports have the contract's types. A call has only those checked that it calls.
pub(super) async fn check_exports(
    runtime: &RuntimeInner,
    component: &LinkedComponent,
    options: &CallOptions,
) -> Result<(), LoadError> {
    let started = start(runtime, component, options).await;
    let mut started = started.map_err(|error| LoadError::Describe(Box::new(error)))?;
    component.check(&mut started.store, &started.instance).map_err(|error| LoadError::Contract(format!("{error:#}")))
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").finish_non_exhaustive()
    }
}

fn secrets_of(connection: Option<&Connection>) -> Arc<Secrets> {
    connection.map_or_else(|| Arc::new(Secrets::default()), |connection| connection.secrets().clone())
}

/// The requests of a call, or of the host itself, with a connection.
pub(super) fn egress(
    runtime: &RuntimeInner,
    connection: Option<&Connection>,
    options: &CallOptions,
    started: Instant,
    deadline: Instant,
    budget: HostBudget,
) -> Egress {
    let limits = &options.limits;
    let origin = match connection {
        Some(connection) => connection.origin().cloned().map_err(str::to_owned),
        None => Err("this call has no connection".to_owned()),
    };
    let proxy = runtime.network.proxy().map(|proxy| proxy.origin().clone());
    let last_words = (limits.deadline / 10).min(LONGEST_LAST_WORDS);
    Egress::new(EgressContext {
        policy: EgressPolicy::new(origin, options.grants).through(proxy),
        secrets: secrets_of(connection),
        network: runtime.network.clone(),
        sockets: connection.map(|connection| connection.sockets().clone()).unwrap_or_default(),
        limits: limits.clone(),
        started,
        deadline: deadline.checked_sub(last_words).unwrap_or(deadline),
        record_exchanges: options.record_exchanges || options.observers.heard.is_some(),
        trace_context: options.observers.trace_context.clone(),
        steps: options.observers.steps.clone(),
        budget,
    })
}

fn new_store(
    runtime: &RuntimeInner,
    connection: Option<&Connection>,
    options: &CallOptions,
    started: Instant,
    deadline: Instant,
) -> Store<CallState> {
    let limits = &options.limits;
    let budget = HostBudget::new(limits);
    let egress = egress(runtime, connection, options, started, deadline, budget.clone());
    let mut log = CallLog::new(started, options.log.clone(), secrets_of(connection), limits, budget.clone());
    for warning in connection.map(|connection| connection.warnings(SystemTime::now())).unwrap_or_default() {
        log.write(LogLevel::Warn, LogSource::Host, warning);
    }
    let state = CallState { egress, log, resources: Resources::new(limits), budget };
    let mut store = Store::new(runtime.engine.get(), state);
    store.limiter(|state| &mut state.resources);
    store.set_epoch_deadline(1);
    let exceeded = LimitExceeded::new(Limit::Deadline, limits);
    // At every tick a component that computes gives way to the other calls of its thread.
    store.epoch_deadline_callback(move |_| {
        if Instant::now() >= deadline { Err(exceeded.into()) } else { Ok(UpdateDeadline::Yield(1)) }
    });
    store
}

/// What the connector reports, if it is not too large to be passed on.
fn connectors_error(error: Error, state: &CallState, limits: &Limits) -> CallError {
    let size = json_size(&error);
    let exceeded = |limit| CallError::Limit { exceeded: LimitExceeded::new(limit, limits), answer: None };
    if size > limits.result_bytes {
        return exceeded(Limit::ResultBytes);
    }
    // Its message is written once more, for people.
    if !state.budget.take(size.saturating_mul(2)) {
        return exceeded(Limit::HostBytes);
    }
    blame(error, &state.egress)
}

/// Whether the host is to blame for what the connector reports: it made the connector fail by refusing or by a limit.
pub(super) fn blame(error: Error, egress: &Egress) -> CallError {
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

/// What to make of a call that the engine ended. `handing_over` is the limit of what was handed over at once; none for
/// a component that could not be started.
fn crash(error: &wasmtime::Error, state: &CallState, limits: &Limits, handing_over: Option<Limit>) -> CallError {
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
    match handing_over {
        // Wasmtime has no type for this error either.
        Some(limit) if reason.contains("fuel allocated for hostcalls") => {
            CallError::Limit { exceeded: LimitExceeded::new(limit, limits), answer: None }
        }
        // What is left of a component that runs is a value that is none: text that is not UTF-8, a case that does not
        // exist.
        Some(_) => CallError::BadResult(format!("{error:#}")),
        None => CallError::Start(format!("{error:#}")),
    }
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
        exchanges_dropped: state.egress.exchanges_dropped,
        log: state.log.lines,
        log_lines_dropped: state.log.dropped,
    }
}
