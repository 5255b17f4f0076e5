//! What fills a dropdown: one file a data source.

mod select_component;

pub(crate) use select_component::SelectComponent;

/// What each data source asks of the service.
pub(crate) const QUERIES: &[(&str, &str)] = &[("selectComponent", select_component::select_component::QUERY)];
