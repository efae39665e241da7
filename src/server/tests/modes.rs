//! Work beyond one answer, over HTTP: documents that are worked through, steps, searches. What each
//! costs is the engine's price of the usage that was told, inside what was estimated.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, action_path, credits, new_id};
use common::files::{MODEL, PNG, put};
use common::provider::{Step, usage, used};
use common::{STORES, TestServer, book, input_tokens};
use kumari_documents::as_sent;
use kumari_engine::amount::Credits;
use kumari_engine::encoding::Counted;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::price_book::ModelKind;
use kumari_engine::rating;
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use kumari_store::StepKind;
use serde_json::{Value, json};

const ASKED: &str = "What does it say of the rent?";
const LEASE: &str = "The rent is 1450 euros a month. Pets need consent.";

/// What this usage costs, by the engine.
fn price(task: Task, usage: &Usage) -> Credits {
    let book = book();
    let price = book.book.price(task, &MODEL.parse().unwrap()).unwrap();
    rating::charge(&price, usage).unwrap()
}

fn with(usage: &Usage, more: &[(Meter, u64)]) -> Usage {
    Usage::new(usage.iter().chain(more.iter().copied())).unwrap()
}

/// The estimate of that work, and a send that quotes it.
async fn compose(client: &Client, task: &str, files: &[&String], request: Value) -> (Value, Value) {
    let mut all = json!({ "task": task, "models": [MODEL], "messages": 1 });
    for (field, value) in request.as_object().unwrap() {
        all[field] = value.clone();
    }
    let told = client.post("/api/estimate", &json!({ "request": all })).await;
    assert_eq!(told.body["eligibility"]["verdict"], "allowed", "{told:?}");
    let send = json!({
        "action_id": new_id(),
        "conversation_id": new_id(),
        "task": task,
        "models": [MODEL],
        "text": ASKED,
        "files": files,
        "quote": {
            "price_book": told.body["estimate"]["price_book"],
            "rules": kumari_engine::RULES_VERSION,
            "high": told.body["eligibility"]["hold"],
            "caps": told.body["eligibility"]["caps"],
        },
    });
    (told.body["estimate"].clone(), send)
}

/// A lease of one page, and the estimate and send that work through it.
async fn with_lease(client: &Client) -> (Value, Value) {
    let (id, lease) = put(client, "lease.txt", LEASE.as_bytes()).await;
    assert_eq!(lease["content"]["pages"], 1);
    let counted = input_tokens(&[ASKED, &as_sent("lease.txt", LEASE)]);
    compose(client, "file_processing", &[&id], json!({ "input_tokens": counted, "pages": 1 })).await
}

fn lies_within(charge: Credits, estimate: &Value) {
    let (low, high) = (credits(&estimate["low"]), credits(&estimate["high"]));
    assert!(low <= charge && charge <= high, "{low} <= {charge} <= {high}");
}

#[tokio::test]
async fn r08_pages_of_documents_are_counted_by_the_server_and_charged() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let (estimate, send) = with_lease(&client).await;
        let told = usage(30, 40, 0);
        let script =
            [Step::Say("It is 1450."), Step::Use(30, 40, 0), Step::Finish(Finish::Completed)];
        server.scripted.set(MODEL, &script);
        let view = client.send(&send).await;
        assert_eq!(
            view["hold"], send["quote"]["high"],
            "{store:?}: the server counts as many pages"
        );
        assert_eq!(server.scripted.asked().await.task, Task::FileProcessing);
        let done = client.ended(&view).await;
        let charge = credits(&done["legs"][0]["charge"]);
        assert_eq!(charge, price(Task::FileProcessing, &with(&told, &[(Meter::Pages, 1)])));
        lies_within(charge, &estimate);
        let receipt = &done["receipt"]["legs"][0]["outcome"];
        assert_eq!(receipt["usage"]["pages"], 1, "{store:?}: {receipt}");
    }
}

