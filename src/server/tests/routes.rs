//! Every route of the table of contents, used as a browser uses it.

#[cfg(test)]
mod common;

use common::client::{action_path, credits, new_id, reply};
use common::{STORES, TestServer, book};
use kumari_engine::receipt::{Receipt, replay};
use reqwest::Method;
use reqwest::header::{ETAG, IF_NONE_MATCH};
use serde_json::{Value, json};

#[tokio::test]
async fn a_guest_gets_the_free_credits_once() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let mut client = server.stranger();
        let first = client.begin().await;
        assert_eq!(first["guest"], true);
        assert_eq!(first["demo_payments"], true);
        // Not those of media, which this provider does not do.
        let served = ["direct", "compare", "routing", "agent", "deep_research"];
        let served = served.into_iter().chain(["finance_search", "social_search"]);
        let served: Vec<&str> = served.chain(["file_processing"]).collect();
        assert_eq!(first["tasks"], json!(served));
        let cookie = client.cookie.clone();
        let again = client.begin().await;
        assert_eq!(first, again, "{store:?}");
        assert_eq!(cookie, client.cookie);
        let balance = client.balance().await;
        assert_eq!(balance["version"], 1);
        assert_eq!(balance["standing"]["available"], "100");
        assert_eq!(balance["lots"][0]["kind"], "free");
        assert_ne!(server.stranger().begin().await["account_id"], first["account_id"]);
    }
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.stranger();
    let response =
        client.request(Method::POST, "/api/session").json(&json!({})).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    for attribute in ["kumari_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test]
async fn nothing_of_an_account_is_shown_without_a_session() {
    let server = TestServer::start(STORES[0]).await;
    let mut client = server.stranger();
    for cookie in [None, Some("kumari_session=0123".to_owned())] {
        client.cookie = cookie;
        for path in [
            "/api/balance",
            "/api/events",
            "/api/conversations",
            "/api/conversations/x",
            "/api/actions/x",
            "/api/actions/x/events",
            "/api/actions/x/receipt",
        ] {
            let reply = client.get(path).await;
            assert_eq!(reply.status, 401, "{path}: {reply:?}");
            assert_eq!(reply.body["code"], "session_missing");
        }
    }
}

#[tokio::test]
async fn nobody_sees_what_belongs_to_another_account() {
    let server = TestServer::start(STORES[0]).await;
    let (alice, bob) = (server.guest().await, server.guest().await);
    let view = alice.ask("direct", &["gpt-6-luna"], "Hello!").await;
    let conversation = view["conversation_id"].as_str().unwrap();
    for path in ["", "/events", "/receipt"] {
        let reply = bob.get(&format!("{}{path}", action_path(&view))).await;
        assert_eq!((reply.status, &reply.body["code"]), (404, &json!("action_unknown")), "{path}");
    }
    let stop = bob.post(&format!("{}/stop", action_path(&view)), &json!({})).await;
    assert_eq!(stop.status, 404);
    assert_eq!(bob.get(&format!("/api/conversations/{conversation}")).await.status, 404);
    assert_eq!(bob.get("/api/conversations").await.body["conversations"], json!([]));
    assert_eq!(bob.balance().await["standing"]["available"], "100");
}

#[tokio::test]
async fn the_price_book_is_asked_for_again_only_where_it_changed() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.stranger();
    let version = book().version;
    for path in ["/api/price-book".to_owned(), format!("/api/price-books/{version}")] {
        let response = client.get_raw(&path).await;
        assert_eq!(response.status(), 200);
        let etag = response.headers()[ETAG].clone();
        assert_eq!(etag.to_str().unwrap(), format!("\"{version}\""));
        let text = response.text().await.unwrap();
        assert_eq!(kumari_wire::publish(&text).unwrap().version, version, "bytes of the hash");
        let request = client.request(Method::GET, &path).header(IF_NONE_MATCH, etag);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 304);
        assert_eq!(response.text().await.unwrap(), "");
    }
    let reply = client.get("/api/price-books/0").await;
    assert_eq!((reply.status, &reply.body["code"]), (404, &json!("price_book_unknown")));
}

