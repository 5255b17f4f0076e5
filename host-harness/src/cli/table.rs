//! JSON as tables and lines of text for people, written as they are made: nothing but the widths of the columns is
//! kept, so a result that is made to be shown badly costs no more than one that is not. Words of a service stay within
//! their line.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, Read, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::colours;
use super::records::plain;
use super::shown;
use crate::json_parts::{is_object, items, members, text};

/// On a terminal wider cells are cut: a table there is for looking, JSON for reading all of it. Elsewhere nothing is.
const WIDEST_CELL: usize = 60;
/// A member's text beside its name on a terminal, in characters: some screens of it.
const WIDEST_MEMBER: usize = 4_000;
/// Where nothing is cut, columns are as wide as their widest cells for as long as all tables together need no more
/// characters than this. Beyond it they are no wider than on a terminal, and a wider cell moves those behind it: one long
/// cell would otherwise make ten thousand lines as long.
const MOST_ALIGNED: usize = 16 * 1024 * 1024;
/// Twice what a connector's records usually have.
const MOST_COLUMNS: usize = 64;
/// As many records as a list can be asked for. With all columns at their widest this is 40 MB of text on a terminal,
/// whatever the result.
const MOST_LINES: usize = 10_000;
/// Objects deeper inside each other than this are shown as the JSON they are.
const DEEPEST: usize = 8;
/// A column that has to be narrower than its cells keeps so much.
const NARROWEST: usize = 8;
/// The blanks between two columns.
const BETWEEN: usize = 2;
/// Further names of columns are not told apart.
const MOST_NAMES: usize = 10_000;

/// What of a value there was no room for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Rows of tables, and members.
    lines: u64,
    /// Members of rows by their names, over all tables.
    columns: usize,
}

impl LeftOut {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a record is not shown at all.
    pub(super) fn has_lines(&self) -> bool {
        self.lines > 0
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = match self.columns {
            0..MOST_NAMES => self.columns.to_string(),
            _ => format!("{MOST_NAMES} or more"),
        };
        match (self.lines, self.columns) {
            (lines, 0) => write!(f, "{lines} rows or lines"),
            (0, _) => write!(f, "{columns} columns"),
            (lines, _) => write!(f, "{lines} rows or lines, {columns} columns"),
        }
    }
}

/// What a table has to fit into.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    /// The columns of the terminal; without one a table is as wide as it is, and nothing in it is cut.
    pub(super) width: Option<usize>,
    /// Whether headings are set apart by how they look.
    pub(super) is_coloured: bool,
}

/// Shows any JSON: a list of objects as a table, an object as its members, line by line.
pub(super) fn write<W: Write + ?Sized>(json: &str, room: Room, out: &mut W) -> io::Result<LeftOut> {
    let mut table = Table { out, room, lines: MOST_LINES, aligned: MOST_ALIGNED, left_out: LeftOut::default() };
    table.value(json, 0)?;
    Ok(table.left_out)
}

struct Table<'a, W: ?Sized> {
    out: &'a mut W,
    room: Room,
    /// How many lines there is room for.
    lines: usize,
    /// How many characters there are for columns that are as wide as their widest cells.
    aligned: usize,
    left_out: LeftOut,
}

