//! `getProductById`

use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, inputs, result_schema};

use super::one_by_id::the_one;
use crate::service::{client, query};
use get_product_by_id::Variables;

query!(GetProductById, "src/actions/get_product_by_id.graphql");

inputs! {
    /// Which product.
    pub(crate) struct Wanted {
        product_id: String = Field::text("productId", "Product ID")
            .example(Literal::Text("5c80f3a0b1c2d3e4f5061728"))
            .placeholder("5c80f3a0b1c2d3e4f5061728")
            .picked_from("selectProduct")
            .help(
                "The id of the product, 24 hexadecimal digits; pick it from the list, or take it from an earlier step.",
            ),
    }
}

impl Action for GetProductById {
    const OPERATION: Operation = Operation {
        key: "getProductById",
        label: "Get Product by ID",
        description: "Gets one product with its direct children.",
        result_schema: result_schema!("get_product_by_id"),
        example: include_str!("get_product_by_id.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let id = wanted.product_id.trim();
        let answer = client(call).run::<Self>(Variables { ids: Some(vec![Some(id.to_owned())]) })?;
        the_one(&answer, "productsByIds", "product", id)
    }
}
