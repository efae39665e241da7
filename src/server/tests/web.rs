//! What a browser gets around the interface: security headers, the app or a page that says how to
//! build it, and events that can be heard again.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{action_path, new_id};
use common::events::Events;
use common::provider::Step;
use common::{STORES, TestServer};
use kumari_engine::calibration::Calibration;
use kumari_engine::settle::Finish;
use reqwest::Method;
use serde_json::{Value, json};

const MODEL: &str = "gpt-6-luna";

#[tokio::test]
async fn every_response_says_what_a_browser_shall_refuse() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    for path in ["/", "/api/price-book", "/api/balance", "/api/nothing", "/healthz", "/api/events"]
    {
        let response = client.get_raw(path).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'self'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{path}");
        assert_eq!(headers["cross-origin-embedder-policy"], "require-corp", "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn what_belongs_to_a_session_is_kept_by_no_cache() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    for path in ["/api/balance", "/api/conversations", "/api/events", "/api/actions/x"] {
        let response = client.get_raw(path).await;
        assert_eq!(response.headers()["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn paths_that_the_app_routes_give_its_page() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.stranger();
    for path in ["/", "/chat/019ab5f0", "/account"] {
        let response = client.get_raw(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        let page = response.text().await.unwrap();
        assert!(page.contains("<title>"), "{page}");
    }
    assert_eq!(client.get_raw("/assets/none.js").await.status(), 404);
    assert_eq!(client.get_raw("/pkg/none.wasm").await.status(), 404);
    assert_eq!(client.get_raw("/vocabulary/../Cargo.toml").await.status(), 404);
}

#[tokio::test]
async fn the_balance_is_pushed_after_every_committed_change() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let mut events = client.events("/api/events").await;
        let first = events.next().await.unwrap();
        assert_eq!((first.name.as_str(), first.id.as_str()), ("balance", "1"));
        assert_eq!(first.data["standing"]["available"], "100");
        let second = events.next().await.unwrap();
        assert_eq!(second.name, "price_book");
        assert_eq!(second.data["version"], common::book().version.as_str());
        let third = events.next().await.unwrap();
        let nothing = kumari_wire::calibration_version(&Calibration::default()).unwrap();
        assert_eq!(third.name, "calibration");
        assert_eq!(third.data["version"], nothing.as_str());

        let top_up = json!({ "action_id": new_id(), "usd": 10 });
        client.post("/api/top-ups", &top_up).await;
        let pushed = events.next().await.unwrap();
        assert_eq!((pushed.name.as_str(), pushed.id.as_str()), ("balance", "2"), "{store:?}");
        assert_eq!(pushed.data["standing"]["available"], "1100");

        let done = client.ask("direct", &[MODEL], "Hello!").await;
        let mut last = 2;
        let charge = done["receipt"]["charge"].as_str().unwrap();
        let left = "1100".parse::<kumari_engine::amount::Credits>().unwrap();
        let left = left.sub(charge.parse().unwrap()).unwrap().to_string();
        events
            .wait_for("balance", |data| {
                let version = data["version"].as_u64().unwrap();
                assert!(version > last, "never an older one");
                last = version;
                data["standing"]["available"] == left.as_str() && data["standing"]["held"] == "0"
            })
            .await;
    }
}

fn story(events: &[common::events::Event]) -> (String, Vec<String>) {
    let texts = events.iter().filter(|event| event.name == "delta");
    let text = texts.map(|event| event.data["text"].as_str().unwrap()).collect();
    (text, events.iter().map(|event| event.name.clone()).collect())
}

#[tokio::test]
async fn an_answer_can_be_heard_from_the_beginning_or_from_where_one_was() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let steps = [
            Step::Say("one "),
            Step::Wait,
            Step::Say("two "),
            Step::Say("three"),
            Step::Finish(Finish::Completed),
        ];
        server.scripted.set(MODEL, &steps);
        let view = client.send(&client.compose("direct", &[MODEL], "Count!").await).await;
        let path = format!("{}/events", action_path(&view));
        let mut early = client.events(&path).await;
        let began = early.next().await.unwrap();
        assert_eq!((began.name.as_str(), &began.data["status"]), ("leg", &json!("running")));
        let delta = early.next().await.unwrap();
        assert_eq!(delta.data, json!({ "leg": 0, "text": "one " }));
        server.scripted.let_through(1);
        let rest = early.all().await;
        assert_eq!(story(&rest).0, "two three", "{store:?}");
        let (leg, done) = (&rest[rest.len() - 2], &rest[rest.len() - 1]);
        assert_eq!((leg.name.as_str(), &leg.data["status"]), ("leg", &json!("completed")));
        assert_eq!((done.name.as_str(), &done.data["status"]), ("done", &json!("ended")));

        let late = client.events(&path).await.all().await;
        assert_eq!(story(&late).0, "one two three");
        assert_eq!(story(&late).1.last().map(String::as_str), Some("done"));
        assert_eq!(late.last().unwrap().data, done.data);

        let again = client.request(Method::GET, &path).header("last-event-id", &delta.id);
        let again = Events::new(again.send().await.unwrap()).all().await;
        assert_eq!(again.last().unwrap().data, done.data, "who comes back learns the end");
    }
}

