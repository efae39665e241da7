//! Payments by Stripe: what a person is sent to, and what its signed events do, in any order. A
//! stand-in answers for its API; Stripe's own library signs in `tests/e2e/stripe.test.js`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::client::{Client, new_id};
use common::stripe::{FakeStripe, send, signature};
use common::{BEGIN, STORES, StoreKind, TestServer, book, config, time};
use kumari_server::Config;
use kumari_store::{Session, TokenHash};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A server that takes payments by the stand-in, and a person who has signed in.
struct Shop {
    server: TestServer,
    stripe: Arc<FakeStripe>,
    person: Client,
}

impl Shop {
    async fn open(store: StoreKind) -> Self {
        let stripe = FakeStripe::start().await;
        let stripe_settings = Some(stripe.settings());
        let config = Config { demo_payments: false, stripe: stripe_settings, ..config() };
        let server = TestServer::start_with(store, book(), config).await;
        let token_hash = TokenHash(Sha256::digest(b"a token").into());
        let (account, created_at) = ("person-1".parse().unwrap(), time(BEGIN));
        let session = Session {
            token_hash,
            account,
            created_at,
            expires_at: None,
            is_guest: false,
            device: String::new(),
            seen_at: created_at,
        };
        server.store.open_session(session).await.unwrap();
        let mut person = server.stranger();
        person.cookie = Some("kumari_session=a token".to_owned());
        Self { server, stripe, person }
    }

    fn now(&self) -> i64 {
        use kumari_store::Clock as _;
        self.server.clock.now().as_millis() / 1_000
    }

    /// Tells an event, made and signed now.
    async fn tell(&self, kind: &str, object: &Value) -> (u16, Value) {
        self.tell_made_at(kind, object, self.now()).await
    }

    async fn tell_made_at(&self, kind: &str, object: &Value, created: i64) -> (u16, Value) {
        let event = json!({
            "id": "evt_1", "object": "event", "type": kind, "created": created,
            "data": { "object": object },
        });
        let body = event.to_string();
        let signed = signature(&body, self.now());
        let told = send(&self.server.stranger(), body, &signed).await;
        (told.status, told.body["code"].clone())
    }

    async fn standing(&self) -> Value {
        self.person.balance().await["standing"].clone()
    }

    async fn wish(&self, what: &str) -> (u16, Value) {
        let answer = self.person.post(&format!("/api/subscription{what}"), &json!({})).await;
        (answer.status, answer.body)
    }
}

const OK: (u16, Value) = (200, Value::Null);

fn paid_pack(intent: &str, usd_cents: u32) -> Value {
    json!({
        "id": "cs_1", "object": "checkout.session", "mode": "payment", "payment_status": "paid",
        "payment_intent": intent, "amount_total": usd_cents, "currency": "usd",
        "client_reference_id": "person-1", "metadata": { "account": "person-1" },
    })
}

fn subscription(status: &str, anchor: i64) -> Value {
    json!({
        "id": "sub_1", "object": "subscription", "status": status, "customer": "cus_1",
        "billing_cycle_anchor": anchor, "cancel_at_period_end": false, "cancel_at": null,
        "metadata": { "account": "person-1" },
        "items": { "data": [{ "price": { "recurring": { "interval": "month", "interval_count": 1 } } }] },
    })
}

/// An invoice as the version of the API has it that is spoken here.
fn invoice(id: &str, start: i64) -> Value {
    json!({
        "id": id, "object": "invoice", "amount_paid": 2_000, "currency": "usd",
        "billing_reason": "subscription_cycle",
        "parent": { "subscription_details": { "subscription": "sub_1" } },
        "lines": { "data": [{ "period": { "start": start } }] },
    })
}

