//! What components, products and change orders are listed, ordered and searched by.

use async_graphql::ID;

use crate::schema::change_order::ChangeOrder;
use crate::schema::component::{Component, Product};
use crate::schema::inputs::{
    ChangeOrdersOrderByInput, ComponentsOrderByInput, LibraryType, SearchFields, SortDirection,
};
use crate::schema::time::DateTime;
use crate::table::{Key, Order, Record};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ComponentField {
    LastModified,
    Created,
    Name,
    Cpn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChangeOrderField {
    Con,
    LastModified,
    Name,
}

/// Products are listed in one order alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProductField {}

/// A library, and the search in it with its texts in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ComponentFilter {
    library: LibraryType,
    search: SearchFields,
}

impl ComponentFilter {
    pub(crate) fn new(library: LibraryType, search: Option<SearchFields>) -> ComponentFilter {
        let lower = |text: Option<String>| text.map(|text| text.to_lowercase());
        let search = search.unwrap_or_default();
        let search = SearchFields {
            cpn: lower(search.cpn),
            name: lower(search.name),
            status: lower(search.status),
            eid: lower(search.eid),
            category: lower(search.category),
        };
        ComponentFilter { library, search }
    }
}

/// The fields of each input in the order of the schema; an input normally names one.
pub(crate) fn component_order(inputs: Option<Vec<Option<ComponentsOrderByInput>>>) -> Order<Component> {
    let fields = inputs.into_iter().flatten().flatten().flat_map(|input| {
        [
            (ComponentField::LastModified, input.last_modified),
            (ComponentField::Created, input.created),
            (ComponentField::Name, input.name),
            (ComponentField::Cpn, input.cpn),
        ]
    });
    given(fields)
}

/// See [`component_order`].
pub(crate) fn change_order_order(inputs: Option<Vec<Option<ChangeOrdersOrderByInput>>>) -> Order<ChangeOrder> {
    let fields = inputs.into_iter().flatten().flatten().flat_map(|input| {
        [
            (ChangeOrderField::Con, input.con),
            (ChangeOrderField::LastModified, input.last_modified),
            (ChangeOrderField::Name, input.name),
        ]
    });
    given(fields)
}

fn given<F>(fields: impl Iterator<Item = (F, Option<SortDirection>)>) -> Vec<(F, SortDirection)> {
    fields.filter_map(|(field, direction)| Some((field, direction?))).collect()
}

fn text(value: Option<&String>) -> Key<'_> {
    value.map_or(Key::Null, |text| Key::Text(text))
}

fn time(value: Option<DateTime>) -> Key<'static> {
    value.map_or(Key::Null, |time| Key::Number(time.0))
}

fn id_text(id: Option<&ID>) -> &str {
    id.map_or("", |id| id.as_str())
}

/// Whether `wanted`, already in lower case, is absent or occurs in `value`.
fn contains(value: Option<&String>, wanted: Option<&String>) -> bool {
    match (wanted, value) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(value)) => value.to_lowercase().contains(wanted),
    }
}

impl Record for Component {
    type Field = ComponentField;
    type Filter = ComponentFilter;

    fn id(&self) -> &str {
        id_text(self.id.as_ref())
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn set_name(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    fn created(&self) -> Option<i64> {
        self.created.map(|time| time.0)
    }

    fn last_modified(&self) -> Option<i64> {
        self.last_modified.map(|time| time.0)
    }

    fn set_last_modified(&mut self, millisecond: i64) {
        self.last_modified = Some(DateTime(millisecond));
    }

    fn key(&self, field: ComponentField) -> Key<'_> {
        match field {
            ComponentField::LastModified => time(self.last_modified),
            ComponentField::Created => time(self.created),
            ComponentField::Name => text(self.name.as_ref()),
            ComponentField::Cpn => text(self.cpn.as_ref().and_then(|cpn| cpn.display_value.as_ref())),
        }
    }

    fn matches(&self, filter: &ComponentFilter) -> bool {
        let search = &filter.search;
        let cpn = self.cpn.as_ref().and_then(|cpn| cpn.display_value.as_ref());
        self.library == filter.library
            && contains(cpn, search.cpn.as_ref())
            && contains(self.name.as_ref(), search.name.as_ref())
            && contains(self.status.as_ref(), search.status.as_ref())
            && contains(self.eid.as_ref(), search.eid.as_ref())
            && contains(self.category.as_ref(), search.category.as_ref())
    }
}

impl Record for ChangeOrder {
    type Field = ChangeOrderField;
    type Filter = ();

    fn id(&self) -> &str {
        id_text(self.id.as_ref())
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn set_name(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    fn created(&self) -> Option<i64> {
        self.created.map(|time| time.0)
    }

    fn last_modified(&self) -> Option<i64> {
        self.last_modified.map(|time| time.0)
    }

    fn set_last_modified(&mut self, millisecond: i64) {
        self.last_modified = Some(DateTime(millisecond));
    }

    fn key(&self, field: ChangeOrderField) -> Key<'_> {
        match field {
            ChangeOrderField::Con => text(self.con.as_ref().and_then(|con| con.display_value.as_ref())),
            ChangeOrderField::LastModified => time(self.last_modified),
            ChangeOrderField::Name => text(self.name.as_ref()),
        }
    }

    fn matches(&self, (): &()) -> bool {
        true
    }
}

impl Record for Product {
    type Field = ProductField;
    type Filter = LibraryType;

    fn id(&self) -> &str {
        id_text(self.id.as_ref())
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn set_name(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    fn created(&self) -> Option<i64> {
        None
    }

    fn last_modified(&self) -> Option<i64> {
        self.last_modified.map(|time| time.0)
    }

    fn set_last_modified(&mut self, millisecond: i64) {
        self.last_modified = Some(DateTime(millisecond));
    }

    fn key(&self, field: ProductField) -> Key<'_> {
        match field {}
    }

    fn matches(&self, library: &LibraryType) -> bool {
        self.library == *library
    }
}
