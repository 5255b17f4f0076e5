//! Tests of what is hidden: in text and in JSON, in every spelling, and without the JSON losing its shape.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn scrubbed(hidden: &Hidden, json: &str) -> (String, bool) {
    let mut scrubber = Scrubber::new(hidden, Vec::new());
    json.as_bytes().chunks(7).for_each(|piece| scrubber.write_all(piece).unwrap());
    let (out, found) = scrubber.finish().unwrap();
    (String::from_utf8(out).unwrap(), found)
}

#[test]
fn a_value_is_taken_out_of_text_in_every_spelling() {
    let hidden = Hidden::of(["key/with+\"odd\"", "EU", " blanks-around "]);
    for spelled in ["key/with+\"odd\"", r#"key\/with+\"odd\""#, "key%2Fwith%2B%22odd%22", "blanks-around"] {
        assert_eq!(hidden.scrub(&format!("a {spelled} b")).unwrap(), format!("a {REDACTED} b"));
    }
    // Two characters stand everywhere.
    assert_eq!(hidden.scrub("an EU part"), None);
}

#[test]
fn a_value_that_no_header_can_carry_is_hidden_too() {
    let hidden = Hidden::of(["first line of it\nsecond line", "pässwörd-ü", "esc\u{1b}ape"]);
    for spelled in [
        "first line of it\nsecond line",
        r"first line of it\nsecond line",
        "first line of it",
        "pässwörd-ü",
        r"p\u00e4ssw\u00f6rd-\u00fc",
        "p%C3%A4ssw%C3%B6rd-%C3%BC",
        r"esc\u001bape",
        r"esc\u{1b}ape",
    ] {
        assert_eq!(hidden.scrub(&format!("a {spelled} b")).unwrap(), format!("a {REDACTED} b"), "{spelled}");
    }
}

#[test]
fn texts_numbers_and_names_of_json_are_scrubbed_and_nothing_else() {
    let hidden = Hidden::of(["true", "null", "4711", ":[1,", "\"::\"", "nine"]);
    let (text, found) =
        scrubbed(&hidden, r#"{"true": true, "a":[1, 47110, -1.4711e3, null], "a":"x\"::\"y\n\\nine", "fine": 12}"#);
    assert_eq!(
        text,
        r#"{"[redacted]": true, "a":[1, "[redacted]", "[redacted]", null], "a":"x[redacted]y\n\\[redacted]", "fine": 12}"#
    );
    assert!(found);
}

#[test]
fn a_text_that_would_be_cut_within_an_escape_is_replaced_as_a_whole() {
    let hidden = Hidden::of(["nails", "u0041"]);
    let (text, _) = scrubbed(&hidden, r#"["s\nails", "x\u0041y", "nails"]"#);
    assert_eq!(text, r#"["[redacted]", "[redacted]", "[redacted]"]"#);
}

#[test]
fn a_value_across_two_pieces_is_found() {
    let hidden = Hidden::of(["the-key-of-all"]);
    let json = serde_json::to_string(&vec!["x".repeat(100); 3_000]).unwrap();
    let json = json.replace("xx\",\"xx", "the-key-of-all\",\"the-key-of-all");
    let (text, found) = scrubbed(&hidden, &json);
    assert!(found && !text.contains("the-key"), "it is still there");
    assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap().len(), 3_000);
}

#[test]
fn nothing_is_changed_where_nothing_is_found() {
    let json = r#" {"a": ["\ud800", 1.0, 1e400]} "#;
    assert_eq!(scrubbed(&Hidden::of(["something-else"]), json), (json.to_owned(), false));
    assert!(Hidden::of(["EU", "   "]).is_empty());
}

proptest! {
    #[test]
    fn whatever_is_hidden_what_comes_out_is_json_without_it(
        secret in "[ -~é\n]{4,8}",
        texts in prop::collection::vec("[ -~é\n]{0,12}", 0..6),
        numbers in prop::collection::vec(any::<i64>(), 0..4),
        at in any::<prop::sample::Index>(),
    ) {
        let hidden = Hidden::of([secret.as_str()]);
        let mut texts = texts;
        texts.push(String::new());
        let place = at.index(texts.len());
        texts[place].push_str(&secret);
        let json = serde_json::json!({ "texts": texts, "numbers": numbers, "name": { (secret.clone()): null } });
        let (text, _) = scrubbed(&hidden, &json.to_string());
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(value["texts"].as_array().unwrap().len(), texts.len());
        // A value that is too short once its blanks are gone is not looked for; one within the mark itself is there by
        // that.
        if secret.trim().len() >= SHORTEST && !REDACTED.contains(secret.trim()) {
            prop_assert!(!value["texts"][place].as_str().unwrap().contains(secret.trim()), "{}", text);
        }
    }
}
