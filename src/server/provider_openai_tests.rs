//! Good answers of an OpenAI-compatible endpoint, and what they used.

use super::heard::{
    ACCEPTED, DONE, KEY, STOP, Said, USAGE, delta, finished, hear, said, says, settings,
    simple_usage, stream, usage,
};
use super::peer::Peer;
use crate::provider::ProviderEvent;
use kumari_engine::settle::Finish;
use serde_json::json;

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
            "prompt_tokens_details": { "image_tokens": 6, "audio_tokens": 5 },
        })),
        Some(json!({
            "prompt_tokens": 10, "completion_tokens": 3,
            "prompt_tokens_details": {
                "cached_tokens": 6, "cache_write_tokens": 5, "image_tokens": 10,
            },
        })),
        Some(json!({
            "prompt_tokens": 10, "completion_tokens": 3,
            "prompt_tokens_details": {
                "cached_tokens": u64::MAX, "cache_write_tokens": 1, "image_tokens": 1,
            },
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
        // Images that a cache did not know, one that knew them too, and one that knew all there was.
        (
            json!({
                "prompt_tokens": 1_000, "completion_tokens": 5,
                "prompt_tokens_details": { "cached_tokens": 128, "image_tokens": 800 },
            }),
            json!({
                "input_tokens": 72, "cache_read_tokens": 128, "image_input_tokens": 800,
                "output_tokens": 5,
            }),
        ),
        (
            json!({
                "prompt_tokens": 1_000, "completion_tokens": 5, "total_tokens": 1_005,
                "prompt_tokens_details": { "cached_tokens": 896, "image_tokens": 800 },
            }),
            json!({
                "cache_read_tokens": 896, "image_input_tokens": 104, "output_tokens": 5,
            }),
        ),
        (
            json!({
                "prompt_tokens": 100, "completion_tokens": 5,
                "prompt_tokens_details": {
                    "cached_tokens": 100, "image_tokens": 60, "audio_tokens": 30,
                },
            }),
            json!({ "cache_read_tokens": 100, "output_tokens": 5 }),
        ),
        // Sound last; what is written to a cache overlaps as what is read from it.
        (
            json!({
                "prompt_tokens": 100, "completion_tokens": 5,
                "prompt_tokens_details": {
                    "cached_tokens": 20, "cache_write_tokens": 65, "image_tokens": 60,
                    "audio_tokens": 30, "text_tokens": 10,
                },
            }),
            json!({
                "cache_read_tokens": 20, "cache_write_tokens": 65, "audio_input_tokens": 15,
                "output_tokens": 5,
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
