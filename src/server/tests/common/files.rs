//! Files that tests attach, and sends that have them.

use super::client::{Client, new_id, reply};
use super::input_tokens;
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const MODEL: &str = "gpt-6-luna";
/// One that takes recordings and clips too.
pub(crate) const HEARING: &str = "gemini-3.8-flash";
pub(crate) const PNG: &[u8] = include_bytes!("../media/picture.png");

/// Puts a file there, and answers with its id and its content.
pub(crate) async fn put(client: &Client, name: &str, bytes: &[u8]) -> (String, Value) {
    let id = new_id();
    let request = client.request(Method::PUT, &format!("/api/files/{id}?name={name}"));
    let added = reply(request.body(bytes.to_vec()).send().await.unwrap()).await;
    assert_eq!(added.status, 201, "{added:?}");
    (id, added.body)
}

/// A send with the quote that a composer would show for these texts and attachments.
pub(crate) async fn compose(
    client: &Client,
    conversation: &str,
    model: &str,
    text: &str,
    (files, texts, attachments): (&[&String], &[&str], &[&Value]),
    messages: u32,
) -> Value {
    let request = json!({
        "task": "direct",
        "models": [model],
        "input_tokens": input_tokens(texts),
        "messages": messages,
        "attachments": attachments,
    });
    let told = client.post("/api/estimate", &json!({ "request": request })).await;
    assert_eq!(told.body["eligibility"]["verdict"], "allowed", "{told:?}");
    json!({
        "action_id": new_id(),
        "conversation_id": conversation,
        "task": "direct",
        "models": [model],
        "text": text,
        "files": files,
        "quote": {
            "price_book": told.body["estimate"]["price_book"],
            "rules": kumari_engine::RULES_VERSION,
            "high": told.body["eligibility"]["hold"],
            "caps": told.body["eligibility"]["caps"],
        },
    })
}
