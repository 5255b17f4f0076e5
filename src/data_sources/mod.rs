//! What fills a dropdown: one file a data source.

mod select_component;

#[cfg(test)]
mod tests;

pub(crate) use select_component::SelectComponent;
