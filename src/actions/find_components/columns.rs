//! The columns that a search can give, and where in a component each stands.

use connector_sdk::json::{self, Problem, Scanner, push_string};

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name in the result.
    pub(super) name: &'static str,
    place: Place,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A member of the component.
    Member(&'static str),
    /// The part number, a member of a member.
    PartNumber,
    /// The manufacturers' numbers, parted by semicolons.
    ManufacturerNumbers,
}

/// All there are, in the order in which they are given when nobody chooses.
pub(super) const ALL: &[Column] = &[
    Column { name: "partNumber", place: Place::PartNumber },
    Column { name: "name", place: Place::Member("name") },
    Column { name: "revision", place: Place::Member("revisionValue") },
    Column { name: "status", place: Place::Member("status") },
    Column { name: "category", place: Place::Member("category") },
    Column { name: "lastModified", place: Place::Member("lastModified") },
    Column { name: "id", place: Place::Member("id") },
    Column { name: "family", place: Place::Member("family") },
    Column { name: "created", place: Place::Member("created") },
    Column { name: "eid", place: Place::Member("eid") },
    Column { name: "description", place: Place::Member("description") },
    Column { name: "manufacturerPartNumbers", place: Place::ManufacturerNumbers },
];

/// How many of them are given when nobody chooses.
pub(super) const USUAL: usize = 7;

/// The columns of these names, in that order, each once; the error is a name that is none.
pub(super) fn of(names: &[String]) -> Result<Vec<&'static Column>, String> {
    if names.is_empty() {
        return Ok(ALL.iter().take(USUAL).collect());
    }
    let mut columns = Vec::new();
    for name in names {
        let column = ALL.iter().find(|column| column.name.eq_ignore_ascii_case(name)).ok_or_else(|| name.clone())?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    Ok(columns)
}

/// Writes a component as a row.
pub(super) fn push_row(row: &mut String, node: &str, columns: &[&Column]) -> Result<(), Problem> {
    row.push('{');
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            row.push(',');
        }
        push_string(row, column.name);
        row.push(':');
        match column.place {
            Place::Member(name) => row.push_str(json::member(node, name)?.unwrap_or("null")),
            Place::PartNumber => match part_number(node)? {
                Some(number) => push_string(row, &number),
                None => row.push_str("null"),
            },
            Place::ManufacturerNumbers => match manufacturer_numbers(node)? {
                numbers if numbers.is_empty() => row.push_str("null"),
                numbers => push_string(row, &numbers.join("; ")),
            },
        }
    }
    row.push('}');
    Ok(())
}

pub(super) fn part_number(node: &str) -> Result<Option<String>, Problem> {
    json::member(node, "cpn")?.map_or(Ok(None), |cpn| json::text_member(cpn, "displayValue"))
}

fn manufacturer_numbers(node: &str) -> Result<Vec<String>, Problem> {
    let mut numbers = Vec::new();
    let Some(list) = json::member(node, "manufacturers")? else { return Ok(numbers) };
    let mut scanner = Scanner::new(list);
    let mut first = scanner.begin_array()?;
    while scanner.item(&mut first)? {
        let place = scanner.value()?;
        let manufacturer = scanner.part(place);
        let number = match json::member(manufacturer, "mpn")? {
            Some(number) => json::text_member(number, "key")?,
            None => None,
        };
        numbers.extend(number.filter(|number| !number.trim().is_empty()));
    }
    Ok(numbers)
}
