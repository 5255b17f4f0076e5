//! Who is shown which client certificate.

use std::sync::Arc;

use super::client::{Network, Sockets};
use super::testing::{Caller, Service, TestProxy, Way, network, tenants};
use crate::network::{NetworkError, NetworkOptions, Proxy};
use crate::refusal::Grants;

const PRIVATE: Grants = Grants {
    allow_http: false,
    allow_private_network: true,
    allow_proxy: false,
    read_only: false,
    send_trace_context: false,
};

#[tokio::test]
async fn a_service_that_asks_for_a_certificate_is_shown_it_and_without_one_says_no() {
    let service = Service::spawn(true);
    let url = format!("https://localhost:{}/", service.address.port());
    let [(identity, shown), _] = tenants();
    let options = NetworkOptions { client_identity: Some(identity), ..NetworkOptions::default() };
    let outcome = Caller::new(network(options), PRIVATE).get(&url).await;
    assert_eq!((outcome.status, service.heard()[0].certificate.clone()), (Ok(200), Some(shown)));

    let outcome = Caller::new(network(NetworkOptions::default()), PRIVATE).get(&url).await;
    assert!(outcome.unreachable().contains("asks for a client certificate"), "{}", outcome.unreachable());
    assert_eq!(service.heard().len(), 1);
}

#[tokio::test]
async fn each_connection_shows_its_own_certificate_whatever_the_networks_is() {
    let service = Service::spawn(true);
    let url = format!("https://localhost:{}/", service.address.port());
    let [(one, shown_by_one), (two, shown_by_two)] = tenants();
    let network = network(NetworkOptions { client_identity: Some(one.clone()), ..NetworkOptions::default() });
    let of = |sockets: Sockets| Caller { sockets: Arc::new(sockets), ..Caller::new(network.clone(), PRIVATE) };
    let callers = [of(Sockets::with_identity(one)), of(Sockets::with_identity(two)), of(Sockets::default())];
    // In turns, and over what the first turn left open.
    for _ in 0..2 {
        for caller in &callers {
            assert_eq!(caller.get(&url).await.status, Ok(200));
        }
    }
    let shown: Vec<Vec<u8>> = service.heard().into_iter().map(|heard| heard.certificate.unwrap()).collect();
    let expected = [&shown_by_one, &shown_by_two, &shown_by_one, &shown_by_one, &shown_by_two, &shown_by_one];
    assert!(shown.iter().eq(expected), "a connection showed another's certificate");
}

#[tokio::test]
async fn through_a_proxy_the_service_is_shown_the_certificate() {
    let service = Service::spawn(true);
    let proxy = TestProxy::spawn(Way::To(service.address));
    let [(identity, shown), _] = tenants();
    let proxy = Some(Proxy::new(&proxy.url).unwrap());
    let options = NetworkOptions { proxy, client_identity: Some(identity), ..NetworkOptions::default() };
    let caller = Caller::new(network(options), Grants { allow_proxy: true, ..Grants::default() });
    assert_eq!(caller.get("https://plm.example/").await.status, Ok(200));
    assert_eq!(service.heard()[0].certificate, Some(shown));
}

#[tokio::test]
async fn no_certificate_is_used_with_a_proxy_that_could_ask_for_it() {
    // A proxy that speaks TLS and asks for a certificate.
    let asking = Service::spawn(true);
    let url = format!("https://localhost:{}", asking.address.port());
    let proxy = Some(Proxy::new(&url).unwrap());
    let [(identity, _), _] = tenants();
    let both = NetworkOptions { proxy: proxy.clone(), client_identity: Some(identity.clone()), ..Default::default() };
    assert_eq!(Network::new(&both, None).err(), Some(NetworkError::ClientIdentityAndHttpsProxy));

    let network = network(NetworkOptions { proxy, ..NetworkOptions::default() });
    let grants = Grants { allow_proxy: true, ..Grants::default() };
    let caller = Caller { sockets: Arc::new(Sockets::with_identity(identity)), ..Caller::new(network, grants) };
    let outcome = caller.get("https://plm.example/").await;
    assert!(outcome.unreachable().contains("reach the proxy over http"), "{}", outcome.unreachable());
    assert!(asking.heard().is_empty(), "the proxy was shown the certificate");
}
