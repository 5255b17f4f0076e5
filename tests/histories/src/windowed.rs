//! The trigger on a service whose list is in an order that nobody knows, and of which only what was changed after a day
//! can be asked for. The same records, changes and troubles as in [`crate::service`]; a day is short.

use crate::history::{Date, History, Settings, Ties, UntimedAt};
use crate::service::{Service, error, identify, page_of};
use crate::subject::{Delivered, Subject, watched};
use crate::world::{BEGINNING, Place, Shown, Visible, World};
use connector_sdk::contract::Error;
use connector_sdk::polling::blob;
use connector_sdk::polling::bounds::Bounds;
use connector_sdk::polling::classify::Class;
use connector_sdk::polling::{ChangePage, PageSource, Wanted, WindowBounds, WindowSource, poll_window_pages};
use connector_sdk::time::Millis;

/// How long a day is, and the overlap: records become visible up to half of that late, and the `Date` of the answers is
/// up to half of it ahead.
const DAY: Millis = 20_000;
const OVERLAP: Millis = 120_000;

/// A part of the design that a mutant lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// Nothing: what ships.
    Nothing,
    /// The overlap.
    Overlap,
    /// The margin before the day that is asked for.
    Margin,
    /// The second look, where there were fewer records than the service said.
    Readings,
}

/// The trigger.
#[derive(Debug)]
pub struct Windowed {
    bounds: WindowBounds,
    committed: Option<Vec<u8>>,
    left: Option<Vec<u8>>,
}

impl Windowed {
    /// The trigger before its first poll.
    pub fn new(settings: &Settings, lacks: Lacks) -> Self {
        let mut bounds = WindowBounds {
            pass: Bounds {
                overlap: OVERLAP,
                settling: 2 * OVERLAP,
                deep_every: 0,
                unreached: usize::MAX,
                ..settings.bounds
            },
            day: DAY,
            margin: DAY + DAY / 2,
            requests: 2_000,
            ..WindowBounds::STANDARD
        };
        match lacks {
            Lacks::Nothing => {}
            Lacks::Overlap => (bounds.pass.overlap, bounds.pass.settling) = (0, 0),
            Lacks::Margin => bounds.margin = 0,
            Lacks::Readings => bounds.readings = 1,
        }
        Self { bounds, committed: None, left: None }
    }
}

impl Subject for Windowed {
    fn poll(&mut self, service: &mut Service<'_>, _: Millis) -> Result<Delivered, Error> {
        let watched = watched(service);
        let state = self.committed.as_deref().map(|state| blob::read(state, &watched)).transpose()?;
        let since = service.settings.since.map(|before| BEGINNING - before);
        let wanted = Wanted { since, ..Wanted::default() };
        let polled =
            poll_window_pages(&mut Unordered(service), watched.trigger, state.as_ref(), &self.bounds, &wanted)?;
        self.left = Some(blob::write(&polled.state, &watched));
        Ok(Delivered {
            created: polled.deliveries.of(Class::Created).map(identify).collect(),
            updated: polled.deliveries.of(Class::Updated).map(identify).collect(),
            deleted: Vec::new(),
            more: polled.more,
        })
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
}

/// The history as such a service can have it: nobody is owed what has no time, because it is never listed; and the
/// `Date` at which a first poll begins is less than an overlap ahead, and where there is none it does not begin in the
/// future.
pub fn can_be_windowed(history: &History) -> History {
    let mut settings = Settings { untimed_at: UntimedAt::End, ..history.settings.clone() };
    match &mut settings.date {
        Date::Apart(by) => *by %= OVERLAP / 2,
        // Nobody could tell that it is in the future.
        Date::Missing => settings.since = settings.since.map(|before| before.max(0)),
        Date::True => {}
    }
    History { settings, ..history.clone() }
}

/// The service as it may be at worst: the day that is asked for does not count, and is that of the zone furthest
/// behind.
struct Unordered<'a, 'b>(&'a mut Service<'b>);

impl WindowSource for Unordered<'_, '_> {
    fn fetch(&mut self, since: Millis, first: u32, after: Option<&str>) -> Result<ChangePage, Error> {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let ties = self.0.settings.ties;
        let answered = self.0.answer_of(|world| list(world, ties, since), first, after).map_err(error)?;
        let end_cursor = answered.edges.last().map(|edge| edge.cursor.clone());
        Ok(ChangePage { end_cursor, total: u64::try_from(answered.total).ok(), ..page_of(&answered) })
    }

    fn now(&mut self) -> Result<Option<Millis>, Error> {
        self.0.tell_date().map_err(error)
    }

    fn id(&self, node: &str) -> Option<String> {
        PageSource::id(self.0, node)
    }
}

/// What was changed after a day, in the order of creation, the last changed first, or the last changed last.
fn list(world: &World, ties: Ties, since: Millis) -> Vec<(Place, Visible<'_>)> {
    let begins = since + DAY + DAY / 2;
    let mut list = world.list();
    list.retain(|(_, visible)| visible.version.shown == Shown::Right && visible.version.stamp >= begins);
    for (place, visible) in &mut list {
        let id = u64::from(visible.record.id);
        match ties {
            Ties::Inserted => *place = Place::from_numbers((1, 0, id)),
            Ties::Reverse => {}
            Ties::Scattered => *place = Place::from_numbers((1, Millis::MAX - visible.version.stamp, id)),
        }
    }
    list.sort_unstable_by_key(|(place, _)| *place);
    list
}
