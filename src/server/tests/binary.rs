//! The program itself: what it prints about prices, and that killing it loses and spends nothing.

#[cfg(test)]
mod common;

use common::client::{Client, action_path, credits, new_id, reply};
use common::files::{HEARING, PNG, put};
use common::program::{Program, run, text};
use common::{book_with, vocabulary_folder};
use kumari_engine::amount::Credits;
use kumari_server::price::DEFAULT_PRICE_BOOK;
use reqwest::Method;
use serde_json::{Value, json};

const MODEL: &str = "gpt-6-luna";

#[tokio::test]
async fn killed_during_an_answer_it_loses_nothing_and_gives_the_hold_back_at_its_deadline() {
    // The longest hold of the book is shorter than a time to live, so that the test is quick.
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("short.json");
    let short = book_with(&[("/tasks/0/hold_seconds_max", json!(6))]);
    std::fs::write(&book, kumari_wire::canonical(&short.book).unwrap()).unwrap();
    let more = ["--price-book", book.to_str().unwrap()];

    let mut program = Program::serve(folder.path(), &more);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    let text = "demo:slow Tell me a long story about the rivers of the world.";
    let send = client.compose("direct", &[MODEL], text).await;
    let view = client.send(&send).await;
    let mut events = client.events(&format!("{}/events", action_path(&view))).await;
    // Each piece takes a quarter of a second, and what was said is saved twice a second.
    let mut said = String::new();
    for _ in 0..6 {
        let delta = events.wait_for("delta", |_| true).await;
        said.push_str(delta["text"].as_str().unwrap());
    }
    program.child.kill().unwrap();
    program.child.wait().unwrap();

    let program = Program::serve(folder.path(), &more);
    client.base.clone_from(&program.base);
    let conversation = format!("/api/conversations/{}", view["conversation_id"].as_str().unwrap());
    let opened = client.get(&conversation).await;
    assert_eq!(opened.status, 200, "it opens at once");
    assert_eq!(opened.body["messages"][0]["text"], text);
    let kept = opened.body["messages"][1]["text"].as_str().unwrap().to_owned();
    assert!(!kept.is_empty() && said.starts_with(&kept), "`{kept}` of `{said}`");

    let mut balance = client.events("/api/events").await;
    let released = balance.wait_for("balance", |data| data["standing"]["held"] == "0").await;
    assert_eq!(released["standing"]["available"], "100", "nothing was spent");
    let shown = client.ended(&view).await;
    assert_eq!(
        (&shown["status"], &shown["legs"][0]["status"]),
        (&json!("ended"), &json!("expired"))
    );
    let opened = client.get(&conversation).await.body;
    assert_eq!(opened["messages"][1]["status"], "expired");
    assert_eq!(opened["messages"][1]["text"], kept.as_str());

    // Sending it once more finds that it was admitted, and holds nothing again.
    let again = client.post("/api/actions", &send).await;
    assert_eq!((again.status, &again.body["legs"][0]["status"]), (200, &json!("expired")));
    let conversation_id = view["conversation_id"].as_str().unwrap();
    let next = client.compose_in(conversation_id, "direct", &[MODEL], "demo: and then?").await;
    let done = client.ended(&client.send(&next).await).await;
    let charge = credits(&done["receipt"]["charge"]);
    let full: Credits = "100".parse().unwrap();
    assert_eq!(client.available().await, full.sub(charge).unwrap());

    drop(program);
    let database = folder.path().join("credits.db");
    let audited = run(&["audit", "--database", database.to_str().unwrap(), "--json"]);
    assert_eq!(audited.status.code(), Some(0), "{audited:?}");
    let audited: Value = serde_json::from_slice(&audited.stdout).unwrap();
    assert!(audited["audited"]["entries"].as_u64() > Some(3), "{audited}");
}

#[tokio::test]
async fn it_reads_the_price_book_again_and_stops_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("book.json");
    std::fs::write(&book, DEFAULT_PRICE_BOOK).unwrap();
    let more = ["--price-book", book.to_str().unwrap(), "--demo-pace", "none"];
    let mut program = Program::serve(folder.path(), &more);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    let mut events = client.events("/api/events").await;
    events.wait_for("price_book", |_| true).await;

    let changed = book_with(&[("/tasks/0/offers/0/per_request", json!("0.3"))]);
    std::fs::write(&book, kumari_wire::canonical(&changed.book).unwrap()).unwrap();
    program.signal("HUP");
    let told = events.wait_for("price_book", |_| true).await;
    assert_eq!(told["version"], changed.version.as_str());
    // What cannot be used changes nothing, and the server goes on.
    std::fs::write(&book, "{}").unwrap();
    program.signal("HUP");
    let done = client.ask("direct", &[MODEL], "Hello!").await;
    assert_eq!(done["receipt"]["price_book"], changed.version.as_str());

    program.signal("TERM");
    assert!(events.all().await.iter().all(|event| event.name == "balance"));
    assert!(program.child.wait().unwrap().success());
}

