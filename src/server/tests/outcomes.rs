//! What each outcome costs: the rows of the rules' table that are about text, over HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, action_path, credits};
use common::provider::{Step, usage};
use common::{STORES, TestServer, book, tokens};
use kumari_engine::amount::Credits;
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::encoding::Counted;
use kumari_engine::meter::Usage;
use kumari_engine::price_book::ModelKind;
use kumari_engine::rating;
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use kumari_server::Config;
use serde_json::{Value, json};
use std::time::Duration;

const MODEL: &str = "gpt-6-luna";
const TEXT: &str = "Tell me something about rivers, please.";

/// What this usage costs, by the engine.
fn price(model: &str, usage: &Usage) -> Credits {
    let book = book();
    let price = book.book.price(Task::Direct, &model.parse().unwrap()).unwrap();
    rating::charge(&price, usage).unwrap()
}

/// The one leg of an action that has ended, after checking that the balance fell by its charge.
async fn only_leg(client: &Client, before: Credits, done: &Value) -> Value {
    let leg = done["legs"][0].clone();
    let charge = credits(&leg["charge"]);
    assert_eq!(credits(&done["receipt"]["charge"]), charge);
    assert_eq!(client.available().await, before.sub(charge).unwrap());
    assert_eq!(client.balance().await["standing"]["held"], "0");
    leg
}

fn outcome(done: &Value) -> &Value {
    &done["receipt"]["legs"][0]["outcome"]
}

#[tokio::test]
async fn refused_before_the_provider_accepted_costs_nothing() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        server.scripted.refuse(MODEL);
        let done = client.ask("direct", &[MODEL], TEXT).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("refused"), &json!("0")));
        assert_eq!(outcome(&done)["reason"], "refused");
    }
}

#[tokio::test]
async fn a_failure_without_output_costs_nothing() {
    for steps in [vec![Step::Fail], vec![Step::BreakOff], vec![Step::Panic]] {
        let server = TestServer::start(STORES[0]).await;
        let client = server.guest().await;
        let before = client.available().await;
        server.scripted.set(MODEL, &steps);
        let done = client.ask("direct", &[MODEL], TEXT).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("failed"), &json!("0")), "{steps:?}");
    }
}

#[tokio::test]
async fn a_failure_after_output_costs_nothing_and_the_text_stays_readable() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        server.scripted.set(MODEL, &[Step::Say("The Nile is"), Step::Fail]);
        let done = client.ask("direct", &[MODEL], TEXT).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("failed"), &json!("0")));
        let path = format!("/api/conversations/{}", done["conversation_id"].as_str().unwrap());
        let opened = client.get(&path).await.body;
        assert_eq!(opened["messages"][1]["text"], "The Nile is");
        assert_eq!(opened["messages"][1]["status"], "failed");
        // The platform bears what it can count.
        let counted = usage(tokens(TEXT), tokens("The Nile is"), 0);
        assert_eq!(receipt_absorbed(&server, &client, &done).await, price(MODEL, &counted));
    }
}

/// What the platform bore, by the journal.
async fn receipt_absorbed(server: &TestServer, client: &Client, done: &Value) -> Credits {
    let mut client = client.clone();
    let account = client.begin().await["account_id"].as_str().unwrap().parse().unwrap();
    let entries = server.store.entries(&account, 0, 1_000).await.unwrap();
    let json = serde_json::to_value(entries).unwrap();
    let ended = json.as_array().unwrap().iter().find(|entry| {
        entry["event"]["kind"] == "leg_ended" && entry["event"]["action_id"] == done["action_id"]
    });
    credits(&ended.unwrap()["event"]["end"]["absorbed"])
}

