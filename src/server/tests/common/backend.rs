//! A backend's side of the interface: its service key.

use super::client::{Client, Reply, reply};
use super::{TestServer, book_with};
use kumari_engine::authorize::Authorize;
use kumari_engine::id::AccountId;
use kumari_store::{Clock, KeyScope, Ledger, ServiceKey, SettableClock, StoredBook, TokenHash};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

const MODEL: &str = "gpt-6-luna";

/// Somebody with a service key.
#[derive(Clone)]
pub(crate) struct Backend {
    client: Client,
    secret: String,
}

impl Backend {
    /// A backend of that server, with a key of its own.
    pub(crate) async fn new(server: &TestServer, scope: KeyScope) -> Self {
        let backend = Self::with_secret(server.stranger(), "kumari_key_of_a_test");
        let key = ServiceKey { scope, ..backend.key(server) };
        server.store.add_service_key(key).await.unwrap();
        backend
    }

    /// Somebody who says this is a key.
    pub(crate) fn with_secret(client: Client, secret: &str) -> Self {
        Self { client, secret: secret.to_owned() }
    }

    /// The key, as a store keeps it.
    pub(crate) fn key(&self, server: &TestServer) -> ServiceKey {
        ServiceKey {
            secret_hash: TokenHash(Sha256::digest(self.secret.as_bytes()).into()),
            name: "test".to_owned(),
            scope: KeyScope::Ledger,
            created_at: Clock::now(&*server.clock),
            revoked_at: None,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.client.request(Method::GET, path)).await
    }

    /// The status and the text of what is no JSON.
    pub(crate) async fn get_raw(&self, path: &str) -> (u16, String) {
        let request = self.client.request(Method::GET, path);
        let response = request.header(AUTHORIZATION, format!("Bearer {}", self.secret)).send();
        let response = response.await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.client.request(Method::POST, path).json(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let request = request.header(AUTHORIZATION, format!("Bearer {}", self.secret));
        reply(request.send().await.unwrap()).await
    }
}

fn request() -> Value {
    json!({
        "task": "direct",
        "models": [MODEL],
        "input_tokens": { "o200k_base": 100 },
        "messages": 1,
        "output_tokens_max": 200,
    })
}

/// A grant of promotional credits.
pub(crate) fn grant(id: &str, amount: &str) -> Value {
    json!({ "action_id": id, "kind": "promo", "amount": amount })
}

/// A short message, with that id.
pub(crate) fn authorize(id: &str) -> Value {
    json!({ "action_id": id, "request": request() })
}

/// Its end, after so many tokens of output.
pub(crate) fn settle(id: &str, output: u64) -> Value {
    json!({
        "action_id": id,
        "leg": 0,
        "model": MODEL,
        "usage": { "input_tokens": 100, "output_tokens": output },
        "usage_source": "reported",
        "finish": "completed",
    })
}

/// The status and the body of a command that must be carried out.
pub(crate) async fn done(backend: &Backend, path: &str, body: &Value) -> (u16, Value) {
    let reply = backend.post(path, body).await;
    assert!(reply.status < 300, "{path}: {reply:?}");
    (reply.status, reply.body)
}

/// What was refused.
pub(crate) fn code(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.body["code"].as_str().unwrap_or_default())
}

/// Admits an action as another process would that prices with a book of its own.
pub(crate) async fn admitted_elsewhere(
    server: &TestServer,
    account: &str,
    id: &str,
    is_published: bool,
) {
    let book = book_with(&[("/id", json!(id))]);
    let clock: Arc<dyn Clock> = Arc::<SettableClock>::clone(&server.clock);
    if is_published {
        let json = kumari_wire::canonical(&book.book).unwrap();
        let (version, effective_at) = (book.version.clone(), book.book.effective_at);
        let published_at = clock.now();
        let book = StoredBook { version, json, effective_at, published_at };
        server.store.publish_book(book).await.unwrap();
    }
    let account: AccountId = account.parse().unwrap();
    let body = authorize(id);
    let request = serde_json::from_value(body["request"].clone()).unwrap();
    let fingerprint = kumari_wire::fingerprint(&request).unwrap();
    let action_id = id.parse().unwrap();
    let command = Authorize { action_id, fingerprint, request, quote: None };
    let ids = [command.action_id.clone()];
    let decide =
        move |account: &_, now| kumari_engine::authorize::authorize(account, &book, &command, now);
    let ledger = Ledger::new(Arc::clone(&server.store), clock);
    ledger.run(&account, &ids, |_| Vec::new(), decide).await.unwrap();
}