#[tokio::test]
async fn an_estimate_is_the_engines() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let request = json!({
        "task": "compare",
        "models": ["gpt-6-luna", "claude-haiku-5-5"],
        "input_tokens": { "o200k_base": 100 },
        "messages": 1,
    });
    let told = client.post("/api/estimate", &json!({ "request": request })).await;
    assert_eq!(told.status, 200);
    let request = serde_json::from_value(request).unwrap();
    let expected = kumari_engine::estimate::estimate(&book(), &request).unwrap();
    assert_eq!(told.body["estimate"], serde_json::to_value(&expected).unwrap());
    assert_eq!(told.body["eligibility"]["verdict"], "allowed");

    let none = json!({ "request": { "task": "direct", "models": ["nobody"] } });
    let told = client.post("/api/estimate", &none).await;
    assert_eq!(told.status, 200, "a no is an answer here");
    assert_eq!(told.body["estimate"], Value::Null);
    assert_eq!(told.body["eligibility"]["code"], "not_offered");
}

#[tokio::test]
async fn a_message_is_answered_and_costs_what_its_receipt_says() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let before = client.available().await;
        let send = client.compose("direct", &["gpt-6-luna"], "Hello!").await;
        let view = client.send(&send).await;
        assert_eq!(view["action_id"], send["action_id"]);
        assert_eq!(view["hold"], send["quote"]["high"]);

        let done = client.ended(&view).await;
        assert_eq!(done["status"], "ended");
        let leg = &done["legs"][0];
        assert_eq!((&leg["status"], &leg["text"]), (&json!("completed"), &json!("Hello there.")));
        let charge = credits(&leg["charge"]);
        assert!(charge.is_positive());
        let after = client.available().await;
        assert_eq!(after, before.sub(charge).unwrap(), "{store:?}: fell by exactly the charge");

        let receipt = client.get(&format!("{}/receipt", action_path(&view))).await;
        assert_eq!(receipt.body, done["receipt"]);
        let receipt: Receipt = serde_json::from_value(receipt.body).unwrap();
        assert_eq!(receipt.charge, charge);
        assert!(replay(&book(), &receipt).unwrap().matches);
        let shown = client.get(&action_path(&view)).await;
        assert_eq!((shown.status, shown.body), (200, done));
    }
}

#[tokio::test]
async fn a_comparison_is_the_sum_of_its_legs() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let models = ["gpt-6-luna", "claude-haiku-5-5", "gpt-6.1-sol"];
        let done = client.ask("compare", &models, "Which of you?").await;
        let legs = done["legs"].as_array().unwrap();
        let answered: Vec<&str> = legs.iter().map(|leg| leg["model"].as_str().unwrap()).collect();
        assert_eq!(answered, models);
        let charges = legs.iter().map(|leg| credits(&leg["charge"]));
        let sum = kumari_engine::amount::Credits::sum(charges).unwrap();
        assert_eq!(sum, credits(&done["receipt"]["charge"]), "{store:?}");
        let spent = "100".parse::<kumari_engine::amount::Credits>().unwrap();
        assert_eq!(client.available().await, spent.sub(sum).unwrap());
    }
}

#[tokio::test]
async fn a_conversation_is_sent_along_and_counted() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let first = client.ask("compare", &["gpt-6-luna", "claude-haiku-5-5"], "One?").await;
        server.scripted.asked().await;
        server.scripted.asked().await;
        let conversation = first["conversation_id"].as_str().unwrap();
        let send = client.compose_in(conversation, "direct", &["gpt-6-luna"], "Two?").await;
        let view = client.send(&send).await;
        assert_eq!(view["hold"], send["quote"]["high"], "{store:?}: both counted the same");
        client.ended(&view).await;
        let asked = server.scripted.asked().await;
        let said: Vec<&str> = asked.messages.iter().map(|message| &*message.text).collect();
        assert_eq!(said, ["One?", "Hello there.", "Two?"]);

        let opened = client.get(&format!("/api/conversations/{conversation}")).await.body;
        assert_eq!(opened["title"], "One?");
        let messages = opened["messages"].as_array().unwrap();
        let statuses: Vec<&str> =
            messages.iter().map(|message| message["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["sent", "completed", "completed", "sent", "completed"]);
        assert_eq!(messages[1]["tokens"]["o200k_base"], common::tokens("Hello there."));
        assert!(credits(&messages[1]["charge"]).is_positive());
    }
}

#[tokio::test]
async fn conversations_are_listed_last_first_page_by_page() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        for text in ["first", "second", "third"] {
            client.ask("direct", &["gpt-6-luna"], text).await;
            server.clock.advance_seconds(1);
        }
        let mut titles = Vec::new();
        let mut path = "/api/conversations?limit=2".to_owned();
        loop {
            let page = client.get(&path).await.body;
            let conversations = page["conversations"].as_array().unwrap();
            titles.extend(conversations.iter().map(|one| one["title"].clone()));
            match page["next"].as_str() {
                Some(next) => path = format!("/api/conversations?limit=2&before={next}"),
                None => break,
            }
        }
        assert_eq!(titles, ["third", "second", "first"], "{store:?}");
    }
}

