//! What a service says of pages of other origins (CORS), when it is asked to: a browser lets their scripts call it, and
//! see of an answer's headers those that are named.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::answers::API_TOKEN;

/// The pages that may call the service.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    /// Their origin.
    pub(crate) origin: String,
    /// Headers of answers that their scripts may see, beside the few that every script sees.
    pub(crate) exposed: Vec<String>,
}

impl Cors {
    /// The answer to what a browser asks before it sends a page's request; none where this is no such question.
    pub(crate) fn preflight(&self, request: &Parts) -> Option<Response<Body>> {
        let asks = request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        asks.then(|| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            self.allow(request, &mut response);
            let allowed = format!("content-type, {API_TOKEN}");
            set(&mut response, ACCESS_CONTROL_ALLOW_METHODS, "POST");
            set(&mut response, ACCESS_CONTROL_ALLOW_HEADERS, &allowed);
            response
        })
    }

    /// Lets the page see the answer, if it is of the origin.
    pub(crate) fn allow(&self, request: &Parts, response: &mut Response<Body>) {
        set(response, VARY, "origin");
        let is_from_there =
            request.headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes() == self.origin.as_bytes());
        if !is_from_there {
            return;
        }
        set(response, ACCESS_CONTROL_ALLOW_ORIGIN, &self.origin);
        if !self.exposed.is_empty() {
            set(response, ACCESS_CONTROL_EXPOSE_HEADERS, &self.exposed.join(", "));
        }
    }
}

/// A value that is none, because somebody named it so, is left out, and the browser says what is missing.
fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(method: &str, origin: &str) -> Parts {
        let request = Request::builder().method(method).header(ORIGIN, origin);
        request.header(ACCESS_CONTROL_REQUEST_METHOD, "POST").body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_pages_of_the_origin_are_let_in_and_see_what_is_exposed() {
        let cors = Cors { origin: "http://page.example".into(), exposed: vec!["date".into()] };
        let header = |response: &Response<Body>, name: HeaderName| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
        };
        let own = cors.preflight(&parts("OPTIONS", "http://page.example")).unwrap();
        assert_eq!(own.status(), StatusCode::NO_CONTENT);
        assert_eq!(header(&own, ACCESS_CONTROL_ALLOW_ORIGIN).as_deref(), Some("http://page.example"));
        assert!(header(&own, ACCESS_CONTROL_ALLOW_HEADERS).unwrap().contains("apitoken"));
        let other = cors.preflight(&parts("OPTIONS", "http://other.example")).unwrap();
        assert_eq!(header(&other, ACCESS_CONTROL_ALLOW_ORIGIN), None);
        assert!(cors.preflight(&parts("POST", "http://page.example")).is_none());
        let mut answer = Response::new(Body::empty());
        cors.allow(&parts("POST", "http://page.example"), &mut answer);
        assert_eq!(header(&answer, ACCESS_CONTROL_EXPOSE_HEADERS).as_deref(), Some("date"));
        assert_eq!(header(&answer, VARY).as_deref(), Some("origin"));
    }
}
