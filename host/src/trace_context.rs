//! What tells a service which trace a request belongs to: the headers `traceparent` and `tracestate` of the W3C's Trace
//! Context. Made outside of this library, by whatever records its spans, and checked here before it is sent.

use std::fmt;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// The longest `tracestate` that is sent, in bytes: as many as the specification asks everyone to pass on.
const LONGEST_STATE: usize = 512;
/// The most members of a `tracestate`.
const MOST_MEMBERS: usize = 32;
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Gives the context of a span, for the service that its request goes to. None where the span is not recorded.
pub type TraceContextSource = Arc<dyn Fn(&tracing::Span) -> Option<TraceContext> + Send + Sync>;

/// A checked trace context. Its ids are random and say nothing of what is traced.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceContext {
    parent: HeaderValue,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Takes a `traceparent` of version 00 with ids that are not zero. A `tracestate` that is none, or longer than 512
    /// bytes, is left out, as the specification has it.
    pub fn new(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        if !is_parent(traceparent) {
            return None;
        }
        let state = tracestate.filter(|state| is_state(state)).and_then(|state| HeaderValue::from_str(state).ok());
        Some(Self { parent: HeaderValue::from_str(traceparent).ok()?, state })
    }

    /// Puts the context into a request's headers, in place of any other: a state belongs to its parent.
    pub(crate) fn write_to(self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.parent);
        headers.remove(TRACESTATE);
        if let Some(state) = self.state {
            headers.insert(TRACESTATE, state);
        }
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceContext").field(&self.parent).finish()
    }
}

/// Whether it is `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, in lower case, and neither id is zero.
fn is_parent(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut is_hex = |length: usize| {
        let part = parts.next().unwrap_or_default();
        let is_hex = part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then_some(part)
    };
    let is_id = |part: Option<&str>| part.is_some_and(|part| part.bytes().any(|byte| byte != b'0'));
    is_hex(2) == Some("00") && is_id(is_hex(32)) && is_id(is_hex(16)) && is_hex(2).is_some() && parts.next().is_none()
}

/// Whether it is a list of members `key=value` that a header can carry.
fn is_state(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_STATE
        && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.split(',').count() <= MOST_MEMBERS
        && text.split(',').all(|member| member.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_is_taken_only_if_it_is_one() {
        assert!(TraceContext::new(PARENT, None).is_some());
        for bad in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nx: y",
        ] {
            assert_eq!(TraceContext::new(bad, None), None, "{bad:?}");
        }
    }

    #[test]
    fn a_state_that_is_none_or_too_long_is_left_out() {
        let state = |text: &str| TraceContext::new(PARENT, Some(text)).unwrap().state;
        assert_eq!(state("a=b,c@d=e f").unwrap(), "a=b,c@d=e f");
        let (long, many) = (format!("a={}", "x".repeat(LONGEST_STATE)), vec!["a=b"; MOST_MEMBERS + 1].join(","));
        for bad in ["", "a", "=b", "a=é", "a=b\r\nx: y", &long, &many] {
            assert_eq!(state(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn it_takes_the_place_of_any_other_and_of_its_state() {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static("of the component"));
        headers.append(TRACEPARENT, HeaderValue::from_static("and another"));
        headers.append(TRACESTATE, HeaderValue::from_static("its=state"));
        TraceContext::new(PARENT, None).unwrap().write_to(&mut headers);
        assert_eq!(headers.get_all(TRACEPARENT).iter().collect::<Vec<_>>(), [PARENT]);
        assert!(!headers.contains_key(TRACESTATE));
        TraceContext::new(PARENT, Some("a=b")).unwrap().write_to(&mut headers);
        assert_eq!(headers.get(TRACESTATE).unwrap(), "a=b");
    }
}
