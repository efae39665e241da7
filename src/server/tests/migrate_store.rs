//! `migrate-store`: a person goes on where she was, on another database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::client::Client;
use common::program::{Program, run, text};
use serde_json::json;

const MODEL: &str = "gpt-6-luna";

/// A database of `from` is copied to `to` and served from there; and once more, as it stands there.
async fn goes_on_in(to: &str) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(folder.path(), &["--demo-pace", "none"]);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    client.ask("direct", &[MODEL], "What is copied?").await;
    let before = client.get("/api/balance").await.body;
    let conversations = client.get("/api/conversations").await.body;
    assert_eq!(conversations["conversations"].as_array().unwrap().len(), 1);
    drop(program);

    let file = folder.path().join("credits.db");
    let from = file.to_str().unwrap();
    let copied = run(&["migrate-store", from, to]);
    let said = text(&copied.stdout);
    assert!(copied.status.success(), "{}", text(&copied.stderr));
    assert!(said.starts_with("1 accounts with ") && said.contains("1 sessions"), "{said}");
    let refused = run(&["migrate-store", from, to]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("not empty"), "{refused:?}");
    let again = run(&["migrate-store", from, to, "--resume"]);
    assert_eq!(text(&again.stdout), said);
    let audited = run(&["audit", "--database", to]);
    assert!(audited.status.success(), "{audited:?}");

    let program = Program::serve_database(to, &["--demo-pace", "none"]);
    client.base.clone_from(&program.base);
    let after = client.get("/api/balance").await.body;
    assert_eq!(after["standing"], before["standing"]);
    assert_eq!(client.get("/api/conversations").await.body, conversations);
    let done = client.ask("direct", &[MODEL], "And it goes on.").await;
    assert_eq!(done["status"], json!("ended"));
}

#[tokio::test]
async fn a_database_is_copied_to_another_file() {
    let folder = tempfile::tempdir().unwrap();
    goes_on_in(folder.path().join("copy.db").to_str().unwrap()).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_database_is_copied_to_postgres() {
    goes_on_in(&common::postgres::database(common::CLUSTER).await).await;
}

#[test]
fn what_cannot_be_copied_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere.db");
    let to = folder.path().join("to.db");
    let refused = run(&["migrate-store", nowhere.to_str().unwrap(), to.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("there is no database"), "{refused:?}");
    assert!(!to.exists(), "a slip made a database");
}
