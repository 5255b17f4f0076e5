//! The answer to a query for one record by its id, which the service gives as a list.

use connector_sdk::Error;
use connector_sdk::graphql::{Answer, misshapen};
use connector_sdk::json;

/// The answer's data, if its `list` holds the one record that was asked for. Services give none as an empty list or as
/// null.
pub(super) fn the_one(answer: &Answer, list: &str, kind: &str, id: &str) -> Result<String, Error> {
    let records = answer.member(list)?.map_or(Ok(Vec::new()), json::items).map_err(misshapen)?;
    if !records.is_empty() {
        return Ok(answer.data().to_owned());
    }
    Err(nothing_there(kind, id))
}

/// The error for an id that the service gives nothing for.
pub(super) fn nothing_there(kind: &str, id: &str) -> Error {
    Error::NotFound(format!(
        "there is no {kind} with the id {id:?} in this Duro environment, or the API key's owner may not see it"
    ))
}
