//! What is taken out of calls before they are written, beside the connection's secrets: values by the names of their
//! members, parameters and headers, and texts by patterns. What was taken out under its name is taken out wherever else
//! it stands.

use host::egress::{REDACTED, Secrets};
use host::{Exchange, ExchangeOutcome};
use regex::Regex;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::{Call, raw};

/// Names under which nothing stands that anybody should be given.
const ALWAYS: [&str; 14] = [
    "accesstoken",
    "apikey",
    "authorization",
    "clientsecret",
    "cookie",
    "passwd",
    "password",
    "privatekey",
    "proxyauthorization",
    "refreshtoken",
    "secret",
    "setcookie",
    "token",
    "xapikey",
];

/// A shorter value is taken out under its name alone: elsewhere it stands by chance.
const SHORTEST: usize = 6;

/// What is taken out; by default, what always is.
pub(crate) struct Redaction {
    /// In lower case, without hyphens and underscores.
    names: Vec<String>,
    patterns: Vec<Regex>,
}

impl Default for Redaction {
    fn default() -> Self {
        Self { names: ALWAYS.into_iter().map(str::to_owned).collect(), patterns: Vec::new() }
    }
}

impl Redaction {
    /// What is taken out always, and these names and patterns.
    pub(crate) fn new(names: &[String], patterns: &[String]) -> Result<Self, String> {
        let patterns = patterns
            .iter()
            .map(|pattern| Regex::new(pattern).map_err(|error| format!("{pattern:?} is no pattern: {error}")));
        let mut redaction = Self { patterns: patterns.collect::<Result<_, _>>()?, ..Self::default() };
        redaction.names.extend(names.iter().map(|name| plain(name)));
        Ok(redaction)
    }

    /// Takes it out of calls; gives whether there was anything of it. The states that polls begin with stay as they
    /// are: a component would not take one that was changed.
    pub(crate) fn apply(&self, calls: &mut [Call]) -> bool {
        let mut work = Work { redaction: self, values: Secrets::default(), found: false };
        // The first time finds the values, the second takes them out where they have no such name.
        for _ in 0..2 {
            for call in calls.iter_mut() {
                work.call(call);
            }
        }
        work.found
    }

    /// Whether what stands under this name is taken out.
    pub(crate) fn names(&self, name: &str) -> bool {
        let name = plain(name);
        self.names.contains(&name)
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|character| !matches!(character, '-' | '_')).flat_map(char::to_lowercase).collect()
}

struct Work<'a> {
    redaction: &'a Redaction,
    /// What stood under a name that is taken out.
    values: Secrets,
    found: bool,
}

impl Work<'_> {
    fn call(&mut self, call: &mut Call) {
        let inputs = call.asked.inputs.as_ref().map(|inputs| inputs.get().to_owned());
        for value in [&mut call.asked.inputs, &mut call.made.result, &mut call.made.error].into_iter().flatten() {
            self.json(value);
        }
        if inputs.as_deref() != call.asked.inputs.as_deref().map(RawValue::get) {
            call.asked.inputs_text = None;
        }
        let mut fields = Value::Object(std::mem::take(&mut call.asked.connection.fields));
        self.value(&mut fields);
        if let Value::Object(fields) = fields {
            call.asked.connection.fields = fields;
        }
        for text in [&mut call.asked.search, &mut call.asked.cursor].into_iter().flatten() {
            self.text(text);
        }
        call.log.iter_mut().for_each(|line| self.text(&mut line.message));
        call.exchanges.iter_mut().for_each(|exchange| self.exchange(exchange));
    }

    fn exchange(&mut self, exchange: &mut Exchange) {
        self.url(&mut exchange.url);
        self.headers(&mut exchange.request_headers);
        exchange.request_body = self.body(&exchange.request_body).into();
        match &mut exchange.outcome {
            ExchangeOutcome::Answered { headers, body, .. } => {
                self.headers(headers);
                *body = self.body(body).into();
            }
            ExchangeOutcome::Failed(_) => {}
        }
    }

    fn headers(&mut self, headers: &mut [(String, String)]) {
        for (name, value) in headers {
            if self.redaction.names(name) {
                self.take(value);
            } else {
                self.text(value);
            }
        }
    }

    fn url(&mut self, text: &mut String) {
        let Ok(mut url) = url::Url::parse(text) else { return self.text(text) };
        if url.query().is_some() {
            let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let before = pairs.clone();
            for (name, value) in &mut pairs {
                if self.redaction.names(name) { self.take(value) } else { self.text(value) }
            }
            if pairs != before {
                url.query_pairs_mut().clear().extend_pairs(pairs);
                *text = url.into();
            }
        }
    }

    fn body(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
        if let Ok(value) = serde_json::from_str::<Box<RawValue>>(text) {
            let mut value = value;
            self.json(&mut value);
            return value.get().as_bytes().to_vec();
        }
        let mut text = text.to_owned();
        self.text(&mut text);
        text.into_bytes()
    }

    /// JSON that holds nothing of it stays as it is spelled.
    fn json(&mut self, json: &mut Box<RawValue>) {
        let Ok(before) = serde_json::from_str::<Value>(json.get()) else {
            let mut text = json.get().to_owned();
            self.text(&mut text);
            *json = raw(text);
            return;
        };
        let mut after = before.clone();
        self.value(&mut after);
        if after != before {
            *json = raw(after.to_string());
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    if self.redaction.names(name) { self.take_value(value) } else { self.value(value) }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Takes out all that stands under a name.
    fn take_value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.take(text),
            Value::Number(number) if number.as_f64() != Some(0.0) => {
                *value = 0.into();
                self.found = true;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_value(item)),
            Value::Object(members) => members.values_mut().for_each(|value| self.take_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn take(&mut self, text: &mut String) {
        if text.is_empty() || text == REDACTED {
            return;
        }
        if text.len() >= SHORTEST {
            self.values.hide(text);
        }
        *text = REDACTED.to_owned();
        self.found = true;
    }

    fn text(&mut self, text: &mut String) {
        for pattern in &self.redaction.patterns {
            if pattern.is_match(text) {
                *text = pattern.replace_all(text, REDACTED).into_owned();
                self.found = true;
            }
        }
        if !self.values.is_empty() {
            let clean = self.values.scrub(text.clone());
            if clean != *text {
                *text = clean;
                self.found = true;
            }
        }
    }
}
