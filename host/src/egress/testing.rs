//! A service that speaks TLS, and a proxy, on loopback, each on threads of its own that end with the test's process;
//! and the requests of a call to them. The certificates lie in files that hold for a century, so that no test needs a
//! tool to make them.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::client::{Network, Sockets};
use super::policy::EgressPolicy;
use super::request::{HeaderText, OutgoingRequest};
use super::sending::{Egress, EgressContext};
use crate::budget::HostBudget;
use crate::contract::Failure;
use crate::limits::{LimitExceeded, Limits};
use crate::log::{CallLog, LogLevel, LogOptions};
use crate::network::{ClientIdentity, NetworkOptions, Proxy};
use crate::origin::Origin;
use crate::refusal::{Grants, Refusal};
use crate::secrets::Secrets;

/// Whom all certificates here come from.
pub(super) const AUTHORITY: &[u8] = include_bytes!("../network/test_pem/authority.pem");
/// A server called plm.example and localhost.
const SERVICE: &[u8] = include_bytes!("../network/test_pem/service.pem");
const ONE: &[u8] = include_bytes!("../network/test_pem/client_one.pem");
const ONE_KEY: &[u8] = include_bytes!("../network/test_pem/client_one_key.pem");
const TWO: &[u8] = include_bytes!("../network/test_pem/client_two.pem");
const TWO_KEY: &[u8] = include_bytes!("../network/test_pem/client_two_key.pem");

/// The connection's own secret.
pub(super) const KEY: &str = "canary-key-of-the-connection-4b1d";
/// What the proxy is given.
pub(super) const CREDENTIALS: &str = "operator:canary-password-of-the-proxy-77aa";
/// The same as it is sent.
pub(super) const ENCODED_CREDENTIALS: &str = "b3BlcmF0b3I6Y2FuYXJ5LXBhc3N3b3JkLW9mLXRoZS1wcm94eS03N2Fh";

/// The certificates of two tenants, as they are shown.
pub(super) fn tenants() -> [(ClientIdentity, Vec<u8>); 2] {
    [(ONE, ONE_KEY), (TWO, TWO_KEY)].map(|(certificate, key)| {
        let shown = CertificateDer::from_pem_slice(certificate).unwrap().to_vec();
        (ClientIdentity::from_pem(certificate, key).unwrap(), shown)
    })
}

/// A request that a service got.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) head: String,
    /// The certificate that the client showed.
    pub(super) certificate: Option<Vec<u8>>,
}

/// A service that answers every request with 200 and `{}`; one for a tunnel as a proxy does, and closes.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Service {
    /// One that asks its clients for no certificate, or for one.
    pub(super) fn spawn(asks_for_certificate: bool) -> Self {
        let config = Arc::new(server_config(asks_for_certificate));
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let all = heard.clone();
        let address = listen(move |stream| {
            let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            // How a client ends it is its own affair.
            while let Ok(head) = head_of(&mut tls) {
                let certificate = tls.conn.peer_certificates().map(|shown| shown[0].to_vec());
                let asks_for_tunnel = head.starts_with(b"CONNECT ");
                all.lock().unwrap().push(Heard { head: String::from_utf8(head).unwrap(), certificate });
                if asks_for_tunnel {
                    tls.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok();
                    tls.conn.send_close_notify();
                    tls.flush().ok();
                    break;
                }
                if tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").is_err() {
                    break;
                }
            }
        });
        Self { address, heard }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

fn server_config(asks_for_certificate: bool) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = if asks_for_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(AUTHORITY).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let certificate = CertificateDer::from_pem_slice(SERVICE).unwrap();
    config.with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(SERVICE).unwrap()).unwrap()
}

/// What a proxy does with whoever asks it for a tunnel.
#[derive(Clone)]
pub(super) enum Way {
    /// Opens one, to this address, whatever host is asked for.
    To(SocketAddr),
    /// Answers with these bytes and closes.
    Answer(Vec<u8>),
    /// Answers with a header that has no end, as fast as it is taken.
    Endless,
    /// The same, a byte at a time.
    Slow,
}

/// A proxy, with all that it was sent over each connection.
pub(super) struct TestProxy {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl TestProxy {
    pub(super) fn spawn(way: Way) -> Self {
        let heard: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let all = heard.clone();
        let address = listen(move |stream| drop(tunnel(stream, &way, &all)));
        Self { url: format!("http://{address}"), heard }
    }

