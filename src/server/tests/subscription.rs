//! Pro by demo payments: begun once, cancelled, resumed, renewed by whoever comes first, and what is
//! said where a payment is missing.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::client::{Client, credits, new_id};
use common::{STORES, TestServer, book, book_with, config, time};
use futures::future::join_all;
use kumari_engine::id::ActionId;
use kumari_store::{Bought, Renewal};
use serde_json::{Value, json};
use std::time::Duration;

/// Where the first period of what begins at [`common::BEGIN`] ends, and the second.
const FIRST_END: &str = "2026-12-24T10:00:00Z";
const SECOND_END: &str = "2027-01-24T10:00:00Z";

async fn subscribe(client: &Client) -> Value {
    let begun = client.post("/api/subscription", &json!({ "action_id": new_id() })).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    begun.body["subscription"].clone()
}

async fn wish(client: &Client, what: &str) -> Value {
    let changed = client.post(&format!("/api/subscription/{what}"), &json!({})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    changed.body["subscription"].clone()
}

async fn renew_for_show(client: &Client, declines: bool) -> Value {
    let body = json!({ "declines": declines });
    let tried = client.post("/api/subscription/demo-renewal", &body).await;
    assert_eq!(tried.status, 200, "{tried:?}");
    tried.body["subscription"].clone()
}

async fn shown(client: &Client) -> Value {
    client.get("/api/subscription").await.body["subscription"].clone()
}

async fn purchases(client: &Client) -> Vec<Value> {
    client.get("/api/purchases").await.body["purchases"].as_array().unwrap().clone()
}

async fn standing(client: &Client) -> Value {
    client.balance().await["standing"].clone()
}

/// Waits until Pro is paid to then, whichever process did it: what another one did is not pushed.
async fn paid_to(server: &TestServer, client: &Client, end: &str) -> Value {
    let account = client.clone().begin().await["account_id"].as_str().unwrap().parse().unwrap();
    let paid = async {
        loop {
            let last = server.store.purchases(&account, Bought::Pro, None, 1).await.unwrap();
            if last[0].grant.expires_at == Some(time(end)) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), paid).await.unwrap();
    standing(client).await
}

#[tokio::test]
async fn pro_begins_once_however_often_it_is_wished_for() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        assert_eq!(shown(&client).await, Value::Null);
        let begin = json!({ "action_id": new_id() });
        let first = client.post("/api/subscription", &begin).await;
        assert_eq!(first.status, 201, "{first:?}");
        let expected = json!({ "payments": "demo", "subscription": {
            "subscription": begin["action_id"],
            "status": "active",
            "began_at": common::BEGIN,
            "months": 1,
            "usd_cents": 2_000,
            "credits": "2200",
            "paid_until": FIRST_END,
        } });
        assert_eq!(first.body, expected, "{store:?}");
        let now = standing(&client).await;
        assert_eq!((&now["plan"], &now["resets_at"]), (&json!("pro"), &json!(FIRST_END)));
        assert_eq!(now["available"], "2300", "the free credits stay");

        server.clock.advance_seconds(60);
        let again = client.post("/api/subscription", &begin).await;
        assert_eq!((again.status, &again.body), (200, &expected));
        let other = client.post("/api/subscription", &json!({ "action_id": new_id() })).await;
        assert_eq!((other.status, &other.body["code"]), (409, &json!("already_subscribed")));
        assert_eq!(purchases(&client).await.len(), 1);

        let stranger = server.guest().await;
        let taken = stranger.post("/api/subscription", &begin).await;
        assert_eq!((taken.status, &taken.body["code"]), (409, &json!("payment_conflict")));
        assert_eq!(standing(&stranger).await["plan"], "free");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_wishes_at_once_one_is_paid() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let same = new_id();
        for id in [None, Some(same)] {
            let client = if id.is_some() { server.guest().await } else { client.clone() };
            let wishes = (0..12).map(|_| {
                let body = json!({ "action_id": id.clone().unwrap_or_else(new_id) });
                let client = client.clone();
                async move { client.post("/api/subscription", &body).await }
            });
            let replies = join_all(wishes).await;
            let of = |status| replies.iter().filter(|reply| reply.status == status).count();
            let repeats = if id.is_some() { 200 } else { 409 };
            assert_eq!((of(201), of(repeats)), (1, 11), "{store:?} {replies:?}");
            assert_eq!(purchases(&client).await.len(), 1);
            assert_eq!(standing(&client).await["available"], "2300");
        }
    }
}

