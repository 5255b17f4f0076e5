//! JSON as tables and lines of text for people, written as they are made: nothing but the widths of the columns is
//! kept, so a result that is made to be shown badly costs no more than one that is not. Words of a service stay within
//! their line.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::colours;
use super::records::plain;
use super::shown;
use crate::json_parts::{is_object, items, members, text};

/// Wider cells are cut: a table is for looking, JSON for reading all of it.
const WIDEST_CELL: usize = 60;
/// A member's text beside its name, in characters: some screens of it.
const WIDEST_MEMBER: usize = 4_000;
/// Twice what a connector's records usually have.
const MOST_COLUMNS: usize = 64;
/// As many records as a list can be asked for. With all columns at their widest this is 40 MB of text, whatever the
/// result.
const MOST_LINES: usize = 10_000;
/// Objects deeper inside each other than this are shown as the JSON they are.
const DEEPEST: usize = 8;
/// A column that has to be narrower than its cells keeps so much.
const NARROWEST: usize = 8;
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
    /// The columns of the terminal; without one a table is as wide as it is.
    pub(super) width: Option<usize>,
    /// Whether headings are set apart by how they look.
    pub(super) is_coloured: bool,
}

/// Shows any JSON: a list of objects as a table, an object as its members, line by line.
pub(super) fn write<W: Write + ?Sized>(json: &str, room: Room, out: &mut W) -> io::Result<LeftOut> {
    let mut table = Table { out, room, lines: MOST_LINES, left_out: LeftOut::default() };
    table.value(json, 0)?;
    Ok(table.left_out)
}

struct Table<'a, W: ?Sized> {
    out: &'a mut W,
    room: Room,
    /// How many lines there is room for.
    lines: usize,
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
            return self.line(depth, &cut(&plain(json), WIDEST_MEMBER));
        };
        for (name, member) in object {
            let name = cut(&text(name), WIDEST_MEMBER);
            let list = items(member).filter(|list| list.clone().any(is_object));
            if let Some(list) = list {
                self.line(depth, &format!("{name} ({}):", list.count()))?;
                self.value(member, depth + 1)?;
            } else if is_object(member) {
                self.line(depth, &format!("{name}:"))?;
                self.value(member, depth + 1)?;
            } else {
                self.line(depth, &format!("{name}: {}", cut(&plain(member), WIDEST_MEMBER)))?;
            }
        }
        Ok(())
    }

    /// Lays out rows under headings, each column as wide as its widest cell.
    fn objects<'j>(&mut self, rows: impl Iterator<Item = &'j str> + Clone, depth: usize) -> io::Result<()> {
        if self.lines == 0 {
            self.left_out.lines = self.left_out.lines.saturating_add(rows.count() as u64);
            return Ok(());
        }
        let shown = rows.clone().take(self.lines);
        let mut columns = Columns::default();
        for (name, value) in shown.clone().filter_map(members).flatten() {
            columns.widen(name, value);
        }
        let narrowed = columns.fit(self.room.width.map(|width| width.saturating_sub(2 * depth)));
        self.left_out.columns = self.left_out.columns.saturating_add(columns.others.len().saturating_add(narrowed));
        let headings = columns.names.iter().zip(&columns.widths);
        let headings = headings.map(|(name, width)| cut(&text(name), *width)).collect();
        self.heading(depth, headings, &columns.widths)?;
        let dashes = columns.widths.iter().map(|width| "-".repeat(*width)).collect();
        self.row(depth, dashes, &columns.widths)?;
        for members in rows.map(members) {
            if self.lines == 0 {
                self.left_out.lines += 1;
                continue;
            }
            let mut cells = vec![String::new(); columns.names.len()];
            for (name, value) in members.into_iter().flatten() {
                let place = columns.places.get(name).copied();
                if let Some((cell, width)) =
                    place.and_then(|place| cells.get_mut(place).zip(columns.widths.get(place).copied()))
                {
                    *cell = cut(&plain(value), width);
                }
            }
            self.row(depth, cells, &columns.widths)?;
            self.lines -= 1;
        }
        Ok(())
    }

    fn heading(&mut self, depth: usize, cells: Vec<String>, widths: &[usize]) -> io::Result<()> {
        if !self.room.is_coloured {
            return self.row(depth, cells, widths);
        }
        writeln!(self.out, "{:1$}{2}", "", 2 * depth, colours::heading(&aligned(&cells, widths)))
    }

    fn row(&mut self, depth: usize, cells: Vec<String>, widths: &[usize]) -> io::Result<()> {
        writeln!(self.out, "{:1$}{2}", "", 2 * depth, aligned(&cells, widths))
    }

    fn line(&mut self, depth: usize, text: &str) -> io::Result<()> {
        if self.lines == 0 {
            self.left_out.lines += 1;
            return Ok(());
        }
        self.lines -= 1;
        writeln!(self.out, "{:1$}{text}", "", 2 * depth)
    }
}

/// The columns of a table in the order in which their names first stand in its rows.
#[derive(Default)]
struct Columns<'j> {
    /// As they are spelled in the JSON.
    names: Vec<&'j str>,
    places: HashMap<&'j str, usize>,
    widths: Vec<usize>,
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
                self.widths.push(cut(&text(name), WIDEST_CELL).width());
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
            *width = (*width).max(cut(&plain(value), WIDEST_CELL).width());
        }
    }

    /// Makes the columns fit: the widest narrower first, and where that is not enough, the last ones are left out.
    /// Gives how many are.
    fn fit(&mut self, room: Option<usize>) -> usize {
        let Some(room) = room else { return 0 };
        let all = self.widths.len();
        let needed = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
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

/// Cells side by side, each as wide as its column.
fn aligned(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(text, width)| {
        let blanks = width.saturating_sub(text.width());
        format!("{text}{:blanks$}", "")
    });
    padded.collect::<Vec<String>>().join("  ").trim_end().to_owned()
}

/// Text as part of one line, cut where it is too wide.
pub(super) fn cut(text: &str, widest: usize) -> String {
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
