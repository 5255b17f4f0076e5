use serde_json::json;

use super::*;
use crate::contract::Error;
use crate::limits::{Limit, LimitExceeded, Limits};
use crate::testing::definition;

const KEY: &str = "canary-of-the-words-5b1f";

fn connection() -> Connection {
    let fields = json!({ "apiKey": KEY, "environment": "Main" });
    Connection::new(&definition(), json!({ "key": "key", "fields": fields })).unwrap()
}

fn said(text: impl Into<String>) -> String {
    words(&CallError::Connector(Error::Other(text.into())), connection().secrets())
}

#[test]
fn the_words_of_an_error_hold_no_secret_and_are_cut() {
    assert_eq!(said(format!("no: {KEY}!")), "no: [redacted]!");
    assert_eq!(said("x".repeat(LONGEST_WORDS)).len(), LONGEST_WORDS);
    assert_eq!(said("é".repeat(LONGEST_WORDS)), format!("{}…", "é".repeat(LONGEST_WORDS / 2)));
    // In the middle of the key.
    let cut = said(format!("{}{KEY}", "x".repeat(LONGEST_WORDS - 8)));
    assert!(cut.ends_with("[redacte…") && !cut.contains("canary"), "{cut}");
}

#[test]
fn half_a_secret_at_the_end_of_what_is_searched_is_never_shown() {
    // So many secrets that what is left of them is short, and the last of them is cut in half.
    let keys = KEY.repeat(MOST_SEARCHED / KEY.len() + 2);
    assert_eq!(said(keys), REDACTED);
    // Where nothing is taken out, the end is far behind what is shown.
    assert!(said("x".repeat(2 * MOST_SEARCHED)).starts_with("xxx"));
}

#[test]
fn there_are_as_many_names_as_the_manifest_has_operations() {
    let (definition, connection) = (definition(), connection());
    let options = CallOptions::default();
    let name =
        |kind, key| Observed { definition: &definition, kind, key, connection: &connection, options: &options }.name();
    assert_eq!(name(OperationKind::Action, Some("act")), "action act");
    assert_eq!(name(OperationKind::DataSource, Some("pick")), "data-source pick");
    assert_eq!(name(OperationKind::Poll, Some("watch")), "poll watch");
    assert_eq!(name(OperationKind::TestConnection, None), "test-connection");
    for asked in ["watch", "", "what-somebody-typed"] {
        assert_eq!(name(OperationKind::Action, Some(asked)), "action _OTHER");
    }
    let mut long = definition.clone();
    long.actions[0].key = "k".repeat(1 << 20);
    let observed = Observed {
        definition: &long,
        kind: OperationKind::Action,
        key: Some(&long.actions[0].key),
        connection: &connection,
        options: &options,
    };
    assert_eq!(observed.name().len(), "action ".len() + LONGEST_NAME);
}

#[test]
fn who_counts_hears_of_the_end_and_of_no_call_that_was_given_up() {
    use std::sync::{Arc, Mutex};
    let heard = Arc::new(Mutex::new(Vec::new()));
    let mut options = CallOptions::default();
    let into = heard.clone();
    options.observers.ended = Some(Arc::new(move |end| {
        let error = end.error.map(CallError::kind);
        into.lock().unwrap().push((end.connector.to_owned(), end.kind, end.operation.map(str::to_owned), error));
    }));
    let (definition, connection) = (definition(), connection());
    let observed =
        |kind, key| Observed { definition: &definition, kind, key, connection: &connection, options: &options };
    let exceeded = LimitExceeded::new(Limit::Deadline, &Limits::default());
    observed(OperationKind::Poll, Some("watch")).begin().end(None, &Trace::default());
    let error = CallError::Limit { exceeded, answer: None };
    observed(OperationKind::Action, Some("?")).begin().end(Some(&error), &Trace::default());
    drop(observed(OperationKind::Action, Some("act")).begin());
    let text = |text: &str| text.to_owned();
    let expected = [
        (text("example"), OperationKind::Poll, Some(text("watch")), None),
        (text("example"), OperationKind::Action, Some(text("_OTHER")), Some("transport")),
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}
