//! A host for unit tests: it gives prepared answers in turn, and keeps what it was asked to send and to log.

use crate::connection::Configured;
use crate::host::{Failure, Host, Level, Request, Response};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::VecDeque;

/// A connection to the main environment.
pub(crate) const CONFIGURED: Configured<'static> = Configured { key: "duroApiKey", fields: "{}" };

/// A host whose answers are prepared.
#[derive(Default)]
pub(crate) struct FakeHost {
    answers: RefCell<VecDeque<Result<Response, Failure>>>,
    pub(crate) sent: RefCell<Vec<Request>>,
    pub(crate) logged: RefCell<Vec<String>>,
}

impl FakeHost {
    /// A host that answers each request with the next of these bodies, status 200.
    pub(crate) fn answering(bodies: &[&str]) -> Self {
        let host = Self::default();
        for body in bodies {
            host.then(200, &[], body);
        }
        host
    }

    /// Adds an answer.
    pub(crate) fn then(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.answers.borrow_mut().push_back(Ok(Response { status, headers, body: body.as_bytes().to_vec() }));
    }

    /// Adds a failure.
    pub(crate) fn then_fail(&self, failure: Failure) {
        self.answers.borrow_mut().push_back(Err(failure));
    }

    /// The JSON body of the request of this index.
    pub(crate) fn body(&self, index: usize) -> Value {
        serde_json::from_slice(self.sent.borrow()[index].body.as_deref().unwrap()).unwrap()
    }

    /// How many requests were sent.
    pub(crate) fn requests(&self) -> usize {
        self.sent.borrow().len()
    }
}

impl Host for FakeHost {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        self.sent.borrow_mut().push(request);
        self.answers.borrow_mut().pop_front().expect("the test prepared too few answers")
    }

    fn log_enabled(&self, _: Level) -> bool {
        true
    }

    fn log(&self, _: Level, message: &str) {
        self.logged.borrow_mut().push(message.to_owned());
    }
}
