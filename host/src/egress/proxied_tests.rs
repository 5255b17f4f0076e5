//! Requests through proxies, honest ones and others.

use std::time::Duration;

use super::super::testing::{
    CREDENTIALS, Caller, ENCODED_CREDENTIALS, KEY, Outcome, Service, TestProxy, Way, behind, network,
};
use crate::contract::Failure;
use crate::limits::{Limit, Limits};
use crate::network::{NetworkOptions, Proxy};
use crate::refusal::{Grant, Grants, RefusalReason};

/// A name that nothing here can look up.
const URL: &str = "https://plm.example/graphql?of=nobody-else";
const PROXY: Grants = Grants {
    allow_http: false,
    allow_private_network: false,
    allow_proxy: true,
    read_only: false,
    send_trace_context: false,
};

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_proxy_sees_the_name_of_the_service_and_its_own_credentials_and_nothing_else() {
    let service = Service::spawn(false);
    let proxy = TestProxy::spawn(Way::To(service.address));
    let caller = Caller::new(behind(&proxy), PROXY);
    for _ in 0..2 {
        let outcome = caller.get(URL).await;
        assert_eq!(outcome.status, Ok(200));
        for secret in [KEY, CREDENTIALS, ENCODED_CREDENTIALS] {
            assert!(!outcome.kept.contains(secret), "{}", outcome.kept);
        }
    }
    let [sent] = &proxy.heard()[..] else { panic!("one tunnel serves both requests") };
    let end = sent.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(sent[..end].to_vec()).unwrap();
    assert!(head.starts_with("CONNECT plm.example:443 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Basic {ENCODED_CREDENTIALS}")), "{head}");
    for hidden in [KEY, "graphql", "nobody-else", "apitoken", "apiToken"] {
        assert!(!holds(sent, hidden), "the proxy saw {hidden}");
    }
    assert!(sent.len() > end + 4, "nothing went through the tunnel");
    for heard in service.heard() {
        assert!(heard.head.starts_with("GET /graphql?of=nobody-else") && heard.head.contains(KEY), "{}", heard.head);
        assert!(!heard.head.to_lowercase().contains("proxy-") && !heard.head.contains(ENCODED_CREDENTIALS));
    }
}

#[tokio::test]
async fn a_proxy_is_used_with_the_grant_alone_and_nothing_leaves_around_it() {
    let service = Service::spawn(false);
    let proxy = TestProxy::spawn(Way::To(service.address));
    let mut caller = Caller::new(behind(&proxy), PROXY);
    let around = format!("https://localhost:{}/", service.address.port());
    // With a socket that was opened under the grant, and is open still.
    assert_eq!(caller.get(URL).await.status, Ok(200));
    caller.grants = Grants { allow_http: true, allow_private_network: true, ..Grants::default() };
    for url in [URL, &around] {
        let outcome = caller.get(url).await;
        assert!(matches!(outcome.status, Err(Failure::Denied(_))), "{:?}", outcome.status);
        let refusal = &outcome.refusals[0];
        assert_eq!((refusal.reason, refusal.grant), (RefusalReason::Proxy, Some(Grant::AllowProxy)));
        assert!(refusal.what.contains(&proxy.url), "{refusal}");
    }
    assert_eq!((proxy.heard().len(), service.heard().len()), (1, 1));
    // What this machine could reach by itself goes through the proxy, too.
    caller.grants = Grants { allow_proxy: true, ..caller.grants };
    assert_eq!(caller.get(&around).await.status, Ok(200));
    assert_eq!(proxy.heard().len(), 2);
}

#[tokio::test]
async fn over_plain_http_nothing_leaves_through_a_proxy() {
    let service = Service::spawn(false);
    let proxy = TestProxy::spawn(Way::To(service.address));
    let grants = Grants { allow_http: true, allow_private_network: true, ..PROXY };
    let caller = Caller::new(behind(&proxy), grants);
    let outcome = caller.get("http://plm.example/").await;
    assert_eq!(outcome.refusals[0].reason, RefusalReason::PlainHttp);
    assert!(outcome.refusals[0].what.contains("only https leaves"), "{}", outcome.refusals[0]);
    // Nor would the client send it, if it were asked to.
    let client = caller.sockets.client(&caller.network, grants).unwrap();
    assert!(client.get("http://plm.example/").send().await.is_err());
    assert!(proxy.heard().is_empty());
}