#[tokio::test]
async fn stop_costs_what_was_produced() {
    for (store, honest) in [(STORES[0], false), (STORES[1], false), (STORES[0], true)] {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        *server.scripted.honest_when_cancelled.lock().unwrap() = honest;
        server.scripted.set(MODEL, &[Step::Say("The Nile is"), Step::Wait, Step::Say(" long")]);
        let view = client.send(&client.compose("direct", &[MODEL], TEXT).await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |_| true).await;
        let stopped = client.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
        assert_eq!(stopped.status, 202);
        let done = events.wait_for("done", |_| true).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!((&leg["status"], &leg["text"]), (&json!("stopped"), &json!("The Nile is")));
        let (used, source) = if honest {
            (usage(20, 2, 1), "reported")
        } else {
            (usage(tokens(TEXT), tokens("The Nile is"), 0), "counted")
        };
        assert_eq!(credits(&leg["charge"]), price(MODEL, &used));
        assert_eq!(outcome(&done)["usage_source"], source);
        // Pressed again, nothing changes.
        let again = client.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
        assert_eq!((again.status, again.body), (202, done));
    }
}

#[tokio::test]
async fn stop_without_output_costs_nothing() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        server.scripted.set(MODEL, &[Step::Wait, Step::Say("late")]);
        let view = client.send(&client.compose("direct", &[MODEL], TEXT).await).await;
        client.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
        let done = client.ended(&view).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("stopped"), &json!("0")));
        assert_eq!(outcome(&done)["reason"], "stopped");
    }
}

#[tokio::test]
async fn one_leg_of_a_comparison_can_be_stopped() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let slow = [Step::Say("slow"), Step::Wait, Step::Say("er"), Step::Finish(Finish::Completed)];
    server.scripted.set(MODEL, &slow);
    server.scripted.set("claude-haiku-5-5", &slow);
    let send = client.compose("compare", &[MODEL, "claude-haiku-5-5"], TEXT).await;
    let view = client.send(&send).await;
    let mut events = client.events(&format!("{}/events", action_path(&view))).await;
    for leg in [0, 1] {
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |data| data["leg"] == leg).await;
    }
    let unknown = client.post(&format!("{}/stop", action_path(&view)), &json!({"leg": 2})).await;
    assert_eq!((unknown.status, &unknown.body["path"]), (404, &json!("leg")));
    client.post(&format!("{}/stop", action_path(&view)), &json!({ "leg": 1 })).await;
    events.wait_for("leg", |data| data["leg"] == 1 && data["status"] == "stopped").await;
    server.scripted.let_through(1);
    let done = events.wait_for("done", |_| true).await;
    let statuses = [&done["legs"][0]["status"], &done["legs"][1]["status"]];
    assert_eq!(statuses, [&json!("completed"), &json!("stopped")]);
    assert_eq!(done["legs"][0]["text"], "slower");
}

#[tokio::test]
async fn a_cut_off_answer_costs_the_exact_price() {
    for (finish, status) in [(Finish::Length, "length"), (Finish::ContentFilter, "content_filter")]
    {
        let server = TestServer::start(STORES[0]).await;
        let client = server.guest().await;
        let before = client.available().await;
        let steps = [Step::Say("The Nile"), Step::Use(30, 4, 2), Step::Finish(finish)];
        server.scripted.set(MODEL, &steps);
        let done = client.ask("direct", &[MODEL], TEXT).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!(leg["status"], status);
        assert_eq!(credits(&leg["charge"]), price(MODEL, &usage(30, 4, 2)));
    }
}

#[tokio::test]
async fn missing_usage_is_counted_at_the_lower_ratio_and_said() {
    for model in [MODEL, "claude-haiku-5-5"] {
        let server = TestServer::start(STORES[0]).await;
        let client = server.guest().await;
        let before = client.available().await;
        let answer = "The Nile is the longest river of Africa, and perhaps of the world.";
        let thought = "They ask about rivers.";
        let steps = [Step::Think(thought), Step::Say(answer), Step::Finish(Finish::Completed)];
        server.scripted.set(model, &steps);
        let done = client.ask("direct", &[model], TEXT).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!(leg["status"], "completed");
        assert_eq!(outcome(&done)["usage_source"], "counted");
        let book = book();
        let ModelKind::Text(text) = &book.book.model(&model.parse().unwrap()).unwrap().kind else {
            panic!("`{model}` writes no text");
        };
        let own = |said: &str| {
            let all = tokens(said);
            text.encoding.low(Counted { all, latin: all })
        };
        let counted = usage(own(TEXT), own(answer), own(thought));
        assert_eq!(credits(&leg["charge"]), price(model, &counted), "{model}");
    }
}

