//! The OpenAI adapter against a local endpoint, through the seam.

use super::peer::{Peer, Piece, Reply};
use super::{OpenAiProvider, OpenAiSettings, OutputLimit};
use crate::provider::{
    Provider as _, ProviderEvent, ProviderFault, ProviderMessage, ProviderRequest, ProviderRole,
    TimeoutPhase,
};
use futures::StreamExt as _;
use kumari_engine::meter::Usage;
use kumari_engine::price_book::{ModelKind, TextModel};
use kumari_engine::settle::Finish;
use secrecy::SecretString;
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Said = Vec<Result<ProviderEvent, ProviderFault>>;

const KEY: &str = "sk-test-9f8e7d";
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3}}"#;
const DONE: &str = "[DONE]";
/// Long enough for a busy machine, and waited out by no test that passes.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(60);

fn says(text: &str) -> String {
    json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }).to_string()
}

/// The messages, each in a write of its own.
fn events(messages: &[&str]) -> Vec<Piece> {
    let event = |message: &&str| Piece::Bytes(format!("data: {message}\n\n").into_bytes());
    messages.iter().map(event).collect()
}

fn stream(messages: &[&str]) -> Reply {
    Reply::stream(events(messages))
}

fn settings(peer: &Peer) -> OpenAiSettings {
    let mut settings = OpenAiSettings::new(&peer.base_url, Some(SecretString::from(KEY)));
    settings.timeouts.first_byte = LONG;
    settings.timeouts.idle = LONG;
    settings.timeouts.total = LONG;
    settings
}

fn request() -> ProviderRequest {
    let book = kumari_wire::publish(include_str!("price-book.json")).unwrap().book;
    let model = book.models.into_iter().find(|model| model.id.as_str() == "gpt-6-astra").unwrap();
    let facts: TextModel = match model.kind {
        ModelKind::Text(text) => text,
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => panic!("not a text model"),
    };
    let message = |role, text: &str| ProviderMessage { role, text: text.to_owned() };
    ProviderRequest {
        model: model.id,
        facts,
        messages: vec![
            message(ProviderRole::System, "Be brief."),
            message(ProviderRole::User, "Hi"),
            message(ProviderRole::Assistant, "Hello."),
            message(ProviderRole::User, "Why is the sky blue?"),
        ],
        output_tokens_max: 321,
    }
}

async fn hear(settings: OpenAiSettings) -> Said {
    let provider = OpenAiProvider::new(settings).unwrap();
    provider.stream(request(), CancellationToken::new()).collect().await
}

/// What is said where the endpoint gives these replies.
async fn said(replies: impl IntoIterator<Item = Reply>) -> Said {
    let peer = Peer::start(replies).await;
    hear(settings(&peer)).await
}

fn delta(text: &str) -> Result<ProviderEvent, ProviderFault> {
    Ok(ProviderEvent::Delta { text: text.to_owned() })
}

fn finished(finish: Finish) -> Result<ProviderEvent, ProviderFault> {
    Ok(ProviderEvent::Finished { finish })
}

fn usage(counts: serde_json::Value) -> Result<ProviderEvent, ProviderFault> {
    Ok(ProviderEvent::Usage(serde_json::from_value::<Usage>(counts).unwrap()))
}

fn simple_usage() -> Result<ProviderEvent, ProviderFault> {
    usage(json!({ "input_tokens": 10, "output_tokens": 3 }))
}

const ACCEPTED: Result<ProviderEvent, ProviderFault> = Ok(ProviderEvent::Accepted);

