//! The tables of a history, and the file opened so that nothing in it is run and nothing of what is deleted stays.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// The highest number of a run that a file of ours has, and a script can count to.
pub(super) const HIGHEST_ID: i64 = 1 << 53;
/// The mark of a file of ours ("harness" and the version of its table).
const APPLICATION: i64 = 0x6861_726e;
const VERSION: i64 = 2;
/// The version whose files had runs alone.
const RUNS_ALONE: i64 = 1;

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

/// The number of a run or an event that cannot be one of ours, if the file has such a one.
pub(super) fn foreign_id(database: &Connection) -> rusqlite::Result<Option<i64>> {
    let ends = "SELECT (SELECT min(id) FROM runs), (SELECT max(id) FROM runs), (SELECT min(id) FROM events), (SELECT \
                max(id) FROM events)";
    let ends = database
        .query_row(ends, [], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    Ok(ends.into_iter().flatten().find(|id| !(1..=HIGHEST_ID).contains(id)))
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
    database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    database.pragma_update(None, "cell_size_check", true)?;
    // What is deleted is gone from the file too, and from the one beside it that a change begins with.
    database.pragma_update(None, "secure_delete", true)?;
    database.pragma_update(None, "journal_mode", "TRUNCATE")?;
    // Takes the lock, for as long as the file is open.
    database.execute_batch("BEGIN EXCLUSIVE")?;
    let number = |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let is_empty = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? == 0;
    let version = match (is_empty, number("application_id")?, number("user_version")?) {
        (true, ..) => 0,
        (false, APPLICATION, version @ (RUNS_ALONE | VERSION)) => version,
        _ => return Ok(None),
    };
    if version < RUNS_ALONE {
        database.execute_batch(RUNS)?;
        database.pragma_update(None, "application_id", APPLICATION)?;
    }
    if version < VERSION {
        database.execute_batch(EVENTS)?;
        database.pragma_update(None, "user_version", VERSION)?;
    }
    database.execute_batch("COMMIT")?;
    Ok(Some(database))
}
