//! The requests of one call: checks each against the policy and the limits, fills in secrets, sends, repeats where that
//! is harmless, and reads the answer up to its limit. Keeps count of it all.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use http::header::{ACCEPT_ENCODING, RETRY_AFTER};
use http::{Method, StatusCode};
use tracing::Instrument as _;

use super::attempt_span::AttemptSpan;
use super::client::{self, Network, Sockets};
use super::encoding::{self, Body};
use super::listed;
use super::policy::EgressPolicy;
use super::proxied::{self, Again};
use super::read_only::check_read;
use super::request::{CheckedRequest, OutgoingRequest};
use super::retry;
use super::stopped::Stopped;
use crate::budget::HostBudget;
use crate::contract::Failure;
use crate::limits::{Limit, LimitExceeded, Limits};
use crate::log::{CallLog, LogLevel, LogSource};
use crate::refusal::Refusal;
use crate::secrets::{REDACTED, Secrets};
use crate::step::{Step, StepHeard};
use crate::trace::Exchange;
use crate::trace_context::TraceContextSource;

/// More refusals than these say nothing new.
const MOST_REFUSALS: usize = 20;

/// An answer, scrubbed.
pub(crate) struct ReceivedResponse {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the requests of one call share.
pub(crate) struct EgressContext {
    pub(crate) policy: EgressPolicy,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) network: Arc<Network>,
    pub(crate) sockets: Arc<Sockets>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) started: Instant,
    /// When a request must have its answer: a little before the call's own deadline, so that the component can still
    /// say so.
    pub(crate) deadline: Instant,
    pub(crate) record_exchanges: bool,
    /// What tells the service which trace a request belongs to, where the grants let it.
    pub(crate) trace_context: Option<TraceContextSource>,
    /// Who hears of each step.
    pub(crate) steps: Option<StepHeard>,
    pub(crate) budget: HostBudget,
}

/// The requests of one call, with their count.
pub(crate) struct Egress {
    pub(super) context: EgressContext,
    /// Whether keys that the service hands out come through: to the host itself, and to no component.
    takes_tokens: bool,
    pub(crate) requests: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) received_bytes: u64,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) exceeded: Option<LimitExceeded>,
    pub(crate) exchanges: Vec<Exchange>,
    /// Exchanges that there was no room for.
    pub(crate) exchanges_dropped: u64,
    /// What the request under way and its answer are charged, in bytes.
    charged: u64,
}

impl Egress {
    pub(crate) fn new(context: EgressContext) -> Self {
        Self {
            context,
            takes_tokens: false,
            requests: 0,
            sent_bytes: 0,
            received_bytes: 0,
            refusals: Vec::new(),
            exceeded: None,
            exchanges: Vec::new(),
            exchanges_dropped: 0,
            charged: 0,
        }
    }

    /// Lets keys through that the service hands out: the host asks for itself.
    pub(crate) fn take_tokens(&mut self) {
        self.takes_tokens = true;
    }

    /// Says that the last answer is no longer held here: the component has it, or the call is over.
    pub(crate) fn release_answer(&mut self) {
        self.context.budget.give_back(std::mem::take(&mut self.charged));
    }

    /// Charges bytes of the request under way or of its answer.
    fn charge(&mut self, bytes: u64) -> Result<(), Stopped> {
        if !self.context.budget.take(bytes) {
            return Err(Stopped::Exceeded(Limit::HostBytes));
        }
        self.charged += bytes;
        Ok(())
    }

