//! The records of a result, one a line, for spreadsheets and pipes: as CSV (RFC 4180) or as lines of JSON.
//!
//! A result is a list of records, or holds one: `{"rows": […]}`, `{"changeOrders": {"connection": {"edges": [{"node":
//! {…}}]}}}`. Other results are one record. A cell holds what a string says, nothing for null, and the JSON of
//! everything else. Cells are data and no formulas, but a spreadsheet takes one that begins with `=` for one: the
//! README says so, because to change it would be to change the data.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind, Write};

use crate::json_parts::{is_object, items, members, text};
use crate::{shown, suggest};

/// The most columns of a table. A record of a service has some dozens.
const MOST_COLUMNS: usize = 1_000;

/// So many records are looked at for the names of columns there are, once one was asked for that is not there.
const MOST_LOOKED_AT: usize = 100;

/// Lists lie within an object or two.
const DEEPEST: usize = 8;

/// Records, each with the name of the list that it is from where there are several. They stay the text that they are:
/// a result can have millions.
pub(super) struct Records<'j> {
    lists: Vec<List<'j>>,
}

struct List<'j> {
    name: Option<&'j str>,
    json: &'j str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A value that is one record.
    Record,
    /// A list of records.
    Records,
    /// A list of edges, whose nodes are the records.
    Edges,
}

impl<'j> List<'j> {
    fn of(name: Option<&'j str>, json: &'j str) -> Self {
        let kind = match items(json) {
            None => Kind::Record,
            Some(ref rows) if are_edges(rows.clone()) => Kind::Edges,
            Some(_) => Kind::Records,
        };
        Self { name, json, kind }
    }

    fn rows(&self) -> impl Iterator<Item = (Option<&'j str>, &'j str)> + use<'j> {
        let (name, kind) = (self.name, self.kind);
        let whole = Some(self.json).filter(|_| kind == Kind::Record);
        let rows = items(self.json).filter(|_| kind != Kind::Record).into_iter().flatten();
        let rows = rows.map(move |row| if kind == Kind::Edges { node(row).unwrap_or(row) } else { row });
        whole.into_iter().chain(rows).map(move |row| (name, row))
    }
}

impl<'j> Records<'j> {
    /// The records of a result.
    pub(super) fn of(json: &'j str) -> Self {
        Self { lists: vec![List::of(None, list(json, DEEPEST).map_or(json, |(_, list)| list))] }
    }

    /// The records of several lists, each with the list's name.
    pub(super) fn of_lists(lists: impl Iterator<Item = (&'j str, &'j str)>) -> Self {
        Self { lists: lists.map(|(name, json)| List { name: Some(name), json, kind: Kind::Records }).collect() }
    }

    fn rows(&self) -> impl Iterator<Item = (Option<&'j str>, &'j str)> {
        self.lists.iter().flat_map(List::rows)
    }

    /// The records with these members alone, in this order, as one JSON list: a name, or names with dots between them
    /// for what lies in an object. The error names a column that no record has.
    pub(super) fn picked(&self, columns: &[String]) -> io::Result<String> {
        let has_lists = self.lists.iter().any(|list| list.name.is_some());
        let mut found = vec![false; columns.len()];
        let mut json = String::from("[");
        for (number, (list, row)) in self.rows().enumerate() {
            json.push_str(if number == 0 { "{" } else { ",{" });
            if has_lists {
                json.push_str(&format!("\"change\":{},", serde_json::Value::from(list.unwrap_or_default())));
            }
            for (place, (column, found)) in columns.iter().zip(&mut found).enumerate() {
                let value = member(row, column);
                *found |= value.is_some();
                let comma = if place == 0 { "" } else { "," };
                let name = serde_json::Value::from(column.as_str());
                json.push_str(&format!("{comma}{name}:{}", value.unwrap_or("null")));
            }
            json.push('}');
        }
        json.push(']');
        let missing = columns.iter().zip(found).find(|(_, found)| !found).map(|(column, _)| column);
        match missing.filter(|_| self.rows().next().is_some()) {
            Some(missing) => Err(io::Error::new(ErrorKind::InvalidInput, self.without(missing))),
            None => Ok(json),
        }
    }

