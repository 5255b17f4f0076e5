//! The tools, from the manifest: an action is a tool, with the connection's name before its own where connections have
//! names, and one more gives the parts of results that did not fit. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use host::contract::{ActionDefinition, ConnectorDefinition, InputField, InputKind};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::clean;

/// What the tool is called that goes on with a result.
const READ_MORE: &str = "readMore";

/// All tools of a server.
pub(super) struct Tools {
    pub(super) listed: Vec<Tool>,
    by_name: HashMap<String, (usize, Does)>,
    /// By the connections' numbers, what the tool is called that goes on with a result.
    pub(super) read_more: Vec<String>,
}

/// What a tool does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    /// Performs the action of this key.
    Action(String),
    /// Gives the next part of a result.
    ReadMore,
}

impl Tools {
    /// The tools on these connections, by their names. An action that changes data is a tool only where it is allowed:
    /// by its key, on every connection, or by the tool's name, on that one. The error names what is allowed and is not
    /// there, or two tools of one name.
    pub(super) fn of(
        definition: &ConnectorDefinition,
        names: &[Option<String>],
        allowed: &[String],
    ) -> Result<Self, String> {
        let mut tools = Self { listed: Vec::new(), by_name: HashMap::new(), read_more: Vec::new() };
        let mut unused: Vec<&String> = allowed.iter().collect();
        for (number, name) in names.iter().enumerate() {
            let prefixed = |key: &str| name.as_ref().map_or_else(|| key.to_owned(), |name| format!("{name}_{key}"));
            for action in &definition.actions {
                let tool = prefixed(&action.key);
                let is_allowed = allowed.iter().any(|allowed| *allowed == action.key || *allowed == tool);
                unused.retain(|allowed| **allowed != action.key && **allowed != tool);
                if !action.changes_data || is_allowed {
                    let listed = of_action(definition, action, tool.clone(), name.as_deref());
                    tools.add(listed, number, Does::Action(action.key.clone()))?;
                }
            }
            let mut more = prefixed(READ_MORE);
            while tools.by_name.contains_key(&more) {
                more.push('_');
            }
            tools.add(of_more(more.clone()), number, Does::ReadMore)?;
            tools.read_more.push(more);
        }
        match unused.as_slice() {
            [] => Ok(tools),
            [unknown, ..] => {
                let known = definition.actions.iter().filter(|action| action.changes_data);
                let known: Vec<&str> = known.map(|action| action.key.as_str()).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                Err(format!(
                    "--allow-changes {unknown}: the connector has no such action; those that change data: {known}"
                ))
            }
        }
    }

    fn add(&mut self, tool: Tool, connection: usize, does: Does) -> Result<(), String> {
        let name = tool.name.to_string();
        if self.by_name.insert(name.clone(), (connection, does)).is_some() {
            return Err(format!("two tools would be called {name}: name the connections otherwise"));
        }
        self.listed.push(tool);
        Ok(())
    }

    /// The connection, by its number, and what the tool of this name does.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Does)> {
        self.by_name.get(name).map(|(connection, does)| (*connection, does))
    }

    /// What the tools are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|tool| tool.name.as_ref())
    }
}

fn of_action(definition: &ConnectorDefinition, action: &ActionDefinition, name: String, on: Option<&str>) -> Tool {
    let mut description = clean::text(action.description.clone());
    if action.changes_data {
        description.push_str(&format!(" Changes data in {}: the person at the client is asked.", definition.label));
    }
    let title = match on {
        Some(on) => format!("{} ({on})", action.label),
        None => action.label.clone(),
    };
    let mut tool = Tool::new(name, description, Arc::new(input(&action.input_schema, &action.inputs)));
    tool.title = Some(clean::text(title));
    tool.output_schema = Some(Arc::new(output(&action.result_schema)));
    // A connector says only whether an action changes something, and not what: the worst is assumed of one that does.
    let hints = ToolAnnotations::new().read_only(!action.changes_data).destructive(action.changes_data);
    tool.annotations = Some(hints.idempotent(!action.changes_data).open_world(true));
    tool
}

