//! Answers a GraphQL document by a schema alone: every field gets a value of its type, lists that are paged get the
//! world's records. What fields are called decides what they hold, where their types leave it open. Pure.

use std::collections::HashMap;

use graphql_parser::query::{self as ql, Selection};
use serde_json::{Map, Value, json};

use super::named::{leaf, nested, order, time_of, wanted};
use super::world::{Record, World};
use crate::verify::{Kind, Schema, Type};

/// Deeper documents are not answered.
const DEEPEST: usize = 40;

/// How this service gives lists.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Paging {
    /// The most records of a page.
    pub(in crate::check) most: usize,
    /// Whether a cursor says at which place the list goes on, or after which record.
    pub(in crate::check) by_place: bool,
}

/// What a document is answered from.
struct Answering<'a> {
    schema: &'a Schema,
    world: &'a World,
    paging: Paging,
    variables: &'a Map<String, Value>,
    fragments: HashMap<&'a str, &'a ql::FragmentDefinition<'static, String>>,
}

/// Answers a request's body; the error is what a service says of a document that it does not understand.
pub(super) fn answer(schema: &Schema, world: &World, paging: Paging, body: &[u8]) -> Result<Value, String> {
    let body: Value = serde_json::from_slice(body).map_err(|error| format!("The body is no JSON: {error}"))?;
    let text = body.get("query").and_then(Value::as_str).ok_or("The body has no query")?;
    let document = ql::parse_query::<String>(text).map_err(|error| error.to_string())?.into_static();
    let (mut operation, mut fragments) = (None, HashMap::new());
    for definition in &document.definitions {
        match definition {
            ql::Definition::Fragment(fragment) => drop(fragments.insert(fragment.name.as_str(), fragment)),
            ql::Definition::Operation(found) => operation = Some(found),
        }
    }
    let (root, selection) = match operation.ok_or("There is no operation")? {
        ql::OperationDefinition::SelectionSet(set) => (&schema.query, set),
        ql::OperationDefinition::Query(query) => (&schema.query, &query.selection_set),
        ql::OperationDefinition::Mutation(mutation) => (&schema.mutation, &mutation.selection_set),
        ql::OperationDefinition::Subscription(_) => return Err("There are no subscriptions".into()),
    };
    let nothing = Map::new();
    let variables = body.get("variables").and_then(Value::as_object).unwrap_or(&nothing);
    let answering = Answering { schema, world, paging, variables, fragments };
    let at = At { record: &world.own(), arguments: &Map::new(), depth: 0, is_root: true };
    Ok(Value::Object(answering.object(root, selection, at)?))
}

/// Where in the answer a value stands.
#[derive(Clone, Copy)]
struct At<'a> {
    /// The record whose field it is.
    record: &'a Record,
    /// The arguments of the fields above that are of no record: a list is often asked for two fields further down.
    arguments: &'a Map<String, Value>,
    depth: usize,
    is_root: bool,
}

