//! JSON Web Tokens in what a service answers. Where a connection's own key is one, the service may hand out another to
//! whoever has it: a component could ask for it, and then it would have a key. Pure.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// How each of the first two parts begins: `{"` in base64.
const BEGIN: &[u8] = b"eyJ";

/// Made once: every answer is searched.
static FIND_BEGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(BEGIN));

/// Replaces every token in `body`. Gives whether there was one. The body does not grow, because a token is longer than
/// what takes its place.
pub(super) fn replace(body: &mut Vec<u8>, with: &[u8]) -> bool {
    let mut kept = Vec::new();
    let mut copied = 0;
    let mut looked = 0;
    while let Some(rest) = body.get(looked..)
        && let Some(found) = FIND_BEGIN.find(rest)
    {
        let start = looked + found;
        let text = body.get(start..).unwrap_or_default();
        let header = part(text);
        match length(text, header) {
            Some(length) => {
                kept.extend_from_slice(body.get(copied..start).unwrap_or_default());
                kept.extend_from_slice(with);
                (copied, looked) = (start + length, start + length);
            }
            // What begins later within the same part has the same after it. A part is looked at no more than three
            // times, however often a token seems to begin in it.
            None => looked = start + header,
        }
    }
    if copied == 0 {
        return false;
    }
    kept.extend_from_slice(body.get(copied..).unwrap_or_default());
    *body = kept;
    true
}

/// How long the token is that the text begins with, its first part being so long: three parts with a full stop between
/// them, the first two of them JSON objects.
fn length(text: &[u8], header: usize) -> Option<usize> {
    let rest = text.get(header..)?.strip_prefix(b".")?;
    if !rest.starts_with(BEGIN) {
        return None;
    }
    let payload = part(rest);
    let signature = rest.get(payload..)?.strip_prefix(b".")?;
    Some(header + 1 + payload + 1 + part(signature)).filter(|length| *length > 2 * BEGIN.len() + 8)
}

/// How much of a text is base64 for URLs.
fn part(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MTgzNzcwOTZ9.c2lnbmF0dXJl";

    fn scrubbed(text: &str) -> (String, bool) {
        let mut body = text.as_bytes().to_vec();
        let found = replace(&mut body, b"[redacted]");
        (String::from_utf8(body).unwrap(), found)
    }

    #[test]
    fn every_token_is_replaced_whatever_stands_around_it() {
        let text = format!("{{\"a\":\"{TOKEN}\",\"b\":[\"x{TOKEN}\",\"Bearer {TOKEN}-_9\"]}}{TOKEN}");
        let expected = "{\"a\":\"[redacted]\",\"b\":[\"x[redacted]\",\"Bearer [redacted]\"]}[redacted]";
        assert_eq!(scrubbed(&text), (expected.to_owned(), true));
        let unsigned = TOKEN.rsplit_once('.').unwrap().0.to_owned() + ".";
        assert_eq!(scrubbed(&unsigned).0, "[redacted]");
    }

    #[test]
    fn what_is_no_token_stays() {
        let (header, rest) = TOKEN.split_once('.').unwrap();
        let payload = rest.split_once('.').unwrap().0;
        for text in
            ["", "eyJ", "eyJeyJeyJ", header, &format!("{header}.{payload}"), &format!("{header}.x.y"), "eyJ.eyJ."]
        {
            assert_eq!(scrubbed(text), (text.to_owned(), false));
        }
    }

    #[test]
    fn an_answer_in_which_millions_of_tokens_seem_to_begin_is_searched_in_its_length() {
        // Whether there are any.
        for (seeming, are) in [("eyJ", false), ("eyJ.", false), ("eyJ-", false), ("eyJ.eyJ", true)] {
            let text = seeming.repeat(16 * 1024 * 1024 / seeming.len());
            assert_eq!(scrubbed(&text).1, are, "{seeming}");
        }
    }
}
