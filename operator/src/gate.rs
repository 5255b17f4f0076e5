//! Who may talk to a page: a browser with the link that the terminal printed. Checked before any
//! handler runs, on every request; and the headers that every answer carries. Knows nothing of what a page shows.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use crate::token::{self, NoRandomness};

/// The header in which the page's script repeats the token that only the page holds.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Nothing from elsewhere, nothing inline, no frames: text that came from a service can do no harm even where it is
/// shown wrongly. The one policy of trusted types, whose name follows, is the program's.
const CONTENT_SECURITY_POLICY_OF: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                                          connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors \
                                          'none'; require-trusted-types-for 'script'; trusted-types ";

/// The secrets of one start, and the address they are good for.
pub struct Gate {
    /// What a request's Host may be; the first is in the link.
    hosts: Vec<String>,
    cookie_name: String,
    /// In the link that is printed; good for as long as the program runs.
    link: String,
    /// In the link that a browser is started with, where other users of the machine can read it: good once.
    launch: Mutex<Option<String>>,
    /// In the cookie, which no script can read and no other site can send.
    cookie: String,
    /// In the page, which no other site can read.
    csrf: String,
    content_security_policy: HeaderValue,
}

impl Gate {
    /// The gate of a program's page that listens on this address. `names` are others by which browsers reach it, with
    /// their ports.
    ///
    /// # Errors
    ///
    /// The operating system gives no randomness.
    pub fn new(program: &str, address: SocketAddr, names: &[String]) -> Result<Self, NoRandomness> {
        let (ip, port) = (address.ip(), address.port());
        let mut hosts = names.to_vec();
        if !ip.is_unspecified() {
            hosts.push(address.to_string());
        }
        if ip.is_loopback() || ip.is_unspecified() {
            hosts.extend([format!("127.0.0.1:{port}"), format!("localhost:{port}")]);
        }
        Ok(Self {
            hosts,
            // Cookies know no ports: with the port in its name, two pages on one machine do not overwrite each other's.
            cookie_name: format!("{program}-{port}"),
            link: token::made()?,
            launch: Mutex::new(Some(token::made()?)),
            cookie: token::made()?,
            csrf: token::made()?,
            content_security_policy: HeaderValue::from_str(&format!("{CONTENT_SECURITY_POLICY_OF}{program}"))
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
        })
    }

    /// The link to print.
    pub fn link(&self) -> String {
        self.link_with(&self.link)
    }

    /// The link to start a browser with: it works once.
    pub fn launch_link(&self) -> String {
        match &*self.launch.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(launch) => self.link_with(launch),
            None => self.link(),
        }
    }

    /// The token that the page repeats with everything that changes something.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    fn link_with(&self, token: &str) -> String {
        let host = self.hosts.first().map_or("localhost", String::as_str);
        format!("http://{host}/?token={token}")
    }

    fn accepts_link(&self, token: &str) -> bool {
        if token::same(token, &self.link) {
            return true;
        }
        let mut launch = self.launch.lock().unwrap_or_else(PoisonError::into_inner);
        launch.take_if(|launch| token::same(token, launch)).is_some()
    }

    /// A page from elsewhere that resolves its own name to this machine (DNS rebinding) still sends its own name.
    fn knows_host(&self, headers: &HeaderMap) -> bool {
        let host = text(headers, header::HOST);
        self.hosts.iter().any(|known| Some(known.as_str()) == host)
    }

    fn knows_cookie(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie_name && token::same(value, &self.cookie))
    }

    /// Why a request that changes something is not the page's own; none if it is.
    fn is_forged(&self, headers: &HeaderMap) -> Option<&'static str> {
        let host = text(headers, header::HOST).unwrap_or_default();
        if text(headers, header::ORIGIN) != Some(&format!("http://{host}")) {
            return Some("the request does not come from this page");
        }
        if !token::same(text(headers, HeaderName::from_static(CSRF_HEADER)).unwrap_or_default(), &self.csrf) {
            return Some("the page is of an earlier start: reload it");
        }
        None
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    // Two of them is a trick, not a browser.
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The middleware: lets a request pass, exchanges the link for the cookie, or refuses.
pub async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let mut response = match admit(&gate, &request) {
        Admission::Pass => next.run(request).await,
        Admission::Exchange => exchange(&gate),
        Admission::Refuse(why) => refusal(why),
    };
    add_headers(&gate, response.headers_mut());
    response
}

