//! Changes to the data from outside of GraphQL: what a test or a control endpoint asks for, as one function each, for
//! both kinds of record that can be polled.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;
use serde::Serialize;
use serde_json::Value;

use crate::names;
use crate::schema::inputs::LibraryType;
use crate::service::Service;
use crate::table::{Record, Table};
use crate::world::{World, rename, touch};

/// The two kinds of record that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Components of both libraries.
    Components,
    /// Change orders.
    ChangeOrders,
}

impl FromStr for Resource {
    type Err = String;

    fn from_str(text: &str) -> Result<Resource, String> {
        match text {
            "components" => Ok(Resource::Components),
            "change-orders" => Ok(Resource::ChangeOrders),
            _ => Err(format!("unknown resource `{text}`: choose components or change-orders")),
        }
    }
}

/// What most tests want to know of a record. Times are milliseconds since 1970, in service time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// 24 hex digits.
    pub id: String,
    /// Null for one record of a default world.
    pub name: Option<String>,
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub last_modified: i64,
}

impl RecordView {
    fn of<T: Record>(record: &T) -> RecordView {
        RecordView {
            id: record.id().to_owned(),
            name: record.name().map(str::to_owned),
            created: record.created().unwrap_or_default(),
            last_modified: record.last_modified().unwrap_or_default(),
        }
    }
}

impl Service {
    /// New records at the current time, each later one `gap` after the one before. Components go to the company's
    /// library.
    pub(crate) fn add(&self, resource: Resource, names: &[String], gap: Duration) -> Vec<String> {
        let mut world = self.world();
        match resource {
            Resource::Components => world.add_components(LibraryType::General, names, gap),
            Resource::ChangeOrders => world.add_change_orders(names, gap),
        }
    }

    /// As [`Service::add`], with generated names.
    pub(crate) fn add_many(&self, resource: Resource, count: usize, gap: Duration) -> Vec<String> {
        let names: Vec<String> = {
            let mut world = self.world();
            let first = world.parts;
            (first..first + count).map(|number| names::part(&mut world.rng, number)).collect()
        };
        self.add(resource, &names, gap)
    }

    pub(crate) fn rename(&self, resource: Resource, id: &str, name: &str) -> bool {
        let mut world = self.world();
        let now = world.clock.now();
        match resource {
            Resource::Components => rename(&mut world.components, id, name, now),
            Resource::ChangeOrders => rename(&mut world.change_orders, id, name, now),
        }
    }

    pub(crate) fn touch(&self, resource: Resource, id: &str) -> bool {
        let mut world = self.world();
        let now = world.clock.now();
        match resource {
            Resource::Components => touch(&mut world.components, id, now),
            Resource::ChangeOrders => touch(&mut world.change_orders, id, now),
        }
    }

    /// See [`crate::DuroSim::show_last_modified`].
    pub(crate) fn show_last_modified(&self, id: &str, shown: Option<Value>) {
        let times = &mut self.settings().shown_times;
        match shown {
            Some(shown) => times.insert(id.to_owned(), shown),
            None => times.remove(id),
        };
    }

    /// Touches up to `count` different records picked by the seed, all at the same millisecond. Of components those of
    /// the company's library.
    pub(crate) fn touch_many(&self, resource: Resource, count: usize) -> Vec<String> {
        let mut world = self.world();
        let now = world.clock.now();
        let World { rng, components, change_orders, .. } = &mut *world;
        match resource {
            Resource::Components => {
                touch_some(components, rng, count, now, |part| part.library == LibraryType::General)
            }
            Resource::ChangeOrders => touch_some(change_orders, rng, count, now, |_| true),
        }
    }

    /// See [`crate::DuroSim::decide`].
    pub(crate) fn decide(&self, id: &str, status: &str, resolution: Option<&str>) -> bool {
        let mut world = self.world();
        let now = world.clock.now();
        let decided = world.change_orders.edit(id, |order| {
            order.status = Some(status.to_owned());
            order.resolution = resolution.map(str::to_owned);
            order.set_last_modified(now);
        });
        decided.is_some()
    }

    /// See [`crate::DuroSim::move_component`].
    pub(crate) fn move_component(&self, id: &str, library: LibraryType) -> bool {
        self.world().components.edit(id, |component| component.library = library).is_some()
    }

    pub(crate) fn delete(&self, resource: Resource, id: &str) -> bool {
        let mut world = self.world();
        match resource {
            Resource::Components => world.components.delete(id),
            Resource::ChangeOrders => world.change_orders.delete(id),
        }
    }

    pub(crate) fn view(&self, resource: Resource, id: &str) -> Option<RecordView> {
        let world = self.world();
        match resource {
            Resource::Components => world.components.get(id).map(|record| RecordView::of(record.as_ref())),
            Resource::ChangeOrders => world.change_orders.get(id).map(|record| RecordView::of(record.as_ref())),
        }
    }

    /// The products of one library, in the order of insertion.
    pub(crate) fn products(&self, library: LibraryType) -> Vec<RecordView> {
        let world = self.world();
        let products = world.products.iter().filter(|product| product.library == library);
        products.map(|record| RecordView::of(record.as_ref())).collect()
    }

    /// Every record in the order of insertion; of components those of one library.
    pub(crate) fn views(&self, resource: Resource, library: LibraryType) -> Vec<RecordView> {
        let world = self.world();
        match resource {
            Resource::Components => {
                let parts = world.components.iter().filter(|part| part.library == library);
                parts.map(|record| RecordView::of(record.as_ref())).collect()
            }
            Resource::ChangeOrders => {
                world.change_orders.iter().map(|record| RecordView::of(record.as_ref())).collect()
            }
        }
    }
}

fn touch_some<T: Record>(
    table: &mut Table<T>,
    rng: &mut Rng,
    count: usize,
    now: i64,
    eligible: impl Fn(&T) -> bool,
) -> Vec<String> {
    let all = table.iter().filter(|record| eligible(record.as_ref())).map(|record| record.id().to_owned());
    let picked: BTreeSet<String> = rng.choose_multiple(all, count).into_iter().collect();
    picked.into_iter().filter(|id| touch(table, id, now)).collect()
}
