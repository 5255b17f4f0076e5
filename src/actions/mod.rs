//! What a flow can do: one file an action, beside its query and an example of its result. Each gives the service's
//! records as the service wrote them.

mod create_change_order;
mod find_components;
mod get_bill_of_materials;
mod get_change_order;
mod get_component_by_id;
mod get_current_user;
mod get_product_by_id;
mod list_change_orders;
mod list_company_users;
mod list_components;
mod list_products;
mod one_by_id;
mod raw_request;
mod reasons;

#[cfg(test)]
mod tests;

pub(crate) use create_change_order::CreateChangeOrder;
pub(crate) use find_components::FindComponents;
pub(crate) use get_bill_of_materials::GetBillOfMaterials;
pub(crate) use get_change_order::GetChangeOrder;
pub(crate) use get_component_by_id::GetComponentById;
pub(crate) use get_current_user::GetCurrentUser;
pub(crate) use get_product_by_id::GetProductById;
pub(crate) use list_change_orders::ListChangeOrders;
pub(crate) use list_company_users::ListCompanyUsers;
pub(crate) use list_components::ListComponents;
pub(crate) use list_products::ListProducts;
pub(crate) use raw_request::RawRequest;

/// What each action asks of Duro.
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("createChangeOrder", create_change_order::create_change_order::QUERY),
    ("findComponents", find_components::find_components::QUERY),
    ("getBillOfMaterials", get_bill_of_materials::QUERIES[0]),
    ("getBillOfMaterials", get_bill_of_materials::QUERIES[1]),
    ("getChangeOrder", list_change_orders::list_change_orders::QUERY),
    ("getComponentById", get_component_by_id::get_component_by_id::QUERY),
    ("getCurrentUser", get_current_user::get_current_user::QUERY),
    ("getProductById", get_product_by_id::get_product_by_id::QUERY),
    ("listChangeOrders", list_change_orders::list_change_orders::QUERY),
    ("listCompanyUsers", list_company_users::list_company_users::QUERY),
    ("listComponents", list_components::list_components::QUERY),
    ("listProducts", list_products::list_products::QUERY),
];
