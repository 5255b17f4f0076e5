//! The addresses of resources, `KEY://…` with the connector's key, made of the manifest: the manifest itself, its docs
//! page, records by their ids, and triggers with their inputs. Pure.

use host::contract::{ActionDefinition, ConnectorDefinition, InputField, InputKind, TriggerDefinition};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// Longer addresses are nobody's. In bytes.
const LONGEST: usize = 8 * 1024;

/// The first words of addresses that are no record's.
const MANIFEST: &str = "manifest";
const DOCS: &str = "docs";
const TRIGGER: &str = "trigger";

/// The query of a trigger's address that says up to which change it was read.
pub(super) const AFTER: &str = "after";

/// What an address is of.
#[derive(Debug, PartialEq)]
pub(super) enum Target {
    Manifest,
    Docs,
    /// A record: what an action gives for one input.
    Record {
        connection: usize,
        action: String,
        inputs: Map<String, Value>,
    },
    /// A trigger, with the inputs that it is polled with.
    Trigger(Watched),
}

/// A trigger's address, read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Watched {
    pub(super) connection: usize,
    pub(super) trigger: String,
    pub(super) inputs: Map<String, Value>,
    /// The changes up to this number have been read.
    pub(super) after: Option<u64>,
    /// The address without that.
    pub(super) uri: String,
}

/// The addresses of one server.
pub(super) struct Uris<'d> {
    pub(super) definition: &'d ConnectorDefinition,
    /// The connections' names, by their numbers.
    pub(super) names: &'d [Option<String>],
}

/// Whether a connection may be called so: its name is the beginning of tools and addresses.
pub(super) fn is_name(definition: &ConnectorDefinition, name: &str) -> bool {
    let is_plain =
        (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_taken = [MANIFEST, DOCS, TRIGGER].contains(&name);
    is_plain && !is_taken && !records(definition).any(|(kind, ..)| kind == name)
}

/// The kinds of record that have addresses: what actions get by one input. Gives the kind's name, the action and the
/// input.
fn records(definition: &ConnectorDefinition) -> impl Iterator<Item = (String, &ActionDefinition, &InputField)> {
    definition.actions.iter().filter(|action| !action.changes_data).filter_map(|action| {
        let mut needed = action.inputs.iter().filter(|input| input.required && input.default.is_none());
        let (input, None) = (needed.next()?, needed.next()) else { return None };
        let name = action.key.strip_prefix("get")?;
        let name = name.strip_suffix("ById").unwrap_or(name);
        let is_one =
            matches!(input.kind, InputKind::Text) && name.starts_with(|first: char| first.is_ascii_uppercase());
        let kind = kebab(name);
        (is_one && ![MANIFEST, DOCS, TRIGGER].contains(&kind.as_str())).then_some((kind, action, input))
    })
}

/// `ChangeOrder` as `change-order`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for (number, character) in name.chars().enumerate() {
        if character.is_ascii_uppercase() && number > 0 {
            kebab.push('-');
        }
        kebab.push(character.to_ascii_lowercase());
    }
    kebab
}

/// A template of addresses.
pub(super) struct Template<'d> {
    pub(super) uri: String,
    pub(super) name: String,
    pub(super) title: String,
    pub(super) description: &'d str,
    pub(super) connection: usize,
    pub(super) inputs: Vec<&'d InputField>,
}

impl<'d> Uris<'d> {
    pub(super) fn manifest(&self) -> String {
        format!("{}://{MANIFEST}", self.definition.key)
    }

    pub(super) fn docs(&self) -> String {
        format!("{}://{DOCS}", self.definition.key)
    }

    /// A trigger's address with its defaults.
    pub(super) fn trigger(&self, connection: usize, trigger: &TriggerDefinition) -> String {
        format!("{}{TRIGGER}/{}", self.start(connection), encode(&trigger.key))
    }

    fn start(&self, connection: usize) -> String {
        match self.name(connection) {
            Some(name) => format!("{}://{name}/", self.definition.key),
            None => format!("{}://", self.definition.key),
        }
    }