enum Admission {
    Pass,
    Exchange,
    Refuse(&'static str),
}

fn admit(gate: &Gate, request: &Request) -> Admission {
    let headers = request.headers();
    if !gate.knows_host(headers) {
        return Admission::Refuse("this address is not the page's own: use the link that the terminal shows");
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    // The link is the one thing that may be followed from elsewhere.
    if is_read && request.uri().path() == "/" {
        let query = request.uri().query().unwrap_or_default();
        let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
        if given.is_some_and(|(_, given)| gate.accepts_link(&given)) {
            return Admission::Exchange;
        }
    }
    if !gate.knows_cookie(headers) {
        return Admission::Refuse("open the link that the terminal shows; this browser has not used it yet");
    }
    // Another port of this machine is the same site, and still not this page.
    let asked_by = text(headers, HeaderName::from_static("sec-fetch-site")).unwrap_or("none");
    if !matches!(asked_by, "none" | "same-origin") {
        return Admission::Refuse("another site asks for this page: open it by its own link");
    }
    match is_read {
        true => Admission::Pass,
        false => gate.is_forged(headers).map_or(Admission::Pass, Admission::Refuse),
    }
}

/// Goes on to the page. By the browser itself and not by a redirect: where the link was followed from another site, a
/// redirect would count as that site's, and the cookie would not be sent.
const ADMITTED: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Opening the page</title>\
     <meta http-equiv=\"refresh\" content=\"0; url=/\"><p><a href=\"/\">Go on to the page</a></p></html>";

/// The cookie for the link.
fn exchange(gate: &Gate) -> Response {
    let cookie = format!("{}={}; HttpOnly; SameSite=Strict; Path=/", gate.cookie_name, gate.cookie);
    let mut response = Response::new(Body::from(ADMITTED));
    // Another program may have had this port, and given the browser pages to keep.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Who is refused is not kept: a stranger who asked again and again, and read none of the answers, would hold a place
/// for ever.
fn refusal(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, [(header::CONNECTION, "close")], format!("Not shown: {why}.\n")).into_response()
}

fn add_headers(gate: &Gate, headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, gate.content_security_policy.clone());
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::*;

    const HOST: &str = "127.0.0.1:4000";

    struct Page {
        gate: Arc<Gate>,
        router: Router,
    }

    impl Page {
        fn new() -> Self {
            let gate = Arc::new(Gate::new("harness", HOST.parse().unwrap(), &[]).unwrap());
            let router = Router::new().route("/", get(|| async { "page" })).route("/run", post(|| async { "ran" }));
            let router = router.layer(axum::middleware::from_fn_with_state(gate.clone(), guard));
            Self { gate, router }
        }

        async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
        }

        fn cookie(&self) -> String {
            format!("other=1; {}={}", self.gate.cookie_name, self.gate.cookie)
        }
    }

