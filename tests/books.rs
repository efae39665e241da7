//! Small price books for tests, put together by hand so that a test's numbers can be checked with
//! pencil and paper.

use kumari_engine::encoding::TokenKind;
use kumari_engine::id::ModelId;
use kumari_engine::price_book::PublishedBook;
use kumari_engine::request::{Request, Task};
use serde_json::{Value, json};

/// A book with every task, two text models (`lite`, lightweight; `top`, frontier), and a model of
/// each other kind. `top` costs 250 credits per million tokens in and 1 000 out, on a base of 0.5:
/// the prices of the worked examples. Step 0.01, no markup, exact counts.
pub fn small_json() -> Value {
    let text_task = |task: &str, offer: Value| {
        let mut offer = offer;
        offer["models"] = json!({"kind": "text"});
        json!({"task": task, "hold_seconds_max": 900, "offers": [offer]})
    };
    let output = json!({"floor": 16, "expected": 500, "max": 4000});
    let search = |per_request: &str| {
        json!({
            "per_request": per_request, "multiplier": "1",
            "rates": {"searches": rate("1", 1)},
            "bounds": {
                "output_tokens": output, "searches": {"floor": 1, "expected": 3, "max": 10},
                "round_input_tokens": {"floor": 0, "expected": 500, "max": 2000},
            },
        })
    };
    let media = |task: &str, kind: &str| {
        json!({"task": task, "hold_seconds_max": 1800, "offers": [
            {"models": {"kind": kind}, "multiplier": "1", "minimum": "5"},
        ]})
    };
    json!({
        "schema": 1, "id": "small", "effective_at": "2026-01-01T00:00:00Z", "charge_step": "0.01",
        "levels": [
            {"level": "low", "from": "0"}, {"level": "medium", "from": "0.9"},
            {"level": "high", "from": "4"}, {"level": "very_high", "from": "20"},
        ],
        "models": [
            text_model("lite", "lightweight", "10", "40"),
            text_model("top", "frontier", "250", "1000"),
            unit_model("paint", json!("image"), "images", "6"),
            unit_model(
                "film",
                json!({"video": {"block_seconds": 4, "clip_seconds_max": 20}}),
                "video_blocks",
                "30",
            ),
            unit_model("shape", json!("three_d"), "three_d_models", "40"),
        ],
        "tasks": [
            {"task": "direct", "hold_seconds_max": 900, "offers": [
                {"models": {"tier": "lightweight"}, "per_request": "0.05", "multiplier": "1",
                 "bounds": {"output_tokens": output}},
                {"models": {"tier": "frontier"}, "per_request": "0.5", "multiplier": "1",
                 "bounds": {"output_tokens": output}},
            ]},
            text_task("agent", json!({
                "per_request": "4", "multiplier": "1", "rates": {"steps": rate("0.5", 1)},
                "bounds": {
                    "output_tokens": output, "steps": {"floor": 1, "expected": 4, "max": 12},
                    "round_input_tokens": {"floor": 0, "expected": 300, "max": 1000},
                },
            })),
            text_task("deep_research", search("5")),
            text_task("finance_search", search("2")),
            text_task("social_search", search("2")),
            text_task("file_processing", json!({
                "per_request": "1", "multiplier": "1", "rates": {"pages": rate("0.02", 1)},
                "bounds": {"output_tokens": output},
            })),
            media("image", "image"),
            media("video", "video"),
            media("three_d", "three_d"),
        ],
        "compare": {"models_max": 4},
        "routing": {
            "candidates": ["lite", "top"], "default": "lite",
            "rules": [{"when": {"flag": "code"}, "use": "top"}],
        },
        "plans": [
            {"id": "free", "name": "Free", "credits": "100"},
            {"id": "pro", "name": "Pro", "credits": "2200", "price_usd": 20, "months": 1},
        ],
        "packs": {"usd_min": 10, "usd_max": 1000, "brackets": [
            {"from_usd": 10, "credits_per_usd": "100"}, {"from_usd": 50, "credits_per_usd": "115"},
        ]},
        "references": [{
            "row": "direct_lightweight", "levels": ["low"],
            "request": {"task": "direct", "models": ["lite"], "input_tokens": {"o200k_base": 400}},
        }],
    })
}

