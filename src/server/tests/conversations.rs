//! Conversations as a whole: another title, deletion and taking it back, what is found in them, and
//! who hears of it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, Reply, action_path, credits, new_id, reply};
use common::provider::Step;
use common::{STORES, TestServer, book, config, input_tokens};
use kumari_engine::amount::Credits;
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_server::{Config, Limits};
use kumari_store::FileRoom;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const MODEL: &str = "gpt-6-luna";

async fn rename(client: &Client, id: &str, body: Value) -> Reply {
    let request = client.request(Method::PATCH, &format!("/api/conversations/{id}"));
    reply(request.json(&body).send().await.unwrap()).await
}

async fn delete(client: &Client, id: &str) -> Reply {
    let request = client.request(Method::DELETE, &format!("/api/conversations/{id}"));
    reply(request.send().await.unwrap()).await
}

async fn restore(client: &Client, id: &str) -> Reply {
    client.post(&format!("/api/conversations/{id}/restore"), &json!({})).await
}

async fn open(client: &Client, id: &str) -> Reply {
    client.get(&format!("/api/conversations/{id}")).await
}

/// Asks in a new conversation; the ended action and the conversation's id.
async fn conversation(client: &Client, text: &str) -> (Value, String) {
    let done = client.ask("direct", &[MODEL], text).await;
    let id = done["conversation_id"].as_str().unwrap().to_owned();
    (done, id)
}

/// Asks about a document in a new conversation; the ended action and the conversation's id.
async fn with_file(client: &Client, file: &str, text: &str) -> (Value, String) {
    let sent = kumari_documents::as_sent("a.txt", text);
    let request = json!({
        "task": "direct", "models": [MODEL], "messages": 1,
        "input_tokens": input_tokens(&["Read.", &sent]),
    });
    let told = client.post("/api/estimate", &json!({ "request": request })).await.body;
    let mut send = client.compose("direct", &[MODEL], "Read.").await;
    send["files"] = json!([file]);
    send["quote"]["high"] = told["eligibility"]["hold"].clone();
    send["quote"]["caps"] = told["eligibility"]["caps"].clone();
    let done = client.ended(&client.send(&send).await).await;
    let id = done["conversation_id"].as_str().unwrap().to_owned();
    (done, id)
}

async fn status_of(client: &Client, file: &str) -> u16 {
    client.get_raw(&format!("/api/files/{file}")).await.status().as_u16()
}

/// Waits until the sweeper has removed a file.
async fn gone(client: &Client, file: &str) {
    while status_of(client, file).await == 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(status_of(client, file).await, 404);
}

