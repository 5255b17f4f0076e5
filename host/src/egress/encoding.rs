//! Undoes the encoding of an answer's body as it comes in. What cannot be undone is a failure: in a body that is passed
//! on encoded, no echo of a secret would be found.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use http::HeaderValue;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, RANGE, TRANSFER_ENCODING};

use crate::text::beginning;

/// Room that is made ahead for an answer. An announced length is a claim: what really comes decides over more.
const MOST_MADE_AHEAD: u64 = 1024 * 1024;

/// The encoding to ask for: the one that can be undone, but none for a part of a body, where it could not be.
pub(super) fn accepted(request: &HeaderMap) -> HeaderValue {
    HeaderValue::from_static(if request.contains_key(RANGE) { "identity" } else { "gzip" })
}

/// The body of an answer that is being received, decoded, and not a byte beyond its limit.
pub(super) struct Body {
    encoding: Encoding,
    has_begun: bool,
}

enum Encoding {
    None(Bounded),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

/// Why a body cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyProblem {
    /// It has more bytes than it may have.
    TooLarge,
    /// It is not what was announced, or in an encoding that is not undone, in words.
    Broken(String),
}

impl Body {
    /// For an answer with these headers, of at most so many bytes.
    pub(super) fn of(headers: &HeaderMap, is_head: bool, most: u64) -> Result<Self, BodyProblem> {
        let is_gzip = is_gzip(headers)?;
        let announced = headers.get(CONTENT_LENGTH).filter(|_| !is_head && !is_gzip);
        let announced: u64 = announced.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or_default();
        if announced > most {
            return Err(BodyProblem::TooLarge);
        }
        let room = usize::try_from(announced.min(MOST_MADE_AHEAD)).unwrap_or_default();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let body = Bounded { bytes: Vec::with_capacity(room), most, is_full: false };
        let gzip = |body| Encoding::Gzip(Box::new(MultiGzDecoder::new(body)));
        Ok(Self { encoding: if is_gzip { gzip(body) } else { Encoding::None(body) }, has_begun: false })
    }

    /// Takes the next bytes as they were received.
    pub(super) fn push(&mut self, received: &[u8]) -> Result<(), BodyProblem> {
        self.has_begun |= !received.is_empty();
        let pushed = match &mut self.encoding {
            Encoding::None(body) => body.write_all(received),
            Encoding::Gzip(decoder) => decoder.write_all(received),
        };
        pushed.map_err(|error| self.problem(&error))
    }

    /// Bytes so far, decoded.
    pub(super) fn len(&self) -> usize {
        self.bounded().bytes.len()
    }

    /// Whether a header of the answer is about the body as it was sent, and not as it is passed on.
    pub(super) fn makes_untrue(&self, header: &HeaderName) -> bool {
        matches!(self.encoding, Encoding::Gzip(_)) && (header == CONTENT_ENCODING || header == CONTENT_LENGTH)
    }

    /// The whole body, when all of it was received.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, BodyProblem> {
        match &mut self.encoding {
            Encoding::None(body) => Ok(std::mem::take(&mut body.bytes)),
            // An answer without a body has its headers all the same.
            Encoding::Gzip(_) if !self.has_begun => Ok(Vec::new()),
            Encoding::Gzip(decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(error) => Err(self.problem(&error)),
            },
        }
    }

    fn bounded(&self) -> &Bounded {
        match &self.encoding {
            Encoding::None(body) => body,
            Encoding::Gzip(decoder) => decoder.get_ref(),
        }
    }

    fn problem(&self, error: &io::Error) -> BodyProblem {
        if self.bounded().is_full {
            BodyProblem::TooLarge
        } else {
            BodyProblem::Broken(format!("the answer is not the gzip that it says it is: {error}"))
        }
    }
}

/// Bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.most.saturating_sub(self.bytes.len()) {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether the body is to be decoded; an error if it is encoded in another way, twice, or on its way from hop to hop.
fn is_gzip(headers: &HeaderMap) -> Result<bool, BodyProblem> {
    let is_encoding = |value: &&HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    let is_framing = |value: &&HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"chunked");
    let encodings: Vec<&HeaderValue> = headers.get_all(CONTENT_ENCODING).iter().filter(is_encoding).collect();
    let framing = headers.get_all(TRANSFER_ENCODING).iter().find(is_framing);
    match (encodings.as_slice(), framing) {
        ([], None) => Ok(false),
        ([only], None) if *only == "gzip" => Ok(true),
        (others, framing) => {
            let named: Vec<String> = others.iter().copied().chain(framing).map(|value| format!("{value:?}")).collect();
            let named = named.join(", ");
            let named = beginning(&named, 80);
            let what =
                format!("the answer's body is encoded as {named}: gzip was asked for, and no other can be undone");
            Err(BodyProblem::Broken(what))
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn headers(list: &[(HeaderName, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    /// Receives a body in pieces of a few bytes.
    fn receive(headers: &HeaderMap, sent: &[u8], most: u64) -> Result<Vec<u8>, BodyProblem> {
        let mut body = Body::of(headers, false, most)?;
        for piece in sent.chunks(7) {
            body.push(piece)?;
            assert!(body.len() as u64 <= most);
        }
        body.finish()
    }

    #[test]
    fn gzip_is_undone_and_the_rest_is_as_it_comes() {
        let gzip = headers(&[(CONTENT_ENCODING, "gzip"), (CONTENT_LENGTH, "99999")]);
        let text = b"a text that is sent".repeat(100);
        assert_eq!(receive(&gzip, &packed(&text), 5_000).unwrap(), text);
        // Several packed texts in a row are one, says RFC 1952.
        assert_eq!(receive(&gzip, &[packed(b"one "), packed(b"two")].concat(), 50).unwrap(), b"one two");
        assert_eq!(receive(&gzip, b"", 50).unwrap(), b"");
        for plain in
            [headers(&[]), headers(&[(CONTENT_ENCODING, "identity")]), headers(&[(TRANSFER_ENCODING, "Chunked")])]
        {
            assert_eq!(receive(&plain, &text, 5_000).unwrap(), text);
        }
        let body = Body::of(&gzip, false, 50).unwrap_or_else(|_| unreachable!());
        assert!(
            body.makes_untrue(&CONTENT_ENCODING) && body.makes_untrue(&CONTENT_LENGTH) && !body.makes_untrue(&RANGE)
        );
    }

    #[test]
    fn an_encoding_that_is_not_undone_is_a_failure_that_names_it() {
        for encodings in [
            &["GZIP"][..],
            &["x-gzip"],
            &["Gzip"],
            &["br"],
            &["deflate"],
            &["zstd"],
            &["gzip, gzip"],
            &["gzip,br"],
            &["gzip", "gzip"],
            &["gzip", "br"],
            &["identity", "br"],
            &["gzip;q=1"],
            &["aws-chunked"],
            &[""],
        ] {
            let list: Vec<_> = encodings.iter().map(|value| (CONTENT_ENCODING, *value)).collect();
            let Err(BodyProblem::Broken(text)) = receive(&headers(&list), b"", 50) else { panic!("{encodings:?}") };
            assert!(text.contains(&format!("{:?}", encodings[encodings.len() - 1])), "{text}");
        }
        let framed = headers(&[(TRANSFER_ENCODING, "gzip, chunked")]);
        assert!(matches!(receive(&framed, b"", 50), Err(BodyProblem::Broken(text)) if text.contains("gzip, chunked")));
    }

    #[test]
    fn a_body_beyond_its_limit_is_cut_off_as_it_unpacks_and_one_cut_short_is_broken() {
        let gzip = headers(&[(CONTENT_ENCODING, "gzip")]);
        let text = vec![b'x'; 1_000_000];
        assert_eq!(receive(&gzip, &packed(&text), 999_999), Err(BodyProblem::TooLarge));
        assert_eq!(receive(&headers(&[]), &text, 999_999), Err(BodyProblem::TooLarge));
        let announced = headers(&[(CONTENT_LENGTH, "11")]);
        assert_eq!(receive(&announced, b"", 10), Err(BodyProblem::TooLarge));
        assert!(Body::of(&announced, true, 10).is_ok());
        let packed = packed(b"some text");
        for broken in [&packed[..packed.len() - 1], &packed[..5], &packed[1..], &[&packed[..], b"more"].concat()] {
            assert!(matches!(receive(&gzip, broken, 50), Err(BodyProblem::Broken(_))), "{broken:?}");
        }
    }
}
