//! Tests of tables: what they show, and that neither a service's words nor its numbers break them.

use serde_json::{Value, json};

use super::*;

fn shown_with(json: &str) -> (String, LeftOut) {
    let mut out = Vec::new();
    let left_out = write(json, Room::default(), &mut out).unwrap();
    (String::from_utf8(out).unwrap(), left_out)
}

fn table(value: &Value) -> String {
    let (text, left_out) = shown_with(&value.to_string());
    assert!(left_out.is_nothing(), "{left_out}");
    text
}

#[test]
fn a_list_of_objects_becomes_a_table_with_every_member() {
    let text = table(&json!([{"id": "1", "name": "Bolt \"3/8\""}, {"id": "22", "mass": 3.5}]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines, ["id  name        mass", "--  ----------  ----", "1   Bolt \"3/8\"", "22              3.5"]);
}

#[test]
fn a_table_fits_the_terminal_by_narrower_columns_and_then_by_fewer() {
    let json = json!([{"id": "1", "name": "A long name of a part", "note": "部品".repeat(10)}]).to_string();
    let within = |width| {
        let mut out = Vec::new();
        let left_out = write(&json, Room { width: Some(width), is_coloured: false }, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.width() <= width), "{text}");
        (text, left_out.columns)
    };
    assert_eq!(within(80).1, 0);
    let (text, left_out) = within(40);
    assert!(left_out == 0 && text.contains("A long name") && text.contains("部品部") && text.contains('…'), "{text}");
    let (text, left_out) = within(14);
    assert_eq!((text.lines().next().unwrap(), left_out), ("id  name", 1));
    assert_eq!(within(3).1, 2);
}

#[test]
fn an_object_is_shown_member_by_member() {
    let text = table(&json!({"user": "Ada\u{7}", "none": null, "list": [{"a": 1}], "inner": {"b": true, "c": [1, 2]}}));
    assert_eq!(text, "user: Ada\\u{7}\nnone: \nlist (1):\n  a\n  -\n  1\ninner:\n  b: true\n  c: [1,2]\n");
}

#[test]
fn what_is_neither_is_shown_as_text() {
    for (value, expected) in [
        (json!([]), "[]\n"),
        (json!([1, {"a": 2}]), "[1,{\"a\":2}]\n"),
        (json!({"mixed": [1, {"a": 2}]}), "mixed (2):\n  [1,{\"a\":2}]\n"),
        (json!("plain"), "plain\n"),
        (json!(null), "\n"),
        (json!({}), ""),
    ] {
        assert_eq!(table(&value), expected, "{value}");
    }
    // JSON by the grammar alone: half of a pair of escapes.
    assert_eq!(shown_with(r#"{"name":"\ud800"}"#).0, "name: \"\\ud800\"\n");
}

#[test]
fn no_name_and_no_value_can_forge_a_line_or_drive_the_terminal() {
    let evil = "x\nerror: all is lost\r\u{1b}[2J\u{9b}1m\u{202e}\u{2028}";
    let text = table(&json!({
        (evil): evil,
        "list": [{ (evil): evil }],
        "inner": { (evil): { (evil): [evil] } },
    }));
    assert!(!text.contains(|c| shown::is_obeyed(c) && c != '\n'), "{text:?}");
    assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("error:")).count(), 0, "{text}");
    assert_eq!(text.lines().count(), 8, "{text}");
}

#[test]
fn a_cell_is_cut_and_so_is_a_member() {
    assert_eq!(cut(&"é".repeat(100), WIDEST_CELL).chars().count(), WIDEST_CELL);
    assert_eq!(cut(&"é".repeat(WIDEST_CELL), WIDEST_CELL), "é".repeat(WIDEST_CELL));
    assert_eq!(cut(&"\u{1b}".repeat(100), WIDEST_CELL).chars().count(), WIDEST_CELL);
    let text = table(&json!({"a": "x".repeat(1 << 20), "b": [{"c": ["y".repeat(1 << 20)]}]}));
    assert!(text.len() < WIDEST_MEMBER + 3 * WIDEST_CELL + 100, "{} bytes", text.len());
}

#[test]
fn rows_with_names_of_their_own_are_bounded_in_columns_and_counted() {
    let rows: Vec<String> = (0..600)
        .map(|row| format!("{{{}}}", (0..600).map(|n| format!("\"k{row}_{n}\":1")).collect::<Vec<_>>().join(",")))
        .collect();
    let (text, left_out) = shown_with(&format!("[{}]", rows.join(",")));
    assert_eq!(left_out, LeftOut { lines: 0, columns: MOST_NAMES });
    assert_eq!(left_out.to_string(), "10000 or more columns");
    assert!(text.len() < 600 * MOST_COLUMNS * 10, "{} bytes", text.len());
    let (_, few) =
        shown_with(&format!("[{{{}}}]", (0..70).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",")));
    assert_eq!(few.to_string(), "6 columns");
}

#[test]
fn lines_are_bounded_over_all_tables_and_counted() {
    // One wide row makes all the others of its table long.
    let wide =
        format!("{{{}}}", (0..64).map(|n| format!("\"{n}\":\"{}\"", "x".repeat(60))).collect::<Vec<_>>().join(","));
    let list = format!("[{wide}{}]", ",{\"63\":1}".repeat(9_000));
    let (text, left_out) = shown_with(&format!("{{\"a\":{list},\"b\":{list},\"c\":1}}"));
    // The heading of each list is a line too; what stands above the columns of a table is not counted.
    assert_eq!(left_out, LeftOut { lines: 2 * 9_001 + 3 - MOST_LINES as u64, columns: 0 });
    assert_eq!(left_out.to_string(), "8005 rows or lines");
    assert!(text.len() < 50 << 20, "{} bytes", text.len());
}

#[test]
fn objects_inside_each_other_without_end_are_shown_to_a_depth() {
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let (text, _) = shown_with(&deep);
    assert_eq!(text.lines().count(), DEEPEST + 1);
    let lists = format!("{}1{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000));
    assert!(shown_with(&lists).0.len() < 1_000);
}
