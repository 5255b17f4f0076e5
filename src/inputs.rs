//! Inputs that several operations have, and the choices of the service.

use connector_sdk::graphql::MAX_PAGE_SIZE;
use connector_sdk::inputs::{Field, Literal};

/// How many records a list action gives when it is not told.
const DEFAULT_FIRST: u32 = 100;

/// The most records that one list action gives: a hundred requests. Whoever wants a whole large library is better
/// served by the trigger, or by `rawRequest` with a cursor.
const MAX_FIRST: u32 = 10_000;

/// How many items of a list one action can ask for.
pub(crate) const FIRST: Field<u32> = Field::whole_number("first", "First N Items", 1, MAX_FIRST, DEFAULT_FIRST)
    .example(Literal::Number(250))
    .placeholder("100")
    .help(
        "How many items to get, from 1 to 10,000; 100 when left blank. More than 100 are fetched page by page. You get \
         fewer when there are no more.",
    );

/// How many items one page of a dropdown has at most.
pub(crate) const FIRST_OF_PAGE: Field<u32> = Field::whole_number(
    "first",
    "First N Items",
    1,
    MAX_PAGE_SIZE,
    MAX_PAGE_SIZE,
)
.example(Literal::Number(10))
.placeholder("100")
.help(
    "How many items one page has at most, from 1 to 100; 100 when left blank. A search by words of the name may give \
             fewer and go on with the next page.",
);

connector_sdk::choices! {
    /// The libraries of parts.
    pub(crate) enum LibraryType {
        /// That of the company.
        General = "GENERAL" => "Company library",
        /// That of the API key's owner.
        Personal = "PERSONAL" => "Personal sandbox",
    }
}

/// Which library of parts to look in.
pub(crate) const LIBRARY_TYPE: Field<LibraryType> = Field::choice("libraryType", "Library Type", "GENERAL")
    .example(Literal::Text("GENERAL"))
    .help("The company library holds the parts everyone shares; the sandbox holds those of the API key's owner.");

connector_sdk::choices! {
    /// The types of change orders.
    pub(crate) enum ChangeOrderType {
        /// Engineering.
        Eco = "ECO" => "Engineering change order (ECO)",
        /// Manufacturing.
        Mco = "MCO" => "Manufacturing change order (MCO)",
        /// Documents.
        Dco = "DCO" => "Document change order (DCO)",
    }
}

/// Character by character, which is what searching needs: `str::to_lowercase` looks around a final sigma, so that a
/// word would not be found at the beginning of a longer one.
pub(crate) fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
