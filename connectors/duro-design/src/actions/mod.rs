//! What a flow can do: one file an action, beside its query and an example of its result. Each gives the service's
//! records as the service wrote them.

mod find_components_by_part_number;
mod get_component_by_id;
mod list_components;
mod raw_request;

#[cfg(test)]
mod tests;

pub(crate) use find_components_by_part_number::FindComponentsByPartNumber;
pub(crate) use get_component_by_id::GetComponentById;
pub(crate) use list_components::ListComponents;
pub(crate) use raw_request::RawRequest;

/// What each action asks of the service.
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("findComponentsByPartNumber", list_components::list_components::QUERY),
    ("getComponentById", list_components::list_components::QUERY),
    ("listComponents", list_components::list_components::QUERY),
];
