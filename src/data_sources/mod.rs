//! What fills a dropdown: one file a data source.

mod search;
mod select_component;
mod select_product;

#[cfg(test)]
mod tests;

pub(crate) use select_component::SelectComponent;
pub(crate) use select_product::SelectProduct;

/// What each data source asks of Duro.
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("selectComponent", select_component::select_component::QUERY),
    ("selectProduct", select_product::select_product::QUERY),
];
