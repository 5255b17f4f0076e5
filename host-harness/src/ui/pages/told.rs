//! What a service said of places in a document that was sent as it was typed: the editor marks them.

use std::borrow::Cow;

use host::contract::{ActionDefinition, InputKind};
use host::text::cut;
use host::{Exchange, ExchangeOutcome};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use crate::ui::forms::Values;

/// A longer document is not looked for among what was sent. In bytes.
const LONGEST_DOCUMENT: usize = 64 * 1024;
/// A longer answer is not looked through for places. In bytes.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Places that are marked, of which nobody reads more.
const MOST_PLACES: usize = 20;
/// What is shown of a message, in bytes.
const LONGEST_MESSAGE: usize = 1_000;

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    query: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Answer {
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
    locations: Option<Vec<Location>>,
}

#[derive(Deserialize)]
struct Location {
    line: u32,
    column: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Place {
    line: u32,
    column: u32,
    message: String,
}

/// The places, for the script; nothing where no document of the form was sent as it is, or none of it was named.
pub(super) fn show(action: &ActionDefinition, values: Option<&Values>, exchanges: &[Exchange]) -> Markup {
    let is_document = |kind: &InputKind| matches!(kind, InputKind::Code(language) if language == "graphql");
    let documents = action.inputs.iter().filter(|input| is_document(&input.kind));
    let typed = documents.filter_map(|input| Some((&input.key, values?.get(&input.key)?.text())));
    let found = typed.filter(|(_, text)| text.len() <= LONGEST_DOCUMENT).find_map(|(key, text)| {
        let places = exchanges.iter().rev().find_map(|exchange| places_of(exchange, text))?;
        let told = serde_json::json!({ "document": text, "errors": places });
        Some((key, told.to_string()))
    });
    html! { @if let Some((key, told)) = found { div data-told-of={ "input-" (key) } data-told=(told) {} } }
}

fn places_of(exchange: &Exchange, document: &str) -> Option<Vec<Place>> {
    let ExchangeOutcome::Answered { body, .. } = &exchange.outcome else { return None };
    // A document in JSON has its escapes, of six bytes at most for one.
    if exchange.request_body.len() > LONGEST_DOCUMENT * 8 || body.len() > LONGEST_ANSWER {
        return None;
    }
    let sent: Request<'_> = serde_json::from_slice(&exchange.request_body).ok()?;
    (sent.query.trim_end() == document.trim_end()).then(|| places(body)).filter(|places| !places.is_empty())
}

fn places(answer: &[u8]) -> Vec<Place> {
    let answer = serde_json::from_slice::<Answer>(answer).unwrap_or(Answer { errors: Vec::new() });
    let places = answer.errors.iter().filter_map(|problem| {
        let Location { line, column } = problem.locations.as_ref()?.first()?;
        let message = format!("The service: {}", cut(&problem.message, LONGEST_MESSAGE));
        Some(Place { line: *line, column: *column, message })
    });
    places.take(MOST_PLACES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_that_errors_name_are_bounded_and_what_is_no_place_is_none() {
        let found = places(
            br#"{"errors":[{"message":"a"},{"message":"b","locations":[{"line":2,"column":5,"x":1}]},
            {"message":"c","locations":null},{"message":"d","locations":[]}]}"#,
        );
        assert_eq!(found, [Place { line: 2, column: 5, message: "The service: b".to_owned() }]);
        for hostile in [
            r#"{"errors":[{"message":"a","locations":[{"line":-1,"column":1}]}]}"#,
            r#"{"errors":"all"}"#,
            r#"{"data":{}}"#,
            "<html>",
        ] {
            assert!(places(hostile.as_bytes()).is_empty(), "{hostile}");
        }
        let one = format!(r#"{{"message":"{}","locations":[{{"line":1,"column":1}}]}}"#, "x".repeat(5_000));
        let many = format!("{{\"errors\":[{}]}}", vec![one; 30].join(","));
        let found = places(many.as_bytes());
        assert_eq!(found.len(), MOST_PLACES);
        assert!(found.iter().all(|place| place.message.len() < LONGEST_MESSAGE + 50));
    }
}
