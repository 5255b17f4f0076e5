//! `createChangeOrder`: sent once, because sending it twice makes two change orders.

use crate::duro::queries::{CreateChangeOrder, create_change_order};
use crate::duro::{Client, missing};
use crate::error::Error;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::manifest::CHANGE_ORDER_TYPES;
use create_change_order::{ChangeOrderType, CreateChangeOrderInput, Variables};

pub(super) fn read(inputs: &mut Inputs) -> CreateChangeOrderInput {
    CreateChangeOrderInput {
        name: Some(inputs.required_text("name")),
        description: inputs.optional_text("description"),
        type_: Some(match inputs.choice("type", CHANGE_ORDER_TYPES, "ECO").as_str() {
            "MCO" => ChangeOrderType::Mco,
            "DCO" => ChangeOrderType::Dco,
            _ => ChangeOrderType::Eco,
        }),
    }
}

pub(super) fn perform(client: &Client<'_, impl Host>, input: CreateChangeOrderInput) -> Result<String, Error> {
    let answer = client.run_once::<CreateChangeOrder>(Variables { input: Some(input) })?;
    answer.member("createChangeOrder")?.ok_or_else(|| missing("the change order it should have made"))?;
    Ok(answer.data().to_owned())
}
