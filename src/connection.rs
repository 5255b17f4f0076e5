//! The one kind of connection, an API key and where the service is, and the "Test connection" button. The API key is not here: the host
//! keeps it.

use connector_sdk::graphql::{misshapen, missing};
use connector_sdk::inputs::{Choice, Input, Kind, Literal};
use connector_sdk::{Account, Call, ConnectionField, ConnectionKind, Environment, Error, Role, json};

use crate::actions::GetCurrentUser;
use crate::service::client;

/// A Duro API key.
pub(crate) const API_KEY: ConnectionKind = ConnectionKind {
    key: "duroApiKey",
    label: "Duro API key",
    description: "Connects with an API key. You find yours in Duro under your user settings, at API keys.",
    fields: &[KEY, ENVIRONMENT, CUSTOM_ENVIRONMENT],
};

/// The service's environments by every spelling that is understood: the name shown, or the URL itself.
const ENVIRONMENTS: &[Environment] = &[
    Environment { value: "Main (MFG)", url: MAIN_URL },
    Environment { value: "ITAR", url: ITAR_URL },
    Environment { value: "EU", url: EU_URL },
    Environment { value: MAIN_URL, url: MAIN_URL },
    Environment { value: ITAR_URL, url: ITAR_URL },
    Environment { value: EU_URL, url: EU_URL },
];

const MAIN_URL: &str = "https://mfg.duro.app/graphql";
const ITAR_URL: &str = "https://gov.duro.us/graphql";
const EU_URL: &str = "https://eu.duro.app/graphql";

const KEY: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        placeholder: Some("eyJhbGciOi…"),
        ..Input::new(
            "apiKey",
            "API key",
            Kind::Password,
            "The key that Duro made for you. Whatever this connection does is done in the name of the key's owner. \
             The connector never sees the key: the host adds it to each request.",
        )
    },
    role: Role::Secret { may_be_jwt: true },
};

const ENVIRONMENT: ConnectionField = ConnectionField {
    input: Input {
        default: Some(Literal::Text("Main (MFG)")),
        example: Some(Literal::Text("Main (MFG)")),
        choices: &[
            Choice { value: "Main (MFG)", label: "Main (MFG)" },
            Choice { value: "ITAR", label: "ITAR" },
            Choice { value: "EU", label: "EU" },
        ],
        ..Input::new(
            "duroEnvironment",
            "Duro environment",
            Kind::Choice,
            "Where your company's Duro library is kept. The address at which you sign in tells: mfg.duro.app is Main \
             (MFG), gov.duro.us is ITAR, eu.duro.app is EU.",
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
            "Custom Duro URL",
            Kind::EndpointUrl,
            "The GraphQL URL of a Duro environment that is not in the list. When it is filled in, it is used in place \
             of the environment above; otherwise leave it blank.",
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
