//! Echoes as honest encoders make them, and texts made to cost much.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::*;

const GONE: &str = "[redacted]";

fn search(secret: &str) -> Search {
    Search::of(vec![Zeroizing::new(secret.as_bytes().to_vec())])
}

fn clean(search: &Search, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let found = search.replace(&mut bytes, GONE.as_bytes());
    let clean = String::from_utf8(bytes).unwrap();
    assert_eq!(found, clean != text, "{text}");
    clean
}

/// What an encoder makes of each character.
type Encoder = (&'static str, fn(char) -> String);

fn percent(character: char, digits: fn(u8) -> String, keeps: fn(u8) -> bool) -> String {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).bytes();
    bytes.map(|byte| if keeps(byte) { char::from(byte).to_string() } else { digits(byte) }).collect()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn json(character: char) -> String {
    let quoted = serde_json::to_string(&character).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn unicode(character: char) -> String {
    let mut units = [0; 2];
    character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn markup(character: char) -> String {
    match character {
        '"' => "&quot;".into(),
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '\'' => "&#039;".into(),
        _ => character.to_string(),
    }
}

fn named(character: char) -> String {
    let name = spelling::NAMED.iter().find(|(_, byte)| char::from(*byte) == character);
    name.map_or(character.to_string(), |(name, _)| format!("&{name};"))
}

const ENCODERS: [Encoder; 17] = [
    ("none", |character| character.to_string()),
    ("JSON", json),
    ("JSON with escaped slashes", |character| if character == '/' { "\\/".into() } else { json(character) }),
    ("JSON in ASCII", |character| if character.is_ascii() { json(character) } else { unicode(character) }),
    ("JSON for HTML", |character| if "<>&'+=".contains(character) { unicode(character) } else { json(character) }),
    ("JSON with every sign escaped", |character| {
        if character.is_ascii_alphanumeric() {
            character.into()
        } else {
            unicode(character).to_uppercase().replace("\\U", "\\u")
        }
    }),
    ("JSON with everything escaped", unicode),
    ("form", |character| {
        if character == ' ' { "+".into() } else { percent(character, |byte| format!("%{byte:02X}"), is_unreserved) }
    }),
    ("percent", |character| percent(character, |byte| format!("%{byte:02X}"), is_unreserved)),
    ("percent in lower case", |character| percent(character, |byte| format!("%{byte:02x}"), is_unreserved)),
    ("percent of everything", |character| percent(character, |byte| format!("%{byte:02X}"), |_| false)),
    ("HTML", markup),
    ("HTML with names", named),
    ("HTML in numbers", |character| format!("&#{};", u32::from(character))),
    ("HTML in padded numbers", |character| format!("&#{:05};", u32::from(character))),
    ("HTML in hexadecimal", |character| format!("&#x{:x};", u32::from(character))),
    ("HTML in padded hexadecimal", |character| format!("&#X{:06X};", u32::from(character))),
];

/// The text as it comes out of some encoders, one after the other.
fn encoded(text: &str, encoders: &[Encoder]) -> String {
    encoders.iter().fold(text.to_owned(), |text, (_, encode)| text.chars().map(encode).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn a_secret_is_found_and_only_it_behind_any_encoders_up_to_three(
        // One that looks like an escape itself cannot be told from what encoders add, where several are mixed.
        secret in r"[!-$'-\[\]-~][ -$'-\[\]-~]{2,40}[!-$'-\[\]-~]",
        first in 0..ENCODERS.len(),
        second in 0..ENCODERS.len(),
        third in 0..ENCODERS.len(),
        cased in 0..3,
    ) {
        let secret = secret.as_str();
        let encoders = [first, second, third].map(|index| ENCODERS[index]);
        let names = encoders.map(|(name, _)| name);
        let [before, after] = ["{\"message\": \"the key <", "> is wrong\", \"a\": [1, 2]}"].map(|text| encoded(text, &encoders));
        let meant = match cased {
            0 => secret.to_owned(),
            1 => secret.to_ascii_lowercase(),
            _ => secret.to_ascii_uppercase(),
        };
        let text = format!("{before}{}{after}", encoded(&meant, &encoders));
        prop_assert_eq!(clean(&search(secret), &text), format!("{before}{GONE}{after}"), "{:?}: {}", names, text);
    }

    #[test]
    fn any_secret_is_found_behind_any_encoder(
        secret in r"[!-$'-\[\]-~][ -$'-\[\]-~]{2,20}[%&\\]?[ -$'-\[\]-~]{2,20}[!-$'-\[\]-~]",
        first in 0..ENCODERS.len(),
    ) {
        let encoders = &ENCODERS[first..=first];
        let [before, meant, after] = ["{\"key\": \"", &secret, "\", \"a\": 1}"].map(|text| encoded(text, encoders));
        let text = format!("{before}{meant}{after}");
        prop_assert_eq!(clean(&search(&secret), &text), format!("{before}{GONE}{after}"), "{}: {}", encoders[0].0, text);
    }

    #[test]
    fn a_text_read_in_blocks_means_the_same_as_read_at_once(
        pieces in proptest::collection::vec("[%&;#x\\\\u0-9a-d]{1,9}|&#[0-9]{1,9};|\\\\ud83d\\\\ude00|&plus;|%2525", 1..30),
        length in 1..40_usize,
    ) {
        let text = pieces.concat();
        let (mut below, mut above) = (spelling::Layer::default(), spelling::Layer::default());
        for (number, block) in text.as_bytes().chunks(length).enumerate() {
            let at = number * length;
            below.add(block, at);
            let more = at + block.len() < text.len();
            below.rise(&mut above, more);
            prop_assert!(below.bytes.len() < spelling::LONGEST_ESCAPE, "{} wait", below.bytes.len());
        }
        prop_assert_eq!(&above.bytes, &spelling::unescaped(text.as_bytes(), 1), "{}", text);
    }

    #[test]
    fn what_the_filter_does_not_let_through_holds_no_echo(
        secret in "[ -~]{4,24}",
        pieces in proptest::collection::vec((any::<prop::sample::Index>(), 0..6), 1..20),
    ) {
        let search = search(&secret);
        let core = STANDARD.encode(&secret);
        let mut text = String::new();
        for (index, kind) in pieces {
            let character = char::from(secret.as_bytes()[index.index(secret.len())]);
            match kind {
                0 => text.push_str(&secret[index.index(secret.len())..]),
                1 => text.push_str(&secret[..index.index(secret.len())]),
                2 => text.push_str(&core[index.index(core.len())..]),
                3 => text.push_str(["\n", "\\n", "%25", "\\\\", "&amp;", "%", "&", "\\", "\\u00", "#", "x", "25"][index.index(12)]),
                _ => text.push_str(&(ENCODERS[index.index(ENCODERS.len())].1)(character)),
            }
        }
        if !search.filter.may_hold(text.as_bytes()) {
            let finder = Finder::of(forms::forms_of(secret.as_bytes())).unwrap();
            for range in finder.find(text.as_bytes()).ranges() {
                prop_assert!(!is_echo(&text.as_bytes()[range], secret.as_bytes()), "{}", text);
            }
        }
    }
}

/// Whether a text means the secret exactly, in one of its three cases, or what base64 or hexadecimal makes of it.
fn is_echo(text: &[u8], secret: &[u8]) -> bool {
    let digits = forms::hex(secret);
    let mut echoes: Vec<_> = [secret, &digits].into_iter().flat_map(forms::cases_of).collect();
    echoes.extend(forms::base64_cores(secret));
    let mut text = text.to_vec();
    (0..=forms::LAYERS).any(|_| {
        let meant: Vec<u8> = text.iter().copied().filter(|byte| !forms::is_line_break(*byte)).collect();
        text = spelling::unescaped(&text, 1);
        echoes.iter().any(|echo| {
            meant == **echo
                || meant.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).eq(echo.iter().copied())
        })
    })
}

#[test]
fn base64_is_found_at_any_place_in_either_alphabet_however_it_is_escaped_and_wrapped() {
    // With a plus and a slash, or a minus and an underscore, in its base64.
    let secret = "k\u{7e}~?>>key~~of~~a~~tenant~~??>>~~that~is~long~enough~to~fill~a~line~of~base64~and~more~~?>";
    let search = search(secret);
    let base64 =
        |before: &str| [STANDARD.encode(format!("{before}{secret}:x")), URL_SAFE.encode(format!("{before}{secret}:x"))];
    let wrapped = |text: &str, columns: usize, end: &str| {
        text.as_bytes().chunks(columns).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>().join(end)
    };
    let every_line = |text: &str| clean(&search, text).lines().collect::<String>();
    for before in ["", "a", "ab", "user:"] {
        for text in base64(before) {
            assert!(text.contains(['+', '-', '/', '_']), "{text}");
            // What is left at the ends holds a few bits of the secret at most.
            let is_clean = |clean: &str| clean.matches(GONE).count() == 1 && clean.len() < GONE.len() + 20;
            for escaped in [
                text.clone(),
                text.replace('/', "\\/"),
                text.replace('+', "\\u002b").replace('=', "\\u003d"),
                text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
                text.replace('+', "%2b").replace('/', "%2f"),
                text.replace('+', "%252B").replace('/', "%252F"),
                text.replace('+', "&#43;").replace('/', "&#x2F;"),
                text.replace('+', "&plus;").replace('/', "&sol;"),
            ] {
                assert!(is_clean(&clean(&search, &escaped)), "{escaped}");
            }
            for columns in [64, 76] {
                for end in ["\n", "\r\n"] {
                    let text = wrapped(&text, columns, end);
                    assert!(is_clean(&every_line(&text)), "{text}");
                }
                for end in ["\\n", "\\r\\n", "\\\\n", "\\u000a", "%0A", "%0D%0A", "&#10;", "&#xD;&#xA;"] {
                    let text = wrapped(&text, columns, end);
                    assert!(is_clean(&clean(&search, &text)), "{text}");
                }
            }
        }
    }
}

#[test]
fn hexadecimal_is_found_in_either_case() {
    let digits: String = "k\u{5f}3y/+".bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in [digits.clone(), digits.to_uppercase()] {
        assert_eq!(clean(&search("k_3y/+"), &format!("<{text}>")), format!("<{GONE}>"));
    }
}

#[test]
fn an_echo_is_found_across_the_blocks_that_a_text_is_read_in() {
    let search = search("a-key/to+find");
    let everything = encoded("a-key/to+find", &[ENCODERS[6], ENCODERS[10]]);
    for shift in 0..everything.len() + 20 {
        let before = "x".repeat(find::BLOCK - shift);
        assert_eq!(clean(&search, &format!("{before}{everything}y")), format!("{before}{GONE}y"), "{shift}");
    }
}

#[test]
fn characters_beyond_ascii_are_found_as_well() {
    let search = search("schlüssel-日本-😀");
    for encoder in ENCODERS {
        let text = encoded("<schlüssel-日本-😀>", &[encoder]);
        assert!(clean(&search, &text).contains(GONE), "{}: {text}", encoder.0);
    }
}

#[test]
fn a_line_break_within_a_plain_word_is_no_echo() {
    let text = "ab\ncd abc\r\nd";
    assert_eq!(clean(&search("abcd"), text), text);
    assert_eq!(clean(&search("ab\ncd"), "<ab\\r\\ncd>"), format!("<{GONE}>"));
}

/// Texts made by somebody who knows what is looked for.
fn costly(key: &str) -> Vec<String> {
    let nearly = &key[..key.len() - 1];
    let units = [
        "%",
        "&",
        "\\",
        "&#0000000",
        "%25",
        "&amp;",
        "\\\\",
        "\\u0026#x",
        "%26%2523%30%30",
        "a",
        "%61",
        "&#x61;",
        key,
        nearly,
        "\r\n",
    ];
    units.into_iter().map(|unit| unit.repeat(400_000 / unit.len())).collect()
}

#[test]
fn the_work_grows_with_the_text_alone_whatever_the_text_and_the_secret_are() {
    for key in [&"a".repeat(5_000), &"ab".repeat(2_000), &format!("{}b", "a".repeat(3_000)), "a-key/to+find", "aaaa"] {
        let (search, finder) = (search(key), Finder::of(forms::forms_of(key.as_bytes())).unwrap());
        for text in costly(key) {
            let marks = finder.find(text.as_bytes());
            // In each layer a byte is read once, and marked at most once.
            let most = 2 * (forms::LAYERS as u64 + 1) * text.len() as u64;
            assert!(marks.work <= most, "{} for {} bytes of {}", marks.work, text.len(), &text[..12]);
            let mut clean = text.clone().into_bytes();
            search.replace(&mut clean, GONE.as_bytes());
            assert!(clean.capacity() <= text.len() * 9 / 4, "{} bytes", clean.capacity());
        }
    }
    // Escapes within escapes are looked at one by one only as long as that is less work than to search.
    assert!(search("a-key/to+find").filter.may_hold("%26%2523".repeat(10_000).as_bytes()));
    assert!(!search("a-key/to+find").filter.may_hold("%26%2523".repeat(10).as_bytes()));
}
