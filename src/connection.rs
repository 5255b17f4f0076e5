//! The one kind of connection, an API key and where the service is, and the "Test connection" button. The API key is
//! not here: the host keeps it.

use connector_sdk::graphql::{misshapen, missing};
use connector_sdk::inputs::{Choice, Input, Kind, Literal};
use connector_sdk::{Account, Call, ConnectionField, ConnectionKind, Environment, Error, Renewal, Role, json};

use crate::actions::GetCurrentUser;
use crate::service::{client, query};

query!(RenewKey, "src/renew_key.graphql");

/// Its text alone is used, by the host.
const _: RenewKey = RenewKey;

/// A Duro API key.
pub(crate) const API_KEY: ConnectionKind = ConnectionKind {
    key: "duroApiKey",
    label: "Duro API Key",
    description: "Connects with an API key. To get yours, sign in to Duro, open the menu at your picture in the upper \
                  right corner, choose Account settings, then the tab Integrations, and press Get API Key below the \
                  table. A key is valid for 90 days.",
    fields: &[KEY, ENVIRONMENT, CUSTOM_ENVIRONMENT],
    // Duro's help centre says that this query answers a new key, and not whether the old one goes on.
    renewal: Some(Renewal {
        secret: "apiKey",
        header: "apiToken",
        query: renew_key::QUERY,
        answer: "/data/apiToken/token",
    }),
};

/// What the connection asks of Duro, but for its test, which is `getCurrentUser`.
pub(crate) const QUERIES: &[(&str, &str)] = &[("duroApiKey", renew_key::QUERY)];

/// The service's environments by every spelling that is understood: the name shown, or the URL itself. The earlier
/// address of ITAR is one that stored connections hold: Duro has replaced it, and whoever still has it goes where they
/// always went.
const ENVIRONMENTS: &[Environment] = &[
    Environment { value: "Main (MFG)", url: MAIN_URL },
    Environment { value: "ITAR", url: ITAR_URL },
    Environment { value: "EU", url: EU_URL },
    Environment { value: EARLIER_ITAR_URL, url: EARLIER_ITAR_URL },
    Environment { value: MAIN_URL, url: MAIN_URL },
    Environment { value: ITAR_URL, url: ITAR_URL },
    Environment { value: EU_URL, url: EU_URL },
];

const MAIN_URL: &str = "https://mfg.duro.app/graphql";
const ITAR_URL: &str = "https://app.govduro.us/graphql";
const EARLIER_ITAR_URL: &str = "https://gov.duro.us/graphql";
const EU_URL: &str = "https://eu.duro.app/graphql";

const KEY: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        placeholder: Some("eyJhbGciOi…"),
        ..Input::new(
            "apiKey",
            "API Key",
            Kind::Password,
            "The key that Duro made for you. Whatever this connection does is done in the name of the key's owner. The \
             connector never sees the key: the host adds it to each request, and sends it to the environment below and \
             nowhere else.",
        )
    },
    role: Role::Secret { may_be_jwt: true },
};

const ENVIRONMENT: ConnectionField = ConnectionField {
    input: Input {
        example: Some(Literal::Text("Main (MFG)")),
        choices: &[
            Choice { value: "Main (MFG)", label: "Main (MFG): mfg.duro.app" },
            Choice { value: "ITAR", label: "ITAR: app.govduro.us" },
            Choice { value: "EU", label: "EU: eu.duro.app" },
            Choice { value: EARLIER_ITAR_URL, label: "ITAR, earlier address: gov.duro.us" },
        ],
        ..Input::new(
            "duroEnvironment",
            "Duro Environment",
            Kind::Choice,
            "Where your company's Duro library is kept, and the one host that your API key is sent to. Required, \
             unless the custom environment below is filled in. The address at which you sign in tells which it is. The \
             earlier address of ITAR is for connections that were made with it.",
        )
    },
    role: Role::Endpoint { precedence: 1, environments: ENVIRONMENTS },
};

const CUSTOM_ENVIRONMENT: ConnectionField = ConnectionField {
    input: Input {
        example: Some(Literal::Text("https://duro.example.com/graphql")),
        placeholder: Some("https://duro.example.com/graphql"),
        ..Input::new(
            "customDuroEnvironment",
            "Custom Duro Environment",
            Kind::EndpointUrl,
            "The GraphQL URL of a Duro environment that is not in the list. When it is filled in, it is used in place \
             of the environment above, and the API key goes to its host; otherwise leave it blank.",
        )
    },
    role: Role::Endpoint { precedence: 2, environments: &[] },
};

/// Asks the service whose API key this is.
pub(crate) fn account(call: &Call<'_>) -> Result<Account, Error> {
    let answer = client(call).run::<GetCurrentUser>(GetCurrentUser::VARIABLES)?;
    let owner = answer.member("userById")?.ok_or_else(|| missing("userById, the owner of the API key"))?;
    let text = |object: &str, key: &str| json::text_member(object, key).map_err(misshapen);
    let organization = match json::member(owner, "primaryCompany").map_err(misshapen)? {
        Some(company) => text(company, "name")?.or(text(company, "id")?),
        None => None,
    };

    let name =
        [text(owner, "firstName")?, text(owner, "lastName")?].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let (id, email) = (text(owner, "id")?, text(owner, "email")?);
    let user = match (name.trim(), email.as_deref().map(str::trim)) {
        ("", None | Some("")) => id.unwrap_or_else(|| "a user without a name".to_owned()),
        ("", Some(email)) => email.to_owned(),
        (name, None | Some("")) => name.to_owned(),
        (name, Some(email)) => format!("{name} <{email}>"),
    };
    Ok(Account { user, organization, endpoint: call.connection.endpoint.clone(), extensions: None })
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::FakeHost;
    use connector_sdk::{Connector, Error};

    use crate::Duro;
    use crate::tests::connection;

    #[test]
    fn an_unknown_connection_is_named() {
        let mut oauth = connection();
        oauth.key = "oauth".to_owned();
        let error = Duro::test(&FakeHost::default(), &oauth).unwrap_err();
        assert!(matches!(error, Error::UnknownKey(message) if message.contains("oauth")));
    }

    #[test]
    fn the_test_says_whose_key_it_is() {
        for (body, user, organization) in [
            (
                r#"{"id":"1","email":"a@b.c","firstName":"Ada","lastName":"L","primaryCompany":{"id":"c","name":"Acme"}}"#,
                "Ada L <a@b.c>",
                Some("Acme"),
            ),
            (r#"{"id":"1","email":"a@b.c"}"#, "a@b.c", None),
            (r#"{"id":"1","firstName":"Ada","primaryCompany":{"id":"c"}}"#, "Ada", Some("c")),
            (r#"{"id":"1"}"#, "1", None),
            ("{}", "a user without a name", None),
        ] {
            let host = FakeHost::answering(&[&format!(r#"{{"data":{{"userById":{body}}}}}"#)]);
            let account = Duro::test(&host, &connection()).unwrap();
            assert_eq!((account.user.as_str(), account.organization.as_deref()), (user, organization));
            assert_eq!(account.endpoint, "https://mfg.duro.app/graphql");
        }
        let nobody = FakeHost::answering(&[r#"{"data":{"userById":null}}"#]);
        assert!(matches!(Duro::test(&nobody, &connection()), Err(Error::UnexpectedResponse(_))));
    }
}