    /// That there is no such column, and which there are.
    fn without(&self, missing: &str) -> String {
        let mut known: Vec<String> = Vec::new();
        for (name, _) in self.rows().take(MOST_LOOKED_AT).filter_map(|(_, row)| members(row)).flatten() {
            let name = text(name).into_owned();
            if known.len() < MOST_COLUMNS && !known.contains(&name) {
                known.push(name);
            }
        }
        let meant = suggest::did_you_mean(missing, known.iter().map(String::as_str));
        format!("--columns: no record has {missing:?}{meant}; there are {}", known.join(", "))
    }

    /// Writes each record as a line of JSON.
    pub(super) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        for (list, row) in self.rows() {
            match list {
                Some(list) => writeln!(out, "{{\"change\":{},\"record\":{row}}}", serde_json::Value::from(list))?,
                None => writeln!(out, "{row}")?,
            }
        }
        Ok(())
    }

    /// Writes the records as CSV, under the names of their members in the order in which these first occur. A person is
    /// shown no character that a terminal would obey. Few records with many names between them are a large table: one
    /// of more than `most_cells` is an error before anything is written.
    pub(super) fn write_csv(&self, for_person: bool, most_cells: u64, out: &mut dyn Write) -> io::Result<()> {
        let cell = |text: &str| if for_person { shown::one_line(text).into_owned() } else { text.to_owned() };
        let has_lists = self.lists.iter().any(|list| list.name.is_some());
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut names = Vec::new();
        for (name, _) in self.rows().filter_map(|(_, row)| members(row)).flatten() {
            if !places.contains_key(name) {
                if names.len() >= MOST_COLUMNS {
                    return Err(io::Error::other(format!(
                        "the records have more than {MOST_COLUMNS} columns between them: take them as JSON (--format \
                         json)"
                    )));
                }
                places.insert(name, names.len());
                names.push(name);
            }
        }
        let has_values = self.rows().any(|(_, row)| !is_object(row));
        let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(false).from_writer(out);
        let headings = has_lists.then(|| "change".to_owned()).into_iter();
        let headings = headings.chain(names.iter().map(|name| cell(&text(name))));
        let headings: Vec<String> = headings.chain(has_values.then(|| "value".to_owned())).collect();
        if headings.is_empty() {
            return Ok(());
        }
        let rows = self.rows().count();
        if (rows as u64).saturating_mul(headings.len() as u64) > most_cells {
            let columns = headings.len();
            return Err(io::Error::other(format!(
                "a table of {rows} records with {columns} columns between them has more than the {most_cells} cells \
                 that are written here, blank ones included: take the records as lines of JSON or as JSON, or with \
                 `harness --format csv`"
            )));
        }
        csv.write_record(&headings)?;
        for (list, row) in self.rows() {
            let mut cells = vec![String::new(); names.len()];
            for (name, value) in members(row).into_iter().flatten() {
                if let Some(place) = places.get(name).and_then(|place| cells.get_mut(*place)) {
                    *place = cell(&plain(value));
                }
            }
            let value = has_values.then(|| if is_object(row) { String::new() } else { cell(&plain(row)) });
            let list = has_lists.then(|| list.unwrap_or_default().to_owned());
            csv.write_record(list.into_iter().chain(cells).chain(value))?;
        }
        csv.flush()
    }
}

