//! What SQLite adds to the suite: how durable it is, what the schema guards, and how it says that
//! it is busy.

use crate::error::StoreError;
use crate::fixtures::{Command, Desk, account, action, at, chat_rows, credits};
use crate::ledger::LedgerError;
use crate::sqlite::{SqliteOptions, SqliteStore};
use crate::store::{Commit, Store, Wanted};
use kumari_engine::account::Account;
use rusqlite::{Connection, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use tempfile::TempDir;

fn file() -> (PathBuf, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (directory.path().join("kumari.db"), directory)
}

fn open(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap())
}

fn pragma(connection: &Connection, name: &str) -> String {
    let value = connection.pragma_query_value(None, name, |row| {
        row.get::<_, i64>(0).map(|number| number.to_string()).or_else(|_| row.get(0))
    });
    value.unwrap()
}

#[tokio::test]
async fn an_acknowledged_write_survives_the_loss_of_power() {
    let (path, _kept) = file();
    for round in ["new", "reopened"] {
        let store = open(&path);
        let names = ["journal_mode", "synchronous", "foreign_keys", "recursive_triggers"];
        let found = store
            .writer
            .run(move |writer| Ok(names.map(|name| pragma(writer, name))))
            .await
            .unwrap();
        assert_eq!(found, ["wal", "2", "1", "1"], "{round}: {names:?}; synchronous 2 is FULL");
        let readers = store.readers.run(|reader| Ok(pragma(reader, "query_only"))).await;
        assert_eq!(readers.unwrap(), "1");
    }
}

#[tokio::test]
async fn reopening_the_file_finds_everything() {
    let (path, _kept) = file();
    let id = account(1).unwrap();
    let before = {
        let desk = Desk::new(open(&path)).unwrap();
        let send = crate::fixtures::request(&["lite", "top"], 50).unwrap();
        for command in [
            Command::grant(action(1).unwrap(), credits(9), Some(at(5_000))),
            Command::authorize(action(2).unwrap(), send).unwrap(),
            Command::settle(action(2).unwrap(), 1, "top", 7).unwrap(),
        ] {
            desk.run(&id, command).await.unwrap();
        }
        let chat = desk.store().action_chat(&id, &action(2).unwrap()).await.unwrap();
        (desk.stored(&id).await.unwrap(), chat)
    };
    let desk = Desk::new(open(&path)).unwrap();
    let chat = desk.store().action_chat(&id, &action(2).unwrap()).await.unwrap();
    assert_eq!(before.0.1.len(), 3);
    assert!(before.1.is_some());
    assert_eq!((desk.stored(&id).await.unwrap(), chat), before);
}

#[test]
fn a_newer_schema_and_another_programs_file_are_refused_untouched() {
    let (path, _kept) = file();
    drop(open(&path));
    let set = |name, value: i64| {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, name, value).unwrap();
    };
    set("user_version", 99);
    let refused = SqliteStore::open(&path, SqliteOptions::default());
    let newer = matches!(refused, Err(StoreError::SchemaNewer { found: 99, known: 11 }));
    assert!(newer, "{refused:?}");
    set("user_version", 5);
    set("application_id", 7);
    let refused = SqliteStore::open(&path, SqliteOptions::default());
    assert!(matches!(refused, Err(StoreError::Foreign)), "{refused:?}");

    let (path, _kept) = file();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (id)").unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = SqliteStore::open(&path, SqliteOptions::default());
    assert!(matches!(refused, Err(StoreError::Foreign)), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::write(&path, "a text that is longer than the header of a database ".repeat(9))
        .unwrap();
    let refused = SqliteStore::open(&path, SqliteOptions::default());
    assert!(matches!(refused, Err(StoreError::Foreign)), "{refused:?}");
}

