//! What a stranger may send: each is answered with a 4xx problem that says where the fault is, and
//! nothing has changed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

#[cfg(test)]
mod common;

use common::client::{Client, Reply, new_id};
use common::{STORES, TestServer};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const MODEL: &str = "gpt-6-luna";

/// What is sent, and what must come back.
struct Case {
    name: &'static str,
    path: &'static str,
    body: String,
    status: u16,
    code: &'static str,
    /// The `path` of the problem.
    at: Option<&'static str>,
}

fn case(
    name: &'static str,
    path: &'static str,
    body: &Value,
    (status, code, at): (u16, &'static str, Option<&'static str>),
) -> Case {
    Case { name, path, body: body.to_string(), status, code, at }
}

/// A good send with one field changed; `null` takes it away.
fn with(send: &Value, pointer: &str, value: Value) -> Value {
    let mut send = send.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = send.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(key);
    } else {
        parent.insert(key.to_owned(), value);
    }
    send
}

fn sends(send: &Value) -> Vec<Case> {
    const INVALID: &str = "request_invalid";
    let bad = |name, pointer, value, at| {
        case(name, "/api/actions", &with(send, pointer, value), (422, INVALID, Some(at)))
    };
    let v4 = json!("0f2c1d9e-6a5b-4c3d-9e8f-000000000001");
    let mut cases = vec![
        bad("unknown field", "/colour", json!("red"), "colour"),
        bad("a count that only the server may make", "/input_tokens", json!({}), "input_tokens"),
        bad("usage of a browser", "/usage", json!({ "output_tokens": -1 }), "usage"),
        bad("account of a browser", "/account_id", json!("other"), "account_id"),
        bad("amount as a number", "/quote/high", json!(3.33), "quote.high"),
        bad("amount with zeros behind", "/quote/high", json!("3.330"), "quote.high"),
        bad("amount too fine", "/quote/high", json!("0.0000001"), "quote.high"),
        bad("amount too large", "/quote/high", json!("99999999999999"), "quote.high"),
        bad("wrong type", "/text", json!(7), "text"),
        bad("empty text", "/text", json!(" \n"), "text"),
        bad("unknown task", "/task", json!("fly"), "task"),
        bad("models as text", "/models", json!(MODEL), "models"),
        bad("a model that cannot be one", "/models", json!([MODEL, "a b"]), "models[1]"),
        bad("two models for one", "/models", json!([MODEL, "gpt-6.1-sol"]), "models"),
        bad("no model", "/models", json!([]), "models"),
        bad("id of version 4", "/action_id", v4.clone(), "action_id"),
        bad("conversation of version 4", "/conversation_id", v4, "conversation_id"),
        bad("negative bound", "/output_tokens_max", json!(-1), "output_tokens_max"),
        bad("bound of nothing", "/output_tokens_max", json!(0), "output_tokens_max"),
        bad("bound as a fraction", "/output_tokens_max", json!(1.5), "output_tokens_max"),
        bad("unknown cap", "/quote/caps", json!({ "wings": 1 }), "quote.caps.wings"),
        case(
            "unknown model",
            "/api/actions",
            &with(send, "/models", json!(["nobody"])),
            (422, "not_offered", None),
        ),
        case(
            "a task that is not served yet",
            "/api/actions",
            &with(&with(send, "/models", json!(["muse-image-1.0"])), "/task", json!("image")),
            (422, "not_offered", Some("task")),
        ),
        case(
            "no quote",
            "/api/actions",
            &with(send, "/quote", Value::Null),
            (422, INVALID, Some("quote")),
        ),
        case("a list", "/api/actions", &json!([send]), (422, INVALID, None)),
    ];
    let five = json!([MODEL, "gpt-6.1-sol", "claude-haiku-5-5", "grok-4.7", "glm-5.3"]);
    for (name, models, at) in [
        ("5 models in compare", five, "models"),
        ("1 model in compare", json!([MODEL]), "models"),
        ("a model twice in compare", json!([MODEL, MODEL]), "models[1]"),
    ] {
        let send = with(&with(send, "/task", json!("compare")), "/models", models);
        cases.push(case(name, "/api/actions", &send, (422, INVALID, Some(at))));
    }
    let routed = with(send, "/task", json!("routing"));
    cases.push(case("a model in routing", "/api/actions", &routed, (422, INVALID, Some("models"))));
    cases
}

