//! The table of what may leave.

use super::*;

const NONE: Grants = Grants {
    allow_http: false,
    allow_private_network: false,
    allow_proxy: false,
    read_only: false,
    send_trace_context: false,
};
const HTTP: Grants = Grants { allow_http: true, ..NONE };
const PRIVATE: Grants = Grants { allow_private_network: true, ..NONE };
const BOTH: Grants = Grants { allow_http: true, ..PRIVATE };

fn policy(endpoint: &str, grants: Grants) -> EgressPolicy {
    EgressPolicy::new(Origin::parse(endpoint), grants)
}

#[test]
fn the_origin_must_match_exactly() {
    let cases = [
        ("https://plm.example/graphql", "https://plm.example/graphql", None),
        ("https://plm.example/graphql", "https://plm.example:443/other?x=1", None),
        ("https://plm.example", "HTTPS://PLM.EXAMPLE/graphql", None),
        ("https://plm.example", "https://plm.example./graphql", None),
        ("https://plm.example.", "https://plm.example/graphql", None),
        ("https://bücher.example", "https://xn--bcher-kva.example/", None),
        ("https://plm.example:8443", "https://plm.example:8443/", None),
        ("https://plm.example", "https://plm.example:8443/", Some(RefusalReason::Origin)),
        ("https://plm.example", "http://plm.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "https://evil.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "https://plm.example.evil.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "https://sub.plm.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "https://plm.example@evil.example/", Some(RefusalReason::Credentials)),
        ("https://plm.example", "https://user:password@plm.example/", Some(RefusalReason::Credentials)),
        ("https://plm.example", "https://evil.example\\@plm.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "ftp://plm.example/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "file:///etc/passwd", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "/graphql", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm.example:0/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm.example:99999/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://./", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm.example../", Some(RefusalReason::InvalidRequest)),
        ("http://..", "http://../", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm..example/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https:plm.example/graphql", None),
        ("https://plm.example", "https:\\\\plm.example\\graphql", None),
        ("https://plm.example", "https:///plm.example/graphql", None),
        ("https://plm.example", "https://%70lm.example/", None),
        ("https://plm.example", "https://plm\u{3002}example/", None),
        ("https://plm.example", "https://p\u{2113}m.example/", None),
        ("https://plm.example", "https://plm\u{ad}.example/", None),
        ("https://plm.example", "https://рlm.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "https://plm.example\u{0}.evil.example/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm.example%00.evil.example/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm.example%2f.evil.example/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://plm.exa\tmple/", None),
        ("https://plm.example", "https://plm.example:0443/", None),
        ("https://plm.example", "https://plm.example:/", None),
        ("https://plm.example", "https://plm.example:443@evil.example/", Some(RefusalReason::Credentials)),
        ("https://plm.example", "https://@plm.example/", None),
        ("https://plm.example", "https://evil.example#@plm.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "https://evil.example?@plm.example/", Some(RefusalReason::Origin)),
        ("https://plm.example", "ws://plm.example/", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "blob:https://plm.example/x", Some(RefusalReason::InvalidRequest)),
        ("https://plm.example", "https://[::ffff:8.8.8.8]/", Some(RefusalReason::Origin)),
    ];
    for (endpoint, url, expected) in cases {
        let reason = policy(endpoint, NONE).check_url(url).err().map(|refusal| refusal.reason);
        assert_eq!(reason, expected, "{url} with {endpoint}");
    }
}

#[test]
fn a_refusal_names_the_grant_that_would_allow_it_and_the_grant_does() {
    let cases = [
        ("http://plm.example/", NONE, Some(Grant::AllowHttp)),
        ("http://plm.example/", HTTP, None),
        ("https://127.0.0.1:8443/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://127.0.0.1:8443/", PRIVATE, None),
        ("http://127.0.0.1/", PRIVATE, Some(Grant::AllowHttp)),
        ("http://127.0.0.1/", HTTP, Some(Grant::AllowPrivateNetwork)),
        ("http://127.0.0.1/", BOTH, None),
        ("https://[::1]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[::ffff:10.0.0.1]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://2130706433/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://0x7f.1/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://0177.0.0.1/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://0x7f000001/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://017700000001/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://127.1/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://127.0.0.1./", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://0xA9.0376.43518/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://\u{ff11}27.0.0.1/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://127\u{3002}0\u{3002}0\u{3002}1/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://%31%32%37.0.0.1/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[::127.0.0.1]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[0:0:0:0:0:ffff:a9fe:a9fe]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[64:ff9b::169.254.169.254]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[2002:a9fe:a9fe::]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[fd00:ec2::254]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://[fe80::1]/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://168.63.129.16/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://100.100.100.200/", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://169.254.169.254/latest/meta-data", NONE, Some(Grant::AllowPrivateNetwork)),
        ("https://8.8.8.8/", NONE, None),
    ];
    for (url, grants, expected) in cases {
        match policy(url, grants).check_url(url) {
            Ok(_) => assert_eq!(expected, None, "{url} was let through"),
            Err(refusal) => {
                assert_eq!(refusal.grant, expected, "{url}: {refusal}");
                let grant = refusal.grant.expect("a case with a grant");
                let text = refusal.to_string();
                assert!(text.contains(grant.field()), "{text}");
                // The named grant is the right one: with it, this is no longer what is wrong.
                let granted = match grant {
                    Grant::AllowHttp => Grants { allow_http: true, ..grants },
                    Grant::AllowPrivateNetwork => Grants { allow_private_network: true, ..grants },
                    Grant::AllowProxy => panic!("{text}"),
                };
                let after = policy(url, granted).check_url(url).err().and_then(|refusal| refusal.grant);
                assert_ne!(after, Some(grant), "{url}");
            }
        }
    }
}

#[test]
fn no_grant_opens_an_address_that_no_machine_has() {
    for url in ["https://0.0.0.0/", "https://224.0.0.1/", "https://[ff02::1]/"] {
        let refusal = policy(url, BOTH).check_url(url).expect_err(url);
        assert_eq!((refusal.reason, refusal.grant), (RefusalReason::Address, None), "{url}");
    }
}

#[test]
fn behind_a_proxy_all_is_checked_that_needs_no_look_up() {
    const PROXY: Grants = Grants { allow_proxy: true, ..NONE };
    const ALL: Grants = Grants { allow_proxy: true, ..BOTH };
    let check = |url: &str, grants| {
        let policy = policy(url, grants).through(Some(Origin::parse("http://10.0.0.7:3128").unwrap()));
        policy.check_url(url).err().map(|refusal| (refusal.reason, refusal.grant))
    };
    let without = |grant| Some((RefusalReason::Proxy, Some(grant)));
    let private = Some((RefusalReason::Address, Some(Grant::AllowPrivateNetwork)));
    for (url, grants, expected) in [
        ("https://plm.example/", NONE, without(Grant::AllowProxy)),
        ("https://plm.example/", BOTH, without(Grant::AllowProxy)),
        ("https://plm.example/", PROXY, None),
        ("https://8.8.8.8/", PROXY, None),
        // No grant lets http go through a proxy.
        ("http://plm.example/", NONE, Some((RefusalReason::PlainHttp, None))),
        ("http://plm.example/", ALL, Some((RefusalReason::PlainHttp, None))),
        ("https://10.0.0.1/", PROXY, private),
        ("https://127.1/", PROXY, private),
        ("https://169.254.169.254/", PROXY, private),
        // The proxy's own address opens no other way to it.
        ("https://10.0.0.7:3128/", PROXY, private),
        ("https://localhost/", PROXY, private),
        ("https://LOCALHOST./", PROXY, private),
        ("https://a.localhost/", PROXY, private),
        ("https://notlocalhost/", PROXY, None),
        ("https://10.0.0.1/", ALL, None),
        ("https://localhost/", ALL, None),
        ("https://0.0.0.0/", ALL, Some((RefusalReason::Address, None))),
        ("https://[2606:4700::1111]/", ALL, Some((RefusalReason::Proxy, None))),
    ] {
        assert_eq!(check(url, grants), expected, "{url} with {grants:?}");
    }
    let other = policy("https://plm.example", ALL).through(Some(Origin::parse("http://10.0.0.7:3128").unwrap()));
    for url in ["https://other.example/", "http://10.0.0.7:3128/"] {
        assert_eq!(other.check_url(url).unwrap_err().reason, RefusalReason::Origin, "{url}");
    }
}

#[test]
fn without_an_allowed_origin_nothing_leaves_and_the_reason_is_given() {
    let policy = EgressPolicy::new(Err("customUrl: it is not an absolute URL".into()), BOTH);
    let refusal = policy.check_url("https://plm.example/").expect_err("refused");
    assert!(refusal.to_string().contains("customUrl: it is not an absolute URL"), "{refusal}");
}

#[test]
fn a_checked_url_has_no_fragment_and_no_trailing_dot() {
    let url = policy("https://plm.example", NONE).check_url("https://plm.example./graphql?a=b#c").expect("allowed");
    assert_eq!(url.as_str(), "https://plm.example/graphql?a=b");
}

#[test]
fn an_endpoint_must_be_an_absolute_http_url_without_credentials() {
    for text in ["", "plm.example", "//plm.example", "mailto:a@b", "https://a:b@plm.example", "https://"] {
        assert!(Origin::parse(text).is_err(), "{text}");
    }
    assert_eq!(Origin::parse("  https://PLM.example:443/graphql ").unwrap().to_string(), "https://plm.example");
    assert_eq!(Origin::parse("http://[::1]:8080/graphql").unwrap().to_string(), "http://[::1]:8080");
}

#[test]
fn framing_and_hop_by_hop_headers_are_the_hosts_own() {
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Proxy-Authorization",
        "upgrade",
        "TE",
        "transfer_encoding",
        "Content_Length",
    ] {
        assert!(is_hosts_own_header(name), "{name}");
    }
    for name in ["apiToken", "content-type", "accept", "authorization", "x-host"] {
        assert!(!is_hosts_own_header(name), "{name}");
    }
}

#[test]
fn a_refusal_is_short_however_long_the_host_is_that_it_names() {
    let refusal =
        policy("https://plm.example", NONE).check_url(&format!("https://{}/", "a".repeat(1 << 20))).unwrap_err();
    assert!(refusal.to_string().len() < 4096, "{} bytes", refusal.to_string().len());
}
