//! Answers of an OpenAI-compatible endpoint that come in pieces, break, stand still or are stopped.

use super::OpenAiProvider;
use super::heard::{
    ACCEPTED, DONE, KEY, LONG, SHORT, STOP, Said, USAGE, delta, events, finished, hear, request,
    said, says, settings, simple_usage, stream, timed_out,
};
use super::peer::{Peer, Piece, Reply};
use crate::provider::{Provider as _, ProviderFault, TimeoutPhase};
use futures::StreamExt as _;
use kumari_engine::settle::Finish;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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
