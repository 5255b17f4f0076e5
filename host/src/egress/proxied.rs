//! Why a request got no answer through a proxy, in words that name the proxy and the way out. What the proxy itself
//! said is in none of them: the HTTP client reads 8 KiB of it at most, for its status, and drops it.

use super::client::{self, CONNECT_TIMEOUT};
use crate::network::Proxy;

/// Whether the same request may go through if it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Later,
    Never,
}

/// What the client's errors of a tunnel begin with; it has no type for them.
const TUNNEL: &str = "tunnel error: ";

/// What is wrong, and whether it may pass.
pub(super) fn problem(error: &reqwest::Error, proxy: &Proxy) -> (String, Again) {
    let origin = proxy.origin();
    if let Some((what, cause)) = tunnel_in(error) {
        let (text, again) = told(&what, &cause, proxy.has_credentials());
        return (format!("the proxy {origin} {text}"), again);
    }
    let text = match (error.is_connect(), error.is_timeout()) {
        (true, true) => {
            let seconds = CONNECT_TIMEOUT.as_secs();
            format!("the proxy {origin} opened no way to the service within {seconds} s: {NO_WAY}")
        }
        (true, false) => format!("through the proxy {origin}: {}", client::describe(error)),
        (false, _) => client::describe(error),
    };
    (text, Again::Later)
}

/// What the tunnel ended with, and why.
fn tunnel_in(error: &reqwest::Error) -> Option<(String, String)> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(what) = error.to_string().strip_prefix(TUNNEL) {
            return Some((what.to_owned(), client::causes_of(error).join(": ")));
        }
        source = error.source();
    }
    None
}

const NO_WAY: &str = "ask whoever runs it whether the service's host is let through, or name another proxy";

/// An error of the tunnel, in words that go on from the proxy's name.
fn told(what: &str, cause: &str, has_credentials: bool) -> (String, Again) {
    let later = |text: String| (text, Again::Later);
    match what {
        "proxy authorization required" if has_credentials => {
            let text = "does not accept the credentials that it is given (407), in the way that is called Basic: \
                        correct them, or ask whoever runs it how a program is let through";
            (text.to_owned(), Again::Never)
        }
        "proxy authorization required" => {
            ("asks for credentials (407), and was given none: give them with it".to_owned(), Again::Never)
        }
        // Whatever status it was: some proxies say 401, or 403, of credentials that they do not know.
        "unsuccessful" if has_credentials => {
            let text = "did not open a way to the service: it does not accept the credentials that it is given, or the \
                        service's host; or it is no HTTP proxy: ask whoever runs it";
            (text.to_owned(), Again::Never)
        }
        "unsuccessful" => later(format!("did not open a way to the service, or is no HTTP proxy: {NO_WAY}")),
        "proxy response headers too long" => {
            later("answered with more than a proxy's answer may have (8 KiB): is it an HTTP proxy?".to_owned())
        }
        "unexpected end of file" => {
            later(format!("closed the connection without an answer that opens a way to the service: {NO_WAY}"))
        }
        "failed to create underlying connection" => {
            later(format!("cannot be reached ({cause}): correct its URL, or start it"))
        }
        "io error establishing tunnel" => later(format!("broke off ({cause}): {NO_WAY}")),
        _ => later(format!("opened no way to the service ({what})")),
    }
}

#[cfg(test)]
#[path = "proxied_tests.rs"]
mod tests;
