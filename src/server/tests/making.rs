//! Pictures, clips and 3D models over HTTP: what each outcome costs, what a restart does, and what is
//! there afterwards.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, action_path, credits, new_id};
use common::media::ScriptedMedia;
use common::program::Program;
use common::{STORES, StoreKind, TestServer, book};
use kumari_engine::amount::Credits;
use kumari_engine::meter::{Meter, Usage};
use kumari_engine::rating;
use kumari_engine::request::Task;
use kumari_server::provider::Provider as _;
use kumari_server::provider_demo::{DemoPace, DemoProvider, DemoSettings};
use kumari_server::provider_media::{MediaCancel, MediaState};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const IMAGES: &str = "flux-pro-1.1-ultra";
const CHEAP_IMAGES: &str = "muse-image-1.0";
const CLIPS: &str = "veo-3.1-fast-generate-001";
const MODELS: &str = "trellis";

async fn server(store: StoreKind) -> (TestServer, Arc<ScriptedMedia>) {
    let server = TestServer::start(store).await;
    let media = Arc::new(ScriptedMedia::default());
    server.scripted.make(media.clone());
    (server, media)
}

/// A send as a composer would make it, with what is asked for besides.
async fn compose(client: &Client, task: &str, model: &str, text: &str, more: Value) -> Value {
    let mut request = json!({ "task": task, "models": [model] });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let told = client.post("/api/estimate", &json!({ "request": request })).await;
    assert_eq!(told.status, 200, "{told:?}");
    let estimate = &told.body["estimate"];
    request.as_object_mut().unwrap().extend(
        json!({
            "action_id": new_id(),
            "conversation_id": new_id(),
            "text": text,
            "quote": {
                "price_book": estimate["price_book"],
                "rules": kumari_engine::RULES_VERSION,
                "high": estimate["high"],
                "caps": {},
            },
        })
        .as_object()
        .unwrap()
        .clone(),
    );
    request
}

async fn pictures(client: &Client, text: &str, count: u32) -> Value {
    compose(client, "image", IMAGES, text, json!({ "images": count })).await
}

/// What so much of a meter costs, by the engine.
fn price(task: Task, model: &str, meter: Meter, count: u64) -> Credits {
    let book = book();
    let price = book.book.price(task, &model.parse().unwrap()).unwrap();
    rating::charge(&price, &Usage::new([(meter, count)]).unwrap()).unwrap()
}

/// The leg of an action that has ended, after checking that the balance fell by its charge.
async fn only_leg(client: &Client, before: Credits, done: &Value) -> Value {
    let leg = done["legs"][0].clone();
    let charge = credits(&leg["charge"]);
    assert_eq!(credits(&done["receipt"]["charge"]), charge);
    assert_eq!(client.available().await, before.sub(charge).unwrap());
    assert_eq!(client.balance().await["standing"]["held"], "0");
    leg
}

/// The answer as its conversation has it.
async fn answer(client: &Client, done: &Value) -> Value {
    let path = format!("/api/conversations/{}", done["conversation_id"].as_str().unwrap());
    client.get(&path).await.body["messages"][1].clone()
}

async fn bytes(client: &Client, file: &Value) -> Vec<u8> {
    let path = format!("/api/files/{}", file["file_id"].as_str().unwrap());
    let response = client.get_raw(&path).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], file["media_type"].as_str().unwrap());
    assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn each_mode_makes_real_files_at_the_engines_price() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let settings = DemoSettings { seed: 1, pace: DemoPace::NONE, failures_per_10_000: 0 };
        let demo = DemoProvider::new(settings, Arc::new(|_, _| unreachable!()));
        server.scripted.make(demo.media().unwrap());
        for (task, name, model, more, meter, count, head) in [
            (
                Task::Image,
                "image",
                IMAGES,
                json!({ "images": 2 }),
                Meter::Images,
                2,
                &b"\x89PNG"[..],
            ),
            (
                Task::Video,
                "video",
                CLIPS,
                json!({ "clip_seconds": 1 }),
                Meter::VideoBlocks,
                1,
                b"\x1a\x45\xdf\xa3",
            ),
            (Task::ThreeD, "three_d", MODELS, json!({}), Meter::ThreeDModels, 1, b"glTF\x02"),
        ] {
            let client = server.guest().await;
            let before = client.available().await;
            let send = compose(&client, name, model, "A red fox, at night", more).await;
            let view = client.send(&send).await;
            let done = client.ended(&view).await;
            let leg = only_leg(&client, before, &done).await;
            assert_eq!(leg["status"], "completed", "{done}");
            assert_eq!(credits(&leg["charge"]), price(task, model, meter, count), "{name}");
            let files = leg["files"].as_array().unwrap();
            assert_eq!(u64::try_from(files.len()).unwrap(), count);
            assert_eq!(answer(&client, &done).await["files"], leg["files"]);
            assert!(files[0]["name"].as_str().unwrap().starts_with("A red fox, at night"));
            let mut all = Vec::new();
            for file in files {
                let bytes = bytes(&client, file).await;
                assert!(bytes.starts_with(head), "{name}");
                assert_eq!(u64::try_from(bytes.len()).unwrap(), file["bytes"].as_u64().unwrap());
                assert!(!all.contains(&bytes), "twice the same");
                all.push(bytes);
            }
            // Somebody else does not see it, and sent again it is the same action.
            let path = format!("/api/files/{}", files[0]["file_id"].as_str().unwrap());
            assert_eq!(server.guest().await.get(&path).await.status, 404);
            let again = client.post("/api/actions", &send).await;
            assert_eq!((again.status, again.body), (200, done));
        }
    }
}

