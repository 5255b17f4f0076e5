//! `getComponentById`

use crate::duro::queries::{GetComponentById, get_component_by_id};
use crate::duro::{Client, misshapen};
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::json::{Problem, Scanner};
use get_component_by_id::Variables;

pub(super) fn read(inputs: &mut Inputs) -> String {
    inputs.required_text("componentId").trim().to_owned()
}

pub(super) fn perform(client: &Client<'_, impl Host>, id: String) -> Result<String, Error> {
    let answer = client.run::<GetComponentById>(Variables { ids: Some(vec![Some(id.clone())]) })?;
    let found = answer.member("componentsByIds")?.map_or(Ok(false), holds_one).map_err(misshapen)?;
    if !found {
        return Err(Error::NotFound(format!(
            "there is no component with the id {id:?} in this Duro environment, or the API key's owner may not see it"
        )));
    }
    Ok(answer.data().to_owned())
}

/// Whether a list holds anything but null.
fn holds_one(list: &str) -> Result<bool, Problem> {
    let mut scanner = Scanner::new(list);
    let mut first = scanner.begin_array()?;
    while scanner.item(&mut first)? {
        if !scanner.is_null()? {
            return Ok(true);
        }
        scanner.skip()?;
    }
    Ok(false)
}