#[tokio::test]
async fn r38_what_is_cancelled_lives_to_its_end_and_can_be_resumed_until_then() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let unknown = client.post("/api/subscription/cancel", &json!({})).await;
        assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("subscription_unknown")));
        subscribe(&client).await;
        let cancelled = wish(&client, "cancel").await;
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(cancelled["paid_until"], FIRST_END);
        let version = client.balance().await["version"].clone();
        assert_eq!(wish(&client, "cancel").await, cancelled);
        assert_eq!(client.balance().await["version"], version, "nothing was written");
        assert_eq!(standing(&client).await["plan"], "pro");
        let works = json!({ "declines": false });
        let tried = client.post("/api/subscription/demo-renewal", &works).await;
        assert_eq!(tried.body["code"], "subscription_cancelled");

        assert_eq!(wish(&client, "resume").await["status"], "active");
        assert_eq!(wish(&client, "resume").await["status"], "active");
        assert_eq!(wish(&client, "cancel").await["status"], "cancelled");

        let mut events = client.events("/api/events").await;
        server.clock.set(time(FIRST_END));
        events.wait_for("balance", |data| data["standing"]["plan"] == "free").await;
        assert_eq!(shown(&client).await, Value::Null);
        assert_eq!(standing(&client).await["available"], "100", "the free credits stay");
        let late = client.post("/api/subscription/resume", &json!({})).await;
        assert_eq!(late.status, 404, "it is over: {store:?}");
        // Who comes back begins anew, from that day.
        let anew = subscribe(&client).await;
        assert_eq!(
            (&anew["began_at"], &anew["paid_until"]),
            (&json!(FIRST_END), &json!(SECOND_END))
        );
        assert_eq!(standing(&client).await["available"], "2300");
    }
}

#[tokio::test]
async fn e11_a_period_is_renewed_once_whoever_comes_first() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let beside = server.beside().await;
        let client = server.guest().await;
        subscribe(&client).await;
        for (end, next) in [(FIRST_END, SECOND_END), (SECOND_END, "2027-02-24T10:00:00Z")] {
            server.clock.set(time(end));
            let renewed = paid_to(&server, &client, next).await;
            assert_eq!(renewed["resets_at"], next);
            assert_eq!(renewed["available"], "2300", "no rollover: {store:?}");
        }
        // Nobody pays for months in which nothing ran.
        server.clock.set(time("2027-06-25T00:00:00Z"));
        paid_to(&server, &client, "2027-07-24T10:00:00Z").await;
        let starts: Vec<Value> = purchases(&client)
            .await
            .iter()
            .map(|one| one["product"]["pro"]["period_start"].clone())
            .collect();
        let expected = ["2027-06-24T10:00:00Z", SECOND_END, FIRST_END, common::BEGIN];
        assert_eq!(starts, expected, "{store:?}");
        beside.stop().await.unwrap();
    }
}

