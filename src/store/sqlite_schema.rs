//! The schema of a SQLite file: numbered migrations, each applied once, in order.
//!
//! A migration that was released never changes; the next one changes what it made. Expand first,
//! contract in a later release.

use crate::error::StoreError;
use rusqlite::Connection;

/// Marks a file as ours: `kuma` in ASCII, in the place that SQLite has for it.
const APPLICATION_ID: i32 = 0x6b75_6d61;

/// All migrations; the schema's number is how many of them were applied.
const MIGRATIONS: [&str; 11] = [
    include_str!("migrations/0001_ledger_chat_and_lookups.sql"),
    include_str!("migrations/0002_payment_claims.sql"),
    include_str!("migrations/0003_service_keys.sql"),
    include_str!("migrations/0004_journal_in_time_order.sql"),
    include_str!("migrations/0005_calibration.sql"),
    include_str!("migrations/0006_files.sql"),
    include_str!("migrations/0007_deleted_conversations.sql"),
    include_str!("migrations/0008_steps.sql"),
    include_str!("migrations/0009_media_jobs.sql"),
    include_str!("migrations/0010_purchases.sql"),
    include_str!("migrations/0011_people.sql"),
];

/// The file is empty, or ours and not too new. Nothing is written before this is known.
pub(crate) fn check_owner(connection: &Connection) -> Result<(), StoreError> {
    let owner: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if owner != APPLICATION_ID && (owner != 0 || tables != 0 || schema(connection)? != 0) {
        return Err(StoreError::Foreign);
    }
    pending(connection, &MIGRATIONS).map(|_| ())
}

/// Applies what is missing; called in a transaction, so two processes cannot both do it.
pub(crate) fn migrate(transaction: &Connection) -> Result<(), StoreError> {
    apply(transaction, &MIGRATIONS)
}

/// Answers when a statement can run.
pub(crate) fn ping(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.query_row(
        "SELECT 1 FROM (SELECT count(*) FROM accounts WHERE account_id = '')",
        [],
        |_| Ok(()),
    )?)
}

fn apply(transaction: &Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let pending = pending(transaction, migrations)?;
    if pending.is_empty() {
        // What writes nothing needs no room: an audit of a full disk does not.
        return Ok(());
    }
    for migration in pending {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", count(migrations))?;
    Ok(())
}

fn pending<'list, 'sql>(
    connection: &Connection,
    migrations: &'list [&'sql str],
) -> Result<&'list [&'sql str], StoreError> {
    let found = schema(connection)?;
    let known = count(migrations);
    let applied = usize::try_from(found).ok();
    applied
        .and_then(|applied| migrations.get(applied..))
        .ok_or(StoreError::SchemaNewer { found, known })
}

fn schema(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn count(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{APPLICATION_ID, MIGRATIONS, apply, schema};
    use crate::error::StoreError;
    use crate::sqlite::write;
    use rusqlite::Connection;

    #[test]
    fn a_migration_is_applied_once_and_all_or_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = "CREATE TABLE one (id INTEGER); INSERT INTO one VALUES (1);";
        write(&mut connection, |transaction| apply(transaction, &[first])).unwrap();
        write(&mut connection, |transaction| apply(transaction, &[first])).unwrap();
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM one", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1, "applied twice");

        let broken = "CREATE TABLE two (id INTEGER); INSERT INTO nowhere VALUES (1);";
        let result = write(&mut connection, |transaction| apply(transaction, &[first, broken]));
        assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}");
        assert_eq!(schema(&connection).unwrap(), 1);
        connection.query_row("SELECT * FROM two", [], |_| Ok(())).unwrap_err();

        let second = "CREATE TABLE two (id INTEGER);";
        write(&mut connection, |transaction| apply(transaction, &[first, second])).unwrap();
        assert_eq!(schema(&connection).unwrap(), 2);
        let owner: i32 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(owner, APPLICATION_ID);

        let older = write(&mut connection, |transaction| apply(transaction, &[first]));
        let newer = older.unwrap_err().to_string();
        assert!(newer.contains("schema 2") && newer.contains("knows 1"), "{newer}");
    }

    #[test]
    fn what_messages_have_is_known_of_their_conversations() {
        let mut connection = Connection::open_in_memory().unwrap();
        write(&mut connection, |transaction| apply(transaction, &MIGRATIONS[..6])).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO conversations VALUES ('a', 'c1', '', 1), ('a', 'c2', '', 1);
                 INSERT INTO messages VALUES
                 ('a', '1', -1, 'c1', NULL, '', 'sent', NULL, '{}', 1, '[{"file_id":"f1"},{"file_id":"f2"}]'),
                 ('a', '2', -1, 'c1', NULL, '', 'sent', NULL, '{}', 1, '[{"file_id":"f1"}]'),
                 ('a', '3', -1, 'c2', NULL, '', 'sent', NULL, '{}', 1, '[{"file_id":"f1"}]'),
                 ('a', '4', -1, 'c2', NULL, '', 'sent', NULL, '{}', 1, '[]');"#,
            )
            .unwrap();
        write(&mut connection, |transaction| apply(transaction, &MIGRATIONS)).unwrap();
        let uses = "SELECT account_id || conversation_id || file_id FROM file_uses \
                    ORDER BY conversation_id, file_id";
        let mut statement = connection.prepare(uses).unwrap();
        let uses: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(uses, ["ac1f1", "ac1f2", "ac2f1"]);
    }

    #[test]
    fn the_journal_moves_into_the_order_of_time_with_its_rows_and_guards() {
        let mut connection = Connection::open_in_memory().unwrap();
        write(&mut connection, |transaction| apply(transaction, &MIGRATIONS[..3])).unwrap();
        connection
            .execute_batch(
                "INSERT INTO entries VALUES ('a', 1, 10, 'a1'), ('a', 2, 30, 'a2'), ('b', 1, 20, 'b1');
                 INSERT INTO actions VALUES ('a', '2', 'a-2', 99), ('b', '1', 'b-1', NULL);",
            )
            .unwrap();
        write(&mut connection, |transaction| apply(transaction, &MIGRATIONS)).unwrap();

        let rows = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let entries = "SELECT account_id || sequence || '@' || at || ':' || entry FROM entries";
        assert_eq!(
            rows(&format!("{entries} ORDER BY rowid")),
            ["a1@10:a1", "b1@20:b1", "a2@30:a2"]
        );
        let actions = "SELECT account_id || action_id || ':' || state || '@' || \
                       coalesce(open_until, 'never') FROM actions ORDER BY rowid";
        assert_eq!(rows(actions), ["b1:b-1@never", "a2:a-2@99"]);
        let guards =
            rows("SELECT name FROM sqlite_schema WHERE tbl_name = 'entries' AND type = 'trigger'");
        assert_eq!(guards, ["entries_never_change", "entries_never_go"]);
        let twice = connection.execute_batch("INSERT INTO entries VALUES ('a', 2, 40, '')");
        assert!(twice.unwrap_err().to_string().contains("UNIQUE"));
    }
}
