//! The trigger as a host calls it, over HTTP answers in JSON: what the page source reads of real text is tried too. Its
//! bounds are the standard ones, so short pages are what makes a short history of many requests.

use crate::history::{History, Settings, Tells, Trouble, Whose};
use crate::service::{Answered, Service, identify, named_by};
use crate::subject::{Delivered, Subject};
use crate::world::BEGINNING;
use connector_sdk::contract::Error;
use connector_sdk::contract::{Failure, Level, Request, Response};
use connector_sdk::time::{self, Millis};
use connector_sdk::{Connector, Host, testing};
use duro_plm::Duro;
use serde_json::{Value, json};
use std::cell::RefCell;

/// The trigger, called through its host.
#[derive(Debug, Default)]
pub struct Wired {
    /// Whether it reports records that are gone.
    deletes: bool,
    /// Whether its host rebases the state before every seventh poll, where that is told whose the records are. A round
    /// that looks for deleted records begins anew then.
    rebases: bool,
    polls: u32,
    committed: Option<Vec<u8>>,
    left: Option<Vec<u8>>,
}

impl Wired {
    /// The trigger that reports records that are gone.
    pub fn deleting() -> Self {
        Self { deletes: true, ..Self::default() }
    }

    /// The trigger whose host moves it to where it is, again and again: that is to lose and to repeat nothing. It
    /// reports records that are gone.
    pub fn rebased() -> Self {
        Self { rebases: true, ..Self::deleting() }
    }
}

/// The history with cursors that outlive a poll: without them, lists of more than 40 pages are not walked to their end.
pub fn can_be_walked(history: &History) -> History {
    let settings = Settings { cursors_live_for_one_poll: false, ..history.settings.clone() };
    History { settings, ..history.clone() }
}

struct Wire<'a, 'b>(RefCell<&'a mut Service<'b>>);

impl Subject for Wired {
    fn poll(&mut self, service: &mut Service<'_>, _: Millis) -> Result<Delivered, Error> {
        let endpoint = match service.poll.whose {
            Whose::OtherOrigin => "https://eu.duro.app/graphql",
            Whose::Own | Whose::OtherCompany => "https://mfg.duro.app/graphql",
        };
        let connection = testing::connection("duroApiKey", endpoint);
        let since = service.settings.since.map(|before| time::format(BEGINNING - before));
        let inputs = json!({ "since": since, "showDeletedRecords": self.deletes }).to_string();
        self.polls += 1;
        let is_its_own = service.poll.whose == Whose::Own && service.poll.tells == Tells::Company;
        let wrap = self.rebases && is_its_own && self.polls % 7 == 3;
        let wrapped = |state: &Vec<u8>| [b"{\"state\":".as_slice(), state, b"}"].concat();
        let state = self.committed.as_ref().map(|state| if wrap { wrapped(state) } else { state.clone() });
        let host = Wire(RefCell::new(service));
        let polled = Duro::poll(&host, "pollChangesTrigger", &connection, &inputs, state.as_deref())?;
        let payload: Value = serde_json::from_str(&polled.payload).map_err(|error| Error::Other(error.to_string()))?;
        let list = |name: &str| -> Vec<(u32, u32)> {
            let records = payload.pointer(&format!("/body/data/{name}")).and_then(Value::as_array);
            records.into_iter().flatten().map(|record| identify(&record.to_string())).collect()
        };
        let gone = payload.pointer("/body/data/deleted").and_then(Value::as_array).into_iter().flatten();
        let deleted = gone.map(|record| record.get("id").and_then(Value::as_str).map_or(u32::MAX, named_by)).collect();
        let delivered = Delivered { created: list("created"), updated: list("updated"), deleted, more: polled.more };
        if polled.no_changes != delivered.is_empty() {
            return Err(Error::InvalidState("noChanges is not what the payload says".to_owned()));
        }
        self.left = Some(polled.state);
        Ok(delivered)
    }

    fn commit(&mut self) {
        self.committed = self.left.take();
    }

    fn state_bytes(&self) -> usize {
        self.left.as_ref().map_or(0, Vec::len)
    }

    fn kept(&mut self) -> Option<&mut Vec<u8>> {
        self.committed.as_mut()
    }

    fn deletes(&self) -> bool {
        self.deletes
    }

    fn may_forget(&self) -> bool {
        self.rebases
    }
}

impl Host for Wire<'_, '_> {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        let body: Value = serde_json::from_slice(request.body.as_deref().unwrap_or_default())
            .map_err(|error| Failure::Other(error.to_string()))?;
        let first = body.pointer("/variables/first").and_then(Value::as_u64).unwrap_or_default();
        let after = body.pointer("/variables/after").and_then(Value::as_str);
        let with_company = body.pointer("/variables/withCompany").and_then(Value::as_bool).unwrap_or_default();
        let mut service = self.0.borrow_mut();
        if let Some(ids) = body.pointer("/variables/ids").and_then(Value::as_array) {
            let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            return response(service.by_ids(&ids, usize::MAX).map(|ids| {
                let there: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
                (None, json!({ "data": { "componentsByIds": there } }).to_string())
            }));
        }
        let tells = Some(service.poll.tells).filter(|_| with_company);
        if tells == Some(Tells::Refusal) {
            let body = "{\"errors\":[{\"message\":\"You are not authorized to perform this action.\"}]}";
            return Ok(Response { status: 500, headers: Vec::new(), body: body.as_bytes().to_vec() });
        }
        let answered = service.answer(usize::try_from(first).unwrap_or(usize::MAX), after);
        response(answered.map(|answered| (answered.date, text(&answered, tells))))
    }

    fn log_enabled(&self, _: Level) -> bool {
        false
    }

    fn log(&self, _: Level, _: &str) {}
}

/// A response with a body, and a `Date` if there is one.
fn response(answer: Result<(Option<Millis>, String), Trouble>) -> Result<Response, Failure> {
    let (date, body) = match answer {
        Ok(answer) => answer,
        Err(Trouble::Transport | Trouble::CursorsExpire) => return Err(Failure::Timeout),
        Err(Trouble::Garbled) => (None, "{\"data\":{\"compo".to_owned()),
        Err(Trouble::Service) => (None, "{\"data\":null,\"errors\":[{\"message\":\"simulated\"}]}".to_owned()),
    };
    let headers = date.map(|date| ("date".to_owned(), testing::http_date(date))).into_iter().collect();
    Ok(Response { status: 200, headers, body: body.into_bytes() })
}

fn text(answered: &Answered, tells: Option<Tells>) -> String {
    let edges: Vec<String> = answered
        .edges
        .iter()
        .map(|edge| {
            let node = edge.node.as_ref().map_or("null", |node| node.json.as_str());
            format!("{{\"cursor\":\"{}\",\"node\":{node}}}", edge.cursor)
        })
        .collect();
    let owner = match (tells, answered.company) {
        (None, _) => String::new(),
        (Some(_), None) => "\"userById\":null,".to_owned(),
        (Some(_), Some(company)) => format!("\"userById\":{{\"primaryCompany\":{{\"id\":\"{company}\"}}}},"),
    };
    let errors = match tells {
        Some(Tells::AnError) => ",\"errors\":[{\"message\":\"Unauthorized\",\"path\":[\"userById\"]}]",
        _ => "",
    };
    format!(
        "{{\"data\":{{{owner}\"components\":{{\"connection\":{{\"edges\":[{}],\"pageInfo\":{{\"hasNextPage\":{}}}}}}}}}{errors}}}",
        edges.join(","),
        answered.has_next
    )
}
