//! Good calls and bad ones: what comes of them, and what was sent for it.

use host::contract::{Error, InputKind};
use serde_json::{Map, Value};

use super::Verdict;
use super::bench::{Bench, ENDPOINT, connection_value, is_called_a_secret, kind, name, needed, words};
use super::schemas::misfits;
use crate::operation::{Kind, Operation};

/// Every operation answers what it should take, with what it says that it gives.
pub(super) async fn good(bench: &Bench) -> Verdict {
    let mut problems = Vec::new();
    let (mut answered, mut unanswered) = (0, Vec::new());
    match bench.connector.test_connection(&bench.connection, &bench.options()).await {
        Ok(outcome) if outcome.value.user.trim().is_empty() => {
            problems.push("the test of the connection says nobody's name".to_owned());
        }
        Ok(_) => answered += 1,
        Err(_) if bench.service.left_unanswered() => unanswered.push("the test of the connection".to_owned()),
        Err(failure) => problems.push(format!("the test of the connection fails: {}", words(&failure))),
    }
    for operation in Operation::all(bench.definition()) {
        let (name, schema) = (name(operation), operation.result_schema());
        let (mut given, mut called) = bench.call_well(operation).await;
        // An example may name a record that is not there: one that is does as well.
        if bench.service.is_made_up()
            && matches!(&called, Err(failure) if kind(failure).0 == "not-found")
            && let Some(id) = bench.service.world(|world| world.an_id().map(str::to_owned))
        {
            for input in needed(operation.inputs()).filter(|input| input.kind == InputKind::Text) {
                given.insert(input.key.clone(), id.clone().into());
            }
            called = bench.call(operation.kind(), operation.key(), &given).await;
        }
        match called {
            Ok(outcome) => {
                answered += 1;
                match misfits(schema, &outcome.value) {
                    Ok(found) => problems.extend(
                        found.into_iter().map(|why| format!("{name} gives what its schema does not allow: {why}")),
                    ),
                    Err(why) => problems.push(format!("{name}: its result schema is no schema: {why}")),
                }
            }
            Err(_) if bench.service.left_unanswered() => unanswered.push(name),
            Err(failure) => match kind(&failure) {
                ("not-found" | "service" | "forbidden", Some(_)) => unanswered.push(name),
                _ => problems.push(format!("{name} does not take {}: {}", Value::Object(given), words(&failure))),
            },
        }
    }
    let refused = bench.service.take_refused();
    problems.extend(refused.into_iter().map(|why| format!("it asks for what its manifest does not say: {why}")));
    let service = if bench.service.is_made_up() { "a made-up service" } else { "the recording" };
    let left_out = match unanswered.as_slice() {
        [] => String::new(),
        names => format!("; not answered by {service}: {}", names.join(", ")),
    };
    if answered == 0 && problems.is_empty() {
        return Verdict::not_checked(format!("no operation was answered{left_out}"));
    }
    Verdict::of(problems, format!("{answered} operations{left_out}"))
}

/// Nobody's key is everybody's error.
pub(super) async fn unknown_keys(bench: &Bench) -> Verdict {
    let mut problems = Vec::new();
    const KEY: &str = "no-such-key-is-here";
    let before = bench.service.requests();
    for of in [Kind::Action, Kind::DataSource, Kind::Trigger] {
        let name = of.noun();
        match bench.call(of, KEY, &Map::new()).await {
            Err(failure) if matches!(kind(&failure), ("unknown-key", Some(_))) => {}
            Err(failure) => problems.push(format!("the {name} that is not there: {}", words(&failure))),
            Ok(_) => problems.push(format!("the {name} that is not there gives a result")),
        }
    }
    sent_nothing(bench, before, "an unknown key", &mut problems);
    Verdict::of(problems, "an action, a data source and a trigger")
}

