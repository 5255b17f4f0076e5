//! `findComponentsByPartNumber`

use connector_sdk::inputs::{Field, Literal};
use connector_sdk::json::push_values;
use connector_sdk::{Action, Call, Error, Operation, inputs, json, result_schema};

use super::list_components::find;
use super::list_components::list_components::Variables;

/// The most components that are looked through for those numbers: the service may give more than those that have one of
/// them, and its documentation does not say.
const MOST: u32 = 1_000;

inputs! {
    /// Which components.
    pub(crate) struct Wanted {
        numbers: Vec<String> = Field::words("partNumbers", "Part numbers")
            .required()
            .example(Literal::Text("212-00001, 212-00002"))
            .help("The part numbers (CPN) as Duro writes them, parted by commas."),
    }
}

/// The action.
#[derive(Debug)]
pub(crate) struct FindComponentsByPartNumber;

impl Action for FindComponentsByPartNumber {
    const OPERATION: Operation = Operation {
        key: "findComponentsByPartNumber",
        label: "Find components by part number",
        description: "Finds the components of the library that have one of these part numbers. The list is empty where \
                      none has.",
        result_schema: result_schema!("list_components"),
        example: include_str!("list_components.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let numbers = wanted.numbers;
        if numbers.is_empty() {
            return Err(Error::invalid_input(
                "partNumbers",
                "is blank; give a part number, or several parted by commas",
            ));
        }
        let filter = Variables { cpns: Some(numbers.clone()), ..Variables::default() };
        let list = find(call, &filter, MOST)?;
        if list.has_next_page {
            return Err(Error::UnexpectedResponse(format!(
                "the service gives more than {MOST} components for these part numbers; ask for fewer at once"
            )));
        }
        let has_one = |node: &&str| {
            let number = json::text_member(node, "cpn").ok().flatten();
            number.is_some_and(|number| numbers.contains(&number))
        };
        let mut found = String::from("[");
        push_values(&mut found, list.edges.iter().filter_map(|edge| edge.node.as_deref()).filter(has_one));
        found.push(']');
        Ok(found)
    }
}
