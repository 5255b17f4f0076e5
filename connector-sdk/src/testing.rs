//! For a connector's tests: a host that gives prepared answers in turn and keeps what it was asked, and checks of what
//! a connector declares.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use crate::connector::Connector;
use crate::contract::{Connection, Failure, Level, Request, Response};
use crate::declaration::Role;
use crate::host::Host;
use crate::inputs::{Input, Kind, Literal};
use crate::operation::Operation;
use crate::result_check::{KEYWORDS, mismatch};
use crate::time::Millis;

/// A point in time as the header `Date` has it.
pub fn http_date(time: Millis) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(u64::try_from(time).unwrap_or_default()))
}

/// A connection of a kind, to an endpoint, without fields.
pub fn connection(key: &str, endpoint: &str) -> Connection {
    Connection { key: key.to_owned(), endpoint: endpoint.to_owned(), fields: "{}".to_owned() }
}

/// A host whose answers are prepared. An answer that the test did not prepare is a failure that says so.
#[derive(Debug, Default)]
pub struct FakeHost {
    answers: RefCell<VecDeque<Result<Response, Failure>>>,
    /// What was sent.
    pub sent: RefCell<Vec<Request>>,
    /// What was logged.
    pub logged: RefCell<Vec<String>>,
}

impl FakeHost {
    /// A host that answers each request with the next of these bodies, status 200.
    pub fn answering(bodies: &[&str]) -> Self {
        let host = Self::default();
        for body in bodies {
            host.then(200, &[], body);
        }
        host
    }

    /// Adds an answer.
    pub fn then(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.answers.borrow_mut().push_back(Ok(Response { status, headers, body: body.as_bytes().to_vec() }));
    }

    /// Adds a failure.
    pub fn then_fail(&self, failure: Failure) {
        self.answers.borrow_mut().push_back(Err(failure));
    }

    /// The JSON body of the request of this index; null if there is none.
    pub fn body(&self, index: usize) -> Value {
        let sent = self.sent.borrow();
        let body = sent.get(index).and_then(|request| request.body.as_deref());
        body.and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
    }

    /// How many requests were sent.
    pub fn requests(&self) -> usize {
        self.sent.borrow().len()
    }
}

impl Host for FakeHost {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        self.sent.borrow_mut().push(request);
        let prepared = self.answers.borrow_mut().pop_front();
        prepared.unwrap_or_else(|| Err(Failure::Other("the test prepared too few answers".to_owned())))
    }

    fn log_enabled(&self, _: Level) -> bool {
        true
    }

    fn log(&self, _: Level, message: &str) {
        self.logged.borrow_mut().push(message.to_owned());
    }
}

/// Everything that is wrong with what a connector declares, a sentence each. A connector's tests hold it to be empty.
/// That examples satisfy their schemas is checked when its manifest is.
pub fn problems<C: Connector>() -> Vec<String> {
    let mut problems = Problems(Vec::new());
    let actions = C::ACTIONS.iter().map(|row| (&row.operation, row.inputs));
    let sources = C::DATA_SOURCES.iter().map(|row| (&row.operation, row.inputs));
    let triggers = C::TRIGGERS.iter().map(|row| (&row.operation, row.inputs));
    let source_keys: BTreeSet<&str> = C::DATA_SOURCES.iter().map(|row| row.operation.key).collect();
    let mut keys = BTreeSet::new();
    for (operation, inputs) in actions.chain(sources).chain(triggers) {
        problems.add(keys.insert(operation.key), operation.key, "has the key of another operation");
        problems.operation(operation);
        problems.inputs(operation.key, inputs, &source_keys);
    }
    for row in C::ACTIONS {
        let schema: Value = serde_json::from_str(row.operation.result_schema).unwrap_or_default();
        problems.keywords(row.operation.key, &schema);
    }
    for kind in C::CONNECTIONS {
        let fields: Vec<Input> = kind.fields.iter().map(|field| field.input).collect();
        problems.inputs(kind.key, &fields, &source_keys);
        for field in kind.fields {
            let Role::Endpoint { environments, .. } = field.role else { continue };
            for choice in field.input.choices {
                let is_known = environments.iter().any(|known| known.value == choice.value);
                problems.add(is_known, choice.value, "is a choice of an environment without a URL");
            }
        }
    }
    problems.0
}

fn parsed(literal: Literal) -> Value {
    serde_json::from_str(&literal.to_json()).unwrap_or_default()
}

struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, good: bool, what: &str, problem: &str) {
        if !good {
            self.0.push(format!("{what} {problem}"));
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let Operation { key, label, description, result_schema, example } = operation;
        self.add(!label.is_empty() && description.ends_with('.'), key, "lacks a label or a whole sentence");
        for text in [result_schema, example] {
            self.add(serde_json::from_str::<Value>(text).is_ok(), key, "has a schema or an example that is not JSON");
        }
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        if let Some(mismatch) = mismatch(&parse(example), &parse(result_schema)) {
            self.add(false, key, &format!("has an example that is not what its schema says: {mismatch}"));
        }
    }

    fn inputs(&mut self, place: &str, inputs: &[Input], sources: &BTreeSet<&str>) {
        let mut keys = BTreeSet::new();
        for input in inputs {
            let name = format!("{place}.{}", input.key);
            self.add(keys.insert(input.key), &name, "is declared twice");
            self.add(!input.label.is_empty() && input.help.ends_with('.'), &name, "lacks a label or a help text");
            self.add(input.example.is_some() || input.kind == Kind::Password, &name, "has no example");
            self.add((input.kind == Kind::Choice) != input.choices.is_empty(), &name, "has choices or is none");
            let is_known = input.data_source.is_none_or(|source| sources.contains(source));
            self.add(is_known, &name, "is picked from a data source that there is not");
            for literal in [input.default, input.example].into_iter().flatten() {
                let fits = match (input.kind, literal) {
                    (Kind::Number, Literal::Number(number)) => {
                        let within = input.bounds.is_none_or(|(least, most)| (least..=most).contains(&number));
                        self.add(within, &name, "has a default or an example out of its bounds");
                        true
                    }
                    (Kind::Boolean, Literal::Boolean(_)) => true,
                    (Kind::Choice, Literal::Text(text)) => input.choices.iter().any(|choice| choice.value == text),
                    (Kind::KeyValueList, literal) => parsed(literal).is_array(),
                    (Kind::Code("json"), literal) => parsed(literal).is_object(),
                    (Kind::Number | Kind::Boolean | Kind::Choice, _) => false,
                    (_, literal) => matches!(literal, Literal::Text(_)),
                };
                self.add(fits, &name, "has a default or an example of another kind");
            }
        }
    }

    /// What a result is held against knows a few keywords.
    fn keywords(&mut self, key: &str, schema: &Value) {
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            self.add(
                KEYWORDS.contains(&keyword.as_str()),
                key,
                &format!("has a result schema with {keyword:?}, which is not checked"),
            );
            match keyword.as_str() {
                "properties" => {
                    value.as_object().into_iter().flatten().for_each(|(_, value)| self.keywords(key, value))
                }
                "items" => self.keywords(key, value),
                _ => {}
            }
        }
    }
}
