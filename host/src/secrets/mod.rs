//! The secret fields of a connection. They are filled in when a request leaves, and taken out of what comes back. No
//! type here shows one: not by Debug, Display or Serialize.

mod echo;
mod expiry;
mod tokens;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::refusal::{Refusal, RefusalReason};
use crate::text::beginning;
use echo::{SHORTEST_SCRUBBED, Search};

pub(crate) use echo::unescaped;
pub(crate) use expiry::{EXPIRES_SOON, expiry_of};

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Secrets of fewer characters are found by chance as well, in what is no echo of them, and taken out of it.
const SHORTEST_UNMISTAKABLE: usize = 8;
/// Servers take headers of 8 to 16 KiB. What is looked for takes memory too.
const LONGEST_SECRET: usize = 16 * 1024;

/// The secret fields that a connection declares, with the values that were filled in.
#[derive(Default)]
pub struct Secrets {
    fields: BTreeMap<String, Option<SecretString>>,
    /// What is looked for: the values of the fields, and what else was hidden.
    hidden: Vec<Zeroizing<Vec<u8>>>,
    /// Whether the service may hand out keys in the form of JSON Web Tokens.
    hands_out_tokens: bool,
    /// Made when it is first needed.
    search: OnceLock<Search>,
}

/// Why a value cannot be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// It would not fit into a header: control characters, line breaks, or anything but ASCII.
    #[error("holds a line break, a control character or a character outside ASCII, which no HTTP header can carry")]
    NotAHeaderValue,
    /// Blanks at its ends, which HTTP would strip.
    #[error("begins or ends with a blank, which HTTP would strip: remove it")]
    SurroundingBlanks,
    /// More than any service takes in a header.
    #[error("has more than {LONGEST_SECRET} bytes, which no service takes in a header")]
    TooLong,
}

impl Secrets {
    /// Declares a field, with its value where it has one. A blank value counts as none.
    pub fn declare(&mut self, key: &str, value: Option<SecretString>) -> Result<(), SecretProblem> {
        // Declared even when its value is no good, so that asking for it says the right thing.
        self.fields.insert(key.to_owned(), None);
        let value = value.filter(|value| !value.expose_secret().trim().is_empty());
        if let Some(value) = &value {
            let text = value.expose_secret();
            if !text.chars().all(|character| matches!(character, ' '..='~' | '\t')) {
                return Err(SecretProblem::NotAHeaderValue);
            }
            if text.trim().len() != text.len() {
                return Err(SecretProblem::SurroundingBlanks);
            }
            if text.len() > LONGEST_SECRET {
                return Err(SecretProblem::TooLong);
            }
            self.hide(text);
        }
        self.fields.insert(key.to_owned(), value);
        Ok(())
    }

    /// Has a value taken out of what comes back although it is in no field: one that came from the environment, say. It
    /// may hold any character. A value of fewer than four bytes is not looked for, and of a very long one the pieces
    /// are.
    pub fn hide(&mut self, value: &str) {
        self.hide_as_it_is(value.trim());
        // A value that holds what looks like an escape is not found behind another one by undoing escapes, because its
        // own would be undone with it. In JSON, where most echoes stand, it is looked for as it is written there.
        if value.contains(['%', '&', '\\']) {
            let json = Zeroizing::new(serde_json::Value::from(value.trim()).to_string());
            let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
            self.hide_as_it_is(json);
            self.hide_as_it_is(&Zeroizing::new(json.replace('/', "\\/")));
        }
    }

    fn hide_as_it_is(&mut self, value: &str) {
        for piece in value.as_bytes().chunks(LONGEST_SECRET).filter(|piece| piece.len() >= SHORTEST_SCRUBBED) {
            if !self.hidden.iter().any(|hidden| hidden.as_slice() == piece) {
                self.hidden.push(Zeroizing::new(piece.to_vec()));
                self.search = OnceLock::new();
            }
        }
    }

    /// Has every JSON Web Token taken out of what comes back: the service's keys are such tokens, and it may hand out
    /// another one to whoever asks.
    pub fn hide_tokens(&mut self) {
        self.hands_out_tokens = true;
    }

