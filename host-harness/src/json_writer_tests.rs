//! Tests of the JSON writer: the same JSON comes out, in one line or indented, with nothing in it that a terminal would
//! obey.

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

fn written(layout: Layout, pieces: &[&[u8]]) -> String {
    let mut writer = JsonWriter::new(Vec::new(), layout);
    pieces.iter().for_each(|piece| writer.write_all(piece).unwrap());
    String::from_utf8(writer.into_inner()).unwrap()
}

fn compact(json: &str) -> String {
    written(Layout::Compact, &[json.as_bytes()])
}

#[test]
fn a_line_stays_one_line_whatever_line_breaks_a_raw_value_holds() {
    let raw = RawValue::from_string("{\"a\" : [1 ,\n\"x y\\n\"\r\n]\t}".to_owned()).unwrap();
    let mut writer = JsonWriter::new(Vec::new(), Layout::Compact);
    serde_json::to_writer(&mut writer, &json!({ "record": 1 })).unwrap();
    serde_json::to_writer(&mut writer, &raw).unwrap();
    assert_eq!(String::from_utf8(writer.into_inner()).unwrap(), r#"{"record":1}{"a":[1,"x y\n"]}"#);
}

#[test]
fn numbers_keep_their_spelling_and_half_pairs_of_escapes_stay() {
    let text = r#"[1.0,1e400,-0,123456789012345678901234567890,"\ud800","\"\\",{},[]]"#;
    assert_eq!(compact(text), text);
    let indented = written(Layout::Indented, &[text.as_bytes()]);
    assert_eq!(compact(&indented), text);
}

#[test]
fn every_character_that_a_terminal_would_obey_is_an_escape_and_no_other() {
    let numbers = (0x20..0x3200).chain(0xff00..0x1_0000).chain(0x1_d100..0x1_d200).chain(0xe_0000..0xe_0200);
    for character in numbers.filter_map(char::from_u32).filter(|character| !"\"\\".contains(*character)) {
        let text = format!("\"{character}\"");
        let out = compact(&text);
        let expected = match shown::is_obeyed(character) {
            true => format!("\"{}\"", shown::json_escape(character)),
            false => text.clone(),
        };
        assert_eq!(out, expected, "{character:?}");
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), Value::from(character.to_string()));
    }
}

#[test]
fn what_is_no_json_is_harmless_too() {
    // Nothing that is printed is like this; a terminal would be safe if it were.
    assert_eq!(compact("\"\u{0}\u{1b}\n\""), r#""\u0000\u001b\u000a""#);
    assert_eq!(compact("\u{1b}\u{9b}"), r"\u001b\u009b");
    assert_eq!(compact("\"\\\u{1b}\\\u{9b}\""), r#""\\u001b\\u009b""#);
    assert_eq!(written(Layout::Compact, &[b"\"\xc2\"\""]), r#""\ufffd""#);
}

#[test]
fn deep_levels_are_not_set_in_without_end() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(written(Layout::Indented, &[deep.as_bytes()]).len() < 20_000 * (2 * DEEPEST_INDENT + 2));
}

/// Values of every kind, with the characters that matter.
fn values() -> impl Strategy<Value = Value> {
    let text = "[a\"\\\\\n\t\u{7f}\u{80}\u{9b}\u{a0}é\u{600}\u{61c}\u{200d}\u{200e}\u{2028}\u{202e}\u{2066}\u{feff}\u{180e}\u{e0041}日😀]{0,6}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_same_value_is_read_back_wherever_the_pieces_are_cut(value in values(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 3)) {
        // Spaced out by one serialiser, laid out by the writer.
        let spaced = serde_json::to_vec_pretty(&value).unwrap();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(spaced.len())).collect();
        cuts.sort_unstable();
        let pieces = [&spaced[..cuts[0]], &spaced[cuts[0]..cuts[1]], &spaced[cuts[1]..cuts[2]], &spaced[cuts[2]..]];
        for layout in [Layout::Compact, Layout::Indented] {
            let text = written(layout, &pieces);
            prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value, "{}", &text);
            prop_assert!(!text.contains(|c| shown::is_obeyed(c) && !(c == '\n' && layout == Layout::Indented)), "{}", &text);
        }
    }

    #[test]
    fn the_layouts_are_those_of_the_usual_serialiser(value in values()) {
        let clean = |text: &str| text.contains(|c| shown::is_obeyed(c) && c != '\n');
        let usual = serde_json::to_string_pretty(&value).unwrap();
        prop_assume!(!clean(&usual));
        prop_assert_eq!(written(Layout::Indented, &[usual.as_bytes()]), usual);
        let usual = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(written(Layout::Compact, &[usual.as_bytes()]), usual);
    }
}
