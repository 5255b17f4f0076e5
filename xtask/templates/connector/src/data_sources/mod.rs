//! What fills a dropdown: one file a data source.

mod select_thing;

pub(crate) use select_thing::SelectThing;