    /// Sends one request and waits for its whole answer.
    pub(crate) async fn send(
        &mut self,
        request: OutgoingRequest,
        log: &mut CallLog,
    ) -> Result<ReceivedResponse, Failure> {
        let started = Instant::now();
        self.release_answer();
        let length = request.length();
        let checked = match self.check(request, length) {
            Ok(checked) => checked,
            Err(stopped) => return Err(self.failure(stopped, log)),
        };
        if let Err(refusal) = self.check_read(&checked) {
            let refused = Err(self.failure(Stopped::Refused(refusal), log));
            // What would have been sent is what a person is asked about.
            if self.context.record_exchanges {
                self.record(&checked, &refused, 0, started);
            }
            return refused;
        }
        self.sent_bytes += length;
        log.debug(|| format!("{} {} with {} bytes", checked.method, checked.url, checked.body.len()));
        let mut attempts = 0;
        let deadline = tokio::time::Instant::from_std(self.context.deadline);
        let result = match tokio::time::timeout_at(deadline, self.attempts(&checked, &mut attempts, log)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(stopped)) => Err(self.failure(stopped.at(&checked.url), log)),
            Err(_) => Err(self.failure(Stopped::Exceeded(Limit::Deadline), log)),
        };
        if self.context.record_exchanges {
            self.record(&checked, &result, attempts, started);
        }
        result
    }

    /// Everything that can be known before a socket is opened.
    fn check(&mut self, request: OutgoingRequest, length: u64) -> Result<CheckedRequest, Stopped> {
        let limits = self.context.limits.clone();
        if self.requests >= limits.requests {
            return Err(Stopped::Exceeded(Limit::Requests));
        }
        self.requests += 1;
        if length > limits.request_bytes {
            return Err(Stopped::Exceeded(Limit::RequestBytes));
        }
        if self.sent_bytes.saturating_add(length) > limits.sent_bytes {
            return Err(Stopped::Exceeded(Limit::SentBytes));
        }
        self.charge(length)?;
        request.check(&self.context.policy, &self.context.secrets).map_err(Stopped::Refused)
    }

    /// Where only such may leave, whether a request can be shown to read.
    fn check_read(&self, request: &CheckedRequest) -> Result<(), Refusal> {
        if !self.context.policy.grants().read_only {
            return Ok(());
        }
        check_read(&request.method, &request.url, &request.headers, &request.body)
            .map_err(|why| Refusal::not_a_read(&why))
    }

    /// Tells whoever waits what is going on.
    fn step(&self, step: Step) {
        if let Some(heard) = &self.context.steps {
            heard(&step);
        }
    }

    async fn attempts(
        &mut self,
        request: &CheckedRequest,
        attempts: &mut u32,
        log: &mut CallLog,
    ) -> Result<ReceivedResponse, Stopped> {
        let is_asked_again = self.context.network.transport().is_none();
        loop {
            *attempts += 1;
            let started = Instant::now();
            self.step(Step::Sends { request: self.requests, attempt: *attempts });
            // Until its answer is read: a wait before the next attempt is no part of it.
            let mut span = AttemptSpan::begin(request, *attempts, self.context.deadline);
            let answer = self.attempt(request, &span).instrument(span.inner()).await;
            let (result, retry_after) = match answer {
                Ok(response) => {
                    let status = response.status();
                    span.answered(&response);
                    if !(request.idempotent && is_asked_again && retry::is_worth_another(status)) {
                        if status.is_redirection() {
                            log.debug(|| format!("HTTP {} is a redirect, which is not followed", status.as_u16()));
                        }
                        return self.finish(response, request, span, log, *attempts, started).await;
                    }
                    let wish = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                    let wish = wish.and_then(|value| retry::retry_after(value, SystemTime::now()));
                    (Ok(response), wish)
                }
                Err(Stopped::NoAnswer(text)) if request.idempotent => {
                    span.failed("unreachable");
                    (Err(text), None)
                }
                Err(stopped) => {
                    span.failed(stopped.kind());
                    return Err(stopped);
                }
            };
            let remaining = self.context.deadline.saturating_duration_since(Instant::now());
            let Some(wait) = retry::wait_before_next(*attempts, retry_after, remaining, fastrand::f64()) else {
                return self.finish(result.map_err(Stopped::Broken)?, request, span, log, *attempts, started).await;
            };
            log.debug(|| {
                let what = match &result {
                    Ok(response) => format!("HTTP {}", response.status().as_u16()),
                    Err(text) => text.clone(),
                };
                format!("attempt {attempts} ended with {what}; sending again in {} ms", wait.as_millis())
            });
            self.step(Step::Waits {
                request: self.requests,
                attempt: *attempts,
                most_attempts: retry::MOST_ATTEMPTS,
                pause: wait,
                status: result.as_ref().ok().map(|response| response.status().as_u16()),
            });
            drop((result, span));
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads the answer that is the last one.
    async fn finish(
        &mut self,
        response: reqwest::Response,
        request: &CheckedRequest,
        mut span: AttemptSpan,
        log: &mut CallLog,
        attempt: u32,
        started: Instant,
    ) -> Result<ReceivedResponse, Stopped> {
        span.reads_on();
        let read = self.read(response, request.method == Method::HEAD).instrument(span.inner()).await;
        match &read {
            Ok(received) => {
                span.received(received.body.len());
                if self.context.steps.is_some() {
                    let (requests, received_bytes) = (self.requests, self.received_bytes);
                    self.step(Step::Answered { requests, received_bytes, records: listed::records(&received.body) });
                }
                log.debug(|| answer_line(received, attempt, started));
            }
            Err(stopped) => span.failed(stopped.kind()),
        }
        read
    }

    async fn attempt(&self, request: &CheckedRequest, span: &AttemptSpan) -> Result<reqwest::Response, Stopped> {
        let mut headers = request.headers.clone();
        headers.insert(ACCEPT_ENCODING, encoding::accepted(&headers));
        let source = self.context.trace_context.as_ref().filter(|_| self.context.policy.grants().send_trace_context);
        if let Some(context) = source.and_then(|source| source(span.get())) {
            context.write_to(&mut headers);
        }
        if let Some(transport) = self.context.network.transport() {
            let mut outgoing = http::Request::new(request.body.clone());
            *outgoing.method_mut() = request.method.clone();
            *outgoing.uri_mut() = request.url.as_str().parse().map_err(|_| Stopped::Broken("not a URI".to_owned()))?;
            *outgoing.headers_mut() = headers;
            let response = transport.answer(outgoing).map_err(Stopped::Failed)?;
            return client::with_status(response.into()).map_err(Stopped::Broken);
        }
        let client = self.context.sockets.client(&self.context.network, self.context.policy.grants());
        let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
        *outgoing.headers_mut() = headers;
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.clone().into());
        }
        let response = client.map_err(Stopped::Broken)?.execute(outgoing).await;
        let response = response.map_err(|error| match client::refusal_in(&error) {
            Some(refusal) => Stopped::Refused(refusal),
            None => self.no_answer(&error),
        })?;
        client::with_status(response).map_err(Stopped::Broken)
    }

    /// Why the client got no answer. What the proxy has to do with it is said.
    fn no_answer(&self, error: &reqwest::Error) -> Stopped {
        let Some(proxy) = self.context.network.proxy() else {
            return Stopped::NoAnswer(client::describe(error));
        };
        match proxied::problem(error, proxy) {
            // Asked again with the same credentials it says the same, and some count that as an attack.
            (text, Again::Never) => Stopped::Broken(text),
            (text, Again::Later) => Stopped::NoAnswer(text),
        }
    }

    /// Reads an answer's body, and not a byte beyond the limit.
    async fn read(&mut self, mut response: reqwest::Response, without_body: bool) -> Result<ReceivedResponse, Stopped> {
        let most = self.context.limits.response_bytes;
        let mut body = Body::of(response.headers(), without_body, most)?;
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    let text = format!("the connection broke while the answer was read: {}", client::describe(&error));
                    return Err(Stopped::Broken(text));
                }
            };
            let before = body.len();
            body.push(&chunk)?;
            let length = (body.len() - before) as u64;
            self.received_bytes = self.received_bytes.saturating_add(length);
            if self.received_bytes > self.context.limits.received_bytes {
                return Err(Stopped::Exceeded(Limit::ReceivedBytes));
            }
            self.charge(length)?;
        }
        let secrets = &self.context.secrets;
        let mut whole = body.finish()?;
        let scrub = |bytes: &mut Vec<u8>| {
            secrets.scrub_bytes(bytes);
            if !self.takes_tokens {
                secrets.scrub_tokens(bytes);
            }
        };
        scrub(&mut whole);
        // What stands where a secret was may be longer than it.
        if whole.len() as u64 > most {
            return Err(Stopped::Exceeded(Limit::ResponseBytes));
        }
        let headers = response.headers().iter().filter(|(name, _)| !body.makes_untrue(name));
        let headers = headers.filter_map(|(name, value)| {
            let mut value = std::str::from_utf8(value.as_bytes()).ok()?.as_bytes().to_vec();
            scrub(&mut value);
            let value = String::from_utf8(value).unwrap_or_else(|_| REDACTED.to_owned());
            Some((secrets.scrub(name.as_str().to_owned()), value))
        });
        Ok(ReceivedResponse { status: response.status().as_u16(), headers: headers.collect(), body: whole })
    }

    /// Notes why a request has no answer, and says it in the contract's words.
    fn failure(&mut self, stopped: Stopped, log: &mut CallLog) -> Failure {
        let failure = match stopped {
            Stopped::Refused(refusal) => {
                let text = refusal.to_string();
                // Without the way out, which is called otherwise by whoever reads the log.
                log.write(LogLevel::Warn, LogSource::Host, format!("refused: {}", refusal.what));
                if self.refusals.len() < MOST_REFUSALS {
                    self.refusals.push(refusal);
                }
                Failure::Denied(text)
            }
            Stopped::Exceeded(limit) => {
                let exceeded = LimitExceeded::new(limit, &self.context.limits);
                self.exceeded.get_or_insert(exceeded);
                match limit {
                    Limit::Deadline => Failure::Timeout,
                    Limit::ResponseBytes => Failure::TooLarge(self.context.limits.response_bytes),
                    _ => Failure::Denied(exceeded.to_string()),
                }
            }
            Stopped::NoAnswer(text) | Stopped::Broken(text) => Failure::Unreachable(self.context.secrets.scrub(text)),
            Stopped::Failed(failure) => failure,
        };
        log.debug(|| format!("no answer: {failure}"));
        failure
    }
}

fn answer_line(response: &ReceivedResponse, attempt: u32, started: Instant) -> String {
    let status = StatusCode::from_u16(response.status).map(|status| status.to_string()).unwrap_or_default();
    let milliseconds = started.elapsed().as_millis();
    format!("HTTP {status} with {} bytes in {milliseconds} ms (attempt {attempt})", response.body.len())
}
