//! Components and products: the parts of the library and what is built of them.

use std::sync::Arc;

use async_graphql::{ID, SimpleObject};

use super::inputs::LibraryType;
use super::shared::{Child, Cpn, DocumentLink, File, Revision, User};
use super::time::DateTime;

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct CustomSpec {
    pub(crate) key: Option<String>,
    pub(crate) spec_id: Option<String>,
    pub(crate) value: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Mpn {
    pub(crate) key: Option<String>,
    pub(crate) src: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Manufacturer {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) mpn: Option<Mpn>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct PrimarySource {
    pub(crate) dpn: Option<String>,
    pub(crate) distributor: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) min_quantity: Option<f64>,
    pub(crate) mpn: Option<String>,
    pub(crate) unit_price: Option<f64>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Component {
    /// Place in the order of insertion; unique for ever, also across deletions.
    #[graphql(skip)]
    pub(crate) sequence: u64,
    #[graphql(skip)]
    pub(crate) library: LibraryType,
    pub(crate) id: Option<ID>,
    pub(crate) name: Option<String>,
    pub(crate) alias: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) mass: Option<f64>,
    pub(crate) category: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) eid: Option<String>,
    pub(crate) cpn: Option<Cpn>,
    pub(crate) legacy_cpn: Option<String>,
    pub(crate) revision_value: Option<String>,
    pub(crate) workflow_state: Option<String>,
    pub(crate) vendor_id: Option<String>,
    pub(crate) unit_of_measure: Option<String>,
    pub(crate) modified: Option<bool>,
    pub(crate) archived: Option<bool>,
    pub(crate) created: Option<DateTime>,
    pub(crate) last_modified: Option<DateTime>,
    pub(crate) creator: Option<Arc<User>>,
    pub(crate) images: Option<Vec<Option<File>>>,
    pub(crate) image_ids: Option<Vec<Option<ID>>>,
    pub(crate) document_links: Option<Vec<Option<DocumentLink>>>,
    pub(crate) manufacturers: Option<Vec<Option<Manufacturer>>>,
    pub(crate) primary_source: Option<PrimarySource>,
    pub(crate) specs: Option<Vec<Option<Spec>>>,
    pub(crate) custom_specs: Option<Vec<Option<CustomSpec>>>,
    pub(crate) revision_history: Option<Vec<Option<Revision>>>,
    pub(crate) children: Option<Vec<Option<Child>>>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Product {
    #[graphql(skip)]
    pub(crate) sequence: u64,
    #[graphql(skip)]
    pub(crate) library: LibraryType,
    pub(crate) id: Option<ID>,
    pub(crate) name: Option<String>,
    pub(crate) alias: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) revision_value: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) last_modified: Option<DateTime>,
    pub(crate) cpn: Option<Cpn>,
    pub(crate) images: Option<Vec<Option<File>>>,
    pub(crate) children: Option<Vec<Option<Child>>>,
}