async fn titles(client: &Client) -> Vec<String> {
    let list = client.get("/api/conversations").await.body;
    let all = list["conversations"].as_array().unwrap().iter();
    all.map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

fn code(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.body["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_conversation_has_the_title_that_a_person_gives_it() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let (client, other) = (server.guest().await, server.guest().await);
        let (_, id) = conversation(&client, "What is this?").await;
        let renamed = rename(&client, &id, json!({ "title": "  Köln %_\\ 🦀 " })).await;
        assert_eq!((renamed.status, &renamed.body["title"]), (200, &json!("Köln %_\\ 🦀")));
        assert_eq!(renamed.body["id"], json!(id));
        client.send(&client.compose_in(&id, "direct", &[MODEL], "And this?").await).await;
        assert_eq!(titles(&client).await, ["Köln %_\\ 🦀"], "{store:?}");
        assert_eq!(open(&client, &id).await.body["title"], "Köln %_\\ 🦀");

        for bad in [json!(""), json!(" \n"), json!("a\nb"), json!("x".repeat(201))] {
            let refused = rename(&client, &id, json!({ "title": bad })).await;
            assert_eq!(code(&refused), (422, "request_invalid"), "{bad}");
            assert_eq!(refused.body["path"], "title");
        }
        let unread = rename(&client, &id, json!({ "title": "a", "id": "b" })).await;
        assert_eq!(code(&unread), (422, "request_invalid"));
        for (who, whose) in [(&other, id.as_str()), (&client, &new_id()), (&client, "nothing")] {
            let unknown = rename(who, whose, json!({ "title": "mine" })).await;
            assert_eq!(code(&unknown), (404, "conversation_unknown"));
        }
        assert_eq!(titles(&client).await, ["Köln %_\\ 🦀"]);
    }
}

#[tokio::test]
async fn a_deleted_conversation_is_unreadable_until_it_is_restored() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let (client, other) = (server.guest().await, server.guest().await);
        let (done, id) = conversation(&client, "Delete this.").await;
        let (_, kept) = conversation(&client, "Keep this.").await;
        let before = open(&client, &id).await.body;
        let receipt = client.get(&format!("{}/receipt", action_path(&done))).await.body;
        let send = client.compose_in(&id, "direct", &[MODEL], "And?").await;
        let balance = client.available().await;
        assert_eq!(code(&delete(&other, &id).await), (404, "conversation_unknown"));
        assert_eq!(code(&delete(&client, &new_id()).await), (404, "conversation_unknown"));

        let deleted = delete(&client, &id).await;
        let until = json!({ "restorable_until": "2026-11-24T10:05:00Z" });
        assert_eq!((deleted.status, &deleted.body), (200, &until), "{store:?}");
        server.clock.advance_seconds(60);
        assert_eq!(delete(&client, &id).await.body, until, "a repeat changes nothing");
        assert_eq!(titles(&client).await, ["Keep this."]);
        assert_eq!(code(&open(&client, &id).await), (404, "conversation_unknown"));
        let renamed = rename(&client, &id, json!({ "title": "Back" })).await;
        assert_eq!(code(&renamed), (404, "conversation_unknown"));
        let action = client.get(&action_path(&done)).await;
        assert_eq!(code(&action), (404, "action_unknown"));
        let events = client.get(&format!("{}/events", action_path(&done))).await;
        assert_eq!(code(&events), (404, "action_unknown"));
        let refused = client.post("/api/actions", &send).await;
        assert_eq!(code(&refused), (409, "conversation_deleted"));
        assert_eq!(client.available().await, balance, "nothing is held for it");

        // What it cost stays on the record.
        let still = client.get(&format!("{}/receipt", action_path(&done))).await;
        assert_eq!((still.status, &still.body), (200, &receipt));
        let statement = client.get("/api/statement?month=2026-11").await.body.to_string();
        assert!(statement.contains(done["action_id"].as_str().unwrap()), "{statement}");

        assert_eq!(code(&restore(&other, &id).await), (404, "conversation_unknown"));
        server.clock.advance_seconds(239);
        let restored = restore(&client, &id).await;
        assert_eq!((restored.status, &restored.body["title"]), (200, &json!("Delete this.")));
        assert_eq!(restore(&client, &id).await.status, 200, "a repeat changes nothing");
        assert_eq!(open(&client, &id).await.body, before);
        assert_eq!(client.get(&action_path(&done)).await.body, done);
        client.send(&send).await;

        delete(&client, &kept).await;
        server.clock.advance_seconds(300);
        assert_eq!(code(&restore(&client, &kept).await), (404, "conversation_unknown"));
    }
}

