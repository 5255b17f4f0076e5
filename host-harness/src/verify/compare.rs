//! What a query needs that a service does not have, by both schemas.

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::query::{self, OperationDefinition, Selection, SelectionSet};

use super::Finding;
use super::schema::{Input, Kind, Schema, Type};

/// Queries are not nested deeper; a query that is comes from a hostile manifest.
const DEEPEST: usize = 64;

/// Compares one query. The error says that the query itself cannot be read.
pub(crate) fn compare(ours: &Schema, theirs: &Schema, operation: &str, text: &str) -> Result<Vec<Finding>, String> {
    let document =
        query::parse_query::<&str>(text).map_err(|error| format!("{operation}: its query cannot be read: {error}"))?;
    let mut comparison = Comparison {
        ours,
        theirs,
        operation,
        variables: BTreeMap::new(),
        inputs: BTreeSet::new(),
        found: BTreeSet::new(),
    };
    for definition in &document.definitions {
        let query::Definition::Operation(definition) = definition else { continue };
        let (variables, selection, our_root, their_root) = match definition {
            OperationDefinition::Query(of) => {
                (of.variable_definitions.as_slice(), &of.selection_set, &ours.query, &theirs.query)
            }
            OperationDefinition::Mutation(of) => {
                (of.variable_definitions.as_slice(), &of.selection_set, &ours.mutation, &theirs.mutation)
            }
            OperationDefinition::SelectionSet(selection) => (&[][..], selection, &ours.query, &theirs.query),
            OperationDefinition::Subscription(_) => continue,
        };
        for variable in variables {
            let of = Type::of(&variable.var_type);
            comparison.input(&of);
            comparison
                .variables
                .insert(variable.name.to_owned(), Input { of, has_default: variable.default_value.is_some() });
        }
        comparison.selection(selection, our_root, their_root, DEEPEST);
    }
    Ok(comparison.found.into_iter().collect())
}

struct Comparison<'a> {
    ours: &'a Schema,
    theirs: &'a Schema,
    operation: &'a str,
    variables: BTreeMap<String, Input>,
    /// The input types that were compared.
    inputs: BTreeSet<String>,
    found: BTreeSet<Finding>,
}