impl Answering<'_> {
    fn object(
        &self,
        of: &str,
        set: &ql::SelectionSet<'static, String>,
        at: At<'_>,
    ) -> Result<Map<String, Value>, String> {
        let mut object = Map::new();
        self.add(of, set, at, &mut object)?;
        Ok(object)
    }

    fn add(
        &self,
        of: &str,
        set: &ql::SelectionSet<'static, String>,
        at: At<'_>,
        object: &mut Map<String, Value>,
    ) -> Result<(), String> {
        if at.depth > DEEPEST {
            return Err("The document is too deep".into());
        }
        for selection in &set.items {
            match selection {
                Selection::Field(field) if !self.is_wanted(&field.directives) => {}
                Selection::Field(field) => {
                    let name = named(field).to_owned();
                    let value = self.field(of, field, at)?;
                    object.insert(name, value);
                }
                Selection::FragmentSpread(spread) => {
                    let fragment =
                        self.fragments.get(spread.fragment_name.as_str()).ok_or("There is no such fragment")?;
                    self.add(of, &fragment.selection_set, At { depth: at.depth + 1, ..at }, object)?;
                }
                Selection::InlineFragment(fragment) => {
                    self.add(of, &fragment.selection_set, At { depth: at.depth + 1, ..at }, object)?;
                }
            }
        }
        Ok(())
    }

    fn field(&self, of: &str, field: &ql::Field<'static, String>, at: At<'_>) -> Result<Value, String> {
        if field.name == "__typename" {
            return Ok(of.into());
        }
        let fields = self.schema.fields(of).ok_or_else(|| format!("There is no type {of}"))?;
        let known = fields
            .get(&field.name)
            .ok_or_else(|| format!("Cannot query field \"{}\" on type \"{of}\".", field.name))?;
        let mut arguments = at.arguments.clone();
        for (name, value) in &field.arguments {
            let value = self.value(value);
            if !value.is_null() {
                arguments.insert(name.clone(), value);
            }
        }
        self.typed(&known.of, field, At { arguments: &arguments, depth: at.depth + 1, ..at })
    }

    fn typed(&self, of: &Type, field: &ql::Field<'static, String>, at: At<'_>) -> Result<Value, String> {
        let name = match of {
            Type::NonNull(of) => return self.typed(of, field, at),
            Type::List(of) => return self.list(of, field, at),
            Type::Named(name) => name,
        };
        match self.schema.types.get(name) {
            Some(Kind::Object(fields)) if fields.contains_key("edges") && fields.contains_key("pageInfo") => {
                self.connection(name, field, at)
            }
            Some(Kind::Object(_)) => {
                // An object without arguments belongs to what holds it.
                let Some(id) = wanted(field, at.arguments).into_iter().next() else {
                    return Ok(Value::Object(self.object(name, &field.selection_set, at)?));
                };
                let Some(record) = self.world.find(&id) else { return Ok(Value::Null) };
                let at = At { record: &record, arguments: &Map::new(), is_root: false, ..at };
                Ok(Value::Object(self.object(name, &field.selection_set, at)?))
            }
            Some(Kind::Enum(values)) => Ok(values.first().cloned().into()),
            _ => Ok(leaf(&field.name, name, at.record)),
        }
    }

    fn list(&self, of: &Type, field: &ql::Field<'static, String>, at: At<'_>) -> Result<Value, String> {
        let is_object = matches!(self.schema.types.get(of.name()), Some(Kind::Object(_)));
        if !is_object {
            return Ok(Value::Array(vec![self.typed(of.nullable(), field, at)?]));
        }
        let records: Vec<Record> = match wanted(field, at.arguments) {
            ids if ids.is_empty() && at.is_root => {
                self.world.records().iter().take(self.paging.most).cloned().collect()
            }
            ids if ids.is_empty() => at.record.part().into_iter().collect(),
            ids => ids.iter().filter_map(|id| self.world.find(id)).collect(),
        };
        let nothing = Map::new();
        let one = |record: &Record| {
            let at = At { record, arguments: &nothing, is_root: false, ..at };
            self.object(of.name(), &field.selection_set, at).map(Value::Object)
        };
        records.iter().map(one).collect()
    }

    /// A page of the world's records, in the order that the arguments ask for.
    fn connection(&self, of: &str, field: &ql::Field<'static, String>, at: At<'_>) -> Result<Value, String> {
        let mut records: Vec<&Record> = self.world.records().iter().collect();
        if let Some((by, is_descending)) = order(at.arguments) {
            records.sort_by_key(|record| match time_of(&by, record) {
                Some(time) => time,
                None => record.created,
            });
            if is_descending {
                records.reverse();
            }
        }
        // Some services take them as they are, others within an object.
        let argument = |names: &[&str]| at.arguments.iter().find_map(|(name, value)| nested(name, value, names, 0));
        let first = argument(&["first", "limit", "take", "pageSize"]).and_then(Value::as_u64);
        let first = first.and_then(|first| usize::try_from(first).ok()).unwrap_or(self.paging.most);
        let after = argument(&["after", "cursor"]).and_then(Value::as_str);
        let from = match after {
            None => 0,
            Some(cursor) if self.paging.by_place => cursor.parse().unwrap_or(0),
            Some(cursor) => records.iter().position(|record| record.id == cursor).map_or(0, |place| place + 1),
        };
        let page: Vec<(usize, &&Record)> =
            records.iter().enumerate().skip(from).take(first.min(self.paging.most)).collect();
        let cursor = |(place, record): &(usize, &&Record)| {
            if self.paging.by_place { (place + 1).to_string() } else { record.id.clone() }
        };
        let has_next = from + page.len() < records.len();
        let paged = Paged { page: &page, has_next, total: records.len(), cursor: &cursor };
        self.page(of, &field.selection_set, at, &paged)
    }

    fn page(
        &self,
        of: &str,
        set: &ql::SelectionSet<'static, String>,
        at: At<'_>,
        paged: &Paged<'_, '_>,
    ) -> Result<Value, String> {
        let fields = self.schema.fields(of).ok_or("There is no such list")?;
        let mut object = Map::new();
        for selection in &set.items {
            let Selection::Field(field) = selection else { return Err("A list is asked for in parts".into()) };
            let name = named(field).to_owned();
            let known = fields
                .get(&field.name)
                .ok_or_else(|| format!("Cannot query field \"{}\" on type \"{of}\".", field.name))?;
            let nothing = Map::new();
            let value = match field.name.as_str() {
                "pageInfo" => {
                    let mut info = Map::new();
                    for selection in &field.selection_set.items {
                        let Selection::Field(field) = selection else { continue };
                        let ends = |entry: Option<&(usize, &&Record)>| {
                            entry.map(paged.cursor).map_or(Value::Null, Value::from)
                        };
                        let value = match field.name.as_str() {
                            "hasNextPage" => paged.has_next.into(),
                            "endCursor" => ends(paged.page.last()),
                            "startCursor" => ends(paged.page.first()),
                            "hasPreviousPage" => false.into(),
                            _ => Value::Null,
                        };
                        info.insert(named(field).to_owned(), value);
                    }
                    Value::Object(info)
                }
                "edges" => {
                    let mut edges = Vec::new();
                    for entry in paged.page {
                        let at = At { record: entry.1, arguments: &nothing, depth: at.depth + 1, is_root: false };
                        let mut edge = self.object(known.of.name(), &field.selection_set, at)?;
                        if edge.contains_key("cursor") {
                            edge.insert("cursor".into(), (paged.cursor)(entry).into());
                        }
                        edges.push(Value::Object(edge));
                    }
                    Value::Array(edges)
                }
                "nodes" => {
                    let node = |entry: &(usize, &&Record)| {
                        let at = At { record: entry.1, arguments: &nothing, depth: at.depth + 1, is_root: false };
                        self.object(known.of.name(), &field.selection_set, at).map(Value::Object)
                    };
                    paged.page.iter().map(node).collect::<Result<_, _>>()?
                }
                _ if known.of.name() == "Int" => paged.total.into(),
                _ => self.typed(&known.of, field, at)?,
            };
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    /// What `@include` and `@skip` say of a field.
    fn is_wanted(&self, directives: &[ql::Directive<'static, String>]) -> bool {
        directives.iter().all(|directive| {
            let is = directive.arguments.iter().any(|(name, value)| name == "if" && self.value(value) == true);
            match directive.name.as_str() {
                "include" => is,
                "skip" => !is,
                _ => true,
            }
        })
    }

    /// An argument's value.
    fn value(&self, value: &ql::Value<'static, String>) -> Value {
        match value {
            ql::Value::Variable(name) => self.variables.get(name).cloned().unwrap_or_default(),
            ql::Value::Int(number) => number.as_i64().into(),
            ql::Value::Float(number) => json!(number),
            ql::Value::String(text) => text.clone().into(),
            ql::Value::Boolean(is) => (*is).into(),
            ql::Value::Null => Value::Null,
            ql::Value::Enum(name) => name.clone().into(),
            ql::Value::List(items) => items.iter().map(|item| self.value(item)).collect(),
            ql::Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.value(value))).collect())
            }
        }
    }
}

/// What a field is called in the answer.
fn named<'f>(field: &'f ql::Field<'static, String>) -> &'f str {
    field.alias.as_deref().unwrap_or(&field.name)
}

struct Paged<'p, 'r> {
    page: &'p [(usize, &'p &'r Record)],
    has_next: bool,
    total: usize,
    cursor: &'p dyn Fn(&(usize, &&Record)) -> String,
}
