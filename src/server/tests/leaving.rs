//! Taking along what is kept of an account, and leaving nothing personal behind.

#[cfg(test)]
mod common;

use common::backend::code;
use common::client::new_id;
use common::files::{MODEL, put};
use common::people::{Authenticator, Browser};
use common::{STORES, TestServer};
use kumari_engine::id::AccountId;
use kumari_store::Clock as _;
use serde_json::{Value, json};

const NAME: &str = "Åsa";

/// Waits until an action has ended.
#[cfg(test)]
async fn ended(browser: &Browser, send: &Value) {
    let path = format!("/api/actions/{}/events", send["action_id"].as_str().unwrap_or_default());
    browser.client.events(&path).await.all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_exported_and_nothing_of_others() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let mut browser = Browser::new(&server).await;
        let mut key = Authenticator::new(7);
        browser.sign_up(&mut key, NAME).await;
        let conversation = new_id();
        for text in ["first \"quoted\"", "second"] {
            let send = browser.client.compose_in(&conversation, "direct", &[MODEL], text).await;
            assert_eq!(browser.post("/api/actions", &send).await.status, 201);
            ended(&browser, &send).await;
        }
        put(&browser.client, "note.txt", b"a note").await;
        let mut stranger = Browser::new(&server).await;
        let send = stranger.client.compose("direct", &[MODEL], "of a stranger").await;
        stranger.post("/api/actions", &send).await;

        let me = browser.get("/api/me").await.body;
        let reply = browser.get("/api/account/export").await;
        assert_eq!(reply.status, 200);
        let all = reply.body;
        assert_eq!(all["account_id"], me["account_id"]);
        assert_eq!((&all["identities"], &all["sessions"]), (&me["identities"], &me["sessions"]));
        assert_eq!(all["conversations"].as_array().map(Vec::len), Some(1), "{all}");
        let texts: Vec<&str> = all["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|message| message["role"] == "user")
            .inspect(|message| assert_eq!(message["conversation_id"], json!(conversation)))
            .map(|message| message["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts, ["first \"quoted\"", "second"]);
        assert_eq!(all["files"][0]["name"], "note.txt");
        assert_eq!(all["statement"]["opening"], "0");
        let balance = browser.client.balance().await;
        assert_eq!(all["statement"]["closing"], balance["standing"]["settled"]);
        let whole = browser.get("/api/statement?from=2020-01-01&to=2030-01-01").await.body;
        assert_eq!(all["statement"]["lines"], whole["statement"]["lines"]);

        // Without anything it is a document, too.
        let mut new = Browser::new(&server).await;
        let all = new.get("/api/account/export").await.body;
        assert_eq!((&all["conversations"], &all["messages"]), (&json!([]), &json!([])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_has_nothing_personal_and_no_way_in() {
    for kind in STORES {
        let server = TestServer::start(kind).await;
        let (mut browser, mut other) = (Browser::new(&server).await, Browser::new(&server).await);
        let mut key = Authenticator::new(7);
        let person = browser.sign_up(&mut key, NAME).await.body;
        let guest = other.begin().await;
        other.sign_in(&mut key).await;
        let send = browser.client.compose("direct", &[MODEL], "a secret").await;
        assert_eq!(browser.post("/api/actions", &send).await.status, 201);
        ended(&browser, &send).await;
        put(&browser.client, "note.txt", b"a note").await;
        let account: AccountId = person["account_id"].as_str().unwrap().parse().unwrap();
        let entries = server.store.entries(&account, 0, 100).await.unwrap();

        let wrong = json!({ "account_id": guest["account_id"] });
        assert_eq!(
            code(&browser.post("/api/account/delete", &wrong).await),
            (409, "account_other")
        );
        let asked = json!({ "account_id": person["account_id"] });
        assert_eq!(other.post("/api/account/delete", &asked).await.status, 204);

        assert_eq!(other.begin().await, guest, "the guest that this browser was is back");
        assert_eq!(browser.get("/api/balance").await.status, 401);
        let new = browser.begin().await;
        assert_eq!(new["guest"], true);
        assert_ne!(new["account_id"], person["account_id"]);
        assert_eq!(code(&browser.sign_in(&mut key).await), (404, "passkey_unknown"));

        let store = &server.store;
        assert_eq!(store.identities_of(&account, 10).await.unwrap(), []);
        assert_eq!(store.conversations(&account, None, 10).await.unwrap(), []);
        assert_eq!(store.files(&account, None, 10).await.unwrap(), []);
        // What is left of conversations goes once nobody could restore them.
        let long_after = server.clock.now().plus_seconds(600);
        while store.forget_conversations(long_after, 100).await.unwrap() > 0 {}
        assert_eq!(store.all_messages(&account, None, 10).await.unwrap(), []);
        let conversation = send["conversation_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(store.messages(&account, conversation, 10).await.unwrap(), []);
        assert_eq!(store.entries(&account, 0, 100).await.unwrap(), entries, "the journal stays");
        let kept: String = entries.iter().map(|entry| format!("{entry:?}")).collect();
        assert!(!kept.contains("secret") && !kept.contains(NAME));
    }
}
