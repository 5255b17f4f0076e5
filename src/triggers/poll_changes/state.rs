//! What one poll leaves for the next. See `docs/polling.md` for what each part is for.

use super::bounds::Bounds;
use super::memory::{Known, Order, Version, sort};
use super::walk::Joint;
use crate::duro::Millis;

/// What one poll leaves for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The newest `lastModified` when the last complete pass began. All times are the service's own.
    pub watermark: Millis,
    /// The service's clock when the watermark was first seen, if the service says.
    pub seen_at: Option<Millis>,
    /// Everything at or below this was delivered, and nothing becomes visible there any more.
    pub floor: Millis,
    /// What was delivered above the floor.
    pub known: Known,
    /// The pass that is not at its end.
    pub drain: Option<Drain>,
}

/// A pass that a later poll goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drain {
    /// Where the watermark goes when the drain is done.
    pub upper: Millis,
    /// The service's clock when the pass began, if the service says.
    pub began_at: Option<Millis>,
    /// What lies above `lowest` and at or below this was delivered.
    pub zone: Millis,
    /// How far down delivery got.
    pub lowest: Millis,
    /// Where the walk goes on; from the top if none.
    pub joint: Option<Joint>,
}

impl State {
    /// Remembers those of the delivered versions that something still depends on, as many as fit.
    ///
    /// When they do not fit, what goes first is what only matters if a drain must begin again at the top, then what only matters at
    /// the bottom of a drain: forgetting either means repeats. Then the overlap is shortened to what can be remembered,
    /// which means that a record which becomes visible late, among thousands that changed within the same minute, is missed.
    pub fn remember(&mut self, delivered: Vec<Version>, bounds: &Bounds) {
        let (floor, watermark, lowest) = (self.floor, self.watermark, self.drain.as_ref().map(|drain| drain.lowest));
        let zone = self.drain.as_ref().map_or(floor, |drain| drain.zone);
        let mut kept = Known::new(delivered).versions().to_vec();
        let in_old_window = |version: &Version| version.modified <= watermark;
        kept.retain(|version| {
            let needed = version.modified > zone || in_old_window(version) || Some(version.modified) == lowest;
            version.modified > floor && needed
        });
        if kept.len() > bounds.remembered {
            kept.retain(|version| version.modified > zone || in_old_window(version));
        }
        if kept.len() > bounds.remembered {
            kept.retain(|version| version.modified > zone);
        }
        if kept.len() > bounds.remembered {
            sort(&mut kept, Order::NewestFirst);
            let forgotten = kept.get(bounds.remembered).map_or(zone, |version| version.modified);
            kept.retain(|version| version.modified > forgotten);
            match &mut self.drain {
                Some(drain) => drain.zone = forgotten,
                None => self.floor = forgotten,
            }
        }
        self.known = Known::new(kept);
    }
}
