//! `rawRequest`: the user's own document, sent once, because it may change something.

use crate::duro::Client;
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::json::Map;

/// What is sent when the query is left blank; the same text stands in the manifest as the input's default.
pub(crate) const DEFAULT_QUERY: &str =
    "query {\n  userById {\n    id\n    email\n    primaryCompany {\n      id\n      name\n    }\n  }\n}\n";

pub(super) struct RawRequest {
    document: String,
    variables: Map,
}

pub(super) fn read(inputs: &mut Inputs) -> RawRequest {
    let document = inputs.source("query", DEFAULT_QUERY);
    let mut variables = inputs.pairs("variables");
    variables.extend(inputs.object("variablesObject"));
    RawRequest { document, variables }
}

pub(super) fn perform(client: &Client<'_, impl Host>, request: RawRequest) -> Result<String, Error> {
    let answer = client.run_document(&request.document, &request.variables)?;
    Ok(answer.data().to_owned())
}
