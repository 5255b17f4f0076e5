//! Requests of the host's own to a connection's service: a POST of JSON with the connection's secret in a header. They
//! go the way of a component's requests, with every rule and bound, and the component does not see them. What gives a
//! credential away is not recorded either.

use std::time::{Duration, Instant};

use tracing::Instrument as _;

use super::call::{self, CallOptions};
use super::component::Connector;
use super::error::CallError;
use super::heard::Returned;
use super::operation_kind::OperationKind;
use super::telling::Heard;
use crate::budget::HostBudget;
use crate::connection::Connection;
use crate::contract::Error;
use crate::egress::{HeaderText, OutgoingRequest};
use crate::log::CallLog;
use crate::trace::Trace;

/// What is sent to the connection's endpoint.
#[derive(Debug, Clone, Copy)]
pub struct OwnRequest<'a> {
    /// The secret field that authorises it.
    pub secret: &'a str,
    /// The header that takes its value.
    pub secret_header: &'a str,
    /// The body, JSON text.
    pub body: &'a str,
    /// Whether it may be sent again when no answer came.
    pub idempotent: bool,
    /// The most bytes of an answer that is read, within [`Limits::response_bytes`](crate::Limits::response_bytes): as a
    /// value, JSON takes many times its text.
    pub most_bytes: usize,
    /// Whether the answer is to give a credential. Then keys that the service hands out come through, and nobody hears
    /// of the request; else they are taken out, and whoever records the calls hears of it as of those.
    pub gives_credential: bool,
}

/// What came back, echoes of secrets taken out.
#[derive(Debug, Clone)]
pub struct OwnAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Connector {
    /// Sends a request of the host's own.
    pub async fn ask(
        &self,
        connection: &Connection,
        request: OwnRequest<'_>,
        options: &CallOptions,
    ) -> Result<OwnAnswer, Box<CallError>> {
        let started = Instant::now();
        let under_way = self.observed(OperationKind::OwnRequest, None, connection, options).begin();
        let mut trace = Trace::default();
        let work = self.ask_within(connection, request, options, started, &mut trace);
        let result = work.instrument(under_way.span.clone()).await;
        trace.duration = started.elapsed();
        under_way.end(result.as_ref().err().map(AsRef::as_ref), &trace);
        if !request.gives_credential {
            let said = result.as_ref().map(|answer| Returned::Status(answer.status)).map_err(AsRef::as_ref);
            Heard::of(OperationKind::OwnRequest, connection, options).tell_of(said, &trace);
        }
        result
    }

    async fn ask_within(
        &self,
        connection: &Connection,
        request: OwnRequest<'_>,
        options: &CallOptions,
        started: Instant,
        trace: &mut Trace,
    ) -> Result<OwnAnswer, Box<CallError>> {
        let url = self.check_usable(connection)?.to_owned();
        let limits = &options.limits;
        let deadline = started.checked_add(limits.deadline).unwrap_or(started + Duration::from_secs(3600));
        let budget = HostBudget::new(limits);
        let mut options = options.clone();
        if request.gives_credential {
            // Without a record of it, whatever the options say: there is a key in the answer.
            options.record_exchanges = false;
            options.observers.heard = None;
        }
        let mut egress =
            call::egress(self.runtime_inner(), Some(connection), &options, started, deadline, budget.clone());
        if request.gives_credential {
            egress.take_tokens();
        }
        let mut log = CallLog::new(started, options.log.clone(), connection.secrets().clone(), limits, budget);
        let json = || HeaderText::Text("application/json".to_owned());
        let outgoing = OutgoingRequest {
            method: "POST".to_owned(),
            url,
            headers: vec![
                ("content-type".to_owned(), json()),
                ("accept".to_owned(), json()),
                (request.secret_header.to_owned(), HeaderText::Secret(request.secret.to_owned())),
            ],
            body: Some(request.body.as_bytes().to_vec()),
            idempotent: request.idempotent,
        };
        let answer = egress.send(outgoing, &mut log).await;
        trace.requests = egress.requests;
        trace.sent_bytes = egress.sent_bytes;
        trace.received_bytes = egress.received_bytes;
        trace.refusals.clone_from(&egress.refusals);
        trace.exchanges = std::mem::take(&mut egress.exchanges);
        trace.exchanges_dropped = egress.exchanges_dropped;
        match answer {
            Ok(answer) if answer.body.len() > request.most_bytes => {
                let (bytes, most) = (answer.body.len(), request.most_bytes);
                let message = format!("the answer has {bytes} bytes, and what was asked for has at most {most}");
                Err(Box::new(CallError::Connector(Error::UnexpectedResponse(message))))
            }
            Ok(answer) => Ok(OwnAnswer { status: answer.status, body: answer.body }),
            Err(failure) => Err(Box::new(call::blame(Error::Transport(failure), &egress))),
        }
    }
}
