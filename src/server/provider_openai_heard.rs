//! What the tests of the OpenAI adapter share: what the endpoint says, and what is heard of it.

use super::peer::{Peer, Piece, Reply};
use super::{OpenAiProvider, OpenAiSettings};
use crate::provider::{
    Provider as _, ProviderEvent, ProviderFault, ProviderMessage, ProviderRequest, ProviderRole,
    TimeoutPhase,
};
use futures::StreamExt as _;
use kumari_engine::meter::Usage;
use kumari_engine::price_book::{ModelKind, TextModel};
use kumari_engine::request::Task;
use kumari_engine::settle::Finish;
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) type Said = Vec<Result<ProviderEvent, ProviderFault>>;

pub(crate) const KEY: &str = "sk-test-9f8e7d";
pub(crate) const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
pub(crate) const USAGE: &str =
    r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3}}"#;
pub(crate) const DONE: &str = "[DONE]";
/// Long enough for a busy machine, and waited out by no test that passes.
pub(crate) const LONG: Duration = Duration::from_secs(60);
pub(crate) const SHORT: Duration = Duration::from_millis(60);

pub(crate) fn says(text: &str) -> String {
    json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }).to_string()
}

/// The messages, each in a write of its own.
pub(crate) fn events(messages: &[&str]) -> Vec<Piece> {
    let event = |message: &&str| Piece::Bytes(format!("data: {message}\n\n").into_bytes());
    messages.iter().map(event).collect()
}

pub(crate) fn stream(messages: &[&str]) -> Reply {
    Reply::stream(events(messages))
}

pub(crate) fn settings(peer: &Peer) -> OpenAiSettings {
    let mut settings = OpenAiSettings::new(&peer.base_url, Some(SecretString::from(KEY)));
    settings.timeouts.first_byte = LONG;
    settings.timeouts.idle = LONG;
    settings.timeouts.total = LONG;
    settings
}

pub(crate) fn request() -> ProviderRequest {
    let book = kumari_wire::publish(include_str!("price-book.json")).unwrap().book;
    let model = book.models.into_iter().find(|model| model.id.as_str() == "gpt-6-astra").unwrap();
    let facts: TextModel = match model.kind {
        ModelKind::Text(text) => text,
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => panic!("not a text model"),
    };
    let message = |role, text: &str| ProviderMessage::new(role, text);
    ProviderRequest {
        model: model.id,
        facts,
        messages: vec![
            message(ProviderRole::System, "Be brief."),
            message(ProviderRole::User, "Hi"),
            message(ProviderRole::Assistant, "Hello."),
            message(ProviderRole::User, "Why is the sky blue?"),
        ],
        task: Task::Direct,
        output_tokens_max: 321,
        steps_max: 0,
        searches_max: 0,
        round_input_tokens_max: 0,
    }
}

pub(crate) async fn hear(settings: OpenAiSettings) -> Said {
    hear_of(settings, request()).await
}

/// What is said to that request.
pub(crate) async fn hear_of(settings: OpenAiSettings, request: ProviderRequest) -> Said {
    let provider = OpenAiProvider::new(settings).unwrap();
    provider.stream(request, CancellationToken::new()).collect().await
}

/// What is said where the endpoint gives these replies.
pub(crate) async fn said(replies: impl IntoIterator<Item = Reply>) -> Said {
    let peer = Peer::start(replies).await;
    hear(settings(&peer)).await
}

pub(crate) fn delta(text: &str) -> Result<ProviderEvent, ProviderFault> {
    Ok(ProviderEvent::Delta { text: text.to_owned() })
}

pub(crate) fn finished(finish: Finish) -> Result<ProviderEvent, ProviderFault> {
    Ok(ProviderEvent::Finished { finish })
}

pub(crate) fn usage(counts: serde_json::Value) -> Result<ProviderEvent, ProviderFault> {
    Ok(ProviderEvent::Usage(serde_json::from_value::<Usage>(counts).unwrap()))
}

pub(crate) fn simple_usage() -> Result<ProviderEvent, ProviderFault> {
    usage(json!({ "input_tokens": 10, "output_tokens": 3 }))
}

pub(crate) const ACCEPTED: Result<ProviderEvent, ProviderFault> = Ok(ProviderEvent::Accepted);

pub(crate) fn refused(heard: &Said) -> (Option<u16>, &str, Option<Duration>) {
    match &heard[..] {
        [Err(ProviderFault::Refused { status, message, retry_after })] => {
            (*status, message, *retry_after)
        }
        _ => panic!("{heard:?}"),
    }
}

pub(crate) fn timed_out(
    phase: TimeoutPhase,
    waited: Duration,
) -> Result<ProviderEvent, ProviderFault> {
    Err(ProviderFault::TimedOut { phase, waited })
}
