//! A service that has a schema and no records: every list is empty, every object is there, every text is "x". For
//! trying clients on services that are not what they were made for.

use std::io;

use async_graphql::Value;
use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Object, Scalar, Schema, SchemaError, TypeRef,
};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, ServiceDocument, Type, TypeKind, TypeSystemDefinition};
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running service. It ends when it is dropped.
#[derive(Debug)]
pub struct SchemaOnly {
    url: String,
    task: JoinHandle<()>,
}

impl SchemaOnly {
    /// Starts one with a schema in GraphQL's language, on a free port of loopback. Any credential is accepted.
    pub async fn spawn(sdl: &str, tells_its_schema: bool) -> io::Result<Self> {
        let document = parse_schema(sdl).map_err(io::Error::other)?;
        let schema = schema(&document, tells_its_schema).map_err(|error| io::Error::other(error.to_string()))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/graphql", listener.local_addr()?);
        let answer =
            move |Json(request): Json<async_graphql::Request>| async move { Json(schema.execute(request).await) };
        let router = Router::new().route("/graphql", post(answer));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.ok();
        });
        Ok(Self { url, task })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for SchemaOnly {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn schema(document: &ServiceDocument, tells_its_schema: bool) -> Result<Schema, SchemaError> {
    let mut builder = Schema::build("Query", Some("Mutation"), None);
    if !tells_its_schema {
        builder = builder.disable_introspection();
    }
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.as_str();
        builder = match &definition.node.kind {
            TypeKind::Scalar => builder.register(Scalar::new(name)),
            TypeKind::Enum(of) => {
                let values = of.values.iter().map(|value| value.node.value.node.as_str());
                builder.register(values.fold(Enum::new(name), Enum::item))
            }
            TypeKind::InputObject(of) => {
                let fields = of
                    .fields
                    .iter()
                    .map(|field| InputValue::new(field.node.name.node.as_str(), type_ref(&field.node.ty.node)));
                builder.register(fields.fold(InputObject::new(name), InputObject::field))
            }
            TypeKind::Object(of) => {
                let fields = of.fields.iter().map(|field| {
                    let kind = field.node.ty.node.clone();
                    let resolved = resolved(document, &kind);
                    let made = Field::new(field.node.name.node.as_str(), type_ref(&kind), move |_| {
                        let value = resolved.clone();
                        FieldFuture::new(async move { Ok(value.map(Resolved::into_value)) })
                    });
                    field.node.arguments.iter().fold(made, |made, argument| {
                        made.argument(InputValue::new(
                            argument.node.name.node.as_str(),
                            type_ref(&argument.node.ty.node),
                        ))
                    })
                });
                builder.register(fields.fold(Object::new(name), Object::field))
            }
            TypeKind::Interface(_) | TypeKind::Union(_) => builder,
        };
    }
    builder.finish()
}

fn type_ref(of: &Type) -> TypeRef {
    let inner = match &of.base {
        BaseType::Named(name) => TypeRef::named(name.as_str()),
        BaseType::List(of) => TypeRef::List(Box::new(type_ref(of))),
    };
    if of.nullable { inner } else { TypeRef::NonNull(Box::new(inner)) }
}

/// What a field gives.
#[derive(Clone)]
enum Resolved {
    Leaf(Value),
    Object,
    /// A list of one.
    List(Box<Resolved>),
}

impl Resolved {
    fn into_value(self) -> FieldValue<'static> {
        match self {
            Self::Leaf(value) => FieldValue::value(value),
            Self::Object => FieldValue::owned_any(()),
            Self::List(of) => FieldValue::list([of.into_value()]),
        }
    }
}

fn resolved(document: &ServiceDocument, of: &Type) -> Option<Resolved> {
    match &of.base {
        BaseType::List(of) => Some(Resolved::List(Box::new(resolved(document, of)?))),
        BaseType::Named(name) => match name.as_str() {
            "Int" | "Float" => Some(Resolved::Leaf(Value::from(1))),
            "Boolean" => Some(Resolved::Leaf(Value::from(false))),
            "ID" | "String" => Some(Resolved::Leaf(Value::from("x"))),
            name => {
                let kind = document.definitions.iter().find_map(|definition| match definition {
                    TypeSystemDefinition::Type(of) if of.node.name.node == name => Some(&of.node.kind),
                    _ => None,
                });
                match kind? {
                    TypeKind::Object(_) => Some(Resolved::Object),
                    TypeKind::Scalar => Some(Resolved::Leaf(Value::from("2026-11-01T00:00:00.000Z"))),
                    _ => None,
                }
            }
        },
    }
}