impl Comparison<'_> {
    fn find(&mut self, place: impl Into<String>, problem: impl Into<String>) {
        self.found.insert(Finding {
            operation: self.operation.to_owned(),
            place: place.into(),
            problem: problem.into(),
        });
    }

    fn selection<'q>(&mut self, selection: &SelectionSet<'q, &'q str>, ours: &str, theirs: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let (our_schema, their_schema) = (self.ours, self.theirs);
        let Some(their_fields) = their_schema.fields(theirs) else {
            let name = if theirs.is_empty() { ours } else { theirs };
            return self.find(name, "there is no such type with fields");
        };
        for item in &selection.items {
            let field = match item {
                Selection::Field(field) => field,
                Selection::InlineFragment(fragment) => {
                    self.selection(&fragment.selection_set, ours, theirs, depth);
                    continue;
                }
                Selection::FragmentSpread(_) => continue,
            };
            if field.name.starts_with("__") {
                continue;
            }
            let place = format!("{theirs}.{}", field.name);
            let Some(their_field) = their_fields.get(field.name) else {
                self.find(place, "there is no such field");
                continue;
            };
            self.arguments(&place, field, &their_field.arguments);
            let Some(our_field) = our_schema.fields(ours).and_then(|fields| fields.get(field.name)) else { continue };
            if let Some(problem) = self.output(&our_field.of, &their_field.of) {
                self.find(place, problem);
            } else if !field.selection_set.items.is_empty() {
                self.selection(&field.selection_set, our_field.of.name(), their_field.of.name(), depth);
            }
        }
    }

    fn arguments<'q>(&mut self, place: &str, field: &query::Field<'q, &'q str>, theirs: &BTreeMap<String, Input>) {
        for (name, value) in &field.arguments {
            let Some(argument) = theirs.get(*name) else {
                self.find(place, format!("it takes no argument {name}"));
                continue;
            };
            let query::Value::Variable(variable) = value else { continue };
            let problem = self.variables.get(*variable).and_then(|given| {
                let fits = is_usable(&given.of, given.has_default || argument.has_default, &argument.of);
                (!fits).then(|| format!("its argument {name} is {}, and {} is given", argument.of, given.of))
            });
            if let Some(problem) = problem {
                self.find(place, problem);
            }
        }
        for (name, argument) in theirs {
            let is_given = field.arguments.iter().any(|(given, _)| given == name);
            if !is_given && !argument.has_default && matches!(argument.of, Type::NonNull(_)) {
                self.find(place, format!("it needs an argument {name}: {}, which is not given", argument.of));
            }
        }
    }

    /// Why a value of their type is not what a reader of ours expects.
    fn output(&self, ours: &Type, theirs: &Type) -> Option<String> {
        let otherwise = || Some(format!("it is {theirs}, and {ours} is expected"));
        match (ours.nullable(), theirs.nullable()) {
            (Type::List(ours), Type::List(theirs)) => self.output(ours, theirs),
            (Type::Named(our_name), Type::Named(their_name)) => {
                let (ours, theirs) = (self.ours.json_kind(our_name), self.theirs.json_kind(their_name));
                // A scalar of the service's own may be anything.
                if ours == theirs || ours.is_none() || theirs.is_none() { None } else { otherwise() }
            }
            _ => otherwise(),
        }
    }

    /// Compares the input type of a variable, and those within it, each once. Not by recursion: who declares them is as
    /// hostile as who answers.
    fn input(&mut self, of: &Type) {
        let mut open = vec![of.name().to_owned()];
        while let Some(name) = open.pop() {
            if is_built_in(&name) || !self.inputs.insert(name.clone()) {
                continue;
            }
            match (self.ours.types.get(&name), self.theirs.types.get(&name)) {
                (_, None) => self.find(name, "there is no such type"),
                (Some(Kind::Enum(ours)), Some(Kind::Enum(theirs))) => {
                    for value in ours.difference(theirs) {
                        self.find(&name, format!("it has no value {value}"));
                    }
                }
                (Some(Kind::Input(ours)), Some(Kind::Input(theirs))) => self.fields(&name, ours, theirs, &mut open),
                (Some(Kind::Enum(_)), Some(_)) => self.find(name, "it is no enum"),
                (Some(Kind::Input(_)), Some(_)) => self.find(name, "it is no input object"),
                _ => {}
            }
        }
    }

    fn fields(
        &mut self,
        name: &str,
        ours: &BTreeMap<String, Input>,
        theirs: &BTreeMap<String, Input>,
        open: &mut Vec<String>,
    ) {
        for (field, our_field) in ours {
            match theirs.get(field) {
                None => self.find(name, format!("it has no field {field}")),
                Some(their_field) if !is_usable(&our_field.of, their_field.has_default, &their_field.of) => {
                    // Whether a field that must be given is given is known to the connector alone: it is said.
                    self.find(name, format!("its field {field} is {}, and {} is given", their_field.of, our_field.of));
                }
                Some(_) => open.push(our_field.of.name().to_owned()),
            }
        }
        for (field, their_field) in theirs.iter().filter(|(field, their_field)| {
            !ours.contains_key(*field) && !their_field.has_default && matches!(their_field.of, Type::NonNull(_))
        }) {
            self.find(name, format!("it needs a field {field}: {}, which is not given", their_field.of));
        }
    }
}

/// Whether a variable of one type may stand where another is expected, by the rules of GraphQL.
fn is_usable(given: &Type, has_default: bool, expected: &Type) -> bool {
    match (given, expected) {
        (Type::NonNull(given), Type::NonNull(expected)) => is_usable(given, false, expected),
        (_, Type::NonNull(expected)) => has_default && is_usable(given, false, expected),
        (Type::NonNull(given), _) => is_usable(given, false, expected),
        (Type::List(given), Type::List(expected)) => is_usable(given, false, expected),
        (Type::Named(given), Type::Named(expected)) => given == expected,
        (Type::List(_), Type::Named(_)) | (Type::Named(_), Type::List(_)) => false,
    }
}

fn is_built_in(name: &str) -> bool {
    matches!(name, "ID" | "String" | "Int" | "Float" | "Boolean")
}
