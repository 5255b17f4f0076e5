//! `pollChangesTrigger`: what was created and what was changed since the last poll. See `docs/polling.md` for what it promises and
//! why it is built like this; the modules, from the bottom up:
//!
//! - [`bounds`] what one poll may cost and what it covers;
//! - [`page`] a page and where pages come from, [`decode`] reading one from the service's answer;
//! - [`walk`] pages joined by proof;
//! - [`memory`] what is remembered of delivered records, [`classify`] what is delivered and as what;
//! - [`upper`] how far the clock has come that stamps records, [`untimed`] records of which nobody knows when they were changed;
//! - [`pass`] from the newest record down to the floor, [`state`] what the next poll needs, [`blob`] and [`packed`] its text.

pub mod blob;
pub mod bounds;
pub mod classify;
pub mod decode;
pub mod memory;
pub mod packed;
pub mod page;
pub mod pass;
pub mod state;
pub mod untimed;
pub mod upper;
pub mod walk;

#[cfg(test)]
mod tests;

use crate::actions::prepare;
use crate::connection::Configured;
use crate::duro::Client;
use crate::error::Error;
use crate::host::{Host, Level};
use crate::inputs::Inputs;
use crate::manifest::{POLL_CHANGES, RESOURCE_TYPES};
use crate::triggers::PollResult;
use blob::{Resource, Watched};
use bounds::Bounds;
use classify::{Class, Deliveries};
use page::{Page, PageSource};
use pass::{Budget, End, Pass};
use state::State;

/// What a poll found, not yet written down.
#[derive(Debug)]
pub struct Polled {
    /// What to deliver.
    pub deliveries: Deliveries,
    /// What the next poll needs.
    pub state: State,
    /// Whether more is known to wait.
    pub more: bool,
    /// How many records without a time were passed over, because they are more than can be remembered.
    pub passed_over: usize,
}

struct Settings {
    resource: Resource,
    show_new: bool,
    show_updated: bool,
}

/// Polls the service once.
pub fn poll(
    host: &impl Host,
    configured: Configured<'_>,
    inputs: &str,
    state: Option<&[u8]>,
) -> Result<PollResult, Error> {
    let (connection, settings) = prepare(configured, inputs, POLL_CHANGES.about.inputs, read)?;
    let watched = Watched { resource: settings.resource, origin: &connection.origin() };
    let state = state.map(|blob| blob::read(blob, &watched)).transpose()?;
    let client = Client::new(host, &connection);
    let mut source = decode::Service::new(&client, host, settings.resource);
    let polled = poll_pages(&mut source, state.as_ref(), &Bounds::STANDARD)?;
    if host.log_enabled(Level::Info) {
        host.log(Level::Info, &summary(&polled));
    }
    if polled.passed_over > 0 && host.log_enabled(Level::Warn) {
        host.log(Level::Warn, &passed_over(polled.passed_over));
    }
    let blob = blob::write(&polled.state, &watched);
    let (payload, no_changes) = payload(&polled.deliveries, &settings);
    Ok(PollResult { payload, no_changes, state: blob, more: polled.more })
}

/// Polls any source of pages once. Without a state it marks where counting begins, and delivers nothing.
pub fn poll_pages(source: &mut impl PageSource, state: Option<&State>, bounds: &Bounds) -> Result<Polled, Error> {
    let mut source = OneCompany { source, company: state.and_then(|state| state.company) };
    let mut polled = match state {
        None => baseline(&mut source, bounds)?,
        Some(state) => poll_on(&mut source, state, bounds)?,
    };
    polled.state.company = source.company;
    Ok(polled)
}

/// Pages of one company's records: those that a state was written for, where both it and the service say whose they are. Nobody must say: there are
/// keys that may not ask.
struct OneCompany<'a, S> {
    source: &'a mut S,
    company: Option<u64>,
}

impl<S: PageSource> PageSource for OneCompany<'_, S> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<Page, Error> {
        let page = self.source.fetch(first, after)?;
        match (self.company, page.company) {
            (Some(expected), Some(company)) if expected != company => return Err(blob::other_company()),
            (_, company) => self.company = company.or(self.company),
        }
        Ok(page)
    }
}

