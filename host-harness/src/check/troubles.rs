//! A service in trouble: whether callers can tell what kind it is.

use serde_json::{Map, Value, json};

use super::Verdict;
use super::bench::{Bench, kind, words};
use super::schemas::misfits;
use super::service::Trouble;
use crate::operation::Operation;
use crate::verify::Asked;

/// What an operation may pass on whose result can be anything.
const OTHER_SHAPE: &str = "data of another shape";

/// What may be said of each trouble: callers branch on it.
const TROUBLES: [(Trouble, &str, &[&str]); 9] = [
    (Trouble::Status(401), "HTTP 401", &["unauthenticated"]),
    (Trouble::Status(403), "HTTP 403", &["forbidden", "unauthenticated"]),
    (Trouble::Status(429), "HTTP 429", &["rate-limited"]),
    (Trouble::Status(500), "HTTP 500", &["service", "unexpected-response"]),
    (Trouble::Html, "a page of HTML", &["unexpected-response"]),
    (Trouble::Errors, "GraphQL errors without data", &["service"]),
    (Trouble::OtherShape, OTHER_SHAPE, &["unexpected-response", "not-found"]),
    (Trouble::Redirect, "a redirect", &["unexpected-response", "service", "unauthenticated"]),
    (Trouble::Unreachable, "no answer", &["transport"]),
];

/// Each kind of operation says what the trouble is, and none takes it for an answer.
pub(super) async fn told(bench: &Bench) -> Verdict {
    let mut problems = Vec::new();
    let operations = asking(bench).await;
    // Where a service speaks something else, a body in GraphQL's shape says nothing.
    let speaks = Asked::of(bench.definition()).is_ok();
    let troubles = TROUBLES.into_iter().filter(|(trouble, ..)| speaks || !trouble.is_of_graphql());
    let mut count = 0;
    for (trouble, name, expected) in troubles {
        count += 1;
        bench.service.trouble(Some(trouble));
        let tested = bench.connector.test_connection(&bench.connection, &bench.options()).await;
        judge("the test of the connection", name, expected, tested.map(drop), &mut problems);
        for (operation, inputs, takes_anything) in &operations {
            if *takes_anything && name == OTHER_SHAPE {
                continue;
            }
            let called = bench.call(operation.kind(), operation.key(), inputs).await;
            judge(&super::bench::name(*operation), name, expected, called.map(drop), &mut problems);
        }
        bench.service.trouble(None);
    }
    Verdict::of(problems, format!("{count} troubles on {} operations", operations.len() + 1))
}

fn judge(
    operation: &str,
    trouble: &str,
    expected: &[&str],
    result: Result<(), Box<host::CallFailure>>,
    problems: &mut Vec<String>,
) {
    match result {
        Ok(()) => problems.push(format!("{operation} takes {trouble} for an answer")),
        Err(failure) => {
            let (kind, answer) = kind(&failure);
            if answer.is_none() || !expected.contains(&kind) {
                problems.push(format!("{operation}, at {trouble}: {}, not {}", words(&failure), expected.join(" or ")));
            }
        }
    }
}

/// The operations that ask the service, as they are called here, and whether their results may be anything.
async fn asking(bench: &Bench) -> Vec<(Operation<'_>, Map<String, Value>, bool)> {
    let mut asking = Vec::new();
    for operation in Operation::all(bench.definition()) {
        let before = bench.service.requests();
        // Whatever comes of it.
        let (inputs, _) = bench.call_well(operation).await;
        if bench.service.requests() > before {
            let anything = json!({ "somethingElse": [1, 2] });
            let takes_anything = misfits(operation.result_schema(), &anything).is_ok_and(|found| found.is_empty());
            asking.push((operation, inputs, takes_anything));
        }
    }
    bench.service.take_refused();
    asking
}
