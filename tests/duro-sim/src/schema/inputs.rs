//! What callers send: enums and input objects.

use async_graphql::{Enum, ID, InputObject};

/// Which library a component is in.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LibraryType {
    /// The company's shared production parts.
    General,
    /// The sandbox.
    Personal,
}

#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[graphql(rename_items = "lowercase")]
pub(crate) enum SortDirection {
    Asc,
    Desc,
}

/// The kind of a change order.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeOrderType {
    /// Engineering change order.
    Eco,
    /// Manufacturing change order.
    Mco,
    /// Document change order.
    Dco,
}

impl ChangeOrderType {
    /// As the service writes it.
    pub(crate) fn as_text(self) -> &'static str {
        match self {
            ChangeOrderType::Eco => "ECO",
            ChangeOrderType::Mco => "MCO",
            ChangeOrderType::Dco => "DCO",
        }
    }
}

#[derive(InputObject, Clone, Copy, Debug)]
pub(crate) struct ComponentsOrderByInput {
    pub(crate) last_modified: Option<SortDirection>,
    pub(crate) created: Option<SortDirection>,
    pub(crate) name: Option<SortDirection>,
    pub(crate) cpn: Option<SortDirection>,
}

#[derive(InputObject, Clone, Copy, Debug)]
pub(crate) struct ChangeOrdersOrderByInput {
    pub(crate) con: Option<SortDirection>,
    pub(crate) last_modified: Option<SortDirection>,
    pub(crate) name: Option<SortDirection>,
}

/// Each field that is given must occur in the record, in any case of letters.
#[derive(InputObject, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SearchFields {
    pub(crate) cpn: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) eid: Option<String>,
    pub(crate) category: Option<String>,
}

#[derive(InputObject, Clone, Debug)]
pub(crate) struct CreateChangeOrderInput {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    #[graphql(name = "type")]
    pub(crate) kind: Option<ChangeOrderType>,
}

#[derive(InputObject, Clone, Debug)]
pub(crate) struct ComponentChildInput {
    pub(crate) component_id: Option<ID>,
    pub(crate) quantity: Option<f64>,
    pub(crate) item_number: Option<i32>,
}

#[derive(InputObject, Clone, Debug)]
pub(crate) struct UpdateComponentInput {
    pub(crate) id: Option<ID>,
    pub(crate) children: Option<Vec<Option<ComponentChildInput>>>,
}