fn of_more(name: String) -> Tool {
    let description = "Gives the next part of a result that did not fit into one answer: whole records, from where the \
                       last part ended. Call it with the cursor that stands beside that part, until none does.";
    let input = json!({
        "type": "object",
        "properties": {"cursor": {"type": "string", "description": "page.next of the last part"}},
        "required": ["cursor"],
        "additionalProperties": false,
    });
    let mut tool = Tool::new(name, description, Arc::new(members(input)));
    tool.title = Some("Read more of a result".into());
    tool.output_schema = Some(Arc::new(output(&json!({"description": "as the tool gives it whose result it is"}))));
    tool.annotations =
        Some(ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false));
    tool
}

/// The schema of what a tool takes. A connector takes a number as a text too, and null for nothing; a model and a form
/// do better with the one type that is meant, which stands first. And there is no connection among a tool's arguments.
fn input(declared: &Value, fields: &[InputField]) -> JsonObject {
    let mut schema = schema(declared);
    schema.remove("patternProperties");
    let inputs = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (key, input) in inputs.into_iter().flatten() {
        let Some(input) = input.as_object_mut() else { continue };
        let types = input.get("type").and_then(Value::as_array).and_then(|types| types.split_first());
        // What takes lists or objects as well as texts is JSON, of which each is meant.
        let is_text = |other: &Value| other == "string" || other == "null";
        let first =
            types.filter(|(first, others)| *first != "array" && *first != "object" && others.iter().all(is_text));
        let Some(first) = first.map(|(first, _)| first.clone()).or_else(|| input.get("type").cloned()) else {
            continue;
        };
        if let Some(choices) = input.get_mut("enum").and_then(Value::as_array_mut) {
            choices.retain(|choice| !choice.is_null());
        }
        let field = fields.iter().find(|field| field.key == *key && field.kind == InputKind::Choice);
        if let Some(field) = field.filter(|_| first == "string") {
            let choices = field.choices.iter().map(|choice| Value::from(choice.value.as_str()));
            input.insert("enum".into(), choices.collect());
        }
        input.insert("type".into(), first);
    }
    schema
}

/// The schema of what a tool gives: lists are results too, and a tool must give an object.
fn output(result: &Value) -> JsonObject {
    let mut data = Value::Object(schema(result));
    point_into_data(&mut data);
    members(json!({
        "type": "object",
        "properties": {
            "data": data,
            "page": {
                "description": "There where the result did not fit: which part of it data holds.",
                "type": "object",
                "properties": {
                    "list": {"type": "string", "description": "the list in data that comes in parts, as a JSON \
                                                               Pointer"},
                    "from": {"type": "integer", "description": "how many of its records came before these"},
                    "records": {"type": "integer", "description": "how many are here"},
                    "of": {"type": "integer", "description": "how many there are"},
                    "next": {"type": "string", "description": "the cursor of the next part; absent with the last"},
                },
                "required": ["list", "from", "records", "of"],
            },
        },
        "required": ["data"],
    }))
}

/// A schema of the manifest. All are of the dialect that the protocol takes by default.
fn schema(schema: &Value) -> JsonObject {
    let mut schema = clean::value(schema.clone());
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
    }
    members(schema)
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        // As good as a schema that allows everything.
        _ => Map::new(),
    }
}

/// Several types as alternatives of one each, which says the same: not every client reads a list of types.
fn say_types_apart(schema: &mut JsonObject) {
    let Some(Value::Array(types)) = schema.get("type").filter(|_| !schema.contains_key("anyOf")) else { return };
    let alternatives = types.iter().map(|one| json!({ "type": one })).collect();
    schema.remove("type");
    schema.insert("anyOf".into(), alternatives);
}

