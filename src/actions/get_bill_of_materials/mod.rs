//! `getBillOfMaterials`: the whole structure of a part or a product.

mod quantity;
mod shapes;
mod structure;

#[cfg(test)]
mod tests;

use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, choices, inputs};

use crate::service::client;
use shapes::Writer;
use structure::{Known, Root, Structure};

pub(super) use structure::QUERIES;

choices! {
    /// How a structure is given.
    pub(crate) enum Shape {
        /// One row a line, with its level.
        Indented = "indented" => "Indented: a row for each line, with its level",
        /// One row a part.
        Flat = "flat" => "Flat: a row for each part, with its quantity in all",
        /// Lines within lines.
        Nested = "nested" => "Nested: each part within the one that it belongs to",
    }
}

inputs! {
    /// What the structure is of, and how it is given.
    pub(crate) struct Wanted {
        component_id: Option<String> = Field::optional_text("componentId", "Component ID")
            .example(Literal::Text("60c8d5f0a1b2c3d4e5f60718"))
            .picked_from("selectComponent")
            .help("The id of the part or assembly; pick it from the list. Fill in this or the product."),
        product_id: Option<String> = Field::optional_text("productId", "Product ID")
            .example(Literal::Text("5c80f3a0b1c2d3e4f5061728"))
            .picked_from("selectProduct")
            .help("The id of the product; pick it from the list. Fill in this or the component."),
        shape: Shape = Field::choice("shape", "Shape", "indented")
            .example(Literal::Text("flat"))
            .help(
                "Indented and nested show every line as often as it stands in the structure. Flat adds up what one \
                 root needs of each part, quantities multiplied on the way down, exactly.",
            ),
        max_depth: u32 = Field::whole_number("maxDepth", "Levels at Most", 1, 50, 20)
            .example(Literal::Number(20))
            .help("How many levels below the root are read, from 1 to 50. What lies deeper is left out, and the result \
                   says so."),
        max_lines: u32 = Field::whole_number("maxLines", "Lines at Most", 1, 20_000, 10_000)
            .example(Literal::Number(10_000))
            .help("How many lines are given, from 1 to 20,000. What is more is left out, and the result says so."),
    }
}

/// The action.
#[derive(Debug)]
pub(crate) struct GetBillOfMaterials;

impl Action for GetBillOfMaterials {
    const OPERATION: Operation = Operation {
        key: "getBillOfMaterials",
        label: "Get Bill of Materials",
        description: "Gets the whole structure of a part, an assembly or a product, level by level, as rows or as a \
                      tree. Each distinct part is asked for once, a hundred in one request.",
        result_schema: include_str!("result.schema.json"),
        example: include_str!("example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let given = |id: Option<String>| id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        let (root, id) = match (given(wanted.component_id), given(wanted.product_id)) {
            (Some(id), None) => (Root::Component, id),
            (None, Some(id)) => (Root::Product, id),
            (None, None) => return Err(Error::invalid_input("componentId", "fill in this or productId")),
            (Some(_), Some(_)) => {
                return Err(Error::invalid_input("productId", "fill in this or componentId, and not both"));
            }
        };
        let most = usize::try_from(wanted.max_lines).unwrap_or(usize::MAX);
        let structure = Structure::read(&client(call), root, &id, wanted.max_depth, most)?;
        if structure.parts.first().is_none_or(|part| part.known == Known::NotFound) {
            let kind = if root == Root::Component { "component" } else { "product" };
            return Err(super::one_by_id::nothing_there(kind, &id));
        }
        let writer = Writer::new(&structure, wanted.max_depth, most);
        Ok(match wanted.shape {
            Shape::Indented => writer.indented(),
            Shape::Flat => writer.flat(),
            Shape::Nested => writer.nested(),
        })
    }
}
