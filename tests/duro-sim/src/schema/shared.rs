//! The object types that components, products and change orders share.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};

use super::component::Component;
use super::time::DateTime;
use crate::service::state;

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct PageInfo {
    pub(crate) has_next_page: Option<bool>,
    pub(crate) end_cursor: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Cpn {
    pub(crate) display_value: Option<String>,
    pub(crate) variant: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Con {
    pub(crate) id: Option<ID>,
    pub(crate) display_value: Option<String>,
}

#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub(crate) struct User {
    pub(crate) id: Option<ID>,
    pub(crate) email: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) created: Option<DateTime>,
    pub(crate) role: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) last_login: Option<DateTime>,
}

#[ComplexObject]
impl User {
    async fn primary_company(&self, context: &Context<'_>) -> Result<Option<Company>> {
        // That of the key, where it is another company's.
        if let Some(company) = context.data_opt::<Company>() {
            return Ok(Some(company.clone()));
        }
        let service = state(context)?;
        let world = service.world();
        Ok(Some(world.company.clone()))
    }
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Company {
    pub(crate) id: Option<ID>,
    pub(crate) name: Option<String>,
    pub(crate) users: Option<Vec<Option<Arc<User>>>>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: Option<ID>,
    pub(crate) name: Option<String>,
    pub(crate) mime: Option<String>,
    pub(crate) size: Option<i32>,
    pub(crate) src: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) archived: Option<bool>,
    pub(crate) created: Option<DateTime>,
    pub(crate) creator: Option<Arc<User>>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct DocumentSpecs {
    pub(crate) status: Option<String>,
    #[graphql(name = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) revision: Option<String>,
    pub(crate) last_modified: Option<DateTime>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct DocumentLink {
    pub(crate) document: Option<File>,
    pub(crate) specs: Option<DocumentSpecs>,
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) id: Option<ID>,
    pub(crate) cpn: Option<Cpn>,
    pub(crate) revision_value: Option<String>,
}

/// One line of a bill of materials. It holds the child's id, so that the child's own edits show through.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub(crate) struct Child {
    pub(crate) quantity: Option<f64>,
    pub(crate) item_number: Option<i32>,
    pub(crate) notes: Option<String>,
    pub(crate) ref_des: Option<String>,
    pub(crate) waste: Option<f64>,
    pub(crate) assembly_revision: Option<Revision>,
    #[graphql(skip)]
    pub(crate) component_id: String,
}

#[ComplexObject]
impl Child {
    async fn component(&self, context: &Context<'_>) -> Result<Option<Arc<Component>>> {
        let service = state(context)?;
        let world = service.world();
        Ok(world.components.get(&self.component_id))
    }
}

#[derive(SimpleObject, Clone, Debug)]
pub(crate) struct ApiToken {
    pub(crate) token: Option<String>,
}
