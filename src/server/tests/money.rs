//! Who may send: one of many at once, once for one id, at the price that was shown, with credits.
#![expect(clippy::indexing_slicing, reason = "what is not there fails the test")]

#[cfg(test)]
mod common;

use common::client::{Client, action_path, credits, new_id};
use common::provider::Step;
use common::{STORES, TestServer, book, book_with, config};
use futures::future::join_all;
use kumari_engine::denial::DenialCode;
use kumari_engine::id::ActionId;
use kumari_engine::payment::Payment;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::settle::Finish;
use kumari_store::LedgerError;
use serde_json::{Value, json};

const MODEL: &str = "gpt-6-luna";

/// A book whose free credits are exactly the price that a short message is held at.
async fn book_with_credits_for_one() -> PublishedBook {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let send = client.compose("direct", &[MODEL], "Hello!").await;
    book_with(&[("/plans/0/credits", send["quote"]["high"].clone())])
}

/// Spends everything: the model uses far more than was held.
async fn spend_all(server: &TestServer, client: &Client) {
    let steps = [Step::Say("x"), Step::Use(9, 9_000_000, 0), Step::Finish(Finish::Completed)];
    server.scripted.set(MODEL, &steps);
    while client.available().await.is_positive() {
        let done = client.ask("direct", &[MODEL], "Hello!").await;
        assert_eq!(done["legs"][0]["status"], "completed");
    }
    server.scripted.set(MODEL, &[Step::Say("ok"), Step::Finish(Finish::Completed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r21_of_64_sends_with_credits_for_one_exactly_one_is_admitted() {
    let book = book_with_credits_for_one().await;
    for store in STORES {
        let server = TestServer::start_with(store, book.clone(), config()).await;
        let client = server.guest().await;
        // It runs until all have been answered, so nothing comes back in between.
        server.scripted.set(MODEL, &[Step::Wait, Step::Say("x"), Step::Finish(Finish::Completed)]);
        let quoted = client.compose("direct", &[MODEL], "Hello!").await;
        let sends = (0..64).map(|_| {
            let mut send = quoted.clone();
            send["action_id"] = json!(new_id());
            send["conversation_id"] = json!(new_id());
            let client = client.clone();
            async move { client.post("/api/actions", &send).await }
        });
        let replies = join_all(sends).await;
        let of = |status| replies.iter().filter(|reply| reply.status == status).count();
        assert_eq!((of(201), of(402)), (1, 63), "{store:?}");
        let codes = replies.iter().filter(|reply| reply.status == 402);
        for reply in codes {
            assert_eq!(reply.body["code"], "credits_held", "{reply:?}");
        }
        let standing = client.balance().await["standing"].clone();
        assert_eq!(standing["available"], "0");
        assert_eq!(standing["held"], quoted["quote"]["high"]);
        assert_eq!(standing["open_holds"], 1);
        server.scripted.let_through(1);
    }
}

#[tokio::test]
async fn r27_the_same_send_again_gets_the_same_answer_and_no_second_hold() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        server.scripted.set(MODEL, &[Step::Say("x"), Step::Wait, Step::Finish(Finish::Completed)]);
        let send = client.compose("direct", &[MODEL], "Hello!").await;
        let first = client.send(&send).await;
        let version = client.balance().await["version"].clone();
        let again = client.post("/api/actions", &send).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.body["action_id"], first["action_id"]);
        assert_eq!(again.body["hold"], first["hold"]);

        let mut requoted = send.clone();
        requoted["quote"]["high"] = json!("0.01");
        assert_eq!(client.post("/api/actions", &requoted).await.status, 200, "{store:?}");
        let mut other = send.clone();
        other["models"] = json!(["gpt-6.1-sol"]);
        let other = client.post("/api/actions", &other).await;
        assert_eq!((other.status, &other.body["code"]), (409, &json!("action_id_reused")));
        assert_eq!(client.balance().await["version"], version, "nothing was written");

        server.scripted.let_through(1);
        let done = client.ended(&first).await;
        let after = client.post("/api/actions", &send).await;
        assert_eq!((after.status, after.body), (200, done));
    }
}

#[tokio::test]
async fn r20_a_changed_book_shows_its_price_before_it_is_charged() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let mut events = client.events("/api/events").await;
        events.wait_for("price_book", |_| true).await;
        let mut send = client.compose("direct", &[MODEL], "Hello!").await;
        let dearer = book_with(&[("/tasks/0/offers/0/per_request", json!("0.3"))]);
        server.publish(&dearer).await;
        let told = events.wait_for("price_book", |_| true).await;
        assert_eq!(told["version"], dearer.version.as_str());

        let before = client.balance().await;
        let reply = client.post("/api/actions", &send).await;
        assert_eq!((reply.status, &reply.body["code"]), (409, &json!("price_changed")));
        let estimate = &reply.body["denial"]["estimate"];
        assert_eq!(estimate["price_book"], dearer.version.as_str());
        assert!(credits(&estimate["high"]) > credits(&send["quote"]["high"]));
        assert_eq!(client.balance().await["version"], before["version"], "nothing held");

        send["quote"]["price_book"] = estimate["price_book"].clone();
        send["quote"]["high"] = estimate["high"].clone();
        let view = client.send(&send).await;
        let done = client.ended(&view).await;
        assert_eq!(done["receipt"]["price_book"], dearer.version.as_str(), "{store:?}");
    }
}

