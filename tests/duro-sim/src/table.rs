//! One kind of record: kept in the order of insertion, found by id, listed in any order with the lists kept until
//! something changes.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use crate::schema::inputs::SortDirection;

/// How many sorted lists are kept between changes. Callers page through one or two at a time.
const KEPT_LISTS: usize = 16;

/// What a record is sorted by, and what a sort-key cursor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'a> {
    Null,
    Number(i64),
    Text(&'a str),
}

/// A record that can be kept in a [`Table`].
pub(crate) trait Record: Clone + Send + Sync + 'static {
    /// What lists can be ordered by.
    type Field: Copy + Debug + Eq + Hash + Send + Sync;
    /// What lists can be narrowed by.
    type Filter: Clone + Eq + Hash + Send + Sync;

    fn id(&self) -> &str;
    fn sequence(&self) -> u64;
    fn set_sequence(&mut self, sequence: u64);
    fn name(&self) -> Option<&str>;
    fn set_name(&mut self, name: &str);
    /// Milliseconds, service time.
    fn created(&self) -> Option<i64>;
    fn last_modified(&self) -> Option<i64>;
    fn set_last_modified(&mut self, millisecond: i64);
    fn key(&self, field: Self::Field) -> Key<'_>;
    fn matches(&self, filter: &Self::Filter) -> bool;
}

/// The order of a list, most significant field first. Ties go by insertion.
pub(crate) type Order<T> = Vec<(<T as Record>::Field, SortDirection)>;

/// A snapshot of a list: it does not change while a request reads it.
pub(crate) type List<T> = Arc<Vec<Arc<T>>>;

type ListKey<T> = (<T as Record>::Filter, Order<T>);

pub(crate) struct Table<T: Record> {
    rows: BTreeMap<u64, Arc<T>>,
    by_id: HashMap<String, u64>,
    next_sequence: u64,
    lists: HashMap<ListKey<T>, List<T>>,
}

impl<T: Record> Table<T> {
    pub(crate) fn new() -> Table<T> {
        Table { rows: BTreeMap::new(), by_id: HashMap::new(), next_sequence: 0, lists: HashMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn insert(&mut self, mut record: T) -> Arc<T> {
        self.lists.clear();
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        record.set_sequence(sequence);
        let record = Arc::new(record);
        self.by_id.insert(record.id().to_owned(), sequence);
        self.rows.insert(sequence, Arc::clone(&record));
        record
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<T>> {
        self.rows.get(self.by_id.get(id)?).cloned()
    }

    /// Every record in the order of insertion.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.rows.values()
    }

    /// Changes one record; readers of an earlier snapshot keep the old version.
    pub(crate) fn edit(&mut self, id: &str, change: impl FnOnce(&mut T)) -> Option<Arc<T>> {
        let row = self.rows.get_mut(self.by_id.get(id)?)?;
        self.lists.clear();
        change(Arc::make_mut(row));
        Some(Arc::clone(row))
    }

    pub(crate) fn delete(&mut self, id: &str) -> bool {
        let Some(sequence) = self.by_id.remove(id) else { return false };
        self.lists.clear();
        self.rows.remove(&sequence).is_some()
    }

    /// The records that match, in that order. Sorted once until the next change.
    pub(crate) fn list(&mut self, filter: &T::Filter, order: &Order<T>) -> List<T> {
        let key = (filter.clone(), order.clone());
        if let Some(list) = self.lists.get(&key) {
            return Arc::clone(list);
        }
        let mut list: Vec<Arc<T>> = self.rows.values().filter(|record| record.matches(filter)).cloned().collect();
        if !order.is_empty() {
            list.sort_by(|a, b| compare(a.as_ref(), b.as_ref(), order));
        }
        let list = Arc::new(list);
        if self.lists.len() >= KEPT_LISTS {
            self.lists.clear();
        }
        self.lists.insert(key, Arc::clone(&list));
        list
    }
}

/// Compares by each field of the order, then by insertion.
pub(crate) fn compare<T: Record>(a: &T, b: &T, order: &Order<T>) -> Ordering {
    for (field, direction) in order {
        let ordering = directed(a.key(*field).cmp(&b.key(*field)), *direction);
        if ordering.is_ne() {
            return ordering;
        }
    }
    a.sequence().cmp(&b.sequence())
}

/// `ordering` as it is, or turned round where the direction is descending.
pub(crate) fn directed(ordering: Ordering, direction: SortDirection) -> Ordering {
    match direction {
        SortDirection::Asc => ordering,
        SortDirection::Desc => ordering.reverse(),
    }
}
