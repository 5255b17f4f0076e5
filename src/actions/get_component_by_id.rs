//! `getComponentById`

use crate::duro::Client;
use crate::duro::queries::{GetComponentById, get_component_by_id};
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use get_component_by_id::Variables;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "componentsByIds")]
    components: Option<Vec<Option<IgnoredAny>>>,
}

pub(super) fn read(inputs: &mut Inputs) -> String {
    inputs.required_text("componentId").trim().to_owned()
}

pub(super) fn perform(client: &Client<'_, impl Host>, id: String) -> Result<String, Error> {
    let answer = client.run::<GetComponentById>(Variables { ids: Some(vec![Some(id.clone())]) })?;
    let data: Data = answer.read_data()?;
    if data.components.unwrap_or_default().into_iter().flatten().next().is_none() {
        return Err(Error::NotFound(format!(
            "there is no component with the id {id:?} in this Duro environment, or the API key's owner may not see it"
        )));
    }
    Ok(answer.data()?.to_owned())
}
