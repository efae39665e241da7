//! What was settled is learned, put into force and taken back while people chat; and every command
//! says what is wrong.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::client::Client;
use common::program::{Program, run, text};
use common::{STORES, TestServer};
use serde_json::{Value, json};
use std::path::Path;

const MODEL: &str = "gpt-6-luna";

/// What `calibration` says with these arguments, on both its outputs.
fn calibration(arguments: &[&str]) -> Result<(String, String), String> {
    let output = run(&[&["calibration"], arguments].concat());
    let [said, told] = [&output.stdout, &output.stderr].map(|bytes| text(bytes));
    if output.status.success() { Ok((said, told)) } else { Err(told) }
}

fn in_database(database: &Path, arguments: &[&str]) -> Result<String, String> {
    let database = ["--database", database.to_str().unwrap()];
    Ok(calibration(&[arguments, &database].concat())?.0)
}

/// What the server says that this message costs.
async fn estimate(client: &Client) -> Value {
    let request = json!({"task": "direct", "models": [MODEL], "input_tokens": {"o200k_base": 12}});
    client.post("/api/estimate", &json!({ "request": request })).await.body["estimate"].clone()
}

/// The price in what the server says to a quote of other rules, which is the estimate that it decides
/// by.
async fn denied(client: &Client, book: &Value) -> Value {
    let request = json!({"task": "direct", "models": [MODEL], "input_tokens": {"o200k_base": 12}});
    let quote = json!({"price_book": book, "rules": "0", "high": "99"});
    let told = client.post("/api/estimate", &json!({ "request": request, "quote": quote })).await;
    let denial = &told.body["eligibility"];
    assert_eq!(denial["code"], "price_changed", "{denial}");
    denial["estimate"].clone()
}

#[tokio::test]
async fn what_was_settled_is_learned_and_estimated_by_while_servers_run() {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (folder.path().join("credits.db"), folder.path().join("learned.json"));
    let program = Program::serve(folder.path(), &["--demo-pace", "none"]);
    let mut client = Client::new(program.base.clone());
    let account = client.begin().await["account_id"].as_str().unwrap().to_owned();
    let mut events = client.events("/api/events").await;
    let before = events.wait_for("calibration", |_| true).await;
    let plain = estimate(&client).await;
    assert!(plain.get("likely").is_none(), "{plain}");

    let ask = || client.ask("direct", &[MODEL], "Hello!");
    for _ in 0..29 {
        ask().await;
    }
    let nothing = json!({"schema": 1, "rows": []});
    let too_few = in_database(&database, &["learn", "--accounts-min", "1"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&too_few).unwrap(), nothing);
    ask().await;
    let of_one_account = in_database(&database, &["learn"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&of_one_account).unwrap(), nothing);
    let asked =
        ["learn", "--accounts-min", "1", "--database", database.to_str().unwrap(), "--output"];
    let (said, told) = calibration(&[&asked[..], &[file.to_str().unwrap()]].concat()).unwrap();
    assert_eq!(said, format!("wrote {}\n", file.display()));
    let summary = "30 actions of 1 account: 30 settlements in 1 band of 1 pair of task and model\n";
    assert_eq!(told, summary);
    let learned = std::fs::read_to_string(&file).unwrap();
    assert!(!learned.contains(&account), "it says whose the answers were: {learned}");
    let file = file.to_str().unwrap();
    let (checked, _) = calibration(&["check", file]).unwrap();
    assert!(checked.contains("30 settlements in 1 band of 1 pair of task and model"), "{checked}");
    let since = ["learn", "--since", "2999-01-01T00:00:00Z"];
    let none = in_database(&database, &since).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&none).unwrap(), nothing);
    assert!(estimate(&client).await.get("likely").is_none(), "nothing was published");

    let said = in_database(&database, &["publish", file]).unwrap();
    let told = events.wait_for("calibration", |_| true).await;
    assert_ne!(told, before);
    let version = told["version"].as_str().unwrap();
    assert!(said.starts_with(&format!("in force is {version}: 30 settlements")), "{said}");
    assert!(checked.contains(version), "{checked}");
    let calibrated = estimate(&client).await;
    assert!(calibrated["likely"]["low"].is_string(), "{calibrated}");
    for field in ["low", "high", "level", "caps", "price_book"] {
        assert_eq!(calibrated[field], plain[field], "{field}");
    }
    let denied = denied(&client, &plain["price_book"]).await;
    assert_eq!(denied, plain, "what is decided knows of no calibration");
    let shown = in_database(&database, &["show"]).unwrap();
    let served = client.get("/api/calibration").await.body;
    let written: Value = serde_json::from_str(&learned).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), written);
    assert_eq!(served, written);

    in_database(&database, &["withdraw"]).unwrap();
    assert_eq!(events.wait_for("calibration", |_| true).await, before);
    assert_eq!(estimate(&client).await, plain);
    assert_eq!(client.get("/api/calibration").await.body, nothing);
}

#[tokio::test]
async fn a_calibration_is_asked_for_again_by_its_etag() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.stranger();
        let first = client.get_raw("/api/calibration").await;
        assert_eq!(first.status(), 200, "{store:?}");
        let etag = first.headers()["etag"].clone();
        assert_eq!(first.headers()["cache-control"], "no-cache");
        let again = client.request(reqwest::Method::GET, "/api/calibration");
        let again = again.header("if-none-match", etag).send().await.unwrap();
        assert_eq!(again.status(), 304);
    }
}

#[test]
fn what_cannot_be_done_with_a_calibration_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let few = json!({"schema": 1, "rows": [{"task": "direct", "model": MODEL, "bands": [{
        "above_input_tokens": 0, "output_tokens": {"p10": 1, "p50": 2, "p90": 3}, "settlements": 1,
    }]}]});
    let few = file("few.json", &few.to_string());
    let newer = file("newer.json", r#"{"schema": 2}"#);
    let broken = file("broken.json", "{");
    let good = file("good.json", r#"{"schema": 1, "rows": []}"#);
    let nowhere = folder.path().join("nowhere.db");
    let nowhere = nowhere.to_str().unwrap();
    let empty = folder.path().join("credits.db");
    let options = kumari_store::SqliteOptions::default();
    drop(kumari_store::SqliteStore::open(&empty, options).unwrap());
    let empty = empty.to_str().unwrap();
    for (arguments, expected) in [
        (&["check", &few][..], "`rows[0].bands[0].settlements`: must be at least 30"),
        (&["check", &newer], "this is schema 2 and this engine reads 1"),
        (&["check", &broken], "broken.json"),
        (&["check", "nowhere.json"], "`nowhere.json`: "),
        (&["publish", &few, "--database", empty], "must be at least 30"),
        (&["publish", &good, "--database", nowhere], "there is no database"),
        (&["learn", "--database", nowhere], "there is no database"),
        (&["show", "--database", empty], "no calibration is in force in this database"),
    ] {
        let fault = calibration(arguments).unwrap_err();
        assert!(fault.contains(expected), "{arguments:?}: {fault}");
    }
    assert!(!Path::new(nowhere).exists(), "it was made");
}
