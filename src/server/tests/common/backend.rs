//! A backend's side of the interface: its service key.

use super::TestServer;
use super::client::{Client, Reply, reply};
use kumari_store::{KeyScope, ServiceKey, TokenHash};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

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
            created_at: kumari_store::Clock::now(&*server.clock),
            revoked_at: None,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.client.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.client.request(Method::POST, path).json(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let request = request.header(AUTHORIZATION, format!("Bearer {}", self.secret));
        reply(request.send().await.unwrap()).await
    }
}
