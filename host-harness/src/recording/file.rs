//! The file: calls of a component, each a page of a HAR.

use std::collections::HashMap;
use std::time::SystemTime;

use host::Exchange;

use super::call::Call;
use super::component::Component;
use super::har::{Creator, Entry, Har, Head, Log, Nothing, Page, read_time, written_time};

/// The largest file that is read, in bytes: four times what a recording holds at most, because JSON is spaced and
/// escaped.
pub(crate) const LARGEST: u64 = 256 * 1024 * 1024;
/// What this version writes.
const VERSION: u32 = 1;

/// Calls, in the order in which they were made, and the component that made them.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    /// None of a HAR that somebody else wrote.
    pub(crate) component: Option<Component>,
    pub(crate) calls: Vec<Call>,
    /// Exchanges of no call: the host's own, and all of those that a browser wrote.
    pub(crate) loose: Vec<Exchange>,
}

impl Recording {
    /// What is written.
    pub(crate) fn har(&self) -> Har {
        let numbered = || self.calls.iter().zip(1..).map(|(call, number)| (call, format!("call-{number}")));
        let pages = numbered().map(|(call, id)| Page {
            started_date_time: written_time(call.started),
            id,
            title: call.title(),
            page_timings: Nothing {},
            asked: Some(call.asked.clone()),
            made: Some(call.made.clone()),
            log: call.log.clone(),
        });
        let of_calls = numbered().flat_map(|(call, id)| {
            call.exchanges.iter().map(move |exchange| Entry::of(exchange, call.started, Some(id.clone())))
        });
        let loose = self.loose.iter().map(|exchange| Entry::of(exchange, SystemTime::UNIX_EPOCH, None));
        Har {
            log: Log {
                version: "1.2".into(),
                creator: Creator { name: "harness".into(), version: env!("CARGO_PKG_VERSION").into() },
                recording: self.component.clone().map(|component| Head { version: VERSION, component }),
                pages: pages.collect(),
                entries: of_calls.chain(loose).collect(),
            },
        }
    }

    /// Reads what this, or a browser, wrote. The error says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let har: Har = serde_json::from_str(text).map_err(|error| format!("it is no HAR: {error}"))?;
        let Log { recording, pages, entries, .. } = har.log;
        if let Some(head) = recording.as_ref().filter(|head| head.version > VERSION) {
            return Err(format!("it is a recording of version {}; this program reads {VERSION}", head.version));
        }
        let mut calls = Vec::new();
        let mut places = HashMap::new();
        for page in pages {
            let (Some(asked), Some(made)) = (page.asked, page.made) else { continue };
            let started = read_time(&page.started_date_time).map_err(|problem| format!("{}: {problem}", page.id))?;
            if places.insert(page.id.clone(), calls.len()).is_some() {
                return Err(format!("two calls have the id {:?}", page.id));
            }
            calls.push(Call { asked, made, log: page.log, exchanges: Vec::new(), started });
        }
        let mut loose = Vec::new();
        for (entry, number) in entries.into_iter().zip(1..) {
            let place = entry.pageref.as_ref().and_then(|id| places.get(id)).copied();
            let call = place.and_then(|place| calls.get_mut(place));
            let began = call.as_ref().map_or(SystemTime::UNIX_EPOCH, |call: &&mut Call| call.started);
            let exchange = entry.exchange(began).map_err(|problem| format!("entry {number}: {problem}"))?;
            match call {
                Some(call) => call.exchanges.push(exchange),
                None => loose.push(exchange),
            }
        }
        Ok(Self { component: recording.map(|head| head.component), calls, loose })
    }

    /// Whether it is a recording of the connector of this key, and can be replayed. The error says why not.
    pub(crate) fn check(&self, key: &str) -> Result<(), String> {
        if self.calls.is_empty() {
            let way_out = "--answer-from has them answer a call, which --record records";
            return Err(format!("it holds no call, only exchanges; {way_out}"));
        }
        match &self.component {
            Some(component) if component.key != key => {
                Err(format!("it is a recording of the connector {}, and this is {key}", component.key))
            }
            _ => Ok(()),
        }
    }

    /// Where the first request of no call went, without what it asked there.
    pub(crate) fn first_url(&self) -> Option<String> {
        self.loose.first().map(|exchange| exchange.url.split(['?', '#']).next().unwrap_or_default().to_owned())
    }

    /// All exchanges there are.
    pub(super) fn into_exchanges(self) -> Vec<Exchange> {
        self.calls.into_iter().flat_map(|call| call.exchanges).chain(self.loose).collect()
    }
}