#[tokio::test]
async fn who_is_nobody_signs_in_first_and_who_is_somebody_pays_at_stripe() {
    let shop = Shop::open(STORES[0]).await;
    let guest = shop.server.guest().await;
    let top_up = json!({ "action_id": new_id(), "usd": 25 });
    let begin = json!({ "action_id": new_id() });
    for (path, body) in [("/api/top-ups", &top_up), ("/api/subscription", &begin)] {
        let refused = guest.post(path, body).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("sign_in_first")));
    }
    for _ in 0..2 {
        let sent = shop.person.post("/api/top-ups", &top_up).await;
        let expected = format!("https://pay.example/{}", top_up["action_id"].as_str().unwrap());
        assert_eq!((sent.status, sent.body), (202, json!({ "pay_at": expected })));
    }
    let (path, form, headers) = shop.stripe.asked();
    assert_eq!(path, "checkout");
    for (field, value) in [
        ("mode", "payment"),
        ("metadata[account]", "person-1"),
        ("payment_intent_data[metadata][account]", "person-1"),
        ("line_items[0][price_data][unit_amount]", "2500"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][product_data][name]", "Custom Pack: 2500 credits"),
        ("success_url", "https://chat.example/"),
    ] {
        assert_eq!(form[field], value, "{field}");
    }
    assert_eq!(headers["authorization"], "Bearer sk_test_of_the_tests");
    assert_eq!(headers["stripe-version"], "2025-03-31.basil");

    let sent = shop.person.post("/api/subscription", &begin).await;
    assert_eq!(sent.status, 202, "{sent:?}");
    let (_, form, _) = shop.stripe.asked();
    assert_eq!(form["mode"], "subscription");
    assert_eq!(form["line_items[0][price_data][unit_amount]"], "2000");
    assert_eq!(form["line_items[0][price_data][recurring][interval]"], "month");
    assert_eq!(form["subscription_data[metadata][account]"], "person-1");

    let few = json!({ "action_id": new_id(), "usd": 9 });
    let refused = shop.person.post("/api/top-ups", &few).await;
    assert_eq!((refused.status, &refused.body["path"]), (422, &json!("usd")));
    assert_eq!(shop.standing().await["settled"], "0", "nothing is granted before it is paid");
    let shown = shop.person.get("/api/subscription").await;
    assert_eq!(shown.body, json!({ "payments": "stripe", "subscription": null }));
}

#[tokio::test]
async fn a_signed_event_grants_once_and_anything_else_nothing() {
    for store in STORES {
        let shop = Shop::open(store).await;
        let kind = "checkout.session.completed";
        for _ in 0..2 {
            assert_eq!(shop.tell(kind, &paid_pack("pi_1", 2_500)).await, OK, "{store:?}");
        }
        let again = "checkout.session.async_payment_succeeded";
        assert_eq!(shop.tell(again, &paid_pack("pi_1", 2_500)).await, OK);
        assert_eq!(shop.standing().await["available"], "2500");

        for (field, value) in [
            ("payment_status", json!("unpaid")),
            ("currency", json!("eur")),
            ("metadata", json!({})),
            ("mode", json!("setup")),
            ("amount_total", json!(-1)),
        ] {
            let mut other = paid_pack("pi_2", 2_500);
            other[field] = value;
            assert_eq!(shop.tell(kind, &other).await, OK, "{field}");
        }
        // Not what is sold: somebody has to look at it, and it is not told again for ever.
        assert_eq!(shop.tell(kind, &paid_pack("pi_3", 2_550)).await, OK);
        assert_eq!(shop.tell("customer.created", &json!({})).await, OK);

        let body = json!({ "type": kind, "created": shop.now(), "data": { "object": paid_pack("pi_4", 2_500) } });
        let body = body.to_string();
        let right = signature(&body, shop.now());
        for signed in [
            String::new(),
            signature("{}", shop.now()),
            signature(&body, shop.now() - 301),
            right.replace("v1=", "v0="),
        ] {
            let refused = send(&shop.server.stranger(), body.clone(), &signed).await;
            assert_eq!((refused.status, &refused.body["code"]), (400, &json!("signature_invalid")));
        }
        assert_eq!(shop.standing().await["available"], "2500");
        assert_eq!(send(&shop.server.stranger(), body, &right).await.status, 200);
        assert_eq!(shop.standing().await["available"], "5000");
        let bought = shop.person.get("/api/purchases").await.body;
        assert_eq!(bought["purchases"][0]["payment"], "pi_4");
    }
}

