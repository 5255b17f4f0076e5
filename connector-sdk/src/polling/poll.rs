//! One poll, from the state that the last one left to the payload and the state for the next.

use super::blob::{self, Names, Watched};
use super::bounds::Bounds;
use super::classify::{Class, Deliveries};
use super::entered;
use super::page::{ChangePage, PageSource};
use super::pass::{Budget, End, Pass};
use super::rebase::{Begin, rebase};
use super::round::{Gone, Passed};
use super::state::State;
use crate::contract::{Error, Level, PollResult};
use crate::host::Call;
use crate::json::{push_values, quoted};
use crate::time::Millis;

/// What a poll found, not yet written down.
#[derive(Debug, Default)]
pub struct Polled {
    /// What to deliver.
    pub deliveries: Deliveries,
    /// Which records are gone.
    pub gone: Gone,
    /// What the next poll needs.
    pub state: State,
    /// Whether more is known to wait.
    pub more: bool,
    /// How many records without a time were passed over, because they are more than can be remembered.
    pub passed_over: usize,
}

/// What of a record, by its text.
pub type Only<'a> = &'a dyn Fn(&str) -> bool;

/// What the payload shows. The state advances past all of it.
#[derive(Clone, Copy)]
pub struct Show<'a> {
    /// Records that are new.
    pub created: bool,
    /// Records that existed before and were changed.
    pub updated: bool,
    /// Those of them that are to be shown; all if none.
    pub only: Option<Only<'a>>,
}

/// What a poll is to find.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// From when on a first poll delivers what was changed. Without it a first poll delivers nothing. Later polls do
    /// not heed it.
    pub since: Option<Millis>,
    /// Whether a record is in the state that is waited for: then those alone are delivered that enter it, each once.
    /// The state remembers which are in it for as long as this is given.
    pub is_in: Option<Only<'a>>,
    /// Whether to find which records were deleted. The state remembers which there are for as long as this is given.
    pub deleted: bool,
}

impl Show<'_> {
    /// All of it.
    pub const ALL: Self = Self { created: true, updated: true, only: None };
}

impl std::fmt::Debug for Show<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { created, updated, only } = self;
        write!(f, "Show {{ created: {created}, updated: {updated}, only: {} }}", only.is_some())
    }
}

impl std::fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { since, is_in, deleted } = self;
        write!(f, "Wanted {{ since: {since:?}, is_in: {}, deleted: {deleted} }}", is_in.is_some())
    }
}

/// Polls a list once, with the standard bounds. `state` is what the last poll gave; an empty one marks where counting
/// begins, and delivers nothing. Two things a host may give in place of one, to set a trigger back or to move it:
/// `{"since": TIME}` begins at that time, as `wanted.since` does; `{"state": {…}}`, with a state of this trigger that
/// was written for another service, goes on where that left off. See [`Trigger::REBASES`](crate::Trigger::REBASES).
///
/// Errors: `invalid-state` for a state that was not written for what is `watched`, and whatever the source gives.
pub fn poll(
    call: &Call<'_>,
    source: &mut impl PageSource,
    watched: &Watched<'_>,
    wanted: &Wanted<'_>,
    show: Show<'_>,
    state: Option<&[u8]>,
) -> Result<PollResult, Error> {
    let (state, wanted) = begin(call, watched, wanted, state)?;
    let polled = poll_pages(source, watched.trigger, state.as_ref(), &Bounds::STANDARD, &wanted)?;
    Ok(end(call, watched, &polled, show))
}

/// What a host gave in place of a state, and what is to be found then.
pub(super) fn begin<'w>(
    call: &Call<'_>,
    watched: &Watched<'_>,
    wanted: &Wanted<'w>,
    state: Option<&[u8]>,
) -> Result<(Option<State>, Wanted<'w>), Error> {
    let begin = state.map(|given| match blob::read(given, watched) {
        Ok(state) => Ok(Begin::Where(Box::new(state))),
        Err(refused) => rebase(given, watched).unwrap_or(Err(refused)),
    });
    let (state, wanted) = match begin.transpose()? {
        None => (None, *wanted),
        Some(Begin::Where(state)) => (Some(*state), *wanted),
        Some(Begin::Since(since)) => (None, Wanted { since: Some(since), ..*wanted }),
    };
    if state.is_some() && wanted.since.is_some() {
        call.log(Level::Debug, || "this is not a first poll: since is not heeded".to_owned());
    }
    Ok((state, wanted))
}

