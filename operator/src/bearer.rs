//! Tokens that a request carries as `Authorization: Bearer TOKEN`, and files that hold one.

use std::fs::File;
use std::path::Path;

use http::{HeaderMap, header};

use crate::openness::{self, Openness};
use crate::{files, token};

/// The most bytes of a file with a token, and the fewest characters of one.
const LARGEST: u64 = 4 * 1024;
const SHORTEST: usize = 16;

/// Whether a request with these headers has the token.
pub fn is_authorised(headers: &HeaderMap, token: &str) -> bool {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    // Two of them is a trick, and no client.
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let given = value.to_str().ok().and_then(|value| value.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, given)| given.trim());
    given.is_some_and(|given| token::same(given, token))
}

/// The token in a file, or one that is made where none is named; whether it was made. `warn` is told of a file that is
/// open to others.
///
/// # Errors
///
/// The file cannot be read or holds no token; or the system gives no randomness.
pub fn from_file(path: Option<&Path>, warn: impl FnOnce(String)) -> Result<(String, bool), String> {
    let Some(path) = path else {
        return token::made().map(|made| (made, true)).map_err(|error| error.to_string());
    };
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = File::open(path).map_err(unreadable)?;
    if let Some(openness) = Openness::of(&file.metadata().map_err(unreadable)?) {
        warn(openness::warning("the file of the token", path, openness.of_a_secret()));
    }
    let text = files::read_text(file, LARGEST).map_err(unreadable)?;
    let token = text.trim();
    if token.len() < SHORTEST || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("{}: a token has at least {SHORTEST} printable characters", path.display()));
    }
    Ok((token.to_owned(), false))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_one_token_is_taken() {
        let token = "0123456789abcdef";
        let with = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            is_authorised(&headers, token)
        };
        assert!(with(&["Bearer 0123456789abcdef"]) && with(&["bearer  0123456789abcdef "]));
        for values in [
            &[][..],
            &["Bearer 0123456789abcde"],
            &["Bearer 0123456789abcdeff"],
            &["Bearer "],
            &["0123456789abcdef"],
            &["Basic 0123456789abcdef"],
            &["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"],
        ] {
            assert!(!with(values), "{values:?}");
        }
    }
}