/// What cannot be meant is refused by its name, before anything is sent.
pub(super) async fn bad(bench: &Bench) -> Verdict {
    let mut problems = Vec::new();
    let mut count = 0;
    let before = bench.service.requests();
    for operation in Operation::all(bench.definition()) {
        let inputs = operation.inputs();
        let good = bench.inputs(operation);
        let without = needed(inputs).filter(|input| input.default.is_none());
        let missing = without.map(|input| {
            let mut given = good.clone();
            given.remove(&input.key);
            (given, input, "is left out")
        });
        let wrong = inputs.iter().filter_map(|input| {
            let value = match input.kind {
                InputKind::Number => "no number at all",
                InputKind::Boolean => "neither yes nor no",
                InputKind::Choice => "none of the choices",
                _ => return None,
            };
            let mut given = good.clone();
            given.insert(input.key.clone(), value.into());
            Some((given, input, "is no value of its kind"))
        });
        for (given, input, what) in missing.chain(wrong) {
            count += 1;
            let place = format!("{}, where {} {what}", name(operation), input.key);
            match bench.call(operation.kind(), operation.key(), &given).await {
                Ok(_) => problems.push(format!("{place}: it gives a result")),
                Err(failure) => match kind(&failure) {
                    (_, Some(Error::InvalidInput(named))) if named.iter().any(|one| one.input == input.key) => {}
                    (_, Some(Error::InvalidInput(named))) => {
                        let named: Vec<&str> = named.iter().map(|one| one.input.as_str()).collect();
                        problems.push(format!("{place}: the error names {}", named.join(", ")));
                    }
                    _ => problems.push(format!("{place}: {}", words(&failure))),
                },
            }
        }
    }
    sent_nothing(bench, before, "an input that cannot be meant", &mut problems);
    Verdict::of(problems, format!("{count} inputs"))
}

/// Without its secret, a connection does nothing.
pub(super) async fn missing_secret(bench: &Bench) -> Verdict {
    let definition = bench.definition();
    let Some(kind_of) = definition.connections.first() else { return Verdict::not_checked("there is no connection") };
    let unmarked = kind_of.fields.iter().filter(|field| !field.secret && is_called_a_secret(field));
    let mut problems: Vec<String> = unmarked
        .map(|field| {
            format!("{} is called like a secret and is not marked as one: a component is given it", field.input.key)
        })
        .collect();
    let secret: Vec<&str> = kind_of
        .fields
        .iter()
        .filter(|field| field.secret && field.input.required)
        .map(|field| field.input.key.as_str())
        .collect();
    let Some(name) = secret.first() else {
        if !problems.is_empty() {
            return Verdict::of(problems, "");
        }
        return Verdict::not_checked("no field of the connection is a secret that it needs");
    };
    let value = connection_value(definition, ENDPOINT).map(|mut value| {
        if let Some(fields) = value.get_mut("fields").and_then(Value::as_object_mut) {
            fields.remove(*name);
        }
        value
    });
    let connection = value.and_then(|value| bench.connector.connection(value).map_err(|error| error.to_string()));
    let connection = match connection {
        Ok(connection) => connection,
        Err(why) => return Verdict::not_checked(why),
    };
    let before = bench.service.requests();
    let tested = bench.connector.test_connection(&connection, &bench.options()).await;
    match tested.as_ref().map_err(|failure| kind(failure)) {
        Err((_, Some(Error::InvalidInput(named)))) if named.iter().any(|one| one.input == *name) => {}
        Err((other, _)) => problems.push(format!("the test without {name} ends as {other}")),
        Ok(_) => problems.push(format!("the test succeeds without {name}")),
    }
    sent_nothing(bench, before, "a connection without its secret", &mut problems);
    Verdict::of(problems, format!("the connection without {name}"))
}

fn sent_nothing(bench: &Bench, before: u64, what: &str, problems: &mut Vec<String>) {
    let sent = bench.service.requests() - before;
    if sent > 0 {
        problems.push(format!("{sent} requests were sent for {what}"));
    }
}
