//! A GraphQL schema, as far as a client depends on it: from the language, or from the answer to an introspection.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use graphql_parser::schema as sdl;
use serde_json::Value;

/// The query for what a service has.
pub(crate) const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } \
                                        types { kind name fields(includeDeprecated: true) { name args { ...Input } \
                                        type { ...Type } } inputFields { ...Input } enumValues(includeDeprecated: \
                                        true) { name } } } } fragment Input on __InputValue { name defaultValue type { \
                                        ...Type } } fragment Type on __Type { kind name ofType { kind name ofType { \
                                        kind name ofType { kind name ofType { kind name ofType { kind name } } } } } \
                                        }";

/// Deeper wrappers than these are no type of a service.
const DEEPEST_TYPE: usize = 8;

/// A schema.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) query: String,
    pub(crate) mutation: String,
    pub(crate) types: BTreeMap<String, Kind>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// An object or an interface.
    Object(BTreeMap<String, Field>),
    Input(BTreeMap<String, Input>),
    Enum(BTreeSet<String>),
    /// A scalar, or what is of no concern.
    Other,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) of: Type,
    pub(crate) arguments: BTreeMap<String, Input>,
}

#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) of: Type,
    pub(crate) has_default: bool,
}

/// The type of a field or an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Named(String),
    List(Box<Type>),
    NonNull(Box<Type>),
}

impl Type {
    /// Without the `!` at its end.
    pub(crate) fn nullable(&self) -> &Self {
        if let Self::NonNull(of) = self { of.nullable() } else { self }
    }

    /// The name at its core.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(of) | Self::NonNull(of) => of.name(),
        }
    }

    /// From the language of schemas and queries.
    pub(crate) fn of<'a>(of: &sdl::Type<'a, &'a str>) -> Self {
        match of {
            sdl::Type::NamedType(name) => Self::Named((*name).to_owned()),
            sdl::Type::ListType(of) => Self::List(Box::new(Self::of(of))),
            sdl::Type::NonNullType(of) => Self::NonNull(Box::new(Self::of(of))),
        }
    }

    fn of_json(json: &Value, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let inner = || Some(Box::new(Self::of_json(json.get("ofType")?, depth)?));
        match json.get("kind")?.as_str()? {
            "NON_NULL" => Some(Self::NonNull(inner()?)),
            "LIST" => Some(Self::List(inner()?)),
            _ => Some(Self::Named(json.get("name")?.as_str()?.to_owned())),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(of) => write!(f, "[{of}]"),
            Self::NonNull(of) => write!(f, "{of}!"),
        }
    }
}

impl Schema {
    /// Reads the language.
    pub(crate) fn of_text(text: &str) -> Result<Self, String> {
        let document = sdl::parse_schema::<&str>(text).map_err(|error| error.to_string())?;
        let mut schema = Self { query: "Query".into(), mutation: "Mutation".into(), types: BTreeMap::new() };
        for definition in &document.definitions {
            match definition {
                sdl::Definition::SchemaDefinition(roots) => {
                    schema.query = roots.query.unwrap_or("Query").to_owned();
                    schema.mutation = roots.mutation.unwrap_or("Mutation").to_owned();
                }
                sdl::Definition::TypeDefinition(definition) => {
                    let (name, kind) = match definition {
                        sdl::TypeDefinition::Object(of) => {
                            (of.name, Kind::Object(of.fields.iter().map(field).collect()))
                        }
                        sdl::TypeDefinition::Interface(of) => {
                            (of.name, Kind::Object(of.fields.iter().map(field).collect()))
                        }
                        sdl::TypeDefinition::InputObject(of) => {
                            (of.name, Kind::Input(of.fields.iter().map(input).collect()))
                        }
                        sdl::TypeDefinition::Enum(of) => {
                            (of.name, Kind::Enum(of.values.iter().map(|value| value.name.to_owned()).collect()))
                        }
                        sdl::TypeDefinition::Scalar(of) => (of.name, Kind::Other),
                        sdl::TypeDefinition::Union(of) => (of.name, Kind::Other),
                    };
                    schema.types.insert(name.to_owned(), kind);
                }
                sdl::Definition::TypeExtension(_) | sdl::Definition::DirectiveDefinition(_) => {}
            }
        }
        Ok(schema)
    }

    /// Reads the answer to [`INTROSPECTION`]; none if it is none. What in it cannot be understood is not there.
    pub(crate) fn of_introspection(answer: &Value) -> Option<Self> {
        let schema = answer.pointer("/data/__schema")?;
        let name = |at: &str| schema.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let text = |value: &Value| Some(value.get("name")?.as_str()?.to_owned());
        let input = |value: &Value| {
            let has_default = value.get("defaultValue").is_some_and(|default| !default.is_null());
            Some((text(value)?, Input { of: Type::of_json(value.get("type")?, DEEPEST_TYPE)?, has_default }))
        };
        let mut types = BTreeMap::new();
        for of in schema.get("types")?.as_array()? {
            let Some(name) = text(of) else { continue };
            let kind = match of.get("kind").and_then(Value::as_str) {
                Some("OBJECT" | "INTERFACE") => {
                    let fields = items(of, "fields").filter_map(|field| {
                        let arguments = items(field, "args").filter_map(input).collect();
                        Some((text(field)?, Field { of: Type::of_json(field.get("type")?, DEEPEST_TYPE)?, arguments }))
                    });
                    Kind::Object(fields.collect())
                }
                Some("INPUT_OBJECT") => Kind::Input(items(of, "inputFields").filter_map(input).collect()),
                Some("ENUM") => Kind::Enum(items(of, "enumValues").filter_map(text).collect()),
                _ => Kind::Other,
            };
            types.insert(name, kind);
        }
        Some(Self { query: name("/queryType/name"), mutation: name("/mutationType/name"), types })
    }

    /// What a value of this type is in JSON: `text`, `number`, `boolean` or `object`; none for a scalar of the
    /// service's own, which may be anything.
    pub(crate) fn json_kind(&self, name: &str) -> Option<&'static str> {
        match (name, self.types.get(name)) {
            ("ID" | "String", _) | (_, Some(Kind::Enum(_))) => Some("text"),
            ("Int" | "Float", _) => Some("number"),
            ("Boolean", _) => Some("boolean"),
            (_, Some(Kind::Object(_))) => Some("object"),
            _ => None,
        }
    }

    /// The fields of an object type.
    pub(crate) fn fields(&self, name: &str) -> Option<&BTreeMap<String, Field>> {
        if let Some(Kind::Object(fields)) = self.types.get(name) { Some(fields) } else { None }
    }
}

fn input<'a>(value: &sdl::InputValue<'a, &'a str>) -> (String, Input) {
    let has_default = value.default_value.is_some();
    (value.name.to_owned(), Input { of: Type::of(&value.value_type), has_default })
}

fn field<'a>(field: &sdl::Field<'a, &'a str>) -> (String, Field) {
    let arguments = field.arguments.iter().map(input).collect();
    (field.name.to_owned(), Field { of: Type::of(&field.field_type), arguments })
}

/// The items of a member that is a list.
fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
