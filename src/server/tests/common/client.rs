//! A browser's side of the interface: its cookie, its ids, its quotes.

use super::events::Events;
use super::tokens;
use kumari_engine::amount::Credits;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::Once;
use uuid::Uuid;

/// Somebody with a browser.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) base: String,
    pub(crate) cookie: Option<String>,
    http: reqwest::Client,
}

/// A status and a body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(base: String) -> Self {
        static CRYPTOGRAPHY: Once = Once::new();
        CRYPTOGRAPHY.call_once(|| {
            // The server that is tested may have chosen it already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        // Where a redirect leads is for the test to see.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { base, cookie: None, http: http.build().unwrap() }
    }

    /// Begins a session, or says again which it is.
    pub(crate) async fn begin(&mut self) -> Value {
        let response = self.request(Method::POST, "/api/session").json(&json!({})).send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), 200);
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(cookie.to_owned());
        }
        response.json().await.unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    pub(crate) async fn get_raw(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.get_raw(path).await).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::POST, path).json(body).send().await.unwrap()).await
    }

    pub(crate) async fn events(&self, path: &str) -> Events {
        Events::new(self.get_raw(path).await)
    }

    /// The balance, which must be there.
    pub(crate) async fn balance(&self) -> Value {
        let reply = self.get("/api/balance").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }

    pub(crate) async fn available(&self) -> Credits {
        credits(&self.balance().await["standing"]["available"])
    }

    /// A send of a new conversation with the quote that a composer would show.
    pub(crate) async fn compose(&self, task: &str, models: &[&str], text: &str) -> Value {
        self.compose_in(&new_id(), task, models, text).await
    }

    /// The same in a conversation that may have messages.
    pub(crate) async fn compose_in(
        &self,
        conversation: &str,
        task: &str,
        models: &[&str],
        text: &str,
    ) -> Value {
        let request = self.priced_request(conversation, task, models, text).await;
        let told = self.post("/api/estimate", &json!({ "request": request })).await;
        assert_eq!(told.status, 200, "{told:?}");
        let verdict = &told.body["eligibility"];
        let estimate = &told.body["estimate"];
        let (high, caps) = match verdict["verdict"].as_str() {
            Some("allowed") => (&verdict["hold"], verdict["caps"].clone()),
            _ => (&estimate["high"], json!({})),
        };
        let mut send = json!({
            "action_id": new_id(),
            "conversation_id": conversation,
            "task": task,
            "text": text,
            "quote": {
                "price_book": estimate["price_book"],
                "rules": kumari_engine::RULES_VERSION,
                "high": high,
                "caps": caps,
            },
        });
        if !models.is_empty() {
            send["models"] = json!(models);
        }
        send
    }

    /// The request as the browser's engine prices it: with the tokens that messages came with.
    async fn priced_request(
        &self,
        conversation: &str,
        task: &str,
        models: &[&str],
        text: &str,
    ) -> Value {
        let opened = self.get(&format!("/api/conversations/{conversation}")).await;
        let messages = opened.body["messages"].as_array().cloned().unwrap_or_default();
        let (mut count, mut sum) = (1, tokens(text));
        for asked in messages.iter().filter(|message| message["role"] == "user") {
            let answer = messages.iter().find(|message| {
                message["action_id"] == asked["action_id"]
                    && message["role"] == "assistant"
                    && message["status"] != "running"
                    && message["text"] != ""
            });
            for message in [Some(asked), answer].into_iter().flatten() {
                count += 1;
                sum += message["tokens"]["o200k_base"].as_u64().unwrap();
            }
        }
        let mut request = json!({
            "task": task,
            "input_tokens": { "o200k_base": sum },
            "messages": count,
        });
        if !models.is_empty() {
            request["models"] = json!(models);
        }
        let flags = kumari_engine::routing::flags(text);
        if !flags.is_empty() {
            request["flags"] = serde_json::to_value(flags).unwrap();
        }
        request
    }

    /// Sends, and answers with the view of the action that was admitted.
    pub(crate) async fn send(&self, send: &Value) -> Value {
        let reply = self.post("/api/actions", send).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }

    /// Asks one model in a new conversation and waits for the end: the view with its receipt.
    pub(crate) async fn ask(&self, task: &str, models: &[&str], text: &str) -> Value {
        let send = self.compose(task, models, text).await;
        let view = self.send(&send).await;
        self.ended(&view).await
    }

    /// Waits for an action's end.
    pub(crate) async fn ended(&self, view: &Value) -> Value {
        let mut events = self.events(&format!("{}/events", action_path(view))).await;
        events.wait_for("done", |_| true).await
    }
}

/// The address of an action.
pub(crate) fn action_path(view: &Value) -> String {
    format!("/api/actions/{}", view["action_id"].as_str().unwrap())
}

/// A new id, as browsers make them.
pub(crate) fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// An amount out of JSON.
pub(crate) fn credits(value: &Value) -> Credits {
    value.as_str().unwrap_or_else(|| panic!("{value} is an amount")).parse().unwrap()
}

pub(crate) async fn reply(response: Response) -> Reply {
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Reply { status, body }
}