    #[tokio::test]
    async fn the_link_is_exchanged_for_a_cookie_that_no_script_can_read() {
        let page = Page::new();
        let link = page.gate.link();
        let response = page.ask("GET", link.strip_prefix("http://127.0.0.1:4000").unwrap(), &[("host", HOST)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        assert!(!cookie.contains(&page.gate.link), "the link's token must not be the cookie's");
        let shown = page.ask("GET", "/", &[("host", HOST), ("cookie", cookie.split(';').next().unwrap())]).await;
        assert_eq!(shown.status(), StatusCode::OK);
    }

    #[test]
    fn a_page_has_the_names_that_it_was_given_and_those_of_its_address() {
        let hosts = |address: &str, names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            Gate::new("fleet", address.parse().unwrap(), &names).unwrap().hosts
        };
        assert_eq!(hosts("0.0.0.0:80", &["fleet.example:443"]), ["fleet.example:443", "127.0.0.1:80", "localhost:80"]);
        assert_eq!(hosts("10.0.0.7:80", &[]), ["10.0.0.7:80"]);
        assert_eq!(hosts("[::1]:80", &[]), ["[::1]:80", "127.0.0.1:80", "localhost:80"]);
    }

    #[tokio::test]
    async fn the_link_that_a_browser_is_started_with_works_once() {
        let page = Page::new();
        let link = page.gate.launch_link();
        let path = link.strip_prefix("http://127.0.0.1:4000").unwrap();
        assert_eq!(page.ask("GET", path, &[("host", HOST)]).await.status(), StatusCode::OK);
        assert_eq!(page.ask("GET", path, &[("host", HOST)]).await.status(), StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn nothing_is_shown_without_the_cookie_or_under_another_name() {
        let page = Page::new();
        let cookie = page.cookie();
        let named = |value: &str| format!("{}={value}", page.gate.cookie_name);
        for headers in [
            vec![("host", HOST)],
            vec![("host", HOST), ("cookie", &*named("0"))],
            vec![("host", HOST), ("cookie", &*named(""))],
            vec![("host", "rebound.example:4000"), ("cookie", &*cookie)],
            vec![("host", "127.0.0.1:4001"), ("cookie", &*cookie)],
            vec![("host", HOST), ("host", HOST), ("cookie", &*cookie)],
            vec![("cookie", &*cookie)],
            vec![("host", HOST), ("cookie", &*cookie), ("sec-fetch-site", "cross-site")],
            vec![("host", HOST), ("cookie", &*cookie), ("sec-fetch-site", "same-site")],
        ] {
            assert_eq!(page.ask("GET", "/", &headers).await.status(), StatusCode::FORBIDDEN, "{headers:?}");
        }
        let wrong = page.ask("GET", "/?token=0", &[("host", HOST)]).await;
        assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn a_change_needs_the_pages_own_origin_and_token() {
        let page = Page::new();
        let (cookie, csrf) = (page.cookie(), page.gate.csrf().to_owned());
        let own = [("host", HOST), ("cookie", &*cookie), ("origin", "http://127.0.0.1:4000"), (CSRF_HEADER, &*csrf)];
        assert_eq!(page.ask("POST", "/run", &own).await.status(), StatusCode::OK);
        for (name, value) in [
            ("origin", "http://127.0.0.1:4001"),
            ("origin", "https://127.0.0.1:4000"),
            ("origin", "null"),
            ("origin", "http://localhost:4000"),
            (CSRF_HEADER, "0"),
            (CSRF_HEADER, ""),
            ("cookie", "harness-4000=0"),
        ] {
            let forged: Vec<_> = own.iter().map(|own| if own.0 == name { (name, value) } else { *own }).collect();
            assert_eq!(page.ask("POST", "/run", &forged).await.status(), StatusCode::FORBIDDEN, "{name}: {value}");
            let without: Vec<_> = own.iter().copied().filter(|own| own.0 != name).collect();
            assert_eq!(page.ask("POST", "/run", &without).await.status(), StatusCode::FORBIDDEN, "without {name}");
        }
    }

    #[tokio::test]
    async fn every_answer_forbids_caching_frames_and_foreign_or_inline_script() {
        let page = Page::new();
        for headers in [vec![("host", HOST)], vec![("host", HOST), ("cookie", &*page.cookie())]] {
            let response = page.ask("GET", "/", &headers).await;
            let sent = response.headers();
            let policy = sent[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(sent[header::CACHE_CONTROL], "no-store");
            assert_eq!(sent[header::X_FRAME_OPTIONS], "DENY");
        }
    }
}
