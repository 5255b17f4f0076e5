//! `rawRequest`: the user's own document, sent once, because it may change something.

use connector_sdk::inputs::{Field, Literal, Map};
use connector_sdk::{Action, Call, Error, Operation, inputs};

use crate::service::client;

/// What the form begins with.
const DEFAULT_QUERY: &str = "query {\n  library {\n    current {\n      id\n      name\n    }\n  }\n}\n";

inputs! {
    /// The request.
    pub(crate) struct Document {
        query: String = Field::code("graphql", "query", "Query", DEFAULT_QUERY)
            .required()
            .example(Literal::Text(
                "query ($cpns: [String!]) {\n  component {\n    findAll(filter: {cpns: $cpns}) {\n      totalCount\n    \
                 }\n  }\n}\n",
            ))
            .help("A GraphQL document with one query or mutation."),
        variables: Map = Field::pairs("variables", "Variables")
            .example(Literal::Json(r#"[{"key":"name","value":"Bracket"}]"#))
            .help(
                "The document's variables, one a row, all of them text. For numbers, lists and objects use the JSON \
                 below.",
            ),
        variables_object: Map = Field::object("variablesObject", "Variables object")
            .example(Literal::Json(r#"{"cpns":["212-00001"]}"#))
            .placeholder(r#"{"cpns": ["212-00001"]}"#)
            .help("A JSON object of variables. A variable that is named here and above takes its value from here."),
    }
}

/// The action.
#[derive(Debug)]
pub(crate) struct RawRequest;

impl Action for RawRequest {
    const OPERATION: Operation = Operation {
        key: "rawRequest",
        label: "Raw request",
        description: "Sends a GraphQL document of your own to Duro Design and gives its data. It is sent once, never \
                      again by itself, because it may change something.",
        result_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"The data of the answer","description":"What the document selects, by field name or alias.","type":"object"}"#,
        example: include_str!("raw_request.example.json"),
    };
    const CHANGES_DATA: bool = true;
    type Inputs = Document;

    fn perform(call: &Call<'_>, document: Document) -> Result<String, Error> {
        let mut variables = document.variables;
        variables.extend(document.variables_object);
        Ok(client(call)?.run_document(&document.query, &variables)?.data().to_owned())
    }
}
