//! What a backend does with a service key: commands on accounts, one a request.

#[cfg(test)]
mod common;

use common::backend::{Backend, authorize, code, done, grant, settle};
use common::client::{credits, new_id};
use common::{BEGIN, STORES, StoreKind, TestServer, book, book_with, config};
use kumari_server::Config;
use kumari_store::KeyScope;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_grants_authorizes_and_settles() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let backend = Backend::new(&server, KeyScope::Ledger).await;
        // Ids are the backend's own, in the alphabet of ids.
        let account = "/api/accounts/acme%2Fcustomer:7@eu";
        let post = |command: &str| format!("{account}/{command}");
        let (a, b) = (new_id(), new_id());
        let denied = backend.post(&post("authorize"), &authorize(&a)).await;
        assert_eq!(code(&denied), (402, "credits_exhausted"), "{denied:?}");

        let top_up = grant(&new_id(), "100");
        let (status, granted) = done(&backend, &post("grant"), &top_up).await;
        assert_eq!((status, &granted["standing"]["available"]), (201, &json!("100")));
        assert_eq!(granted["answer"]["granted"]["amount"], "100");
        assert_eq!(done(&backend, &post("grant"), &top_up).await.0, 200);

        let (status, admitted) = done(&backend, &post("authorize"), &authorize(&a)).await;
        let hold = &admitted["answer"]["authorized"];
        assert_eq!((status, &hold["action_id"]), (201, &json!(a)));
        assert_eq!(admitted["standing"]["held"], hold["amount"]);
        let (status, again) = done(&backend, &post("authorize"), &authorize(&a)).await;
        assert_eq!((status, &again["answer"]), (200, &admitted["answer"]), "R27");
        let mut other = authorize(&a);
        other["request"]["output_tokens_max"] = json!(201);
        let reused = backend.post(&post("authorize"), &other).await;
        assert_eq!(code(&reused), (409, "action_id_reused"));

        let (status, settled) = done(&backend, &post("settle"), &settle(&a, 50)).await;
        let charge = credits(&settled["answer"]["ended"]["charge"]);
        assert_eq!((status, &settled["standing"]["held"]), (200, &json!("0")));
        assert!(charge.is_positive() && charge < credits(&hold["amount"]));
        let (_, again) = done(&backend, &post("settle"), &settle(&a, 50)).await;
        assert_eq!(again["answer"], settled["answer"], "R24");
        let other = backend.post(&post("settle"), &settle(&a, 51)).await;
        assert_eq!(code(&other), (409, "leg_already_ended"));
        let unknown = backend.post(&post("settle"), &settle(&new_id(), 1)).await;
        assert_eq!(code(&unknown), (404, "action_unknown"));

        let (_, admitted) = done(&backend, &post("authorize"), &authorize(&b)).await;
        let admitted = &admitted["answer"]["authorized"];
        server.clock.advance_seconds(30);
        let (_, renewed) = done(&backend, &post("renew"), &json!({ "action_id": b })).await;
        assert_ne!(renewed["answer"]["authorized"]["deadline"], admitted["deadline"], "R26");
        let void = json!({ "action_id": b, "leg": 0, "reason": "failed" });
        let (_, voided) = done(&backend, &post("void"), &void).await;
        assert_eq!(voided["answer"]["ended"]["kind"], "voided");
        let rest = credits(&json!("100")).sub(charge).unwrap();
        assert_eq!(credits(&voided["standing"]["available"]), rest);

        let balance = backend.get(&format!("{account}/balance")).await.body;
        assert_eq!(balance["version"], voided["version"]);
        assert_eq!(credits(&balance["standing"]["available"]), rest);
        let action = backend.get(&format!("{account}/actions/{a}")).await.body;
        assert_eq!(action["hold"]["legs"][0]["end"], settled["answer"]["ended"]);
        let receipt = backend.get(&format!("{account}/actions/{a}/receipt")).await;
        assert_eq!((receipt.status, credits(&receipt.body["charge"])), (200, charge));
        let none = backend.get(&format!("{account}/actions/{}", new_id())).await;
        assert_eq!(code(&none), (404, "action_unknown"));
    }
}

