//! Many commands of a backend in one request, each with its own answer.

#[cfg(test)]
mod common;

use common::backend::{Backend, admitted_elsewhere, authorize, code, done, grant, settle};
use common::client::new_id;
use common::{STORES, StoreKind, TestServer};
use kumari_store::KeyScope;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_each_command_in_its_place() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let backend = Backend::new(&server, KeyScope::Ledger).await;
        let (a, b) = (new_id(), new_id());
        let mut broken = settle(&a, 5);
        broken["usage"]["output_tokens"] = json!(-5);
        let commands = json!([
            command("one", "grant", grant(&new_id(), "100")),
            command("one", "authorize", authorize(&a)),
            command("two", "authorize", authorize(&b)),
            command("one", "settle", broken),
            command("one", "settle", settle(&a, 5)),
            command("one", "settle", settle(&a, 5)),
            command("no account", "settle", settle(&a, 5)),
            command("one", "fly", json!({})),
            json!({ "account": "one", "command": "grant" }),
            7,
            command("one", "void", json!({ "action_id": a, "leg": 0, "reason": "failed" })),
            command("two", "grant", grant(&new_id(), "3")),
        ]);
        let reply = backend.post("/api/batch", &json!({ "commands": commands })).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let answers = reply.body["answers"].as_array().unwrap();
        let told: Vec<(u64, &str, &str)> = answers
            .iter()
            .map(|answer| {
                let text = |name: &str| answer["problem"][name].as_str().unwrap_or_default();
                assert_ne!(answer.get("body").is_some(), answer.get("problem").is_some());
                (answer["status"].as_u64().unwrap(), text("code"), text("path"))
            })
            .collect();
        let invalid = |path| (422, "request_invalid", path);
        assert_eq!(
            told,
            [
                (201, "", ""),
                (201, "", ""),
                (402, "credits_exhausted", ""),
                invalid("commands[3].body.usage.output_tokens"),
                (200, "", ""),
                (200, "", ""),
                invalid("commands[6].account"),
                invalid("commands[7].command"),
                invalid("commands[8].body"),
                invalid("commands[9]"),
                (409, "leg_already_ended", ""),
                (201, "", ""),
            ]
        );
        assert_eq!(answers[4]["body"]["answer"], answers[5]["body"]["answer"]);
        let balance = backend.get("/api/accounts/one/balance").await.body;
        assert_eq!(balance["standing"], answers[5]["body"]["standing"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_an_end() {
    let server = TestServer::start(StoreKind::Memory).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let many = |count: usize| {
        let one = |number: usize| {
            let body = grant(&format!("g{number}"), "1");
            json!({ "account": format!("a{}", number % 7), "command": "grant", "body": body })
        };
        json!({ "commands": (0..count).map(one).collect::<Vec<Value>>() })
    };
    let reply = backend.post("/api/batch", &many(1_000)).await;
    let answers = reply.body["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 1_000);
    assert!(answers.iter().all(|answer| answer["status"] == 201));
    for (body, at) in [
        (many(1_001), json!("commands")),
        (json!([]), Value::Null),
        (json!({}), json!("commands")),
        (json!({ "commands": 1 }), json!("commands")),
        (json!({ "orders": [] }), json!("orders")),
    ] {
        let refused = backend.post("/api/batch", &body).await;
        assert_eq!((code(&refused), &refused.body["path"]), ((422, "request_invalid"), &at));
    }
    let empty = backend.post("/api/batch", &many(0)).await;
    assert_eq!((empty.status, &empty.body["answers"]), (200, &json!([])));
}

fn command(account: &str, command: &str, body: Value) -> Value {
    json!({ "account": account, "command": command, "body": body })
}

/// An account holds so many lots; what is paid for still finds room.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_so_many_lots() {
    let server = TestServer::start(StoreKind::Memory).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let grants = |from: usize| {
        let one = |number| command("a", "grant", grant(&format!("g{number}"), "1"));
        json!({ "commands": (from..from + 500).map(one).collect::<Vec<Value>>() })
    };
    backend.post("/api/batch", &grants(0)).await;
    let reply = backend.post("/api/batch", &grants(500)).await;
    let answers = reply.body["answers"].as_array().unwrap();
    for (number, answer) in (500..).zip(answers) {
        let expected =
            if number < 900 { (201, &Value::Null) } else { (409, &json!("too_many_lots")) };
        let told = (answer["status"].as_u64().unwrap(), &answer["problem"]["code"]);
        assert_eq!(told, expected, "grant {number}");
    }
    let paid = json!({ "paid": {
        "payment": "pi_1",
        "at": "2026-11-24T09:59:00Z",
        "usd_cents": 1_000,
        "product": "pack",
    }});
    assert_eq!(done(&backend, "/api/accounts/a/payments", &paid).await.0, 201);
    let balance = backend.get("/api/accounts/a/balance").await.body;
    assert_eq!(balance["lots"].as_array().unwrap().len(), 901);
}

/// The book of a hold may have to be read first: that changes nothing in the order.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_keeps_its_order_where_a_book_has_to_be_read() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let (a, b) = (new_id(), new_id());
    for account in ["one", "two"] {
        done(&backend, &format!("/api/accounts/{account}/grant"), &grant(&new_id(), "100")).await;
    }
    admitted_elsewhere(&server, "one", &a, true).await;
    admitted_elsewhere(&server, "two", &b, true).await;
    let commands = json!([
        command("one", "grant", grant(&new_id(), "1")),
        command("one", "settle", settle(&a, 5)),
        command("two", "settle", settle(&b, 5)),
        command("one", "grant", grant(&new_id(), "2")),
        command("one", "void", json!({ "action_id": a, "leg": 0, "reason": "failed" })),
        command("three", "grant", grant(&new_id(), "3")),
        command("one", "grant", grant(&new_id(), "4")),
    ]);
    let reply = backend.post("/api/batch", &json!({ "commands": commands })).await;
    let answers = reply.body["answers"].as_array().unwrap();
    let told: Vec<(u64, u64)> = answers
        .iter()
        .map(|answer| {
            (answer["status"].as_u64().unwrap(), answer["body"]["version"].as_u64().unwrap_or(0))
        })
        .collect();
    assert_eq!(told, [(201, 3), (200, 4), (200, 3), (201, 5), (409, 0), (201, 1), (201, 6)]);
    assert_eq!(answers[4]["problem"]["code"], "leg_already_ended");
}

/// A hold of a book that nobody published: its command fails, and nobody else's does.
#[tokio::test(flavor = "multi_thread")]
async fn a_book_that_cannot_be_read_fails_its_own_commands() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let (a, b) = (new_id(), new_id());
    done(&backend, "/api/accounts/one/grant", &grant(&new_id(), "100")).await;
    admitted_elsewhere(&server, "one", &a, false).await;
    admitted_elsewhere(&server, "one", &b, true).await;
    let commands = json!([
        command("one", "settle", settle(&a, 5)),
        command("one", "grant", grant(&new_id(), "2")),
        command("two", "grant", grant(&new_id(), "3")),
        command("one", "settle", settle(&b, 5)),
        command("one", "renew", json!({ "action_id": a })),
        command("one", "grant", grant(&new_id(), "4")),
    ]);
    let reply = backend.post("/api/batch", &json!({ "commands": commands })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let statuses: Vec<u64> = reply.body["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [500, 201, 201, 200, 500, 201]);
}
