//! The one kind of connection, and the "Test connection" button. The API key is not here: the host keeps it.

use connector_sdk::graphql::{Client, misshapen, missing};
use connector_sdk::inputs::{Input, Kind, Literal};
use connector_sdk::time::Millis;
use connector_sdk::{Account, Call, ConnectionField, ConnectionKind, Error, Role, json};

use crate::service::{LIBRARY, ORGANIZATION, client, context, query};
use current_library::Variables;

query!(CurrentLibrary, "src/current_library.graphql");

/// What the connection's test asks of the service.
pub(crate) const QUERIES: &[(&str, &str)] = &[("duroDesignApiKey", current_library::QUERY)];

/// An API key, the organization and the library that it belongs to, and where the service is.
pub(crate) const API_KEY: ConnectionKind = ConnectionKind {
    key: "duroDesignApiKey",
    label: "Duro Design API key",
    description: "Connects with an API key, which belongs to one library. In Duro Design open the library's settings \
                  and there API Keys: the address of that page, \
                  durohub.com/org/@ORGANIZATION/libs/LIBRARY/settings/api-keys, names the organization and the library \
                  as well.",
    fields: &[KEY, ORGANIZATION_FIELD, LIBRARY_FIELD, URL],
    renewal: None,
};

const KEY: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        ..Input::new(
            "apiKey",
            "API key",
            Kind::Password,
            "The key that Duro made for your library. The connector never sees it: the host adds it to each request, \
             and sends it to the URL below and nowhere else.",
        )
    },
    role: Role::Secret { may_be_jwt: true },
};

const ORGANIZATION_FIELD: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        example: Some(Literal::Text("@acme")),
        placeholder: Some("@acme"),
        ..Input::new(
            ORGANIZATION,
            "Organization",
            Kind::Text,
            "The organization, by its name with @ before it, or by its UUID. It is sent as the header x-organization.",
        )
    },
    role: Role::Plain,
};

const LIBRARY_FIELD: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        example: Some(Literal::Text("@acme/parts")),
        placeholder: Some("@acme/parts"),
        ..Input::new(
            LIBRARY,
            "Library",
            Kind::Text,
            "The library that the key belongs to, as @organization/library, or by its UUID. It is sent as the header \
             x-library.",
        )
    },
    role: Role::Plain,
};

const URL: ConnectionField = ConnectionField {
    input: Input {
        required: true,
        example: Some(Literal::Text("https://api.durohub.com/graphql")),
        placeholder: Some("https://api.durohub.com/graphql"),
        ..Input::new(
            "url",
            "URL",
            Kind::EndpointUrl,
            "The GraphQL address of your region, and the one host that your key is sent to. That of the US is \
             https://api.durohub.com/graphql; those of the EU and of US GovCloud are not published: ask Duro for them.",
        )
    },
    role: Role::Endpoint { precedence: 1, environments: &[] },
};

/// Asks the service which library the key belongs to. No query is known that says whose the key is.
pub(crate) fn account(call: &Call<'_>) -> Result<Account, Error> {
    let answer = client(call)?.run::<CurrentLibrary>(Variables {}).map_err(explained)?;
    let library =
        answer.member("library")?.map_or(Ok(None), |library| json::member(library, "current")).map_err(misshapen)?;
    let library = library.ok_or_else(|| missing("library.current, the library that the API key belongs to"))?;
    let text = |key: &str| json::text_member(library, key).map_err(misshapen);
    let name = match text("name")?.filter(|name| !name.trim().is_empty()) {
        Some(name) => name,
        None => text("id")?.unwrap_or_else(|| "a library without a name".to_owned()),
    };
    Ok(Account {
        user: format!("an API key of the library {name}"),
        organization: Some(context(call, ORGANIZATION)?),
        endpoint: call.connection.endpoint.clone(),
        extensions: None,
    })
}

