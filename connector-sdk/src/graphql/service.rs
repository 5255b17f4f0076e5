//! What is particular about one service.

/// What is particular about a service.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name, for errors.
    pub name: &'static str,
    /// What its credential is called, for errors, for example `API key`.
    pub credential: &'static str,
    /// The header that holds the credential, and the key of the connection's secret field.
    pub header: (&'static str, &'static str),
    /// What the message of one of its GraphQL errors means, if it says more than that there is one. The usual
    /// `extensions.code`, among them `UNAUTHENTICATED`, `FORBIDDEN` and `RATE_LIMITED`, are understood without.
    pub words: fn(&str) -> Option<Refused>,
}

/// What a service's own words can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The credential is not accepted.
    Credential,
    /// The credential's owner may not do this.
    Permission,
    /// Too many requests: this one may come again later.
    Rate,
}
