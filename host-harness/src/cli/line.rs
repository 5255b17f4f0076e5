//! A record as one line for a person, who watches lines go by: what happened to it, and what it says of itself.

use super::records::{member, plain};
use super::table::within;
use crate::json_parts::{items, members, text};

/// On a terminal wider values are cut, so that more than one has room. Elsewhere nothing is.
const WIDEST_VALUE: usize = 32;
/// So many members of a record are shown where none are named.
const MOST_MEMBERS: usize = 8;
/// What happened, as wide as `created`.
const WIDEST_CHANGE: usize = 8;

/// The line of a JSON value: of {"change": …, "record": …}, or of what an expression made of it. No wider than the
/// terminal, where it is for one.
pub(super) fn of(json: &str, columns: &[String], width: Option<usize>) -> String {
    let part = |name: &str| member(json, name).filter(|_| members(json).is_some());
    let (change, record) = match (part("change"), part("record")) {
        (Some(change), Some(record)) => (Some(plain(change)), record),
        _ => (None, part("payload").unwrap_or(json)),
    };
    let widest = width.map(|_| WIDEST_VALUE);
    let mut cells: Vec<String> = change.iter().map(|change| format!("{change:<WIDEST_CHANGE$}")).collect();
    match columns {
        [] => cells.extend(told(record, widest)),
        columns => cells.extend(columns.iter().map(|column| {
            let value = member(record, column).map(plain).unwrap_or_default();
            within(&value, widest).into_owned()
        })),
    }
    within(cells.join("  ").trim_end(), width).into_owned()
}

/// What a record says of itself that fits on a line: its texts and numbers, by their names.
fn told(record: &str, widest: Option<usize>) -> Vec<String> {
    let Some(members) = members(record) else { return vec![plain(record).into_owned()] };
    let is_plain = |value: &str| {
        !matches!(value, "null" | "\"\"") && items(value).is_none() && crate::json_parts::members(value).is_none()
    };
    let told = members.filter(|(_, value)| is_plain(value)).take(MOST_MEMBERS);
    told.map(|(name, value)| format!("{}={}", within(&text(name), widest), within(&plain(value), widest))).collect()
}

/// The columns that the value does not have.
pub(super) fn missing<'c>(json: &str, columns: &'c [String]) -> Vec<&'c str> {
    let record = member(json, "record").unwrap_or(json);
    columns.iter().filter(|column| member(record, column).is_none()).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGE: &str = r#"{"change":"created","record":{"id":"5f1e","none":null,"name":"Bracket\u001b[2J","con":{"value":7},"mass":1.5}}"#;

    #[test]
    fn a_change_is_a_line_that_a_terminal_obeys_nothing_of() {
        assert_eq!(of(CHANGE, &[], None), r"created   id=5f1e  name=Bracket\u{1b}[2J  mass=1.5");
        assert_eq!(of(CHANGE, &[], Some(20)), "created   id=5f1e  …");
        assert_eq!(of(CHANGE, &["con.value".into(), "id".into()], None), "created   7  5f1e");
    }

    #[test]
    fn what_is_no_record_is_shown_as_it_is() {
        assert_eq!(of("[1,2]", &[], None), "[1,2]");
        assert_eq!(of(r#"{"payload":{"count":2}}"#, &[], None), "count=2");
        let long = format!("{{\"name\":\"{}\"}}", "x".repeat(100_000));
        assert!(of(&long, &[], Some(400)).chars().count() <= WIDEST_VALUE + "name=".len());
        for columns in [&[][..], &["name".to_owned()]] {
            assert!(of(&long, columns, None).ends_with(&"x".repeat(100_000)), "{columns:?}");
        }
    }

    #[test]
    fn columns_that_a_record_does_not_have_are_named() {
        assert_eq!(missing(CHANGE, &["id".to_owned(), "nmae".to_owned(), "con.value".to_owned()]), ["nmae"]);
    }
}