#[tokio::test]
async fn a_good_stream_is_heard_to_its_usage() {
    let peer = Peer::start([stream(&[
        r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}"#,
        r#"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#,
        &says("Be"),
        &says("cause"),
        r#"{"choices":[{"index":1,"delta":{"content":"another choice"}}]}"#,
        STOP,
        USAGE,
        DONE,
    ])])
    .await;
    let thought = Ok(ProviderEvent::Reasoning { text: "hm".to_owned() });
    let end = [simple_usage(), finished(Finish::Completed)];
    let expected = [ACCEPTED, thought, delta("Be"), delta("cause")].into_iter().chain(end);
    assert_eq!(hear(settings(&peer)).await, expected.collect::<Said>());

    let arrived = peer.arrived();
    assert_eq!(arrived[0].headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(
        arrived[0].body,
        json!({
            "model": "gpt-6-astra",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Hi" },
                { "role": "assistant", "content": "Hello." },
                { "role": "user", "content": "Why is the sky blue?" },
            ],
            "stream": true,
            "stream_options": { "include_usage": true },
            "max_tokens": 321,
        })
    );
}

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
async fn reasons_to_finish_are_told_apart() {
    for (reason, finish) in [
        ("stop", Finish::Completed),
        ("length", Finish::Length),
        ("content_filter", Finish::ContentFilter),
        ("end_turn", Finish::Completed),
    ] {
        let last = json!({ "choices": [{ "delta": {}, "finish_reason": reason }] }).to_string();
        let heard = said([stream(&[&says("a"), &last, USAGE, DONE])]).await;
        assert_eq!(heard, [ACCEPTED, delta("a"), simple_usage(), finished(finish)], "{reason}");
    }
}

