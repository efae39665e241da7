//! kill -9 at any moment: what was acknowledged is there, and nothing is there by half.
//!
//! The test runs itself again as a child, which works on a file until it is killed.
#![expect(clippy::unwrap_used, reason = "what cannot be set up fails the test")]

use kumari_engine::account::{Account, apply};
use kumari_store::fixtures::{Command, Desk, account, action, credits, request};
use kumari_store::{SqliteOptions, SqliteStore};
use rusqlite::Connection;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;

const FILE: &str = "KUMARI_STORE_CRASH_FILE";

fn open(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap())
}

/// Runs one of the children below on a file.
fn child(name: &str, path: &Path) -> Child {
    Process::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--ignored"])
        .env(FILE, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the child says it has done, as a number; the test harness talks too.
fn said(line: &str) -> Option<u64> {
    line.strip_prefix("done ")?.parse().ok()
}

fn say(number: u64) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "done {number}").unwrap();
    out.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a child of the tests below"]
async fn child_grants_until_it_is_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let desk = Desk::new(open(Path::new(&path))).unwrap();
    let id = account(1).unwrap();
    let (stored, _) = desk.stored(&id).await.unwrap();
    for number in stored.sequence.. {
        let grant = Command::grant(action(2 * number).unwrap(), credits(1), None);
        desk.run(&id, grant).await.unwrap();
        let send =
            Command::authorize(action(2 * number + 1).unwrap(), request(&["lite"], 9).unwrap());
        let admitted = desk.run(&id, send.unwrap()).await;
        let done = admitted.map_or_else(|_| number + 1, |change| change.sequence);
        say(done);
    }
}

#[test]
#[ignore = "a child of the tests below"]
fn child_writes_without_a_commit() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "BEGIN IMMEDIATE; \
             INSERT INTO accounts VALUES ('account-9', 1, '{}', NULL); \
             INSERT INTO entries VALUES ('account-9', 1, 0, '{}');",
        )
        .unwrap();
    // Out of memory and into the log, as a large transaction would be.
    connection.execute_batch("PRAGMA cache_spill = 1; PRAGMA cache_size = 1;").unwrap();
    for number in 0..2_000 {
        connection
            .execute(
                "INSERT INTO entries VALUES ('account-9', ?1, 0, hex(zeroblob(2000)))",
                [number + 2],
            )
            .unwrap();
    }
    say(1);
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kumari.db");
    let id = account(1).unwrap();
    let mut acknowledged = 0;
    for round in 1..=5 {
        let mut child = child("child_grants_until_it_is_killed", &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let goal = acknowledged + 10 * round;
        while acknowledged < goal {
            let line = lines.next().unwrap().unwrap();
            acknowledged = said(&line).unwrap_or(acknowledged);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // Said before the kill, and read after it.
        acknowledged = lines.filter_map(|line| said(&line.ok()?)).last().unwrap_or(acknowledged);

        let desk = Desk::new(open(&path)).unwrap();
        let (stored, entries) = desk.stored(&id).await.unwrap();
        assert!(stored.sequence >= acknowledged, "{} of {acknowledged}", stored.sequence);
        let mut rebuilt = Account::new(id.clone());
        entries.iter().for_each(|entry| apply(&mut rebuilt, entry).unwrap());
        assert_eq!(rebuilt, stored, "round {round}");
        for action_id in stored.actions.keys() {
            let is_hold = stored.hold(action_id).is_some();
            let chat = desk.store().action_chat(&id, action_id).await.unwrap();
            assert_eq!(chat.is_some(), is_hold, "a hold and its chat rows are one write");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncommitted_transaction_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kumari.db");
    drop(open(&path));
    let mut child = child("child_writes_without_a_commit", &path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.find_map(|line| said(&line.unwrap()));
    assert_eq!(said, Some(1), "the child died by itself");
    let log = directory.path().join("kumari.db-wal");
    let written = std::fs::metadata(log).unwrap().len();
    assert!(written > 100_000, "the child kept all in memory: {written} bytes in the log");
    child.kill().unwrap();
    child.wait().unwrap();

    let desk = Desk::new(open(&path)).unwrap();
    let id = account(9).unwrap();
    assert_eq!(desk.stored(&id).await.unwrap(), (Account::new(id.clone()), Vec::new()));
    let grant = Command::grant(action(1).unwrap(), credits(1), None);
    assert_eq!(desk.run(&id, grant).await.unwrap().sequence, 1);
}
