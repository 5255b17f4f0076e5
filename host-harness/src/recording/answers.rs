//! Exchanges of a file in the place of a service: each request gets the answer of one that asked the same.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use host::contract::Failure;
use host::text::cut;
use host::{Exchange, Transport};
use serde_json::Value;
use url::Url;

use super::file::Recording;
use super::tape;

/// A request in an error is shown up to this many bytes.
const LONGEST: usize = 300;

/// Answers from a recording, or from what a browser wrote.
pub(crate) struct Answers {
    known: Vec<Known>,
    /// Which were given already: of several that asked the same, the next gets the next.
    given: Mutex<Vec<bool>>,
}

struct Known {
    exchange: Exchange,
    target: String,
    body: Body,
}

/// What a request asks for, by its meaning.
#[derive(PartialEq)]
enum Body {
    /// GraphQL: the document without its blanks, and the rest.
    Document(String, Value),
    Json(Value),
    Bytes(Bytes),
}

impl Answers {
    pub(crate) fn of(recording: Recording) -> Self {
        let known: Vec<Known> = recording
            .into_exchanges()
            .into_iter()
            .filter(|exchange| exchange.attempts > 0)
            .map(|exchange| Known { target: target(&exchange.url), body: Body::of(&exchange.request_body), exchange })
            .collect();
        Self { given: Mutex::new(vec![false; known.len()]), known }
    }

    /// Begins anew: what was given already counts for nothing.
    pub(crate) fn rewind(&self) {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).fill(false);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }
}

impl Transport for Answers {
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure> {
        let (wanted, body) = (target(&request.uri().to_string()), Body::of(request.body()));
        let fits = |known: &Known| {
            known.exchange.method == request.method().as_str() && known.target == wanted && known.body == body
        };
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting: Vec<usize> =
            self.known.iter().enumerate().filter(|(_, known)| fits(known)).map(|(place, _)| place).collect();
        let unused = fitting.iter().find(|place| given.get(**place).is_some_and(|given| !given));
        let Some(place) = unused.or(fitting.last()).copied() else {
            let body = String::from_utf8_lossy(request.body());
            return Err(Failure::Other(format!(
                "none of the {} recorded requests is {} {wanted} {}",
                self.known.len(),
                request.method(),
                cut(&body, LONGEST)
            )));
        };
        if let Some(given) = given.get_mut(place) {
            *given = true;
        }
        self.known.get(place).map_or_else(
            || Err(Failure::Other("the recording has no answer".into())),
            |known| tape::answer(&known.exchange),
        )
    }
}

/// Path and query: what was recorded with one company's address answers for another's.
fn target(url: &str) -> String {
    Url::parse(url).map_or_else(
        |_| url.to_owned(),
        |url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
    )
}

impl Body {
    fn of(bytes: &Bytes) -> Self {
        let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return Self::Bytes(bytes.clone()) };
        let Some(object) = value.as_object_mut() else { return Self::Json(value) };
        // What is not there and what is null ask for the same.
        object.retain(|name, value| name == "query" || !value.is_null());
        match object.get("query").and_then(Value::as_str) {
            Some(document) => {
                let document = without_blanks(document);
                object.remove("query");
                Self::Document(document, value)
            }
            None => Self::Json(value),
        }
    }
}

/// A GraphQL document without what means nothing between its tokens, for most documents: blanks and commas. A text in
/// it is compared without its blanks too.
fn without_blanks(document: &str) -> String {
    document.split(|character: char| character.is_whitespace() || character == ',').collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use host::ExchangeOutcome;

    use super::*;

    fn exchange(url: &str, body: &str, answer: &str) -> Exchange {
        Exchange {
            at: Duration::ZERO,
            duration: Duration::ZERO,
            attempts: 1,
            method: "POST".into(),
            url: url.into(),
            request_headers: Vec::new(),
            request_body: body.to_owned().into(),
            outcome: ExchangeOutcome::Answered { status: 200, headers: Vec::new(), body: answer.to_owned().into() },
        }
    }

    fn answers(exchanges: Vec<Exchange>) -> Answers {
        Answers::of(Recording { component: None, calls: Vec::new(), loose: exchanges })
    }

    fn ask(answers: &Answers, url: &str, body: &str) -> Result<String, String> {
        let request = http::Request::post(url).body(Bytes::from(body.to_owned())).unwrap();
        let answer = answers.answer(request).map_err(|failure| failure.to_string())?;
        Ok(String::from_utf8(answer.into_body().to_vec()).unwrap())
    }

    #[test]
    fn a_request_gets_the_answer_of_one_that_asked_the_same_however_it_was_spaced() {
        let answers = answers(vec![
            exchange("https://a.example/graphql", r#"{"query":"{ a, b }","variables":{"n":1}}"#, "one"),
            exchange("https://a.example/graphql", r#"{"query":"{ a b }","variables":{"n":2}}"#, "two"),
        ]);
        let other = "http://127.0.0.1:1/graphql";
        let asked = r#"{"variables": {"n": 2}, "query": "{\n  a\n  b\n}", "operationName": null}"#;
        assert_eq!(ask(&answers, other, asked).unwrap(), "two");
        let problem = ask(&answers, other, r#"{"query":"{ a b c }"}"#).unwrap_err();
        assert!(problem.contains("none of the 2 recorded requests") && problem.contains("a b c"), "{problem}");
        assert!(ask(&answers, "http://127.0.0.1:1/other", asked).is_err());
    }

    #[test]
    fn of_several_that_asked_the_same_the_next_gets_the_next_and_the_last_is_repeated() {
        let url = "https://a.example/";
        let answers = answers(vec![exchange(url, "x", "one"), exchange(url, "x", "two")]);
        let given: Vec<String> = (0..3).map(|_| ask(&answers, url, "x").unwrap()).collect();
        assert_eq!(given, ["one", "two", "two"]);
        answers.rewind();
        assert_eq!(ask(&answers, url, "x").unwrap(), "one");
    }
}
