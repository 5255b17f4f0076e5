//! `listComponents`; and the query of all actions that look for components.

use connector_sdk::graphql::{List, fetch_list};
use connector_sdk::inputs::{Field, Literal};
use connector_sdk::{Action, Call, Error, Operation, choices, inputs, result_schema};

use crate::service::{client, query};
use list_components::Variables;

query!(ListComponents, "src/actions/list_components.graphql");

choices! {
    /// Which components of a kind, if not all.
    pub(crate) enum Kinds {
        /// All of them.
        All = "all" => "All",
        /// Parts.
        Parts = "PART" => "Parts",
        /// Assemblies.
        Assemblies = "ASSEMBLY" => "Assemblies",
        /// Documents.
        Documents = "DOCUMENT" => "Documents",
    }
}

impl Kinds {
    fn category_type(self) -> Option<CategoryType> {
        match self {
            Self::All => None,
            Self::Parts => Some(CategoryType::Part),
            Self::Assemblies => Some(CategoryType::Assembly),
            Self::Documents => Some(CategoryType::Document),
        }
    }
}

inputs! {
    /// Which components, and how many.
    pub(crate) struct Wanted {
        name: Option<String> = Field::optional_text("name", "Name")
            .example(Literal::Text("Bracket"))
            .help("Only components whose name holds this. All when left blank."),
        kinds: Kinds = Field::choice("categoryType", "Category type", "all")
            .example(Literal::Text("ASSEMBLY"))
            .help("Only components of this kind."),
        archived: bool = Field::boolean("onlyArchived", "Only archived", false)
            .example(Literal::Boolean(true))
            .help(
                "Only components that are archived. Otherwise nothing is said of it to the service, whose \
                 documentation does not say whether it lists archived components then.",
            ),
        first: u32 = Field::whole_number("first", "First N items", 1, 10_000, 100)
            .example(Literal::Number(250))
            .help("How many components to get, from 1 to 10,000; 100 when left blank. More than 100 are fetched page \
                   by page."),
    }
}

impl Action for ListComponents {
    const OPERATION: Operation = Operation {
        key: "listComponents",
        label: "List components",
        description: "Lists the components of the library.",
        result_schema: result_schema!("list_components"),
        example: include_str!("list_components.example.json"),
    };
    type Inputs = Wanted;

    fn perform(call: &Call<'_>, wanted: Wanted) -> Result<String, Error> {
        let filter = Variables {
            name: wanted.name,
            category_type: wanted.kinds.category_type(),
            is_archived: wanted.archived.then_some(true),
            ..Variables::default()
        };
        Ok(find(call, &filter, wanted.first)?.nodes_as_json())
    }
}

/// The first components that a filter leaves, page by page.
pub(super) fn find(call: &Call<'_>, filter: &Variables, first: u32) -> Result<List, Error> {
    let variables = |first, after| Variables { first: Some(first), after, ..filter.clone() };
    fetch_list::<ListComponents>(&client(call)?, &["component", "findAll"], first, variables)
}