/// It is refused before credits are looked at and before anybody is asked: there is no such endpoint.
#[tokio::test]
async fn an_endpoint_of_openais_protocol_is_given_no_clip() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--provider", "openai", "--openai-base-url", "http://127.0.0.1:9/v1"];
    let program = Program::serve(folder.path(), &more);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    let (picture, _) = put(&client, "a.png", PNG).await;
    for (name, bytes, takes) in [
        ("clip.mp4", &include_bytes!("media/clip.mp4")[..], "takes no clips: remove it, or send"),
        ("voice.webm", &include_bytes!("media/voice.webm")[..], "takes recordings as MP3 or WAV:"),
    ] {
        let (file, _) = put(&client, name, bytes).await;
        let send = json!({
            "action_id": new_id(), "conversation_id": new_id(), "task": "direct",
            "models": [HEARING], "text": "What is this?", "files": [picture, file],
            "quote": { "price_book": "0", "rules": "1", "high": "20", "caps": {} },
        });
        let refused = client.post("/api/actions", &send).await;
        assert_eq!((refused.status, &refused.body["path"]), (422, &json!("files[1]")));
        let expected = format!("`{name}` cannot be given to `{HEARING}`, whose endpoint {takes}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.starts_with(&expected), "{detail}");
    }
}

#[tokio::test]
async fn an_operator_says_how_much_is_kept_of_files() {
    for (flag, status, expected) in [
        ("--files-mib-max", 507, "server_storage_full"),
        ("--guest-files-mib-max", 413, "storage_full"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::serve(folder.path(), &[flag, "1"]);
        let mut client = Client::new(program.base.clone());
        client.begin().await;
        let put_text = async |bytes: usize| {
            let path = format!("/api/files/{}?name=a.txt", new_id());
            let request = client.request(Method::PUT, &path).body(vec![b'a'; bytes]);
            reply(request.send().await.unwrap()).await
        };
        // The text that was read of it counts too.
        let refused = put_text((1 << 19) + 1).await;
        assert_eq!((refused.status, &refused.body["code"]), (status, &json!(expected)));
        assert_eq!(put_text(1 << 19).await.status, 201, "{flag}");
    }
}

#[test]
fn a_price_book_is_checked_with_every_fault_and_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good.json");
    std::fs::write(&good, DEFAULT_PRICE_BOOK).unwrap();
    let checked = run(&["price-book", "check", good.to_str().unwrap()]);
    assert!(checked.status.success());
    let version = text(&run(&["price-book", "version", good.to_str().unwrap()]).stdout);
    assert!(text(&checked.stdout).ends_with(&version), "{checked:?}");
    assert_eq!(version.trim(), common::book().version.as_str());

    let mut bad: Value = serde_json::from_str(DEFAULT_PRICE_BOOK).unwrap();
    bad["charge_step"] = json!("0");
    bad["routing"]["default"] = json!("nobody");
    let file = folder.path().join("bad.json");
    std::fs::write(&file, bad.to_string()).unwrap();
    let checked = run(&["price-book", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    let said = text(&checked.stderr);
    assert!(said.contains("charge_step") && said.contains("routing.default"), "{said}");

    bad["models"][0]["colour"] = json!("red");
    std::fs::write(&file, bad.to_string()).unwrap();
    let checked = run(&["price-book", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(text(&checked.stderr).contains("models[0].colour"), "{checked:?}");
    let checked = run(&["price-book", "check", "nowhere.json"]);
    assert!(text(&checked.stderr).contains("cannot read nowhere.json"), "{checked:?}");
}

#[test]
fn a_usage_is_priced_on_the_command_line() {
    let usage = r#"{"input_tokens":1234,"output_tokens":567}"#;
    let arguments = ["price", "--task", "direct", "--model", MODEL, "--usage", usage];
    let table = run(&arguments);
    assert!(table.status.success(), "{table:?}");
    let json = run(&[&arguments[..], &["--json"]].concat());
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let lines = json["lines"].as_array().unwrap();
    let sum = lines.iter().map(|line| line["amount"].as_str().unwrap().parse().unwrap());
    let sum = kumari_engine::amount::ExactCredits::sum(sum).unwrap();
    assert_eq!(sum, credits(&json["charge"]).into(), "the lines add up to the charge");
    let last = text(&table.stdout).lines().last().unwrap().to_owned();
    assert!(last.ends_with(json["charge"].as_str().unwrap()), "{last}");

    let contradictory = r#"{"output_tokens":1,"output_tokens":2}"#;
    let refused = run(&["price", "--task", "direct", "--model", MODEL, "--usage", contradictory]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("a key occurs twice"), "{refused:?}");
}

#[test]
fn what_cannot_be_served_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("credits.db");
    let database = database.to_str().unwrap();
    let vocabulary = vocabulary_folder().to_str().unwrap();
    let nowhere = folder.path().join("nowhere");
    for (arguments, said) in [
        (vec!["--price-book", "nowhere.json"], "cannot read nowhere.json"),
        (vec!["--vocabulary", nowhere.to_str().unwrap()], "--vocabulary"),
        (vec!["--database", "/proc/nowhere/credits.db"], "the database"),
        (vec!["--provider", "openai", "--openai-base-url", "nowhere"], "--openai-base-url"),
        (vec!["--listen", "203.0.113.1:1"], "name another with --listen"),
    ] {
        let mut all = vec!["serve"];
        if !arguments.contains(&"--listen") {
            all.extend(["--port", "0"]);
        }
        if !arguments.contains(&"--database") {
            all.extend(["--database", database]);
        }
        if !arguments.contains(&"--vocabulary") {
            all.extend(["--vocabulary", vocabulary]);
        }
        all.extend(arguments);
        let ended = run(&all);
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(text(&ended.stderr).contains(said), "{ended:?}");
    }
}
