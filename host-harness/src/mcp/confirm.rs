//! The question before a tool changes something: what would be sent, put to the person at the client and not to the
//! model. Clients of 2026-07-28 are answered with the question and call again; older ones are asked while the call
//! waits.

use std::time::Duration;

use host::{Exchange, Trace};
use operator::shown;
use rmcp::RoleServer;
use rmcp::model::{
    ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema, InputRequest,
    InputRequiredResult, InputResponses, ProtocolVersion,
};
use rmcp::service::RequestContext;
use serde_json::Value;

/// How long a person has to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(300);
/// The question's name among those that a client is asked at once.
const QUESTION: &str = "confirm";
/// What the person is asked for.
const FIELD: &str = "confirm";
/// The most of a request's body that is shown, and of the whole message, in bytes.
const MOST_BODY: usize = 4 * 1024;
const MOST_REQUESTS: usize = 3;

/// Whether the client can put a question to a person.
pub(super) fn can_ask(context: &RequestContext<RoleServer>) -> bool {
    let elicitation = context.client_capabilities().and_then(|capabilities| capabilities.elicitation);
    // One that says nothing of the modes is of a time when there was but one.
    elicitation.is_some_and(|can| can.form.is_some() || can.url.is_none())
}

/// Whether the question is the answer to the call, and the client calls again.
pub(super) fn is_asked_by_answer(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

/// What the person is asked.
pub(super) fn message(tool: &str, service: &str, destination: &str, trace: &Trace) -> String {
    let mut text = format!(
        "The assistant wants to run {tool}, which may change data in {}; {}. It has not been sent yet. To be sent:",
        shown::one_line(service),
        shown::one_line(destination),
    );
    let kept_back: Vec<&Exchange> = trace.exchanges.iter().filter(|exchange| exchange.attempts == 0).collect();
    for exchange in kept_back.iter().take(MOST_REQUESTS) {
        text.push_str(&format!("\n\n{} {}\n", exchange.method, shown::one_line(&exchange.url)));
        text.push_str(&shown::lines(&body(&exchange.request_body)));
    }
    let more = kept_back.len().saturating_sub(MOST_REQUESTS);
    if more > 0 {
        text.push_str(&format!("\n\n… and {more} more requests."));
    }
    if kept_back.is_empty() {
        for refusal in trace.refusals.iter().take(MOST_REQUESTS) {
            text.push_str(&format!("\n\n{} (too large to be shown)", shown::one_line(&refusal.what)));
        }
    }
    text
}

/// A body as a person reads it: a GraphQL document with its lines, then its variables; any other as it is.
fn body(bytes: &[u8]) -> String {
    let parsed = serde_json::from_slice::<Value>(bytes).ok();
    let document = parsed.as_ref().and_then(|json| Some((json.get("query")?.as_str()?, json.get("variables"))));
    let text = match document {
        // What is sent in the document's place is what changes; it comes first.
        Some((query, Some(variables))) => {
            let variables = serde_json::to_string_pretty(variables).unwrap_or_default();
            format!("{}\n{}", host::text::cut_long(&variables, MOST_BODY), host::text::cut_long(query, MOST_BODY))
        }
        Some((query, None)) => host::text::cut_long(query, MOST_BODY).into_owned(),
        None => host::text::cut_long(&String::from_utf8_lossy(bytes), MOST_BODY).into_owned(),
    };
    text.trim_end().to_owned()
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

    #[test]
    fn a_question_shows_what_is_sent() {
        let graphql = json!({"query": "mutation M {\n a }", "variables": {"name": "x\u{202e}"}}).to_string();
        assert_eq!(body(graphql.as_bytes()), "{\n  \"name\": \"x\u{202e}\"\n}\nmutation M {\n a }");
        let long = body("x".repeat(9_000).as_bytes());
        assert!(long.len() < 5_000 && long.contains("9000 bytes in all"), "{long}");
    }
}
