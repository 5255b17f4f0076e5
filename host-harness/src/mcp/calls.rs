//! The calls of tools: from the name and the arguments to the answer, with the question before what changes something.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host::contract::ActionDefinition;
use host::{CallOptions, Step};
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, InputResponses, ProgressNotificationParam,
    ProgressToken,
};
use rmcp::service::{Peer, RequestContext};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::answer::{self, Next};
use super::budget::Spent;
use super::confirm::{self, Answer};
use super::kept::Cursor;
use super::pages::Paged;
use super::served::{Link, Served};
use super::tools::Does;
use crate::asking::{self, Performed};
use crate::may_be_done::may_be_done;
use crate::questions::Asked;
use crate::steps::UnderWay;
use crate::suggest::did_you_mean;

/// More bytes of arguments are more than a call may send.
const LARGEST_ARGUMENTS: usize = 4 * 1024 * 1024;
/// How long an answer waits for a client to take what was said before it.
const LONGEST_WORD: Duration = Duration::from_secs(1);

/// Calls a tool. Whatever goes wrong is an answer too, which the model reads.
pub(super) async fn call(
    served: &Served,
    params: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> CallToolResponse {
    let Some((number, does)) = served.tools.find(&params.name) else {
        let meant = did_you_mean(&params.name, served.tools.names());
        let name = host::text::cut(&params.name, 100);
        return answer::error("unknown-tool", &format!("there is no tool {name:?}{meant}"), "list the tools.").into();
    };
    let Some(link) = served.links.get(number) else {
        return answer::error("other", "the connection is gone", "tell the person.").into();
    };
    let inputs = Value::Object(params.arguments.unwrap_or_default());
    if super::pages::size(&inputs) > LARGEST_ARGUMENTS {
        let message = format!("the arguments have more than {LARGEST_ARGUMENTS} bytes");
        return answer::error("invalid-input", &message, "send less at once.").into();
    }
    match does {
        Does::ReadMore => read_more(served, number, link, &inputs).into(),
        Does::Action(key) => match served.definition().action(key) {
            Some(action) => {
                let asked =
                    Question { tool: &params.name, responses: params.input_responses, state: params.request_state };
                Call { served, number, link, action, inputs }.run(asked, context).await
            }
            None => answer::error("unknown-key", "the connector has no such action", "list the tools.").into(),
        },
    }
}

/// The call of one action.
struct Call<'a> {
    served: &'a Served,
    number: usize,
    link: &'a Link,
    action: &'a ActionDefinition,
    inputs: Value,
}

/// What a call brings of a question that was put before.
struct Question<'a> {
    tool: &'a str,
    responses: Option<InputResponses>,
    state: Option<String>,
}

impl Call<'_> {
    async fn run(&self, question: Question<'_>, context: &RequestContext<RoleServer>) -> CallToolResponse {
        // Nobody is asked about what only reads, nor where nobody can be: then what the operator allowed is all there
        // is.
        let mut agreed = !self.action.changes_data || !confirm::can_ask(context);
        let asked = Asked::of(self.number as u64, &self.action.key, &self.inputs);
        if !agreed && let Some(answer) = confirm::answer(question.responses.as_ref()) {
            let number = question.state.and_then(|state| state.parse().ok());
            let is_of_this = number.is_some_and(|number| self.served.questions.answer(number, &asked));
            match answer {
                Answer::Yes if is_of_this => agreed = true,
                // Whoever answers another question is asked this one.
                Answer::Yes => {}
                Answer::No => return declined().into(),
                Answer::None(why) => return not_asked(&why).into(),
            }
        }
        let trace = match self.perform(agreed, context).await {
            Performing::Ended(result) => return result.into(),
            Performing::Asks(trace) => trace,
        };
        let service = self.served.service(self.number);
        let message = match confirm::message(question.tool, &service, &self.link.connection.destination(), &trace) {
            Ok(message) => self.served.scrub(self.link, message),
            Err(why) => {
                return answer::error("declined", &format!("nothing was sent: {why}"), "send less at once.").into();
            }
        };
        if confirm::is_asked_by_answer(context) {
            let number = self.served.questions.ask(asked);
            return confirm::question(message, number.to_string()).into();
        }
        let answer = tokio::select! {
            biased;
            () = context.ct.cancelled() => return cancelled().into(),
            answer = confirm::ask(context, message) => answer,
        };
        match answer {
            Answer::Yes => {}
            Answer::No => return declined().into(),
            Answer::None(why) => return not_asked(&why).into(),
        }
        match self.perform(true, context).await {
            Performing::Ended(result) => result.into(),
            Performing::Asks(_) => not_asked("it asks again").into(),
        }
    }

    async fn perform(&self, agreed: bool, context: &RequestContext<RoleServer>) -> Performing {
        let (options, telling) = with_progress(self.served.call_options.clone(), context);
        let performing = async {
            let turn = self.link.turn().await?;
            let (connector, connection) = (&self.served.connector, &self.link.connection);
            let performed = asking::perform(connector, self.action, connection, &self.inputs, options, agreed).await;
            Ok((turn, performed))
        };
        let performed = tokio::select! {
            // What was cancelled before, or while it waited for its turn, is not begun.
            biased;
            () = context.ct.cancelled() => return Performing::Ended(cancelled()),
            performed = performing => performed,
        };
        if let Some(telling) = telling {
            // No word of how far it is comes after what came of it.
            tokio::time::timeout(LONGEST_WORD, telling).await.ok();
        }
        let (turn, performed) = match performed {
            Ok(performed) => performed,
            Err(spent) => {
                let spent: Spent = spent;
                return Performing::Ended(answer::error(
                    "budget",
                    &spent.to_string(),
                    "wait, and ask for less at once.",
                ));
            }
        };
        match performed {
            Performed::Asks(trace) => {
                turn.used(&trace);
                Performing::Asks(trace)
            }
            Performed::Ended(Ok(outcome)) => {
                turn.used(&outcome.trace);
                let text: Box<str> = Box::<serde_json::value::RawValue>::into(outcome.value);
                let mut answer = first_part(self.served, self.number, self.link, text);
                if self.action.changes_data && answer.is_error == Some(true) {
                    answer.content.push(ContentBlock::text("It was done all the same: do not call it again."));
                }
                Performing::Ended(answer)
            }
            Performed::Ended(Err(failure)) => {
                turn.used(&failure.trace);
                let service = self.served.service(self.number);
                let may_be_done = self.action.changes_data && may_be_done(failure.error.kind(), failure.trace.requests);
                let mut answer = answer::failed(
                    &failure.error,
                    self.served.definition(),
                    (&service, &self.action.key, &self.inputs),
                    may_be_done,
                );
                for block in &mut answer.content {
                    if let ContentBlock::Text(block) = block {
                        block.text = self.served.scrub(self.link, std::mem::take(&mut block.text));
                    }
                }
                Performing::Ended(answer)
            }
        }
    }
}

