//! What a tool answers: structured content that satisfies its schema, beside it a short text, and errors with their
//! kind and the way out. Pure.

use host::CallError;
use host::contract::{ConnectorDefinition, Error};
use operator::shown;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use super::clean;
use super::pages::{Part, TooLarge};
use crate::flags::Flags;
use crate::operation::{Kind, Operation};
use crate::problems;

/// The most that the short text beside a result has, in bytes.
pub(super) const MOST_TEXT: usize = 2 * 1024;
/// Of a record the text names so many members, each cut at a length.
const MOST_MEMBERS: usize = 4;
const LONGEST_MEMBER: usize = 60;
/// The most of an error's message that is told, in bytes: a service's words can be long.
const LONGEST_MESSAGE: usize = 2 * 1024;

/// What the text beside a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Text {
    /// What there is, and the records by their names: the data are in the structured content.
    #[default]
    Short,
    /// The data as JSON, for clients that pass on nothing but text.
    Json,
}

/// A part of a result as a tool's answer; `next` is the call that gives the next part.
pub(super) fn of(service: &str, part: Part, next: Option<Next<'_>>, text: Text) -> CallToolResult {
    let mut lines = vec![clean::mark(service)];
    if let Some(place) = &part.place {
        let shown = match place.records {
            0 => "No record".to_owned(),
            1 => format!("Record {}", place.from + 1),
            records => format!("Records {} to {}", place.from + 1, place.from + records),
        };
        // It is the service's words: what could be drawn, or pass for a sentence, stands in the structured content
        // alone.
        let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_".contains(&byte));
        let list = match place.list.as_str() {
            list @ ("" | "/") => list.replace('/', ""),
            list if is_plain(list) && list.len() <= 100 => format!(" in {list}"),
            _ => String::new(),
        };
        lines.push(match &next {
            Some(Next { tool, cursor }) => {
                format!("{shown} of {}{list}. The rest: call {tool} with cursor {cursor}", place.of)
            }
            None => format!("{shown} of {}{list}, which is the last part.", place.of),
        });
    }
    let block = match text {
        Text::Json => clean::block("json", &part.data.to_string()),
        Text::Short => clean::block("text", &outline(&part)),
    };
    lines.push(block);
    let mut structured = json!({ "data": part.data });
    if let (Some(members), Some(place)) = (structured.as_object_mut(), part.place) {
        let mut page = json!(place);
        if let (Some(page), Some(next)) = (page.as_object_mut(), next) {
            page.insert("next".into(), next.cursor.into());
        }
        members.insert("page".into(), page);
    }
    let mut result = CallToolResult::success(vec![ContentBlock::text(lines.join("\n"))]);
    result.structured_content = Some(structured);
    result
}

/// The call that gives the next part.
pub(super) struct Next<'a> {
    pub(super) tool: &'a str,
    pub(super) cursor: String,
}

/// A part in a few lines: its records by what they begin with, or the members of the one.
fn outline(part: &Part) -> String {
    let list = match &part.place {
        Some(place) => part.data.pointer(&place.list).and_then(Value::as_array),
        None => list(&part.data, 4),
    };
    let first = part.place.as_ref().map_or(0, |place| place.from);
    let lines: Vec<String> = match list {
        Some(records) if records.is_empty() => vec!["no records".into()],
        Some(records) => {
            records.iter().enumerate().map(|(at, record)| format!("{}. {}", first + at + 1, title(record))).collect()
        }
        None => match part.data.as_object() {
            Some(members) => of_members(members, 3 * MOST_MEMBERS),
            None => vec![title(&part.data)],
        },
    };
    let (mut text, all) = (String::new(), lines.len());
    for (at, line) in lines.into_iter().enumerate() {
        if text.len() + line.len() > MOST_TEXT {
            text.push_str(&format!("… and {} more in the structured content", all - at));
            break;
        }
        text.push_str(&line);
        text.push('\n');
    }
    text.trim_end().to_owned()
}