#[tokio::test]
async fn an_answer_is_charged_by_the_book_that_it_was_sent_with() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let steps = [Step::Say("x"), Step::Wait, Step::Use(9, 3, 0), Step::Finish(Finish::Completed)];
    server.scripted.set(MODEL, &steps);
    let view = client.send(&client.compose("direct", &[MODEL], "Hello!").await).await;
    let dearer = book_with(&[("/tasks/0/offers/0/per_request", json!("0.3"))]);
    server.publish(&dearer).await;
    server.scripted.let_through(1);
    let done = client.ended(&view).await;
    assert_eq!(done["receipt"]["price_book"], book().version.as_str());
    assert!(credits(&done["receipt"]["charge"]) < "0.3".parse().unwrap());
}

#[tokio::test]
async fn r14_at_zero_sending_is_paused_with_two_ways_on_and_e08_goes_on_after_a_top_up() {
    let book = book_with(&[("/plans/0/credits", json!("3"))]);
    for store in STORES {
        let server = TestServer::start_with(store, book.clone(), config()).await;
        let client = server.guest().await;
        spend_all(&server, &client).await;
        let send = client.compose("direct", &[MODEL], "One more?").await;
        let denied = client.post("/api/actions", &send).await;
        assert_eq!((denied.status, &denied.body["code"]), (402, &json!("credits_exhausted")));
        let ways: Vec<&Value> =
            denied.body["remedies"].as_array().unwrap().iter().map(|way| &way["kind"]).collect();
        assert_eq!(ways, ["upgrade_to_pro", "buy_pack"], "{store:?}");

        // Reading does not depend on credits.
        let listed = client.get("/api/conversations").await;
        assert_eq!(listed.status, 200);
        let id = listed.body["conversations"][0]["id"].as_str().unwrap();
        assert_eq!(client.get(&format!("/api/conversations/{id}")).await.status, 200);

        let top_up = json!({ "action_id": new_id(), "usd": 10 });
        assert_eq!(client.post("/api/top-ups", &top_up).await.status, 201);
        let view = client.send(&send).await;
        assert_eq!(client.ended(&view).await["legs"][0]["status"], "completed");
        assert_eq!(client.post("/api/actions", &send).await.status, 200, "no second hold");
    }
}

#[tokio::test]
async fn a_lack_of_credits_names_cheaper_choices() {
    let book = book_with(&[("/plans/0/credits", json!("1"))]);
    let server = TestServer::start_with(STORES[0], book, config()).await;
    let client = server.guest().await;
    let send = client.compose("direct", &["gpt-6-astra"], "Hello!").await;
    let denied = client.post("/api/actions", &send).await;
    assert_eq!((denied.status, &denied.body["code"]), (402, &json!("credits_insufficient")));
    let remedies = denied.body["remedies"].as_array().unwrap();
    assert!(remedies.iter().any(|remedy| remedy["kind"] == "cheaper"), "{remedies:?}");
    assert!(remedies.iter().any(|remedy| remedy["kind"] == "buy_pack"));
}

#[tokio::test]
async fn what_an_expired_hold_reserved_is_back_at_its_deadline() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        server.scripted.set(MODEL, &[Step::Say("half"), Step::Wait]);
        let view = client.send(&client.compose("direct", &[MODEL], "Hello!").await).await;
        let mut answer = client.events(&format!("{}/events", action_path(&view))).await;
        answer.wait_for("delta", |_| true).await;
        let mut events = client.events("/api/events").await;
        events.wait_for("balance", |data| data["standing"]["held"] != "0").await;
        server.clock.advance_seconds(900);
        let balance = events.wait_for("balance", |data| data["standing"]["held"] == "0").await;
        assert_eq!(balance["standing"]["available"], "100", "{store:?}");
        let opened = format!("/api/conversations/{}", view["conversation_id"].as_str().unwrap());
        let opened = client.get(&opened).await.body;
        assert_eq!(opened["messages"][1]["status"], "expired");
        assert_eq!(opened["messages"][1]["charge"], "0");
    }
}

