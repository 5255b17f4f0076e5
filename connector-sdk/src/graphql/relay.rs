//! Reads a Relay connection, one page of a list, in one pass over the answer: `edges` with `cursor` and `node`,
//! `pageInfo`, `totalCount`. What is not of this shape is an error, never a record that is silently left out, except
//! where the service itself gives null.

use std::ops::Range;

use crate::json::{Problem, Scanner};

/// What reads one member of an object, and passes over its value.
pub type MemberReader<'r> = dyn FnMut(&mut Scanner<'_>, &str) -> Result<(), Problem> + 'r;

/// What a page says of itself.
#[derive(Debug, Default)]
pub struct PageInfo {
    /// Whether the list was there, and not null.
    pub found: bool,
    /// How many records there are on all pages, as the service wrote it.
    pub total_count: Option<String>,
    /// Whether there is another page, if the service says.
    pub has_next: Option<bool>,
    /// The cursor of the last record, if the service says.
    pub end_cursor: Option<String>,
}

/// Reads the list that stands at `path` in an answer's `data`. `node` reads a record that is not null, and passes over
/// it; `edge` gets what it made of it beside the place of the cursor, a JSON string; `beside` reads what else there is
/// in `data`.
pub fn read_page<N>(
    scanner: &mut Scanner<'_>,
    path: &[&str],
    node: &mut impl FnMut(&mut Scanner<'_>) -> Result<Option<N>, Problem>,
    edge: &mut impl FnMut(Option<Range<usize>>, Option<N>),
    beside: &mut MemberReader<'_>,
) -> Result<PageInfo, Problem> {
    let mut page = PageInfo::default();
    let mut connection = |scanner: &mut Scanner<'_>| {
        page.found = true;
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.key(&mut first)? {
            match key.as_ref() {
                _ if scanner.is_null()? => scanner.skip()?,
                "edges" => edges(scanner, node, edge)?,
                "totalCount" => {
                    let place = scanner.value()?;
                    page.total_count = Some(scanner.part(place).to_owned());
                }
                "pageInfo" => page_info(scanner, &mut page)?,
                _ => scanner.skip()?,
            }
        }
        Ok(())
    };
    descend(scanner, path, &mut connection, beside)?;
    Ok(page)
}

/// Goes down the path and calls `found` at its end, unless something on the way is missing or null.
fn descend(
    scanner: &mut Scanner<'_>,
    path: &[&str],
    found: &mut dyn FnMut(&mut Scanner<'_>) -> Result<(), Problem>,
    beside: &mut MemberReader<'_>,
) -> Result<(), Problem> {
    let Some((wanted, rest)) = path.split_first() else { return found(scanner) };
    let mut first = scanner.begin_object()?;
    while let Some(key) = scanner.key(&mut first)? {
        if key != *wanted {
            beside(scanner, &key)?;
        } else if scanner.is_null()? {
            scanner.skip()?;
        } else {
            descend(scanner, rest, found, &mut |scanner, _| scanner.skip())?;
        }
    }
    Ok(())
}

fn edges<N>(
    scanner: &mut Scanner<'_>,
    node: &mut impl FnMut(&mut Scanner<'_>) -> Result<Option<N>, Problem>,
    edge: &mut impl FnMut(Option<Range<usize>>, Option<N>),
) -> Result<(), Problem> {
    let mut first = scanner.begin_array()?;
    while scanner.item(&mut first)? {
        if scanner.is_null()? {
            scanner.skip()?;
            continue;
        }
        let (mut cursor, mut record) = (None, None);
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.quick_key(&mut first)? {
            match key.as_ref() {
                "cursor" => cursor = scanner.quick_value()?,
                "node" if !scanner.is_null()? => record = node(scanner)?,
                _ => scanner.skip()?,
            }
        }
        edge(cursor, record);
    }
    Ok(())
}

fn page_info(scanner: &mut Scanner<'_>, page: &mut PageInfo) -> Result<(), Problem> {
    let mut first = scanner.begin_object()?;
    while let Some(key) = scanner.key(&mut first)? {
        match key.as_ref() {
            "hasNextPage" => page.has_next = scanner.optional_boolean()?,
            "endCursor" => page.end_cursor = scanner.optional_string()?,
            _ => scanner.skip()?,
        }
    }
    Ok(())
}
