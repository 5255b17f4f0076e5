//! What of a trigger is kept beyond this start: the events of its timeline, and its state as the last of them left it.

use std::collections::VecDeque;
use std::sync::Arc;

use host::egress::Secrets;

use super::{MOST_EVENTS, Trigger};
use crate::ui::events::{Event, State, What};

/// What is to be written.
pub(in crate::ui) struct Unwritten {
    /// The events that were not given away before, the oldest first.
    pub(in crate::ui) events: Vec<Arc<Event>>,
    /// The last event of all, which left this state.
    pub(in crate::ui) last: u64,
    pub(in crate::ui) state: State,
    /// Where the state comes from, for people.
    pub(in crate::ui) origin: String,
}

/// What was written before.
pub(in crate::ui) struct Earlier {
    /// The oldest first.
    pub(in crate::ui) events: Vec<Event>,
    /// The last event of all, of which there may be nothing else left.
    pub(in crate::ui) last: u64,
    pub(in crate::ui) state: State,
    pub(in crate::ui) origin: String,
}

impl Trigger {
    /// What was not written yet; none if there is nothing new.
    pub(in crate::ui) fn unwritten(&self) -> Option<Unwritten> {
        let mut inner = self.inner();
        let (written, last) = (inner.written, inner.last_id);
        inner.written = last;
        let events: Vec<_> = inner.events.iter().filter(|event| event.id > written).cloned().collect();
        let (state, origin) = inner.settled.clone();
        (last > written).then_some(Unwritten { events, last, state, origin })
    }

    /// Begins where an earlier start ended.
    pub(in crate::ui) fn restore(&self, earlier: Earlier) {
        let mut inner = self.inner();
        let polls = earlier.events.iter().filter_map(|event| Some(event.poll()?.number));
        inner.polls = polls.max().unwrap_or_default();
        inner.last_id = earlier.events.last().map_or(0, |event| event.id).max(earlier.last);
        inner.written = inner.last_id;
        let new = earlier.events.len().saturating_sub(MOST_EVENTS);
        inner.events = earlier.events.into_iter().skip(new).map(Arc::new).collect::<VecDeque<_>>();
        inner.state = earlier.state;
        inner.state_version += 1;
        inner.origin = earlier.origin;
        inner.settle();
    }

    /// Lets go of all events; the state stays. Gives the last of them.
    pub(in crate::ui) fn clear(&self) -> u64 {
        let last = {
            let mut inner = self.inner();
            inner.events.clear();
            inner.written = inner.last_id;
            inner.is_unseen = false;
            inner.last_id
        };
        self.changed();
        last
    }

    /// Takes secrets out of what the polls are called to have delivered, and of why they failed.
    pub(in crate::ui) fn scrub(&self, secrets: &Secrets) {
        for event in &mut self.inner().events {
            let Some(poll) = event.poll() else { continue };
            let mut poll = poll.clone();
            if poll.run.result.is_err() {
                poll.run = poll.run.scrubbed(secrets);
            }
            for title in poll.delivery.lists.iter_mut().flat_map(|list| &mut list.titles) {
                *title = secrets.scrub(std::mem::take(title));
            }
            *event = Arc::new(Event { id: event.id, at: event.at, what: What::Poll(Box::new(poll)) });
        }
    }
}
