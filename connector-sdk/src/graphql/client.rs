//! Sends GraphQL requests through the host, and logs each at level debug.

use std::cell::Cell;

use graphql_client::GraphQLQuery;
use serde::Serialize;

use super::answer::{Answer, DataReader};
use super::service::Service;
use crate::contract::{Error, HeaderValue, Level, Request, describe_failure};
use crate::host::Call;
use crate::inputs::Map;
use crate::json::{Problem, Scanner, push_string};

/// The most bytes of a body that a log line repeats; the line says how many there are in all.
const LOGGED_BODY_BYTES: usize = 4096;

/// Talks to the connection's endpoint.
pub struct Client<'a> {
    call: Call<'a>,
    service: &'static Service,
    /// What goes with each request beside the credential.
    headers: Vec<(&'static str, String)>,
    requests: Cell<u32>,
}

/// Whether the host may send a request a second time after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    Allowed,
    Never,
}

impl<'a> Client<'a> {
    /// A client of the connection's endpoint.
    pub fn new(call: &Call<'a>, service: &'static Service) -> Self {
        Self { call: *call, service, headers: Vec::new(), requests: Cell::new(0) }
    }

    /// The same, with a header of this value in each request: for services that take from one which tenant is meant.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends a query, which only reads: the host may repeat it.
    pub fn run<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Answer, Error> {
        self.run_reading::<Q>(variables, None, &mut pass_over)
    }

    /// Sends a query, and reads the answer's `data` in the same pass in which the answer is checked. The errors of the
    /// field of `data` that may fail, if there is one, are none.
    pub fn run_reading<Q: GraphQLQuery>(
        &self,
        variables: Q::Variables,
        may_fail: Option<&str>,
        reader: &mut DataReader<'_>,
    ) -> Result<Answer, Error> {
        let body = Q::build_query(variables);
        self.send(body.query, &to_json(&body.variables)?, Some(body.operation_name), Repeat::Allowed, may_fail, reader)
    }

    /// The same with the query's text as `written` gives it: for a value that is to stand in the text itself, because
    /// nobody knows what the service calls its type, which a variable would have to name.
    pub fn run_written<Q: GraphQLQuery>(
        &self,
        written: impl FnOnce(&str) -> String,
        variables: Q::Variables,
        may_fail: Option<&str>,
        reader: &mut DataReader<'_>,
    ) -> Result<Answer, Error> {
        let body = Q::build_query(variables);
        let (query, variables) = (written(body.query), to_json(&body.variables)?);
        self.send(&query, &variables, Some(body.operation_name), Repeat::Allowed, may_fail, reader)
    }

    /// Sends a mutation, once.
    pub fn run_once<Q: GraphQLQuery>(&self, variables: Q::Variables) -> Result<Answer, Error> {
        let body = Q::build_query(variables);
        self.send(
            body.query,
            &to_json(&body.variables)?,
            Some(body.operation_name),
            Repeat::Never,
            None,
            &mut pass_over,
        )
    }

    /// Sends a document of somebody else's, once, because it may change something.
    pub fn run_document(&self, document: &str, variables: &Map) -> Result<Answer, Error> {
        self.send(document, &to_json(variables)?, None, Repeat::Never, None, &mut pass_over)
    }

    fn send(
        &self,
        query: &str,
        variables: &str,
        operation_name: Option<&str>,
        repeat: Repeat,
        may_fail: Option<&str>,
        reader: &mut DataReader<'_>,
    ) -> Result<Answer, Error> {
        let body = request_body(query, variables, operation_name);
        let number = self.requests.get() + 1;
        self.requests.set(number);
        let name = operation_name.unwrap_or("raw request");
        let endpoint = &self.call.connection.endpoint;
        self.call.log(Level::Debug, || format!("request {number} {name}: POST {endpoint}, {}", excerpt(&body)));
        let text = |text: &str| HeaderValue::Text(text.to_owned());
        let (header, secret) = self.service.header;
        let mut headers = vec![
            ("content-type".to_owned(), text("application/json")),
            ("accept".to_owned(), text("application/json")),
            (header.to_owned(), HeaderValue::Secret(secret.to_owned())),
        ];
        headers.extend(self.headers.iter().map(|(name, value)| ((*name).to_owned(), text(value))));
        let result = self.call.host.send(Request {
            method: "POST".to_owned(),
            url: endpoint.clone(),
            headers,
            body: Some(body),
            idempotent: repeat == Repeat::Allowed,
        });
        self.call.log(Level::Debug, || match &result {
            Ok(response) => {
                format!("response {number} {name}: status {}, {}", response.status, excerpt(&response.body))
            }
            Err(failure) => format!("response {number} {name}: none, {}", describe_failure(failure)),
        });
        Answer::of(result, may_fail, reader, self.service, endpoint)
    }
}

/// The reader of those who want the data as a whole.
fn pass_over(scanner: &mut Scanner<'_>) -> Result<(), Problem> {
    scanner.skip()
}

fn request_body(query: &str, variables: &str, operation_name: Option<&str>) -> Vec<u8> {
    let mut body = String::with_capacity(query.len() + variables.len() + 128);
    body.push_str("{\"query\":");
    push_string(&mut body, query);
    body.push_str(",\"variables\":");
    body.push_str(variables);
    if let Some(name) = operation_name {
        body.push_str(",\"operationName\":");
        push_string(&mut body, name);
    }
    body.push('}');
    body.into_bytes()
}

fn to_json(variables: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(variables)
        .map_err(|error| Error::Other(format!("the request could not be written as JSON: {error}")))
}

/// A body for a log line: its size, and its beginning as text.
fn excerpt(body: &[u8]) -> String {
    let shown = body.get(..LOGGED_BODY_BYTES).unwrap_or(body);
    let cut = if shown.len() < body.len() { "…" } else { "" };
    format!("{} bytes: {}{cut}", body.len(), String::from_utf8_lossy(shown))
}