#[tokio::test]
async fn r36_a_renewal_that_fails_is_a_payment_problem_until_it_is_paid() {
    let book = book_with(&[("/plans/0/credits", json!("0.000001"))]);
    for store in STORES {
        let server = TestServer::start_with(store, book.clone(), config()).await;
        let client = server.guest().await;
        subscribe(&client).await;
        let declined = renew_for_show(&client, true).await;
        assert_eq!(declined["status"], "past_due");
        assert_eq!(standing(&client).await["past_due"], true);
        assert_eq!(standing(&client).await["plan"], "pro", "what is paid stays");

        // At the period's end there is nothing left, and the reason is the payment.
        let mut events = client.events("/api/events").await;
        server.clock.set(time(FIRST_END));
        events.wait_for("balance", |data| data["standing"]["plan"] == "free").await;
        let send = client.compose("direct", &["gpt-6-luna"], "Hello!").await;
        let denied = client.post("/api/actions", &send).await;
        assert_eq!(denied.status, 402);
        assert_eq!(denied.body["remedies"][0]["kind"], "mend_payment", "{denied:?}");
        let other = client.post("/api/subscription", &json!({ "action_id": new_id() })).await;
        assert_eq!(other.body["code"], "already_subscribed", "it is to be paid, not begun again");
        // A pack helps at once.
        let top_up = json!({ "action_id": new_id(), "usd": 10 });
        assert_eq!(client.post("/api/top-ups", &top_up).await.status, 201);
        assert!(credits(&standing(&client).await["available"]).is_positive());

        server.clock.advance_seconds(3 * 24 * 3_600);
        let paid = wish(&client, "pay").await;
        assert_eq!((&paid["status"], &paid["paid_until"]), (&json!("active"), &json!(SECOND_END)));
        let now = standing(&client).await;
        assert_eq!((&now["plan"], &now["resets_at"]), (&json!("pro"), &json!(SECOND_END)));
        assert_eq!(now.get("past_due"), None, "{store:?}");
        assert_eq!(wish(&client, "pay").await, paid, "nothing is missing");
        assert_eq!(purchases(&client).await.len(), 3);
        // And the card works again.
        server.clock.set(time(SECOND_END));
        let renewed = |data: &Value| data["standing"]["resets_at"] == "2027-02-24T10:00:00Z";
        events.wait_for("balance", renewed).await;
    }
}

#[tokio::test]
async fn a_try_before_its_time_is_mended_or_pays_one_period_ahead() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    subscribe(&client).await;
    renew_for_show(&client, true).await;
    let mended = wish(&client, "pay").await;
    assert_eq!((&mended["status"], &mended["paid_until"]), (&json!("active"), &json!(FIRST_END)));
    assert_eq!(purchases(&client).await.len(), 1, "this period was paid all along");

    server.clock.advance_seconds(1);
    assert_eq!(renew_for_show(&client, false).await["paid_until"], SECOND_END);
    assert_eq!(standing(&client).await["available"], "2300", "it begins later");
    let ahead = client.post("/api/subscription/demo-renewal", &json!({ "declines": false })).await;
    assert_eq!((ahead.status, &ahead.body["code"]), (409, &json!("renewed_already")));
    assert_eq!(purchases(&client).await.len(), 2);
}

#[tokio::test]
async fn a_subscription_that_nobody_pays_ends_after_a_week() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let id: ActionId =
            subscribe(&client).await["subscription"].as_str().unwrap().parse().unwrap();
        renew_for_show(&client, true).await;
        server.clock.set(time("2026-12-31T09:59:59Z"));
        let mut events = client.events("/api/events").await;
        events.wait_for("balance", |data| data["standing"]["plan"] == "free").await;
        assert_eq!(shown(&client).await["status"], "past_due");
        server.clock.set(time("2027-01-01T10:00:00Z"));
        events.wait_for("balance", |data| data["standing"].get("past_due").is_none()).await;
        assert_eq!(shown(&client).await, Value::Null, "{store:?}");
        while server.store.renewal(&id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn where_nobody_renews_any_more_it_can_be_begun_anew() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let id: ActionId = subscribe(&client).await["subscription"].as_str().unwrap().parse().unwrap();
    assert!(server.store.forget_renewal(&id).await.unwrap());
    let elsewhere = client.post("/api/subscription/cancel", &json!({})).await;
    assert_eq!(
        (elsewhere.status, &elsewhere.body["code"]),
        (409, &json!("subscription_elsewhere"))
    );
    server.clock.set(time("2026-12-31T09:59:59Z"));
    assert_eq!(shown(&client).await["status"], "active", "its payment may come late");
    server.clock.advance_seconds(1);
    assert_eq!(shown(&client).await, Value::Null);
    assert_eq!(subscribe(&client).await["began_at"], "2026-12-31T10:00:00Z");
}

