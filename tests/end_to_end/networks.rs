//! The harness in the networks of companies: behind a proxy, with certificates of a company's own authority, at a
//! service that asks for a client's. The service is the simulated one, behind TLS; the certificates are those of the
//! library's own tests.

use crate::harness::{Desk, Ended, ended};
use crate::support::root;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::process::Command;

const PASSWORD: &str = "canary-password-of-the-proxy-55e0";

fn pem(name: &str) -> PathBuf {
    root().join("host/src/network/test_pem").join(name)
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Answers on threads that end with the test's process.
fn listen(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            // How a connection ends is seen on the other side.
            thread::spawn(move || drop(serve(stream)));
        }
    });
    address
}

fn head_of(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8(head).unwrap())
}

/// The service behind TLS, as plm.example and localhost.
fn behind_tls(service: SocketAddr, asks_for_certificate: bool) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = if asks_for_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(pem("authority.pem")).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let certificate = CertificateDer::from_pem_file(pem("service.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(pem("service.pem")).unwrap();
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    listen(move |stream| {
        let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
        let head = head_of(&mut tls)?;
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        tls.read_exact(&mut body)?;
        let mut plain = TcpStream::connect(service)?;
        plain.write_all(head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes())?;
        plain.write_all(&body)?;
        io::copy(&mut plain, &mut tls)?;
        tls.conn.send_close_notify();
        tls.flush()
    })
}

/// A proxy that opens tunnels to one service, whatever host is asked for, to whoever gives its credentials.
struct CompanyProxy {
    url: String,
    /// All that it was sent. A client says goodbye after its answer, so this can still grow when its command has ended.
    heard: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
}

impl CompanyProxy {
    fn spawn(service: SocketAddr) -> Self {
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let all = heard.clone();
        let connections: Arc<AtomicUsize> = Arc::default();
        let count = connections.clone();
        let wanted = format!("Basic {}\r\n", STANDARD.encode(format!("operator:{PASSWORD}")));
        let address = listen(move |mut client| {
            count.fetch_add(1, Ordering::Relaxed);
            let head = head_of(&mut client)?;
            all.lock().unwrap().extend_from_slice(head.as_bytes());
            if !head.contains(&wanted) {
                return client.write_all(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n");
            }
            let mut server = TcpStream::connect(service)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
            thread::spawn(move || {
                io::copy(&mut from, &mut to).ok();
                to.shutdown(std::net::Shutdown::Write)
            });
            let mut buffer = [0; 4096];
            loop {
                let count = client.read(&mut buffer)?;
                if count == 0 {
                    return server.shutdown(std::net::Shutdown::Write);
                }
                all.lock().unwrap().extend_from_slice(&buffer[..count]);
                server.write_all(&buffer[..count])?;
            }
        });
        Self { url: format!("http://{address}"), heard, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }
}

/// A desk whose connection leads to this URL's host, with the service's own path.
async fn desk(origin: impl Fn(&Desk) -> String) -> Desk {
    let desk = Desk::new().await;
    let url: url::Url = desk.sim.url().parse().unwrap();
    let fields =
        json!({ "apiKey": "${DURO_API_KEY}", "customDuroEnvironment": format!("{}{}", origin(&desk), url.path()) });
    let connection = json!({ "key": "duroApiKey", "fields": fields });
    fs::write(desk.file("connection.json"), connection.to_string()).unwrap();
    desk
}

fn test_connection(desk: &Desk, flags: &[&str]) -> Command {
    desk.command(&[&["--debug"], flags, &["test-connection", "--connection", "connection.json"]].concat())
}

/// Through a proxy, with its credentials from the environment.
async fn through(desk: &Desk, proxy: &CompanyProxy, password: &str, roots: &str, flags: &[&str]) -> Ended {
    fs::write(desk.file("proxy.credentials"), "${PROXY_USER}:${PROXY_PASSWORD}\n").unwrap();
    let flags = [&["--proxy", &proxy.url, "--proxy-credentials", "proxy.credentials"], flags].concat();
    let mut command = test_connection(desk, &flags);
    command.env("PROXY_USER", "operator").env("PROXY_PASSWORD", password).env("SSL_CERT_FILE", roots);
    command.env_remove("SSL_CERT_DIR");
    ended(command).await
}

fn assert_shows_no_secret(ended: &Ended, key: &str) {
    for secret in [key, PASSWORD, &STANDARD.encode(format!("operator:{PASSWORD}"))] {
        assert!(!ended.output.contains(secret) && !ended.messages.contains(secret), "{}", ended.messages);
    }
}

#[tokio::test]
async fn behind_a_companys_proxy_and_with_its_own_authority_a_connection_works_and_no_secret_is_anywhere() {
    let desk = desk(|_| "https://plm.example".to_owned()).await;
    let key = desk.sim.key();
    let proxy = CompanyProxy::spawn(behind_tls(desk.sim.address(), false));
    let roots = text(&pem("authority.pem"));
    let allowed = ["--allow-proxy", "--roots", "system"];
    let done = through(&desk, &proxy, PASSWORD, &roots, &allowed).await;
    assert_eq!(done.status, 0, "{}", done.messages);
    assert_shows_no_secret(&done, &key);
    let heard = proxy.heard();
    assert!(heard.starts_with(b"CONNECT plm.example:443 "), "{}", String::from_utf8_lossy(&heard));
    assert!(!heard.windows(key.len()).any(|window| window == key.as_bytes()), "the proxy saw the key");

    // Without the grant nothing is sent, by no way.
    let refused = through(&desk, &proxy, PASSWORD, &roots, &allowed[1..]).await;
    let refusal = &refused.json()["error"]["refusals"][0];
    assert_eq!((refused.status, &refusal["reason"], &refusal["grant"]), (3, &json!("proxy"), &json!("--allow-proxy")));
    assert_eq!(proxy.connections(), 1);

    // With another password the proxy is named, and the password is not.
    let wrong = format!("yesterdays-{PASSWORD}");
    let unknown = through(&desk, &proxy, &wrong, &roots, &allowed).await;
    assert_eq!((unknown.status, unknown.error_kind().as_str()), (1, "transport"));
    assert!(unknown.messages.contains(&proxy.url) && unknown.messages.contains("407"), "{}", unknown.messages);
    assert_shows_no_secret(&unknown, &key);

    // The web knows nothing of the company's authority.
    let untrusted = through(&desk, &proxy, PASSWORD, &roots, &["--allow-proxy", "--roots", "web"]).await;
    assert_eq!((untrusted.status, untrusted.error_kind().as_str()), (1, "transport"));
    assert!(untrusted.messages.contains("the system's roots, or extra ones"), "{}", untrusted.messages);
    let extra = ["--allow-proxy", "--ca-file", &roots];
    assert_eq!(through(&desk, &proxy, PASSWORD, "/nowhere", &extra).await.status, 0);
    let nowhere = through(&desk, &proxy, PASSWORD, "/nowhere/roots.pem", &allowed).await;
    assert_eq!(nowhere.status, 2);
    for words in ["/nowhere/roots.pem", "SSL_CERT_FILE"] {
        assert!(nowhere.messages.contains(words), "{}", nowhere.messages);
    }
}

#[tokio::test]
async fn a_service_that_asks_for_a_client_certificate_is_shown_the_one_that_the_flags_name() {
    let desk = desk(|desk| format!("https://localhost:{}", behind_tls(desk.sim.address(), true).port())).await;
    let (authority, certificate) = (text(&pem("authority.pem")), text(&pem("client_one.pem")));
    let trusted = ["--allow-private-network", "--ca-file", &authority];
    fs::copy(pem("client_one_key.pem"), desk.file("client.key")).unwrap();
    let shown = [&trusted[..], &["--client-cert", &certificate, "--client-key", "client.key"]].concat();
    let done = ended(test_connection(&desk, &shown)).await;
    assert_eq!(done.status, 0, "{}", done.messages);
    let unknown = ended(test_connection(&desk, &trusted)).await;
    assert_eq!((unknown.status, unknown.error_kind().as_str()), (1, "transport"));
    assert!(unknown.messages.contains("asks for a client certificate"), "{}", unknown.messages);
}

#[tokio::test]
async fn what_the_network_flags_name_is_checked_before_anything_is_sent() {
    let desk = Desk::new().await;
    let [certificate, key, other, encrypted] =
        ["client_one.pem", "client_one_key.pem", "client_two_key.pem", "client_one_key_encrypted.pem"]
            .map(|name| text(&pem(name)));
    fs::write(desk.file("some"), "operator:canary").unwrap();
    fs::write(desk.file("user-alone"), "canary-user").unwrap();
    fs::write(desk.file("unset"), "${CANARY_THAT_IS_NOT_SET}").unwrap();
    let proxy = ["--proxy", "http://proxy.example:3128"];
    let cases: [(&[&str], &str); 10] = [
        (&["--proxy", "http://canary:canary@proxy.example:3128"], "--proxy-credentials"),
        (&["--proxy", "proxy.example"], "http://HOST:PORT"),
        (&["--proxy-credentials", "some"], "--proxy URL"),
        (&[&proxy[..], &["--proxy-credentials", "user-alone"]].concat(), "USER:PASSWORD"),
        (&[&proxy[..], &["--proxy-credentials", "unset"]].concat(), "is not set in the environment"),
        (&[&proxy[..], &["--proxy-credentials", "nowhere"]].concat(), "nowhere: it cannot be read"),
        (&["--client-cert", &certificate], "--client-key FILE"),
        (&["--client-key", &key], "--client-cert FILE"),
        (&["--client-cert", &certificate, "--client-key", &other], "do not belong together"),
        (&["--client-cert", &certificate, "--client-key", &encrypted], "it is encrypted"),
    ];
    for (flags, words) in cases {
        let ended = ended(test_connection(&desk, flags)).await;
        assert_eq!(ended.status, 2, "{flags:?}: {}", ended.messages);
        assert!(ended.messages.contains(words) && !ended.messages.contains("canary"), "{flags:?}: {}", ended.messages);
    }
    assert_eq!(desk.sim.request_count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_with_a_secret_of_the_network_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new().await;
    let certificate = text(&pem("client_one.pem"));
    for (mode, content, expected) in [
        (0o600, "operator:canary", None),
        (0o644, "operator:canary", Some("other users can read")),
        (0o644, "${DURO_API_KEY}:${DURO_API_KEY}", None),
        (0o666, "${DURO_API_KEY}:${DURO_API_KEY}", Some("other users can change")),
    ] {
        fs::copy(pem("client_one_key.pem"), desk.file("key")).unwrap();
        fs::write(desk.file("credentials"), content).unwrap();
        for name in ["key", "credentials"] {
            fs::set_permissions(desk.file(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        for (flags, is_warned) in [
            (["--client-cert", &certificate, "--client-key", "key"], mode != 0o600),
            (["--proxy", "http://127.0.0.1:9", "--proxy-credentials", "credentials"], expected.is_some()),
        ] {
            let ended = ended(test_connection(&desk, &flags)).await;
            let warned = ended.messages.contains("chmod 600");
            assert_eq!(warned, is_warned, "{mode:o} {content} {flags:?}: {}", ended.messages);
            if let (true, Some(expected)) = (warned, expected) {
                assert!(ended.messages.contains(expected) && !ended.messages.contains("canary"), "{}", ended.messages);
            }
        }
    }
}

#[tokio::test]
async fn a_proxy_that_only_the_environment_names_is_not_used() {
    let desk = Desk::new().await;
    let heard: Arc<Mutex<usize>> = Arc::default();
    let count = heard.clone();
    let address = listen(move |_| {
        *count.lock().unwrap() += 1;
        Ok(())
    });
    let mut command = test_connection(&desk, &["--allow-http", "--allow-private-network", "--allow-proxy"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, format!("http://{address}"));
    }
    let ended = ended(command).await;
    assert_eq!((ended.status, *heard.lock().unwrap()), (0, 0), "{}", ended.messages);
}
