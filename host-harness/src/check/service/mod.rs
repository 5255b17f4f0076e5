//! What stands in the place of the network: a service that is made up from a manifest, which has what the connector
//! says that it asks for and the records of a [`World`]; or a recording; or nobody.

mod answer;
mod named;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use host::Transport;
use host::contract::Failure;
use serde_json::json;

pub(super) use answer::Paging;
pub(super) use world::{Course, World, mark};

use crate::recording::Answers;
use crate::verify::Schema;

/// How long a request takes there.
const PER_REQUEST: Duration = Duration::from_millis(40);

/// What it does in place of answering as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A status, with a body in the shape of GraphQL.
    Status(u16),
    /// A page of HTML.
    Html,
    /// GraphQL without data.
    Errors,
    /// Data that is another than was asked for.
    OtherShape,
    Unreachable,
    /// A redirect to elsewhere.
    Redirect,
}

impl Trouble {
    /// Whether it is one in GraphQL alone.
    pub(super) fn is_of_graphql(&self) -> bool {
        matches!(self, Self::Errors | Self::OtherShape)
    }
}

/// What happens in the world after the answer to a request.
pub(super) type Meanwhile = Box<dyn FnMut(&mut World) + Send>;

/// Who answers.
pub(super) enum Answering {
    /// Whatever fits this schema, and is asked in GraphQL.
    MadeUp(Schema),
    /// What was recorded.
    Recorded(Answers),
    /// For what is to be refused before anything is sent, and for troubles.
    Nobody,
}

/// A service that is none.
pub(super) struct Service {
    answering: Answering,
    inner: Mutex<Inner>,
}

struct Inner {
    world: World,
    paging: Paging,
    trouble: Option<Trouble>,
    meanwhile: Option<Meanwhile>,
    requests: u64,
    /// What it said of documents that it did not understand.
    refused: Vec<String>,
    /// Whether a recording had no answer to a request of this call.
    unanswered: bool,
    /// Whether an answer of this call said who asks, by an id.
    said_whose: bool,
}

impl Service {
    pub(super) fn new(answering: Answering, world: World, paging: Paging) -> Arc<Self> {
        let (trouble, meanwhile, refused) = (None, None, Vec::new());
        let (unanswered, said_whose) = (false, false);
        let inner = Inner { world, paging, trouble, meanwhile, requests: 0, refused, unanswered, said_whose };
        Arc::new(Self { answering, inner: Mutex::new(inner) })
    }

    /// Whether what it answers is the world's records, and nothing else.
    pub(super) fn is_made_up(&self) -> bool {
        matches!(self.answering, Answering::MadeUp(_))
    }

    /// Whether it answers with what was recorded.
    pub(super) fn is_recorded(&self) -> bool {
        matches!(self.answering, Answering::Recorded(_))
    }

    /// Before each call: a recording is at its beginning again.
    pub(super) fn begin(&self) {
        let mut inner = self.inner();
        (inner.unanswered, inner.said_whose) = (false, false);
        drop(inner);
        if let Answering::Recorded(answers) = &self.answering {
            answers.rewind();
        }
    }

    /// Whether a recording had no answer to something that the last call asked.
    pub(super) fn left_unanswered(&self) -> bool {
        self.inner().unanswered
    }

    /// Whether the last call asked who it is, and was told.
    pub(super) fn said_whose(&self) -> bool {
        self.inner().said_whose
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, or looks at it.
    pub(super) fn world<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.inner().world)
    }

    pub(super) fn trouble(&self, trouble: Option<Trouble>) {
        self.inner().trouble = trouble;
    }

    pub(super) fn meanwhile(&self, meanwhile: Option<Meanwhile>) {
        self.inner().meanwhile = meanwhile;
    }

    pub(super) fn requests(&self) -> u64 {
        self.inner().requests
    }

    /// Documents that it did not understand, in its words.
    pub(super) fn take_refused(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().refused)
    }
}

impl Transport for Service {
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure> {
        let mut inner = self.inner();
        inner.requests += 1;
        inner.world.advance(PER_REQUEST);
        let (status, kind, body) = match &inner.trouble {
            None => match &self.answering {
                Answering::MadeUp(schema) => match answer::answer(schema, &inner.world, inner.paging, request.body()) {
                    Ok(data) => {
                        let body = json!({ "data": data }).to_string();
                        // The id as a value of its own: in other texts of the service it stands within more.
                        inner.said_whose |= body.contains(&format!("{:?}", inner.world.own().id));
                        (200, JSON, body)
                    }
                    Err(problem) => {
                        let body = json!({ "errors": [{ "message": problem }] }).to_string();
                        inner.refused.push(problem);
                        (400, JSON, body)
                    }
                },
                Answering::Recorded(answers) => {
                    return answers.answer(request).inspect_err(|_| inner.unanswered = true);
                }
                Answering::Nobody => return Err(Failure::Unreachable(NOBODY.into())),
            },
            Some(Trouble::Unreachable) => return Err(Failure::Unreachable(NOBODY.into())),
            Some(Trouble::Status(status)) => {
                (*status, JSON, json!({ "errors": [{ "message": format!("Made-up status {status}") }] }).to_string())
            }
            Some(Trouble::Html) => (200, "text/html", "<!doctype html><title>Sign in</title>".into()),
            Some(Trouble::Errors) => {
                (200, JSON, json!({ "errors": [{ "message": "Made-up refusal" }], "data": null }).to_string())
            }
            Some(Trouble::OtherShape) => (200, JSON, json!({ "data": { "somethingElse": [1, 2] } }).to_string()),
            Some(Trouble::Redirect) => (302, "text/plain", String::new()),
        };
        let mut response = http::Response::builder()
            .status(status)
            .header("content-type", kind)
            .header("date", httpdate::fmt_http_date(inner.world.now()));
        if status == 302 {
            response = response.header("location", "https://elsewhere.example/");
        }
        if status == 429 {
            response = response.header("retry-after", "7");
        }
        if let Some(mut meanwhile) = inner.meanwhile.take() {
            meanwhile(&mut inner.world);
            inner.meanwhile = Some(meanwhile);
        }
        response.body(body.into()).map_err(|error| Failure::Other(error.to_string()))
    }
}

const JSON: &str = "application/json";
const NOBODY: &str = "nobody answers";