#[tokio::test]
async fn a_subscription_comes_to_the_same_in_any_order() {
    let made = |shop: &Shop| -> [(&'static str, Value); 3] {
        [
            ("customer.subscription.created", subscription("active", shop.now())),
            ("invoice.paid", invoice("in_1", shop.now())),
            ("customer.subscription.updated", subscription("active", shop.now())),
        ]
    };
    for (store, order) in STORES.into_iter().zip([[0, 1, 2, 1], [2, 1, 1, 0]]) {
        let shop = Shop::open(store).await;
        shop.stripe.put_subscription(&subscription("active", shop.now()));
        for index in order {
            let (kind, object) = &made(&shop)[index];
            assert_eq!(shop.tell(kind, object).await, OK, "{kind}");
        }
        let now = shop.standing().await;
        assert_eq!((&now["plan"], &now["available"]), (&json!("pro"), &json!("2200")), "{store:?}");
        assert_eq!(now["resets_at"], "2026-12-24T10:00:00Z");
        let shown = shop.person.get("/api/subscription").await.body;
        assert_eq!(shown["subscription"]["status"], "active");
        let begin = json!({ "action_id": new_id() });
        let other = shop.person.post("/api/subscription", &begin).await;
        assert_eq!((other.status, &other.body["code"]), (409, &json!("already_subscribed")));
    }
}

#[tokio::test]
async fn a_subscription_is_ended_resumed_mended_and_renewed() {
    let shop = Shop::open(STORES[0]).await;
    let anchor = shop.now();
    shop.stripe.put_subscription(&subscription("active", anchor));
    assert_eq!(shop.tell("invoice.paid", &invoice("in_1", anchor)).await, OK);
    let (status, body) = shop.wish("/cancel").await;
    assert_eq!((status, &body["subscription"]["status"]), (200, &json!("cancelled")));
    assert_eq!(shop.stripe.asked().1["cancel_at_period_end"], "true");
    // The event of an earlier moment comes after it.
    let late = subscription("active", anchor);
    assert_eq!(shop.tell_made_at("customer.subscription.updated", &late, anchor).await, OK);
    let (status, body) = shop.wish("/cancel").await;
    assert_eq!((status, &body["subscription"]["status"]), (200, &json!("cancelled")));
    let (status, body) = shop.wish("/resume").await;
    assert_eq!((status, &body["subscription"]["status"]), (200, &json!("active")));
    let (status, body) = shop.wish("/demo-renewal").await;
    assert_eq!(status, 422, "{body}");

    shop.server.clock.set(time("2026-12-24T10:00:00Z"));
    let start = shop.now();
    let failed = invoice("in_2", start);
    assert_eq!(shop.tell("invoice.payment_failed", &failed).await, OK);
    let now = shop.standing().await;
    assert_eq!((&now["past_due"], &now["plan"]), (&json!(true), &json!("free")));
    let (status, body) = shop.wish("/pay").await;
    assert_eq!((status, body), (202, json!({ "pay_at": "https://pay.example/mend/cus_1" })));
    shop.server.clock.advance_seconds(3_600);
    // An invoice as older versions of the API have it.
    let mut paid = invoice("in_2", start);
    paid["parent"] = Value::Null;
    paid["subscription"] = json!("sub_1");
    assert_eq!(shop.tell("invoice.paid", &paid).await, OK);
    let now = shop.standing().await;
    assert_eq!((now.get("past_due"), &now["plan"]), (None, &json!("pro")));
    assert_eq!(now["resets_at"], "2027-01-24T10:00:00Z");

    shop.server.clock.advance_seconds(60);
    let gone = subscription("canceled", anchor);
    assert_eq!(shop.tell("customer.subscription.deleted", &gone).await, OK);
    let shown = shop.person.get("/api/subscription").await.body;
    assert_eq!(shown["subscription"]["status"], "cancelled");
    assert_eq!(shop.standing().await["plan"], "pro", "what is paid lives to its end");

    // A first payment that fails is no subscription.
    let mut first = invoice("in_9", start);
    first["billing_reason"] = json!("subscription_create");
    assert_eq!(shop.tell("invoice.payment_failed", &first).await, OK);
    assert_eq!(shop.standing().await.get("past_due"), None);
}

#[tokio::test]
async fn money_that_goes_back_finds_its_purchase_even_before_it_is_known() {
    for store in STORES {
        let shop = Shop::open(store).await;
        let refund = |intent: &str, cents: u32| json!({ "payment_intent": intent, "amount_refunded": cents });
        let unknown = shop.tell("charge.refunded", &refund("pi_1", 500)).await;
        assert_eq!(unknown, (404, json!("payment_unknown")), "Stripe tells it again");
        assert_eq!(shop.tell("checkout.session.completed", &paid_pack("pi_1", 2_000)).await, OK);
        for _ in 0..2 {
            assert_eq!(shop.tell("charge.refunded", &refund("pi_1", 500)).await, OK);
        }
        assert_eq!(shop.standing().await["available"], "1500", "{store:?}");

        shop.stripe.put_subscription(&subscription("active", shop.now()));
        assert_eq!(shop.tell("invoice.paid", &invoice("in_1", shop.now())).await, OK);
        shop.stripe.put_invoice("pi_2", "in_1");
        assert_eq!(shop.tell("charge.refunded", &refund("pi_2", 1_000)).await, OK);
        assert_eq!(shop.standing().await["available"], "2600");
        let bought = shop.person.get("/api/purchases/in_1").await.body;
        assert_eq!(bought["refunded_usd_cents"], 1_000);

        let dispute = |status: &str| json!({ "id": "dp_1", "payment_intent": "pi_1", "amount": 2_000, "status": status });
        let question = dispute("warning_needs_response");
        assert_eq!(shop.tell("charge.dispute.created", &question).await, OK);
        assert_eq!(shop.standing().await["disputed"], false);
        assert_eq!(shop.tell("charge.dispute.created", &dispute("needs_response")).await, OK);
        assert_eq!(shop.standing().await["disputed"], true);
        for status in ["won", "under_review"] {
            assert_eq!(shop.tell("charge.dispute.closed", &dispute(status)).await, OK);
            assert_eq!(shop.standing().await["disputed"], false, "decided is decided");
        }

        // What nobody here knows for a day is of something else.
        let old = shop.now() - 2 * 24 * 3_600;
        let told = shop.tell_made_at("charge.refunded", &refund("pi_9", 1), old).await;
        assert_eq!(told, OK);
    }
}

#[tokio::test]
async fn where_stripe_is_away_nothing_is_lost() {
    let stripe = FakeStripe::start().await;
    let nowhere = "http://127.0.0.1:9".to_owned();
    let settings = kumari_server::StripeSettings { base_url: nowhere, ..stripe.settings() };
    let config = Config { demo_payments: false, stripe: Some(settings), ..config() };
    let server = TestServer::start_with(STORES[0], book(), config).await;
    let shop = Shop { stripe, person: server.stranger(), server };
    let away = (502, json!("payments_unreachable"));
    assert_eq!(shop.tell("invoice.paid", &invoice("in_1", shop.now())).await, away);

    let plain = TestServer::start(STORES[0]).await;
    let unused = send(&plain.stranger(), "{}".to_owned(), "t=1,v1=00").await;
    assert_eq!((unused.status, &unused.body["code"]), (404, &json!("not_found")));
}
