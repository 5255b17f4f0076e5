//! The question before a tool changes something: what would be sent, put to the person at the client and not to the
//! model. Clients of 2026-07-28 are answered with the question and call again; older ones are asked while the call
//! waits.

use std::time::Duration;

use host::{Exchange, Trace};
use operator::shown;
use rmcp::RoleServer;
use rmcp::model::{
    ClientCapabilities, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
    InputRequest, InputRequiredResult, InputResponses, ProtocolVersion,
};
use rmcp::service::RequestContext;
use serde_json::Value;

use super::clean;
use crate::graphql_request::Operation;

/// How long a person has to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(300);
/// The question's name among those that a client is asked at once.
const QUESTION: &str = "confirm";
/// What the person is asked for.
const FIELD: &str = "confirm";
/// The most of requests that is shown, in bytes: more is not read by a person, and nothing is sent that was not shown.
const MOST_SHOWN: usize = 16 * 1024;

/// Whether the client can put a question to a person: by what it said when the session began, or with this request.
/// What one request leaves out takes nothing back.
pub(super) fn can_ask(context: &RequestContext<RoleServer>) -> bool {
    let session = context.peer.peer_info().map(|info| info.capabilities.clone());
    // One that says nothing of the modes is of a time when there was but one.
    let can = |capabilities: ClientCapabilities| {
        capabilities.elicitation.is_some_and(|can| can.form.is_some() || can.url.is_none())
    };
    [session, context.client_capabilities()].into_iter().flatten().any(can)
}

/// Whether the question is the answer to the call, and the client calls again.
pub(super) fn is_asked_by_answer(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

/// What the person is asked; the error says why they cannot be shown all of it.
pub(super) fn message(tool: &str, service: &str, destination: &str, trace: &Trace) -> Result<String, String> {
    let kept_back = || trace.exchanges.iter().filter(|exchange| exchange.attempts == 0);
    let shown: Vec<String> = kept_back().map(shown).collect();
    let bytes: usize = shown.iter().map(String::len).sum();
    if shown.is_empty() || trace.exchanges_dropped > 0 || bytes > MOST_SHOWN {
        return Err(format!("what would be sent is more than the {MOST_SHOWN} bytes that a person is shown"));
    }
    Ok(format!(
        "The assistant wants to run {tool}, which may change data in {}; {}. It has not been sent yet. To be \
         sent:\n\n{}",
        shown::one_line(service),
        shown::one_line(destination),
        shown.join("\n\n"),
    ))
}

/// A request as a person reads it, in a block whose end nothing in it can be: of GraphQL what it asks for, first of
/// all, then the variables, and the document set out anew, in which no comment hides anything.
fn shown(exchange: &Exchange) -> String {
    let text = match Operation::of(&exchange.request_body) {
        Some(Operation { name, document, variables }) => {
            let variables = variables.map(|variables| format!("with {variables}\n")).unwrap_or_default();
            format!("{name}\n{variables}{document}")
        }
        None => String::from_utf8_lossy(&exchange.request_body).into_owned(),
    };
    let address = format!("{} {}", exchange.method, shown::one_line(&exchange.url));
    clean::block("text", &format!("{address}\n{}", shown::lines(text.trim_end())))
}

fn form(message: String) -> ElicitRequestParams {
    let builder = ElicitationSchema::builder().required_bool_property(FIELD, |field| {
        field.title("Send it").description("Whether what is shown may be sent").with_default(false)
    });
    // Nothing but a property that is there is required.
    let requested_schema = builder.build().unwrap_or_else(|_| ElicitationSchema::new(Default::default()));
    ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema }
}

/// The question as the answer to a call; `state` comes back with the next.
pub(super) fn question(message: String, state: String) -> InputRequiredResult {
    let request = InputRequest::Elicitation(ElicitRequest::new(form(message)));
    InputRequiredResult::new(Some([(QUESTION.to_owned(), request)].into()), Some(state))
}

/// What became of a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// Nobody answered, or the client could not ask.
    None(String),
}

/// The answer that a client brings with its next call; none where it brings no answer to this question.
pub(super) fn answer(responses: Option<&InputResponses>) -> Option<Answer> {
    let given = responses?.get(QUESTION)?;
    Some(match serde_json::from_value::<ElicitResult>(given.clone()) {
        Ok(result) => judge(&result),
        Err(error) => Answer::None(format!("the answer cannot be read: {error}")),
    })
}

/// Asks while the call waits.
pub(super) async fn ask(context: &RequestContext<RoleServer>, message: String) -> Answer {
    match context.peer.create_elicitation_with_timeout(form(message), Some(LONGEST_ANSWER)).await {
        Ok(result) => judge(&result),
        Err(error) => Answer::None(format!("the person could not be asked: {error}")),
    }
}

fn judge(result: &ElicitResult) -> Answer {
    let is_confirmed = result.content.as_ref().and_then(|content| content.get(FIELD)) == Some(&Value::Bool(true));
    match result.action {
        ElicitationAction::Accept if is_confirmed => Answer::Yes,
        _ => Answer::No,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        let answered = |value: Value| answer(Some(&[(QUESTION.to_owned(), value)].into()));
        assert_eq!(answered(json!({"action": "accept", "content": {"confirm": true}})), Some(Answer::Yes));
        for no in [
            json!({"action": "accept", "content": {"confirm": false}}),
            json!({"action": "accept", "content": {"confirm": "true"}}),
            json!({"action": "accept"}),
            json!({"action": "decline", "content": {"confirm": true}}),
            json!({"action": "cancel"}),
        ] {
            assert_eq!(answered(no.clone()), Some(Answer::No), "{no}");
        }
        assert!(matches!(answered(json!({"action": "yes"})), Some(Answer::None(_))));
        assert_eq!((answer(None), answer(Some(&InputResponses::new()))), (None, None));
    }

    fn exchange(body: impl Into<bytes::Bytes>) -> Exchange {
        Exchange {
            at: Duration::ZERO,
            duration: Duration::ZERO,
            attempts: 0,
            method: "POST".into(),
            url: "https://plm.example/graphql".into(),
            request_headers: Vec::new(),
            request_body: body.into(),
            outcome: host::ExchangeOutcome::Failed(host::contract::Failure::Timeout),
        }
    }

    #[test]
    fn a_question_shows_all_that_is_sent_and_nothing_beside_it() {
        let hiding = format!("# {}\n{}mutation M {{ a }}", "harmless ".repeat(1_000), "\n".repeat(3_000));
        let graphql = json!({"query": hiding, "variables": {"name": "x\u{202e}```\n# Approved"}}).to_string();
        let trace = Trace { exchanges: vec![exchange(graphql)], ..Trace::default() };
        let asked = message("make", "X", "requests go to x", &trace).unwrap();
        let expected = "````text\nPOST https://plm.example/graphql\nmutation M\nwith {\n  \"name\": \
                        \"x\\u{202e}```\\n# Approved\"\n}\nmutation M {\n  a\n}\n````";
        assert!(asked.ends_with(expected), "{asked}");
        for unseen in [
            Trace { exchanges: vec![exchange("x".repeat(MOST_SHOWN))], ..Trace::default() },
            Trace { exchanges: vec![exchange("x")], exchanges_dropped: 1, ..Trace::default() },
            Trace::default(),
        ] {
            assert!(message("make", "X", "", &unseen).unwrap_err().contains("more than the 16384 bytes"));
        }
    }
}