    pub(super) fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().clone()
    }
}

fn tunnel(mut client: TcpStream, way: &Way, all: &Mutex<Vec<Vec<u8>>>) -> io::Result<()> {
    let head = head_of(&mut client)?;
    let number = {
        let mut all = all.lock().unwrap();
        all.push(head);
        all.len() - 1
    };
    match way {
        Way::Answer(bytes) => client.write_all(bytes),
        Way::Endless | Way::Slow => {
            client.write_all(b"HTTP/1.1 200 OK\r\nx-endless: ")?;
            loop {
                client.write_all(b"x")?;
                if matches!(way, Way::Slow) {
                    thread::sleep(Duration::from_millis(5));
                }
            }
        }
        Way::To(address) => {
            let mut service = TcpStream::connect(address)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut from, mut to) = (service.try_clone()?, client.try_clone()?);
            thread::spawn(move || io::copy(&mut from, &mut to));
            let mut buffer = [0; 4096];
            loop {
                let count = client.read(&mut buffer)?;
                if count == 0 {
                    return service.shutdown(std::net::Shutdown::Write);
                }
                all.lock().unwrap()[number].extend_from_slice(&buffer[..count]);
                service.write_all(&buffer[..count])?;
            }
        }
    }
}

fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// All up to the blank line.
fn head_of(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// A network that trusts the authority here.
pub(super) fn network(options: NetworkOptions) -> Arc<Network> {
    let options = NetworkOptions { extra_roots_pem: Some(AUTHORITY.to_vec()), ..options };
    Arc::new(Network::new(&options, None).unwrap())
}

/// The same behind a proxy that is given credentials.
pub(super) fn behind(proxy: &TestProxy) -> Arc<Network> {
    let proxy = Proxy::new(&proxy.url).unwrap().with_credentials(CREDENTIALS.to_owned().into()).unwrap();
    network(NetworkOptions { proxy: Some(proxy), ..NetworkOptions::default() })
}

/// What becomes of a request.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The answer's status.
    pub(super) status: Result<u16, Failure>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) exceeded: Option<LimitExceeded>,
    /// All that is kept of it.
    pub(super) kept: String,
}

impl Outcome {
    /// Why there is no answer.
    pub(super) fn unreachable(&self) -> &str {
        match &self.status {
            Err(Failure::Unreachable(text)) => text,
            other => panic!("{other:?}"),
        }
    }
}

/// Whoever asks.
pub(super) struct Caller {
    pub(super) network: Arc<Network>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) grants: Grants,
    pub(super) limits: Limits,
    pub(super) idempotent: bool,
}

impl Caller {
    pub(super) fn new(network: Arc<Network>, grants: Grants) -> Self {
        Self { network, sockets: Arc::default(), grants, limits: Limits::default(), idempotent: false }
    }

    /// Gets a URL of the connection's own origin, with its secret in a header.
    pub(super) async fn get(&self, url: &str) -> Outcome {
        let limits = Arc::new(self.limits.clone());
        let mut secrets = Secrets::default();
        secrets.declare("apiKey", Some(KEY.to_owned().into())).unwrap();
        let secrets = Arc::new(secrets);
        let (started, budget) = (Instant::now(), HostBudget::new(&limits));
        let proxy = self.network.proxy().map(|proxy| proxy.origin().clone());
        let mut egress = Egress::new(EgressContext {
            policy: EgressPolicy::new(Origin::parse(url), self.grants).through(proxy),
            secrets: secrets.clone(),
            network: self.network.clone(),
            sockets: self.sockets.clone(),
            limits: limits.clone(),
            started,
            deadline: started + limits.deadline,
            record_exchanges: true,
            trace_context: None,
            steps: None,
            budget: budget.clone(),
        });
        let log = LogOptions { level: LogLevel::Trace, sink: None };
        let mut log = CallLog::new(started, log, secrets, &limits, budget);
        let request = OutgoingRequest {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: vec![("apiToken".to_owned(), HeaderText::Secret("apiKey".to_owned()))],
            body: None,
            idempotent: self.idempotent,
        };
        let status = egress.send(request, &mut log).await.map(|answer| answer.status);
        let kept = format!("{:?} {:?} {status:?}", egress.exchanges, log.lines);
        Outcome { status, refusals: egress.refusals, exceeded: egress.exceeded, kept }
    }
}
