//! Operators change prices while people chat: compared before, published, taken back.
#![expect(clippy::unwrap_used, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::client::Client;
use common::program::{Program, run, text};
use common::{STORES, TestServer, book, book_with, time};
use kumari_engine::price_book::PublishedBook;
use kumari_server::price::DEFAULT_PRICE_BOOK;
use serde_json::{Value, json};
use std::path::Path;

const MODEL: &str = "gpt-6-luna";

/// What `price-book` says with these arguments and that database.
fn price_book(database: &Path, arguments: &[&str]) -> Result<String, String> {
    let database = ["--database", database.to_str().unwrap()];
    let output = run(&[&["price-book"], arguments, &database].concat());
    let [said, failed] = [&output.stdout, &output.stderr].map(|bytes| text(bytes));
    if output.status.success() { Ok(said.trim_end().to_owned()) } else { Err(failed) }
}

fn write(file: &Path, book: &PublishedBook) {
    std::fs::write(file, kumari_wire::canonical(&book.book).unwrap()).unwrap();
}

fn list(database: &Path) -> Vec<Value> {
    let said = price_book(database, &["list", "--json"]).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn prices_change_under_a_running_server_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (folder.path().join("credits.db"), folder.path().join("dearer.json"));
    let program = Program::serve(folder.path(), &["--demo-pace", "none"]);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    let mut events = client.events("/api/events").await;
    events.wait_for("price_book", |_| true).await;
    write(&file, &book_with(&[("/tasks/0/offers/0/per_request", json!("0.3"))]));
    let file = file.to_str().unwrap();

    // Looked at first: nothing happens, and prices of the past stay what they were.
    let asked = ["publish", file, "--now", "--dry-run"];
    let said = price_book(&database, &asked).unwrap();
    let change = "task direct, offer for tier lightweight, per request: 0.1 -> 0.3 (+200 %)";
    assert!(said.contains(change), "{said}");
    assert!(said.contains(&format!("direct_lightweight with {MODEL}: ")), "{said}");
    assert!(said.contains("nothing is published"), "{said}");
    let past = price_book(&database, &["publish", file, "--effective-at", "2026-11-24T00:00:00Z"]);
    assert!(past.unwrap_err().contains("say --now, or --effective-at with a time to come"));
    assert_eq!(list(&database).len(), 1);

    let send = client.compose("direct", &[MODEL], "Hello!").await;
    let said = price_book(&database, &["publish", file, "--now"]).unwrap();
    assert!(said.starts_with("published ") && said.contains(change), "{said}");
    let told = events.wait_for("price_book", |_| true).await;
    let listed = list(&database);
    assert_eq!(
        (&listed[0]["version"], &listed[0]["state"]),
        (&told["version"], &json!("in force"))
    );
    assert_eq!(
        (&listed[1]["version"], &listed[1]["state"]),
        (&json!(book().version), &json!("past"))
    );
    let refused = client.post("/api/actions", &send).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("price_changed")));
    let done = client.ask("direct", &[MODEL], "Hello!").await;
    assert_eq!(done["receipt"]["price_book"], told["version"]);

    // Back, which is a book of its own with the old prices.
    let said = price_book(&database, &["roll-back"]).unwrap();
    assert!(said.contains("per request: 0.3 -> 0.1 (-66.7 %)"), "{said}");
    let back = events.wait_for("price_book", |_| true).await;
    assert_ne!(back["version"], json!(book().version));
    let same = price_book(&database, &["diff", "built-in", "in-force"]).unwrap();
    assert!(same.ends_with("nothing but the time differs"), "{same}");
    // Once more would bring the dearer ones: which is meant has to be said.
    let named = told["version"].as_str().unwrap();
    let twice = price_book(&database, &["roll-back"]).unwrap_err();
    let old = &book().version;
    assert!(twice.contains(&format!("prices of {old} already; name")), "{twice}");
    assert!(twice.contains("--to"), "{twice}");
    assert_eq!(list(&database).len(), 3);
    // And forth again, by its name.
    price_book(&database, &["roll-back", "--to", &named[..12]]).unwrap();
    events.wait_for("price_book", |_| true).await;
    let done = client.ask("direct", &[MODEL], "Hello!").await;
    assert!(done["receipt"]["legs"][0].to_string().contains("0.3"), "{done}");
    assert_eq!(list(&database).len(), 4);
}

