//! The tables of a history, and the file opened so that nothing in it is run and nothing of what is deleted stays.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::{LONGEST_KEY, LONGEST_VALUE};

/// The highest number of a run that a file of ours has, and a script can count to.
pub(super) const HIGHEST_ID: i64 = 1 << 53;
/// The mark of a file of ours ("harness" and the version of its table).
const APPLICATION: i64 = 0x6861_726e;
const VERSION: i64 = 3;
/// The version whose polls did not say that they were a first one.
const FIRST_UNKNOWN: i64 = 2;
/// The version whose files had runs alone.
const RUNS_ALONE: i64 = 1;

/// Polls, and states, of which a file of ours has far fewer.
const MOST_NAMES: i64 = 100_000;
/// What SQLite holds of a file, in KiB, whatever the file asks for.
const CACHE: i64 = 2_000;

const RUNS: &str = "\
                    CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL,
    action TEXT NOT NULL,
    started INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT,
    message TEXT,
    duration INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    memory INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    bytes INTEGER NOT NULL
) STRICT";

/// What happened to triggers, and the states that it left. A note has no number.
const EVENTS: &str = "\
                      CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL,
    trigger TEXT NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL,
    number INTEGER,
    outcome TEXT,
    message TEXT,
    duration INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    memory INTEGER NOT NULL DEFAULT 0,
    lists TEXT NOT NULL DEFAULT '[]',
    repeats INTEGER NOT NULL DEFAULT 0,
    is_first INTEGER NOT NULL DEFAULT 0,
    no_changes INTEGER NOT NULL DEFAULT 0,
    more INTEGER NOT NULL DEFAULT 0,
    payload TEXT,
    UNIQUE (connector, trigger, event)
) STRICT;
CREATE TABLE states (
    connector TEXT NOT NULL,
    trigger TEXT NOT NULL,
    event INTEGER NOT NULL,
    origin TEXT NOT NULL,
    state BLOB,
    PRIMARY KEY (connector, trigger)
) STRICT";

/// What a file has that no harness writes, and that makes it one that cannot be used; for people.
pub(super) fn foreign(database: &Connection) -> rusqlite::Result<Option<String>> {
    let ends = "SELECT (SELECT min(id) FROM runs), (SELECT max(id) FROM runs), (SELECT min(id) FROM events), (SELECT \
                max(id) FROM events)";
    let ends = database
        .query_row(ends, [], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    if let Some(id) = ends.into_iter().flatten().find(|id| !(1..=HIGHEST_ID).contains(id)) {
        return Ok(Some(format!("a run or a poll with the number {id}, which no harness gives")));
    }
    // Whatever looks for a row of these by its names reads the names of others too. They are not read here.
    for table in ["events", "states"] {
        let names = format!(
            "SELECT coalesce(max(length), 0), count(*) FROM (SELECT max(octet_length(connector), \
             octet_length(trigger)) AS length FROM {table} LIMIT ?1)"
        );
        let (longest, rows) =
            database.query_row(&names, [MOST_NAMES], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        if longest > LONGEST_KEY {
            return Ok(Some(format!("a name of {longest} bytes, which no harness writes")));
        }
        if rows >= MOST_NAMES {
            return Ok(Some(format!("{MOST_NAMES} polls or states or more, and no harness keeps as many")));
        }
    }
    Ok(None)
}

/// The database; none if the file is another program's.
pub(super) fn opened(path: &Path) -> rusqlite::Result<Option<Connection>> {
    // Through no link, should one have come into its place since it was looked at.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let database = Connection::open_with_flags(path, flags)?;
    // The file may come from somebody else: what stands in its schema is not run.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // No value that is longer is ever read, whatever asks for it.
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    database.pragma_update(None, "cell_size_check", true)?;
    // What is deleted is gone from the file too, and from the one beside it that a change begins with.
    database.pragma_update(None, "secure_delete", true)?;
    database.pragma_update(None, "journal_mode", "TRUNCATE")?;
    // Takes the lock, for as long as the file is open.
    database.execute_batch("BEGIN EXCLUSIVE")?;
    database.pragma_update(None, "cache_size", -CACHE)?;
    let number = |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let is_empty = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? == 0;
    let version = match (is_empty, number("application_id")?, number("user_version")?) {
        (true, ..) => 0,
        (false, APPLICATION, version @ RUNS_ALONE..=VERSION) => version,
        _ => return Ok(None),
    };
    if version < RUNS_ALONE {
        database.execute_batch(RUNS)?;
        database.pragma_update(None, "application_id", APPLICATION)?;
    }
    if version < FIRST_UNKNOWN {
        database.execute_batch(EVENTS)?;
    } else if version == FIRST_UNKNOWN {
        database.execute_batch("ALTER TABLE events ADD COLUMN is_first INTEGER NOT NULL DEFAULT 0")?;
    }
    if version < VERSION {
        database.pragma_update(None, "user_version", VERSION)?;
    }
    database.execute_batch("COMMIT")?;
    Ok(Some(database))
}