/// A text model with these prices per million tokens in and out, counted exactly; cached input
/// costs a tenth.
pub fn text_model(id: &str, tier: &str, input: &str, output: &str) -> Value {
    let cached = format!("{}", input.parse::<u64>().map_or(0, |input| input / 10));
    json!({
        "id": id, "name": id, "provider": "test",
        "kind": {"text": {
            "tier": tier, "context_tokens_max": 400_000, "output_tokens_max": 100_000,
            "encoding": {
                "name": "o200k_base", "low": "1", "expected": "1", "high": "1",
                "message_tokens": 0, "source": "test",
            },
        }},
        "rates": {
            "input_tokens": rate(input, 1_000_000), "cache_read_tokens": rate(&cached, 1_000_000),
            "cache_write_tokens": rate(input, 1_000_000),
            "cache_write_1h_tokens": rate(input, 1_000_000),
            "output_tokens": rate(output, 1_000_000), "reasoning_tokens": rate(output, 1_000_000),
        },
        "source": {"package": "own price", "read_on": "2026-01-01"},
    })
}

/// A rate of `credits` per `per` units; free where that is zero.
pub fn rate(credits: &str, per: u32) -> Value {
    match credits {
        "0" => json!({"credits": credits, "per": per, "free": true}),
        _ => json!({"credits": credits, "per": per}),
    }
}

/// A small book, changed by `edit`, checked and published.
///
/// # Panics
/// Where the edited book is refused: a test's own mistake.
pub fn small_book(edit: impl FnOnce(&mut Value)) -> PublishedBook {
    let mut book = small_json();
    edit(&mut book);
    match kumari_wire::publish(&book.to_string()) {
        Ok(book) => book,
        Err(fault) => panic!("the test's book is refused: {fault}"),
    }
}

/// A request for text models with so many input tokens.
pub fn request(task: Task, models: &[&str], input_tokens: u64) -> Request {
    let models = models.iter().map(|model| model_id(model)).collect();
    let mut request = Request::new(task, models);
    request.input_tokens.insert(TokenKind::O200kBase, input_tokens);
    request
}

/// A model's id.
///
/// # Panics
/// Where `id` is none: a test's own mistake.
pub fn model_id(id: &str) -> ModelId {
    id.parse().unwrap_or_else(|fault| panic!("`{id}` is {fault}"))
}

fn unit_model(id: &str, kind: Value, meter: &str, credits: &str) -> Value {
    json!({
        "id": id, "name": id, "provider": "test", "kind": kind,
        "rates": {meter: rate(credits, 1)},
        "source": {"package": "own price", "read_on": "2026-01-01"},
    })
}

/// Lets the text model take all kinds of attachments: 100 tokens for a cell of 500 pixels, 10 for
/// each second of sound, 50 to 200 for each of a clip.
pub fn seeing(model: &mut Value) {
    let text = &mut model["kind"]["text"];
    let cells = json!({"cells": {"side": 500, "tokens": "100"}});
    text["image_tokens"] = json!({"formula": cells, "largest": 8_000, "source": "test"});
    let second = json!({"per_second": "10"});
    text["audio_tokens"] = json!({"formula": second, "largest": 3_600, "source": "test"});
    text["video_tokens"] = json!({
        "formula": {"per_second": "100"}, "largest": 3_600, "source": "assumed",
        "ratio": {"low": "0.5", "expected": "1", "high": "2"},
    });
}

/// A rate of so many credits for a million tokens.
pub fn per_million(credits: &str) -> Value {
    rate(credits, 1_000_000)
}
