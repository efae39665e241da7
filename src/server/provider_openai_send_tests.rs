//! Requests to an OpenAI-compatible endpoint that are refused, sent again, or not sent at all.

use super::heard::{
    ACCEPTED, DONE, KEY, LONG, STOP, Said, finished, hear, refused, request, said, settings, stream,
};
use super::peer::{Peer, Reply};
use super::{OpenAiProvider, OpenAiSettings, OutputLimit};
use crate::provider::Provider as _;
use futures::StreamExt as _;
use kumari_engine::settle::Finish;
use secrecy::SecretString;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn settings_change_what_is_sent() {
    let peer = Peer::start([stream(&[STOP, DONE])]).await;
    let model = "gpt-6-astra".parse().unwrap();
    let own_names = [(model, "deployment-3".to_owned())];
    hear(OpenAiSettings {
        key: None,
        model_names: own_names.into(),
        output_limit: OutputLimit::MaxCompletionTokens,
        ask_for_usage: false,
        ..settings(&peer)
    })
    .await;
    let arrived = peer.arrived();
    assert!(!arrived[0].headers.contains_key("authorization"));
    assert_eq!(arrived[0].body["model"], "deployment-3");
    assert_eq!(arrived[0].body["max_completion_tokens"], 321);
    assert!(arrived[0].body.get("max_tokens").is_none());
    assert!(arrived[0].body.get("stream_options").is_none());
}

#[tokio::test]
async fn a_refusal_says_why_without_the_key() {
    let why = format!(r#"{{"error":{{"message":"Incorrect API key: {KEY}.","code":"no"}}}}"#);
    let heard = said([Reply::error(401, &why)]).await;
    assert_eq!(refused(&heard), (Some(401), "Incorrect API key: [key].", None));
    for (body, message) in [
        (r#"{"message":"no\nsuch  model"}"#, "no such model"),
        (r#"{"detail":[{"message":"bad"}]}"#, "bad"),
        ("<html>gone</html>", "<html>gone</html>"),
        ("", "404 Not Found"),
    ] {
        assert_eq!(refused(&said([Reply::error(404, body)]).await).1, message);
    }
    let endless = said([Reply::error(400, &"x".repeat(1 << 20))]).await;
    assert!(refused(&endless).1.len() < 600);
}

#[tokio::test]
async fn a_key_is_in_no_debug_output() {
    let peer = Peer::start([]).await;
    let provider = OpenAiProvider::new(settings(&peer)).unwrap();
    assert!(!format!("{provider:?} {:?}", settings(&peer)).contains(KEY));
}

#[tokio::test]
async fn it_is_sent_again_only_where_the_endpoint_asks_for_it() {
    let busy = || Reply::error(429, r#"{"error":{"message":"slow down"}}"#);
    let down = || Reply::error(503, "");
    let soon = |reply: Reply| reply.with_header("retry-after-ms", "1");
    let good = || stream(&[STOP, DONE]);
    let refusals = |heard: &Said| refused(heard).0;

    let at_once = busy().with_header("retry-after", "0");
    assert_eq!(said([at_once, soon(down()), good()]).await.len(), 2);
    // Without a word about when, or with a no that stays a no.
    assert_eq!(refusals(&said([busy()]).await), Some(429));
    assert_eq!(refusals(&said([Reply::error(500, "")]).await), Some(500));
    assert_eq!(refusals(&said([soon(Reply::error(400, ""))]).await), Some(400));
    // The tries are bounded, and so is each wait.
    assert_eq!(refusals(&said([soon(busy()), soon(busy()), soon(busy())]).await), Some(429));
    // (`retry_wait_max` forbids the first, the time for the whole answer the second.)
    for seconds in [30, 3_600] {
        let long = said([busy().with_header("retry-after", &seconds.to_string())]).await;
        let wait = Some(Duration::from_secs(seconds));
        assert_eq!(refused(&long), (Some(429), "slow down", wait));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Reply::error(307, "").with_header("location", "http://127.0.0.1:9/v1");
    assert_eq!(refused(&said([elsewhere]).await).0, Some(307));
}

#[tokio::test]
async fn the_field_for_the_longest_answer_is_learned() {
    let unknown = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}}"#;
    let good = || stream(&[STOP, DONE]);
    let peer = Peer::start([Reply::error(400, unknown), good(), good()]).await;
    let provider = OpenAiProvider::new(settings(&peer)).unwrap();
    for _ in 0..2 {
        let heard: Said = provider.stream(request(), CancellationToken::new()).collect().await;
        assert_eq!(heard, [ACCEPTED, finished(Finish::Completed)]);
    }
    let limits = |name: &str| -> Vec<bool> {
        peer.arrived().iter().map(|arrived| arrived.body.get(name).is_some()).collect()
    };
    assert_eq!(limits("max_tokens"), [true, false, false]);
    assert_eq!(limits("max_completion_tokens"), [false, true, true]);
    // A value that is too large is no unknown field, and the other field is tried only once.
    let too_large = r#"{"error":{"message":"max_tokens is too large: 321"}}"#;
    assert_eq!(refused(&said([Reply::error(400, too_large)]).await).0, Some(400));
    let other = unknown.replace("'max_tokens'", "'max_completion_tokens'");
    let neither = said([Reply::error(400, unknown), Reply::error(400, &other)]).await;
    assert_eq!(refused(&neither).0, Some(400));
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_refuses() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let heard = hear(OpenAiSettings::new(format!("http://{address}/v1"), None)).await;
    let (status, message, _) = refused(&heard);
    assert_eq!(status, None);
    assert!(
        message.contains("not reached") && !message.contains(&address.to_string()),
        "{message}"
    );
}

#[tokio::test]
async fn stop_before_acceptance_drops_the_connection_too() {
    let peer = Peer::start([Reply::never()]).await;
    let provider = OpenAiProvider::new(settings(&peer)).unwrap();
    let cancel = CancellationToken::new();
    let stream = provider.stream(request(), cancel.clone());
    let heard = tokio::spawn(stream.collect::<Said>());
    while peer.arrived().is_empty() {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    assert_eq!(heard.await.unwrap(), [finished(Finish::Stopped)]);
    tokio::time::timeout(LONG, peer.was_let_go()).await.unwrap();
}

#[test]
fn base_urls_that_cannot_be_used_are_refused_without_their_secrets() {
    for base_url in [
        "",
        "api.openai.com/v1",
        "ftp://example.org/v1",
        "https://user:hunter2@example.org/v1",
        "https://example.org/v1?key=hunter2",
        "https://example.org/v1#hunter2",
    ] {
        let fault = OpenAiProvider::new(OpenAiSettings::new(base_url, None)).unwrap_err();
        assert!(!fault.to_string().contains("hunter2"), "{fault}");
    }
    let key = Some(SecretString::from("sk\nhunter2"));
    let fault = OpenAiProvider::new(OpenAiSettings::new("http://localhost/v1", key)).unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault:?}");
}
