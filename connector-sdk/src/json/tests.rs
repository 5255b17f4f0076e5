//! The scanner is held against `serde_json`: it must accept the same texts, and find the same things in them.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

/// Texts that are JSON, nearly JSON, or made of its pieces.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\\u0041\\n\"",
        "\"\\ud83d\\ude00\"",
        "\"",
        "\\",
        "1",
        "-0",
        "0.5",
        "01",
        "1e9",
        "1.",
        "-",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "é",
        "\u{1}",
        "\"long enough for a word of eight\"",
    ]);
    let soup = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "\\PC{0,20}".prop_map(|text| Value::from(text).to_string()),
    ];
    let tree = leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(("[a-c\"\\\\]{0,3}", inner), 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("{}: {value}", Value::from(key.as_str()))).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    let damaged = (tree.clone(), any::<prop::sample::Index>()).prop_map(|(text, index)| {
        let mut cut = index.index(text.len() + 1);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text[..cut].to_owned()
    });
    prop_oneof![soup, tree, damaged]
}

/// Objects as a service writes them, mostly: without blanks, with strings of every length.
fn objects() -> impl Strategy<Value = String> {
    let string = "[a-zé ]{0,40}|[a-z]{0,20}(\\\\n|\\\\u00e9|\u{1}|\")[a-z]{0,20}";
    let value = prop_oneof![4 => string.prop_map(|text| format!("\"{text}\"")), 1 => Just("null".into()), 1 => Just("[1]".into())];
    let colon = prop_oneof![9 => Just(":"), 1 => Just(" : ")];
    let member =
        (string, colon, value).prop_map(|(key, colon, value): (String, _, String)| format!("\"{key}\"{colon}{value}"));
    prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_takes_exactly_the_texts_that_serde_json_takes(text in texts()) {
        // Lone surrogates are grammar to the one and nonsense to the other, and are found when the string is read.
        let accepted = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(check(&text).is_ok(), accepted, "{}", text);
    }

    #[test]
    fn members_are_found_as_serde_json_finds_them(text in texts(), key in "[a-c\"\\\\]{0,3}") {
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        let Value::Object(object) = &value else { return Ok(()) };
        let found = member(&text, &key).unwrap().map(|text| serde_json::from_str::<Value>(text).unwrap());
        prop_assert_eq!(found.as_ref(), object.get(&key).filter(|value| !value.is_null()));
    }

    #[test]
    fn the_quick_readers_read_what_the_others_read(text in prop_oneof![texts(), objects()]) {
        let members = |quick: bool| {
            let mut scanner = Scanner::new(&text);
            let mut members = Vec::new();
            let mut first = scanner.begin_object()?;
            while let Some(key) = if quick { scanner.quick_key(&mut first)? } else { scanner.key(&mut first)? } {
                let value = if quick {
                    scanner.quick_value()?
                } else {
                    let null = scanner.is_null()?;
                    let place = scanner.value()?;
                    (!null).then_some(place)
                };
                members.push((key.into_owned(), value));
            }
            Ok::<_, Problem>((members, scanner.position()))
        };
        prop_assert_eq!(members(true), members(false), "{}", text);
    }

    #[test]
    fn strings_are_written_and_read_back(text in any::<String>()) {
        let mut json = String::new();
        push_string(&mut json, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.clone());
        prop_assert_eq!(Scanner::new(&json).string(), Ok(text));
    }

    #[test]
    fn escapes_are_undone_as_serde_json_undoes_them(raw in "(\\\\u[0-9a-f]{4}|\\\\[\"\\\\/bfnrt]|[a-zé]){0,8}") {
        let json = format!("\"{raw}\"");
        prop_assert_eq!(Scanner::new(&json).string().ok(), serde_json::from_str::<String>(&json).ok());
    }
}

#[test]
fn what_is_nested_too_deep_is_refused_and_not_followed() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(check(&nested(127)).is_ok());
    let problem = check(&nested(128)).unwrap_err();
    assert_eq!(problem, Problem { kind: ProblemKind::Not("less depth"), at: 127 });
    assert!(check(&nested(1_000_000)).is_err());
}

#[test]
fn a_problem_says_where_and_whether_the_text_breaks_off() {
    for (text, says) in [
        (r#"{"a": [1, 2"#, "breaks off after 11 bytes"),
        (r#"{"a": 01}"#, "not JSON at byte 7"),
        ("", "breaks off after 0 bytes"),
        ("{} x", "not JSON at byte 3"),
    ] {
        let problem = check(text).unwrap_err().to_string();
        assert!(problem.contains(says), "{text}: {problem}");
    }
    assert_eq!(member("[]", "a").unwrap_err().to_string(), "expected an object at byte 0");
    assert_eq!(text_member(r#"{"a": 1}"#, "a").unwrap_err().kind, ProblemKind::Not("text"));
}

#[test]
fn a_comma_before_the_end_of_a_container_is_not_json() {
    for text in ["[1,]", r#"{"a":1,}"#, "[,1]", "{,}", "[1 2]"] {
        assert!(check(text).is_err(), "{text}");
    }
    let mut scanner = Scanner::new("[1,]");
    let mut first = scanner.begin_array().unwrap();
    assert!(scanner.item(&mut first).unwrap());
    scanner.skip().unwrap();
    assert!(scanner.item(&mut first).is_err() || scanner.skip().is_err());
}