fn poll_on(source: &mut impl PageSource, state: &State, bounds: &Bounds) -> Result<Polled, Error> {
    let mut budget = Budget::new(bounds);
    let mut deliveries = Deliveries::default();
    let mut pass = match &state.drain {
        Some(drain) => Pass::resume(state, drain, bounds),
        None => Pass::fresh(state, bounds),
    };
    let end = pass.run(source, &mut deliveries, &mut budget)?;
    let passed_over = pass.untimed_passed_over();
    if end == End::Budget {
        return Ok(Polled { state: pass.suspend(state, &deliveries), deliveries, more: true, passed_over });
    }
    let left_newer = pass.left_newer(&deliveries);
    let state = pass.complete(state, &deliveries);
    if !pass.is_resumed() || budget.is_spent() {
        return Ok(Polled { deliveries, state, more: left_newer, passed_over });
    }
    // What changed while a drain went on stands above it, and only a pass from the top sees it.
    let mut pass = Pass::fresh(&state, bounds);
    let end = pass.run(source, &mut deliveries, &mut budget)?;
    let passed_over = passed_over + pass.untimed_passed_over();
    let (state, more) = match end {
        End::Bottom => (pass.complete(&state, &deliveries), false),
        End::Budget if pass.has_found_news() => (pass.suspend(&state, &deliveries), true),
        // With what the drain left of the budget it found nothing. The next poll begins with all of it, and not in the middle.
        End::Budget => (state, left_newer),
    };
    Ok(Polled { deliveries, state, more, passed_over })
}

/// Marks where counting begins: remembers what lies within the overlap, so that a record which was there is not taken for a new one.
fn baseline(source: &mut impl PageSource, bounds: &Bounds) -> Result<Polled, Error> {
    // Nothing is delivered, so the only bound is the number of requests.
    let mut budget = Budget::new(&Bounds { delivering_pages: bounds.requests, ..*bounds });
    let mut found = Deliveries::default();
    let before = State::default();
    let mut pass = Pass::baseline(&before, bounds);
    if pass.run(source, &mut found, &mut budget)? == End::Budget {
        pass.cut_short();
    }
    let (state, passed_over) = (pass.complete(&before, &found), pass.untimed_passed_over());
    Ok(Polled { deliveries: Deliveries::default(), state, more: false, passed_over })
}

fn read(inputs: &mut Inputs) -> Settings {
    let resource = match inputs.choice("pollResourceType", RESOURCE_TYPES, "components").as_str() {
        "changeOrders" => Resource::ChangeOrders,
        _ => Resource::Components,
    };
    Settings {
        resource,
        show_new: inputs.boolean("showNewRecords", true),
        show_updated: inputs.boolean("showUpdatedRecords", true),
    }
}

/// The payload, and whether it is without changes. The toggles choose what is shown of what was found: the state advances
/// past all of it.
fn payload(deliveries: &Deliveries, settings: &Settings) -> (String, bool) {
    // Twice the size of a megabyte is a megabyte to copy and to touch.
    let nodes = deliveries.of(Class::Created).chain(deliveries.of(Class::Updated));
    let mut payload = String::with_capacity(64 + nodes.map(|node| node.len() + 1).sum::<usize>());
    payload.push_str(r#"{"body":{"data":{"created":["#);
    let empty = payload.len();
    if settings.show_new {
        push_list(&mut payload, deliveries.of(Class::Created));
    }
    let without_created = payload.len() == empty;
    payload.push_str(r#"],"updated":["#);
    let empty = payload.len();
    if settings.show_updated {
        push_list(&mut payload, deliveries.of(Class::Updated));
    }
    let without_updated = payload.len() == empty;
    payload.push_str("]}}}");
    (payload, without_created && without_updated)
}

fn push_list<'a>(json: &mut String, nodes: impl Iterator<Item = &'a str>) {
    for (index, node) in nodes.enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(node);
    }
}

fn passed_over(records: usize) -> String {
    format!(
        "{records} times a record without a readable lastModified was passed over: of more than {} within reach of one poll \
         the changes of the others cannot be seen",
        Bounds::STANDARD.untimed
    )
}

fn summary(polled: &Polled) -> String {
    format!(
        "found {} created and {} updated{}",
        polled.deliveries.of(Class::Created).count(),
        polled.deliveries.of(Class::Updated).count(),
        if polled.more { ", and more wait" } else { "" }
    )
}
