//! Secrets taken out of what was written before they were known to be some. All of a file is looked at, one text at a
//! time: what is longer than a harness writes is deleted before anything reads it.

use host::egress::Secrets;
use rusqlite::{Connection, OptionalExtension, params};

use super::events::{EVENTS, holds};
use super::{Archive, LONGEST_RESULT, LONGEST_TEXT, RUNS, Table};

impl Archive {
    /// Takes secrets out of the whole file.
    pub(in crate::ui) fn scrub(&self, secrets: &Secrets) {
        let scrub = || {
            let database = self.database();
            for table in [&RUNS, &EVENTS] {
                drop_too_long(&database, table)?;
                for (column, longest) in table.texts.iter().filter(|(column, _)| table.scrubbed.contains(column)) {
                    scrub_column(&database, table.name, column, *longest, secrets)?;
                }
            }
            scrub_states(&database, secrets)
        };
        self.noted(scrub());
        self.lent().clear();
    }
}

/// Deletes the rows of which a text is longer than a harness writes.
fn drop_too_long(database: &Connection, table: &Table) -> rusqlite::Result<()> {
    let too_long = table.texts.iter().map(|(column, longest)| format!("octet_length({column}) > {longest}"));
    let too_long = too_long.collect::<Vec<_>>().join(" OR ");
    database.execute(&format!("DELETE FROM {} WHERE {too_long}", table.name), []).map(drop)
}

/// Takes secrets out of a column of texts. A row of which nothing would be left that may be so long goes.
fn scrub_column(
    database: &Connection,
    table: &str,
    column: &str,
    longest: i64,
    secrets: &Secrets,
) -> rusqlite::Result<()> {
    let mut read = database.prepare(&format!("SELECT id, {column} FROM {table} WHERE id > ?1 ORDER BY id LIMIT 1"))?;
    let mut write = database.prepare(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"))?;
    let mut delete = database.prepare(&format!("DELETE FROM {table} WHERE id = ?1"))?;
    let mut last = 0;
    loop {
        let next = read.query_row([last], |row| {
            let text = row.get_ref(1)?.as_str_or_null().unwrap_or_default();
            let held = text.filter(|text| secrets.may_hold(text.as_bytes()));
            Ok((row.get::<_, i64>(0)?, held.map(str::to_owned)))
        });
        let Some((id, held)) = next.optional()? else { return Ok(()) };
        last = id;
        let Some(held) = held else { continue };
        let clean = secrets.scrub(held.clone());
        if clean.len() as i64 > longest {
            delete.execute([id])?;
        } else if clean != held {
            write.execute(params![id, clean])?;
        }
    }
}

/// A state that holds a secret is of no use without it.
fn scrub_states(database: &Connection, secrets: &Secrets) -> rusqlite::Result<()> {
    let too_long = "DELETE FROM states WHERE octet_length(origin) > ?1 OR octet_length(state) > ?2";
    database.execute(too_long, [LONGEST_TEXT, LONGEST_RESULT])?;
    let mut query = database.prepare("SELECT rowid, state FROM states WHERE state IS NOT NULL")?;
    let mut rows = query.query([])?;
    let mut unusable = Vec::new();
    while let Some(row) = rows.next()? {
        if row.get_ref(1)?.as_bytes().is_ok_and(|state| holds(secrets, state)) {
            unusable.push(row.get::<_, i64>(0)?);
        }
    }
    for row in unusable {
        database.execute("UPDATE states SET state = NULL WHERE rowid = ?1", [row])?;
    }
    Ok(())
}
