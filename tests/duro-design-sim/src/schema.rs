//! The schema that is served: every definition of the connector's file, so that a query which that allows is answered
//! and any other is refused as a GraphQL server refuses it. What has no data here is null.

use std::sync::Arc;

use async_graphql::Value as GraphQlValue;
use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, Scalar, Schema,
    SchemaError, TypeRef,
};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::components;
use crate::server::Service;

/// What the connector's queries are checked against.
pub(crate) const FILE: &str = include_str!("../../../connectors/duro-design/src/schema.graphql");

/// The schema, on the service's data.
pub(crate) fn schema(service: Arc<Service>) -> Result<Schema, SchemaError> {
    let mut builder = Schema::build("Query", Some("Mutation"), None).data(service);
    for definition in parse_schema(FILE).map_err(|error| SchemaError(error.to_string()))?.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        builder = match definition.node.kind {
            TypeKind::Scalar => builder.register(Scalar::new(name)),
            TypeKind::Enum(of) => {
                let values = of.values.iter().map(|value| value.node.value.node.as_str());
                builder.register(values.fold(Enum::new(name), Enum::item))
            }
            TypeKind::InputObject(of) => {
                let fields = of.fields.iter().map(|field| input(&field.node.name.node, &field.node.ty.node));
                builder.register(fields.fold(InputObject::new(name), InputObject::field))
            }
            TypeKind::Object(of) => {
                let fields = of.fields.iter().map(|field| {
                    let resolved = (name.clone(), field.node.name.node.to_string());
                    let made =
                        Field::new(field.node.name.node.as_str(), type_ref(&field.node.ty.node), move |context| {
                            let value = resolve(&context, &resolved.0, &resolved.1);
                            FieldFuture::new(async move { value })
                        });
                    let arguments = field.node.arguments.iter();
                    arguments.fold(made, |made, argument| {
                        made.argument(input(&argument.node.name.node, &argument.node.ty.node))
                    })
                });
                builder.register(fields.fold(Object::new(name.clone()), Object::field))
            }
            TypeKind::Interface(_) | TypeKind::Union(_) => builder,
        };
    }
    builder.finish()
}

fn input(name: &str, of: &Type) -> InputValue {
    InputValue::new(name, type_ref(of))
}

fn type_ref(of: &Type) -> TypeRef {
    let inner = match &of.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(of) => TypeRef::List(Box::new(type_ref(of))),
    };
    if of.nullable { inner } else { TypeRef::NonNull(Box::new(inner)) }
}

fn resolve(context: &ResolverContext<'_>, of: &str, field: &str) -> async_graphql::Result<Option<FieldValue<'static>>> {
    let argument = |name: &str| -> async_graphql::Result<Value> {
        let given = context.args.get(name).map(|given| given.as_value().clone().into_json());
        Ok(given.transpose()?.unwrap_or_default())
    };
    let service = context.data::<Arc<Service>>()?;
    let value = match (of, field) {
        ("Query", "component" | "library") => json!({}),
        ("LibraryQueryNamespace", "current") => service.library(),
        ("ComponentQueryNamespace", "findOne") => {
            let wanted = json!({ "ids": [argument("id")?] });
            components::find_all(&service.components(), &wanted).into_iter().next().unwrap_or_default()
        }
        ("ComponentQueryNamespace", "findAll") => {
            let found = components::find_all(&service.components(), &argument("filter")?);
            components::page(&found, &argument("pagination")?, service.page_size())
        }
        ("ComponentQueryNamespace", "filter") => {
            let found = components::filter(&service.components(), &argument("input")?);
            components::page(&found, &argument("pagination")?, service.page_size())
        }
        _ => {
            let parent = context.parent_value.try_downcast_ref::<Value>().ok();
            parent.and_then(|parent| parent.get(field)).cloned().unwrap_or_default()
        }
    };
    Ok(served(value))
}

fn served(value: Value) -> Option<FieldValue<'static>> {
    match value {
        Value::Null => None,
        Value::Array(items) => {
            Some(FieldValue::list(items.into_iter().map(|item| served(item).unwrap_or(FieldValue::NULL))))
        }
        Value::Object(_) => Some(FieldValue::owned_any(value)),
        leaf => GraphQlValue::from_json(leaf).ok().map(FieldValue::value),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Every definition with its members, each written out whole.
    fn definitions(sdl: &str) -> BTreeMap<String, BTreeSet<String>> {
        let types = parse_schema(sdl).unwrap().definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            _ => None,
        });
        let members = |kind: &TypeKind| -> BTreeSet<String> {
            match kind {
                TypeKind::Scalar => BTreeSet::from(["a scalar".to_owned()]),
                TypeKind::Enum(of) => of.values.iter().map(|value| value.node.value.node.to_string()).collect(),
                TypeKind::InputObject(of) => {
                    of.fields.iter().map(|field| format!("{}: {}", field.node.name.node, field.node.ty.node)).collect()
                }
                TypeKind::Object(of) => of
                    .fields
                    .iter()
                    .map(|field| {
                        let arguments: BTreeSet<String> = field
                            .node
                            .arguments
                            .iter()
                            .map(|argument| format!("{}: {}", argument.node.name.node, argument.node.ty.node))
                            .collect();
                        format!("{}{arguments:?}: {}", field.node.name.node, field.node.ty.node)
                    })
                    .collect(),
                TypeKind::Interface(_) | TypeKind::Union(_) => panic!("an interface or a union"),
            }
        };
        types.map(|of| (of.name.node.to_string(), members(&of.kind))).collect()
    }

    #[test]
    fn the_served_schema_equals_the_file_of_the_connector() {
        let served = schema(Arc::new(Service::new(0))).unwrap().sdl();
        let file = definitions(FILE);
        assert_eq!(definitions(&served), file);
        assert!(file.len() > 30, "{}", file.len());
        assert_ne!(definitions(&FILE.replacen("cpns: [String!]", "cpns: [String]", 1)), file);
    }
}
