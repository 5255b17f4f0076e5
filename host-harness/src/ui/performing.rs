//! Performs actions, each on a task of its own: what becomes of it does not depend on whether a page waits for it.

use std::sync::Arc;
use std::time::Instant;

use host::contract::ActionDefinition;
use host::egress::Secrets;
use host::{Connection, Trace};
use serde_json::Value;
use tokio::sync::Notify;

use super::forms::Values;
use super::history;
use super::progress::Purpose;
use super::refused;
use super::run::{Failed, Run};
use super::runs::{Begun, Record};
use super::shared::Shared;
use crate::asking::{self, Performed};
use crate::questions::Asked;

/// What is to be run.
pub(super) struct Order {
    /// What was typed, of what may be kept.
    pub(super) values: Values,
    pub(super) inputs: Value,
    /// The question, by its number, that a person has agreed to.
    pub(super) agreed: Option<u64>,
}

/// Begins a run, and gives its id; none if there are too many under way.
pub(super) fn start(shared: &Arc<Shared>, action: &ActionDefinition, order: Order) -> Option<u64> {
    let Begun { record, cancel } = shared.runs.begin(&action.key, order.values)?;
    let id = record.id;
    let (used, number) = {
        let memory = shared.memory();
        (memory.used(), memory.connections())
    };
    let (connection, secrets) = used.map(|used| (used.connection, used.secrets)).unzip();
    let asked = Asked::of(number, &action.key, &order.inputs);
    let agreed = order.agreed.is_some_and(|question| shared.questions.answer(question, &asked));
    let (shared, action) = (shared.clone(), action.clone());
    // A run that may still ask is none yet.
    let may_ask = action.changes_data && !agreed;
    tokio::spawn(async move {
        if !may_ask {
            archive(&shared, record, secrets.clone()).await;
        }
        let work = tokio::spawn(perform(shared.clone(), id, connection, action, order.inputs, agreed, cancel));
        let mut run = match work.await {
            Ok(Came::Asks(trace)) => return shared.runs.ask(id, *trace, shared.questions.ask(asked)),
            Ok(Came::To(run)) => *run,
            Err(_) => Run::refused(Failed::defect()),
        };
        if let Err(failed) = &mut run.result {
            refused::complete(&shared, failed).await;
        }
        shared.memory().heard(number, run.trace.requests, run.result.as_ref().err());
        if let Some(record) = shared.runs.end(id, run) {
            archive(&shared, record, secrets).await;
        }
        history::trim(&shared);
    });
    Some(id)
}

async fn perform(
    shared: Arc<Shared>,
    id: u64,
    connection: Option<Connection>,
    action: ActionDefinition,
    inputs: Value,
    agreed: bool,
    cancel: Arc<Notify>,
) -> Came {
    let Some(connection) = connection else { return Came::To(Run::refused(Failed::no_connection()).into()) };
    let began = Instant::now();
    let (options, _watched) = shared.progress.watch(Purpose::Run(id), &shared.options);
    tokio::select! {
        performed = asking::perform(&shared.connector, &action, &connection, &inputs, options, agreed) => match performed {
            Performed::Asks(trace) => Came::Asks(trace),
            Performed::Ended(outcome) => {
                let mut run = Run::of(outcome, Into::into);
                // What nobody has agreed to did not leave if it would have changed anything.
                if agreed {
                    run.note_what_may_be_done();
                }
                Came::To(run.into())
            }
        },
        () = cancel.notified() => Came::To(Run::given_up(Failed::stopped(agreed), began.elapsed()).into()),
    }
}

/// What a run came to.
enum Came {
    To(Box<Run>),
    /// To a question: what it would send is in the trace.
    Asks(Box<Trace>),
}

/// Writes a run into the file that keeps them, if there is one, without the connection's secrets.
async fn archive(shared: &Arc<Shared>, record: Record, secrets: Option<Arc<Secrets>>) {
    let Some(archive) = shared.archive.clone() else { return };
    // And without those of the connection that has taken its place meanwhile.
    let now = shared.memory().connection.as_ref().map(|held| held.redactor().clone());
    let secrets: Vec<Arc<Secrets>> = secrets.into_iter().chain(now).collect();
    let (action, id) = (record.action.clone(), record.id);
    // The disk may be slow, and a task must not be.
    let kept = archive.clone();
    tokio::task::spawn_blocking(move || kept.keep(&record, &secrets)).await.ok();
    // Somebody may have deleted it meanwhile.
    if shared.runs.get(&action, id).is_none() {
        tokio::task::spawn_blocking(move || archive.delete(&action, id)).await.ok();
    }
}