#[tokio::test]
async fn a_book_to_come_is_told_at_its_time() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let mut events = client.events("/api/events").await;
        events.wait_for("price_book", |_| true).await;
        let begin = time(common::BEGIN);
        let later = begin.plus_seconds(60).to_string();
        let to_come = book_with(&[("/effective_at", json!(later))]);
        let beside = server.beside().await;
        assert_eq!(
            beside.publish(&to_come).await.unwrap(),
            book().version,
            "its time has not come"
        );
        server.clock.advance_seconds(59);
        assert_eq!(client.get("/api/price-book").await.body["id"], "default");
        let done = client.ask("direct", &[MODEL], "Hello!").await;
        assert_eq!(done["receipt"]["price_book"], book().version.as_str());
        server.clock.advance_seconds(1);
        let told = events.wait_for("price_book", |_| true).await;
        assert_eq!(told["version"], to_come.version.as_str(), "{store:?}");
        beside.stop().await.unwrap();
    }
}

/// A newer program must not change the prices of an operator by itself.
#[tokio::test]
async fn the_book_inside_the_program_is_for_a_database_without_any() {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (folder.path().join("credits.db"), folder.path().join("ours.json"));
    // Older than the one inside the program, and all the same the operator's.
    let ours =
        book_with(&[("/id", json!("ours")), ("/effective_at", json!("2026-01-01T00:00:00Z"))]);
    write(&file, &ours);
    let said = price_book(&database, &["publish", file.to_str().unwrap()]).unwrap();
    assert!(said.starts_with(&format!("published {}", ours.version)), "{said}");
    let program = Program::serve(folder.path(), &[]);
    let client = Client::new(program.base.clone());
    assert_eq!(client.get("/api/price-book").await.body["id"], "ours");
    assert_eq!(list(&database).len(), 1);
}

#[test]
fn what_cannot_be_done_with_a_book_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.json", DEFAULT_PRICE_BOOK);
    let bad = file("bad.json", &DEFAULT_PRICE_BOOK.replace("\"0.01\"", "\"0\""));
    let database = folder.path().join("credits.db");
    let absent = price_book(&database, &["list"]).unwrap_err();
    assert!(absent.contains("name one with --database"), "{absent}");
    let published = price_book(&database, &["publish", &good]).unwrap();
    assert!(published.contains(book().version.as_str()), "{published}");
    let again = price_book(&database, &["publish", &good]).unwrap();
    assert!(again.ends_with("is published already; nothing has changed"), "{again}");
    let shown = price_book(&database, &["show"]).unwrap();
    assert_eq!(kumari_wire::publish(&shown).unwrap().version, book().version);
    let json = price_book(&database, &["diff", "built-in", &good, "--json"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["changes"], json!([]));
    for (arguments, expected) in [
        (&["publish", &bad, "--now"][..], "charge_step"),
        (&["publish", "nowhere.json"], "cannot read nowhere.json"),
        (&["publish", &good, "--now", "--effective-at", "2030-01-01T00:00:00Z"], "cannot be used"),
        (&["publish", &good, "--effective-at", "tomorrow"], "--effective-at"),
        (
            &["diff", "in-force", "123456789abc"],
            "begins with `123456789abc`; see `price-book list`",
        ),
        (&["roll-back"], "no other price book was in force before"),
    ] {
        let fault = price_book(&database, arguments).unwrap_err();
        assert!(fault.contains(expected), "{arguments:?}: {fault}");
    }
    assert_eq!(list(&database).len(), 1);
}

#[test]
fn a_rule_of_routing_that_does_nothing_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (folder.path().join("credits.db"), folder.path().join("routed.json"));
    let rules = json!([
        {"when": {"flag": "code"}, "use": "gpt-6.1-sol"},
        {"when": {"flag": "code", "messages_above": 9}, "use": "gpt-6-luna"},
        {"when": {"cost_at_most": "0.01"}, "use_cheapest_of": ["gpt-6-luna", "gpt-6.1-sol"]},
    ]);
    write(&file, &book_with(&[("/routing/rules", rules)]));
    let name = file.to_str().unwrap();
    let checked = run(&["price-book", "check", name]);
    assert!(checked.status.success(), "{checked:?}");
    let published = price_book(&database, &["publish", name]).unwrap();
    for said in [&text(&checked.stdout), &published] {
        let warned: Vec<&str> = said.lines().filter(|line| line.starts_with("warning: ")).collect();
        let [shadowed, dear] = warned[..] else { panic!("{said}") };
        assert!(
            shadowed.contains("`routing.rules[1]`: `routing.rules[0]` holds whenever"),
            "{said}"
        );
        assert!(dear.contains("`routing.rules[2].when.cost_at_most`: is below 0.18"), "{said}");
    }
    let diff = price_book(&database, &["diff", "built-in", name]).unwrap();
    let change = "routing, rule if flag code and messages above 9: new, use gpt-6-luna if flag code \
                  and messages above 9";
    assert!(diff.contains(change), "{diff}");
}
