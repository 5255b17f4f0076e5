//! An error as it is told: in words and as JSON, with the way out in the words of whoever shows it.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::error::CallError;
use crate::contract::{Failure, Shown};
use crate::egress::{Grant, Refusal, Restriction};
use crate::limits::Limit;

/// How the people who read an error change what it names. A library's readers set a field; a command's give a flag; and
/// what they cannot change has none.
pub trait WaysOut {
    /// What raises a limit.
    fn limit(&self, limit: Limit) -> Option<String>;

    /// What gives a grant.
    fn grant(&self, grant: Grant) -> Option<String>;

    /// What sets a restriction.
    fn restriction(&self, restriction: Restriction) -> Option<String>;
}

/// The fields of this library, for whoever embeds it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields;

impl WaysOut for Fields {
    fn limit(&self, limit: Limit) -> Option<String> {
        Some(format!("Limits::{}", limit.field()))
    }

    fn grant(&self, grant: Grant) -> Option<String> {
        Some(format!("Grants::{}", grant.field()))
    }

    fn restriction(&self, restriction: Restriction) -> Option<String> {
        Some(format!("Grants::{}", restriction.field()))
    }
}

/// A [`CallError`] with these ways out: displayed as its message, serialized as its JSON.
pub struct Told<'a> {
    error: &'a CallError,
    ways: &'a dyn WaysOut,
}

impl CallError {
    /// The error in words and as JSON that name these ways out. Without this they name the fields of
    /// [`Limits`](crate::Limits) and [`Grants`](crate::Grants).
    pub fn told<'a>(&'a self, ways: &'a dyn WaysOut) -> Told<'a> {
        Told { error: self, ways }
    }
}

impl Told<'_> {
    fn refusal(&self, refusal: &Refusal) -> String {
        let mut text = refusal.what.clone();
        if let Some(way) = refusal.grant.and_then(|grant| self.ways.grant(grant)) {
            text.push_str(&format!("; {way} would allow it"));
        }
        if let Some(way) = refusal.restriction.and_then(|restriction| self.ways.restriction(restriction)) {
            text.push_str(&format!("; {way} forbids it"));
        }
        text
    }

    /// `reason`, `message`, and what would allow it (`grant`) or without which it would be allowed (`restriction`),
    /// where there is one.
    fn refusal_to_json(&self, refusal: &Refusal) -> Value {
        let mut object = Map::new();
        object.insert("reason".into(), refusal.reason.name().into());
        object.insert("message".into(), self.refusal(refusal).into());
        if let Some(way) = refusal.grant.and_then(|grant| self.ways.grant(grant)) {
            object.insert("grant".into(), way.into());
        }
        if let Some(way) = refusal.restriction.and_then(|restriction| self.ways.restriction(restriction)) {
            object.insert("restriction".into(), way.into());
        }
        object.into()
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            CallError::Connector(error) => write!(f, "{error}"),
            CallError::Refused { refusals, answer } => match refusals.first() {
                Some(refusal) => write!(f, "the host did not let a request leave: {}", self.refusal(refusal)),
                None => write!(f, "{answer}"),
            },
            CallError::Limit { exceeded, .. } => match self.ways.limit(exceeded.limit) {
                Some(way) => write!(f, "{}; raise it with {way}", exceeded.what()),
                None => write!(f, "{}", exceeded.what()),
            },
            CallError::Trap { reason, last_words: Some(words) } => {
                write!(f, "the component crashed: {words} ({reason})")
            }
            CallError::Trap { reason, last_words: None } => write!(f, "the component crashed: {reason}"),
            CallError::BadResult(text) => write!(f, "the component broke the contract: {text}"),
            CallError::Start(text) => write!(f, "the component could not be started: {text}"),
        }
    }
}

/// As the object of [`Error`](crate::contract::Error), and where the host ended the call, with `endedBy` (`refusal`,
/// `limit`, `trap`, `bad-result`, `start`) and `refusals`, `limit` or `lastWords`.
impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let error = self.error;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("kind", error.kind())?;
        object.serialize_entry("message", &Shown(self))?;
        if let Some(answer) = error.answer() {
            answer.serialize_details(&mut object)?;
        }
        if let Some(ended_by) = error.ended_by() {
            object.serialize_entry("endedBy", ended_by)?;
        }
        match error {
            CallError::Connector(_) | CallError::BadResult(_) | CallError::Start(_) => {}
            CallError::Refused { refusals, .. } => {
                let refusals: Vec<Value> = refusals.iter().map(|refusal| self.refusal_to_json(refusal)).collect();
                object.serialize_entry("refusals", &refusals)?;
            }
            CallError::Limit { exceeded, answer } => {
                let mut limit = json!({ "name": exceeded.limit.name(), "allowed": exceeded.value() });
                if let (Some(way), Some(limit)) = (self.ways.limit(exceeded.limit), limit.as_object_mut()) {
                    limit.insert("raiseWith".into(), way.into());
                }
                object.serialize_entry("limit", &limit)?;
                if answer.is_none() && exceeded.limit == Limit::Deadline {
                    object.serialize_entry("failure", Failure::Timeout.kind())?;
                }
            }
            CallError::Trap { reason, last_words } => {
                object.serialize_entry("trap", reason)?;
                object.serialize_entry("lastWords", last_words)?;
            }
        }
        object.end()
    }
}