/// What of a result is beside its records and says that they are not all there are: its `more` and `reasons`.
pub(super) fn left_out(json: &str) -> Option<String> {
    let member = |wanted: &str| {
        members(json).into_iter().flatten().find(|(name, _)| text(name) == wanted).map(|(_, value)| value)
    };
    if member("more")? != "true" {
        return None;
    }
    let reasons: HashSet<String> =
        member("reasons").and_then(items).into_iter().flatten().map(|reason| text(reason).into_owned()).collect();
    let mut reasons: Vec<String> = reasons.into_iter().collect();
    reasons.sort();
    Some(if reasons.is_empty() { "there is more".to_owned() } else { reasons.join("; ") })
}

/// Where the records of a result are: the names on the way to their list; none where the result is one record. The page
/// opens this list, and files and the command line have its records.
pub(super) fn place(json: &str) -> Option<Vec<String>> {
    let (names, _) = list(json, DEEPEST)?;
    Some(names.into_iter().rev().map(|name| text(name).into_owned()).collect())
}

/// The first list of records, from the outside in, behind the names on the way to it, the last one first.
fn list(json: &str, depth: usize) -> Option<(Vec<&str>, &str)> {
    if let Some(mut rows) = items(json) {
        return (rows.clone().next().is_some() && rows.all(is_object)).then_some((Vec::new(), json));
    }
    let depth = depth.checked_sub(1)?;
    let values = || members(json).into_iter().flatten();
    let below = |(name, value)| {
        let (mut names, list) = list(value, depth)?;
        names.push(name);
        Some((names, list))
    };
    let direct = values().filter(|(_, value)| items(value).is_some()).find_map(below);
    direct.or_else(|| values().filter(|(_, value)| is_object(value)).find_map(below))
}

fn are_edges<'j>(rows: impl Iterator<Item = &'j str>) -> bool {
    let mut rows = rows.map(|row| node(row).is_some()).peekable();
    rows.peek().is_some() && rows.all(|is_edge| is_edge)
}

/// What a record has under a name, or on the way that names with dots between them say.
pub(super) fn member<'j>(row: &'j str, column: &str) -> Option<&'j str> {
    let direct = members(row)?.find(|(name, _)| text(name) == column).map(|(_, value)| value);
    direct.or_else(|| {
        let (first, rest) = column.split_once('.')?;
        member(members(row)?.find(|(name, _)| text(name) == first)?.1, rest)
    })
}

/// The node of an edge; none where it is no edge.
fn node(edge: &str) -> Option<&str> {
    let mut node = None;
    for (name, value) in members(edge)? {
        match name {
            "\"node\"" if is_object(value) => node = Some(value),
            "\"cursor\"" => {}
            _ => return None,
        }
    }
    node
}

