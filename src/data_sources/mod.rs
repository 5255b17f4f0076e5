//! What fills a dropdown: one file a data source.

mod search;
mod select_component;
mod select_product;

#[cfg(test)]
mod tests;

pub(crate) use select_component::SelectComponent;
pub(crate) use select_product::SelectProduct;
