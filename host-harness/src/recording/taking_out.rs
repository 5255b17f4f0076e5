//! Takes out what a redaction says: all of it is gone through once for what has such a name, and once more for what
//! stood under a name and stands elsewhere too, and for what fits a pattern. In this order: of a value that a pattern
//! had cut, the rest would no longer be found.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use host::egress::{REDACTED, Secrets};
use host::{Exchange, ExchangeOutcome};
use regex::Regex;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::{Call, raw};
use super::redaction::Redaction;
use super::rewriting::{rewritten, said};

/// A shorter value is taken out under its name alone: elsewhere it stands by chance.
const SHORTEST: usize = 6;
/// Values that are looked for within other texts, in every spelling. What there is more of them is looked for as texts
/// of their own: each that is sought makes every text take longer.
const MOST_SOUGHT: usize = 1_000;
/// JSON within a text of JSON is gone through so many levels deep: each is read once more.
const DEEPEST: u8 = 3;
/// After this long, what follows the first match in a text goes with it: there are patterns that read a text to its end
/// for each match, however many there are.
const LONGEST_SEARCH: Duration = Duration::from_secs(5);
/// What ends a text that was cut.
const CUT: char = '…';

impl Redaction {
    /// Takes it out of calls, and of the exchanges of none; gives whether there was anything of it. The states that
    /// polls begin with stay as they are: a component would not take one that was changed.
    pub(crate) fn apply(&self, calls: &mut [Call], own: &mut [Exchange]) -> bool {
        let mut work = Work::of(self);
        work.twice(|work| {
            calls.iter_mut().for_each(|call| work.call(call));
            own.iter_mut().for_each(|exchange| work.exchange(exchange));
        });
        work.found
    }

    /// Takes it out of JSON and of words that belong together. What was a value of the JSON is taken out of the words
    /// too, where one of them is no more than that; and so is what stood under a name in the exchanges that it comes
    /// from.
    pub(crate) fn take_out(&self, json: &mut [&mut String], words: &mut [&mut String], from: &[Exchange]) {
        let mut work = Work::of(self);
        from.iter().for_each(|exchange| work.exchange(&mut exchange.clone()));
        work.twice(|work| {
            json.iter_mut().for_each(|json| work.json(json));
            words.iter_mut().for_each(|words| work.words(words));
        });
    }
}

struct Work<'a> {
    redaction: &'a Redaction,
    /// What stood under a name that is taken out.
    taken: HashSet<String>,
    /// The first of them, which are looked for in whatever spelling.
    sought: Secrets,
    sought_count: usize,
    /// Whether all of it was gone through once.
    is_second: bool,
    found: bool,
    until: Instant,
}

impl<'a> Work<'a> {
    fn of(redaction: &'a Redaction) -> Self {
        Self::until(redaction, Instant::now() + LONGEST_SEARCH)
    }

    fn until(redaction: &'a Redaction, until: Instant) -> Self {
        let (taken, sought) = (HashSet::new(), Secrets::default());
        Self { redaction, taken, sought, sought_count: 0, is_second: false, found: false, until }
    }

    /// Goes through all of it once, and once more if there is something to be looked for. Not while it is being found:
    /// to get ready to look for it takes time.
    fn twice(&mut self, mut go_through: impl FnMut(&mut Self)) {
        go_through(self);
        if !self.taken.is_empty() || !self.redaction.patterns.is_empty() {
            self.is_second = true;
            go_through(self);
        }
    }

    fn call(&mut self, call: &mut Call) {
        let inputs = call.asked.inputs.as_ref().map(|inputs| inputs.get().to_owned());
        for value in [&mut call.asked.inputs, &mut call.made.result, &mut call.made.error].into_iter().flatten() {
            self.raw(value);
        }
        if inputs.as_deref() != call.asked.inputs.as_deref().map(RawValue::get) {
            call.asked.inputs_text = None;
        }
        let fields = Value::Object(std::mem::take(&mut call.asked.connection.fields)).to_string();
        let fields = self.in_json(&fields, 0).unwrap_or(fields);
        call.asked.connection.fields = serde_json::from_str(&fields).unwrap_or_default();
        for text in [&mut call.asked.search, &mut call.asked.cursor].into_iter().flatten() {
            self.text(text);
        }
        call.log.iter_mut().for_each(|line| self.text(&mut line.message));
        call.exchanges.iter_mut().for_each(|exchange| self.exchange(exchange));
    }

    fn exchange(&mut self, exchange: &mut Exchange) {
        self.url(&mut exchange.url);
        self.headers(&mut exchange.request_headers);
        if let Some(body) = self.in_body(&exchange.request_body) {
            exchange.request_body = body.into();
        }
        match &mut exchange.outcome {
            ExchangeOutcome::Answered { headers, body, .. } => {
                self.headers(headers);
                if let Some(clean) = self.in_body(body) {
                    *body = clean.into();
                }
            }
            ExchangeOutcome::Failed(_) => {}
        }
    }

    fn headers(&mut self, headers: &mut [(String, String)]) {
        for (name, value) in headers {
            self.named(name, value);
        }
    }

    fn url(&mut self, text: &mut String) {
        let Ok(mut url) = url::Url::parse(text) else { return self.text(text) };
        if url.query().is_some() {
            let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let before = pairs.clone();
            for (name, value) in &mut pairs {
                self.named(name, value);
            }
            if pairs != before {
                url.query_pairs_mut().clear().extend_pairs(pairs);
                *text = url.into();
            }
        }
    }

