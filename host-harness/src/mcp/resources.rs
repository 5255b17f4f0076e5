//! Resources: the manifest, the docs page, records by their ids, triggers; and the completion of ids.

use host::contract::{DataSourceDefinition, Error, InputField};
use rmcp::model::{
    CallToolResult, CompleteRequestParams, CompletionInfo, ErrorData, ReadResourceResult, Reference, Resource,
    ResourceContents, ResourceTemplate,
};
use serde_json::{Map, Value, json};

use super::pages::size;
use super::served::Served;
use super::uris::{AFTER, Target, Watched};
use super::watches::{Change, Watches};
use super::{calls, clean};
use crate::markdown;

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown";
/// What stands around the changes of a trigger, in bytes.
const AROUND: usize = 1024;

pub(super) fn list(served: &Served) -> Vec<Resource> {
    let (definition, uris) = (served.definition(), served.uris());
    let label = clean::text(definition.label.clone());
    let described = |uri: String, name: &str, title: String, description: &str, kind: &str| {
        let resource = Resource::new(uri, name).with_title(clean::text(title));
        resource.with_description(clean::text(description.to_owned())).with_mime_type(kind)
    };
    let mut resources = vec![
        described(
            uris.docs(),
            "docs",
            format!("How to use {label}"),
            "The connector's page: what each action takes and gives, with examples.",
            MARKDOWN,
        ),
        described(
            uris.manifest(),
            "manifest",
            format!("The manifest of {label}"),
            "All that the connector declares, as JSON.",
            JSON,
        ),
    ];
    for connection in 0..served.names.len() {
        for trigger in &definition.triggers {
            let (name, title) = match uris.name(connection) {
                Some(on) => (format!("{} ({on})", trigger.key), format!("{} ({on})", trigger.label)),
                None => (trigger.key.clone(), trigger.label.clone()),
            };
            let description = format!("{} Subscribe to it to be told of changes.", trigger.description);
            resources.push(described(uris.trigger(connection, trigger), &name, title, &description, JSON));
        }
    }
    resources
}

pub(super) fn templates(served: &Served) -> Vec<ResourceTemplate> {
    let templates = served.uris().templates().into_iter().map(|template| {
        let listed = ResourceTemplate::new(template.uri, template.name).with_title(clean::text(template.title));
        listed.with_description(clean::text(template.description.to_owned())).with_mime_type(JSON)
    });
    templates.collect()
}

/// Reads a resource. There is no answer for what cannot be read but the protocol's own error; it has the same words.
pub(super) async fn read(served: &Served, watches: &Watches, uri: String) -> Result<ReadResourceResult, ErrorData> {
    let text = |text: String, kind: &str| {
        let contents = ResourceContents::text(text, uri.clone()).with_mime_type(kind);
        Ok(ReadResourceResult::new(vec![contents]))
    };
    match served.uris().read(&uri).map_err(|error| not_found(&uri, &error))? {
        Target::Manifest => {
            let manifest = serde_json::to_value(served.definition()).unwrap_or_default();
            text(clean::value(manifest).to_string(), JSON)
        }
        Target::Docs => text(clean::text(markdown::page(served.definition())), MARKDOWN),
        Target::Record { connection, action, inputs } => {
            text(record(served, connection, &action, inputs).await?.to_string(), JSON)
        }
        Target::Trigger(watched) => text(trigger(served, watches, &watched).await?.to_string(), JSON),
    }
}

fn not_found(uri: &str, why: &str) -> ErrorData {
    ErrorData::resource_not_found(clean::text(why.to_owned()), Some(json!({ "uri": host::text::cut(uri, 200) })))
}

