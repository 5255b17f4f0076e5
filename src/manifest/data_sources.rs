//! The one data source: the dropdown of parts.

use super::{About, DataSource, actions::LIBRARY_TYPE};

/// Every data source.
pub const DATA_SOURCES: &[DataSource] = &[SELECT_COMPONENT];

/// `selectComponent`
pub const SELECT_COMPONENT: DataSource = DataSource {
    about: About {
        key: "selectComponent",
        label: "Select component",
        description: "The parts and assemblies of a library by name. Search with a part number, or with words of the name.",
        inputs: &[LIBRARY_TYPE],
        input_schema: include_str!("input_schemas/select_component.json"),
        result_schema: include_str!("schemas/select_component.json"),
        example_payload: include_str!("examples/select_component.json"),
    },
    searchable: true,
};