#[tokio::test]
async fn an_answer_in_a_deleted_conversation_is_stopped_and_charged_for_what_was_said() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        server.scripted.set(MODEL, &[Step::Say("The Nile is"), Step::Wait, Step::Say(" long")]);
        let view = client.send(&client.compose("direct", &[MODEL], "How long?").await).await;
        let id = view["conversation_id"].as_str().unwrap();
        // One that runs elsewhere goes on.
        let other = client.send(&client.compose("direct", &[MODEL], "How wide?").await).await;
        let mut elsewhere = client.events(&format!("{}/events", action_path(&other))).await;
        elsewhere.wait_for("delta", |_| true).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |_| true).await;
        assert_eq!(delete(&client, id).await.status, 200);

        let done = events.wait_for("done", |_| true).await;
        let leg = &done["legs"][0];
        assert_eq!((&leg["status"], &leg["text"]), (&json!("stopped"), &json!("The Nile is")));
        assert!(credits(&leg["charge"]) > Credits::ZERO, "{store:?}");
        let receipt = client.get(&format!("{}/receipt", action_path(&view))).await;
        assert_eq!(receipt.body, done["receipt"]);
        server.scripted.let_through(1);
        let whole = elsewhere.wait_for("done", |_| true).await;
        assert_eq!(whole["legs"][0]["text"], "The Nile is long");

        restore(&client, id).await;
        let opened = open(&client, id).await.body;
        assert_eq!(opened["messages"][1]["text"], "The Nile is");
        assert_eq!(opened["messages"][1]["charge"], leg["charge"]);
    }
}