#[tokio::test]
async fn file_processing_without_a_document_holds_nothing() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let (_, send) = with_lease(&client).await;
    let (picture, _) = put(&client, "a.png", PNG).await;
    let (blank, _) = put(&client, "blank.txt", b"\xef\xbb\xbf").await;
    for files in [json!([]), json!([picture]), json!([blank])] {
        let mut send = send.clone();
        send["files"] = files.clone();
        let refused = client.post("/api/actions", &send).await;
        assert_eq!(refused.status, 422, "{files}: {refused:?}");
        assert_eq!(refused.body["path"], "files", "{refused:?}");
        assert!(refused.body["detail"].as_str().unwrap().contains("attach one"), "{refused:?}");
    }
    assert_eq!(client.balance().await["standing"]["held"], "0");
    let sent = client.send(&send).await;
    assert_eq!(client.ended(&sent).await["status"], "ended", "the same id is free for it");
}

#[tokio::test]
async fn a_stopped_reading_costs_its_pages_once_it_said_something() {
    for (says, pages) in [(true, 1), (false, 0)] {
        let server = TestServer::start(STORES[0]).await;
        let client = server.guest().await;
        *server.scripted.honest_when_cancelled.lock().unwrap() = true;
        let mut script = vec![Step::Accept, Step::Wait];
        if says {
            script.insert(1, Step::Say("It is"));
        }
        server.scripted.set(MODEL, &script);
        let (_, send) = with_lease(&client).await;
        let view = client.send(&send).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        if says {
            events.wait_for("delta", |_| true).await;
        } else {
            server.scripted.asked().await;
        }
        client.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
        let done = events.wait_for("done", |_| true).await;
        let charge = credits(&done["legs"][0]["charge"]);
        // What the provider reports when it is cancelled.
        let used = with(&usage(20, 2, 1), &[(Meter::Pages, pages)]);
        let expected = if says { price(Task::FileProcessing, &used) } else { Credits::ZERO };
        assert_eq!(charge, expected, "{done}");
    }
}

#[tokio::test]
async fn what_the_provider_does_not_do_is_refused_before_anything_is_held() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let (_, send) = with_lease(&client).await;
    server.scripted.serve_no(Task::FileProcessing);
    let refused = client.post("/api/actions", &send).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (422, &json!("not_offered")),
        "{refused:?}"
    );
    assert_eq!(refused.body["path"], "task");
    assert!(
        refused.body["detail"].as_str().unwrap().contains("use direct, compare"),
        "{refused:?}"
    );
    assert_eq!(client.balance().await["standing"]["held"], "0");
    let tasks = client.clone().begin().await["tasks"].clone();
    assert!(!tasks.as_array().unwrap().contains(&json!("file_processing")), "{tasks}");
}

/// What one after another was told of the steps of an action, and of what it costs so far.
struct Told {
    steps: Vec<Value>,
    costs: Vec<Credits>,
    at_most: Value,
}

/// The estimate of that work without documents, and a send that quotes it.
async fn plain(client: &Client, task: &str) -> (Value, Value) {
    compose(client, task, &[], json!({ "input_tokens": input_tokens(&[ASKED]) })).await
}