impl<W: Write + ?Sized> Table<'_, W> {
    fn value(&mut self, json: &str, depth: usize) -> io::Result<()> {
        if let Some(list) = items(json)
            && list.clone().next().is_some()
            && list.clone().all(is_object)
        {
            return self.objects(list, depth);
        }
        let Some(object) = members(json).filter(|_| depth < DEEPEST) else {
            return self.line(depth, "", Some(json));
        };
        for (name, member) in object {
            let name = within(&text(name), self.widest(WIDEST_MEMBER)).into_owned();
            let list = items(member).filter(|list| list.clone().any(is_object));
            if let Some(list) = list {
                self.line(depth, &format!("{name} ({}):", list.count()), None)?;
                self.value(member, depth + 1)?;
            } else if is_object(member) {
                self.line(depth, &format!("{name}:"), None)?;
                self.value(member, depth + 1)?;
            } else {
                self.line(depth, &format!("{name}: "), Some(member))?;
            }
        }
        Ok(())
    }

    /// How wide a text may be that is cut at this width where a person reads it.
    fn widest(&self, widest: usize) -> Option<usize> {
        self.room.width.map(|_| widest)
    }

    /// Lays out rows under headings, each column as wide as its widest cell.
    fn objects<'j>(&mut self, rows: impl Iterator<Item = &'j str> + Clone, depth: usize) -> io::Result<()> {
        if self.lines == 0 {
            self.left_out.lines = self.left_out.lines.saturating_add(rows.count() as u64);
            return Ok(());
        }
        let mut columns = Columns { widest: self.widest(WIDEST_CELL), ..Columns::default() };
        // The heading is two.
        let mut shown: usize = 2;
        for row in rows.clone().take(self.lines) {
            members(row).into_iter().flatten().for_each(|(name, value)| columns.widen(name, value));
            shown += 1;
        }
        if self.room.width.is_none() {
            match self.aligned.checked_sub(columns.width().saturating_mul(shown)) {
                Some(left) => self.aligned = left,
                None => columns.narrow(),
            }
        }
        let narrowed = columns.fit(self.room.width.map(|width| width.saturating_sub(2 * depth)));
        self.left_out.columns = self.left_out.columns.saturating_add(columns.others.len().saturating_add(narrowed));
        let widest = |width: usize| columns.widest.map(|_| width);
        let headings = columns.names.iter().zip(&columns.widths);
        let headings = headings.map(|(name, width)| within(&text(name), widest(*width)).into_owned().into());
        self.heading(depth, headings, &columns.widths)?;
        self.row(depth, columns.widths.iter().map(|width| "-".repeat(*width).into()), &columns.widths)?;
        for members in rows.map(members) {
            if self.lines == 0 {
                self.left_out.lines += 1;
                continue;
            }
            let mut cells = vec![None; columns.names.len()];
            for (name, value) in members.into_iter().flatten() {
                if let Some(cell) = columns.places.get(name).and_then(|place| cells.get_mut(*place)) {
                    *cell = Some(value);
                }
            }
            let cells = cells.into_iter().zip(&columns.widths).map(|(value, width)| {
                value.map_or(Cow::Borrowed(""), |value| within(&plain(value), widest(*width)).into_owned().into())
            });
            self.row(depth, cells, &columns.widths)?;
            self.lines -= 1;
        }
        Ok(())
    }

    fn heading<'c>(
        &mut self,
        depth: usize,
        cells: impl Iterator<Item = Cow<'c, str>>,
        widths: &[usize],
    ) -> io::Result<()> {
        if !self.room.is_coloured {
            return self.row(depth, cells, widths);
        }
        let mut line = Vec::new();
        aligned(&mut line, cells, widths)?;
        let heading = colours::heading(&String::from_utf8_lossy(&line)).to_string();
        writeln!(self.out, "{:1$}{heading}", "", 2 * depth)
    }

    fn row<'c>(&mut self, depth: usize, cells: impl Iterator<Item = Cow<'c, str>>, widths: &[usize]) -> io::Result<()> {
        write!(self.out, "{:1$}", "", 2 * depth)?;
        aligned(self.out, cells, widths)?;
        writeln!(self.out)
    }

    /// A line that begins so, and goes on with a value if there is one.
    fn line(&mut self, depth: usize, text: &str, value: Option<&str>) -> io::Result<()> {
        if self.lines == 0 {
            self.left_out.lines += 1;
            return Ok(());
        }
        self.lines -= 1;
        write!(self.out, "{:1$}{text}", "", 2 * depth)?;
        if let Some(value) = value {
            self.out.write_all(within(&plain(value), self.widest(WIDEST_MEMBER)).as_bytes())?;
        }
        writeln!(self.out)
    }
}