/// The list of a result: itself, or the first that is reached through objects alone.
fn list(data: &Value, deepest: u32) -> Option<&Vec<Value>> {
    match data {
        Value::Array(records) => Some(records),
        Value::Object(members) if deepest > 0 => {
            // An object with texts of its own is a record, whatever lists it has beside them.
            let is_around = !members.values().any(Value::is_string);
            members.values().filter(|_| is_around).find_map(|member| list(member, deepest - 1))
        }
        _ => None,
    }
}

/// What a record is known by: what it begins with, and of an edge its node.
fn title(record: &Value) -> String {
    let record = record.get("node").filter(|node| node.is_object()).unwrap_or(record);
    match record.as_object() {
        Some(members) => of_members(members, MOST_MEMBERS).join(", "),
        None => clean::scalar(record, LONGEST_MEMBER).unwrap_or_else(|| "…".into()),
    }
}

fn of_members(members: &Map<String, Value>, most: usize) -> Vec<String> {
    let mut named = Vec::new();
    name_members(members, "", most, 3, &mut named);
    named
}

/// Names the members of an object, those of objects in it by their path, and of lists how long they are.
fn name_members(members: &Map<String, Value>, path: &str, most: usize, deepest: u32, named: &mut Vec<String>) {
    for (name, value) in members {
        if named.len() >= most {
            return;
        }
        let name = format!("{path}{}", shown::one_line(name));
        match value {
            Value::Object(inner) if deepest > 0 => name_members(inner, &format!("{name}."), most, deepest - 1, named),
            Value::Array(items) if !items.is_empty() => named.push(format!("{name}: {} of them", items.len())),
            _ => named.extend(clean::scalar(value, LONGEST_MEMBER).map(|value| format!("{name}: {value}"))),
        }
    }
}

/// An error as a tool's answer: what kind it is, what is wrong, and the way out.
pub(super) fn error(kind: &str, message: &str, way: &str) -> CallToolResult {
    let message = host::text::cut(message, LONGEST_MESSAGE);
    said(format!("{kind}: {}", shown::lines(&message)), way)
}

fn said(mut text: String, way: &str) -> CallToolResult {
    if !way.is_empty() {
        text.push_str(&format!("\nThe way out: {way}"));
    }
    CallToolResult::error(vec![ContentBlock::text(text)])
}

/// Why a call has no result. `of` is the service, the action and its inputs; `may_be_done` says that the call may have
/// changed something all the same.
pub(super) fn failed(
    error: &CallError,
    definition: &ConnectorDefinition,
    of: (&str, &str, &Value),
    may_be_done: bool,
) -> CallToolResult {
    let (service, action, inputs) = of;
    let (message, is_services) = told(error, definition, action, inputs);
    let way = match may_be_done {
        true => "it may have been done all the same: look whether it is there before anything is called again.",
        false => way_out(error),
    };
    match is_services {
        true => {
            let message = host::text::cut(&message, LONGEST_MESSAGE);
            let block = clean::block("text", &shown::lines(&message));
            said(format!("{}: {}\n{block}", error.kind(), clean::mark(service)), way)
        }
        false => self::error(error.kind(), &message, way),
    }
}

/// The words of an error, and whether the service's may be among them.
pub(super) fn told(
    error: &CallError,
    definition: &ConnectorDefinition,
    action: &str,
    inputs: &Value,
) -> (String, bool) {
    match error.answer() {
        Some(Error::InvalidInput(problems)) => {
            let operation = Operation::of(definition, Kind::Action, action);
            let given = |key: &str| inputs.get(key).and_then(Value::as_str).map(str::to_owned);
            (problems::by_label(problems, definition, operation, &given), false)
        }
        _ => (error.told(&Flags).to_string(), !error.is_hosts()),
    }
}