    /// What to tell the owner of the fields whose value is too short to be told from other text, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let short = self.fields.iter().filter_map(|(key, value)| {
            let length = value.as_ref()?.expose_secret().len();
            let what = match length {
                SHORTEST_UNMISTAKABLE.. => return None,
                SHORTEST_SCRUBBED.. => "and whatever looks like it in an answer is replaced, data included",
                _ => "and is not looked for in answers: a service that repeats it gives it to the component",
            };
            Some(format!("the connection's {key} has only {length} characters, {what}; use a longer one"))
        });
        short.collect()
    }

    /// Whether the field has a value.
    pub fn has_value(&self, key: &str) -> bool {
        matches!(self.fields.get(key), Some(Some(_)))
    }

    /// The fields that have a value, by their keys.
    pub fn filled_in(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key.as_str())
    }

    /// The value of a field as a header value that is marked sensitive.
    pub(crate) fn header_value(&self, key: &str) -> Result<HeaderValue, Refusal> {
        let refuse = |what: String| Err(Refusal::new(RefusalReason::Secret, what));
        match self.fields.get(key) {
            Some(Some(value)) => match HeaderValue::from_str(value.expose_secret()) {
                Ok(mut header) => {
                    header.set_sensitive(true);
                    Ok(header)
                }
                Err(_) => refuse(format!("the secret field {key} is not a valid header value")),
            },
            Some(None) => refuse(format!("the secret field {key} has no value: fill it in in the connection")),
            // The key comes from the component and is shown in a bounded form.
            None => refuse(format!(
                "the component asked for the secret {:?}, which the manifest does not declare as a secret field of \
                 this connection",
                beginning(key, 60)
            )),
        }
    }

    /// Whether nothing can be found, so that bodies need not be searched.
    pub fn is_empty(&self) -> bool {
        self.hidden.is_empty()
    }

    /// Whether there may be a secret in `body`: where there is none for sure, it need not be copied to be scrubbed.
    pub fn may_hold(&self, body: &[u8]) -> bool {
        !self.is_empty() && self.search().may_hold(body)
    }

    fn search(&self) -> &Search {
        self.search.get_or_init(|| Search::of(self.hidden.clone()))
    }

    /// Replaces every secret in `body`, in each of its forms. Gives whether one was found. A body with secrets of fewer
    /// than ten bytes may have grown: check its length again.
    pub fn scrub_bytes(&self, body: &mut Vec<u8>) -> bool {
        if self.is_empty() {
            return false;
        }
        self.search().replace(body, REDACTED.as_bytes())
    }

    /// Replaces every token in an answer, if the service's keys are such. See [`Secrets::hide_tokens`].
    pub(crate) fn scrub_tokens(&self, answer: &mut Vec<u8>) -> bool {
        self.hands_out_tokens && tokens::replace(answer, REDACTED.as_bytes())
    }

    /// Replaces every secret in `text`.
    pub fn scrub(&self, text: String) -> String {
        let mut bytes = text.into_bytes();
        self.scrub_bytes(&mut bytes);
        // Whole characters are replaced, so what was UTF-8 still is.
        String::from_utf8(bytes).unwrap_or_else(|_| REDACTED.to_owned())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in &self.fields {
            map.entry(key, &value.as_ref().map(|_| REDACTED));
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    const KEY: &str = r#"k/3y+"quoted"\ & spaced=="#;

    fn secrets(value: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.declare("apiKey", Some(SecretString::from(value.to_owned()))).expect("a valid secret");
        secrets.declare("other", None).expect("a secret without a value");
        secrets
    }

    #[test]
    fn a_secret_that_looks_escaped_is_found_in_json_all_the_same() {
        for value in ["%a0\"", "a%20b/c", "x&amp;\\y\"z", "%41\\u0041\"", "50%/day\\"] {
            let secrets = secrets(value);
            let json = serde_json::to_string(value).unwrap();
            for echo in [value.to_owned(), json.clone(), json.replace('/', "\\/")] {
                let clean = secrets.scrub(format!("[{echo}]"));
                assert!(clean.contains(REDACTED) && !clean.contains(echo.trim_matches('"')), "{value}: {clean}");
            }
        }
    }

    #[test]
    fn an_echoed_secret_is_replaced_in_every_form() {
        let secrets = secrets(KEY);
        let url: String = url::form_urlencoded::byte_serialize(KEY.as_bytes()).collect();
        let mut echoes = vec![
            KEY.to_owned(),
            serde_json::to_string(KEY).unwrap(),
            serde_json::to_string(KEY).unwrap().replace('/', "\\/"),
            url.to_lowercase().replace('+', "%20"),
            url,
        ];
        for prefix in ["", "a", "ab", "abc", "user:"] {
            for suffix in ["", "x", "xy", ":x"] {
                let text = format!("{prefix}{KEY}{suffix}");
                echoes.push(STANDARD_NO_PAD.encode(&text));
                echoes.push(URL_SAFE_NO_PAD.encode(&text));
            }
        }
        for echo in echoes {
            let clean = secrets.scrub(format!("before {echo} between {echo} after"));
            assert_eq!(clean.matches(REDACTED).count(), 2, "{echo} became {clean}");
            assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
        }
    }

    #[test]
    fn a_secret_without_letters_is_replaced_too() {
        let clean = secrets("--//==++").scrub(r#"a --//==++ b --\/\/==++ c --%2F%2F%3D%3D%2B%2B d"#.into());
        assert_eq!(clean, format!("a {REDACTED} b {REDACTED} c {REDACTED} d"));
    }

    #[test]
    fn of_two_secrets_the_longer_goes_first_and_neither_leaves_a_part() {
        let mut secrets = Secrets::default();
        for (key, value) in [("short", "tail-1234"), ("long", "head-tail-1234-end")] {
            secrets.declare(key, Some(SecretString::from(value.to_owned()))).unwrap();
        }
        let clean = secrets.scrub("x head-tail-1234-end y tail-1234 z".into());
        assert_eq!(clean, format!("x {REDACTED} y {REDACTED} z"));
    }

    #[test]
    fn an_answer_without_the_secret_is_left_alone() {
        let mut body = b"{\"data\": [1, 2, 3]}".to_vec();
        assert!(!secrets(KEY).scrub_bytes(&mut body));
        assert_eq!(body, b"{\"data\": [1, 2, 3]}");
    }

    #[test]
    fn a_secret_that_overlaps_itself_leaves_nothing_behind() {
        assert_eq!(secrets("abab").scrub("xababab".into()), format!("x{REDACTED}"));
    }

    #[test]
    fn a_value_that_no_header_can_carry_is_refused_before_anything_is_sent() {
        for value in ["with\nline", "with\rreturn", "nul\0", "kéy", "tab\u{7f}"] {
            let problem = Secrets::default().declare("apiKey", Some(SecretString::from(value.to_owned())));
            assert_eq!(problem, Err(SecretProblem::NotAHeaderValue), "{value:?}");
        }
        let problem = Secrets::default().declare("apiKey", Some(SecretString::from(" key ".to_owned())));
        assert_eq!(problem, Err(SecretProblem::SurroundingBlanks));
    }

    #[test]
    fn a_value_that_is_longer_than_any_header_is_refused() {
        let declare = |length| Secrets::default().declare("apiKey", Some(SecretString::from("k".repeat(length))));
        assert_eq!(declare(LONGEST_SECRET), Ok(()));
        assert_eq!(declare(LONGEST_SECRET + 1), Err(SecretProblem::TooLong));
    }

    #[test]
    fn what_is_hidden_is_taken_out_whatever_characters_it_has_and_can_be_sent_by_nobody() {
        let mut secrets = Secrets::default();
        assert!(secrets.is_empty());
        secrets.hide("  ab ");
        assert!(secrets.is_empty(), "a value of two characters");
        secrets.hide(" geheim-ü\n");
        secrets.hide("first line\nsecond line");
        secrets.hide(&"long".repeat(LONGEST_SECRET / 3));
        assert_eq!(secrets.scrub("<geheim-ü> <GEHEIM-ü>".into()), format!("<{REDACTED}> <{REDACTED}>"));
        assert_eq!(secrets.scrub(r#""geheim-\u00fc" "geheim-%C3%BC""#.into()), format!(r#""{REDACTED}" "{REDACTED}""#));
        assert_eq!(secrets.scrub(r#"{"a": "first line\r\nsecond line"}"#.into()), format!(r#"{{"a": "{REDACTED}"}}"#));
        assert_eq!(secrets.scrub("long".repeat(LONGEST_SECRET / 3)), REDACTED);
        assert!(secrets.header_value("geheim-ü").is_err());
        assert_eq!(format!("{secrets:?}"), "{}");
    }

    #[test]
    fn a_field_of_few_characters_is_warned_of_without_showing_it() {
        let warnings = |value: &str| secrets(value).warnings();
        assert_eq!(warnings("12345678"), Vec::<String>::new());
        for (value, words) in [("1234567", "data included"), ("1234", "data included"), ("123", "is not looked for")] {
            let warnings = warnings(value);
            assert!(warnings.len() == 1 && warnings[0].contains(words) && !warnings[0].contains(value), "{warnings:?}");
            assert!(warnings[0].contains(&format!("apiKey has only {} characters", value.len())), "{warnings:?}");
        }
    }

    #[test]
    fn only_a_declared_secret_with_a_value_can_be_sent() {
        let secrets = secrets(KEY);
        let header = secrets.header_value("apiKey").expect("a header");
        assert!(header.is_sensitive());
        assert_eq!(header.as_bytes(), KEY.as_bytes());
        assert!(secrets.header_value("other").unwrap_err().what.contains("has no value"));
        assert!(secrets.header_value("nope").unwrap_err().what.contains("does not declare"));
    }

    #[test]
    fn debug_output_shows_that_a_secret_is_there_and_not_what_it_is() {
        let text = format!("{:?}", secrets(KEY));
        assert_eq!(text, r#"{"apiKey": Some("[redacted]"), "other": None}"#);
    }
}