#[tokio::test]
async fn missing_and_contradictory_usage_are_missing_not_zero() {
    for report in [
        None,
        Some(json!({ "prompt_tokens": 10, "completion_tokens": 0 })),
        Some(json!({ "prompt_tokens": 0, "completion_tokens": 0 })),
        Some(json!({ "prompt_tokens": -1, "completion_tokens": 3 })),
        Some(json!({ "prompt_tokens": 1.5, "completion_tokens": 3 })),
        Some(json!({ "completion_tokens": 3 })),
        Some(json!("nonsense")),
        Some(json!({
            "prompt_tokens": 10, "completion_tokens": 3,
            "prompt_tokens_details": { "cached_tokens": 11 },
        })),
        Some(json!({
            "prompt_tokens": 10, "completion_tokens": 3,
            "completion_tokens_details": { "reasoning_tokens": 4 },
        })),
        Some(json!({ "prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 50 })),
        Some(json!({ "prompt_tokens": 20_000_000_000_u64, "completion_tokens": 3 })),
        Some(
            json!({ "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX, "total_tokens": 1 }),
        ),
    ] {
        let text = says("a");
        let last =
            report.as_ref().map(|usage| json!({ "choices": [], "usage": usage }).to_string());
        let messages = [Some(text.as_str()), Some(STOP), last.as_deref(), Some(DONE)];
        let messages: Vec<&str> = messages.into_iter().flatten().collect();
        let heard = said([stream(&messages)]).await;
        assert_eq!(heard, [ACCEPTED, delta("a"), finished(Finish::Completed)], "{report:?}");
    }
}

#[tokio::test]
async fn r07_overlapping_sums_become_disjoint_meters() {
    for (reported, expected) in [
        (
            json!({
                "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                "prompt_tokens_details": { "cached_tokens": 60, "audio_tokens": 5 },
                "completion_tokens_details": { "reasoning_tokens": 30, "audio_tokens": 4 },
            }),
            json!({
                "input_tokens": 35, "cache_read_tokens": 60, "audio_input_tokens": 5,
                "output_tokens": 16, "reasoning_tokens": 30, "audio_output_tokens": 4,
            }),
        ),
        // A proxy in front of Anthropic.
        (
            json!({
                "prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105,
                "prompt_tokens_details": { "cached_tokens": 20, "cache_creation_tokens": 30 },
                "cache_read_input_tokens": 20, "cache_creation_input_tokens": 30,
                "cache_creation": { "ephemeral_1h_input_tokens": 10, "ephemeral_5m_input_tokens": 20 },
            }),
            json!({
                "input_tokens": 50, "cache_read_tokens": 20, "cache_write_tokens": 20,
                "cache_write_1h_tokens": 10, "output_tokens": 5,
            }),
        ),
        // DeepSeek.
        (
            json!({ "prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 8 }),
            json!({ "input_tokens": 1, "cache_read_tokens": 8, "output_tokens": 5 }),
        ),
        // xAI: reasoning beside the answer, as its total says.
        (
            json!({
                "prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
                "completion_tokens_details": { "reasoning_tokens": 94 },
            }),
            json!({ "input_tokens": 32, "output_tokens": 9, "reasoning_tokens": 94 }),
        ),
    ] {
        let last = json!({ "choices": [], "usage": reported }).to_string();
        let heard = said([stream(&[&says("a"), STOP, &last, DONE])]).await;
        assert_eq!(heard[2], usage(expected), "{reported}");
    }
}

#[tokio::test]
async fn a_growing_usage_counts_once() {
    let growing = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":10,"completion_tokens":1}}"#;
    let heard = said([stream(&[growing, STOP, USAGE, DONE])]).await;
    assert_eq!(heard, [ACCEPTED, delta("a"), simple_usage(), finished(Finish::Completed)]);
}

fn refused(heard: &Said) -> (Option<u16>, &str, Option<Duration>) {
    match &heard[..] {
        [Err(ProviderFault::Refused { status, message, retry_after })] => {
            (*status, message, *retry_after)
        }
        _ => panic!("{heard:?}"),
    }
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

/// The stream ends as failed, having said what is given before.
async fn check_failed(pieces: Vec<Piece>, before: &[&str], message: &str) {
    let heard = said([Reply::stream(pieces)]).await;
    let (last, rest) = heard.split_last().unwrap();
    let expected = std::iter::once(ACCEPTED).chain(before.iter().map(|text| delta(text)));
    assert_eq!(rest, expected.collect::<Said>());
    let Err(ProviderFault::Failed { message: why }) = last else { panic!("{last:?}") };
    assert!(why.contains(message), "{why}");
}

#[tokio::test]
async fn broken_streams_fail_after_what_was_said() {
    let text = says("a");
    let and = |piece: Piece| events(&[&text]).into_iter().chain([piece]).collect::<Vec<_>>();
    let bytes = |text: &[u8]| Piece::Bytes(text.to_vec());
    check_failed(and(Piece::Cut), &["a"], "the connection broke").await;
    check_failed(vec![Piece::Cut], &[], "the connection broke").await;
    check_failed(events(&[&text]), &["a"], "broke off before its end").await;
    check_failed(events(&[]), &[], "broke off before its end").await;
    check_failed(and(bytes(b"data: {nonsense\n\n")), &["a"], "not of this protocol").await;
    check_failed(and(bytes(b"data: [1]\n\n")), &["a"], "not of this protocol").await;
    check_failed(and(bytes(b"data: \xff\xfe\n\n")), &["a"], "cannot be read").await;
    let error = format!(r#"{{"error":{{"message":"{KEY} ran out"}}}}"#);
    check_failed(events(&[&text, &error]), &["a"], "[key] ran out").await;
    let error = r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#;
    check_failed(events(&[&text, error]), &["a"], "the model broke off").await;
}

#[tokio::test]
async fn an_answer_that_is_no_stream_fails() {
    let heard = said([Reply::error(200, "{}")]).await;
    let [ACCEPTED, Err(ProviderFault::Failed { message })] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert!(message.contains("application/json"), "{message}");
}

#[tokio::test]
async fn lines_messages_and_answers_have_their_limits() {
    for (line, pieces) in [
        ("an endless line", vec![Piece::Bytes(b"data: ".repeat(400)), Piece::Silence]),
        ("an endless message", {
            let mut lines = vec![Piece::Bytes(b"data: 123456789012345\n".repeat(100))];
            lines.push(Piece::Silence);
            lines
        }),
        ("an endless answer", {
            let mut many = events(&[&says("1"), &says("2"), &says("3")].map(String::as_str));
            many.extend(vec![Piece::Bytes(b": keep alive\n\n".to_vec()); 500]);
            many
        }),
    ] {
        let peer = Peer::start([Reply::stream(pieces)]).await;
        let mut settings = settings(&peer);
        settings.limits.line_bytes_max = 1_000;
        settings.limits.total_bytes_max = 4_000;
        let heard = hear(settings).await;
        let Some(Err(ProviderFault::Failed { message })) = heard.last() else {
            panic!("{line}: {heard:?}")
        };
        assert!(message.contains("longer than"), "{message}");
    }
}

#[tokio::test]
async fn the_end_is_heard_in_each_of_its_forms() {
    let text = says("a");
    let whole = [ACCEPTED, delta("a"), simple_usage(), finished(Finish::Completed)];
    let without_usage = [ACCEPTED, delta("a"), finished(Finish::Completed)];
    // No final mark; no reason; no empty line at the end.
    assert_eq!(said([stream(&[&text, STOP, USAGE])]).await, whole);
    assert_eq!(said([stream(&[&text, USAGE, DONE])]).await, whole);
    let mut pieces = events(&[&text, STOP]);
    pieces.push(Piece::Bytes(format!("data: {USAGE}").into_bytes()));
    assert_eq!(said([Reply::stream(pieces)]).await, whole);
    // A connection that breaks after the reason takes the usage with it, not the answer.
    let mut pieces = events(&[&text, STOP]);
    pieces.push(Piece::Cut);
    assert_eq!(said([Reply::stream(pieces)]).await, without_usage);
}

#[tokio::test]
async fn every_way_to_cut_and_write_the_bytes_says_the_same() {
    let expected = [ACCEPTED, delta("déjà 水🌊"), simple_usage(), finished(Finish::Completed)];
    let lines = [says("déjà 水🌊"), STOP.to_owned(), USAGE.to_owned(), DONE.to_owned()];
    for (before, between, end) in [
        ("data: ", "\n\n", ""),
        ("data: ", "\r\n\r\n", ""),
        ("data:", "\n\n", ""),
        (": keep alive\n\nevent: x\nid: 7\ndata: ", "\n\n", ": bye"),
    ] {
        for byte_order_mark in ["", "\u{feff}"] {
            let body: String =
                lines.iter().map(|line| format!("{before}{line}{between}")).collect();
            let body = format!("{byte_order_mark}{body}{end}").into_bytes();
            for size in [1, 2, 3, 7, body.len()] {
                let pieces = body.chunks(size).map(|piece| Piece::Bytes(piece.to_vec()));
                let heard = said([Reply::stream(pieces.collect())]).await;
                assert_eq!(heard, expected, "{before:?} in pieces of {size}");
            }
        }
    }
    let across_lines = "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let mut pieces = vec![Piece::Bytes(across_lines.as_bytes().to_vec())];
    pieces.extend(events(&[STOP, DONE]));
    let heard = said([Reply::stream(pieces)]).await;
    assert_eq!(heard, [ACCEPTED, delta("a"), finished(Finish::Completed)]);
}

fn timed_out(phase: TimeoutPhase, waited: Duration) -> Result<ProviderEvent, ProviderFault> {
    Err(ProviderFault::TimedOut { phase, waited })
}

#[tokio::test]
async fn waiting_has_an_end() {
    let peer = Peer::start([Reply::never()]).await;
    let mut slow = settings(&peer);
    slow.timeouts.first_byte = SHORT;
    assert_eq!(hear(slow).await, [timed_out(TimeoutPhase::FirstByte, SHORT)]);

    let mut silent = events(&[&says("a")]);
    silent.push(Piece::Silence);
    let peer = Peer::start([Reply::stream(silent.clone()), Reply::stream(silent)]).await;
    let mut slow = settings(&peer);
    slow.timeouts.idle = SHORT;
    assert_eq!(hear(slow).await, [ACCEPTED, delta("a"), timed_out(TimeoutPhase::Idle, SHORT)]);
    let mut slow = settings(&peer);
    slow.timeouts.total = Duration::from_millis(500);
    let total = timed_out(TimeoutPhase::Total, Duration::from_millis(500));
    assert_eq!(hear(slow).await, [ACCEPTED, delta("a"), total]);

    // A whole answer is not lost to an endpoint that does not hang up.
    let mut silent = events(&[&says("a"), STOP, USAGE]);
    silent.push(Piece::Silence);
    let peer = Peer::start([Reply::stream(silent)]).await;
    let mut slow = settings(&peer);
    slow.timeouts.idle = SHORT;
    let whole = [ACCEPTED, delta("a"), simple_usage(), finished(Finish::Completed)];
    assert_eq!(hear(slow).await, whole);
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
async fn stop_drops_the_connection_at_once() {
    let mut silent = events(&[&says("a")]);
    silent.push(Piece::Silence);
    let peer = Peer::start([Reply::stream(silent)]).await;
    let provider = OpenAiProvider::new(settings(&peer)).unwrap();
    let cancel = CancellationToken::new();
    let mut stream = provider.stream(request(), cancel.clone());
    assert_eq!(stream.next().await, Some(ACCEPTED));
    assert_eq!(stream.next().await, Some(delta("a")));
    cancel.cancel();
    // What was used is not known: no usage, instead of one of zero.
    assert_eq!(stream.next().await, Some(finished(Finish::Stopped)));
    assert_eq!(stream.next().await, None);
    tokio::time::timeout(LONG, peer.was_let_go()).await.unwrap();
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