/// The service's own time, which any of its answers may tell. None is needed: where this query is refused, the next one
/// says why.
pub(crate) fn served_at(client: &Client<'_>) -> Result<Option<Millis>, Error> {
    match client.run::<CurrentLibrary>(Variables {}) {
        Ok(answer) => Ok(answer.served_at()),
        Err(Error::Service(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A refusal may be about the headers as well as about the key, and the service's message need not say so.
fn explained(error: Error) -> Error {
    const WHY: &str =
        "a key belongs to one library: check that organization and library are those at whose settings it was made";
    match error {
        Error::Unauthenticated(message) => Error::Unauthenticated(format!("{message}; {WHY}")),
        Error::Forbidden(message) => Error::Forbidden(format!("{message}; {WHY}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::contract::HeaderValue;
    use connector_sdk::testing::FakeHost;
    use connector_sdk::{Connector, Error};

    use crate::DuroDesign;
    use crate::tests::connection;

    fn tested(body: &str) -> Result<(String, Option<String>), Error> {
        let account = DuroDesign::test(&FakeHost::answering(&[body]), &connection())?;
        Ok((account.user, account.organization))
    }

    #[test]
    fn the_test_says_which_library_the_key_belongs_to() {
        for (library, user) in [
            (r#"{"id":"1","name":"Parts"}"#, "an API key of the library Parts"),
            (r#"{"id":"1","name":" "}"#, "an API key of the library 1"),
            (r#"{"id":"1","name":null}"#, "an API key of the library 1"),
            ("{}", "an API key of the library a library without a name"),
        ] {
            let found = tested(&format!(r#"{{"data":{{"library":{{"current":{library}}}}}}}"#)).unwrap();
            assert_eq!(found, (user.to_owned(), Some("@acme".to_owned())));
        }
        for nothing in [r#"{"library":null}"#, r#"{"library":{"current":null}}"#, "{}", r#"{"library":7}"#] {
            let error = tested(&format!(r#"{{"data":{nothing}}}"#)).unwrap_err();
            assert!(matches!(error, Error::UnexpectedResponse(_)), "{nothing}: {error:?}");
        }
    }

    #[test]
    fn each_request_carries_the_key_by_its_name_and_whose_records_are_meant() {
        let host = FakeHost::answering(&[r#"{"data":{"library":{"current":{"id":"1"}}}}"#]);
        DuroDesign::test(&host, &connection()).unwrap();
        let sent = host.sent.borrow();
        let header =
            |name: &str| sent[0].headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        assert!(matches!(header("x-api-key"), Some(HeaderValue::Secret(field)) if field == "apiKey"));
        assert!(matches!(header("x-organization"), Some(HeaderValue::Text(text)) if text == "@acme"));
        assert!(matches!(header("x-library"), Some(HeaderValue::Text(text)) if text == "@acme/parts"));
    }

    #[test]
    fn a_refusal_says_that_the_key_belongs_to_one_library() {
        for code in ["UNAUTHENTICATED", "FORBIDDEN"] {
            let error =
                tested(&format!(r#"{{"errors":[{{"message":"no","extensions":{{"code":"{code}"}}}}]}}"#)).unwrap_err();
            let (Error::Unauthenticated(message) | Error::Forbidden(message)) = error else { panic!("{error:?}") };
            assert!(message.contains("(no)") || message.contains(": no"), "{message}");
            assert!(message.contains("belongs to one library"), "{message}");
        }
    }

    #[test]
    fn a_field_that_no_header_can_carry_is_named_before_anything_is_sent() {
        for (fields, input) in [
            ("{}", "organization"),
            (r#"{"organization":" ","library":"@acme/parts"}"#, "organization"),
            (r#"{"organization":"@acme","library":"two\nlines"}"#, "library"),
            (r#"{"organization":"@acme","library":"@acmé/parts"}"#, "library"),
        ] {
            let mut connection = connection();
            connection.fields = fields.to_owned();
            let host = FakeHost::default();
            let Err(Error::InvalidInput(problems)) = DuroDesign::test(&host, &connection) else { panic!("{fields}") };
            assert_eq!(problems.iter().map(|problem| problem.input.as_str()).collect::<Vec<_>>(), [input]);
            assert_eq!(host.requests(), 0);
        }
    }
}
