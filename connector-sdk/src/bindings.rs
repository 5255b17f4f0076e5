//! What is generated from `wit/`. Nobody names it: [`crate::contract`] gives its types their names, and
//! [`crate::export!`] uses its macro.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::indexing_slicing, clippy::unwrap_used)]

wit_bindgen::generate!({
    world: "connector",
    path: "../wit",
    pub_export_macro: true,
    default_bindings_module: "connector_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});