#[tokio::test]
async fn an_account_whose_pro_is_renewed_is_not_deleted() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let session = client.post("/api/session", &json!({})).await.body;
        let leave = json!({ "account_id": session["account_id"] });
        subscribe(&client).await;
        let refused = client.post("/api/account/delete", &leave).await;
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("subscription_runs")));
        assert_eq!(shown(&client).await["status"], "active", "{store:?}: nothing was done");
        wish(&client, "cancel").await;
        assert_eq!(client.post("/api/account/delete", &leave).await.status, 204, "{store:?}");
    }
}

#[tokio::test]
async fn what_was_wished_for_and_never_paid_is_forgotten() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let account = client.clone().begin().await["account_id"].as_str().unwrap().parse().unwrap();
    let subscription: ActionId = new_id().parse().unwrap();
    let due_at = time(common::BEGIN);
    let renewal = Renewal { subscription: subscription.clone(), account, due_at, declines: false };
    server.store.put_renewal(renewal.clone()).await.unwrap();
    while server.store.renewal(&subscription).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    let bought = server.store.purchases(&renewal.account, Bought::Anything, None, 9).await;
    assert_eq!(bought.unwrap(), []);
}

#[tokio::test]
async fn purchases_say_what_became_of_them() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let (client, other) = (server.guest().await, server.guest().await);
        assert_eq!(client.get("/api/purchases").await.body, json!({ "purchases": [] }));
        let mut ids = Vec::new();
        for usd in [10, 50] {
            let top_up = json!({ "action_id": new_id(), "usd": usd });
            assert_eq!(client.post("/api/top-ups", &top_up).await.status, 201);
            ids.push(top_up["action_id"].as_str().unwrap().to_owned());
            server.clock.advance_seconds(60);
        }
        subscribe(&client).await;
        let refunded = json!({ "refunded": { "payment": ids[0], "usd_cents": 250 } });
        let refunded: kumari_engine::payment::Payment =
            kumari_wire::from_str(&refunded.to_string()).unwrap();
        server.server.pay(refunded).await.unwrap();

        let page = client.get("/api/purchases?limit=2").await.body;
        let of = |page: &Value, field: &str| -> Vec<Value> {
            page["purchases"].as_array().unwrap().iter().map(|one| one[field].clone()).collect()
        };
        assert_eq!(of(&page, "usd_cents"), [2_000, 5_000]);
        let next = page["next"].as_u64().unwrap();
        let rest = client.get(&format!("/api/purchases?limit=2&before={next}")).await.body;
        assert_eq!(rest.get("next"), None);
        assert_eq!(of(&rest, "refunded_usd_cents"), [250]);
        assert_eq!(of(&rest, "product"), ["pack"]);
        assert_eq!(of(&rest, "paid_at"), [common::BEGIN]);
        let one = client.get(&format!("/api/purchases/{}", ids[0])).await;
        assert_eq!((one.status, &one.body), (200, &rest["purchases"][0]), "{store:?}");
        assert_eq!(other.get(&format!("/api/purchases/{}", ids[0])).await.status, 404);
        assert_eq!(client.get("/api/purchases/free-credits").await.status, 404);
        assert_eq!(other.get("/api/purchases").await.body, json!({ "purchases": [] }));
        for (query, path) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("before=x", "before"),
            ("page=2", "page"),
        ] {
            let refused = client.get(&format!("/api/purchases?{query}")).await;
            assert_eq!((refused.status, &refused.body["path"]), (422, &json!(path)));
        }
    }
}

#[tokio::test]
async fn nothing_is_sold_where_payments_are_off() {
    let config = kumari_server::Config { demo_payments: false, ..config() };
    let server = TestServer::start_with(STORES[0], book(), config).await;
    let client = server.guest().await;
    for (path, body) in [
        ("/api/subscription", json!({ "action_id": new_id() })),
        ("/api/subscription/cancel", json!({})),
        ("/api/top-ups", json!({ "action_id": new_id(), "usd": 10 })),
    ] {
        let refused = client.post(path, &body).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("payments_unavailable")));
    }
    assert_eq!(shown(&client).await, Value::Null);
}
