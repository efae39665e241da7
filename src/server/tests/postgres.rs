//! The server on PostgreSQL: two processes on one database, the database gone for a while, and a
//! password that nobody gets to see.
//!
//! It needs clusters: `cargo xtask test --only postgres` starts them.

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "../../store/tests/common/control.rs"]
mod control;

use common::postgres::fresh;
use common::{TestServer, book, config, vocabulary_folder};
use control::Control;
use serde_json::json;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MODEL: &str = "gpt-6-luna";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_is_gone_for_a_while_is_503_and_comes_back_by_itself() {
    let (store, url) = fresh("KUMARI_POSTGRES_CRASH").await;
    let control = Control::of(&url).await;
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start_on(store, book(), config(), folder).await;
    let client = server.guest().await;
    client.ask("direct", &[MODEL], "Before.").await;
    let before = client.available().await;

    let send = client.compose("direct", &[MODEL], "While it is gone.").await;
    control.run(&["stop", "--mode", "immediate"]);
    for (path, body) in [("/api/balance", None), ("/api/actions", Some(&send))] {
        let response = match body {
            None => client.get_raw(path).await,
            Some(body) => {
                client.request(reqwest::Method::POST, path).json(body).send().await.unwrap()
            }
        };
        assert_eq!(response.status(), 503, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
    }
    assert_eq!(client.get_raw("/readyz").await.status(), 503);
    assert_eq!(client.get_raw("/healthz").await.status(), 200, "the process lives");

    control.run(&["start"]);
    let begun = Instant::now();
    while client.get_raw("/readyz").await.status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(client.available().await, before);
    // The same again, with the same id: it is sent once.
    let done = client.ended(&client.send(&send).await).await;
    assert_eq!(done["status"], "ended");
    assert!(client.available().await < before);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn two_processes_serve_one_account() {
    let (store, url) = fresh("KUMARI_POSTGRES").await;
    let other = kumari_store::PostgresStore::open(&url, Default::default()).await.unwrap();
    let start = async |store| {
        TestServer::start_on(store, book(), config(), tempfile::tempdir().unwrap()).await
    };
    let (first, second) = (start(store).await, start(Arc::new(other)).await);
    let client = first.guest().await;
    let mut elsewhere = client.clone();
    elsewhere.base = format!("http://{}", second.server.address());
    let done = client.ask("direct", &[MODEL], "Here.").await;
    assert_eq!(elsewhere.available().await, client.available().await);
    let there = elsewhere.ask("direct", &[MODEL], "There.").await;
    assert_eq!((&done["status"], &there["status"]), (&json!("ended"), &json!("ended")));
    assert_eq!(elsewhere.available().await, client.available().await);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_password_is_never_shown() {
    let cluster = std::env::var("KUMARI_POSTGRES").unwrap();
    let place = cluster.split_once('@').unwrap().1;
    for (url, said) in [
        (format!("postgres://kumari:geheim@{place}/nowhere"), "nowhere"),
        (format!("postgres://kumari:geheim@{place}/nowhere?sslmode=verify-ca"), "verify-full"),
        ("postgres://kumari:geheim@127.0.0.1:1/nowhere".to_owned(), "does not answer"),
        ("postgres://kumari:geheim@/nowhere".to_owned(), "no host"),
        ("postgres://kumari:ge heim@:geheim/".to_owned(), "cannot be used"),
    ] {
        for by_environment in [false, true] {
            let mut program = Command::new(env!("CARGO_BIN_EXE_kumari-credits"));
            program.args(["serve", "--port", "0", "--vocabulary"]).arg(vocabulary_folder());
            program.env("RUST_LOG", "trace");
            if by_environment {
                program.env("KUMARI_DATABASE", &url);
            } else {
                program.args(["--database", &url]);
            }
            let ended = program.output().unwrap();
            let words = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(ended.status.code(), Some(1), "{words}");
            assert!(words.contains(said), "{words}");
            assert!(!words.contains("geheim") && !words.contains("heim@"), "{words}");
        }
    }
}