/// The columns of a table in the order in which their names first stand in its rows.
#[derive(Default)]
struct Columns<'j> {
    /// As they are spelled in the JSON.
    names: Vec<&'j str>,
    places: HashMap<&'j str, usize>,
    widths: Vec<usize>,
    /// Where cells and names are cut, if they are.
    widest: Option<usize>,
    /// The names that there was no room for.
    others: HashSet<&'j str>,
}

impl<'j> Columns<'j> {
    /// Makes the column as wide as a cell, and adds it if there is none and there is room.
    fn widen(&mut self, name: &'j str, value: &str) {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.names.len() < MOST_COLUMNS => {
                self.places.insert(name, self.names.len());
                self.names.push(name);
                self.widths.push(within(&text(name), self.widest).width());
                self.names.len() - 1
            }
            None => {
                if self.others.len() < MOST_NAMES {
                    self.others.insert(name);
                }
                return;
            }
        };
        if let Some(width) = self.widths.get_mut(place) {
            *width = (*width).max(within(&plain(value), self.widest).width());
        }
    }

    /// How wide a row is.
    fn width(&self) -> usize {
        self.widths.iter().fold(0, |all: usize, width| all.saturating_add(width.saturating_add(BETWEEN)))
    }

    /// Makes the columns no wider than they are where cells are cut.
    fn narrow(&mut self) {
        self.widths.iter_mut().for_each(|width| *width = (*width).min(WIDEST_CELL));
    }

    /// Makes the columns fit: the widest narrower first, and where that is not enough, the last ones are left out.
    /// Gives how many are.
    fn fit(&mut self, room: Option<usize>) -> usize {
        let Some(room) = room else { return 0 };
        let all = self.widths.len();
        let needed = |widths: &[usize]| widths.iter().sum::<usize>() + BETWEEN * widths.len().saturating_sub(1);
        let least: Vec<usize> = self.widths.iter().map(|width| (*width).min(NARROWEST)).collect();
        // The first is shown whatever the room is.
        let fits = |count: &usize| least.get(..*count).is_some_and(|widths| needed(widths) <= room);
        let shown = (1..=all).rev().find(fits).unwrap_or(1).min(all);
        self.widths.truncate(shown);
        self.names.truncate(shown);
        self.places.retain(|_, place| *place < shown);
        while needed(&self.widths) > room {
            let Some(widest) = self.widths.iter_mut().max() else { break };
            if *widest <= NARROWEST {
                break;
            }
            *widest -= 1;
        }
        all - shown
    }
}

/// Writes cells side by side, each as wide as its column or as it is; no blanks stand at the end.
fn aligned<'c, W: Write + ?Sized>(
    out: &mut W,
    cells: impl Iterator<Item = Cow<'c, str>>,
    widths: &[usize],
) -> io::Result<()> {
    let mut blanks = 0;
    for (cell, width) in cells.zip(widths) {
        let text = cell.trim_end();
        if !text.is_empty() {
            // A format string knows no width beyond 65,535.
            io::copy(&mut io::repeat(b' ').take(blanks), out)?;
            out.write_all(text.as_bytes())?;
            blanks = 0;
        }
        blanks += (width.saturating_sub(text.width()) + BETWEEN) as u64;
    }
    Ok(())
}

/// Text as part of one line, cut where it is wider than it may be.
pub(super) fn within(text: &str, widest: Option<usize>) -> Cow<'_, str> {
    match widest {
        Some(widest) => cut(text, widest).into(),
        None => shown::one_line(text),
    }
}

/// Text as part of one line, cut where it is too wide.
fn cut(text: &str, widest: usize) -> String {
    // What is shown of a character is never shorter than the character: so much of the text is enough.
    let end = text.char_indices().nth(widest + 1).map_or(text.len(), |(end, _)| end);
    let line = shown::one_line(text.get(..end).unwrap_or(text));
    if line.width() <= widest {
        return line.into_owned();
    }
    let mut room = widest.saturating_sub(1);
    let fits = |character: &char| {
        let left = room.checked_sub(character.width().unwrap_or_default());
        room = left.unwrap_or_default();
        left.is_some()
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
