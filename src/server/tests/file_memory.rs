//! Room in memory for the files of answers: who fills it waits for themselves alone, and it is back
//! once the models have what they were asked.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, action_path, credits, new_id};
use common::files::{HEARING, MODEL, PNG, compose, put};
use common::provider::Step;
use common::{STORES, TestServer, book, config};
use kumari_engine::amount::Credits;
use kumari_engine::settle::Finish;
use kumari_server::{Config, Limits};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;

/// A server that has room for the pictures of two answers, one of each account.
async fn crowded() -> TestServer {
    let limits = Limits { file_memory_bytes: 2 << 10, ..Limits::default() };
    TestServer::start_with(STORES[1], book(), Config { limits, ..config() }).await
}

/// Sends a picture with these words to the models.
async fn show(client: &Client, task: &str, models: &[&str], text: &str) -> Value {
    let (id, image) = put(client, "a.png", PNG).await;
    let parts = (&[&id][..], &[text][..], &[&image["content"]][..]);
    let mut send = compose(client, &new_id(), HEARING, text, parts, 1).await;
    // More than any of these costs.
    send["quote"]["high"] = json!("20");
    send["quote"]["caps"] = json!({});
    (send["task"], send["models"]) = (json!(task), json!(models));
    client.send(&send).await
}

/// The words of the next request that a model gets, and the model.
async fn next_asked(server: &TestServer) -> (String, String) {
    let asked = timeout(Duration::from_secs(20), server.scripted.asked()).await.unwrap();
    let message = &asked.messages[0];
    assert_eq!(message.files.len(), 1);
    (message.text.clone(), asked.model.to_string())
}

async fn next_text(server: &TestServer) -> String {
    next_asked(server).await.0
}

/// Says something once it is let through, and ends once it is again.
const SLOW: [Step; 5] =
    [Step::Wait, Step::Accept, Step::Say("Seen"), Step::Wait, Step::Finish(Finish::Completed)];

#[tokio::test]
async fn who_fills_the_room_for_files_holds_up_nobody_else() {
    let server = crowded().await;
    server.scripted.set(MODEL, &SLOW);
    let (filling, other) = (server.guest().await, server.guest().await);
    let first = show(&filling, "direct", &[MODEL], "first").await;
    assert_eq!(next_text(&server).await, "first");
    let second = show(&filling, "direct", &[MODEL], "second").await;
    // That one waits for the first, with half of the room free.
    let theirs = show(&other, "direct", &[MODEL], "theirs").await;
    assert_eq!(next_text(&server).await, "theirs");

    // A provider that has taken the request on has no more need of the files.
    server.scripted.let_through(1);
    assert_eq!(next_text(&server).await, "second");
    let still = filling.get(&action_path(&first)).await;
    assert_eq!(still.body["status"], "running", "{still:?}");
    server.scripted.let_through(5);
    for (client, view) in [(&filling, &first), (&filling, &second), (&other, &theirs)] {
        assert_eq!(client.ended(view).await["legs"][0]["status"], "completed");
    }
}

#[tokio::test]
async fn room_for_files_is_back_once_no_leg_needs_them() {
    let server = crowded().await;
    let client = server.guest().await;
    server.scripted.set(MODEL, &SLOW);
    server.scripted.set(HEARING, &SLOW);
    let compared = show(&client, "compare", &[MODEL, HEARING], "compared").await;
    next_text(&server).await;
    next_text(&server).await;
    show(&client, "direct", &[MODEL], "after").await;
    let mut events = client.events(&format!("{}/events", action_path(&compared))).await;
    server.scripted.let_through(1);
    events.wait_for("delta", |_| true).await;
    client.balance().await;
    assert!(!server.scripted.was_asked().await, "the other model has not taken it on");
    server.scripted.let_through(1);
    assert_eq!(next_text(&server).await, "after");
    server.scripted.let_through(9);
    client.ended(&compared).await;
}

#[tokio::test]
async fn the_model_that_is_asked_next_gets_the_files_too() {
    let server = crowded().await;
    let client = server.guest().await;
    let failing = ["gpt-6-luna", "gpt-6.1-sol", "claude-sonnet-5-5"];
    for model in failing {
        server.scripted.set(model, &[Step::Accept, Step::Fail]);
    }
    let view = show(&client, "routing", &[], "routed").await;
    for model in failing.iter().chain(&[HEARING]) {
        assert_eq!(next_asked(&server).await, ("routed".to_owned(), (*model).to_owned()));
    }
    assert_eq!(client.ended(&view).await["legs"][0]["status"], "completed");
}

#[tokio::test]
async fn stop_ends_an_answer_that_waits_for_room() {
    let server = crowded().await;
    let client = server.guest().await;
    server.scripted.set(MODEL, &SLOW);
    let first = show(&client, "direct", &[MODEL], "first").await;
    assert_eq!(next_text(&server).await, "first");
    let waiting = show(&client, "direct", &[MODEL], "waiting").await;
    let third = show(&client, "direct", &[MODEL], "third").await;
    let stopped = client.post(&format!("{}/stop", action_path(&waiting)), &json!({})).await;
    assert_eq!(stopped.status, 202);
    let done = client.ended(&waiting).await;
    assert_eq!(done["legs"][0]["status"], "stopped", "{done}");
    assert_eq!(done["legs"][0]["charge"], "0");
    let held = credits(&client.balance().await["standing"]["held"]);
    let [one, other] = [&first, &third].map(|view| credits(&view["hold"]));
    assert_eq!(held, Credits::sum([one, other]).unwrap(), "nothing is held for it any more");
    server.scripted.let_through(1);
    assert_eq!(next_text(&server).await, "third", "no model was asked what was stopped");
    server.scripted.let_through(3);
    client.ended(&first).await;
    client.ended(&third).await;
    assert_eq!(client.balance().await["standing"]["held"], "0");
}