fn others() -> Vec<Case> {
    const INVALID: &str = "request_invalid";
    let estimate = |request: Value| json!({ "request": request });
    let direct =
        json!({ "task": "direct", "models": [MODEL], "input_tokens": { "o200k_base": -1 } });
    let fraction =
        json!({ "task": "direct", "models": [MODEL], "input_tokens": { "o200k_base": 1.5 } });
    let top_up = |usd: Value| json!({ "action_id": new_id(), "usd": usd });
    vec![
        case(
            "negative count",
            "/api/estimate",
            &estimate(direct),
            (422, INVALID, Some("request.input_tokens.o200k_base")),
        ),
        case(
            "count with a fraction",
            "/api/estimate",
            &estimate(fraction),
            (422, INVALID, Some("request.input_tokens.o200k_base")),
        ),
        case("nothing to estimate", "/api/estimate", &json!({}), (422, INVALID, Some("request"))),
        case("a pack too small", "/api/top-ups", &top_up(json!(9)), (422, INVALID, Some("usd"))),
        case(
            "a pack too large",
            "/api/top-ups",
            &top_up(json!(5_001)),
            (422, INVALID, Some("usd")),
        ),
        case("a pack in cents", "/api/top-ups", &top_up(json!(10.5)), (422, INVALID, Some("usd"))),
        case("dollars as text", "/api/top-ups", &top_up(json!("10")), (422, INVALID, Some("usd"))),
        case(
            "a purchase that says what it gets",
            "/api/top-ups",
            &with(&top_up(json!(10)), "/credits", json!("999999")),
            (422, INVALID, Some("credits")),
        ),
        case(
            "a session with a wish",
            "/api/session",
            &json!({"account_id": "x"}),
            (422, INVALID, Some("account_id")),
        ),
        case(
            "stop of nothing",
            "/api/actions/nothing/stop",
            &json!({}),
            (404, "action_unknown", None),
        ),
    ]
}

fn raw() -> Vec<Case> {
    let raw = |name, body: &str| Case {
        name,
        path: "/api/actions",
        body: body.to_owned(),
        status: 400,
        code: "json_malformed",
        at: None,
    };
    vec![
        raw("no body", ""),
        raw("half a body", "{\"action_id\":"),
        raw("no JSON", "action_id=1&text=hello"),
        raw("something behind the body", "{} {}"),
        raw("deep nesting", &"[".repeat(200_000)),
    ]
}

async fn post_raw(client: &Client, path: &str, body: String) -> Reply {
    let request = client.request(Method::POST, path).header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    Reply { status, body: response.json().await.unwrap() }
}

#[tokio::test]
async fn bad_input_is_refused_with_its_path_and_changes_nothing() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let send = client.compose("direct", &[MODEL], "Hello!").await;
        let before = client.balance().await;
        for case in sends(&send).into_iter().chain(others()).chain(raw()) {
            let reply = post_raw(&client, case.path, case.body).await;
            let name = case.name;
            assert_eq!(
                (reply.status, &reply.body["code"]),
                (case.status, &json!(case.code)),
                "{name}: {reply:?}"
            );
            assert_eq!(reply.body["path"].as_str(), case.at, "{name}: {reply:?}");
            assert_eq!(reply.body["status"], case.status, "{name}");
            assert_eq!(reply.body["type"], format!("urn:kumari:problem:{}", case.code));
            assert!(reply.body["detail"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
        let after = client.balance().await;
        assert_eq!(after["version"], before["version"], "{store:?}: the journal is as it was");
        assert_eq!(after["standing"], before["standing"]);
        let listed = client.get("/api/conversations").await.body;
        assert_eq!(listed["conversations"], json!([]), "no conversation was made");
        // And what was meant is still taken.
        client.send(&send).await;
    }
}

#[tokio::test]
async fn a_body_of_10_mb_is_refused_before_it_is_read() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let before = client.balance().await["version"].clone();
    let mebibyte = vec![b' '; 1 << 20];
    for (path, limit) in [("/api/actions", 1 << 20), ("/api/top-ups", 64 << 10)] {
        // Its length gives it away: nothing of it is waited for.
        let announced = "content-length: 10485760\r\n";
        let reply = send_slowly(&client, path, announced, &[]).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{path}: {reply}");
        assert!(reply.contains("body_too_large"), "{path}: {reply}");
        // Without a length the answer comes as soon as it is too much, though more would follow.
        let mut chunks = format!("{:x}\r\n", limit + 1).into_bytes();
        chunks.extend(mebibyte.iter().cycle().take(limit + 1));
        let chunked = "transfer-encoding: chunked\r\n";
        let reply = send_slowly(&client, path, chunked, &chunks).await;
        assert!(reply.starts_with("HTTP/1.1 413 "), "{path}: {reply}");
    }
    assert_eq!(client.balance().await["version"], before);
}