#[tokio::test]
async fn the_schema_itself_refuses_to_change_what_is_published_or_entered() {
    let (path, _kept) = file();
    let desk = Desk::new(open(&path)).unwrap();
    let id = account(1).unwrap();
    desk.run(&id, Command::grant(action(1).unwrap(), credits(9), None)).await.unwrap();
    let book = crate::lookup::StoredBook {
        version: "b".parse().unwrap(),
        json: "{}".to_owned(),
        effective_at: at(0),
        published_at: at(0),
    };
    desk.store().publish_book(book).await.unwrap();

    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "recursive_triggers", true).unwrap();
    for (table, column) in [("entries", "at"), ("price_books", "effective_at")] {
        for sql in [
            format!("UPDATE {table} SET {column} = 0"),
            format!("DELETE FROM {table}"),
            format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"),
        ] {
            let refused = other.execute(&sql, []).unwrap_err().to_string();
            assert!(refused.contains("never"), "`{sql}`: {refused}");
        }
    }
    assert_eq!(desk.stored(&id).await.unwrap().1.len(), 1);
}

/// An operator mended the row of an account that a running server has at hand.
#[tokio::test]
async fn a_row_that_was_mended_counts() {
    let (path, _kept) = file();
    let desk = Desk::new(open(&path)).unwrap();
    let id = account(1).unwrap();
    let grant = |number, amount| Command::grant(action(number).unwrap(), credits(amount), None);
    desk.run(&id, grant(1, 5)).await.unwrap();
    let mended = grant(1, 9).decide(&desk.book, &Account::new(id.clone()), at(0)).unwrap();
    let state = serde_json::to_string(&mended.account).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE accounts SET state = ?1", params![state]).unwrap();
    let done = desk.run(&id, grant(2, 1)).await.unwrap();
    assert_eq!(done.standing.available, credits(10));
    assert_eq!(desk.ledger.counts().losses, 1, "what was at hand was tried first");
}

/// The key of the journal is the net below the fence: where an account's row says something else
/// than its entries, nothing is written, not even the neighbours of that commit.
#[tokio::test]
async fn a_sequence_is_used_once_even_where_the_fence_is_broken() {
    let (path, _kept) = file();
    let desk = Desk::new(open(&path)).unwrap();
    let id = account(1).unwrap();
    let grant = |number| Command::grant(action(number).unwrap(), credits(1), None);
    desk.run(&id, grant(1)).await.unwrap();
    let first = desk.ledger.read(&id, &[]).await.unwrap();
    desk.run(&id, grant(2)).await.unwrap();
    let state = serde_json::to_string(&first).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE accounts SET sequence = 1, state = ?1", params![state])
        .unwrap();

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

#[tokio::test]
async fn a_full_queue_is_busy_and_loses_nothing_that_it_took() {
    let (path, _kept) = file();
    let options = SqliteOptions {
        writes_waiting_max: 1,
        readers: 1,
        reads_max: 1,
        ..SqliteOptions::default()
    };
    let store = Arc::new(SqliteStore::open(&path, options).unwrap());
    let (started, has_started) = channel();
    let (release, released) = channel::<()>();
    let running = store.writer.run(move |_| {
        started.send(()).unwrap();
        released.recv().unwrap();
        Ok(1)
    });
    let mut running = Box::pin(running);
    assert!(futures_poll(&mut running).await, "nothing waits for the first job");
    has_started.recv().unwrap();
    let mut waiting = Box::pin(store.writer.run(|_| Ok(2)));
    assert!(futures_poll(&mut waiting).await);
    let refused = store.writer.run(|_| Ok(3)).await;
    assert!(refused.is_err_and(|error| error.is_transient()));
    release.send(()).unwrap();
    assert_eq!((running.await.unwrap(), waiting.await.unwrap()), (1, 2));

    let (started, has_started) = channel();
    let (release, released) = channel::<()>();
    let mut reading = Box::pin(store.readers.run(move |_| {
        started.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    }));
    assert!(futures_poll(&mut reading).await);
    has_started.recv().unwrap();
    let refused = store.session(&crate::lookup::TokenHash([0; 32]), at(0)).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    release.send(()).unwrap();
    reading.await.unwrap();
    store.ping().await.unwrap();
}

/// Polls once, and says whether it is still waiting.
async fn futures_poll<T>(future: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> bool {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
    })
    .await
}

