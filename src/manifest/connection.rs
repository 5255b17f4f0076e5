//! The one kind of connection: an API key, and where the service is.

use super::{Choice, Connection, ConnectionField, Endpoint, Environment, Input, Kind};

/// The kinds of connection.
pub const CONNECTIONS: &[Connection] = &[CONNECTION];

/// A Duro API key.
pub const CONNECTION: Connection = Connection {
    key: "duroApiKey",
    label: "Duro API key",
    description: "Connects with an API key. You find yours in Duro under your user settings, at API keys.",
    fields: &[API_KEY, ENVIRONMENT, CUSTOM_ENVIRONMENT],
};

/// The service's environments by every spelling that is understood: the name shown, or the URL itself.
pub const ENVIRONMENTS: &[Environment] = &[
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

const API_KEY: ConnectionField = ConnectionField {
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
    secret: true,
    endpoint: None,
    may_be_jwt: true,
};

const ENVIRONMENT: ConnectionField = ConnectionField {
    input: Input {
        default: Some(r#""Main (MFG)""#),
        example: Some(r#""Main (MFG)""#),
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
    secret: false,
    endpoint: Some(Endpoint { precedence: 1, environments: ENVIRONMENTS }),
    may_be_jwt: false,
};

const CUSTOM_ENVIRONMENT: ConnectionField = ConnectionField {
    input: Input {
        example: Some(r#""https://duro.example.com/graphql""#),
        placeholder: Some("https://duro.example.com/graphql"),
        ..Input::new(
            "customDuroEnvironment",
            "Custom Duro URL",
            Kind::EndpointUrl,
            "The GraphQL URL of a Duro environment that is not in the list. When it is filled in, it is used in place \
             of the environment above; otherwise leave it blank.",
        )
    },
    secret: false,
    endpoint: Some(Endpoint { precedence: 2, environments: &[] }),
    may_be_jwt: false,
};