    /// The name of a connection, if it has one.
    pub(super) fn name(&self, connection: usize) -> Option<&'d str> {
        self.names.get(connection).and_then(Option::as_deref)
    }

    /// The templates of all connections: of records, and of triggers with their inputs.
    pub(super) fn templates(&self) -> Vec<Template<'d>> {
        let mut templates = Vec::new();
        for connection in 0..self.names.len() {
            let start = self.start(connection);
            let on = |text: &str| match self.name(connection) {
                Some(name) => format!("{text} ({name})"),
                None => text.to_owned(),
            };
            for (kind, action, input) in records(self.definition) {
                templates.push(Template {
                    uri: format!("{start}{kind}/{{{}}}", input.key),
                    name: on(&kind),
                    title: on(&action.label),
                    description: &action.description,
                    connection,
                    inputs: vec![input],
                });
            }
            for trigger in &self.definition.triggers {
                let inputs: Vec<&InputField> = trigger.inputs.iter().collect();
                let keys = inputs.iter().map(|input| input.key.as_str()).chain([AFTER]).collect::<Vec<_>>().join(",");
                templates.push(Template {
                    uri: format!("{}{{?{keys}}}", self.trigger(connection, trigger)),
                    name: on(&trigger.key),
                    title: on(&trigger.label),
                    description: &trigger.description,
                    connection,
                    inputs,
                });
            }
        }
        templates
    }

    /// Reads an address; the error is for whoever wrote it.
    pub(super) fn read(&self, uri: &str) -> Result<Target, String> {
        if uri.len() > LONGEST {
            return Err(format!("an address has at most {LONGEST} bytes"));
        }
        let unknown = || "there is no such resource; list the resources and their templates".to_owned();
        let rest = uri.strip_prefix(self.definition.key.as_str()).and_then(|rest| rest.strip_prefix("://"));
        let rest = rest.ok_or_else(unknown)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let segments = path.split('/').map(decode).collect::<Option<Vec<String>>>().ok_or_else(unknown)?;
        let mut segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            [MANIFEST] if query.is_empty() => return Ok(Target::Manifest),
            [DOCS] if query.is_empty() => return Ok(Target::Docs),
            _ => {}
        }
        let connection = match self.names {
            [None] => 0,
            names => {
                let first = if segments.is_empty() { return Err(unknown()) } else { segments.remove(0) };
                names.iter().position(|name| name.as_deref() == Some(first)).ok_or_else(unknown)?
            }
        };
        match segments.as_slice() {
            [TRIGGER, key] => self.read_trigger(connection, key, query).map(Target::Trigger),
            [kind, value] if query.is_empty() && !value.is_empty() => {
                let (_, action, input) =
                    records(self.definition).find(|(known, ..)| known == kind).ok_or_else(unknown)?;
                let inputs = Map::from_iter([(input.key.clone(), Value::from(*value))]);
                Ok(Target::Record { connection, action: action.key.clone(), inputs })
            }
            _ => Err(unknown()),
        }
    }

    fn read_trigger(&self, connection: usize, key: &str, query: &str) -> Result<Watched, String> {
        let trigger = self.definition.trigger(key).ok_or_else(|| format!("there is no trigger {key:?}"))?;
        let (mut inputs, mut after) = (Map::new(), None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if trigger.inputs.iter().any(|input| input.key == name) {
                // As it was typed: a connector reads texts for every kind of input, and says what is wrong with one.
                if inputs.insert(name.to_string(), Value::from(value.as_ref())).is_some() {
                    return Err(format!("the input {name:?} is there twice"));
                }
            } else if name == AFTER {
                after =
                    Some(value.parse().map_err(|_| format!("{AFTER} is the number of a change, and not {value:?}"))?);
            } else {
                let known: Vec<&str> = trigger.inputs.iter().map(|input| input.key.as_str()).collect();
                return Err(format!("the trigger has no input {name:?}; it has {}", known.join(", ")));
            }
        }
        let mut uri = self.trigger(connection, trigger);
        // In the manifest's order, so that one trigger with the same inputs is polled once.
        let mut given = form_urlencoded::Serializer::new(String::new());
        for input in &trigger.inputs {
            if let Some(value) = inputs.get(&input.key).and_then(Value::as_str) {
                given.append_pair(&input.key, value);
            }
        }
        let given = given.finish();
        if !given.is_empty() {
            uri.push('?');
            uri.push_str(&given);
        }
        Ok(Watched { connection, trigger: trigger.key.clone(), inputs, after, uri })
    }
}

impl Watched {
    /// Its address, read up to this change.
    pub(super) fn read_up_to(&self, number: u64) -> String {
        let mark = if self.uri.contains('?') { '&' } else { '?' };
        format!("{}{mark}{AFTER}={number}", self.uri)
    }
}

fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// What a part of a path says; none where it is no text.
fn decode(part: &str) -> Option<String> {
    let plain = part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let (text, _) = form_urlencoded::parse(plain.as_bytes()).next().unwrap_or_default();
    // A text that is none is read with other characters in its place.
    (!text.contains('\u{fffd}')).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition() -> ConnectorDefinition {
        let input = |key: &str, required: bool| json!({"key": key, "label": key, "kind": "text", "required": required, "help": "", "choices": []});
        let action = |key: &str, changes: bool, inputs: &[Value]| {
            json!({"key": key, "label": key, "description": "", "changesData": changes, "inputs": inputs,
                "inputSchema": {}, "resultSchema": {}, "examplePayload": {}})
        };
        let id = [input("id", true), input("also", false)];
        let trigger = json!({"key": "changes", "label": "", "description": "", "inputs": [input("a", false), input("b", true)],
            "inputSchema": {}, "resultSchema": {}, "examplePayload": {}});
        serde_json::from_value(json!({
            "key": "x-y", "label": "X", "description": "", "version": "1.0.0", "connections": [], "dataSources": [],
            "actions": [action("getPartById", false, &id), action("getChangeOrder", false, &id),
                action("getAway", true, &id), action("getter", false, &id), action("listParts", false, &[])],
            "triggers": [trigger],
        }))
        .unwrap()
    }

    fn read(names: &[Option<&str>], uri: &str) -> Result<Target, String> {
        let names: Vec<Option<String>> = names.iter().map(|name| name.map(str::to_owned)).collect();
        Uris { definition: &definition(), names: &names }.read(uri)
    }

    #[test]
    fn templates_are_what_an_action_gets_by_one_input_and_triggers() {
        let (definition, names) = (definition(), [None, Some("eu".to_owned())]);
        let templates = Uris { definition: &definition, names: &names }.templates();
        let uris: Vec<&str> = templates.iter().map(|template| template.uri.as_str()).collect();
        let plain = ["x-y://part/{id}", "x-y://change-order/{id}", "x-y://trigger/changes{?a,b,after}"];
        assert_eq!(uris[..3], plain);
        assert_eq!(uris[3], "x-y://eu/part/{id}");
        assert!(is_name(&definition, "eu-1"));
        for wrong in ["", "part", "manifest", "a_b", "a/b", "ä", &"x".repeat(33)] {
            assert!(!is_name(&definition, wrong), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_read_with_its_escapes() {
        assert_eq!(read(&[None], "x-y://manifest"), Ok(Target::Manifest));
        assert_eq!(read(&[Some("eu")], "x-y://docs"), Ok(Target::Docs));
        let Ok(Target::Record { connection, action, inputs }) =
            read(&[Some("eu"), Some("us")], "x-y://us/part/a%2Fb+c%26")
        else {
            panic!()
        };
        assert_eq!(
            (connection, action.as_str(), inputs),
            (1, "getPartById", json!({"id": "a/b+c&"}).as_object().unwrap().clone())
        );
        let Ok(Target::Trigger(watched)) = read(&[None], "x-y://trigger/changes?b=2+3&after=7&a=%26") else { panic!() };
        assert_eq!((watched.after, watched.uri.as_str()), (Some(7), "x-y://trigger/changes?a=%26&b=2+3"));
        assert_eq!(watched.read_up_to(9), "x-y://trigger/changes?a=%26&b=2+3&after=9");
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for (uri, reason) in [
            ("x-y://part", "no such resource"),
            ("x-y://part/", "no such resource"),
            ("x-y://away/1", "no such resource"),
            ("x-y://part/%ff", "no such resource"),
            ("other://part/1", "no such resource"),
            ("x-y://us/part/1", "no such resource"),
            ("x-y://trigger/other", "no trigger"),
            ("x-y://trigger/changes?c=1", "no input \"c\"; it has a, b"),
            ("x-y://trigger/changes?a=1&a=2", "twice"),
            ("x-y://trigger/changes?after=x", "number of a change"),
            (&format!("x-y://part/{}", "x".repeat(LONGEST)), "at most"),
        ] {
            let refused = read(&[None], uri).unwrap_err();
            assert!(refused.contains(reason), "{uri}: {refused}");
        }
        assert!(read(&[Some("eu")], "x-y://part/1").is_err(), "a connection has to be named");
    }
}