/// References within a schema lead from its root, which it no longer is.
fn point_into_data(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            say_types_apart(members);
            for (name, member) in members {
                match (name.as_str(), &mut *member) {
                    ("$ref" | "$dynamicRef", Value::String(target)) if target == "#" || target.starts_with("#/") => {
                        target.insert_str(1, "/properties/data");
                    }
                    // These hold values, and no schemas.
                    ("const" | "enum" | "default" | "examples", _) => {}
                    _ => point_into_data(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_into_data),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> ConnectorDefinition {
        let action = |key: &str, changes: bool| {
            json!({"key": key, "label": key, "description": "d\u{202e}", "changesData": changes, "inputs": [],
                "inputSchema": {"$schema": "x", "type": "object", "patternProperties": {"^connection$": true},
                    "properties": {"n": {"type": ["number", "string", "null"], "enum": [1, null]}}}, "examplePayload": {},
                "resultSchema": {"type": ["array", "null"], "$defs": {"a": {"$ref": "#"}}, "items": {"$ref": "#/$defs/a"}, "enum": [{"$ref": "#"}]}})
        };
        let actions = [action("list", false), action("make", true), action("raw", true), action("readMore", false)];
        serde_json::from_value(json!({
            "key": "x", "label": "X", "description": "", "version": "1.0.0", "connections": [],
            "actions": actions, "dataSources": [], "triggers": [],
        }))
        .unwrap()
    }

    fn named(names: &[Option<&str>], allowed: &[&str]) -> Result<Vec<String>, String> {
        let names: Vec<Option<String>> = names.iter().map(|name| name.map(str::to_owned)).collect();
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let tools = Tools::of(&definition(), &names, &allowed)?;
        Ok(tools.names().map(str::to_owned).collect())
    }

    #[test]
    fn what_changes_data_is_a_tool_only_where_it_was_allowed() {
        assert_eq!(named(&[None], &[]).unwrap(), ["list", "readMore", "readMore_"]);
        assert_eq!(named(&[None], &["make"]).unwrap(), ["list", "make", "readMore", "readMore_"]);
        let both = named(&[Some("a"), Some("b")], &["a_make", "raw"]).unwrap();
        let expected = ["a_list", "a_make", "a_raw", "a_readMore", "a_readMore_", "b_list", "b_raw", "b_readMore"];
        assert_eq!(both.get(..8).unwrap(), expected);
        let refused = named(&[None], &["mak"]).unwrap_err();
        assert!(refused.contains("--allow-changes mak") && refused.contains("make, raw"), "{refused}");
    }

    #[test]
    fn a_tool_says_what_it_does_and_gives_an_object() {
        let tools = Tools::of(&definition(), &[None], &["make".into()]).unwrap();
        let [list, make, ..] = tools.listed.as_slice() else { panic!() };
        let hints = |tool: &Tool| {
            let hints = tool.annotations.clone().unwrap();
            [hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint].map(Option::unwrap)
        };
        assert_eq!((hints(list), hints(make)), ([true, false, true], [false, true, false]));
        assert_eq!(list.description.as_deref(), Some("d\\u{202e}"));
        let expected = json!({"type": "object", "properties": {"n": {"type": "number", "enum": [1]}}});
        assert_eq!(Value::Object((*list.input_schema).clone()), expected);
        let output = Value::Object((**list.output_schema.as_ref().unwrap()).clone());
        assert_eq!(output["properties"]["data"]["items"]["$ref"], "#/properties/data/$defs/a");
        assert_eq!(output["properties"]["data"]["$defs"]["a"]["$ref"], "#/properties/data");
        assert_eq!(output["properties"]["data"]["anyOf"], json!([{"type": "array"}, {"type": "null"}]));
        assert_eq!(output["properties"]["data"]["enum"], json!([{"$ref": "#"}]));
        assert_eq!(output["type"], "object");
    }
}
