//! The one kind of connection, and the "Test connection" button. The API key is not here: the host keeps it.

use connector_sdk::graphql::{misshapen, missing};
use connector_sdk::inputs::{Input, Kind, Literal};
use connector_sdk::{Account, Call, ConnectionField, ConnectionKind, Error, Role, json};

use crate::service::{client, query};

query!(WhoAmI, "src/who_am_i.graphql");

/// An API key, and where the service is.
pub(crate) const API_KEY: ConnectionKind = ConnectionKind {
    key: "apiKey",
    label: "API key",
    description: "Connects with an API key.",
    fields: &[KEY, URL],
    renewal: None,
};

const KEY: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        ..Input::new("apiKey", "API key", Kind::Password, "The key that the service made for you.")
    },
    role: Role::Secret { may_be_jwt: false },
};

const URL: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        example: Some(Literal::Text("https://things.example.com/graphql")),
        ..Input::new("url", "URL", Kind::EndpointUrl, "The URL of the service's GraphQL endpoint.")
    },
    role: Role::Endpoint { precedence: 1, environments: &[] },
};

/// Asks the service whose API key this is.
pub(crate) fn account(call: &Call<'_>) -> Result<Account, Error> {
    let answer = client(call).run::<WhoAmI>(who_am_i::Variables)?;
    let me = answer.member("me")?.ok_or_else(|| missing("me, the owner of the API key"))?;
    let text = |key: &str| json::text_member(me, key).map_err(misshapen);
    let user = match text("name")? {
        Some(name) => name,
        None => text("id")?.unwrap_or_default(),
    };
    Ok(Account { user, organization: None, endpoint: call.connection.endpoint.clone(), extensions: None })
}