/// A record, as the action's tool gives it.
async fn record(
    served: &Served,
    connection: usize,
    action: &str,
    inputs: Map<String, Value>,
) -> Result<Value, ErrorData> {
    let link = served.links.get(connection).ok_or_else(|| ErrorData::internal_error("the connection is gone", None))?;
    let turn = link.turn().await.map_err(|spent| failed("budget", &spent.to_string()))?;
    let inputs = Value::Object(inputs);
    let result = served.connector.perform(action, &link.connection, &inputs, &served.call_options).await;
    let answer = match result {
        Ok(outcome) => {
            turn.used(&outcome.trace);
            calls::first_part(served, connection, link, Box::<serde_json::value::RawValue>::into(outcome.value))
        }
        Err(failure) => {
            turn.used(&failure.trace);
            let answer = super::answer::failed(
                &failure.error,
                served.definition(),
                (&served.service(connection), action, &inputs),
                false,
            );
            let (kind, words) = (failure.error.kind(), served.scrub(link, words(&answer)));
            return Err(match failure.error.answer() {
                Some(Error::NotFound(_)) => ErrorData::resource_not_found(words, Some(json!({ "kind": kind }))),
                Some(Error::InvalidInput(_)) => ErrorData::invalid_params(words, Some(json!({ "kind": kind }))),
                _ => failed(kind, &words),
            });
        }
    };
    match answer.structured_content {
        Some(Value::Object(mut members)) => {
            members.insert("note".into(), clean::mark(&served.service(connection)).into());
            Ok(Value::Object(members))
        }
        _ => Err(failed("result-too-large", &words(&answer))),
    }
}

