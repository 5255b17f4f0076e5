//! A request's body as a person reads it, where it is one of GraphQL over HTTP: the operation's name, its document set
//! out in lines, and its variables.

use std::borrow::Cow;

use graphql_parser::query::{Definition, OperationDefinition, parse_query};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A longer body is shown as it is. In bytes.
const LONGEST_BODY: usize = 64 * 1024;

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
    #[serde(borrow, default, rename = "operationName")]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
}

/// What a body asks for.
pub(crate) struct Operation {
    /// `query listThings`.
    pub(crate) name: String,
    /// Set out anew, without its comments.
    pub(crate) document: String,
    /// As JSON in lines; none where there are none.
    pub(crate) variables: Option<String>,
}

impl Operation {
    /// None of a body that is no request of GraphQL.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        let sent: Sent<'_> = serde_json::from_slice(Some(body).filter(|body| body.len() <= LONGEST_BODY)?).ok()?;
        let document = parse_query::<&str>(&sent.query).ok()?;
        let operations = document.definitions.iter().filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(named(operation)),
            Definition::Fragment(_) => None,
        });
        let is_meant = |(_, name): &(&str, &str)| sent.name.as_deref().is_none_or(|meant| meant == *name);
        let (kind, name) = operations.into_iter().find(is_meant)?;
        let variables = sent.variables.and_then(|raw| serde_json::from_str::<serde_json::Value>(raw.get()).ok());
        let variables = variables.filter(|value| value.as_object().is_some_and(|object| !object.is_empty()));
        Some(Self {
            name: format!("{kind} {name}").trim().to_owned(),
            document: document.to_string().trim().to_owned(),
            variables: variables.map(|value| format!("{value:#}")),
        })
    }
}

fn named<'a>(operation: &OperationDefinition<'a, &'a str>) -> (&'static str, &'a str) {
    match operation {
        OperationDefinition::Query(query) => ("query", query.name.unwrap_or_default()),
        OperationDefinition::Mutation(mutation) => ("mutation", mutation.name.unwrap_or_default()),
        OperationDefinition::Subscription(subscription) => ("subscription", subscription.name.unwrap_or_default()),
        OperationDefinition::SelectionSet(_) => ("query", ""),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_is_named_and_set_out_in_lines_with_its_variables() {
        let body =
            json!({"query": "query things($n:Int){things(first:$n){id name}}", "variables": {"n": 5}}).to_string();
        let operation = Operation::of(body.as_bytes()).unwrap();
        assert_eq!(operation.name, "query things");
        assert!(operation.document.contains("things(first: $n) {\n    id\n    name\n  }"), "{}", operation.document);
        assert!(operation.variables.unwrap().contains("\"n\": 5"));
    }

    #[test]
    fn of_several_operations_the_one_that_is_meant_is_named() {
        let body = json!({"query": "query a { x } mutation b { y }", "operationName": "b", "variables": null});
        assert_eq!(Operation::of(body.to_string().as_bytes()).unwrap().name, "mutation b");
        assert_eq!(Operation::of(br#"{"query": "{ x }"}"#).unwrap().name, "query");
    }

    #[test]
    fn what_is_no_graphql_is_left_as_it_is() {
        for body in ["", "x", "[]", r#"{"query": 1}"#, r#"{"query": "no {"}"#, r#"{"other": "{ x }"}"#] {
            assert!(Operation::of(body.as_bytes()).is_none(), "{body}");
        }
        let deep = json!({ "query": format!("{}x{}", "{a".repeat(9_000), "}".repeat(9_000)) }).to_string();
        assert!(Operation::of(deep.as_bytes()).is_none());
    }
}