/// A proxy that gives this answer to whoever asks for a tunnel, and what becomes of a request.
async fn answered(answer: &[u8]) -> (TestProxy, Outcome) {
    let proxy = TestProxy::spawn(Way::Answer(answer.to_vec()));
    let options = NetworkOptions { proxy: Some(Proxy::new(&proxy.url).unwrap()), ..NetworkOptions::default() };
    let outcome = Caller::new(network(options), PROXY).get(URL).await;
    (proxy, outcome)
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_named_with_the_way_out_and_its_words_are_not_repeated() {
    let service = Service::spawn(false);
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: https://{}/canary\r\n\r\n", service.address);
    let long = [b"HTTP/1.1 200 OK\r\nx-canary: ", &b"a".repeat(9000)[..], b"\r\n\r\n"].concat();
    let cases: [(&[u8], &str); 9] = [
        (b"HTTP/1.1 407 canary\r\nproxy-authenticate: Basic realm=\"canary\"\r\n\r\n", "asks for credentials (407)"),
        (b"HTTP/1.1 403 canary\r\n\r\n", "ask whoever runs it whether the service's host is let through"),
        (b"HTTP/1.1 502 canary\r\n\r\ncanary", "ask whoever runs it whether the service's host is let through"),
        (redirect.as_bytes(), "did not open a way to the service"),
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 canary\r\n", "closed the connection without an answer"),
        (b"SSH-2.0-canary\r\n\r\n", "is no HTTP proxy"),
        (&long, "more than a proxy's answer may have (8 KiB)"),
        // It says that there is a tunnel, and there is none.
        (b"HTTP/1.1 200 OK\r\n\r\n", "through the proxy"),
    ];
    for (answer, words) in cases {
        let (proxy, outcome) = answered(answer).await;
        let text = outcome.unreachable();
        assert!(text.contains(&proxy.url) && text.contains(words), "{text}");
        assert!(!outcome.kept.contains("canary") && proxy.heard().len() == 1, "{}", outcome.kept);
    }
    assert!(service.heard().is_empty(), "the redirect of a proxy was followed");
}

#[tokio::test]
async fn credentials_that_a_proxy_does_not_accept_are_given_to_it_once_and_shown_by_nothing() {
    // 407, as it should be, and 401, as tinyproxy says it.
    for answer in ["HTTP/1.1 407 No\r\n\r\n", "HTTP/1.1 401 No\r\n\r\n"] {
        let proxy = TestProxy::spawn(Way::Answer(answer.into()));
        let mut caller = Caller::new(behind(&proxy), PROXY);
        caller.idempotent = true;
        let outcome = caller.get(URL).await;
        assert!(outcome.unreachable().contains("does not accept the credentials"), "{}", outcome.unreachable());
        assert_eq!(proxy.heard().len(), 1, "what is sent again and again can lock an account");
        let kept = outcome.kept;
        assert!(!kept.contains(ENCODED_CREDENTIALS) && !kept.contains(CREDENTIALS), "{kept}");
    }
}

#[tokio::test]
async fn a_proxys_answer_without_end_is_cut_off_in_bytes_and_in_time() {
    let outcome = Caller::new(behind(&TestProxy::spawn(Way::Endless)), PROXY).get(URL).await;
    assert!(outcome.unreachable().contains("more than a proxy's answer may have"), "{}", outcome.unreachable());
    let mut caller = Caller::new(behind(&TestProxy::spawn(Way::Slow)), PROXY);
    caller.limits = Limits { deadline: Duration::from_millis(300), ..Limits::default() };
    let outcome = caller.get(URL).await;
    assert_eq!(outcome.status, Err(Failure::Timeout));
    assert_eq!(outcome.exceeded.map(|exceeded| exceeded.limit), Some(Limit::Deadline));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let options = NetworkOptions { proxy: Some(Proxy::new(&url).unwrap()), ..NetworkOptions::default() };
    let outcome = Caller::new(network(options), PROXY).get(URL).await;
    let text = outcome.unreachable();
    assert!(text.contains(&url) && text.contains("cannot be reached") && text.contains("refused"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_is_asked_for_a_tunnel_within_it() {
    let service = Service::spawn(false);
    // It answers as a proxy would that opens a tunnel, and then speaks no TLS in it.
    let url = format!("https://localhost:{}", service.address.port());
    let proxy = Proxy::new(&url).unwrap().with_credentials(CREDENTIALS.to_owned().into()).unwrap();
    let options = NetworkOptions { proxy: Some(proxy), ..NetworkOptions::default() };
    let outcome = Caller::new(network(options), PROXY).get(URL).await;
    assert!(outcome.unreachable().contains(&format!("through the proxy {url}")), "{}", outcome.unreachable());
    let asked = &service.heard()[0].head;
    assert!(asked.starts_with("CONNECT plm.example:443") && asked.contains(ENCODED_CREDENTIALS), "{asked}");
}
