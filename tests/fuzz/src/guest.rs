//! The connector, compiled natively: what the service answers, what a flow hands over, and the state that a host kept.

use std::cell::Cell;
use std::sync::OnceLock;

use connector_sdk::contract::Error;
use connector_sdk::contract::{Failure, Level, Request, Response};
use connector_sdk::polling::State;
use connector_sdk::polling::blob::{self, Watched};
use connector_sdk::polling::bounds::MAX_STATE_BYTES;
use connector_sdk::{Connection, Connector, Host, PollResult, Query};
use duro_plm::{Duro, NAMES};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{choice, outcome};

pub(crate) const WORDS: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "\"data\":",
    "\"errors\":",
    "\"message\":",
    "\"connection\":",
    "\"edges\":",
    "\"node\":",
    "\"pageInfo\":",
    "\"hasNextPage\":",
    "\"endCursor\":",
    "\"totalCount\":",
    "\"cursor\":",
    "\"id\":",
    "\"name\":",
    "\"created\":",
    "\"lastModified\":",
    "\"2024-06-14T14:58:16.638Z\"",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"2150-12-31T23:59:59.999Z\"",
    "\"0001-01-01T00:00:00.000Z\"",
    "+99:99\"",
    "\"60c8d5f0a1b2c3d4e5f60718\"",
    "\"components\":",
    "\"changeOrders\":",
    "\"userById\":",
    "\"primaryCompany\":",
    "\"path\":[\"userById\"]",
    "\"componentsByIds\":",
    "\"createChangeOrder\":",
    "\"first\":",
    "\"libraryType\":",
    "\"GENERAL\"",
    "\"orderBy\":",
    "\"con\":",
    "\"asc\"",
    "\"query\":",
    "\"variables\":",
    "\"variablesObject\":",
    "\"pollResourceType\":",
    "\"showNewRecords\":",
    "\"watermark\":",
    "\"floor\":",
    "\"delivered\":",
    "\"drain\":",
    "\"check\":",
    "\"version\":",
    "\"version\":3",
    "\"origin\":\"https://mfg.duro.app\"",
    "\"company\":",
    "\"upper\":",
    "\"witnesses\":",
    "\"newest\":",
    "1e999",
    "-1",
    "\\ud800",
    "Unauthorized",
];

const KEYS: [&str; 7] = [
    "getCurrentUser",
    "listCompanyUsers",
    "listComponents",
    "getComponentById",
    "listChangeOrders",
    "createChangeOrder",
    "rawRequest",
];
const RESOURCES: [&str; 2] = ["components", "changeOrders"];
const ORIGIN: &str = "https://mfg.duro.app";
/// The `Date` of the answers, with the second that a record of the same moment may be later.
const DATE: &str = "Fri, 14 Jun 2024 14:58:00 GMT";
const REACHED: i64 = 1_718_377_081_000;
/// A connection to the main environment.
fn connection() -> Connection {
    connector_sdk::testing::connection("duroApiKey", "https://mfg.duro.app/graphql")
}

/// No operation needs more requests than its bounds allow, whatever the answers say.
const MOST_REQUESTS: u32 = 200;

/// A service that always answers the same.
struct Fixed<'a> {
    status: u16,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
    requests: Cell<u32>,
}

impl<'a> Fixed<'a> {
    fn new(status: u16, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Self {
        Self { status, headers, body, requests: Cell::new(0) }
    }
}

impl Host for Fixed<'_> {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        self.requests.set(self.requests.get() + 1);
        assert!(self.requests.get() <= MOST_REQUESTS, "the connector does not stop asking");
        assert_eq!(request.url, "https://mfg.duro.app/graphql");
        let headers = self.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Response { status: self.status, headers, body: self.body.to_vec() })
    }

    fn log_enabled(&self, _: Level) -> bool {
        true
    }

    fn log(&self, _: Level, _: &str) {}
}

/// An answer of the service, to each operation: the first byte chooses it, the second the status.
pub(crate) fn response(data: &[u8]) -> u64 {
    const STATUSES: [u16; 8] = [200, 200, 200, 200, 500, 429, 302, 401];
    let (operation, rest) = choice(data);
    let (status, body) = choice(rest);
    let headers = [("retry-after", "Fri, 14 Jun 2024 14:58:30 GMT"), ("date", DATE)];
    let host = Fixed::new(STATUSES[status % STATUSES.len()], &headers, body);
    match operation % 12 {
        key @ 0..7 => judge_json(Duro::perform(&host, KEYS[key], &connection(), inputs_of(KEYS[key]))),
        7 => judge(Duro::test(&host, &connection()).map(|account| account.user)),
        8 => {
            let query = Query { inputs: "{}", search: Some("bracket"), cursor: None };
            let page = Duro::query(&host, "selectComponent", &connection(), &query);
            judge(page.map(|page| page.next.unwrap_or_default()))
        }
        // Two of these are the first poll, which reads little.
        poll => {
            let resource = RESOURCES[poll % 2];
            let state = (poll != 9).then(|| baseline(resource));
            let result = Duro::poll(&host, "pollChangesTrigger", &connection(), &watching(resource), state);
            if let Ok(poll) = &result {
                // No record, whatever it is stamped with, takes the state beyond the clock.
                let state = read(&poll.state, resource);
                assert!(state.watermark.max(state.floor) <= REACHED, "{state:?}");
            }
            judge_poll(result, resource)
        }
    }
}

/// A state that a poll left: it is read with the same connection, and with no other.
fn read(state: &[u8], resource: &str) -> State {
    let watched = |origin| Watched { trigger: &NAMES, list: resource, origin };
    let elsewhere = blob::read(state, &watched("https://eu.duro.app"));
    assert!(matches!(elsewhere, Err(Error::InvalidState(_))), "{elsewhere:?}");
    blob::read(state, &watched(ORIGIN)).expect("a state that was just written")
}

