//! Where a collector is: one URL, to which the paths of OTLP are added.

use url::Url;

/// Why a URL cannot be a collector's. No text repeats the URL, which may hold a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointProblem {
    /// Another scheme.
    #[error("it must begin with http:// or https://")]
    Scheme,
    /// A user or a password.
    #[error("it must hold no user and no password: give them as a header, in OTEL_EXPORTER_OTLP_HEADERS")]
    Credentials,
    /// A query or a fragment.
    #[error("it must hold neither ? nor #, because /v1/traces and /v1/metrics are added to it")]
    Query,
}

/// Checks a collector's URL.
pub(crate) fn check(url: &Url) -> Result<(), EndpointProblem> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(EndpointProblem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointProblem::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(EndpointProblem::Query);
    }
    Ok(())
}

/// The URL of one kind of telemetry: `traces` or `metrics`.
pub(crate) fn of_signal(url: &Url, signal: &str) -> String {
    format!("{}/v1/{signal}", url.as_str().trim_end_matches('/'))
}

/// A collector as people are told of it: without a path, in which a token may stand.
pub(crate) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_paths_are_added_to_whatever_path_there_is() {
        for (base, expected) in [
            ("http://c.example:4318", "http://c.example:4318/v1/traces"),
            ("http://c.example:4318/", "http://c.example:4318/v1/traces"),
            ("https://c.example/otlp//", "https://c.example/otlp/v1/traces"),
        ] {
            assert_eq!(of_signal(&url(base), "traces"), expected);
            assert_eq!(check(&url(base)), Ok(()));
        }
    }

    #[test]
    fn a_url_with_a_credential_or_a_query_is_none_of_a_collector() {
        for (text, problem) in [
            ("ftp://c.example", EndpointProblem::Scheme),
            ("data:text/plain,x", EndpointProblem::Scheme),
            ("http://user@c.example", EndpointProblem::Credentials),
            ("http://:canary@c.example", EndpointProblem::Credentials),
            ("http://c.example?token=canary", EndpointProblem::Query),
            ("http://c.example#canary", EndpointProblem::Query),
        ] {
            assert_eq!(check(&url(text)), Err(problem), "{text}");
            assert!(!problem.to_string().contains("canary"));
        }
        assert_eq!(shown(&url("https://c.example/canary")), "https://c.example");
    }
}