/// As [`CallError::told`] with the library's own fields.
impl Serialize for CallError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.told(&Fields).serialize(serializer)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.told(&Fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::contract::Error;
    use crate::limits::{LimitExceeded, Limits};

    fn to_json(error: &CallError) -> Value {
        serde_json::to_value(error).unwrap()
    }

    #[test]
    fn a_refusal_keeps_the_connectors_kind_and_adds_what_was_refused() {
        let refusal = crate::egress::EgressPolicy::new(Err("nothing is allowed".into()), Default::default())
            .check_url("https://plm.example")
            .unwrap_err();
        let answer = Error::Transport(Failure::Denied(refusal.to_string()));
        let json = to_json(&CallError::Refused { refusals: vec![refusal], answer });
        assert_eq!(json["kind"], "transport");
        assert_eq!(json["failure"], "denied");
        assert_eq!(json["endedBy"], "refusal");
        assert_eq!(json["refusals"][0]["reason"], "origin");
    }

    #[test]
    fn the_ways_out_are_those_of_whoever_shows_the_error() {
        struct Flags;
        impl WaysOut for Flags {
            fn limit(&self, limit: Limit) -> Option<String> {
                (limit == Limit::Memory).then(|| format!("--{}", limit.name()))
            }
            fn grant(&self, grant: Grant) -> Option<String> {
                Some(format!("--{}", grant.field()))
            }
            fn restriction(&self, restriction: Restriction) -> Option<String> {
                Some(format!("--{}", restriction.field()))
            }
        }
        let exceeded = LimitExceeded::new(Limit::Memory, &Limits::default());
        let limit = CallError::Limit { exceeded, answer: None };
        assert_eq!(
            limit.told(&Flags).to_string(),
            "the component asked for more memory than 64 MiB; raise it with --memory"
        );
        assert_eq!(limit.to_string(), exceeded.to_string());
        let fixed =
            CallError::Limit { exceeded: LimitExceeded::new(Limit::Deadline, &Limits::default()), answer: None };
        let json = serde_json::to_value(fixed.told(&Flags)).unwrap();
        assert!(!fixed.told(&Flags).to_string().contains("raise"), "{}", fixed.told(&Flags));
        assert_eq!(json["limit"].get("raiseWith"), None);
        let allowed = crate::Origin::parse("http://plm.example");
        let refusal = crate::egress::EgressPolicy::new(allowed, Default::default()).check_url("http://plm.example");
        let refused = [refusal.unwrap_err(), Refusal::not_a_read("it is a DELETE")];
        let answer = Error::Transport(Failure::Denied(String::new()));
        let error = CallError::Refused { refusals: refused.to_vec(), answer };
        assert!(error.told(&Flags).to_string().ends_with("; --allow_http would allow it"), "{}", error.told(&Flags));
        assert!(error.to_string().ends_with(&refused[0].to_string()), "{error}");
        let json = serde_json::to_value(error.told(&Flags)).unwrap();
        assert_eq!(
            (&json["refusals"][0]["grant"], &json["refusals"][1]["restriction"]),
            (&json!("--allow_http"), &json!("--read_only"))
        );
    }

    #[test]
    fn a_limit_names_itself_and_what_raises_it() {
        let exceeded = LimitExceeded::new(Limit::Deadline, &Limits::default());
        let json = to_json(&CallError::Limit { exceeded, answer: None });
        assert_eq!(json["kind"], "transport");
        assert_eq!(json["failure"], "timeout");
        assert_eq!(json["limit"], json!({"name": "deadline", "allowed": "60 s", "raiseWith": "Limits::deadline"}));
    }

    #[test]
    fn a_crash_tells_the_components_last_words() {
        let error = CallError::Trap { reason: "unreachable".into(), last_words: Some("panicked at x".into()) };
        assert_eq!(error.to_string(), "the component crashed: panicked at x (unreachable)");
        assert_eq!(error.kind(), "other");
        assert_eq!(to_json(&error)["endedBy"], "trap");
    }
}
