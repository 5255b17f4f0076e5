//! The data of a new world, the same for the same seed: times lie before [`DATA_END`], whatever the clock says.

use std::sync::Arc;

use fastrand::Rng;

use crate::clock::Clock;
use crate::names;
use crate::parts;
use crate::schema::change_order::{ChangeOrder, ErpEffectivity, ErpItemType, ErpOptions};
use crate::schema::component::Product;
use crate::schema::inputs::LibraryType;
use crate::schema::shared::{Company, User};
use crate::schema::time::DateTime;
use crate::table::Table;
use crate::world::World;

/// 2019-03-01T08:00:00Z: when the company began to use the service.
const DATA_START: i64 = 1_551_427_200_000;
/// 2025-01-31T18:00:00Z: nothing in a new world is newer.
pub(crate) const DATA_END: i64 = 1_738_346_400_000;

const PRODUCTS: usize = 24;
const USERS: usize = 12;

/// How much a new world holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) general: usize,
    pub(crate) personal: usize,
    pub(crate) change_orders: usize,
}

pub(crate) fn world(seed: u64, size: Size, clock: Clock) -> World {
    let mut world = World {
        clock,
        rng: Rng::with_seed(seed),
        company: Company { id: None, name: None, users: None },
        users: Vec::new(),
        components: Table::new(),
        products: Table::new(),
        change_orders: Table::new(),
        ids: 0,
        parts: 0,
        change_numbers: 0,
    };
    world.users = (0..USERS).map(|number| Arc::new(user(&mut world, number))).collect();
    let id = world.new_id(DATA_START);
    let users = world.users.iter().cloned().map(Some).collect();
    world.company =
        Company { id: Some(id), name: Some("Crème & Søn \"Robotics\" Ltd.".to_owned()), users: Some(users) };

    fill(&mut world, LibraryType::General, size.general);
    fill(&mut world, LibraryType::Personal, size.personal);
    for number in 0..PRODUCTS {
        let product = product(&mut world, number);
        world.products.insert(product);
    }
    let mut times = Times::new(size.change_orders);
    for number in 0..size.change_orders {
        let (created, modified) = times.next(&mut world.rng);
        let change_order = change_order(&mut world, number, created, modified);
        world.change_orders.insert(change_order);
    }
    world
}

/// Adds `count` components whose times spread over the years of the data.
fn fill(world: &mut World, library: LibraryType, count: usize) {
    let mut times = Times::new(count);
    for _ in 0..count {
        let (created, modified) = times.next(&mut world.rng);
        let component = parts::component(world, library, created, modified);
        world.components.insert(component);
    }
}

/// Times of creation that grow, each with a later time of change. A few records share theirs with the one before.
struct Times {
    step: i64,
    created: i64,
    modified: i64,
    number: usize,
}

impl Times {
    fn new(count: usize) -> Times {
        let count = i64::try_from(count.max(1)).unwrap_or(i64::MAX);
        let step = ((DATA_END - DATA_START) / count).max(1);
        Times { step, created: DATA_START, modified: DATA_START, number: 0 }
    }

    fn next(&mut self, rng: &mut Rng) -> (i64, i64) {
        let base = self.created;
        self.created = (base + self.step).min(DATA_END);
        self.number += 1;
        let created = (base + rng.i64(0..self.step)).min(DATA_END);
        if !self.number.is_multiple_of(20) {
            self.modified = rng.i64(created..=DATA_END);
        }
        (created, self.modified.max(created))
    }
}

fn user(world: &mut World, number: usize) -> User {
    let (first, last) = names::person(number);
    let created = DATA_START + 86_400_000 * i64::try_from(number).unwrap_or_default();
    User {
        id: Some(world.new_id(created)),
        email: Some(format!("user{number}+duro@example.com")),
        first_name: Some(first.to_owned()),
        last_name: Some(last.to_owned()),
        created: Some(DateTime(created)),
        role: Some(one_of(&mut world.rng, &["ADMIN", "USER", "REVIEWER", "SUPPLIER"])),
        title: often(&mut world.rng, 6).then(|| "Mechanical Engineer, \"R&D\"".to_owned()),
        last_login: often(&mut world.rng, 7).then_some(DateTime(DATA_END - created % 9_000_000)),
    }
}

fn product(world: &mut World, number: usize) -> Product {
    let created = DATA_START + 7 * 86_400_000 * i64::try_from(number).unwrap_or_default();
    let library = if number % 4 == 3 { LibraryType::Personal } else { LibraryType::General };
    let name = names::part(&mut world.rng, number);
    let images = (0..number % 3).map(|_| Some(parts::file(world, "image/png", "png", created))).collect();
    Product {
        sequence: 0,
        library,
        id: Some(world.new_id(created)),
        name: Some(format!("Product {number}: {name}")),
        alias: often(&mut world.rng, 5).then(|| format!("P{number}")),
        description: often(&mut world.rng, 5).then(|| "Shipped as a kit".to_owned()),
        revision_value: Some("A".to_owned()),
        status: Some(one_of(&mut world.rng, &parts::STATUSES)),
        last_modified: Some(DateTime(created)),
        cpn: Some(parts::part_number("999", number)),
        images: Some(images),
        children: parts::children(world, library, created),
    }
}

fn change_order(world: &mut World, number: usize, created: i64, modified: i64) -> ChangeOrder {
    let con = world.next_change_number(created);
    let status = one_of(&mut world.rng, &["DRAFT", "OPEN", "ON_HOLD", "CLOSED"]);
    let closed = status == "CLOSED";
    let documents = (0..world.rng.usize(0..3)).map(|_| Some(parts::document(world, created))).collect();
    let id = world.new_id(created);
    let creator = parts::some_user(world);
    let rng = &mut world.rng;
    ChangeOrder {
        sequence: 0,
        id: Some(id),
        con: Some(con),
        name: Some(names::change(rng, number)),
        kind: Some(one_of(rng, &["ECO", "ECO", "MCO", "DCO"])),
        description: often(rng, 7).then(|| format!("Reason: field return #{number}, see \"8D\"")),
        status: Some(status),
        resolution: closed.then(|| one_of(rng, &["APPROVED", "REJECTED", "WITHDRAWN"])),
        approval_type: often(rng, 8).then(|| "UNANIMOUS".to_owned()),
        document_links: Some(documents),
        erp_options: often(rng, 4).then(|| ErpOptions {
            effectivity: Some(ErpEffectivity { start_date: Some(DateTime(modified)), end_date: None }),
            item_type: Some(ErpItemType { value: Some("Purchased".to_owned()) }),
        }),
        created: Some(DateTime(created)),
        last_modified: Some(DateTime(modified)),
        creator,
    }
}

/// True in so many of ten cases.
pub(crate) fn often(rng: &mut Rng, of_ten: u8) -> bool {
    rng.u8(..10) < of_ten
}

/// One of the texts, or an empty one if there are none.
pub(crate) fn one_of(rng: &mut Rng, choices: &[&str]) -> String {
    rng.choice(choices).map(|choice| (*choice).to_owned()).unwrap_or_default()
}
