//! Signing in with an OpenID provider, and every mixed-up answer that must not work.

#[cfg(test)]
mod common;

use common::issuer::{CLIENT, Issuer, query};
use common::people::{Authenticator, Browser};
use common::{STORES, StoreKind, TestServer, book, config};
use kumari_engine::amount::Credits;
use kumari_server::Config;
use kumari_server::oidc_client::OidcSettings;
use kumari_store::Clock as _;
use reqwest::Method;
use reqwest::header::LOCATION;
use serde_json::json;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

async fn start(kind: StoreKind) -> (TestServer, Issuer) {
    let issuer = Issuer::start().await;
    let server = TestServer::start_with(kind, book(), with_issuer(&issuer.address)).await;
    (server, issuer)
}

fn with_issuer(address: &str) -> Config {
    let oidc = OidcSettings {
        issuer: address.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: None,
        name: "Example".to_owned(),
    };
    Config { oidc: Some(oidc), ..config() }
}

fn now(server: &TestServer) -> i64 {
    server.clock.now().as_millis() / 1_000
}

/// Where the provider is asked.
#[cfg(test)]
async fn begin(browser: &mut Browser) -> String {
    let reply = browser.post("/api/sign-in/oidc", &json!({})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["location"].as_str().unwrap().to_owned()
}

/// Comes back, and says with which word the page is opened.
#[cfg(test)]
async fn come_back(browser: &mut Browser, back: &HashMap<String, String>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(back).finish();
    let path = format!("/api/sign-in/oidc/return?{query}");
    let request = browser.client.request(Method::GET, &path);
    let response = browser.send_raw(request).await;
    assert_eq!(response.status(), 303);
    let location = response.headers()[LOCATION].to_str().unwrap();
    location.strip_prefix("/?sign-in=").unwrap().to_owned()
}

async fn sign_in(server: &TestServer, issuer: &Issuer, browser: &mut Browser, who: &str) -> String {
    let location = begin(browser).await;
    let back = issuer.agree(&location, who, now(server));
    come_back(browser, &back).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_signs_up_and_the_person_signs_in_elsewhere() {
    for kind in STORES {
        let (server, issuer) = start(kind).await;
        let mut browser = Browser::new(&server).await;
        let guest = browser.begin().await;
        let told = browser.cookies["kumari_session"].clone();
        assert_eq!(browser.get("/api/me").await.body["ways"]["oidc"], "Example");
        let location = begin(&mut browser).await;
        let asked = query(&location);
        assert_eq!(asked["redirect_uri"], format!("{}/api/sign-in/oidc/return", browser.origin()));
        assert_eq!(asked["scope"], "openid profile");
        let back = issuer.agree(&location, "Jane", now(&server));
        assert_eq!(come_back(&mut browser, &back).await, "done");
        let person = browser.begin().await;
        assert_eq!(person["account_id"], guest["account_id"], "nothing moved");
        assert_eq!((&person["guest"], &person["name"]), (&json!(false), &json!("Jane Doe")));
        assert_ne!(browser.cookies["kumari_session"], told);

        let mut other = Browser::new(&server).await;
        let guest = other.begin().await;
        assert_eq!(sign_in(&server, &issuer, &mut other, "Jane").await, "done");
        assert_eq!(other.begin().await, person);
        assert_eq!(other.post("/api/sign-out", &json!({})).await.status, 204);
        assert_eq!(other.begin().await, guest, "the guest is back");

        // Another subject is another person; a passkey may open the same account.
        assert_eq!(sign_in(&server, &issuer, &mut other, "Joe").await, "done");
        assert_ne!(other.begin().await["account_id"], person["account_id"]);
        let mut key = Authenticator::new(7);
        assert_eq!(browser.sign_up(&mut key, "Jane").await.status, 200);
        assert_eq!(other.sign_in(&mut key).await.body["account_id"], person["account_id"]);
        // Whoever is signed in does not become somebody else by it.
        assert_eq!(sign_in(&server, &issuer, &mut other, "Joe").await, "identity_taken");
        assert_eq!(issuer.asked(), 1, "what a provider says of itself is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_in_time_and_for_its_own_question() {
    for kind in STORES {
        let (server, issuer) = start(kind).await;
        let (mut browser, mut other) = (Browser::new(&server).await, Browser::new(&server).await);
        let guest = browser.begin().await;
        let location = begin(&mut browser).await;
        let back = issuer.agree(&location, "Jane", now(&server));
        // Who is sent a link of somebody else's sign-in is not signed in as them.
        assert_eq!(come_back(&mut other, &back).await, "sign_in_expired");
        begin(&mut other).await;
        assert_eq!(come_back(&mut other, &back).await, "oidc_refused");

        let change = |name: &str, value: &str| {
            let mut back = back.clone();
            back.insert(name.to_owned(), value.to_owned());
            back
        };
        for (what, expected) in [
            (change("state", "another"), "oidc_refused"),
            (change("iss", "https://evil.example"), "oidc_refused"),
            (change("error", "access_denied"), "oidc_denied"),
            (HashMap::new(), "oidc_refused"),
        ] {
            let mut what = what;
            let state = query(&begin(&mut browser).await)["state"].clone();
            if what.get("state").is_some_and(|given| given != "another") {
                what.insert("state".to_owned(), state);
            }
            assert_eq!(come_back(&mut browser, &what).await, expected, "{what:?}");
            assert_eq!(come_back(&mut browser, &what).await, "sign_in_expired");
            assert_eq!(browser.begin().await, guest);
        }
        let location = begin(&mut browser).await;
        let back = issuer.agree(&location, "Jane", now(&server));
        server.clock.advance_seconds(300);
        assert_eq!(come_back(&mut browser, &back).await, "sign_in_expired");
        let mut nobody = browser.clone();
        nobody.client.cookie = None;
        assert_eq!(come_back(&mut nobody, &back).await, "session_missing");
        // What waits for a passkey is no answer to this, and the other way round.
        browser.post("/api/sign-in/passkey/begin", &json!({})).await;
        assert_eq!(come_back(&mut browser, &back).await, "sign_in_expired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_says_is_looked_at() {
    let (server, issuer) = start(StoreKind::Memory).await;
    let mut browser = Browser::new(&server).await;
    let guest = browser.begin().await;
    let now = now(&server);
    for (claim, value) in [
        ("nonce", json!("another")),
        ("aud", json!("somebody-else")),
        ("aud", json!([CLIENT, "somebody-else"])),
        ("iss", json!("https://evil.example")),
        ("exp", json!(now - 61)),
        ("iat", json!(now - 601)),
        ("iat", json!(now + 61)),
    ] {
        let location = begin(&mut browser).await;
        let back = issuer.agree(&location, "Jane", now);
        issuer.claim(claim, &value);
        assert_eq!(come_back(&mut browser, &back).await, "oidc_refused", "{claim} {value}");
        assert_eq!(browser.begin().await, guest, "{claim} {value}");
    }
    // Signed by somebody else, who says it is the same key, or another one.
    for key_id in ["first", "second"] {
        issuer.change_key(9, key_id, false);
        assert_eq!(sign_in(&server, &issuer, &mut browser, "Jane").await, "oidc_refused");
        assert_eq!(browser.begin().await, guest);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_may_differ_a_little_and_keys_may_change() {
    let (server, issuer) = start(StoreKind::Memory).await;
    for (claim, seconds) in [("exp", -59), ("iat", 59), ("iat", -599)] {
        let mut browser = Browser::new(&server).await;
        let location = begin(&mut browser).await;
        let back = issuer.agree(&location, "Jane", now(&server));
        issuer.claim(claim, &json!(now(&server) + seconds));
        assert_eq!(come_back(&mut browser, &back).await, "done", "{claim} {seconds}");
    }
    issuer.change_key(2, "second", true);
    let mut browser = Browser::new(&server).await;
    assert_eq!(sign_in(&server, &issuer, &mut browser, "Jane").await, "done");
    assert_eq!(issuer.asked(), 2, "it was asked again for its keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn r17_the_free_credits_are_given_once_for_an_identity() {
    let (server, issuer) = start(StoreKind::Memory).await;
    server.scripted.is_real.store(true, Ordering::Relaxed);
    let mut browser = Browser::new(&server).await;
    assert!(!browser.client.available().await.is_positive());
    assert_eq!(sign_in(&server, &issuer, &mut browser, "Jane").await, "done");
    let person = browser.begin().await;
    assert!(browser.client.available().await.is_positive());

    // Who leaves and comes back has no more of them.
    let asked = json!({ "account_id": person["account_id"] });
    assert_eq!(browser.post("/api/account/delete", &asked).await.status, 204);
    assert_eq!(sign_in(&server, &issuer, &mut browser, "Jane").await, "done");
    assert_ne!(browser.begin().await["account_id"], person["account_id"]);
    assert_eq!(browser.client.available().await, Credits::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn r17_a_passkey_gets_the_free_credits_with_the_providers_word() {
    let (server, issuer) = start(StoreKind::Memory).await;
    server.scripted.is_real.store(true, Ordering::Relaxed);
    let mut browser = Browser::new(&server).await;
    browser.sign_up(&mut Authenticator::new(7), "Jane").await;
    assert_eq!(browser.client.available().await, Credits::ZERO);
    assert_eq!(sign_in(&server, &issuer, &mut browser, "Jane").await, "done");
    browser.begin().await;
    assert!(browser.client.available().await.is_positive());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_or_not_set_up_is_said() {
    let server = TestServer::start(StoreKind::Memory).await;
    let mut browser = Browser::new(&server).await;
    let reply = browser.post("/api/sign-in/oidc", &json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (404, &json!("oidc_not_set_up")));
    assert_eq!(come_back(&mut browser, &HashMap::new()).await, "oidc_not_set_up");

    // Nobody listens there.
    let config = with_issuer("http://127.0.0.1:1");
    let server = TestServer::start_with(StoreKind::Memory, book(), config).await;
    let mut browser = Browser::new(&server).await;
    let reply = browser.post("/api/sign-in/oidc", &json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("oidc_unavailable")));
}