/// What whoever called can do about an error.
pub(super) fn way_out(error: &CallError) -> &'static str {
    match error.answer() {
        Some(Error::InvalidInput(_)) => "correct these inputs by the tool's input schema, and call again.",
        Some(Error::UnknownKey(_)) => "list the tools again.",
        Some(Error::Unauthenticated(_)) => {
            "whoever runs this server has to renew the connection's key; until then every call ends so."
        }
        Some(Error::Forbidden(_)) => "ask the person whose key it is; calling again changes nothing.",
        Some(Error::NotFound(_)) => "look the record up first, with a tool that lists or finds, and use its id.",
        Some(Error::RateLimited(_)) => "wait, and ask for less at once.",
        Some(Error::InvalidState(_)) => "subscribe again.",
        Some(Error::Service(_)) => "change what is asked by what the service says, or tell the person.",
        _ if error.is_hosts() => "whoever runs this server can change what it names; or ask for less at once.",
        _ if error.may_pass() => "try once more in a while; then tell the person.",
        _ => "tell the person.",
    }
}

/// A result that no part can be given of.
pub(super) fn too_large(problem: &TooLarge, most: usize, next: Option<Next<'_>>) -> CallToolResult {
    let ask = "ask for less (fewer fields, one record, a smaller depth), or have whoever runs this server raise \
               --page-bytes.";
    let bound = format!("more than fits into an answer of {most} bytes, with what stands around it");
    match problem {
        TooLarge::Rest { bytes } => error("result-too-large", &format!("the result takes {bytes} bytes, {bound}"), ask),
        TooLarge::Record { at, of, bytes } => {
            let message = format!("record {} of {of} takes {bytes} bytes, {bound}", at + 1);
            let way = match next {
                Some(Next { tool, cursor }) => format!("go on behind it: call {tool} with cursor {cursor}; or {ask}"),
                None => ask.to_owned(),
            };
            error("result-too-large", &message, &way)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::pages::Paged;

    fn text(result: &CallToolResult) -> String {
        result.content.iter().filter_map(|block| block.as_text()).map(|block| block.text.clone()).collect()
    }

    #[test]
    fn a_result_is_marked_and_its_records_are_named_in_a_block() {
        let data = json!({"orders": {"edges": [{"node": {"id": 1, "name": "![x](http://a)\n```"}}]}});
        let part = Paged::of(data.to_string().into()).part(0, 1000).unwrap();
        let result = of("X", part, None, Text::Short);
        assert_eq!(result.structured_content, Some(json!({ "data": data })));
        let text = text(&result);
        assert!(text.starts_with("Data from X, which other people may have written"), "{text}");
        assert!(text.contains("````text\n1. id: 1, name: \"![x](http://a) ```\"\n````"), "{text}");
    }

    #[test]
    fn what_is_no_list_is_named_by_what_it_holds() {
        let outlined = |data: Value| outline(&Paged::of(data.to_string().into()).part(0, 1000).unwrap());
        assert_eq!(
            outlined(json!({"user": {"id": "1", "x": null, "groups": [1, 2]}})),
            "user.id: \"1\"\nuser.groups: 2 of them"
        );
        assert_eq!(
            outlined(json!({"a": {"connection": {"totalCount": 1, "edges": [{"node": {"id": 7}}]}}})),
            "1. id: 7"
        );
        assert_eq!((outlined(json!([])), outlined(json!("x"))), ("no records".into(), "\"x\"".into()));
    }

    #[test]
    fn a_part_says_how_to_go_on_and_its_text_stays_short() {
        let records: Vec<Value> = (0..400).map(|n| json!({"id": n, "name": "n".repeat(30)})).collect();
        let paged = Paged::of(json!(records).to_string().into());
        let part = paged.part(0, 8_000).unwrap();
        let records = part.place.clone().unwrap().records;
        let result = of("X", part, Some(Next { tool: "readMore", cursor: "c.9".into() }), Text::Short);
        let said = text(&result);
        assert!(
            said.contains(&format!("Records 1 to {records} of 400. The rest: call readMore with cursor c.9")),
            "{said}"
        );
        assert!(said.len() < MOST_TEXT + 500 && said.contains("more in the structured content"), "{}", said.len());
        assert_eq!(result.structured_content.unwrap()["page"]["next"], "c.9");
        let json = of("X", paged.part(390, 8_000).unwrap(), None, Text::Json);
        assert!(text(&json).contains("\"id\":399") && text(&json).contains("the last part"));
    }
}
