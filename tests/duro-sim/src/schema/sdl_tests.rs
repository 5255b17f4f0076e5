//! The schema that is served is the schema that the connector is checked against.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};

const FILE: &str = include_str!("../../../../src/duro-v1.graphql");

/// A schema without what does not matter: the order of definitions, descriptions, comments.
type Normal = BTreeMap<String, BTreeSet<String>>;

/// Every definition with its members, each member written out whole. Panics on what the file has no use for, so that
/// nothing is passed over in silence.
fn normal(sdl: &str) -> Normal {
    let mut definitions = Normal::new();
    for definition in parse_schema(sdl).expect("the schema parses").definitions {
        let (name, members) = match definition {
            TypeSystemDefinition::Schema(schema) => {
                let root = |root: &Option<Positioned<Name>>| root.as_ref().map(|name| name.node.to_string());
                let roots = [root(&schema.node.query), root(&schema.node.mutation), root(&schema.node.subscription)];
                // This is what a schema without a `schema` block means.
                assert_eq!(roots, [Some("Query".to_owned()), Some("Mutation".to_owned()), None]);
                continue;
            }
            TypeSystemDefinition::Directive(directive) => {
                let name = directive.node.name.node.to_string();
                assert!(
                    ["skip", "include", "deprecated", "specifiedBy", "oneOf"].contains(&name.as_str()),
                    "@{name} is not built in"
                );
                continue;
            }
            TypeSystemDefinition::Type(definition) => normal_type(&definition.node),
        };
        assert!(definitions.insert(name.clone(), members).is_none(), "{name} is defined twice");
    }
    definitions
}

fn normal_type(definition: &TypeDefinition) -> (String, BTreeSet<String>) {
    assert!(!definition.extend);
    undirected(&definition.directives);
    let (kind, members): (_, Vec<String>) = match &definition.kind {
        TypeKind::Scalar => ("scalar", Vec::new()),
        TypeKind::Object(object) => {
            assert!(object.implements.is_empty());
            ("type", object.fields.iter().map(|field| normal_field(&field.node)).collect())
        }
        TypeKind::Enum(values) => {
            ("enum", values.values.iter().map(|value| value.node.value.node.to_string()).collect())
        }
        TypeKind::InputObject(input) => ("input", input.fields.iter().map(|field| normal_input(&field.node)).collect()),
        TypeKind::Interface(_) | TypeKind::Union(_) => panic!("{} is an interface or a union", definition.name.node),
    };
    let count = members.len();
    let members: BTreeSet<String> = members.into_iter().collect();
    assert_eq!(members.len(), count, "{} has a member twice", definition.name.node);
    (format!("{kind} {}", definition.name.node), members)
}

fn normal_field(field: &FieldDefinition) -> String {
    undirected(&field.directives);
    let arguments: BTreeSet<String> = field.arguments.iter().map(|argument| normal_input(&argument.node)).collect();
    format!("{}{arguments:?}: {}", field.name.node, field.ty.node)
}

fn normal_input(input: &InputValueDefinition) -> String {
    undirected(&input.directives);
    format!("{}: {} = {:?}", input.name.node, input.ty.node, input.default_value.as_ref().map(|value| &value.node))
}

fn undirected(directives: &[Positioned<ConstDirective>]) {
    assert!(directives.is_empty(), "a directive that the file does not have: {directives:?}");
}

#[test]
fn the_served_schema_equals_the_file() {
    let served = normal(&super::builder().finish().sdl());
    let file = normal(FILE);
    for (name, members) in &file {
        assert_eq!(served.get(name), Some(members), "{name} differs");
    }
    let unknown: Vec<_> = served.keys().filter(|name| !file.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "served, but not in the file: {unknown:?}");
    assert!(file.len() > 40, "the file has only {} definitions", file.len());
}

#[test]
fn the_comparison_sees_a_nullable_an_argument_and_an_enum_value() {
    let file = normal(FILE);
    for (from, to) in [
        ("  mass: Float\n", "  mass: Float!\n"),
        ("    libraryType: LibraryType\n  ): Products", "    libraryType: LibraryType\n    first: Int\n  ): Products"),
        ("{ asc desc }", "{ ASC DESC }"),
        ("    ids: [ID]\n  ): [Component]", "    ids: [ID!]\n  ): [Component]"),
        ("scalar DateTime", "scalar Date"),
        ("  itemNumber: Int\n}", "  itemNumber: Int = 1\n}"),
    ] {
        assert!(FILE.contains(from), "{from:?} is not in the file");
        assert_ne!(normal(&FILE.replacen(from, to, 1)), file, "{from:?} and {to:?} look the same");
    }
}
