//! Tests of tables: what they show, and that neither a service's words nor its numbers break them.

use serde_json::{Value, json};

use super::*;

fn shown_in(width: Option<usize>, json: &str) -> (String, LeftOut) {
    let mut out = Vec::new();
    let left_out = write(json, Room { width, is_coloured: false }, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), left_out)
}

fn shown_with(json: &str) -> (String, LeftOut) {
    shown_in(None, json)
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
        let (text, left_out) = shown_in(Some(width), &json);
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
fn on_a_terminal_a_cell_is_cut_and_so_is_a_member() {
    assert_eq!(cut(&"é".repeat(100), WIDEST_CELL).chars().count(), WIDEST_CELL);
    assert_eq!(cut(&"é".repeat(WIDEST_CELL), WIDEST_CELL), "é".repeat(WIDEST_CELL));
    assert_eq!(cut(&"\u{1b}".repeat(100), WIDEST_CELL).chars().count(), WIDEST_CELL);
    let json = json!({"a": "x".repeat(1 << 20), "b": [{"c": ["y".repeat(1 << 20)]}]}).to_string();
    let (text, _) = shown_in(Some(100), &json);
    assert!(text.len() < WIDEST_MEMBER + 3 * WIDEST_CELL + 100, "{} bytes", text.len());
}

#[test]
fn without_a_terminal_nothing_is_cut() {
    let (long, name) = ("部x".repeat(100), "n".repeat(100));
    let text = table(&json!({ "member": "m".repeat(5_000), "list": [{ (&name): &long, "b": 1 }, { "b": 2 }] }));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0].len(), "member: ".len() + 5_000);
    assert_eq!(lines[2], format!("  {name}{}  b", " ".repeat(200)));
    assert_eq!(lines[4], format!("  {long}  1"));
    assert_eq!(lines[5], format!("  {}  2", " ".repeat(300)));
}

#[test]
fn without_a_terminal_one_long_cell_does_not_make_all_lines_as_long() {
    let long = "x".repeat(100_000);
    let json = format!("[{{\"a\":\"{long}\",\"b\":1}}{}]", ",{\"a\":2,\"b\":3}".repeat(9_000));
    let (text, left_out) = shown_with(&json);
    assert!(left_out.is_nothing() && text.len() < 2 * MOST_ALIGNED, "{} bytes", text.len());
    assert_eq!(text.lines().nth(2).unwrap(), format!("{long}  1"));
    assert_eq!(text.lines().nth(3).unwrap(), format!("2{}  3", " ".repeat(WIDEST_CELL - 1)));
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
    assert!(shown_in(Some(100), &lists).0.len() < 1_000);
    // Deeper ones are shown as the JSON that they are, once.
    assert!(shown_with(&lists).0.len() < 4 * lists.len());
}