#[tokio::test]
async fn r10_work_in_steps_is_told_as_it_is_done_and_charged_as_it_was_used() {
    let works = [
        ("agent", Task::Agent, StepKind::Step, (2, 0)),
        ("deep_research", Task::DeepResearch, StepKind::Search, (0, 2)),
        ("finance_search", Task::FinanceSearch, StepKind::Search, (0, 2)),
        ("social_search", Task::SocialSearch, StepKind::Search, (0, 2)),
    ];
    for (store, (name, task, kind, (steps, searches))) in
        STORES.into_iter().flat_map(|store| works.map(|work| (store, work)))
    {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        let half = [steps, searches].map(|count| count / 2);
        let script = [
            Step::Begin(0, kind, "one"),
            Step::Done(0, kind, "one", "first"),
            Step::SoFar(40, 0, half[0], half[1]),
            Step::Begin(1, kind, "two"),
            Step::Done(1, kind, "two", "second"),
            Step::Say("Done."),
            Step::SoFar(90, 20, steps, searches),
            Step::UseAll(90, 20, steps, searches),
            Step::Finish(Finish::Completed),
        ];
        server.scripted.set(MODEL, &script);
        let (estimate, send) = plain(&client, name).await;
        let view = client.send(&send).await;
        assert_eq!(view["hold"], send["quote"]["high"], "{store:?} {name}");
        let asked = server.scripted.asked().await;
        let bounds = &estimate["legs"][0]["candidates"][0]["bounds"];
        assert_eq!(asked.task, task);
        assert_eq!(json!(asked.steps_max), bounds.get("steps_max").cloned().unwrap_or(json!(0)));
        let searches_max = bounds.get("searches_max").cloned().unwrap_or(json!(0));
        assert_eq!(json!(asked.searches_max), searches_max);
        assert!(asked.round_input_tokens_max > 0);

        let done = client.ended(&view).await;
        let told = told(&client, &view).await;
        let step = |place: u32, title: &str, found: Value| {
            let kind = serde_json::to_value(kind).unwrap();
            let mut step = json!({ "kind": kind, "title": title });
            if !found.is_null() {
                step["found"] = found;
            }
            json!({ "leg": 0, "place": place, "step": step })
        };
        let expected = [
            step(0, "one", json!(null)),
            step(0, "one", json!("first")),
            step(1, "two", json!(null)),
            step(1, "two", json!("second")),
        ];
        let charge = credits(&done["legs"][0]["charge"]);
        let used = |counts: [u64; 2], input, output| used(input, output, counts[0], counts[1]);
        assert_eq!(charge, price(task, &used([steps, searches], 90, 20)), "{store:?} {name}");
        lies_within(charge, &estimate);
        assert_eq!(client.available().await, before.sub(charge).unwrap());
        // Told again from the beginning it is the same; the running cost never exceeds the charge.
        if !told.steps.is_empty() {
            let ended: Vec<Value> = expected
                .iter()
                .filter(|one| one["step"]["found"] != json!(null))
                .cloned()
                .collect();
            assert_eq!(told.steps, ended, "what is stored");
        }
        let opened = client
            .get(&format!("/api/conversations/{}", view["conversation_id"].as_str().unwrap()))
            .await;
        let kept = &opened.body["messages"][1]["steps"];
        assert_eq!(kept[0], expected[1]["step"], "{store:?} {name}");
        assert_eq!(kept[1], expected[3]["step"]);
        assert_eq!(done["legs"][0]["steps"], *kept);
        assert_eq!(done["legs"][0].get("so_far"), None, "it has a charge instead");
        assert!(told.costs.iter().all(|cost| *cost <= charge) && told.at_most.is_null());
    }
}

/// All that an action's events tell, from their beginning.
async fn told(client: &Client, view: &Value) -> Told {
    let mut told = Told { steps: Vec::new(), costs: Vec::new(), at_most: Value::Null };
    let mut events = client.events(&format!("{}/events", action_path(view))).await;
    for event in events.all().await {
        match event.name.as_str() {
            "step" => told.steps.push(event.data),
            "cost" => {
                told.costs.push(credits(&event.data["so_far"]));
                told.at_most = event.data["at_most"].clone();
            }
            _ => {}
        }
    }
    told
}

#[tokio::test]
async fn the_running_cost_is_the_price_of_what_was_used_so_far() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let script = [
        Step::Done(0, StepKind::Step, "one", "first"),
        Step::SoFar(40, 0, 1, 0),
        Step::Wait,
        Step::Say("Done."),
        // More than was held: no more than that is told.
        Step::SoFar(9_000_000, 20, 2, 0),
        Step::Wait,
        Step::UseAll(90, 20, 2, 0),
        Step::Finish(Finish::Completed),
    ];
    server.scripted.set(MODEL, &script);
    let (_, send) = plain(&client, "agent").await;
    let view = client.send(&send).await;
    let mut events = client.events(&format!("{}/events", action_path(&view))).await;
    let first = events.wait_for("cost", |_| true).await;
    assert_eq!(first, json!({ "leg": 0, "so_far": "0", "at_most": view["hold"] }));
    let step = events.wait_for("step", |_| true).await;
    assert_eq!(step["step"]["found"], "first");
    let second = events.wait_for("cost", |_| true).await;
    assert_eq!(credits(&second["so_far"]), price(Task::Agent, &used(40, 0, 1, 0)));
    let shown = client.get(&action_path(&view)).await.body;
    assert_eq!(shown["legs"][0]["so_far"], second["so_far"], "{shown}");
    server.scripted.let_through(1);
    let third = events.wait_for("cost", |_| true).await;
    assert_eq!(third["so_far"], view["hold"]);
    server.scripted.let_through(1);
    let done = events.wait_for("done", |_| true).await;
    assert_eq!(credits(&done["legs"][0]["charge"]), price(Task::Agent, &used(90, 20, 2, 0)));
}