/// Sends the beginning of a body and reads what is answered to that.
async fn send_slowly(client: &Client, path: &str, header: &str, body: &[u8]) -> String {
    let address = client.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let cookie = client.cookie.clone().unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\n\
         content-type: application/json\r\n{header}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut reply = String::new();
    while !reply.contains('}') {
        let mut bytes = [0; 4_096];
        let count = stream.read(&mut bytes).await.unwrap();
        assert_ne!(count, 0, "closed after: {reply}");
        reply.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    reply
}

#[tokio::test]
async fn other_media_types_methods_and_addresses_are_refused() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let text = client.request(Method::POST, "/api/actions").header("content-type", "text/plain");
    for (request, status, code) in [
        (text.body("{}"), 415, "content_type_unsupported"),
        (
            client.request(Method::DELETE, "/api/balance").json(&json!({})),
            405,
            "method_not_allowed",
        ),
        (client.request(Method::GET, "/api/session"), 405, "method_not_allowed"),
        (client.request(Method::GET, "/api/nothing"), 404, "not_found"),
        (client.request(Method::POST, "/nothing").json(&json!({})), 405, "method_not_allowed"),
        (client.request(Method::GET, "/nothing.js"), 404, "not_found"),
        (client.request(Method::GET, "/api/conversations?limit=101"), 422, "request_invalid"),
        (
            client
                .request(Method::POST, "/api/session")
                .header("origin", "http://evil.example")
                .json(&json!({})),
            403,
            "cross_origin",
        ),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{code}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["code"], code);
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let mut config = common::config();
    config.limits.session_requests_per_second = std::num::NonZeroU32::MIN;
    let server = TestServer::start_with(STORES[0], common::book(), config).await;
    let client = server.guest().await;
    let mut refused = None;
    for _ in 0..6 {
        let response = client.get_raw("/api/balance").await;
        if response.status() == 429 {
            refused = Some(response);
        }
    }
    let refused = refused.expect("a burst is four requests");
    assert_eq!(refused.headers()["retry-after"], "1");
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["code"], "rate_limited");
    assert_eq!(server.guest().await.get("/api/balance").await.status, 200, "others may ask");
}

#[tokio::test]
async fn only_so_many_streams_of_one_account_are_open() {
    let mut config = common::config();
    config.limits.account_streams_max = 2;
    let server = TestServer::start_with(STORES[0], common::book(), config).await;
    let client = server.guest().await;
    let first = client.events("/api/events").await;
    let _second = client.events("/api/events").await;
    let refused = client.get("/api/events").await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("too_many_streams")));
    drop(first);
    // The server sees that the listener has gone when it next writes to it.
    let top_up = json!({ "action_id": new_id(), "usd": 10 });
    client.post("/api/top-ups", &top_up).await;
    loop {
        let response = client.get_raw("/api/events").await;
        if response.status() == 200 {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_address_that_is_no_text_is_a_problem_like_every_other() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    for path in ["/api/actions/%ff", "/api/conversations/%ff", "/api/price-books/%ff"] {
        let reply = client.get(path).await;
        assert_eq!((reply.status, &reply.body["code"]), (404, &json!("not_found")), "{path}");
    }
}
