//! The names of headers and parameters by which a client asks a server to take a request for another one: for another
//! method (as Rails, Symfony, Laravel, Spring, OData and others do), or another path or host (as IIS, Zend and whatever
//! stands behind a proxy do). Pure.

use http::header::HeaderMap;

/// What the names of such headers hold. `Forwarded` and its kin, and what rewriting proxies note, move paths and hosts.
const IN_HEADERS: [&str; 6] = ["forwarded", "httpverb", "method", "original", "override", "rewrite"];
/// Such headers with other names.
const HEADERS: [&str; 19] = [
    "baseurl",
    "destination",
    "pathinfo",
    "rawrequesturi",
    "requesturi",
    "requesturl",
    "scriptname",
    "unencodedurl",
    "xbaseurl",
    "xhost",
    "xhttpdestinationurl",
    "xhttphost",
    "xpath",
    "xproxyhost",
    "xproxyurl",
    "xreplacedpath",
    "xrequesturi",
    "xuri",
    "xurl",
];
/// Parameters that name a method. Others may be called so and mean a way of payment, say.
const PARAMETERS: [&str; 9] = [
    "httpmethod",
    "httpmethodoverride",
    "httpverb",
    "methodoverride",
    "originalmethod",
    "overridemethod",
    "requestmethod",
    "restmethod",
    "tunnelmethod",
];
/// Methods with which something is changed.
const CHANGES: [&str; 14] = [
    "COPY",
    "DELETE",
    "LINK",
    "LOCK",
    "MERGE",
    "MKCOL",
    "MOVE",
    "PATCH",
    "POST",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "UNLINK",
    "UNLOCK",
];
/// Headers that say how a body is to be read.
const OF_BODIES: [&str; 4] = ["content-encoding", "content-length", "content-type", "transfer-encoding"];

/// Letters and digits in lower case: servers see no difference between cases, and many none between a hyphen and an
/// underscore, a dot or nothing at all.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

/// The header that can have a request taken for another, in words; none if there is none.
pub(super) fn header(headers: &HeaderMap) -> Option<String> {
    headers.keys().find_map(|name| {
        let name = name.as_str();
        if is_header(&folded(name)) {
            return Some(format!("the header {name} can have it taken for one with another method, path or host"));
        }
        // CGI and what came of it make underscores of hyphens, and cannot tell the two headers apart.
        let twin = name.replace(|character: char| !character.is_ascii_alphanumeric(), "-");
        let is_twin = twin != name && OF_BODIES.contains(&twin.as_str());
        is_twin.then(|| format!("the header {name} can be taken for {twin}"))
    })
}

fn is_header(folded: &str) -> bool {
    IN_HEADERS.iter().any(|part| folded.contains(part)) || HEADERS.contains(&folded)
}

/// Whether a parameter of a URL can have the request taken for another.
pub(super) fn is_parameter(name: &str, value: &str) -> bool {
    // `name[]` and `name[0]` are lists, of which frameworks take the first or the last.
    let name = name.split('[').next().unwrap_or_default();
    let folded = folded(name);
    match folded.as_str() {
        // `_method` and its like are meant for this alone. `method` is also how some services name what is to be read.
        "method" | "verb" => {
            let value = value.trim();
            !name.eq_ignore_ascii_case(&folded) || CHANGES.iter().any(|method| method.eq_ignore_ascii_case(value))
        }
        other => {
            let rest = other.strip_prefix('x');
            PARAMETERS.contains(&rest.unwrap_or(other)) || (rest.is_some() && is_header(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn refused(name: &str) -> bool {
        let name: HeaderName = name.parse().unwrap();
        header(&HeaderMap::from_iter([(name, HeaderValue::from_static("x"))])).is_some()
    }

    #[test]
    fn a_header_that_overrides_the_method_the_path_or_the_host_is_known_however_it_is_spelled() {
        for name in [
            "X-HTTP-Method",
            "X-HTTP-Method-Override",
            "X-Method-Override",
            "X-Method",
            "X-Http-Verb",
            "HTTP-Method",
            "_method",
            "_Method_",
            "X-Original-Method",
            "X-Forwarded-Method",
            "X-Original-URL",
            "X-Original-URI",
            "X-Original-Host",
            "X-Envoy-Original-Path",
            "X-Rewrite-URL",
            "X-Override-URL",
            "X-Replaced-Path",
            "X-HTTP-Path-Override",
            "X-HTTP-Host-Override",
            "X-HTTP-DestinationURL",
            "Forwarded",
            "X-Forwarded",
            "X-Forwarded-Host",
            "X-Forwarded-Path",
            "X-Forwarded-Prefix",
            "X-Forwarded-Proto",
            "X-Forwarded-Server",
            "X-Forwarded-Uri",
            "X-Host",
            "X-URL",
            "Base-URL",
            "Request-URI",
            "Raw-Request-URI",
            "Destination",
            "Script-Name",
            "PATH_INFO",
        ] {
            for spelled in [name.to_owned(), name.to_uppercase(), name.replace('-', "_"), name.replace('-', ".")] {
                assert!(refused(&spelled), "{spelled}");
            }
        }
        for name in ["content_type", "Content.Type", "content_encoding", "Content_Length", "transfer_encoding"] {
            assert!(refused(name), "{name}");
        }
    }

    #[test]
    fn headers_of_requests_that_read_are_let_through() {
        for name in [
            "Accept",
            "Accept-Language",
            "apiToken",
            "Authorization",
            "Cache-Control",
            "Content-Type",
            "Cookie",
            "If-None-Match",
            "If-Modified-Since",
            "Notion-Version",
            "Prefer",
            "Range",
            "User-Agent",
            "X-Api-Key",
            "x_api_key",
            "X-GitHub-Api-Version",
            "X-Requested-With",
            "X-Request-Id",
            "X-Workspace",
        ] {
            assert!(!refused(name), "{name}");
        }
    }

    #[test]
    fn a_parameter_that_overrides_the_method_is_known_and_one_that_only_has_its_name_is_not() {
        for name in [
            "_method",
            "_METHOD",
            "__method",
            "$method",
            " method",
            "_method[]",
            "_method[0]",
            "_method_override",
            "_HttpMethod",
            "$httpMethod",
            "http_method",
            "X-HTTP-Method-Override",
            "x_http_method_override",
            "x.http.method.override",
            "X-HTTP-Method",
            "x-method-override",
            "X-Method",
            "X-Original-URL",
            "X-Rewrite-URL",
            "xHttpMethodOverride",
        ] {
            assert!(is_parameter(name, "GET"), "{name}");
        }
        for value in ["DELETE", "delete", " Put", "patch", "POST", "MERGE"] {
            assert!(is_parameter("method", value) && is_parameter("Method[]", value), "{value}");
        }
        for (name, value) in [
            ("method", "user.getInfo"),
            ("method", "GET"),
            ("method", ""),
            ("payment_method", "card"),
            ("shippingMethod", "air"),
            ("methods", "all"),
            ("original", "1"),
            ("xml", "1"),
            ("page[method]", "1"),
        ] {
            assert!(!is_parameter(name, value), "{name}={value}");
        }
    }
}