/// What a host is given for what a poll found, which is logged.
pub(super) fn end(call: &Call<'_>, watched: &Watched<'_>, polled: &Polled, show: Show<'_>) -> PollResult {
    call.log(Level::Info, || summary(polled));
    if polled.passed_over > 0 {
        call.log(Level::Warn, || passed_over(polled.passed_over));
    }
    for note in &polled.gone.notes {
        call.log(Level::Warn, || note.clone());
    }
    let (payload, no_changes) = payload(&polled.deliveries, &polled.gone.ids, show);
    let state = blob::write(&polled.state, watched);
    PollResult { payload, no_changes, state, more: polled.more, extensions: None }
}

/// Polls any source of pages once. Without a state it marks where counting begins, and delivers nothing.
pub fn poll_pages(
    source: &mut impl PageSource,
    names: &Names,
    state: Option<&State>,
    bounds: &Bounds,
    wanted: &Wanted<'_>,
) -> Result<Polled, Error> {
    let mut source = OneOwner {
        source,
        names,
        owner: state.and_then(|state| state.owner),
        served_at: None,
        has_holes: false,
        is_told: false,
    };
    let taken = if wanted.is_in.is_some() { entered::MAX_BYTES } else { 0 };
    let bounds = &Bounds { remembered_bytes: bounds.remembered_bytes.saturating_sub(taken), ..*bounds };
    let mut polled = match (state, wanted.since) {
        (None, None) => baseline(&mut source, bounds)?,
        (None, Some(since)) => backfill(&mut source, since, bounds)?,
        (Some(state), _) => poll_on(&mut source, state, bounds)?,
    };
    let mut entered = wanted.is_in.map(|_| state.and_then(|state| state.entered.clone()).unwrap_or_default());
    // Each of the two reads pages of its own: not in one poll, nor while more waits, which has made its requests.
    let surveys = !polled.more && entered.as_ref().is_some_and(|entered| !entered.surveyed);
    if wanted.deleted {
        let mut inventory = state.and_then(|state| state.inventory.clone()).unwrap_or_default();
        // Where the service once said whose the records are and now does not, they may be another's: all that was known
        // would seem to be deleted.
        let is_sure = source.is_told || state.is_none_or(|state| state.owner.is_none());
        let passed = Passed {
            deliveries: &polled.deliveries,
            are_through: !polled.more && !surveys && is_sure,
            deep_at: polled.state.deep_at,
            has_holes: source.has_holes,
            now: source.served_at,
        };
        polled.gone = inventory.go_on(&mut source, &passed, bounds).ok_or_else(blob::damaged)?;
        polled.state.inventory = Some(inventory);
    }
    if let Some((entered, is_in)) = entered.as_mut().zip(wanted.is_in) {
        polled.deliveries.retain(|id, node| entered.meet(id, is_in(node)));
        if surveys {
            entered.survey(&mut source, (polled.state.floor, &polled.state.known), is_in, bounds)?;
        }
    }
    polled.state.entered = entered;
    polled.state.owner = source.owner;
    Ok(polled)
}

/// Pages of one owner's records: those that a state was written for, where both it and the service say whose they are.
/// Nobody must say: there are keys that may not ask.
struct OneOwner<'a, S> {
    source: &'a mut S,
    names: &'a Names,
    owner: Option<u64>,
    /// The service's clock when it gave the first page, if it says.
    served_at: Option<Millis>,
    /// Whether one of the pages had holes.
    has_holes: bool,
    /// Whether the service said whose the records are.
    is_told: bool,
}

