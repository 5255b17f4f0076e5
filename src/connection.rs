//! Reads a configured connection, and answers the "Test connection" button. The API key is not here: the host keeps it.

mod origin;

use crate::duro::queries::{GetCurrentUser, get_current_user};
use crate::duro::{self, Client};
use crate::error::{Error, InputProblem};
use crate::host::Host;
use crate::json::{self, Value};
use crate::manifest::{CONNECTION, ENVIRONMENTS};
pub use origin::MAX_ORIGIN_BYTES;
use origin::{MAX_HOST_BYTES, authority, host_and_port};

/// A connection as the host hands it over: see `connection` in `wit/types.wit`.
#[derive(Clone, Copy, Debug)]
pub struct Configured<'a> {
    /// The key of the connection definition.
    pub key: &'a str,
    /// The fields that are not secret, a JSON object.
    pub fields: &'a str,
}

/// A connection that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The absolute URL of the GraphQL endpoint.
    pub endpoint: String,
}

/// Whose API key it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The owner's name and e-mail address.
    pub user: String,
    /// The owner's company.
    pub organization: Option<String>,
    /// The endpoint that answered.
    pub endpoint: String,
}

/// Asks the service whose API key this is.
pub fn test(host: &impl Host, configured: Configured<'_>) -> Result<Account, Error> {
    let connection = Connection::parse(configured)?;
    let client = Client::new(host, &connection);
    let answer = client.run::<GetCurrentUser>(get_current_user::Variables)?;
    let owner = answer.member("userById")?.ok_or_else(|| duro::missing("userById, the owner of the API key"))?;
    let text = |object: &str, key: &str| json::text_member(object, key).map_err(duro::misshapen);
    let organization = match json::member(owner, "primaryCompany").map_err(duro::misshapen)? {
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
    Ok(Account { user, organization, endpoint: connection.endpoint })
}

impl Connection {
    /// The origin of the endpoint in one spelling, at most [`MAX_ORIGIN_BYTES`]. It holds neither a credential nor a path.
    pub fn origin(&self) -> String {
        origin::origin(&self.endpoint)
    }

    /// Parses the fields. A custom URL that is not blank wins over the environment.
    pub fn parse(configured: Configured<'_>) -> Result<Self, Error> {
        if configured.key != CONNECTION.key {
            return Err(Error::UnknownKey(format!(
                "there is no connection {:?}; there is {:?}",
                configured.key, CONNECTION.key
            )));
        }
        let fields = match Value::parse(configured.fields) {
            Ok(Value::Object(fields)) => fields,
            _ => return Err(Error::invalid_input("connection", "expected the fields as a JSON object")),
        };
        let mut problems = Vec::new();
        let mut text = |key: &str| match fields.get(key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(_) => {
                problems.push(InputProblem { input: key.to_owned(), message: "expected text".to_owned() });
                String::new()
            }
        };
        let custom = text("customDuroEnvironment");
        let environment = text("duroEnvironment");

        let endpoint = if custom.is_empty() {
            let wanted = if environment.is_empty() { "Main (MFG)" } else { &environment };
            ENVIRONMENTS.iter().find(|known| known.value == wanted).map(|known| known.url.to_owned()).ok_or_else(|| {
                let message = format!(
                    "expected Main (MFG), ITAR or EU, got {wanted:?}; for another environment fill in \
                         customDuroEnvironment"
                );
                InputProblem { input: "duroEnvironment".to_owned(), message }
            })
        } else {
            check_url(&custom)
                .map(|()| custom.clone())
                .map_err(|message| InputProblem { input: "customDuroEnvironment".to_owned(), message })
        };
        match endpoint {
            Ok(endpoint) if problems.is_empty() => Ok(Self { endpoint }),
            Ok(_) => Err(Error::InvalidInput(problems)),
            Err(problem) => {
                // A field that is not text has its problem already.
                if problems.iter().all(|known| known.input != problem.input) {
                    problems.push(problem);
                }
                Err(Error::InvalidInput(problems))
            }
        }
    }
}

/// Checks what a person can get wrong in a URL. What requests may reach is decided by the host, which parses the URL by the
/// standard; this is here so that the problem is reported at the field.
fn check_url(url: &str) -> Result<(), String> {
    let example = "for example https://duro.example.com/graphql";
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)).map(str::len))
        .and_then(|length| url.get(length..))
        .ok_or_else(|| format!("expected an absolute URL that begins with https:// or http://, {example}"))?;
    if url.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\') {
        return Err(format!("a URL has no spaces, control characters or backslashes, {example}"));
    }
    let authority = authority(rest);
    if authority.contains('@') {
        return Err("a URL with a user name or password is not accepted: the API key has its own field".to_owned());
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(format!("the URL names no host, {example}"));
    }
    if host_and_port(authority).0.len() > MAX_HOST_BYTES {
        return Err(format!("the URL's host is longer than the {MAX_HOST_BYTES} bytes that a name can have"));
    }
    if rest.contains('#') {
        return Err(format!("a URL with a fragment (#…) is not accepted, {example}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CONFIGURED, FakeHost};

    fn endpoint(fields: &str) -> Result<String, Vec<String>> {
        match Connection::parse(Configured { key: "duroApiKey", fields }) {
            Ok(connection) => Ok(connection.endpoint),
            Err(Error::InvalidInput(problems)) => Err(problems.into_iter().map(|problem| problem.input).collect()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_environment_has_its_url_and_main_is_the_default() {
        for (fields, url) in [
            ("{}", "https://mfg.duro.app/graphql"),
            (r#"{"duroEnvironment": null}"#, "https://mfg.duro.app/graphql"),
            (r#"{"duroEnvironment": "ITAR"}"#, "https://gov.duro.us/graphql"),
            (r#"{"duroEnvironment": " EU "}"#, "https://eu.duro.app/graphql"),
            (r#"{"duroEnvironment": "https://eu.duro.app/graphql"}"#, "https://eu.duro.app/graphql"),
        ] {
            assert_eq!(endpoint(fields).as_deref(), Ok(url), "{fields}");
        }
    }

    #[test]
    fn a_custom_url_wins_when_it_is_not_blank() {
        let custom = r#"{"duroEnvironment": "EU", "customDuroEnvironment": "  https://plm.test:8443/graphql "}"#;
        assert_eq!(endpoint(custom).as_deref(), Ok("https://plm.test:8443/graphql"));
        let blank = r#"{"duroEnvironment": "EU", "customDuroEnvironment": "   "}"#;
        assert_eq!(endpoint(blank).as_deref(), Ok("https://eu.duro.app/graphql"));
    }

    #[test]
    fn urls_that_are_not_absolute_http_or_hold_credentials_are_refused() {
        for url in [
            "duro.app",
            "ftp://x/",
            "https://",
            "https://:8080/",
            "https://a:b@x/",
            "https://x y/",
            "https://x\\\\@y/",
            "https://x/#f",
            "/graphql",
        ] {
            assert_eq!(
                endpoint(&format!(r#"{{"customDuroEnvironment": "{url}"}}"#)),
                Err(vec!["customDuroEnvironment".to_owned()]),
                "{url}"
            );
        }
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let fields = r#"{"duroEnvironment": 1, "customDuroEnvironment": "x"}"#;
        let mut named = endpoint(fields).unwrap_err();
        named.sort();
        assert_eq!(named, ["customDuroEnvironment", "duroEnvironment"]);
        assert_eq!(endpoint("[]"), Err(vec!["connection".to_owned()]));
        assert_eq!(endpoint(r#"{"duroEnvironment": "MARS"}"#), Err(vec!["duroEnvironment".to_owned()]));
    }

    #[test]
    fn an_unknown_connection_is_named() {
        let error = Connection::parse(Configured { key: "oauth", fields: "{}" }).unwrap_err();
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
            let account = test(&host, CONFIGURED).unwrap();
            assert_eq!((account.user.as_str(), account.organization.as_deref()), (user, organization));
            assert_eq!(account.endpoint, "https://mfg.duro.app/graphql");
        }
        let nobody = FakeHost::answering(&[r#"{"data":{"userById":null}}"#]);
        assert!(matches!(test(&nobody, CONFIGURED), Err(Error::UnexpectedResponse(_))));
    }
}