#[tokio::test]
async fn an_answer_of_another_process_is_stopped_when_it_renews_its_hold() {
    for store in STORES {
        let config = Config { renew_every: Duration::from_millis(10), ..config() };
        let server = TestServer::start_with(store, book(), config).await;
        let mut client = server.guest().await;
        server.scripted.set(MODEL, &[Step::Say("The Nile is"), Step::Wait, Step::Say(" long")]);
        let view = client.send(&client.compose("direct", &[MODEL], "How long?").await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |_| true).await;
        let other = server.beside().await;
        client.base = format!("http://{}", other.address());
        let id = view["conversation_id"].as_str().unwrap();
        assert_eq!(delete(&client, id).await.status, 200);

        let done = events.wait_for("done", |_| true).await;
        let leg = &done["legs"][0];
        let said = (&leg["status"], &leg["text"]);
        assert_eq!(said, (&json!("stopped"), &json!("The Nile is")), "{store:?}");
        assert!(credits(&leg["charge"]) > Credits::ZERO);
        other.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_deletion_gives_back_what_no_process_runs_any_more() {
    for store in STORES {
        // This process answers and does not renew, as one that was killed.
        let config = Config { renew_every: Duration::from_secs(3_600), ..config() };
        let server = TestServer::start_with(store, book(), config).await;
        let mut client = server.guest().await;
        let before = client.available().await;
        server.scripted.set(MODEL, &[Step::Say("The Nile"), Step::Wait]);
        let view = client.send(&client.compose("direct", &[MODEL], "How long?").await).await;
        let id = view["conversation_id"].as_str().unwrap();
        let other = server.beside().await;
        client.base = format!("http://{}", other.address());
        assert_eq!(delete(&client, id).await.status, 200);
        assert!(client.available().await < before, "it may run: {store:?}");

        server.clock.advance_seconds(HOLD_TTL_SECONDS / 2);
        assert_eq!(delete(&client, id).await.status, 200);
        assert_eq!(client.available().await, before, "{store:?}");
        server.scripted.let_through(1);
        other.stop().await.unwrap();
    }
}

#[tokio::test]
async fn room_for_files_comes_back_once_a_deletion_cannot_be_taken_back() {
    for store in STORES {
        let limits =
            Limits { guest_files: FileRoom { unused_max: 9, bytes_max: 100 }, ..Limits::default() };
        let config = Config { limits, tidy_every: Duration::from_millis(20), ..config() };
        let server = TestServer::start_with(store, book(), config).await;
        let client = server.guest().await;
        let text = "x".repeat(20);
        let put = |id: String| {
            let request = client.request(Method::PUT, &format!("/api/files/{id}?name=a.txt"));
            let request = request.body(text.clone());
            async { reply(request.send().await.unwrap()).await }
        };
        let [first, file] = [new_id(), new_id()];
        for id in [&first, &file] {
            assert_eq!(put(id.clone()).await.status, 201);
        }
        let (_, earlier) = with_file(&client, &first, &text).await;
        let (done, id) = with_file(&client, &file, &text).await;
        assert_eq!(code(&put(new_id()).await), (413, "storage_full"), "{store:?}");

        for id in [&earlier, &id] {
            delete(&client, id).await;
        }
        assert_eq!(code(&put(new_id()).await), (413, "storage_full"), "it may come back");
        server.clock.advance_seconds(299);
        for id in [&earlier, &id] {
            assert_eq!(restore(&client, id).await.status, 200);
        }
        assert_eq!(status_of(&client, &file).await, 200);
        delete(&client, &earlier).await;
        server.clock.advance_seconds(60);
        delete(&client, &id).await;
        server.clock.advance_seconds(300);
        assert_eq!(code(&restore(&client, &id).await), (404, "conversation_unknown"));
        gone(&client, &first).await;
        // By the clock of another server it may still be restored.
        assert_eq!(status_of(&client, &file).await, 200, "{store:?}");
        server.clock.advance_seconds(60);
        gone(&client, &file).await;
        assert_eq!(put(new_id()).await.status, 201);
        let receipt = client.get(&format!("{}/receipt", action_path(&done))).await;
        assert_eq!((receipt.status, &receipt.body), (200, &done["receipt"]));
    }
}

#[tokio::test]
async fn words_are_found_with_their_place() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        server.scripted.set(MODEL, &[Step::Say("Es kostet 100%\nin KÖLN."), Step::Use(9, 3, 0)]);
        let (_, first) = conversation(&client, "Was kostet es?").await;
        server.clock.advance_seconds(1);
        let (_, second) = conversation(&client, "Noch einmal: Köln?").await;
        let found = client.get("/api/conversations?query=%20k%C3%B6ln").await.body;
        let place = |place: &str, before: &str, text: &str, after: &str| json!({ "in": place, "before": before, "text": text, "after": after });
        let hits: Vec<(&Value, &Value)> = found["conversations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| (&hit["id"], &hit["found"]))
            .collect();
        let expected = [
            (&json!(second), &place("title", "Noch einmal: ", "Köln", "?")),
            (&json!(first), &place("assistant", "Es kostet 100% in ", "KÖLN", ".")),
        ];
        assert_eq!(hits, expected, "{store:?}");
        assert_eq!(found["next"], Value::Null);
        let page = client.get("/api/conversations?query=k%C3%B6ln&limit=1").await.body;
        let next = page["next"].as_str().unwrap();
        let rest = client.get(&format!("/api/conversations?query=KÖLN&before={next}")).await.body;
        assert_eq!(rest["conversations"][0]["id"], json!(first));
        let nothing = client.get("/api/conversations?query=1%25").await.body;
        assert_eq!(nothing, json!({ "conversations": [], "next": null }));
        let stranger = server.guest().await.get("/api/conversations?query=k%C3%B6ln").await.body;
        assert_eq!(stranger, nothing);
        let long = format!("/api/conversations?query={}", "x".repeat(201));
        assert_eq!(code(&client.get(&long).await), (422, "request_invalid"));
    }
}

#[tokio::test]
async fn other_pages_hear_that_the_list_has_changed() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let (client, other) = (server.guest().await, server.guest().await);
        let (_, theirs) = conversation(&other, "Theirs.").await;
        let mut events = client.events("/api/conversations/events").await;
        events.wait_for("conversations", |_| true).await;
        let (_, id) = conversation(&client, "Mine.").await;
        // A message and its answer may be heard as one.
        events.wait_for("conversations", |_| true).await;
        for change in 0..4 {
            let reply = match change {
                0 => rename(&client, &id, json!({ "title": "Ours." })).await,
                1 => delete(&client, &id).await,
                2 => restore(&client, &id).await,
                // The same title again is told too: nobody is kept waiting for it.
                _ => rename(&client, &id, json!({ "title": "Ours." })).await,
            };
            assert_eq!(reply.status, 200, "{store:?}");
            rename(&other, &theirs, json!({ "title": "Not heard." })).await;
            events.wait_for("conversations", |_| true).await;
        }
    }
}
