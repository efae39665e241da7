//! Signing up, in and out with passkeys, and every misuse that must not work.

#[cfg(test)]
mod common;

use common::backend::code;
use common::people::{Authenticator, Browser};
use common::{STORES, StoreKind, TestServer};
use kumari_engine::amount::Credits;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const NAME: &str = "Åsa";

async fn server() -> TestServer {
    TestServer::start(StoreKind::Memory).await
}

async fn available(browser: &Browser) -> Credits {
    browser.client.available().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_becomes_a_person_with_all_that_the_guest_has() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let mut browser = Browser::new(&server).await;
        let guest = browser.begin().await;
        assert_eq!((&guest["guest"], &guest["name"]), (&json!(true), &Value::Null));
        let before = available(&browser).await;
        let told = browser.cookies["kumari_session"].clone();
        let mut key = Authenticator::new(7);

        let person = browser.sign_up(&mut key, "  Åsa ").await;
        assert_eq!(person.status, 200, "{person:?}");
        assert_eq!((&person.body["guest"], &person.body["name"]), (&json!(false), &json!(NAME)));
        assert_eq!(person.body["account_id"], guest["account_id"], "nothing moved");
        assert_eq!(browser.begin().await, person.body);
        assert_eq!(available(&browser).await, before, "the 100 were given once");

        // Who knew the guest's token has nothing.
        let mut thief = browser.clone();
        thief.client.cookie = Some(format!("kumari_session={told}"));
        assert_eq!(code(&thief.get("/api/balance").await), (401, "session_missing"));

        // Elsewhere the passkey opens the same account.
        let mut other = Browser::new(&server).await;
        let there = other.sign_in(&mut key).await;
        assert_eq!(there.body, person.body);
        assert_eq!(available(&other).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_s_own_is_back_when_the_person_signs_out() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let mut key = Authenticator::new(7);
        Browser::new(&server).await.sign_up(&mut key, NAME).await;

        let mut browser = Browser::new(&server).await;
        let guest = browser.begin().await;
        let told = browser.cookies["kumari_session"].clone();
        let person = browser.sign_in(&mut key).await.body;
        assert_ne!(person["account_id"], guest["account_id"]);
        assert_eq!(browser.get("/api/me").await.body["guest_kept"], true);

        assert_eq!(browser.post("/api/sign-out", &json!({})).await.status, 204);
        assert_eq!(browser.begin().await, guest, "the guest is back");
        assert_ne!(browser.cookies["kumari_session"], told, "with another token");
        assert!(!browser.cookies.contains_key("kumari_guest"));
        assert_eq!(browser.get("/api/me").await.body["guest_kept"], false);
        // A guest has no way back.
        assert_eq!(
            code(&browser.post("/api/sign-out", &json!({})).await),
            (409, "guest_not_signed_in")
        );

        // Who signed up here leaves no guest behind.
        let mut key = Authenticator::new(8);
        browser.sign_up(&mut key, NAME).await;
        assert_eq!(browser.post("/api/sign-out", &json!({})).await.status, 204);
        assert_ne!(browser.begin().await["account_id"], guest["account_id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r17_a_person_has_the_free_credits_once_and_a_passkey_is_nobodys_word() {
    let server = server().await;
    let mut browser = Browser::new(&server).await;
    let given = available(&browser).await;
    assert!(given.is_positive(), "a demo gives them to guests");
    let mut key = Authenticator::new(7);
    browser.sign_up(&mut key, NAME).await;
    for _ in 0..2 {
        browser.sign_in(&mut key).await;
        assert_eq!(available(&browser).await, given, "they are the person's, once");
    }
    // A second identity of the account brings nothing.
    browser.sign_up(&mut Authenticator::new(8), NAME).await;
    assert_eq!(available(&browser).await, given);

    // Where answers cost real money, as many passkeys as anybody likes bring none.
    server.scripted.is_real.store(true, Ordering::Relaxed);
    let mut browser = Browser::new(&server).await;
    assert_eq!(available(&browser).await, Credits::ZERO, "a guest could be anybody");
    browser.sign_up(&mut Authenticator::new(9), NAME).await;
    assert_eq!(available(&browser).await, Credits::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_in_time_and_for_its_own_session() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let mut browser = Browser::new(&server).await;
        let mut key = Authenticator::new(7);
        let options = browser.post("/api/passkeys/begin", &json!({ "name": NAME })).await;
        let made = key.create(&options.body, &browser.origin());
        // Another session's.
        let mut other = Browser::new(&server).await;
        assert_eq!(code(&other.post("/api/passkeys", &made).await), (409, "sign_in_expired"));
        assert_eq!(browser.post("/api/passkeys", &made).await.status, 200);

        let ask = "/api/sign-in/passkey/begin";
        let options = browser.post(ask, &json!({})).await;
        let answer = key.get(&options.body, &browser.origin());
        assert_eq!(
            code(&other.post("/api/sign-in/passkey", &answer).await),
            (409, "sign_in_expired")
        );
        let mut replay = browser.clone();
        assert_eq!(browser.post("/api/sign-in/passkey", &answer).await.status, 200);
        // Again, by who has the old cookie, and by the new session that waits for another challenge.
        assert_eq!(replay.post("/api/sign-in/passkey", &answer).await.status, 401);
        browser.post(ask, &json!({})).await;
        assert_eq!(
            code(&browser.post("/api/sign-in/passkey", &answer).await),
            (403, "passkey_refused")
        );
        // A challenge is gone with the first answer to it, whatever that was.
        let options = browser.post(ask, &json!({})).await;
        let wrong = key.get(&options.body, "http://localhost:1");
        assert_eq!(
            code(&browser.post("/api/sign-in/passkey", &wrong).await),
            (403, "passkey_refused")
        );
        let right = key.get(&options.body, &browser.origin());
        assert_eq!(
            code(&browser.post("/api/sign-in/passkey", &right).await),
            (409, "sign_in_expired")
        );
        // Too late.
        let options = browser.post(ask, &json!({})).await;
        let answer = key.get(&options.body, &browser.origin());
        server.clock.advance_seconds(300);
        assert_eq!(
            code(&browser.post("/api/sign-in/passkey", &answer).await),
            (409, "sign_in_expired")
        );
        // What was waited for is of the other kind.
        browser.post("/api/passkeys/begin", &json!({ "name": NAME })).await;
        assert_eq!(
            code(&browser.post("/api/sign-in/passkey", &answer).await),
            (403, "passkey_refused")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_opens_nothing() {
    let server = server().await;
    let mut browser = Browser::new(&server).await;
    let mut key = Authenticator::new(7);
    browser.sign_up(&mut key, NAME).await;
    let person = browser.begin().await;

    let mut thief = Browser::new(&server).await;
    let before = thief.begin().await;
    let origin = thief.origin();
    let ask =
        async |thief: &mut Browser| thief.post("/api/sign-in/passkey/begin", &json!({})).await.body;
    let challenge = |options: &Value, to: &str| {
        let mut options = options.clone();
        options["publicKey"]["challenge"] = json!(to);
        options
    };
    for case in ["origin", "site", "challenge", "signature", "owner", "handle", "key", "copy"] {
        let options = ask(&mut thief).await;
        let (answer, expected) = match case {
            "origin" => (key.get(&options, "http://evil.localhost"), "passkey_refused"),
            "site" => {
                let mut options = options.clone();
                options["publicKey"]["rpId"] = json!("evil.example");
                (key.get(&options, &origin), "passkey_refused")
            }
            "challenge" => (key.get(&challenge(&options, "AAAA"), &origin), "passkey_refused"),
            "signature" => {
                let mut answer = key.get(&options, &origin);
                let other = key.get(&options, &origin);
                answer["response"]["signature"] = other["response"]["signature"].clone();
                (answer, "passkey_refused")
            }
            // Somebody is there, and it may be anybody.
            "owner" => {
                key.has_verified = false;
                let answer = key.get(&options, &origin);
                key.has_verified = true;
                (answer, "passkey_refused")
            }
            "handle" => {
                let mut answer = key.get(&options, &origin);
                answer["response"]["userHandle"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
                (answer, "passkey_refused")
            }
            "key" => {
                let mut stranger = Authenticator::new(9);
                let mut answer = stranger.get(&options, &origin);
                answer["response"]["userHandle"] =
                    key.clone().get(&options, &origin)["response"]["userHandle"].clone();
                (answer, "passkey_unknown")
            }
            _ => {
                let mut copy = key.clone();
                let options_now = &options;
                // The owner has gone on.
                key.counter += 5;
                browser.sign_in(&mut key).await;
                (copy.get(options_now, &origin), "passkey_copied")
            }
        };
        let reply = thief.post("/api/sign-in/passkey", &answer).await;
        assert_eq!(code(&reply).1, expected, "{case}: {reply:?}");
        assert_eq!(thief.begin().await, before, "{case}");
    }
    // The owner's still does.
    assert_eq!(thief.sign_in(&mut key).await.body, person);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_belongs_to_one_account_and_an_account_has_so_many() {
    let server = server().await;
    let mut browser = Browser::new(&server).await;
    let mut key = Authenticator::new(7);
    browser.sign_up(&mut key, NAME).await;
    let mut other = Browser::new(&server).await;
    assert_eq!(code(&other.sign_up(&mut key.clone(), "Eve").await), (409, "identity_taken"));
    assert_eq!(other.begin().await["guest"], true);

    for seed in 8..27 {
        assert_eq!(browser.sign_up(&mut Authenticator::new(seed), NAME).await.status, 200);
    }
    let me = browser.get("/api/me").await.body;
    assert_eq!(me["identities"].as_array().map(Vec::len), Some(20));
    let more = browser.post("/api/passkeys/begin", &json!({ "name": NAME })).await;
    assert_eq!(code(&more), (409, "too_many_identities"));
    // All are of one person to an authenticator, which is told what it has.
    for bad in ["", " \n "] {
        let reply = other.post("/api/passkeys/begin", &json!({ "name": bad })).await;
        assert_eq!(code(&reply), (422, "request_invalid"), "{bad:?}");
    }
    let bad = other.post("/api/passkeys", &json!({ "id": 5 })).await;
    assert_eq!(code(&bad), (422, "request_invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_name_has_no_passkeys() {
    let server = server().await;
    let client = server.guest().await;
    let reply = client.post("/api/passkeys/begin", &json!({ "name": NAME })).await;
    assert_eq!(code(&reply), (409, "passkeys_unavailable"));
    assert_eq!(client.get("/api/me").await.body["ways"]["passkey"], false);
    let mut browser = Browser::new(&server).await;
    assert_eq!(browser.get("/api/me").await.body["ways"]["passkey"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let mut key = Authenticator::new(7);
        let mut one = Browser::new(&server).await;
        one.sign_up(&mut key, NAME).await;
        let (mut two, mut three) = (Browser::new(&server).await, Browser::new(&server).await);
        server.clock.advance_seconds(10);
        two.sign_in(&mut key).await;
        server.clock.advance_seconds(10);
        three.sign_in(&mut key).await;

        let sessions = async |browser: &mut Browser| {
            let me = browser.get("/api/me").await.body;
            me["sessions"].as_array().unwrap().clone()
        };
        let listed = sessions(&mut one).await;
        let current: Vec<&Value> = listed.iter().map(|session| &session["current"]).collect();
        assert_eq!(current, [&json!(false), &json!(false), &json!(true)]);
        // Used an hour later, it was seen then.
        server.clock.advance_seconds(3_600);
        one.get("/api/balance").await;
        let listed = sessions(&mut one).await;
        assert_eq!(listed[0]["current"], true);
        assert!(listed[0]["seen_at"].as_str() > listed[1]["seen_at"].as_str(), "{listed:?}");

        let path = |session: &Value| format!("/api/sessions/{}", session["id"].as_str().unwrap());
        assert_eq!(code(&one.delete(&path(&listed[0])).await), (409, "session_current"));
        // Nobody ends those of others.
        let mut stranger = Browser::new(&server).await;
        assert_eq!(stranger.delete(&path(&listed[1])).await.status, 204);
        assert_eq!(sessions(&mut one).await.len(), 3);
        for _ in 0..2 {
            assert_eq!(one.delete(&path(&listed[1])).await.status, 204);
        }
        assert_eq!(three.get("/api/balance").await.status, 401);
        assert_eq!(two.get("/api/balance").await.status, 200);
        assert_eq!(one.delete("/api/sessions").await.status, 204);
        assert_eq!(two.get("/api/balance").await.status, 401);
        assert_eq!(sessions(&mut one).await.len(), 1);
    }
}