/// A value as text: what a string says, nothing for null, the JSON of everything else.
pub(super) fn plain(json: &str) -> std::borrow::Cow<'_, str> {
    match json.as_bytes().first() {
        Some(b'"') => text(json),
        Some(b'n') => "".into(),
        _ => json.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(json: &str) -> String {
        let mut out = Vec::new();
        Records::of(json).write_csv(false, u64::MAX, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_records_of_a_result_are_its_first_list_of_objects() {
        for (json, expected) in [
            (r#"[{"a":1,"b":"x"},{"b":null,"c":[1]}]"#, "a,b,c\r\n1,x,\r\n,,[1]\r\n"),
            (r#"{"reasons":[],"root":{"a":0},"rows":[{"a":1}]}"#, "a\r\n1\r\n"),
            (r#"{"x":{"connection":{"edges":[{"cursor":"c","node":{"a":1}}]}}}"#, "a\r\n1\r\n"),
            (r#"{"a":{"b":1},"c":2}"#, "a,c\r\n\"{\"\"b\"\":1}\",2\r\n"),
            ("[]", ""),
            (r#"[1,"two"]"#, "value\r\n1\r\ntwo\r\n"),
        ] {
            assert_eq!(csv(json), expected, "{json}");
        }
    }

    #[test]
    fn where_the_records_are_is_said_by_the_names_on_the_way() {
        for (json, expected) in [
            (r#"{"root":{"more":[{"a":1},{"a":2}]},"empty":[],"rows":[{"a":1}]}"#, Some(vec!["rows"])),
            (r#"{"x":{"conn\u0065ction":{"edges":[{"node":{"a":1}}]}}}"#, Some(vec!["x", "connection", "edges"])),
            (r#"[{"a":1}]"#, Some(vec![])),
            (r#"{"a":[1,2]}"#, None),
            ("[]", None),
        ] {
            let expected = expected.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(place(json), expected, "{json}");
        }
    }

    #[test]
    fn quotes_commas_and_line_breaks_stay_within_their_cell() {
        assert_eq!(csv(r#"[{"n":"1/4\" steel, \nblack"}]"#), "n\r\n\"1/4\"\" steel, \nblack\"\r\n");
        let rows = csv(r#"[{"a":"x,\"\r\n","b":"=1+1"},{"a":"","b":"ü"}]"#);
        let mut reader = csv::Reader::from_reader(rows.as_bytes());
        let read: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(read, [["x,\"\r\n", "=1+1"], ["", "ü"]]);
    }

    #[test]
    fn lists_are_told_apart_and_lines_are_json() {
        let lists = [("created", r#"[{"id":1}]"#), ("updated", r#"[{"id":2}]"#)];
        let mut out = Vec::new();
        Records::of_lists(lists.into_iter()).write_csv(false, u64::MAX, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "change,id\r\ncreated,1\r\nupdated,2\r\n");
        let mut out = Vec::new();
        Records::of(r#"{"rows":[{"id":1},{"id":2}]}"#).write_lines(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"id\":1}\n{\"id\":2}\n");
    }

    #[test]
    fn more_columns_than_a_table_has_are_an_error() {
        let row = |number: usize| format!("{{\"c{number}\":1}}");
        let rows: Vec<String> = (0..=MOST_COLUMNS).map(row).collect();
        let json = format!("[{}]", rows.join(","));
        let error = Records::of(&json).write_csv(false, u64::MAX, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("--format json"), "{error}");
    }

    #[test]
    fn a_table_of_more_cells_than_are_wanted_is_an_error_before_anything_is_written() {
        let json = format!("[{}{{}}]", r#"{"a":1,"b":2},"#.repeat(4));
        let mut out = Vec::new();
        assert!(Records::of(&json).write_csv(false, 10, &mut out).is_ok());
        out.clear();
        let error = Records::of(&json).write_csv(false, 9, &mut out).unwrap_err().to_string();
        assert!(
            error.contains("5 records with 2 columns") && error.contains("--format csv") && out.is_empty(),
            "{error}"
        );
    }

    #[test]
    fn columns_are_picked_by_name_and_by_the_way_to_them_and_a_misspelt_one_is_named() {
        let json = r#"{"rows":[{"id":1,"status":{"label":"x"},"a.b":2},{"id":3}]}"#;
        let columns =
            |names: &[&str]| Records::of(json).picked(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            columns(&["status.label", "id", "a.b"]).unwrap(),
            r#"[{"status.label":"x","id":1,"a.b":2},{"status.label":null,"id":3,"a.b":null}]"#
        );
        let error = columns(&["id", "statsu"]).unwrap_err().to_string();
        assert_eq!(error, "--columns: no record has \"statsu\"; did you mean status?; there are id, status, a.b");
        assert_eq!(Records::of("[]").picked(&["id".to_owned()]).unwrap(), "[]");
        let lists = [("created", r#"[{"id":1}]"#)];
        let picked = Records::of_lists(lists.into_iter()).picked(&["id".to_owned()]).unwrap();
        assert_eq!(picked, r#"[{"change":"created","id":1}]"#);
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(left_out(r#"{"more":true,"reasons":["b","a"]}"#).unwrap(), "a; b");
        assert_eq!(left_out(r#"{"more":true}"#).unwrap(), "there is more");
        assert_eq!((left_out(r#"{"more":false}"#), left_out("[]")), (None, None));
    }
}