#[tokio::test]
async fn a_stop_between_steps_costs_what_was_done_and_keeps_it() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let script = [
            Step::Done(0, StepKind::Search, "one", "first"),
            Step::SoFar(40, 0, 0, 1),
            Step::Begin(1, StepKind::Search, "two"),
            Step::Wait,
        ];
        server.scripted.set(MODEL, &script);
        let (_, send) = plain(&client, "deep_research").await;
        let view = client.send(&send).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("step", |said| said["place"] == 1).await;
        client.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
        let done = events.wait_for("done", |_| true).await;
        // It reported nothing at its end, so what was visible is counted: a search was done.
        let receipt = &done["receipt"]["legs"][0]["outcome"];
        assert_eq!(receipt["usage"]["searches"], 1, "{receipt}");
        assert_eq!(
            (&receipt["usage_source"], &receipt["finish"]),
            (&json!("counted"), &json!("stopped"))
        );
        let visible = used(low_of(ASKED), 0, 0, 1);
        assert_eq!(credits(&done["legs"][0]["charge"]), price(Task::DeepResearch, &visible));
        let steps = &done["legs"][0]["steps"];
        assert_eq!(
            (&steps[0]["found"], steps[1].get("found")),
            (&json!("first"), None),
            "{store:?}"
        );
        let path = format!("/api/conversations/{}", view["conversation_id"].as_str().unwrap());
        assert_eq!(client.get(&path).await.body["messages"][1]["steps"], *steps);
    }
}

/// The fewest tokens that the model may make of a text.
fn low_of(text: &str) -> u64 {
    let book = book();
    let model = book.book.model(&MODEL.parse().unwrap()).unwrap();
    let ModelKind::Text(facts) = &model.kind else { panic!("a text model") };
    let counted = input_tokens(&[text]);
    let count = |kind: &str| counted[kind].as_u64().unwrap();
    facts.encoding.low(Counted { all: count("o200k_base"), latin: count("o200k_base_latin") })
}

#[tokio::test]
async fn a_step_that_was_only_begun_costs_nothing() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    server.scripted.set(MODEL, &[Step::Begin(0, StepKind::Step, "one"), Step::Wait]);
    let (_, send) = plain(&client, "agent").await;
    let view = client.send(&send).await;
    let mut events = client.events(&format!("{}/events", action_path(&view))).await;
    events.wait_for("step", |_| true).await;
    client.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
    let done = events.wait_for("done", |_| true).await;
    assert_eq!(
        (&done["legs"][0]["status"], &done["legs"][0]["charge"]),
        (&json!("stopped"), &json!("0"))
    );
}

#[tokio::test]
async fn a_failure_after_steps_is_void_and_they_stay_readable() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        let script = [
            Step::Done(0, StepKind::Step, "one", "first"),
            Step::SoFar(40, 0, 1, 0),
            Step::Say("Half"),
            Step::Fail,
        ];
        server.scripted.set(MODEL, &script);
        let (_, send) = plain(&client, "agent").await;
        let view = client.send(&send).await;
        let done = client.ended(&view).await;
        let leg = &done["legs"][0];
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("failed"), &json!("0")), "{store:?}");
        assert_eq!((&leg["text"], &leg["steps"][0]["found"]), (&json!("Half"), &json!("first")));
        assert_eq!(client.available().await, before);
    }
}

#[tokio::test]
async fn steps_that_nobody_asked_for_are_not_shown_and_cost_nothing() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let script = [
        Step::Done(0, StepKind::Step, "one", "first"),
        Step::Say("Hello."),
        Step::Use(9, 3, 0),
        Step::Finish(Finish::Completed),
    ];
    server.scripted.set(MODEL, &script);
    let done = client.ask("direct", &[MODEL], ASKED).await;
    assert_eq!(done["legs"][0].get("steps"), None);
    assert_eq!(credits(&done["legs"][0]["charge"]), price(Task::Direct, &usage(9, 3, 0)));
}
