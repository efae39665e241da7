//! What the schema of a PostgreSQL database promises, read from its catalogue: it could be spread
//! over many nodes, it guards what never changes, and it is made once, whoever starts first.
//!
//! It needs a cluster: `cargo xtask test --only postgres` starts one.

#[cfg(test)]
mod common {
    pub(crate) mod postgres;
}

use common::postgres::{connect, database, fresh};
use kumari_engine::account::Account;
use kumari_store::fixtures::{Command, Desk, account, action, at, book, credits};
use kumari_store::{Commit, PostgresOptions, PostgresStore, StoreError, StoredBook, Wanted};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What is kept of an account: every key of these begins with it.
const BY_ACCOUNT: [&str; 8] = [
    "accounts",
    "actions",
    "conversations",
    "entries",
    "file_uses",
    "files",
    "media_jobs",
    "messages",
];
/// What is found by its own key, across accounts.
const BY_OWN_KEY: [(&str, &str); 7] = [
    ("sessions", "token_hash"),
    ("payment_claims", "object_id"),
    ("service_keys", "secret_hash"),
    ("renewals", "subscription_id"),
    ("identities", "identity_key"),
    ("free_claims", "identity_key"),
    ("ceremonies", "token_hash"),
];
/// What every node would have a copy of.
const EVERYWHERE: [&str; 3] = ["calibration", "kumari_schema", "price_books"];

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_schema_could_be_distributed() {
    let (_store, url) = fresh("KUMARI_POSTGRES").await;
    let client = connect(&url).await;
    let rows = client
        .query("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()", &[])
        .await
        .unwrap();
    let tables: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let own_keys = BY_OWN_KEY.map(|(table, _)| table);
    let known = BY_ACCOUNT.iter().chain(&own_keys).chain(&EVERYWHERE);
    assert_eq!(tables, known.map(|table| (*table).to_owned()).collect(), "say where it belongs");

    // The first column of every key; a node can hold a key only where it holds all of it.
    let keys = client
        .query(
            "SELECT relname::text, attname::text FROM pg_index \
             JOIN pg_class ON pg_class.oid = indrelid \
             JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] \
             WHERE indisunique AND relnamespace = current_schema()::regnamespace",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(keys.len(), tables.len(), "one key each");
    for key in keys {
        let (table, first): (&str, &str) = (key.get(0), key.get(1));
        let own = BY_OWN_KEY.iter().find(|(name, _)| *name == table).map(|(_, key)| *key);
        let expected = own.unwrap_or("account_id");
        assert!(EVERYWHERE.contains(&table) || first == expected, "{table} is led by {first}");
    }

    // A foreign key would have to stay on its account's node; there is none at all. Nor is there a
    // sequence, which would be one counter for all nodes.
    let crossing: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' \
             AND connamespace = current_schema()::regnamespace",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    let counters: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_class WHERE relkind = 'S' \
             AND relnamespace = current_schema()::regnamespace",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!((crossing, counters), (0, 0));

    // Ids sort by their bytes, whatever the language of the database.
    let texts = client
        .query(
            "SELECT attrelid::regclass::text || '.' || attname FROM pg_attribute \
             JOIN pg_class ON pg_class.oid = attrelid WHERE relkind = 'r' AND attnum > 0 \
             AND relnamespace = current_schema()::regnamespace \
             AND atttypid = 'text'::regtype AND attcollation <> '\"C\"'::regcollation",
            &[],
        )
        .await
        .unwrap();
    assert!(texts.is_empty(), "{texts:?}");
}

/// No statement of the ledger locks rows of several accounts: what locks names one account by its
/// whole key.
#[test]
fn no_statement_locks_several_accounts() {
    let source = include_str!("../postgres_ledger.rs");
    let locking: Vec<&str> = source.split(';').filter(|text| text.contains("FOR UPDATE")).collect();
    assert_eq!(locking.len(), 1, "{locking:?}");
    assert!(locking.iter().all(|text| text.contains("WHERE account_id = $1 FOR UPDATE")));
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_schema_itself_refuses_to_change_what_is_published_or_entered() {
    let (store, url) = fresh("KUMARI_POSTGRES").await;
    let desk = Desk::new(store).unwrap();
    let id = account(1).unwrap();
    desk.run(&id, Command::grant(action(1).unwrap(), credits(9), None)).await.unwrap();
    let published = StoredBook {
        version: book().unwrap().version,
        json: "{}".to_owned(),
        effective_at: at(0),
        published_at: at(0),
    };
    desk.store().publish_book(published).await.unwrap();
    let client = connect(&url).await;
    for (table, column) in [("entries", "at"), ("price_books", "effective_at")] {
        for sql in [
            format!("UPDATE {table} SET {column} = 0"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("INSERT INTO {table} SELECT * FROM {table} ON CONFLICT DO NOTHING"),
        ] {
            let done = client.execute(&sql, &[]).await;
            let is_insert = sql.starts_with("INSERT");
            let words =
                done.as_ref().err().and_then(|error| error.as_db_error()).map(|e| e.message());
            assert_eq!(done.is_ok(), is_insert, "`{sql}`: {words:?}");
            assert!(is_insert || words.unwrap().contains("never change"), "`{sql}`: {words:?}");
        }
    }
    assert_eq!(desk.stored(&id).await.unwrap().1.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn many_that_start_at_once_make_one_schema() {
    let url = database("KUMARI_POSTGRES").await;
    let mut starting = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        starting.spawn(async move {
            PostgresStore::open(&url, PostgresOptions::default()).await.map(drop)
        });
    }
    for started in starting.join_all().await {
        started.unwrap();
    }
    let client = connect(&url).await;
    let rows = client.query("SELECT version FROM kumari_schema", &[]).await.unwrap();
    let versions: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_is_newer_or_another_programs_or_not_there_is_refused_untouched() {
    let open = async |url: &str, may_create: bool| {
        let options = PostgresOptions { may_create, ..PostgresOptions::default() };
        PostgresStore::open(url, options).await.map(drop)
    };
    let (store, url) = fresh("KUMARI_POSTGRES").await;
    drop(store);
    open(&url, false).await.unwrap();
    let client = connect(&url).await;
    client.batch_execute("INSERT INTO kumari_schema (version) VALUES (99)").await.unwrap();
    let refused = open(&url, true).await;
    let newer = matches!(refused, Err(StoreError::SchemaNewer { found: 99, known: 10 }));
    assert!(newer, "{refused:?}");

    let url = database("KUMARI_POSTGRES").await;
    let refused = open(&url, false).await;
    assert!(matches!(refused, Err(StoreError::Absent)), "{refused:?}");
    let client = connect(&url).await;
    client.batch_execute("CREATE TABLE accounts (id integer)").await.unwrap();
    let refused = open(&url, true).await;
    assert!(matches!(refused, Err(StoreError::Foreign)), "{refused:?}");
    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
}

/// A migration that fails leaves nothing of itself, and its lock goes with it.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn half_a_migration_is_none() {
    let url = database("KUMARI_POSTGRES").await;
    let client = connect(&url).await;
    // A name that the last statements of the migration want.
    let function = "CREATE FUNCTION refuse_to_change() RETURNS integer LANGUAGE sql AS 'SELECT 1'";
    client.batch_execute(function).await.unwrap();
    let refused = PostgresStore::open(&url, PostgresOptions::default()).await.map(drop);
    assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);
    client.batch_execute("DROP FUNCTION refuse_to_change()").await.unwrap();
    PostgresStore::open(&url, PostgresOptions::default()).await.unwrap();
}

/// An operator mended the row of an account that a running server has at hand.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_row_that_was_mended_counts() {
    let (store, url) = fresh("KUMARI_POSTGRES").await;
    let desk = Desk::new(store).unwrap();
    let id = account(1).unwrap();
    let grant = |number, amount| Command::grant(action(number).unwrap(), credits(amount), None);
    desk.run(&id, grant(1, 5)).await.unwrap();
    let mended = grant(1, 9).decide(&desk.book, &Account::new(id.clone()), at(0)).unwrap();
    let state = serde_json::to_string(&mended.account).unwrap();
    let client = connect(&url).await;
    client.execute("UPDATE accounts SET state = $1", &[&state]).await.unwrap();
    let done = desk.run(&id, grant(2, 1)).await.unwrap();
    assert_eq!(done.standing.available, credits(10));
    assert_eq!(desk.ledger.counts().losses, 1, "what was at hand was tried first");
}

/// The key of the journal is the net below the fence: where an account's row says something else
/// than its entries, nothing is written, not even the neighbours of that commit.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_sequence_is_used_once_even_where_the_fence_is_broken() {
    let (store, url) = fresh("KUMARI_POSTGRES").await;
    let desk = Desk::new(store).unwrap();
    let id = account(1).unwrap();
    let grant = |number| Command::grant(action(number).unwrap(), credits(1), None);
    desk.run(&id, grant(1)).await.unwrap();
    let first = desk.ledger.read(&id, &[]).await.unwrap();
    desk.run(&id, grant(2)).await.unwrap();
    let state = serde_json::to_string(&first).unwrap();
    let client = connect(&url).await;
    let sql = "UPDATE accounts SET sequence = 1, state = $1";
    client.execute(sql, &[&state]).await.unwrap();

    let commit = |account: &Account| {
        let change = Arc::new(grant(3).decide(&desk.book, account, at(0)).unwrap());
        Commit::new(account, change, Vec::new())
    };
    let neighbour = Account::new(account(2).unwrap());
    let refused = desk.store().commit(vec![commit(&neighbour), commit(&first)]).await;
    assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
    assert_eq!(desk.store().entries(&id, 0, 10).await.unwrap().len(), 2);
    assert_eq!(desk.store().entries(&neighbour.id, 0, 10).await.unwrap(), []);
    let wanted = Wanted { account: neighbour.id.clone(), actions: Vec::new() };
    assert_eq!(desk.store().load(&[wanted], at(0)).await.unwrap(), [neighbour]);
}
