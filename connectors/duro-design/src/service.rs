//! The service: how it is asked.

use connector_sdk::graphql::{Client, Service, misshapen};
use connector_sdk::{Call, Error, json};

connector_sdk::choices! {
    /// What a component can be.
    pub(crate) enum CategoryType {
        /// A part.
        Part = "PART" => "Part",
        /// An assembly.
        Assembly = "ASSEMBLY" => "Assembly",
        /// A document.
        Document = "DOCUMENT" => "Document",
    }
}

/// ISO 8601, as text.
pub(crate) type DateTime = String;

/// The name that the generated code gives the scalar `ID` in variables.
pub(crate) type Id = String;

/// What is particular about the service. Its errors have the usual codes, as far as its documentation shows them.
const DURO_DESIGN: Service =
    Service { name: "Duro Design", credential: "API key", header: ("x-api-key", "apiKey"), words: |_| None };

/// The fields of the connection that go into headers, each with its header.
const CONTEXT: [(&str, &str); 2] = [(ORGANIZATION, "x-organization"), (LIBRARY, "x-library")];
/// The key of the field with the organization.
pub(crate) const ORGANIZATION: &str = "organization";
/// The key of the field with the library.
pub(crate) const LIBRARY: &str = "library";

/// A client of the connection's endpoint, which says with each request whose records are meant.
pub(crate) fn client<'a>(call: &Call<'a>) -> Result<Client<'a>, Error> {
    let mut client = Client::new(call, &DURO_DESIGN);
    for (field, header) in CONTEXT {
        client = client.with_header(header, context(call, field)?);
    }
    Ok(client)
}

/// The value of a field that goes into a header.
pub(crate) fn context(call: &Call<'_>, field: &str) -> Result<String, Error> {
    let value = json::text_member(&call.connection.fields, field).map_err(misshapen)?.unwrap_or_default();
    let value = value.trim();
    if value.is_empty() {
        return Err(Error::invalid_input(field, "is blank; the address of your library in Duro names it"));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "holds blanks or letters that no header can carry; give the UUID, or the name that begins with @";
        return Err(Error::invalid_input(field, message));
    }
    Ok(value.to_owned())
}

/// Makes a type of a query, which is checked against the service's schema when it is compiled. Input objects stand in
/// the queries as they are written there, and variables are of types that the documentation names: what the service
/// calls the others is not known.
// Its attribute would be moved further to the right by every run of rustfmt.
#[rustfmt::skip]
macro_rules! query {
    ($name:ident, $file:tt) => {
        #[allow(unused_imports, reason = "what a query does not use")]
        use $crate::service::{CategoryType, DateTime, Id};

        #[doc = concat!("The query of `", $file, "`, and what it is for.")]
        #[derive(graphql_client::GraphQLQuery)]
        #[graphql(
            schema_path = "src/schema.graphql",
            query_path = $file,
            variables_derives = "Debug, Clone, Default",
            extern_enums("CategoryType"),
            skip_serializing_none,
            normalization = "rust"
        )]
        pub(crate) struct $name;
    };
}

pub(crate) use query;