/// What a flow hands over: the first byte chooses the operation; a line break parts the inputs from the connection's
/// fields.
pub(crate) fn inputs(data: &[u8]) -> u64 {
    let (operation, rest) = choice(data);
    let text = String::from_utf8_lossy(rest);
    let (inputs, fields) = text.split_once('\n').unwrap_or((&text, "{}"));
    let connection = Connection { fields: fields.to_owned(), endpoint: fields.to_owned(), ..connection() };
    // A connection may name any URL: what is sent where is for the host to decide.
    let host = Anywhere;
    match operation % 9 {
        key @ 0..7 => judge_json(Duro::perform(&host, KEYS[key], &connection, inputs)),
        7 => {
            let query = Query { inputs, search: Some(inputs), cursor: Some(fields) };
            judge(Duro::query(&host, "selectComponent", &connection, &query).map(|_| String::new()))
        }
        _ => judge(Duro::poll(&host, "pollChangesTrigger", &connection, inputs, None).map(|_| String::new())),
    }
}

/// A host that refuses everything, so that inputs alone decide.
struct Anywhere;

impl Host for Anywhere {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        let body = request.body.unwrap_or_default();
        serde_json::from_slice::<Value>(&body).expect("a request's body is JSON");
        Err(Failure::Timeout)
    }

    fn log_enabled(&self, _: Level) -> bool {
        true
    }

    fn log(&self, _: Level, _: &str) {}
}

/// A state that a host kept, or says that it kept; the first byte chooses the resource, and whether the check value is
/// made to fit, so that what lies behind it is reached.
pub(crate) fn state(data: &[u8]) -> u64 {
    let (options, state) = choice(data);
    let resource = RESOURCES[options % 2];
    let state =
        if options / 2 % 2 == 0 { state.to_vec() } else { blob::signed(&String::from_utf8_lossy(state)).into_bytes() };
    let page = page(resource);
    let host = Fixed::new(200, &[], page.as_bytes());
    let result = Duro::poll(&host, "pollChangesTrigger", &connection(), &watching(resource), Some(&state));
    judge_poll(result, resource)
}

fn inputs_of(key: &str) -> &'static str {
    match key {
        "getComponentById" => r#"{"componentId": "60c8d5f0a1b2c3d4e5f60718"}"#,
        "createChangeOrder" => r#"{"name": "x"}"#,
        "listComponents" | "listChangeOrders" => r#"{"first": 250}"#,
        _ => "{}",
    }
}

fn watching(resource: &str) -> String {
    format!(r#"{{"pollResourceType": "{resource}", "showDeletedRecords": true}}"#)
}

/// A page with three records, and more to come that never does.
fn page(resource: &str) -> String {
    let edges: Vec<String> = (0..3)
        .map(|index| {
            let id = format!("60c8d5f0a1b2c3d4e5f6071{index}");
            let time = format!("2024-06-14T14:58:1{}.638Z", 9 - index);
            format!(
                r#"{{"cursor": "c{index}", "node": {{"id": "{id}", "name": "n", "status": "DRAFT", "type": "ECO", "created": "{time}", "lastModified": "{time}"}}}}"#
            )
        })
        .collect();
    format!(
        r#"{{"data": {{"{resource}": {{"connection": {{"totalCount": 3, "edges": [{}], "pageInfo": {{"hasNextPage": false, "endCursor": "c2"}}}}}}}}}}"#,
        edges.join(", ")
    )
}

/// The state after a first poll.
fn baseline(resource: &str) -> &'static [u8] {
    static STATES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let states = STATES.get_or_init(|| {
        let first = RESOURCES.map(|resource| {
            let page = page(resource);
            let host = Fixed::new(200, &[], page.as_bytes());
            let polled = Duro::poll(&host, "pollChangesTrigger", &connection(), &watching(resource), None);
            polled.expect("a first poll of a good page").state
        });
        first.to_vec()
    });
    &states[usize::from(resource == RESOURCES[1])]
}

/// A text that must be JSON. None where it is so by the grammar alone: an escape that is half of a pair (`\ud800`) is
/// passed on as the service wrote it, and not every reader takes it.
fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str::<&RawValue>(text).expect("what is returned is JSON");
    serde_json::from_str(text).ok()
}

fn judge_json(result: Result<String, Error>) -> u64 {
    if let Ok(text) = &result {
        parsed(text);
    }
    judge(result.map(|_| String::new()))
}

fn judge_poll(result: Result<PollResult, Error>, resource: &str) -> u64 {
    if let Ok(poll) = &result {
        assert!(poll.state.len() <= MAX_STATE_BYTES, "a state of {} bytes", poll.state.len());
        read(&poll.state, resource);
        let Some(payload) = parsed(&poll.payload) else { return 2 };
        let lists = ["created", "updated", "deleted"]
            .map(|list| payload["body"]["data"][list].as_array().expect("a list").len());
        assert_eq!(poll.no_changes, lists == [0, 0, 0]);
        return outcome(&format!("{} {} {}", poll.no_changes, poll.more, lists.iter().sum::<usize>().min(3)));
    }
    judge(result.map(|_| String::new()))
}

fn judge(result: Result<String, Error>) -> u64 {
    match result {
        Ok(text) => outcome(&text),
        Err(Error::InvalidInput(problems)) => {
            assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.message.is_empty()));
            outcome(&format!("{problems:?}"))
        }
        Err(error) => outcome(&format!("{error:?}")),
    }
}
