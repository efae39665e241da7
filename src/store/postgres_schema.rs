//! The schema of a PostgreSQL database: numbered migrations, each applied once, in order.
//!
//! A migration that was released never changes; the next one changes what it made. Expand first,
//! contract in a later release. Several processes may start at once: one migrates, the others
//! wait for it. All happens in the schema that the connection's `search_path` names first.

use crate::error::StoreError;
use crate::postgres_fault::Fault;
use crate::postgres_statement::Statement;
use deadpool_postgres::ClientWrapper;
use tokio_postgres::Row;

/// All migrations; the schema's number is how many of them were applied.
const MIGRATIONS: [&str; 10] = [
    include_str!("migrations/postgres_0001_ledger_chat_and_lookups.sql"),
    include_str!("migrations/postgres_0002_payment_claims.sql"),
    include_str!("migrations/postgres_0003_service_keys.sql"),
    include_str!("migrations/postgres_0004_calibration.sql"),
    include_str!("migrations/postgres_0005_files.sql"),
    include_str!("migrations/postgres_0006_deleted_conversations.sql"),
    include_str!("migrations/postgres_0007_steps.sql"),
    include_str!("migrations/postgres_0008_media_jobs.sql"),
    include_str!("migrations/postgres_0009_purchases.sql"),
    include_str!("migrations/postgres_0010_people.sql"),
];

/// Says which migrations were applied, and so whose the database is.
const MARK: &str = "\
    CREATE TABLE kumari_schema (\
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())";

/// One process migrates at a time: `kuma` in ASCII, and it is for the migration.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'6b756d61'::int, 1)";

/// A migration may take its time, and so may waiting for the one of another process.
const PATIENCE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0";

const PING: &str = "\
    SELECT current_setting('transaction_read_only') \
    FROM (SELECT count(*) FROM accounts WHERE account_id = '') AS counted";

/// Tables that are kept apart by their first column, the account, on a distributed database.
const BY_ACCOUNT: [&str; 8] = [
    "accounts",
    "entries",
    "actions",
    "conversations",
    "messages",
    "files",
    "file_uses",
    "media_jobs",
];
/// Tables that are kept apart by a key of their own.
const BY_OWN_KEY: [(&str, &str); 7] = [
    ("sessions", "token_hash"),
    ("payment_claims", "object_id"),
    ("service_keys", "secret_hash"),
    ("renewals", "subscription_id"),
    ("identities", "identity_key"),
    ("free_claims", "identity_key"),
    ("ceremonies", "token_hash"),
];
/// Tables that every node has a copy of.
const EVERYWHERE: [&str; 3] = ["price_books", "calibration", "kumari_schema"];

/// Applies what is missing; called in a transaction.
pub(crate) async fn migrate(client: &ClientWrapper, may_create: bool) -> Result<(), Fault> {
    apply(client, &MIGRATIONS, may_create).await
}

/// Reads whether statements can run, and whether the database takes writes.
pub(crate) const fn ping() -> Statement<'static> {
    Statement::plain(PING)
}

/// The database takes writes, by what [`ping`] read.
pub(crate) fn writes_of(rows: &[Row]) -> Result<(), StoreError> {
    let is_read_only = rows.first().map(|row| row.try_get::<_, &str>(0)).transpose()?;
    match is_read_only {
        Some("off") => Ok(()),
        Some(_) | None => Err(StoreError::Unavailable("it takes no writes now".to_owned())),
    }
}

async fn apply(client: &ClientWrapper, migrations: &[&str], may_create: bool) -> Result<(), Fault> {
    let encoding: String = client.query_one("SHOW server_encoding", &[]).await?.try_get(0)?;
    if encoding != "UTF8" {
        let needed = format!("its encoding is {encoding}; create one with encoding UTF8");
        return Err(StoreError::Address(needed).into());
    }
    client.batch_execute(PATIENCE).await?;
    client.batch_execute(LOCK).await?;
    let found = schema(client).await?;
    let known = count(migrations);
    let applied = usize::try_from(found.unwrap_or(0)).ok();
    let pending = applied.and_then(|applied| migrations.get(applied..));
    let pending = pending.ok_or(StoreError::SchemaNewer { found: found.unwrap_or(0), known })?;
    if found.is_none() {
        check_empty(client).await?;
        if !may_create {
            return Err(StoreError::Absent.into());
        }
        client.batch_execute(MARK).await?;
    }
    for (migration, version) in pending.iter().zip(found.unwrap_or(0).saturating_add(1)..) {
        client.batch_execute(migration).await?;
        let version = i32::try_from(version).unwrap_or(i32::MAX);
        client.execute("INSERT INTO kumari_schema (version) VALUES ($1)", &[&version]).await?;
    }
    if !pending.is_empty() {
        distribute(client).await?;
    }
    Ok(())
}

/// The number of the last migration; nothing in a database that is not ours yet.
async fn schema(client: &ClientWrapper) -> Result<Option<u32>, Fault> {
    if !tables(client, &["kumari_schema"]).await? {
        return Ok(None);
    }
    let sql = "SELECT coalesce(max(version), 0) FROM kumari_schema";
    let version: i32 = client.query_one(sql, &[]).await?.try_get(0)?;
    let version = u32::try_from(version);
    Ok(Some(version.map_err(|fault| StoreError::corrupt("the schema's number", fault))?))
}

/// None of our tables is there already, as another program's.
async fn check_empty(client: &ClientWrapper) -> Result<(), Fault> {
    let others = ["price_books", "calibration"];
    let ours = [&BY_ACCOUNT[..], &BY_OWN_KEY.map(|(table, _)| table), &others].concat();
    if tables(client, &ours).await? { Err(StoreError::Foreign.into()) } else { Ok(()) }
}

/// Whether any of these tables is there.
async fn tables(client: &ClientWrapper, names: &[&str]) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT FROM pg_class \
               WHERE relnamespace = current_schema()::regnamespace AND relname = ANY ($1))";
    Ok(client.query_one(sql, &[&names]).await?.try_get(0)?)
}

/// Spreads the tables over the nodes where the database is one that can (Citus): those of an
/// account together, lookups by their own key, and the books everywhere.
async fn distribute(client: &ClientWrapper) -> Result<(), Fault> {
    let sql = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')";
    let can: bool = client.query_one(sql, &[]).await?.try_get(0)?;
    if !can {
        return Ok(());
    }
    // The guards of the journal look at no row, so they are the same on every node.
    let mut script = "SET LOCAL citus.enable_unsafe_triggers = on;".to_owned();
    let mut step = |call: String, table: &str| {
        script.push_str(&format!(
            "SELECT {call} WHERE NOT EXISTS \
             (SELECT FROM pg_dist_partition WHERE logicalrel = '{table}'::regclass);"
        ));
    };
    for table in BY_ACCOUNT {
        let together = if table == "accounts" { "none" } else { "accounts" };
        let call = format!(
            "create_distributed_table('{table}', 'account_id', colocate_with => '{together}')"
        );
        step(call, table);
    }
    for (table, key) in BY_OWN_KEY {
        let call = format!("create_distributed_table('{table}', '{key}', colocate_with => 'none')");
        step(call, table);
    }
    for table in EVERYWHERE {
        step(format!("create_reference_table('{table}')"), table);
    }
    Ok(client.batch_execute(&script).await?)
}

fn count(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).unwrap_or(u32::MAX)
}