#[tokio::test]
async fn who_comes_back_while_it_is_said_hears_only_what_is_new() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let steps = [
        Step::Say("one "),
        Step::Wait,
        Step::Say("two"),
        Step::Wait,
        Step::Finish(Finish::Completed),
    ];
    server.scripted.set(MODEL, &steps);
    let view = client.send(&client.compose("direct", &[MODEL], "Count!").await).await;
    let path = format!("{}/events", action_path(&view));
    let mut events = client.events(&path).await;
    let first = loop {
        let event = events.next().await.unwrap();
        if event.name == "delta" {
            break event;
        }
    };
    drop(events);
    server.scripted.let_through(2);
    let back = client.request(Method::GET, &path).header("last-event-id", &first.id);
    let rest = Events::new(back.send().await.unwrap()).all().await;
    let (text, _) = story(&rest);
    assert!(text == "two" || text.is_empty(), "never what was heard before: {text}");
    assert_eq!(rest.last().unwrap().data["legs"][0]["text"], "one two");
}

#[tokio::test]
async fn who_comes_back_with_a_number_that_never_was_still_learns_the_end() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let steps = [Step::Say("one "), Step::Wait, Step::Finish(Finish::Completed)];
    server.scripted.set(MODEL, &steps);
    let view = client.send(&client.compose("direct", &[MODEL], "Count!").await).await;
    let path = format!("{}/events", action_path(&view));
    client.events(&path).await.wait_for("delta", |_| true).await;
    let back = client.request(Method::GET, &path).header("last-event-id", "999");
    let mut back = Events::new(back.send().await.unwrap());
    server.scripted.let_through(1);
    let done = back.wait_for("done", |_| true).await;
    assert_eq!(done["legs"][0]["text"], "one ");
}

#[tokio::test]
async fn a_stopping_server_lets_answers_finish() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let steps =
            [Step::Say("one "), Step::Wait, Step::Say("two"), Step::Finish(Finish::Completed)];
        server.scripted.set(MODEL, &steps);
        let view = client.send(&client.compose("direct", &[MODEL], "Count!").await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |_| true).await;
        let scripted = std::sync::Arc::clone(&server.scripted);
        let (restarted, done) = tokio::join!(server.restart(common::book()), async {
            scripted.let_through(1);
            events.wait_for("done", |_| true).await
        });
        assert_eq!(done["legs"][0]["text"], "one two", "{store:?}");
        let mut again = restarted.stranger();
        again.cookie = client.cookie.clone();
        let shown = again.get(&action_path(&view)).await;
        assert_eq!(shown.body, done, "{store:?}: the same after a restart");
    }
}

#[tokio::test]
async fn a_stopping_server_gives_back_what_does_not_finish_in_time() {
    let mut config = common::config();
    config.shutdown_grace = std::time::Duration::from_millis(50);
    for store in STORES {
        let server = TestServer::start_with(store, common::book(), config.clone()).await;
        let client = server.guest().await;
        server.scripted.set(MODEL, &[Step::Say("one "), Step::Wait]);
        let view = client.send(&client.compose("direct", &[MODEL], "Count!").await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("delta", |_| true).await;
        let restarted = server.restart(common::book()).await;
        let mut again = restarted.stranger();
        again.cookie = client.cookie.clone();
        let shown: Value = again.get(&action_path(&view)).await.body;
        let leg = &shown["legs"][0];
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("failed"), &json!("0")), "{store:?}");
        assert_eq!(leg["text"], "one ");
        assert_eq!(again.balance().await["standing"]["available"], "100");
    }
}
