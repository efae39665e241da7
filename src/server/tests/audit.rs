//! `kumari-credits audit` beside a running server, and what its exit code says.

#[cfg(test)]
mod common;

use common::client::Client;
use common::program::{Program, run, text};
use serde_json::Value;

#[tokio::test]
async fn it_runs_beside_a_server_and_ends_with_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credits.db");
    let database = file.to_str().unwrap();
    let program = Program::serve(folder.path(), &["--demo-pace", "none"]);
    let mut client = Client::new(program.base.clone());
    let account = client.begin().await["account_id"].as_str().unwrap().to_owned();
    client.ask("direct", &["gpt-6-luna"], "Hello!").await;

    let clean = run(&["audit", "--database", database]);
    assert_eq!(clean.status.code(), Some(0), "{clean:?}");
    let said = "1 accounts with 3 entries and 2 actions: stored is what the journal says\n";
    assert_eq!(text(&clean.stdout), said);
    let one = run(&["audit", "--database", database, "--account", &account, "--json"]);
    let line: Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!((one.status.code(), &line["audited"]["differences"]), (Some(0), &Value::from(0)));

    let sql = "UPDATE accounts SET state = json_set(state, '$.totals.issued', '101')";
    rusqlite::Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    let damaged = run(&["audit", "--database", database]);
    assert_eq!(damaged.status.code(), Some(1), "{damaged:?}");
    let words = "`state.totals.issued`: the journal says \"100\", stored is \"101\"";
    assert!(text(&damaged.stdout).contains(words), "{damaged:?}");
    assert!(text(&damaged.stdout).ends_with(": 1 difference\n"), "{damaged:?}");
    let damaged = run(&["audit", "--database", database, "--json"]);
    let first = text(&damaged.stdout).lines().next().unwrap().to_owned();
    let line: Value = serde_json::from_str(&first).unwrap();
    let difference = &line["difference"];
    assert_eq!(difference["account"], account.as_str());
    assert_eq!(
        (&difference["entry"], &difference["field"]),
        (&3.into(), &"state.totals.issued".into())
    );
}

#[test]
fn what_cannot_be_audited_is_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere.db");
    let absent = run(&["audit", "--database", nowhere.to_str().unwrap()]);
    assert_eq!(absent.status.code(), Some(2), "{absent:?}");
    assert!(text(&absent.stderr).contains("there is no database"), "{absent:?}");
    assert!(!nowhere.exists(), "it was made");

    let foreign = folder.path().join("foreign.db");
    std::fs::write(&foreign, "no database").unwrap();
    let refused = run(&["audit", "--database", foreign.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(text(&refused.stderr).contains("belongs to another program"), "{refused:?}");

    drop(
        kumari_store::SqliteStore::open(&nowhere, kumari_store::SqliteOptions::default()).unwrap(),
    );
    let unknown = ["audit", "--database", nowhere.to_str().unwrap(), "--account", "nobody"];
    let unknown = run(&unknown);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    assert!(text(&unknown.stderr).contains("there is no account `nobody`"), "{unknown:?}");
}