impl<S: PageSource> PageSource for OneOwner<'_, S> {
    fn fetch(&mut self, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let page = self.source.fetch(first, after)?;
        match (self.owner, page.owner) {
            (Some(expected), Some(owner)) if expected != owner => return Err(blob::other_owner(self.names)),
            (_, owner) => self.owner = owner.or(self.owner),
        }
        self.served_at = self.served_at.or(page.served_at);
        self.has_holes |= page.has_holes();
        self.is_told |= page.owner.is_some();
        Ok(page)
    }

    fn id(&self, node: &str) -> Option<String> {
        self.source.id(node)
    }

    fn existing(&mut self, ids: &[String]) -> Option<Result<Vec<String>, Error>> {
        self.source.existing(ids)
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
        return Ok(Polled {
            state: pass.suspend(&deliveries),
            deliveries,
            more: true,
            passed_over,
            ..Polled::default()
        });
    }
    let left_newer = pass.left_newer(&deliveries);
    let state = pass.complete(&deliveries);
    if !pass.is_resumed() || budget.is_spent() {
        return Ok(Polled { deliveries, state, more: left_newer, passed_over, ..Polled::default() });
    }
    // What changed while a drain went on stands above it, and only a pass from the top sees it.
    let mut pass = Pass::fresh(&state, bounds);
    let end = pass.run(source, &mut deliveries, &mut budget)?;
    let passed_over = passed_over + pass.untimed_passed_over();
    let (state, more) = match end {
        End::Bottom => (pass.complete(&deliveries), false),
        End::Budget if pass.has_found_news() => (pass.suspend(&deliveries), true),
        // With what the drain left of the budget it found nothing. The next poll begins with all of it, and not in the
        // middle.
        End::Budget => (state, left_newer),
    };
    Ok(Polled { deliveries, state, more, passed_over, ..Polled::default() })
}

/// Marks where counting begins: remembers what lies within the overlap, so that a record which was there is not taken
/// for a new one.
fn baseline(source: &mut impl PageSource, bounds: &Bounds) -> Result<Polled, Error> {
    // Nothing is delivered, so the only bound is the number of requests.
    let mut budget = Budget::new(&Bounds { delivering_pages: bounds.requests, ..*bounds });
    let mut found = Deliveries::default();
    let before = State::default();
    let mut pass = Pass::baseline(&before, bounds);
    if pass.run(source, &mut found, &mut budget)? == End::Budget {
        pass.cut_short();
    }
    let (state, passed_over) = (pass.complete(&found), pass.untimed_passed_over());
    Ok(Polled { state, passed_over, ..Polled::default() })
}

/// A first poll that delivers what was changed from a time on: the mark of a first poll, moved down to it, and the poll
/// after that.
fn backfill(source: &mut impl PageSource, since: Millis, bounds: &Bounds) -> Result<Polled, Error> {
    let mark = baseline(source, bounds)?.state;
    // Not above the mark: what becomes visible late, or is stamped before a time that has not come, would be lost.
    let floor = mark.floor.min(since.saturating_sub(1));
    // What the mark remembers of before is not what was asked for. Where the list is quiet that can reach back months.
    let known = mark.known.into_iter().filter(|version| version.is_timed() && version.modified < since).collect();
    poll_on(source, &State { floor, new_above: floor, watermark: floor, known, ..State::default() }, bounds)
}

/// The payload, `{"body": {"data": {"created": […], "updated": […], "deleted": […]}}}`, and whether it is without
/// changes. What is not to be shown is left out: the state advances past all of it.
pub fn payload(deliveries: &Deliveries, deleted: &[String], show: Show<'_>) -> (String, bool) {
    // Twice the size of a megabyte is a megabyte to copy and to touch.
    let nodes = deliveries.of(Class::Created).chain(deliveries.of(Class::Updated));
    let mut payload = String::with_capacity(64 + nodes.map(|node| node.len() + 1).sum::<usize>());
    payload.push_str(r#"{"body":{"data":{"created":["#);
    let shown = |class| deliveries.of(class).filter(move |node| show.only.is_none_or(|only| only(node)));
    let empty = payload.len();
    if show.created {
        push_values(&mut payload, shown(Class::Created));
    }
    let without_created = payload.len() == empty;
    payload.push_str(r#"],"updated":["#);
    let empty = payload.len();
    if show.updated {
        push_values(&mut payload, shown(Class::Updated));
    }
    let without_updated = payload.len() == empty;
    payload.push_str(r#"],"deleted":["#);
    let gone = deleted.iter().map(|id| format!(r#"{{"id":{}}}"#, quoted(id))).collect::<Vec<_>>();
    push_values(&mut payload, gone.iter().map(String::as_str));
    payload.push_str("]}}}");
    (payload, without_created && without_updated && deleted.is_empty())
}

fn passed_over(records: usize) -> String {
    format!(
        "{records} times a record without a readable time of its last change was passed over: of more than {} within \
         reach of one poll the changes of the others cannot be seen",
        Bounds::STANDARD.untimed
    )
}

fn summary(polled: &Polled) -> String {
    format!(
        "found {} created, {} updated and {} deleted{}",
        polled.deliveries.of(Class::Created).count(),
        polled.deliveries.of(Class::Updated).count(),
        polled.gone.ids.len(),
        if polled.more { ", and more wait" } else { "" }
    )
}