/// R3: what no account can have is the caller's doing, and no fault of ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_out_of_range_is_denied() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let most = "9000000000000";
    done(&backend, "/api/accounts/a/grant", &grant("g1", most)).await;
    for amount in [most, "9300000000000"] {
        let refused = backend.post("/api/accounts/a/grant", &grant("g2", amount)).await;
        let told = (code(&refused), &refused.body["path"]);
        assert_eq!(told, ((422, "request_invalid"), &json!("amount")), "{amount}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_lots_are_listed_in_the_order_of_their_use() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    for (id, more) in [
        ("late", json!({ "expires_at": "2099-01-01T00:00:00Z" })),
        ("never", json!({})),
        ("soon", json!({ "expires_at": "2098-01-01T00:00:00Z" })),
        ("first", json!({ "priority": -1 })),
    ] {
        let mut body = grant(id, "5");
        body.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        done(&backend, "/api/accounts/anna/grant", &body).await;
    }
    let balance = backend.get("/api/accounts/anna/balance").await.body;
    let lots = balance["lots"].as_array().unwrap();
    let ids: Vec<u64> = lots.iter().map(|lot| lot["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [4, 3, 1, 2], "{lots:?}");
}

/// R20, R28: without a quote caps are lowered to what the balance allows; with more credits the
/// same action is extended.
#[tokio::test(flavor = "multi_thread")]
async fn a_capped_action_is_extended() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let a = new_id();
    done(&backend, "/api/accounts/a/grant", &grant(&new_id(), "2")).await;
    let mut long = authorize(&a);
    long["request"]["output_tokens_max"] = json!(100_000);
    let (_, admitted) = done(&backend, "/api/accounts/a/authorize", &long).await;
    let hold = &admitted["answer"]["authorized"];
    let cap = hold["caps"]["output_tokens"].as_u64().unwrap();
    assert!(cap < 100_000 && credits(&hold["amount"]) <= credits(&json!("2")), "{hold}");

    let extend = json!({ "action_id": a, "caps": { "output_tokens": cap + 1_000 } });
    let denied = backend.post("/api/accounts/a/extend", &extend).await;
    assert_eq!(denied.status, 402, "{denied:?}");
    done(&backend, "/api/accounts/a/grant", &grant(&new_id(), "2")).await;
    let (_, extended) = done(&backend, "/api/accounts/a/extend", &extend).await;
    let extended = &extended["answer"]["authorized"];
    assert_eq!(extended["caps"]["output_tokens"], cap + 1_000);
    assert!(credits(&extended["amount"]) > credits(&hold["amount"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_buys_a_pack_once() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let paid = json!({ "paid": {
        "payment": "pi_1",
        "at": "2026-11-24T09:59:00Z",
        "usd_cents": 1_000,
        "product": "pack",
    }});
    let (status, first) = done(&backend, "/api/accounts/a/payments", &paid).await;
    assert_eq!(status, 201);
    let available = credits(&first["standing"]["available"]);
    assert!(available.is_positive());
    let (status, again) = done(&backend, "/api/accounts/a/payments", &paid).await;
    assert_eq!((status, &again["answer"]), (200, &first["answer"]));
    let other = backend.post("/api/accounts/b/payments", &paid).await;
    assert_eq!(other.body["code"], "payment_conflict", "{other:?}");
    let refund = json!({ "refunded": { "payment": "pi_1", "usd_cents": 1_000 } });
    let (status, refunded) = done(&backend, "/api/accounts/a/payments", &refund).await;
    assert_eq!((status, &refunded["standing"]["available"]), (200, &json!("0")));
}

/// A payment that is told late is for what was sold then, whatever is sold now.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_priced_by_the_book_of_its_time() {
    let server = TestServer::start(StoreKind::Database).await;
    let dearer = [
        ("/effective_at", json!("2026-11-25T00:00:00Z")),
        ("/packs/usd_min", json!(20)),
        ("/packs/brackets/0/from_usd", json!(20)),
    ];
    let server = server.restart(book_with(&dearer)).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let paid = |id: &str, at: &str| json!({ "paid": { "payment": id, "at": at, "usd_cents": 1_000, "product": "pack" } });
    server.clock.set(common::time("2026-11-26T00:00:00Z"));
    let now = backend.post("/api/accounts/a/payments", &paid("pi_1", "2026-11-26T00:00:00Z")).await;
    assert_eq!(code(&now), (422, "request_invalid"), "{now:?}");
    let late = paid("pi_2", "2026-11-24T23:59:59Z");
    assert_eq!(done(&backend, "/api/accounts/a/payments", &late).await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_of_a_payment_binds_it_to_nobody() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let paid = |usd_cents: u64| {
        json!({ "paid": {
            "payment": "pi_9",
            "at": "2026-11-24T09:59:00Z",
            "usd_cents": usd_cents,
            "product": "pack",
        }})
    };
    let refund = json!({ "refunded": { "payment": "pi_9", "usd_cents": 1_000 } });
    let early = backend.post("/api/accounts/bob/payments", &refund).await;
    assert_eq!(code(&early), (404, "payment_unknown"), "{early:?}");
    let broken = backend.post("/api/accounts/bob/payments", &paid(2_050)).await;
    assert_eq!(code(&broken), (422, "request_invalid"), "{broken:?}");
    let (status, _) = done(&backend, "/api/accounts/ada/payments", &paid(2_000)).await;
    assert_eq!(status, 201, "the sale is ada's all the same");
    let wrong = backend.post("/api/accounts/bob/payments", &refund).await;
    assert_eq!(code(&wrong), (409, "payment_conflict"), "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_cannot_stop_what_a_backend_runs() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let guest = server.guest().await;
    let session = guest.post("/api/session", &json!({})).await.body;
    let account = format!("/api/accounts/{}", session["account_id"].as_str().unwrap());
    let id = new_id();
    done(&backend, &format!("{account}/authorize"), &authorize(&id)).await;
    // Late enough that a running answer of this server would have renewed it.
    server.clock.advance_seconds(45);
    let stopped = guest.post(&format!("/api/actions/{id}/stop"), &json!({})).await;
    assert_eq!(code(&stopped), (404, "action_unknown"), "{stopped:?}");
    let (status, settled) = done(&backend, &format!("{account}/settle"), &settle(&id, 20)).await;
    assert_eq!(status, 200);
    assert!(credits(&settled["answer"]["ended"]["charge"]).is_positive(), "{settled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_read_in_pages() {
    let server = TestServer::start(StoreKind::Database).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    for _ in 0..5 {
        done(&backend, "/api/accounts/a/grant", &grant(&new_id(), "1")).await;
    }
    let page = backend.get("/api/accounts/a/entries?limit=3").await.body;
    assert_eq!((page["entries"].as_array().unwrap().len(), &page["next"]), (3, &json!(3)));
    assert_eq!(page["entries"][0]["event"]["kind"], "granted");
    let page = backend.get("/api/accounts/a/entries?limit=3&after=3").await.body;
    assert_eq!((page["entries"][0]["sequence"].as_u64(), page.get("next")), (Some(4), None));
    for (query, at) in
        [("limit=0", "limit"), ("limit=1001", "limit"), ("after=-1", "after"), ("x=1", "x")]
    {
        let refused = backend.get(&format!("/api/accounts/a/entries?{query}")).await;
        assert_eq!((code(&refused), &refused.body["path"]), ((422, "request_invalid"), &json!(at)));
    }
}

/// R32: what time did is entered before the journal is read, whether a sweeper has run or not.
#[tokio::test(flavor = "multi_thread")]
async fn r32_the_journal_is_read_up_to_now() {
    let config = Config { sweep_every: Duration::from_secs(3_600), ..common::config() };
    let server = TestServer::start_with(StoreKind::Database, common::book(), config).await;
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let mut ends = grant(&new_id(), "5");
    ends["expires_at"] = json!("2026-11-24T10:01:00Z");
    done(&backend, "/api/accounts/a/grant", &ends).await;
    server.clock.advance_seconds(60);
    let journal = backend.get("/api/accounts/a/entries").await.body;
    let kinds: Vec<&Value> = journal["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["event"]["kind"])
        .collect();
    assert_eq!(kinds, ["granted", "lot_expired"]);
    let stored = server.store.entries(&"a".parse().unwrap(), 0, 10).await.unwrap();
    assert_eq!(
        serde_json::to_value(stored).unwrap(),
        journal["entries"],
        "they stay what they are"
    );
}

/// A hold is settled with the book that priced it, which this process may not have read.
#[tokio::test(flavor = "multi_thread")]
async fn r04_a_hold_of_an_unread_book_is_settled_with_it() {
    let never_looks = Config { books_every: Duration::from_hours(24), ..config() };
    let server = TestServer::start_with(StoreKind::Database, book(), never_looks).await;
    let other_process = {
        let (store, folder) = (std::sync::Arc::clone(&server.store), tempfile::tempdir().unwrap());
        let book = book_with(&[("/effective_at", json!(BEGIN))]);
        TestServer::start_on(store, book, server.config.clone(), folder).await
    };
    let backend = Backend::new(&server, KeyScope::Ledger).await;
    let beside = Backend::with_secret(other_process.stranger(), "kumari_key_of_a_test");
    let a = new_id();
    done(&beside, "/api/accounts/a/grant", &grant("g", "100")).await;
    let (_, admitted) = done(&beside, "/api/accounts/a/authorize", &authorize(&a)).await;
    let own = backend.post("/api/accounts/a/authorize", &authorize(&new_id())).await.body;
    let version = |admitted: &Value| admitted["answer"]["authorized"]["price_book"].clone();
    assert_ne!(version(&own), version(&admitted), "both price with one book: this proves nothing");
    let (_, settled) = done(&backend, "/api/accounts/a/settle", &settle(&a, 7)).await;
    assert_eq!(settled["answer"]["ended"]["kind"], "settled");
}