#[tokio::test]
async fn what_is_made_of_what_was_asked_for_is_paid() {
    let (server, media) = server(STORES[1]).await;
    let client = server.guest().await;
    let before = client.available().await;
    media.set(ScriptedMedia::made(2));
    let view = client.send(&pictures(&client, "three", 3).await).await;
    let done = client.ended(&view).await;
    let leg = only_leg(&client, before, &done).await;
    assert_eq!(leg["files"].as_array().unwrap().len(), 2);
    assert_eq!(credits(&leg["charge"]), price(Task::Image, IMAGES, Meter::Images, 2));
}

#[tokio::test]
async fn what_failed_or_got_lost_costs_nothing() {
    for store in STORES {
        let (server, media) = server(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        let failed = MediaState::Failed { message: "broken".to_owned() };
        let none = MediaState::Made { files: Vec::new() };
        for (state, text, status, reason) in [
            (failed, "a", "failed", "failed"),
            (none, "b", "failed", "failed"),
            (MediaState::Lost, "c", "failed", "lost"),
            (MediaState::Lost, "refuse", "refused", "refused"),
        ] {
            media.set(state);
            let view = client.send(&pictures(&client, text, 1).await).await;
            let done = client.ended(&view).await;
            let leg = only_leg(&client, before, &done).await;
            assert_eq!((&leg["status"], &leg["charge"]), (&json!(status), &json!("0")));
            assert_eq!(done["receipt"]["legs"][0]["outcome"]["reason"], reason);
        }
    }
}

#[tokio::test]
async fn stop_costs_nothing_where_the_provider_confirms_it() {
    for store in STORES {
        let (server, media) = server(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        for cancel in [MediaCancel::Cancelled, MediaCancel::TooLate] {
            *media.cancel.lock().unwrap() = cancel;
            media.set(MediaState::Running { percent: 30 });
            let view = client.send(&pictures(&client, "x", 1).await).await;
            let mut events = client.events(&format!("{}/events", action_path(&view))).await;
            let progress = events.wait_for("progress", |_| true).await;
            assert_eq!(progress, json!({ "leg": 0, "percent": 30 }));
            let stop = format!("{}/stop", action_path(&view));
            assert_eq!(client.post(&stop, &json!({})).await.status, 202);
            if cancel == MediaCancel::TooLate {
                // It goes on, and is paid once it is done.
                media.set(MediaState::Running { percent: 60 });
                events.wait_for("progress", |said| said["percent"] == 60).await;
                media.set(ScriptedMedia::made(1));
            }
            let done = events.wait_for("done", |_| true).await;
            let leg = only_leg(&client, before, &done).await;
            let charge = match cancel {
                MediaCancel::Cancelled => Credits::ZERO,
                MediaCancel::TooLate => price(Task::Image, IMAGES, Meter::Images, 1),
            };
            assert_eq!(credits(&leg["charge"]), charge);
            let status = if charge == Credits::ZERO { "stopped" } else { "completed" };
            assert_eq!(leg["status"], status);
        }
        assert_eq!(*media.cancelled.lock().unwrap(), 2, "each is asked for once");
    }
}

#[tokio::test]
async fn a_job_goes_on_after_a_restart_and_ends_once() {
    for store in STORES {
        let (server, media) = server(store).await;
        let mut client = server.guest().await;
        let before = client.available().await;
        let view = client.send(&pictures(&client, "x", 1).await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("progress", |_| true).await;
        let server = server.restart(book()).await;
        client.base = format!("http://{}", server.server.address());
        // Another process beside it, which must not end it again.
        let beside = server.beside().await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        media.set(ScriptedMedia::made(1));
        let done = events.wait_for("done", |_| true).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!(leg["status"], "completed");
        assert_eq!(credits(&leg["charge"]), price(Task::Image, IMAGES, Meter::Images, 1));
        assert_eq!(media.orders.lock().unwrap().len(), 1, "it is begun once");
        let account = client.begin().await["account_id"].as_str().unwrap().parse().unwrap();
        let entries = server.store.entries(&account, 0, 1_000).await.unwrap();
        let entries = serde_json::to_value(entries).unwrap();
        let ends = entries.as_array().unwrap().iter();
        assert_eq!(ends.filter(|entry| entry["event"]["kind"] == "leg_ended").count(), 1);
        beside.stop().await.unwrap();
    }
}

#[tokio::test]
async fn stop_reaches_the_process_that_works_on_it() {
    let (server, media) = server(STORES[1]).await;
    let client = server.guest().await;
    let before = client.available().await;
    let beside = server.beside().await;
    let mut other = client.clone();
    other.base = format!("http://{}", beside.address());
    let view = client.send(&pictures(&client, "x", 1).await).await;
    let stop = format!("{}/stop", action_path(&view));
    assert_eq!(other.post(&stop, &json!({})).await.status, 202);
    let done = client.ended(&view).await;
    let leg = only_leg(&client, before, &done).await;
    assert_eq!((&leg["status"], &leg["charge"]), (&json!("stopped"), &json!("0")));
    assert_eq!(*media.cancelled.lock().unwrap(), 1);
    beside.stop().await.unwrap();
}

#[tokio::test]
async fn what_comes_after_its_hold_is_free() {
    for store in STORES {
        let (server, media) = server(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        let view = client.send(&pictures(&client, "x", 1).await).await;
        let mut events = client.events(&format!("{}/events", action_path(&view))).await;
        events.wait_for("progress", |_| true).await;
        // Beyond the longest hold of the task.
        server.clock.advance_seconds(901);
        media.set(ScriptedMedia::made(1));
        let done = events.wait_for("done", |_| true).await;
        let leg = only_leg(&client, before, &done).await;
        assert_eq!((&leg["status"], &leg["charge"]), (&json!("expired"), &json!("0")));
        assert_eq!(leg["files"].as_array().unwrap().len(), 1);
        bytes(&client, &answer(&client, &done).await["files"][0]).await;
    }
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_before_anything_is_held() {
    let (server, media) = server(STORES[1]).await;
    let client = server.guest().await;
    let before = client.available().await;
    let mut with_file = pictures(&client, "x", 1).await;
    let file = client
        .request(Method::PUT, &format!("/api/files/{}?name=a.txt", new_id()))
        .header("content-type", "text/plain")
        .body("a")
        .send()
        .await
        .unwrap();
    let file: Value = file.json().await.unwrap();
    with_file["files"] = json!([file["file_id"]]);
    let too_many = compose(&client, "image", CHEAP_IMAGES, "x", json!({ "images": 9 })).await;
    let long = pictures(&client, &"x".repeat(4_001), 1).await;
    for (send, status, path) in [
        (pictures(&client, " ", 1).await, 422, "text"),
        (long, 422, "text"),
        (with_file, 422, "files"),
        (too_many, 422, "images"),
    ] {
        let refused = client.post("/api/actions", &send).await;
        assert_eq!((refused.status, &refused.body["path"]), (status, &json!(path)), "{refused:?}");
    }
    // Room for what it may become.
    *media.file_bytes_max.lock().unwrap() = 60 << 20;
    let refused = client.post("/api/actions", &pictures(&client, "x", 2).await).await;
    assert_eq!((refused.status, &refused.body["code"]), (413, &json!("storage_full")));
    let first = client.send(&pictures(&client, "x", 1).await).await;
    let refused = client.post("/api/actions", &pictures(&client, "y", 1).await).await;
    assert_eq!(refused.body["code"], "storage_full", "what is being made has its room");
    media.set(MediaState::Lost);
    client.ended(&first).await;
    assert_eq!(client.available().await, before);
    // One that is refused by its price keeps no room.
    let mut stale = pictures(&client, "x", 1).await;
    stale["quote"]["high"] = json!("0.1");
    let refused = client.post("/api/actions", &stale).await;
    assert_eq!(refused.body["code"], "price_changed");
    let view = client.send(&pictures(&client, "x", 1).await).await;
    client.ended(&view).await;

    let plain = TestServer::start(STORES[0]).await;
    let client = plain.guest().await;
    let refused = client.post("/api/actions", &pictures(&client, "x", 1).await).await;
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("not_offered")));
}

#[tokio::test]
async fn a_deleted_conversation_stops_its_job() {
    let (server, media) = server(STORES[1]).await;
    let client = server.guest().await;
    let before = client.available().await;
    let view = client.send(&pictures(&client, "x", 1).await).await;
    let mut events = client.events(&format!("{}/events", action_path(&view))).await;
    events.wait_for("progress", |_| true).await;
    let path = format!("/api/conversations/{}", view["conversation_id"].as_str().unwrap());
    assert_eq!(client.request(Method::DELETE, &path).send().await.unwrap().status(), 200);
    let done = events.wait_for("done", |_| true).await;
    assert_eq!(only_leg(&client, before, &done).await["status"], "stopped");
    assert_eq!(*media.cancelled.lock().unwrap(), 1);
}

#[tokio::test]
async fn the_library_has_all_that_was_made_at_zero_credits_too() {
    for store in STORES {
        let (server, media) = server(store).await;
        let client = server.guest().await;
        media.set(ScriptedMedia::made(4));
        let mut made = Vec::new();
        // 39.2 credits each: at the third there are none left for it.
        for (text, count) in [("one", 4), ("two", 4)] {
            server.clock.advance_seconds(1);
            let view = client.send(&pictures(&client, text, count).await).await;
            made.push(client.ended(&view).await);
        }
        let first = client.get("/api/media?limit=1").await.body;
        assert_eq!(first["media"].as_array().unwrap().len(), 1);
        let newest = &first["media"][0];
        assert_eq!(
            (&newest["prompt"], &newest["action_id"]),
            (&json!("two"), &made[1]["action_id"])
        );
        assert_eq!(newest["files"], made[1]["legs"][0]["files"]);
        assert_eq!(newest["charge"], made[1]["legs"][0]["charge"]);
        let next = format!("/api/media?limit=1&before={}", first["next"].as_str().unwrap());
        let second = client.get(&next).await.body;
        assert_eq!(second["media"][0]["prompt"], "one");
        let all = client.get("/api/media").await.body;
        assert_eq!((all["media"].as_array().unwrap().len(), &all["next"]), (2, &Value::Null));
        for wrong in ["limit=0", "limit=101", "before=x", "x=y"] {
            assert_eq!(client.get(&format!("/api/media?{wrong}")).await.status, 422, "{wrong}");
        }
        assert_eq!(server.guest().await.get("/api/media").await.body["media"], json!([]));

        let file = newest["files"][1]["file_id"].as_str().unwrap();
        let path = format!("{}/files/{file}", action_path(newest));
        let remove = || client.request(Method::DELETE, &path).send();
        assert_eq!(remove().await.unwrap().status(), 204);
        assert_eq!(remove().await.unwrap().status(), 404);
        assert_eq!(client.get(&format!("/api/files/{file}")).await.status, 404);
        let left = answer(&client, &made[1]).await["files"].as_array().unwrap().clone();
        assert_eq!(left.len(), 3);
        assert_eq!(client.get("/api/media?limit=1").await.body["media"][0]["files"], json!(left));
        let others = server.guest().await;
        let file = left[0]["file_id"].as_str().unwrap();
        let path = format!("{}/files/{file}", action_path(newest));
        let refused = others.request(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(refused.status(), 404);
    }
}

/// The real program and its SQLite file, killed in the middle of a job.
#[tokio::test]
async fn a_killed_program_finishes_its_job_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let pace = ["--demo-pace", "none"];
    let mut program = Program::serve(folder.path(), &pace);
    let mut client = Client::new(program.base.clone());
    client.begin().await;
    let before = client.available().await;
    let send = compose(&client, "three_d", MODELS, "a vase demo:slow", json!({})).await;
    let view = client.send(&send).await;
    let mut events = client.events(&format!("{}/events", action_path(&view))).await;
    events.wait_for("progress", |_| true).await;
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    drop(events);

    let program = Program::serve(folder.path(), &pace);
    client.base.clone_from(&program.base);
    let done = tokio::time::timeout(Duration::from_secs(40), client.ended(&view)).await.unwrap();
    let leg = only_leg(&client, before, &done).await;
    assert_eq!(leg["status"], "completed");
    assert_eq!(credits(&leg["charge"]), price(Task::ThreeD, MODELS, Meter::ThreeDModels, 1));
    assert!(bytes(&client, &leg["files"][0]).await.starts_with(b"glTF"));
}