#[tokio::test]
async fn an_answer_is_finished_where_the_browser_went_away() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let steps = [
            Step::Say("one "),
            Step::Wait,
            Step::Say("two"),
            Step::Use(9, 3, 0),
            Step::Finish(Finish::Completed),
        ];
        server.scripted.set(MODEL, &steps);
        let view = client.send(&client.compose("direct", &[MODEL], TEXT).await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |_| true).await;
        drop(events);
        let mut balance = client.events("/api/events").await;
        server.scripted.let_through(1);
        balance.wait_for("balance", |data| data["standing"]["held"] == "0").await;
        let conversation = view["conversation_id"].as_str().unwrap();
        let opened = client.get(&format!("/api/conversations/{conversation}")).await.body;
        assert_eq!(opened["messages"][1]["text"], "one two", "{store:?}");
        assert_eq!(opened["messages"][1]["status"], "completed");
        let charge = credits(&opened["messages"][1]["charge"]);
        assert_eq!(charge, price(MODEL, &usage(9, 3, 0)));
    }
}

#[tokio::test]
async fn a_comparison_costs_the_legs_that_worked() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        server.scripted.refuse("gpt-6.1-sol");
        server.scripted.set("claude-haiku-5-5", &[Step::Say("half"), Step::Fail]);
        let models = [MODEL, "claude-haiku-5-5", "gpt-6.1-sol"];
        let done = client.ask("compare", &models, TEXT).await;
        let statuses: Vec<_> =
            done["legs"].as_array().unwrap().iter().map(|leg| leg["status"].clone()).collect();
        assert_eq!(statuses, ["completed", "failed", "refused"]);
        let expected = price(MODEL, &usage(9, 3, 0));
        assert_eq!(client.available().await, before.sub(expected).unwrap(), "{store:?}");
    }
}

#[tokio::test]
async fn routing_falls_back_and_costs_the_model_that_answered() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        // The default model of the policy, then the others in the book's order.
        server.scripted.refuse("gpt-6-luna");
        server.scripted.set("gpt-6.1-sol", &[Step::Fail]);
        let done = client.ask("routing", &[], TEXT).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!(leg["status"], "completed");
        let answered = leg["model"].as_str().unwrap();
        assert_eq!(answered, "claude-sonnet-5-5", "{store:?}");
        assert_eq!(credits(&leg["charge"]), price(answered, &usage(9, 3, 0)));
        assert_eq!(outcome(&done)["model"], answered);
    }
}

#[tokio::test]
async fn routing_does_not_fall_back_once_something_was_shown() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    server.scripted.set("gpt-6-luna", &[Step::Say("I think"), Step::Fail]);
    let done = client.ask("routing", &[], TEXT).await;
    let leg = &done["legs"][0];
    assert_eq!((&leg["status"], &leg["charge"]), (&json!("failed"), &json!("0")));
    assert_eq!((&leg["model"], &leg["text"]), (&json!("gpt-6-luna"), &json!("I think")));
}

#[tokio::test]
async fn a_provider_is_given_the_bound_that_was_held() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let mut send = client.compose("direct", &[MODEL], TEXT).await;
    send["output_tokens_max"] = json!(77);
    client.ended(&client.send(&send).await).await;
    let asked = server.scripted.asked().await;
    assert_eq!(asked.output_tokens_max, 77);
    assert_eq!(asked.model.as_str(), MODEL);
}

