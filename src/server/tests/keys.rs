//! Service keys: made, listed and revoked, and what they let through.

#[cfg(test)]
mod common;

use common::backend::{Backend, code, grant};
use common::program::{Program, run, text};
use common::{StoreKind, TestServer};
use kumari_server::{Config, Limits};
use kumari_store::{
    Clock as _, KeyScope, ServiceKey, SqliteOptions, SqliteStore, Store as _, TokenHash,
};
use serde_json::json;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_live_key_with_the_scope_may_do_it() {
    let server = TestServer::start(StoreKind::Database).await;
    let body = grant("g", "1");
    let guest = server.guest().await;
    assert_eq!(code(&guest.post("/api/accounts/a/grant", &body).await), (401, "key_missing"));
    assert_eq!(code(&guest.get("/api/accounts/a/balance").await), (401, "key_missing"));
    let batch = json!({ "commands": [] });
    assert_eq!(code(&guest.post("/api/batch", &batch).await), (401, "key_missing"));

    for secret in ["kumari_key_guessed", "something else", ""] {
        let liar = Backend::with_secret(server.stranger(), secret);
        let refused = liar.get("/api/accounts/a/balance").await;
        assert_eq!(code(&refused), (401, "key_invalid"), "{secret}");
    }

    let reader = Backend::new(&server, KeyScope::Read).await;
    assert_eq!(reader.get("/api/accounts/a/balance").await.status, 200);
    assert_eq!(code(&reader.post("/api/accounts/a/grant", &body).await), (403, "key_scope"));
    assert_eq!(code(&reader.post("/api/batch", &batch).await), (403, "key_scope"));
    // A key opens no session.
    assert_eq!(code(&reader.get("/api/balance").await), (401, "session_missing"));

    let key = reader.key(&server);
    assert!(server.store.revoke_service_key(&key.secret_hash, server.clock.now()).await.unwrap());
    let server = server.restart(common::book()).await;
    let reader = Backend::with_secret(server.stranger(), "kumari_key_of_a_test");
    assert_eq!(code(&reader.get("/api/accounts/a/balance").await), (401, "key_invalid"));
}

#[tokio::test]
async fn keys_are_made_listed_and_revoked_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credits.db");
    let database = ["--database", file.to_str().unwrap()];
    let key = |arguments: &[&str]| run(&[&["key"], arguments, &database].concat());
    let absent = key(&["list"]);
    assert!(text(&absent.stderr).contains("there is no database"), "{absent:?}");
    let made = key(&["create", "--name", "billing", "--scope", "read"]);
    let secret = text(&made.stdout).lines().next().unwrap().to_owned();
    assert!(secret.starts_with("kumari_key_"), "{made:?}");
    let listed = text(&key(&["list"]).stdout);
    assert!(listed.contains("billing") && !listed.contains(&secret), "{listed}");
    let id = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    for name in ["", " ", "a\nb"] {
        assert_eq!(key(&["create", "--name", name]).status.code(), Some(1), "{name:?}");
    }

    let program = Program::serve(folder.path(), &[]);
    let client = common::client::Client::new(program.base.clone());
    let backend = Backend::with_secret(client, &secret);
    assert_eq!(backend.get("/api/accounts/a/balance").await.status, 200);
    let revoked = key(&["revoke", &id]);
    assert_eq!(revoked.status.code(), Some(0), "{revoked:?}");
    let again = key(&["revoke", &id]);
    assert!(text(&again.stderr).contains("there is no key"), "{again:?}");
    drop(program);
    let program = Program::serve(folder.path(), &[]);
    let client = common::client::Client::new(program.base.clone());
    let backend = Backend::with_secret(client, &secret);
    assert_eq!(code(&backend.get("/api/accounts/a/balance").await), (401, "key_invalid"));
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
}

#[tokio::test]
async fn more_keys_than_one_page_are_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credits.db");
    let store = SqliteStore::open(&file, SqliteOptions::default()).unwrap();
    for number in 0..1_001_u16 {
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        let key = ServiceKey {
            secret_hash: TokenHash(hash),
            name: format!("backend {number}"),
            scope: KeyScope::Read,
            created_at: common::time(common::BEGIN),
            revoked_at: None,
        };
        store.add_service_key(key).await.unwrap();
    }
    drop(store);
    let database = ["--database", file.to_str().unwrap()];
    let key = |arguments: &[&str]| run(&[&["key"], arguments, &database].concat());
    let listed = text(&key(&["list"]).stdout);
    assert_eq!(listed.lines().count(), 1_002, "a line for each, and one above them");
    let last = listed.lines().find(|line| line.ends_with(" backend 1000")).unwrap();
    let revoked = key(&["revoke", last.split(' ').next().unwrap()]);
    assert_eq!(revoked.status.code(), Some(0), "{revoked:?}");
}

/// What is looked up again after a second is a key that was live: it is not counted as a guess.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_key_is_not_counted_with_the_guesses_of_its_address() {
    let per_second = NonZeroU32::MIN;
    let limits = Limits { address_requests_per_second: per_second, ..Limits::default() };
    let config = Config { limits, ..common::config() };
    let server = TestServer::start_with(StoreKind::Memory, common::book(), config).await;
    let backend = Backend::new(&server, KeyScope::Read).await;
    let guesser = Backend::with_secret(server.stranger(), "kumari_key_guessed");
    assert_eq!(backend.get("/api/accounts/a/balance").await.status, 200);
    let begun = Instant::now();
    let mut refused = 0;
    // Longer than a key is taken for granted.
    while begun.elapsed() < Duration::from_millis(2_500) {
        while guesser.get("/api/accounts/a/balance").await.status != 429 {}
        refused += 1;
        let reply = backend.get("/api/accounts/a/balance").await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert!(refused > 10, "{refused}");
}

/// The process lives, whatever its database does, and whatever is shown to it.
#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credits.db");
    let store = Arc::new(SqliteStore::open(&file, SqliteOptions::default()).unwrap());
    let server = TestServer::start_on(store, common::book(), common::config(), folder).await;
    let backend = Backend::with_secret(server.stranger(), "kumari_key_of_a_probe");
    rusqlite::Connection::open(&file).unwrap().execute("DROP TABLE service_keys", []).unwrap();
    assert_ne!(backend.get("/api/accounts/a/balance").await.status, 401, "keys can be read");
    assert_eq!(backend.get_raw("/healthz").await, (200, "ok\n".to_owned()));
}
