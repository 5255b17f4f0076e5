//! `listComponents`

use crate::duro::queries::{ListComponents, list_components};
use crate::duro::{Client, fetch_list};
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::manifest::LIBRARIES;
use list_components::{LibraryType, Variables};

pub(super) struct ListOfComponents {
    library_type: LibraryType,
    first: u32,
}

pub(super) fn read(inputs: &mut Inputs) -> ListOfComponents {
    let library_type = match inputs.choice("libraryType", LIBRARIES, "GENERAL").as_str() {
        "PERSONAL" => LibraryType::Personal,
        _ => LibraryType::General,
    };
    ListOfComponents { library_type, first: super::read_first(inputs) }
}

pub(super) fn perform(client: &Client<'_, impl Host>, input: ListOfComponents) -> Result<String, Error> {
    let list = fetch_list::<ListComponents>(client, input.first, |first, after| Variables {
        library_type: Some(input.library_type.clone()),
        first: Some(first),
        after,
    })?;
    Ok(list.nodes_as_json())
}