#[tokio::test]
async fn what_costs_more_than_its_hold_is_borne_by_the_platform() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let before = client.available().await;
    let steps = [Step::Say("much"), Step::Use(9, 9_000_000, 0), Step::Finish(Finish::Completed)];
    server.scripted.set(MODEL, &steps);
    let done = client.ask("direct", &[MODEL], TEXT).await;
    let leg = only_leg(&client, before, &done).await;
    assert_eq!(leg["charge"], done["hold"], "never above what was promised");
    assert!(credits(&outcome(&done)["absorbed"]).is_positive());
}

#[tokio::test]
async fn an_answer_without_end_is_cut_before_its_hold_expires() {
    // Two seconds of hold leave the answer nine tenths of it in real time.
    let book = common::book_with(&[("/tasks/0/hold_seconds_max", json!(2))]);
    let server = TestServer::start_with(STORES[0], book, common::config()).await;
    let client = server.guest().await;
    let before = client.available().await;
    server.scripted.set(MODEL, &[Step::Say("and so on"), Step::Wait]);
    let done = client.ask("direct", &[MODEL], TEXT).await;
    let leg = only_leg(&client, before, &done).await;
    assert_eq!((&leg["status"], &leg["charge"]), (&json!("failed"), &json!("0")));
}

#[tokio::test]
async fn r26_a_running_answer_renews_its_hold() {
    let config = Config { renew_every: Duration::from_millis(10), ..common::config() };
    let server = TestServer::start_with(STORES[0], book(), config).await;
    let client = server.guest().await;
    let before = client.available().await;
    let steps = [Step::Say("The Nile"), Step::Wait, Step::Finish(Finish::Completed)];
    server.scripted.set(MODEL, &steps);
    let mut balance = client.events("/api/events").await;
    let view = client.send(&client.compose("direct", &[MODEL], TEXT).await).await;
    let sent = balance.wait_for("balance", |data| data["standing"]["held"] != "0").await;
    let mut version = sent["version"].as_u64();
    // Three times nearly a time to live passes, and each time a renewal comes.
    for _ in 0..3 {
        server.clock.advance_seconds(HOLD_TTL_SECONDS - 1);
        let renewed = balance.wait_for("balance", |data| data["version"].as_u64() > version).await;
        assert_eq!(renewed["standing"]["held"], sent["standing"]["held"]);
        version = renewed["version"].as_u64();
    }
    server.scripted.let_through(1);
    let leg = only_leg(&client, before, &client.ended(&view).await).await;
    assert_eq!((&leg["status"], &leg["text"]), (&json!("completed"), &json!("The Nile")));
}

#[tokio::test]
async fn stop_ends_what_no_process_runs_any_more() {
    for store in STORES {
        // This process answers and does not renew, as one that was killed.
        let config = Config { renew_every: Duration::from_secs(3_600), ..common::config() };
        let server = TestServer::start_with(store, book(), config).await;
        let mut client = server.guest().await;
        let before = client.available().await;
        server.scripted.set(MODEL, &[Step::Say("The Nile"), Step::Wait]);
        let view = client.send(&client.compose("direct", &[MODEL], TEXT).await).await;
        let other = server.beside().await;
        client.base = format!("http://{}", other.address());
        let stop = format!("{}/stop", action_path(&view));
        let soon = client.post(&stop, &json!({})).await;
        assert_eq!((soon.status, &soon.body["status"]), (202, &json!("running")), "it may run");

        server.clock.advance_seconds(HOLD_TTL_SECONDS / 2);
        let stopped = client.post(&stop, &json!({})).await;
        assert_eq!((stopped.status, &stopped.body["status"]), (202, &json!("ended")));
        assert_eq!(outcome(&stopped.body)["reason"], "lost");
        assert_eq!(client.available().await, before, "it cost nothing");
        server.scripted.let_through(1);
        other.stop().await.unwrap();
    }
}
