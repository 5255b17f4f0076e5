//! Values as tables and texts for people.

use serde_json::Value;

/// Wider cells are cut: a table is for looking, JSON for reading all of it.
const WIDEST_CELL: usize = 60;

/// Lays out rows under headings, each column as wide as its widest cell.
pub(super) fn rows(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cut = |text: &String| cell(text);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cut).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count());
        let heading = headings.get(column).map_or(0, |heading| heading.chars().count());
        cells.chain([heading]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells.zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(&mut headings.iter().copied())];
    lines.push(line(&mut widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().iter().map(String::as_str)));
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// Shows any JSON value: a list of objects as a table, an object as its members, line by line.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_object) => objects(list),
        Value::Object(object) => {
            let members = object.iter().map(|(name, member)| match member {
                Value::Array(list) if list.iter().any(Value::is_object) => {
                    format!("{name} ({}):\n{}", list.len(), indented(&self::value(member)))
                }
                Value::Object(_) => format!("{name}:\n{}", indented(&self::value(member))),
                other => format!("{name}: {}", plain(other)),
            });
            members.collect::<Vec<_>>().join("\n")
        }
        other => plain(other),
    }
}

fn objects(list: &[Value]) -> String {
    let mut headings: Vec<&str> = Vec::new();
    for name in list.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys) {
        if !headings.contains(&name.as_str()) {
            headings.push(name);
        }
    }
    let row = |item: &Value| headings.iter().map(|name| item.get(name).map(plain).unwrap_or_default()).collect();
    let table: Vec<Vec<String>> = list.iter().map(row).collect();
    rows(&headings, &table)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => {
            text.chars().map(|character| if is_dangerous(character) { ' ' } else { character }).collect()
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Control characters, which a terminal would obey.
fn is_dangerous(character: char) -> bool {
    character.is_control() && character != '\n'
}

/// One line, cut where it is too wide.
fn cell(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    if line.chars().count() <= WIDEST_CELL {
        return line;
    }
    let mut cut: String = line.chars().take(WIDEST_CELL - 1).collect();
    cut.push('…');
    cut
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_objects_becomes_a_table_with_every_member() {
        let text = value(&json!([{"id": "1", "name": "Bolt \"3/8\""}, {"id": "22", "mass": 3.5}]));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, ["id  name        mass", "--  ----------  ----", "1   Bolt \"3/8\"", "22              3.5"]);
    }

    #[test]
    fn a_cell_holds_no_control_character_and_is_cut() {
        assert_eq!(cell("a\u{1b}[31mb\nc"), "a [31mb c");
        assert_eq!(cell(&"é".repeat(100)).chars().count(), WIDEST_CELL);
    }

    #[test]
    fn an_object_is_shown_member_by_member() {
        let text = value(&json!({"user": "Ada\u{7}", "none": null, "list": [{"a": 1}], "inner": {"b": true}}));
        assert_eq!(text, "user: Ada \nnone: \nlist (1):\n  a\n  -\n  1\ninner:\n  b: true");
    }
}