#[tokio::test]
async fn another_process_that_writes_for_too_long_makes_it_busy() {
    let (path, _kept) = file();
    let options = SqliteOptions { busy_timeout_millis: 1, ..SqliteOptions::default() };
    let store = SqliteStore::open(&path, options).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.write_chat(&account(1).unwrap(), Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    store.write_chat(&account(1).unwrap(), Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_panics_writes_nothing_and_takes_nobody_with_it() {
    let (path, _kept) = file();
    let store = open(&path);
    let desk = Desk::new(store.clone()).unwrap();
    let id = account(1).unwrap();
    let wanted = Wanted { account: id.clone(), actions: Vec::new() };
    let refused = store.decide_alone(&wanted, at(0), Arc::new(|_| panic!("on purpose"))).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    let refused = store
        .write(|transaction| -> Result<(), StoreError> {
            transaction.execute("INSERT INTO accounts VALUES ('account-1', 1, '{}', NULL)", [])?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    let readers = SqliteOptions::default().readers;
    for _ in 0..=readers {
        let read = store.readers.run(|_| -> Result<(), StoreError> { panic!("on purpose") }).await;
        assert!(read.is_err());
    }
    let grant = Command::grant(action(1).unwrap(), credits(1), None);
    desk.ledger
        .run(&id, &[], chat_rows, move |account, now| {
            grant.decide(&crate::fixtures::book().unwrap(), account, now)
        })
        .await
        .unwrap();
    assert_eq!(desk.stored(&id).await.unwrap().1.len(), 1);
}

/// What the database alone refuses fails its own account, not those that were committed with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_the_database_refuses_fails_alone() {
    let (path, _kept) = file();
    let desk = Desk::new(open(&path)).unwrap();
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON entries WHEN NEW.account_id = 'account-3' \
                  BEGIN SELECT RAISE(ABORT, 'poison'); END";
    Connection::open(&path).unwrap().execute_batch(poison).unwrap();
    let grant = |number| {
        let grant = Command::grant(action(number).unwrap(), credits(1), None);
        desk.command(&account(number).unwrap(), grant)
    };
    let outcomes = desk.ledger.run_all((0..8).map(grant).collect()).await.unwrap();
    for (number, outcome) in (0..).zip(outcomes) {
        let entries = desk.stored(&account(number).unwrap()).await.unwrap().1.len();
        if number == 3 {
            let unknown = matches!(&outcome, Err(LedgerError::Store(e)) if e.is_outcome_unknown());
            assert!(unknown && entries == 0, "{outcome:?}");
        } else {
            assert_eq!((outcome.unwrap().entries.len(), entries), (1, 1));
        }
    }
}

/// Two ledgers, each with a connection of its own to one file, as two processes have.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_outlives_another_process_that_writes() {
    let (path, _kept) = file();
    let (one, other) = (Desk::new(open(&path)).unwrap(), Desk::new(open(&path)).unwrap());
    let id = account(1).unwrap();
    let grants = |desk: &Desk, first: u64| {
        let grant = |number| Command::grant(action(number).unwrap(), credits(1), None);
        let commands = (first..first + 300).map(|number| desk.command(&id, grant(number)));
        let (ledger, commands) = (desk.ledger.clone(), commands.collect::<Vec<_>>());
        tokio::spawn(async move {
            for command in commands {
                ledger.run_all(vec![command]).await.unwrap().pop().unwrap().unwrap();
            }
        })
    };
    let (left, right) = (grants(&one, 0), grants(&other, 1_000));
    left.await.unwrap();
    right.await.unwrap();
    let (stored, entries) = one.stored(&id).await.unwrap();
    assert_eq!((stored.sequence, entries.len()), (600, 600));
    assert_eq!(stored.standing(at(0)).unwrap().available, credits(600));
}