enum Performing {
    Ended(CallToolResult),
    /// It would change something; that did not leave.
    Asks(Box<host::Trace>),
}

fn cancelled() -> CallToolResult {
    answer::error("cancelled", "the client has cancelled the call", "")
}

fn declined() -> CallToolResult {
    let message = "the person did not say yes (with the box for it ticked), and nothing was sent";
    answer::error("declined", message, "ask the person what they want instead.")
}

fn not_asked(why: &str) -> CallToolResult {
    answer::error(
        "declined",
        &format!("nothing was sent: {why}"),
        "tell the person, and call again when they are there.",
    )
}

/// The first part of a result; the rest is kept.
pub(super) fn first_part(served: &Served, number: usize, link: &Link, text: Box<str>) -> CallToolResult {
    let Some(scrubbed) = served.scrub_json(link, text.into()) else {
        let why = "the result holds what must not be shown";
        return answer::error("other", why, "ask for other fields, or tell the person.");
    };
    let paged = Arc::new(Paged::of(scrubbed.into()));
    part(served, number, link, &paged, 0, None)
}

fn read_more(served: &Served, number: usize, link: &Link, inputs: &Value) -> CallToolResult {
    let Some(text) = inputs.get("cursor").and_then(Value::as_str) else {
        let way = "give the cursor that stands as page.next beside the last part.";
        return answer::error("invalid-input", "cursor: is required, and a text", way);
    };
    let cursor = Cursor::read(text);
    match cursor.and_then(|cursor| Some((link.kept.find(&cursor)?, cursor))) {
        Some((paged, cursor)) if paged.records().is_some_and(|records| cursor.from < records) => {
            part(served, number, link, &paged, cursor.from, Some(cursor))
        }
        _ => {
            let message = "cursor: is of no result that is still kept";
            answer::error("invalid-input", message, "call the tool again that gave it, and go on from there.")
        }
    }
}

fn part(
    served: &Served,
    number: usize,
    link: &Link,
    paged: &Arc<Paged>,
    from: usize,
    cursor: Option<Cursor>,
) -> CallToolResult {
    let service = served.service(number);
    let tool = served.tools.read_more.get(number).map_or("", String::as_str);
    let at = |from: usize| {
        let cursor = cursor.as_ref().map(|cursor| cursor.at(from));
        let cursor = cursor.or_else(|| Some(link.kept.keep(paged.clone())?.at(from)))?;
        Some(Next { tool, cursor })
    };
    match paged.part(from, served.page_bytes) {
        Ok(part) => {
            let next = part.place.as_ref().and_then(|place| place.next());
            match next.map(at) {
                Some(None) => {
                    let message = "the result is too large to be kept while it is read";
                    answer::error("result-too-large", message, "ask for less at once.")
                }
                next => answer::of(&service, part, next.flatten(), served.text),
            }
        }
        Err(problem) => {
            let behind = from.checked_add(1).filter(|next| paged.records().is_some_and(|records| *next < records));
            answer::too_large(&problem, served.page_bytes, behind.and_then(at))
        }
    }
}

/// The same options, with the steps of the call told to a client that wants to know.
fn with_progress(
    mut options: CallOptions,
    context: &RequestContext<RoleServer>,
) -> (CallOptions, Option<JoinHandle<()>>) {
    let Some(token) = context.meta.get_progress_token() else { return (options, None) };
    // One after the other, because progress must not go back; and apart, so that a client that does not read holds
    // nothing up. A call has so many steps as its requests may be.
    let (steps, said) = mpsc::unbounded_channel();
    let telling = tokio::spawn(tell(context.peer.clone(), token, said));
    let under_way = Mutex::new(UnderWay::default());
    options.observers.steps = Some(Arc::new(move |step: &Step| {
        let mut under_way = under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.hear(step);
        steps.send(under_way.said()).ok();
    }));
    (options, Some(telling))
}

/// Tells how far a call is, until it has ended.
async fn tell(peer: Peer<RoleServer>, token: ProgressToken, mut said: mpsc::UnboundedReceiver<String>) {
    let mut number = 0_u32;
    while let Some(said) = said.recv().await {
        number = number.saturating_add(1);
        let progress = ProgressNotificationParam::new(token.clone(), number.into()).with_message(said);
        if peer.notify_progress(progress).await.is_err() {
            return;
        }
    }
}
