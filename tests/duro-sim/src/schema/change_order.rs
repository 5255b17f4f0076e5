//! Change orders.

use std::sync::Arc;

use async_graphql::{ID, SimpleObject};

use super::shared::{Con, DocumentLink, User};
use super::time::DateTime;

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct ErpEffectivity {
    pub(crate) start_date: Option<DateTime>,
    pub(crate) end_date: Option<DateTime>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct ErpItemType {
    pub(crate) value: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct ErpOptions {
    pub(crate) effectivity: Option<ErpEffectivity>,
    pub(crate) item_type: Option<ErpItemType>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct ChangeOrder {
    /// Place in the order of insertion; unique for ever, also across deletions.
    #[graphql(skip)]
    pub(crate) sequence: u64,
    pub(crate) id: Option<ID>,
    pub(crate) con: Option<Con>,
    pub(crate) name: Option<String>,
    #[graphql(name = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) resolution: Option<String>,
    pub(crate) approval_type: Option<String>,
    pub(crate) document_links: Option<Vec<Option<DocumentLink>>>,
    pub(crate) erp_options: Option<ErpOptions>,
    pub(crate) created: Option<DateTime>,
    pub(crate) last_modified: Option<DateTime>,
    pub(crate) creator: Option<Arc<User>>,
}
