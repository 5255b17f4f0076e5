//! The egress policy and the search for echoed secrets.

use host::Origin;
use host::egress::{AddressClass, EgressPolicy, Grants, Secrets};
use url::Host;

use crate::{choice, outcome};

pub(crate) const WORDS: &[&str] = &[
    "https://",
    "http://",
    "://",
    "@",
    ":443",
    ":80",
    ":0",
    "//",
    "\\",
    "..",
    ".",
    "%2e",
    "%00",
    "%40",
    "\u{3002}",
    "\u{ff11}",
    "127.0.0.1",
    "0x7f",
    "017700000001",
    "2130706433",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[fe80::1%25eth0]",
    "169.254.169.254",
    "localhost",
    "plm.example",
    "xn--",
    "b\u{fc}cher",
    "#",
    "?",
    "\t",
    "\n",
    "\u{ad}",
    "user:pass@",
];

/// The first byte is the grants, and whether there is a proxy; then the endpoint and the URL, a line each.
pub(crate) fn policy(data: &[u8]) -> u64 {
    let (bits, rest) = choice(data);
    let grants = Grants {
        allow_http: bits & 1 != 0,
        allow_private_network: bits & 2 != 0,
        read_only: bits & 4 != 0,
        allow_proxy: bits & 8 != 0,
        ..Grants::default()
    };
    let proxy = (bits & 16 != 0).then(|| Origin::parse("http://10.0.0.7:3128").expect("an origin"));
    let text = String::from_utf8_lossy(rest);
    let (endpoint, url) = text.split_once('\n').unwrap_or((&text, &text));
    scrub(endpoint, url);
    let allowed = Origin::parse(endpoint);
    let policy = EgressPolicy::new(allowed.clone(), grants).through(proxy.clone());
    match policy.check_url(url) {
        Ok(checked) => {
            let allowed = allowed.expect("nothing leaves without an allowed origin");
            assert_eq!(Origin::parse(checked.as_str()).as_ref(), Ok(&allowed), "another origin");
            let may_be_http = grants.allow_http && proxy.is_none();
            assert!(may_be_http || checked.scheme() == "https", "plain http");
            assert!(grants.allow_proxy || proxy.is_none(), "through a proxy");
            assert!(checked.username().is_empty() && checked.password().is_none() && checked.fragment().is_none());
            let address = match checked.host().expect("a host") {
                Host::Ipv4(address) => Some(address.into()),
                Host::Ipv6(address) => Some(address.into()),
                Host::Domain(name) => {
                    // What a resolver would take for an address must have been judged as one.
                    assert!(name.parse::<std::net::IpAddr>().is_err() && !name.ends_with('.'), "{name}");
                    None
                }
            };
            match address.and_then(AddressClass::of) {
                None => {}
                Some(AddressClass::Unusable) => panic!("no machine has this address"),
                Some(class) => assert!(grants.allow_private_network, "{}", class.name()),
            }
            let again = policy.check_url(checked.as_str()).expect("what was let out once is let out again");
            assert_eq!(again, checked);
            1
        }
        Err(refusal) => {
            let text = refusal.to_string();
            if let Some(grant) = refusal.grant {
                assert!(text.contains(grant.field()));
            }
            outcome(&text)
        }
    }
}

/// What was scrubbed does not hold the secret, in whatever spelling, and what did not hold it is as it was.
fn scrub(secret: &str, text: &str) {
    let mut secrets = Secrets::default();
    let declared = secrets.declare("key", Some(secret.to_owned().into()));
    if declared.is_err() || secret.len() < 4 || !secrets.has_value("key") || "[redacted]".contains(secret) {
        return;
    }
    let mut body = format!("{text}{secret}{text}").into_bytes();
    assert!(secrets.scrub_bytes(&mut body), "the secret was not found");
    let clean = String::from_utf8_lossy(&body);
    // A secret can be made of what stands beside a redaction; what stood in the text is gone.
    let rests = clean.split("[redacted]").filter(|rest| rest.contains(secret)).count();
    assert_eq!(rests, 0, "{clean}");
    // Apart from the text by what no escape holds: with the end of one that the text has begun, it would be another
    // text.
    let spelled = |spell: fn(u8) -> String| secret.bytes().map(spell).collect::<String>();
    let spellings = [
        spelled(|byte| format!("%{byte:02X}")),
        spelled(|byte| format!("&#{byte};")),
        spelled(|byte| format!("\\u{byte:04x}")),
        spelled(|byte| format!("{byte:02x}")),
        secret.to_ascii_uppercase(),
    ];
    for spelling in spellings {
        let mut body = format!("{text} | {spelling} | {text}").into_bytes();
        assert!(secrets.scrub_bytes(&mut body), "{spelling} was not found");
        assert!(!String::from_utf8_lossy(&body).contains(&format!("| {spelling} |")), "{spelling} is still there");
    }
}