/// What an answer says in words.
fn words(answer: &CallToolResult) -> String {
    let texts = answer.content.iter().filter_map(|block| block.as_text());
    texts.map(|text| text.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn failed(kind: &str, message: &str) -> ErrorData {
    ErrorData::internal_error(message.to_owned(), Some(json!({ "kind": kind })))
}

/// The changes of a trigger that wait. Where nobody has subscribed to it, reading polls it once.
async fn trigger(served: &Served, watches: &Watches, watched: &Watched) -> Result<Value, ErrorData> {
    let watch = watches.of(served, watched).map_err(|error| failed("other", &error))?;
    let mut standing = watch.standing(watched.after);
    if let Some(after) = watched.after.filter(|after| *after > standing.last) {
        let why = format!("{AFTER}={after}: this server has given out no such number; read the address without it");
        return Err(ErrorData::invalid_params(why, None));
    }
    let is_subscribed = standing.is_polled;
    if !is_subscribed {
        // The poll itself waits for its turn.
        if let Some(link) = served.links.get(watched.connection) {
            link.charge_call().map_err(|spent| failed("budget", &spent.to_string()))?;
        }
        watch.poll_once(served).await;
        standing = watch.standing(watched.after);
    }
    let (mut changes, mut bytes) = (Vec::new(), AROUND);
    for change in &standing.changes {
        let shown = shown(change, served.page_bytes);
        let more = size(&shown).saturating_add(1);
        if bytes.saturating_add(more) > served.page_bytes && !changes.is_empty() {
            break;
        }
        bytes = bytes.saturating_add(more);
        changes.push((change.number, shown));
    }
    let mut body = json!({
        "note": clean::mark(&served.service(watched.connection)),
        "subscribed": is_subscribed,
        "polls": standing.polls,
        "waiting": standing.changes.len(),
    });
    let last = changes.last().map(|(number, _)| *number);
    let changes: Vec<Value> = changes.into_iter().map(|(_, change)| change).collect();
    if let Some(members) = body.as_object_mut() {
        members.insert("changes".into(), changes.into());
        if let Some(last) = last {
            members.insert("next".into(), watched.read_up_to(last).into());
        }
        if standing.is_full {
            let paused = "polling pauses, because no more changes fit here: read on by next, and it goes on";
            members.insert("paused".into(), paused.into());
        }
        if standing.polls == 1 && standing.changes.is_empty() && standing.error.is_none() {
            let first = "this was the first poll: it marks where counting begins, and finds what changes from now on";
            members.insert("first".into(), first.into());
        }
        if let Some(error) = standing.error {
            members.insert("error".into(), clean::text(error).into());
        }
    }
    Ok(body)
}

/// A change as it is read. One that no answer has room for is said by its number and its size.
fn shown(change: &Change, most: usize) -> Value {
    let record = clean::value(serde_json::from_str(&change.json).unwrap_or_default());
    let bytes = size(&record);
    let mut shown = json!({ "number": change.number });
    let Some(members) = shown.as_object_mut() else { return shown };
    if let Some(list) = &change.list {
        members.insert("change".into(), clean::text(list.clone()).into());
    }
    if bytes.saturating_add(2 * AROUND) > most {
        members.insert("id".into(), record.get("id").cloned().filter(|id| size(id) < 200).unwrap_or_default());
        let words = format!("it takes {bytes} bytes, more than an answer may have: read the record by its id");
        members.insert("tooLarge".into(), words.into());
        return shown;
    }
    members.insert(if change.list.is_some() { "record" } else { "payload" }.into(), record);
    shown
}

/// Completes the value of a template's input: from its choices, or from the data source that the manifest names for it.
pub(super) async fn complete(served: &Served, params: CompleteRequestParams) -> Result<CompletionInfo, ErrorData> {
    let none = || Ok(CompletionInfo::default());
    let Reference::Resource(resource) = &params.r#ref else { return none() };
    let templates = served.uris().templates();
    let Some(template) = templates.into_iter().find(|template| template.uri == resource.uri) else {
        return Err(not_found(&resource.uri, "there is no such resource template; list the templates"));
    };
    let Some(input) = template.inputs.iter().find(|input| input.key == params.argument.name) else { return none() };
    let typed = params.argument.value.as_str();
    if !input.choices.is_empty() {
        return of_choices(input, typed);
    }
    let source = input.data_source.as_ref().and_then(|key| served.definition().data_source(key));
    match source {
        Some(source) => of_source(served, template.connection, source, typed).await,
        None => none(),
    }
}

fn of_choices(input: &InputField, typed: &str) -> Result<CompletionInfo, ErrorData> {
    let values = input.choices.iter().map(|choice| choice.value.clone());
    let values = values.filter(|value| value.to_lowercase().starts_with(&typed.to_lowercase()));
    let values = values.take(CompletionInfo::MAX_VALUES).collect();
    CompletionInfo::with_all_values(values).map_err(|error| ErrorData::internal_error(error, None))
}

async fn of_source(
    served: &Served,
    connection: usize,
    source: &DataSourceDefinition,
    typed: &str,
) -> Result<CompletionInfo, ErrorData> {
    let link = served.links.get(connection).ok_or_else(|| ErrorData::internal_error("the connection is gone", None))?;
    let turn = link.turn().await.map_err(|spent| failed("budget", &spent.to_string()))?;
    let search = Some(typed).filter(|typed| !typed.is_empty() && source.searchable);
    let options = &served.call_options;
    let page = served.connector.query(&source.key, &link.connection, &json!({}), search, None, options).await;
    let page = match page {
        Ok(outcome) => {
            turn.used(&outcome.trace);
            outcome.value
        }
        Err(failure) => {
            turn.used(&failure.trace);
            let (message, _) = super::answer::told(&failure.error, served.definition(), &source.key, &Value::Null);
            let words = clean::text(served.scrub(link, message));
            return Err(match failure.error.answer() {
                Some(Error::InvalidInput(_)) => ErrorData::invalid_params(words, None),
                _ => failed(failure.error.kind(), &words),
            });
        }
    };
    let wanted = typed.to_lowercase();
    let fits = |text: &str| text.to_lowercase().contains(&wanted);
    // A source that searches knows better what fits than the texts that it shows.
    let found = page.items.iter().filter(|item| source.searchable || fits(&item.key) || fits(&item.label));
    let mut values: Vec<String> = found.map(|item| clean::text(served.scrub(link, item.key.clone()))).collect();
    let has_more = page.next.is_some() || values.len() > CompletionInfo::MAX_VALUES;
    values.truncate(CompletionInfo::MAX_VALUES);
    CompletionInfo::with_pagination(values, None, has_more).map_err(|error| ErrorData::internal_error(error, None))
}
