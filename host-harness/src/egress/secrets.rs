//! The secret fields of a connection. They are filled in when a request leaves, and taken out of what comes back. No type here shows
//! one: not by Debug, Display or Serialize.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::HeaderValue;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::echo::Echo;
use super::policy::{Refusal, RefusalReason};

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Shorter secrets are not searched for in answers: nearly every answer holds them by chance.
const SHORTEST_SCRUBBED: usize = 4;
/// Shorter base64 cores would hit by chance as well; a secret of nine bytes has one this long.
const SHORTEST_BASE64: usize = 10;

/// The secret fields that a connection declares, with the values that were filled in.
#[derive(Default)]
pub struct Secrets {
    fields: BTreeMap<String, Option<SecretString>>,
    /// The values as they may be spelled in an answer, the longest first.
    echoes: Vec<Echo>,
    /// The values in base64, and those that have no letter or digit to be found by, the longest first.
    needles: Vec<Zeroizing<Vec<u8>>>,
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
            if text.len() >= SHORTEST_SCRUBBED {
                let echo = Echo::of(text);
                let is_found_otherwise = echo.is_some();
                self.echoes.extend(echo);
                self.echoes.sort_by_key(|echo| std::cmp::Reverse(echo.len()));
                self.needles.extend(forms_of(text, is_found_otherwise));
            }
            self.needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            self.needles.dedup();
        }
        self.fields.insert(key.to_owned(), value);
        Ok(())
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
    pub(super) fn header_value(&self, key: &str) -> Result<HeaderValue, Refusal> {
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
                "the component asked for the secret {:?}, which the manifest does not declare as a secret field of this \
                 connection",
                key.chars().take(60).collect::<String>()
            )),
        }
    }

    /// Whether nothing can be found, so that bodies need not be searched.
    pub fn is_empty(&self) -> bool {
        self.echoes.is_empty() && self.needles.is_empty()
    }

    /// Replaces every secret in `body`, in each of its forms. Gives whether one was found.
    pub fn scrub_bytes(&self, body: &mut Vec<u8>) -> bool {
        let mut found = false;
        for echo in &self.echoes {
            let places = echo.find_all(body);
            if !places.is_empty() {
                found = true;
                let mut clean = Vec::with_capacity(body.len());
                let mut from = 0;
                for place in places {
                    clean.extend_from_slice(body.get(from..place.start).unwrap_or_default());
                    clean.extend_from_slice(REDACTED.as_bytes());
                    from = place.end;
                }
                clean.extend_from_slice(body.get(from..).unwrap_or_default());
                *body = clean;
            }
        }
        for needle in &self.needles {
            // The common answer holds none and is not copied.
            let Some(first) = memmem::find(body, needle) else { continue };
            found = true;
            let mut clean = Vec::with_capacity(body.len());
            let mut rest = body.as_slice();
            let mut next = Some(first);
            while let Some(position) = next {
                let (before, after) = rest.split_at(position);
                clean.extend_from_slice(before);
                clean.extend_from_slice(REDACTED.as_bytes());
                rest = after.get(needle.len()..).unwrap_or_default();
                next = memmem::find(rest, needle);
            }
            clean.extend_from_slice(rest);
            *body = clean;
        }
        found
    }

    /// Replaces every secret in `text`.
    pub fn scrub(&self, text: String) -> String {
        let mut bytes = text.into_bytes();
        self.scrub_bytes(&mut bytes);
        // The forms are ASCII, so what was UTF-8 still is.
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

/// The forms in which a service may echo a secret that [`Echo`] does not find: in base64, and plain where it has no letter or digit.
fn forms_of(secret: &str, is_found_otherwise: bool) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = Vec::new();
    if !is_found_otherwise {
        let json = Zeroizing::new(serde_json::Value::from(secret).to_string());
        let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        forms.push(Zeroizing::new(secret.as_bytes().to_vec()));
        forms.push(Zeroizing::new(json.as_bytes().to_vec()));
        forms.push(Zeroizing::new(json.replace('/', "\\/").into_bytes()));
        forms.push(Zeroizing::new(
            url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into_bytes(),
        ));
    }
    for offset in 0..3 {
        let mut padded = Zeroizing::new(vec![0; offset]);
        padded.extend_from_slice(secret.as_bytes());
        // Characters at both ends also carry bits of what stands beside the secret: only those between are certain.
        let (from, to) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(alphabet.encode(&*padded));
            if let Some(core) = encoded.get(from..to).filter(|core| core.len() >= SHORTEST_BASE64) {
                forms.push(Zeroizing::new(core.as_bytes().to_vec()));
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"k/3y+"quoted"\ & spaced=="#;

    fn secrets(value: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.declare("apiKey", Some(SecretString::from(value.to_owned()))).expect("a valid secret");
        secrets.declare("other", None).expect("a secret without a value");
        secrets
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
        assert_eq!(secrets("abab").scrub("xababab".into()), format!("x{REDACTED}ab"));
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
