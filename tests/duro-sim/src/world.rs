//! All that the service holds, and the ways in which it changes. Every change stamps `lastModified` with the
//! service's own clock.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fastrand::Rng;

use crate::clock::Clock;
use crate::parts;
use crate::schema::change_order::ChangeOrder;
use crate::schema::component::{Component, Product};
use crate::schema::inputs::{ChangeOrderType, LibraryType, UpdateComponentInput};
use crate::schema::shared::{Child, Company, Con, User};
use crate::schema::time::DateTime;
use crate::table::{Record, Table};

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) company: Company,
    pub(crate) users: Vec<Arc<User>>,
    pub(crate) components: Table<Component>,
    pub(crate) products: Table<Product>,
    pub(crate) change_orders: Table<ChangeOrder>,
    /// Counts every id handed out, so that no two are equal.
    pub(crate) ids: u32,
    pub(crate) parts: usize,
    pub(crate) change_numbers: u32,
}

impl World {
    /// Who the accepted keys belong to.
    pub(crate) fn current_user(&self) -> Option<Arc<User>> {
        self.users.first().cloned()
    }

    /// A company that is not the service's own.
    pub(crate) fn another_company(&mut self) -> Company {
        let id = self.new_id(self.clock.now());
        Company { id: Some(id), name: Some("Another Company".to_owned()), users: Some(Vec::new()) }
    }

    /// 24 hex digits: seconds, random digits, a counter, as document stores make them.
    pub(crate) fn new_id(&mut self, millisecond: i64) -> ID {
        self.ids += 1;
        let seconds = u32::try_from(millisecond.max(0) / 1000).unwrap_or(u32::MAX);
        let random = self.rng.u64(..1 << 40);
        ID(format!("{seconds:08x}{random:010x}{:06x}", self.ids & 0x00ff_ffff))
    }

    /// A key as the service makes them: a JSON Web Token that ends in 90 days by the real clock, which is the host's.
    pub(crate) fn new_key(&mut self) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let end = now.as_secs() + 90 * 24 * 3600;
        let part = |json: String| URL_SAFE_NO_PAD.encode(json);
        let id = self.new_id(self.clock.now());
        let payload = part(format!(r#"{{"id":"{}","exp":{end}}}"#, id.as_str()));
        format!("{}.{payload}.{}", part(r#"{"alg":"HS256"}"#.to_owned()), part(format!("{:016x}", self.rng.u64(..))))
    }

    /// The times of `count` records that are added now, each `gap` after the one before; the clock moves to the last.
    fn times(&mut self, count: usize, gap: Duration) -> Vec<i64> {
        let start = self.clock.now();
        let gap_milliseconds = i64::try_from(gap.as_millis()).unwrap_or(i64::MAX);
        let times: Vec<i64> =
            (0..count).map(|n| start.saturating_add(gap_milliseconds.saturating_mul(n as i64))).collect();
        let gaps = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
        self.clock.advance(gap.saturating_mul(gaps));
        times
    }

    pub(crate) fn add_components(&mut self, library: LibraryType, names: &[String], gap: Duration) -> Vec<String> {
        let times = self.times(names.len(), gap);
        let added = names.iter().zip(times).map(|(name, time)| {
            let mut component = parts::component(self, library, time, time);
            component.set_name(name);
            Record::id(self.components.insert(component).as_ref()).to_owned()
        });
        added.collect()
    }

    /// Adds change orders with any names at all, blank ones included: real companies have them.
    pub(crate) fn add_change_orders(&mut self, names: &[String], gap: Duration) -> Vec<String> {
        let times = self.times(names.len(), gap);
        let added = names.iter().zip(times).map(|(name, time)| {
            let change_order = self.draft(name, None, None, time);
            Record::id(self.change_orders.insert(change_order).as_ref()).to_owned()
        });
        added.collect()
    }

    /// The change order, or what is wrong with the input.
    pub(crate) fn create_change_order(
        &mut self,
        name: &str,
        description: Option<String>,
        kind: Option<ChangeOrderType>,
    ) -> Result<Arc<ChangeOrder>, String> {
        if name.trim().is_empty() {
            return Err("A change order needs a name".to_owned());
        }
        let now = self.clock.now();
        let change_order = self.draft(name, description, kind, now);
        Ok(self.change_orders.insert(change_order))
    }

    fn draft(
        &mut self,
        name: &str,
        description: Option<String>,
        kind: Option<ChangeOrderType>,
        now: i64,
    ) -> ChangeOrder {
        ChangeOrder {
            sequence: 0,
            id: Some(self.new_id(now)),
            con: Some(self.next_change_number(now)),
            name: Some(name.to_owned()),
            kind: Some(kind.unwrap_or(ChangeOrderType::Eco).as_text().to_owned()),
            description,
            status: Some("DRAFT".to_owned()),
            resolution: None,
            approval_type: None,
            document_links: Some(Vec::new()),
            erp_options: None,
            created: Some(DateTime(now)),
            last_modified: Some(DateTime(now)),
            creator: self.current_user(),
        }
    }

    pub(crate) fn next_change_number(&mut self, millisecond: i64) -> Con {
        self.change_numbers += 1;
        let display_value = Some(format!("CO-{:06}", self.change_numbers));
        Con { id: Some(self.new_id(millisecond)), display_value }
    }

    /// The component as it is afterwards, or what is wrong with the input.
    pub(crate) fn update_component(&mut self, input: UpdateComponentInput) -> Result<Arc<Component>, String> {
        let id = input.id.ok_or_else(|| "updateComponent needs an id".to_owned())?;
        let unknown = |id: &str| format!("There is no component with the id `{id}`");
        if self.components.get(&id).is_none() {
            return Err(unknown(&id));
        }
        let children = match input.children {
            None => None,
            Some(lines) => {
                let mut children = Vec::with_capacity(lines.len());
                for line in lines.into_iter().flatten() {
                    let child = line.component_id.ok_or_else(|| "A child needs a componentId".to_owned())?;
                    if self.components.get(&child).is_none() {
                        return Err(unknown(&child));
                    }
                    children.push(Some(Child {
                        quantity: Some(line.quantity.unwrap_or(1.0)),
                        item_number: line.item_number,
                        notes: None,
                        ref_des: None,
                        waste: None,
                        assembly_revision: None,
                        component_id: child.0,
                    }));
                }
                Some(children)
            }
        };
        let now = self.clock.now();
        let updated = self.components.edit(&id, |component| {
            if children.is_some() {
                component.children = children;
            }
            component.modified = Some(true);
            component.set_last_modified(now);
        });
        updated.ok_or_else(|| unknown(&id))
    }
}

/// Renames a record as an edit by a user would. False if there is none with this id.
pub(crate) fn rename<T: Record>(table: &mut Table<T>, id: &str, name: &str, now: i64) -> bool {
    let renamed = table.edit(id, |record| {
        record.set_name(name);
        record.set_last_modified(now);
    });
    renamed.is_some()
}

/// Marks a record as changed, and nothing else.
pub(crate) fn touch<T: Record>(table: &mut Table<T>, id: &str, now: i64) -> bool {
    table.edit(id, |record| record.set_last_modified(now)).is_some()
}