#[tokio::test]
async fn only_so_many_answers_of_one_account_run_at_once() {
    let mut config = config();
    config.limits.account_answers_max = 1;
    let server = TestServer::start_with(STORES[0], book(), config).await;
    let client = server.guest().await;
    server.scripted.set(MODEL, &[Step::Wait, Step::Say("x"), Step::Finish(Finish::Completed)]);
    let first = client.send(&client.compose("direct", &[MODEL], "Hello!").await).await;
    let second = client.compose("direct", &[MODEL], "Hello!").await;
    let refused = client.post("/api/actions", &second).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("too_many_open")));
    server.scripted.let_through(2);
    client.ended(&first).await;
    client.ended(&client.send(&second).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_sends_get_no_further_than_the_limit_of_running_answers() {
    let mut config = config();
    config.limits.account_answers_max = 3;
    let server = TestServer::start_with(STORES[0], book(), config).await;
    let client = server.guest().await;
    server.scripted.set(MODEL, &[Step::Wait, Step::Say("x"), Step::Finish(Finish::Completed)]);
    let mut composed = Vec::new();
    for _ in 0..20 {
        composed.push(client.compose("direct", &[MODEL], "Hello!").await);
    }
    let sends = composed.iter().map(|send| client.post("/api/actions", send));
    let replies = join_all(sends).await;
    let of = |status| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((of(201), of(429)), (3, 17));
    assert_eq!(client.balance().await["standing"]["open_holds"], 3);
    server.scripted.let_through(3);
}

/// A second tab presses Stop while the send is still on its way: it is never forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_the_instant_of_the_send_is_heard() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    // Nothing lets it through: only the Stop can end it.
    server.scripted.set(MODEL, &[Step::Wait, Step::Say("x"), Step::Finish(Finish::Completed)]);
    for _ in 0..25 {
        let send = client.compose("direct", &[MODEL], "Hello!").await;
        let stop = format!("/api/actions/{}/stop", send["action_id"].as_str().unwrap());
        let stopped = async {
            while client.post(&stop, &json!({})).await.status != 202 {
                tokio::task::yield_now().await;
            }
        };
        let (sent, ()) = tokio::join!(client.post("/api/actions", &send), stopped);
        assert_eq!(sent.status, 201, "{sent:?}");
        let ended = client.ended(&sent.body).await;
        assert_eq!(ended["legs"][0]["status"], "stopped");
        assert_eq!(client.balance().await["standing"]["available"], "100");
    }
}

#[tokio::test]
async fn what_a_payment_provider_says_later_reaches_who_bought() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let (client, other) = (server.guest().await, server.guest().await);
        let top_up = json!({ "action_id": new_id(), "usd": 10 });
        let payment: ActionId = top_up["action_id"].as_str().unwrap().parse().unwrap();
        let refunded = Payment::Refunded { payment: payment.clone(), usd_cents: 250 };
        let unknown = server.server.pay(refunded.clone()).await;
        let Err(LedgerError::Denied(denial)) = unknown else { panic!("{unknown:?}") };
        assert_eq!((denial.code, denial.transient), (DenialCode::PaymentUnknown, true));

        assert_eq!(client.post("/api/top-ups", &top_up).await.status, 201);
        let taken = other.post("/api/top-ups", &top_up).await;
        assert_eq!((taken.status, &taken.body["code"]), (409, &json!("payment_conflict")));
        assert_eq!(other.balance().await["standing"]["available"], "100", "{store:?}");

        let mut events = client.events("/api/events").await;
        for _ in 0..2 {
            server.server.pay(refunded.clone()).await.unwrap();
        }
        let after = |data: &Value| data["standing"]["available"] == "850";
        events.wait_for("balance", after).await;
        let disputed =
            Payment::Disputed { payment, dispute: "dispute-1".parse().unwrap(), usd_cents: 1_000 };
        server.server.pay(disputed).await.unwrap();
        let send = client.compose("direct", &[MODEL], "Hello!").await;
        let denied = client.post("/api/actions", &send).await;
        assert_eq!((denied.status, &denied.body["code"]), (402, &json!("payment_disputed")));
    }
}
