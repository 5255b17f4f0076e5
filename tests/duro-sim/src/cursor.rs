//! Cursors of three kinds, and the page that follows one. Clients must treat cursors as opaque: the text is base64.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::Arc;

use async_graphql::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::table::{Key, List, Order, Record, directed};

/// What a cursor of the simulated service remembers. The real service does not say which it uses, so a client has to
/// be right with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorKind {
    /// A position: insertions and deletions above it shift what follows.
    Offset,
    /// The values that the record was sorted by: an edited record moves, what follows the cursor does not.
    #[default]
    SortKey,
    /// The record's id: what follows is what follows that record now; if it is gone, the cursor is an error.
    Id,
}

impl FromStr for CursorKind {
    type Err = String;

    fn from_str(text: &str) -> Result<CursorKind, String> {
        match text {
            "offset" => Ok(CursorKind::Offset),
            "sort-key" => Ok(CursorKind::SortKey),
            "id" => Ok(CursorKind::Id),
            _ => Err(format!("unknown cursor kind `{text}`: choose offset, sort-key or id")),
        }
    }
}

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) total: usize,
    pub(crate) rows: Vec<(String, Arc<T>)>,
    pub(crate) has_next: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Cursor {
    Offset(usize),
    SortKey(Vec<Value>, u64),
    Id(String),
}

/// A sort key on its own, apart from the record it was read from.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Null,
    Number(i64),
    Text(String),
}

impl Value {
    fn of(key: Key<'_>) -> Value {
        match key {
            Key::Null => Value::Null,
            Key::Number(number) => Value::Number(number),
            Key::Text(text) => Value::Text(text.to_owned()),
        }
    }

    fn as_key(&self) -> Key<'_> {
        match self {
            Value::Null => Key::Null,
            Value::Number(number) => Key::Number(*number),
            Value::Text(text) => Key::Text(text),
        }
    }
}

/// The page of at most `first` records after `after`, never longer than `page_size`.
pub(crate) fn page<T: Record>(
    list: &List<T>,
    order: &Order<T>,
    kind: CursorKind,
    page_size: usize,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<Page<T>> {
    let wanted = match first {
        None => page_size,
        Some(first) => {
            usize::try_from(first).map_err(|_| Error::new(format!("`first` is {first}: it must not be negative")))?
        }
    };
    let start = match after {
        None => 0,
        Some(after) => position_after(list, order, kind, after)?,
    };
    let length = wanted.min(page_size);
    let rows: Vec<_> = list
        .iter()
        .enumerate()
        .skip(start)
        .take(length)
        .map(|(position, record)| (cursor_of(record.as_ref(), position, order, kind), Arc::clone(record)))
        .collect();
    let has_next = start.saturating_add(rows.len()) < list.len();
    Ok(Page { total: list.len(), rows, has_next })
}

fn cursor_of<T: Record>(record: &T, position: usize, order: &Order<T>, kind: CursorKind) -> String {
    let cursor = match kind {
        CursorKind::Offset => Cursor::Offset(position),
        CursorKind::SortKey => {
            Cursor::SortKey(order.iter().map(|(field, _)| Value::of(record.key(*field))).collect(), record.sequence())
        }
        CursorKind::Id => Cursor::Id(record.id().to_owned()),
    };
    // These values always serialise: strings and numbers alone.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

fn position_after<T: Record>(list: &List<T>, order: &Order<T>, kind: CursorKind, text: &str) -> Result<usize> {
    let unreadable =
        || Error::new(format!("The cursor `{}` cannot be read", text.chars().take(80).collect::<String>()));
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    match (kind, cursor) {
        (CursorKind::Offset, Cursor::Offset(position)) => Ok(position.saturating_add(1)),
        (CursorKind::SortKey, Cursor::SortKey(values, sequence)) if values.len() == order.len() => {
            Ok(list.partition_point(|record| against(record.as_ref(), order, &values, sequence).is_le()))
        }
        (CursorKind::Id, Cursor::Id(id)) => match list.iter().position(|record| record.id() == id) {
            Some(position) => Ok(position + 1),
            None => Err(Error::new("The cursor has expired: its record is not in this list any more")),
        },
        _ => Err(unreadable()),
    }
}

fn against<T: Record>(record: &T, order: &Order<T>, values: &[Value], sequence: u64) -> Ordering {
    for ((field, direction), value) in order.iter().zip(values) {
        let ordering = directed(record.key(*field).cmp(&value.as_key()), *direction);
        if ordering.is_ne() {
            return ordering;
        }
    }
    record.sequence().cmp(&sequence)
}
