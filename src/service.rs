//! The Duro service: how it is asked, and what its own words mean.

use connector_sdk::Call;
use connector_sdk::graphql::{Client, Refused, Service};

pub(crate) use crate::inputs::{ChangeOrderType, LibraryType};

/// ISO 8601 in UTC with milliseconds, as text.
pub(crate) type DateTime = String;

/// The name that the generated code gives the scalar `ID` in variables.
pub(crate) type Id = String;

/// What is particular about Duro.
const DURO: Service = Service { name: "Duro", credential: "API key", header: ("apiToken", "apiKey"), words: refused };

/// A client of the connection's endpoint.
pub(crate) fn client<'a>(call: &Call<'a>) -> Client<'a> {
    Client::new(call, &DURO)
}

/// A bad key is `Unauthorized`, with whatever status; a missing permission is a sentence.
fn refused(message: &str) -> Option<Refused> {
    let word = message.trim().trim_end_matches('.');
    if word.eq_ignore_ascii_case("unauthorized") || word.eq_ignore_ascii_case("unauthenticated") {
        return Some(Refused::Credential);
    }
    let message = message.to_ascii_lowercase();
    let forbids = message.contains("not authorized to") || message.contains("not authorised to");
    forbids.then_some(Refused::Permission)
}

/// Makes a type of a query, which is checked against the service's schema when it is compiled: a field that the schema
/// does not have does not compile. All values of an answer are optional, because any may be null or missing.
macro_rules! query {
    ($name:ident, $file:tt) => {
        #[allow(unused_imports, reason = "what a query does not use")]
        use $crate::service::{ChangeOrderType, DateTime, Id, LibraryType};

        #[doc = concat!("The query of `", $file, "`, and what it is for.")]
        #[derive(graphql_client::GraphQLQuery)]
        #[graphql(
                                                                    schema_path = "src/duro-v1.graphql",
                                                                    query_path = $file,
                                                                    variables_derives = "Debug, Clone",
                                                                    extern_enums("LibraryType", "ChangeOrderType"),
                                                                    skip_serializing_none,
                                                                    normalization = "rust"
                                                                )]
        pub(crate) struct $name;
    };
}

pub(crate) use query;
