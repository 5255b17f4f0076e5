//! Whose clients and TLS sessions are whose. That no two connections share a socket is shown in the end-to-end tests.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConnection, HandshakeKind, ServerConfig, ServerConnection};

use super::*;

/// An authority, and a server called localhost with its key.
const CERTIFICATES: &[u8] = include_bytes!("test_certificates.pem");

fn certificates() -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(CERTIFICATES).map(Result::unwrap).collect()
}

fn network() -> Arc<Network> {
    Arc::new(Network::new(&NetworkOptions::default(), None).unwrap())
}

fn grants(allow_private_network: bool) -> Grants {
    Grants { allow_private_network, ..Grants::default() }
}

fn server() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::from_pem_slice(CERTIFICATES).unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(certificates()[1..].to_vec(), key).unwrap())
}

/// Connects, and gives whether an earlier session was taken up again.
fn connect(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> HandshakeKind {
    let mut client = ClientConnection::new(client.clone(), "localhost".try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(server.clone()).unwrap();
    while client.wants_write() || server.wants_write() {
        let (mut sent, mut answered) = (Vec::new(), Vec::new());
        while client.wants_write() {
            client.write_tls(&mut sent).unwrap();
        }
        let mut sent = sent.as_slice();
        while !sent.is_empty() {
            server.read_tls(&mut sent).unwrap();
            server.process_new_packets().unwrap();
        }
        while server.wants_write() {
            server.write_tls(&mut answered).unwrap();
        }
        let mut answered = answered.as_slice();
        while !answered.is_empty() {
            client.read_tls(&mut answered).unwrap();
            client.process_new_packets().unwrap();
        }
    }
    server.handshake_kind().unwrap()
}

#[test]
fn a_client_takes_up_its_own_tls_sessions_and_no_others() {
    let options = NetworkOptions { extra_roots_pem: Some(CERTIFICATES.to_vec()), ..NetworkOptions::default() };
    let (network, server) = (Network::new(&options, None).unwrap(), server());
    let [one, other] = [(); 2].map(|()| Arc::new(network.tls().unwrap()));
    assert_eq!(connect(&one, &server), HandshakeKind::Full);
    assert_eq!(connect(&one, &server), HandshakeKind::Resumed);
    assert_eq!(connect(&other, &server), HandshakeKind::Full);
    assert_eq!(connect(&other, &server), HandshakeKind::Resumed);
}

#[test]
fn a_connection_has_a_client_for_each_grant_and_runtime_and_keeps_none_of_a_runtime_that_is_gone() {
    let sockets = Sockets::default();
    let held = || sockets.clients.lock().unwrap().len();
    let kept = network();
    for allow_private_network in [true, false, true, false] {
        sockets.client(&kept, grants(allow_private_network)).unwrap();
    }
    assert_eq!(held(), 2);
    for _ in 0..50 {
        sockets.client(&network(), grants(true)).unwrap();
    }
    assert_eq!(held(), 3);
}

#[test]
fn a_client_that_was_made_with_a_proxy_is_not_given_to_a_call_without_the_grant() {
    let proxy = Some(Proxy::new("http://127.0.0.1:9").unwrap());
    let network = Arc::new(Network::new(&NetworkOptions { proxy, ..NetworkOptions::default() }, None).unwrap());
    let sockets = Sockets::default();
    for allow_proxy in [false, true, false] {
        let client = sockets.client(&network, Grants { allow_proxy, ..grants(true) });
        assert_eq!(client.is_ok(), allow_proxy);
    }
}