    fn named(&mut self, name: &str, value: &mut String) {
        let clean = if self.redaction.names(name) { self.take(value) } else { self.in_address(value) };
        put(value, clean);
    }

    fn in_body(&mut self, bytes: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(bytes).ok()?;
        match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => self.in_json(text, 0),
            Err(_) => self.in_text(text),
        }
    }

    fn raw(&mut self, json: &mut Box<RawValue>) {
        if let Some(clean) = self.in_json(json.get(), 0) {
            *json = raw(clean);
        }
    }

    fn json(&mut self, json: &mut String) {
        let clean = self.in_json(json, 0);
        put(json, clean);
    }

    fn text(&mut self, text: &mut String) {
        let clean = self.in_text(text);
        put(text, clean);
    }

    /// Words that may be a value, or the beginning of one.
    fn words(&mut self, words: &mut String) {
        let beginning = words.strip_suffix(CUT).filter(|beginning| !beginning.is_empty());
        let is_cut = |value: &String| beginning.is_some_and(|beginning| value.starts_with(beginning));
        if self.is_second && (self.taken.contains(words) || self.taken.iter().any(is_cut)) {
            *words = REDACTED.to_owned();
        } else {
            self.text(words);
        }
    }

    /// JSON that holds nothing of it stays as it is spelled.
    fn in_json(&mut self, json: &str, depth: u8) -> Option<String> {
        let redaction = self.redaction;
        rewritten(
            json,
            |name| redaction.names(name),
            |spelled, is_named| {
                if !spelled.starts_with('"') {
                    return is_named.then(|| self.number(spelled)).flatten();
                }
                let text = said(spelled);
                let clean = if is_named { self.take(&text) } else { self.in_string(&text, depth) };
                clean.map(|clean| Value::from(clean).to_string())
            },
        )
    }

    fn number(&mut self, spelled: &str) -> Option<String> {
        let is_number = spelled.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if !is_number || spelled.parse::<f64>() == Ok(0.0) {
            return None;
        }
        self.found = true;
        Some("0".to_owned())
    }

    /// A text that may be JSON itself, as what is typed for a service often is.
    fn in_string(&mut self, text: &str, depth: u8) -> Option<String> {
        let may_be_json = depth < DEEPEST && text.trim_start().starts_with(['{', '[']);
        let is_json = may_be_json && serde_json::from_str::<IgnoredAny>(text).is_ok();
        let clean = if is_json { self.in_json(text, depth + 1) } else { None };
        self.in_address(clean.as_deref().unwrap_or(text)).or(clean)
    }

    /// A text that may be an address, whose parameters have names.
    fn in_address(&mut self, text: &str) -> Option<String> {
        let is_address = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme)) && text.contains('?');
        if !is_address {
            return self.in_text(text);
        }
        let mut clean = text.to_owned();
        self.url(&mut clean);
        // In a text it stands as everywhere else, for whoever looks whether something was taken out.
        let stand_in: String = url::form_urlencoded::byte_serialize(REDACTED.as_bytes()).collect();
        let clean = Some(clean.replace(&stand_in, REDACTED)).filter(|clean| clean != text);
        self.in_text(clean.as_deref().unwrap_or(text)).or(clean)
    }

    fn take(&mut self, text: &str) -> Option<String> {
        if text.is_empty() || text == REDACTED {
            return None;
        }
        self.found = true;
        let is_new = !self.is_second && self.taken.insert(text.to_owned());
        if is_new && text.len() >= SHORTEST && self.sought_count < MOST_SOUGHT {
            self.sought_count += 1;
            self.sought.hide(text);
        }
        Some(REDACTED.to_owned())
    }

    fn in_text(&mut self, text: &str) -> Option<String> {
        if !self.is_second {
            return None;
        }
        let clean = self.without_values(text);
        let clean = self.without_matches(clean.as_deref().unwrap_or(text)).or(clean);
        self.found |= clean.is_some();
        clean
    }

    fn without_values(&self, text: &str) -> Option<String> {
        if text.len() >= SHORTEST && self.taken.contains(text) {
            return Some(REDACTED.to_owned());
        }
        if !self.sought.may_hold(text.as_bytes()) {
            return None;
        }
        Some(self.sought.scrub(text.to_owned())).filter(|clean| clean != text)
    }

    fn without_matches(&self, text: &str) -> Option<String> {
        let mut clean: Option<String> = None;
        for pattern in &self.redaction.patterns {
            let now = clean.as_deref().unwrap_or(text);
            clean = self.without(pattern, now).or(clean);
        }
        clean
    }

    /// The text without what a pattern matches, but for what stands for something that is out already.
    fn without(&self, pattern: &Regex, text: &str) -> Option<String> {
        if !pattern.is_match(text) {
            return None;
        }
        let (mut clean, mut found) = (String::with_capacity(text.len()), false);
        for (number, piece) in text.split(REDACTED).enumerate() {
            if number > 0 {
                clean.push_str(REDACTED);
            }
            let mut from = 0;
            // Of nothing there is nothing to take out.
            for hit in pattern.find_iter(piece).filter(|hit| !hit.is_empty()) {
                clean.push_str(piece.get(from..hit.start()).unwrap_or_default());
                clean.push_str(REDACTED);
                (from, found) = (hit.end(), true);
                if Instant::now() >= self.until {
                    return Some(clean);
                }
            }
            clean.push_str(piece.get(from..).unwrap_or_default());
        }
        found.then_some(clean)
    }
}

fn put(text: &mut String, clean: Option<String>) {
    if let Some(clean) = clean {
        *text = clean;
    }
}

#[cfg(test)]
#[path = "taking_out_tests.rs"]
mod tests;
