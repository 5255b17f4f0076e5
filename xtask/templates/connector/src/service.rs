//! The service: how it is asked, and what its own words mean.

use connector_sdk::Call;
use connector_sdk::graphql::{Client, Service};

/// ISO 8601 in UTC with milliseconds, as text.
pub(crate) type DateTime = String;

/// What is particular about the service. `words` may say what one of its messages means, where it gives no code.
const SERVICE: Service =
    Service { name: "__LABEL__", credential: "API key", header: ("x-api-key", "apiKey"), words: |_| None };

/// A client of the connection's endpoint.
pub(crate) fn client<'a>(call: &Call<'a>) -> Client<'a> {
    Client::new(call, &SERVICE)
}

/// Makes a type of a query, which is checked against the service's schema when it is compiled.
macro_rules! query {
    ($name:ident, $file:tt) => {
        #[allow(unused_imports, reason = "what a query does not use")]
        use $crate::service::DateTime;

        #[doc = concat!("The query of `", $file, "`, and what it is for.")]
        #[derive(graphql_client::GraphQLQuery)]
        #[graphql(
            schema_path = "src/schema.graphql",
            query_path = $file,
            variables_derives = "Debug, Clone",
            skip_serializing_none,
            normalization = "rust"
        )]
        pub(crate) struct $name;
    };
}

pub(crate) use query;