#[tokio::test]
async fn a_pack_is_bought_once_for_one_id() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        let top_up = json!({ "action_id": new_id(), "usd": 10 });
        let bought = client.post("/api/top-ups", &top_up).await;
        assert_eq!(bought.status, 201);
        assert_eq!(bought.body["granted"]["kind"], "pack");
        assert_eq!(bought.body["granted"]["amount"], "1000");
        assert_eq!(bought.body["balance"]["standing"]["available"], "1100");
        let again = client.post("/api/top-ups", &top_up).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.body["granted"], bought.body["granted"]);
        let other = json!({ "action_id": top_up["action_id"], "usd": 11 });
        let other = client.post("/api/top-ups", &other).await;
        assert_eq!((other.status, &other.body["code"]), (409, &json!("action_id_reused")));
        assert_eq!(client.balance().await["standing"]["available"], "1100", "{store:?}");
    }
}

#[tokio::test]
async fn a_purchase_is_repeated_as_it_was_even_where_the_price_has_changed() {
    let server = TestServer::start(STORES[0]).await;
    let client = server.guest().await;
    let top_up = json!({ "action_id": new_id(), "usd": 10 });
    assert_eq!(client.post("/api/top-ups", &top_up).await.status, 201);
    let dearer = common::book_with(&[("/packs/brackets/0/credits_per_usd", json!("90"))]);
    server.publish(&dearer).await;
    let again = client.post("/api/top-ups", &top_up).await;
    assert_eq!((again.status, &again.body["granted"]["amount"]), (200, &json!("1000")));
}

#[tokio::test]
async fn own_limits_hold_until_they_are_raised() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.guest().await;
        assert_eq!(client.get("/api/limits").await.body, json!({}));
        let put = async |limits: Value| {
            reply(client.request(Method::PUT, "/api/limits").json(&limits).send().await.unwrap())
                .await
        };
        let set = put(json!({"per_action": "50", "per_day": "0", "warn_below": "20"})).await;
        assert_eq!(set.status, 200, "{store:?}: {}", set.body);
        let standing = &client.balance().await["standing"];
        assert_eq!(standing["limit_left"], "0");
        assert_eq!(standing["limits"]["warn_below"], "20");
        assert_eq!(set.body["standing"], *standing);

        let send = client.compose("direct", &["gpt-6-luna"], "Hello!").await;
        let refused = client.post("/api/actions", &send).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("limit_reached")));
        assert_eq!(put(json!({"per_day": "5"})).await.status, 200);
        let limits = client.get("/api/limits").await.body;
        assert_eq!(limits, json!({"per_day": "5"}), "what is left out is not limited any more");
        // The same id: nothing was bound to it.
        let sent = client.send(&send).await;
        let charge = credits(&client.ended(&sent).await["receipt"]["charge"]);
        let left = credits(&client.balance().await["standing"]["limit_left"]);
        assert_eq!(left, credits(&json!("5")).sub(charge).unwrap());

        for (bad, path) in [
            (json!({"per_day": "-1"}), "per_day"),
            (json!({"per_week": "1"}), "per_week"),
            (json!({"per_action": 5}), "per_action"),
        ] {
            let refused = put(bad).await;
            assert_eq!(
                (refused.status, &refused.body["path"]),
                (422, &json!(path)),
                "{}",
                refused.body
            );
        }
        assert_eq!(client.get("/api/limits").await.body, limits);
    }
}

#[tokio::test]
async fn it_says_that_it_lives_and_that_it_is_ready() {
    for store in STORES {
        let server = TestServer::start(store).await;
        let client = server.stranger();
        for path in ["/healthz", "/readyz"] {
            assert_eq!(client.get(path).await.status, 200, "{store:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_book_of_a_newer_form_is_named_as_such_and_disturbs_nothing_else() {
    let server = TestServer::start(STORES[0]).await;
    let newer = kumari_store::StoredBook {
        version: "newer".parse().unwrap(),
        json: json!({ "schema": 2, "colour": "red" }).to_string(),
        effective_at: common::time(common::BEGIN),
        published_at: common::time(common::BEGIN),
    };
    server.store.publish_book(newer).await.unwrap();
    let server = server.restart(book()).await;
    let client = server.guest().await;
    let reply = client.get("/api/price-books/newer").await;
    assert_eq!((reply.status, &reply.body["code"]), (409, &json!("engine_outdated")));
    assert_eq!(client.ask("direct", &["gpt-6-luna"], "Hello!").await["status"], "ended");
}
