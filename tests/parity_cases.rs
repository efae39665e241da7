//! Random books and requests for the proof that one crate serves both sides (R11): the same seed
//! gives the same cases, so that a difference that was found can be looked at again.

use crate::books::{per_million, rate, seeing, small_json, text_model};
use fastrand::Rng;
use kumari_engine::RULES_VERSION;
use kumari_engine::amount::Credits;
use kumari_engine::attachment::Attachment;
use kumari_engine::calibration::{
    Calibration, CalibrationBand, CalibrationRow, Quantiles, SCHEMA, SETTLEMENTS_MIN,
};
use kumari_engine::eligibility::{Quote, Standing};
use kumari_engine::encoding::TokenKind;
use kumari_engine::estimate::Caps;
use kumari_engine::limits::Limits;
use kumari_engine::price_book::{KindName, PlanId, PublishedBook};
use kumari_engine::request::{CacheWrite, Flag, Request, Task};
use kumari_engine::routing::COMPLEXITY_MAX;
use kumari_engine::time::Timestamp;
use serde_json::{Value, json};

/// One question to both sides.
#[derive(Clone, Debug)]
pub struct Case {
    /// Which of the books it is about.
    pub book: usize,
    /// What is asked.
    pub request: Request,
    /// Who asks.
    pub standing: Standing,
    /// What they saw, if anything.
    pub quote: Option<Quote>,
}

/// `count` different books: the default one, the small one, and random changes of the small one.
///
/// # Panics
/// Where a book is refused: a mistake of this generator.
pub fn books(rng: &mut Rng, count: usize) -> Vec<PublishedBook> {
    let default = include_str!("../src/server/price-book.json").to_owned();
    let changed = std::iter::repeat_with(|| random_book(rng).to_string());
    [default, small_json().to_string()]
        .into_iter()
        .chain(changed)
        .take(count)
        .map(|text| kumari_wire::publish(&text).unwrap_or_else(|fault| panic!("{fault}\n{text}")))
        .collect()
}

/// What was learned of the answers of some of a book's models.
pub fn calibration(rng: &mut Rng, published: &PublishedBook) -> Calibration {
    let mut rows = Vec::new();
    let is_of_text = |task: &Task| task.priced_as() == *task && task.kind() == KindName::Text;
    for task in Task::ALL.into_iter().filter(is_of_text) {
        let mut models: Vec<_> =
            published.book.models_of(task).map(|model| model.id.clone()).collect();
        models.sort_unstable();
        models.retain(|_| rng.u32(..3) > 0);
        rows.extend(models.into_iter().map(|model| {
            let bands = random_bands(rng);
            CalibrationRow { task, model, bands }
        }));
    }
    Calibration { schema: SCHEMA, rows }
}

fn random_bands(rng: &mut Rng) -> Vec<CalibrationBand> {
    let mut above_input_tokens = 0;
    let count = rng.usize(1..=4);
    let band = || {
        let begins = above_input_tokens;
        above_input_tokens += 1 << rng.u32(..20);
        let mut tokens = [(); 3].map(|()| {
            let bits = rng.u32(1..16);
            rng.u64(..1 << bits)
        });
        tokens.sort_unstable();
        let [p10, p50, p90] = tokens;
        CalibrationBand {
            above_input_tokens: begins,
            output_tokens: Quantiles { p10, p50, p90 },
            settlements: SETTLEMENTS_MIN + rng.u64(..1_000),
        }
    };
    std::iter::repeat_with(band).take(count).collect()
}

/// A random case about one of `books`.
pub fn case(rng: &mut Rng, books: &[PublishedBook]) -> Case {
    let book = rng.usize(..books.len());
    let published = &books[book];
    Case {
        book,
        request: random_request(rng, published),
        standing: random_standing(rng),
        quote: (rng.u32(..3) == 0).then(|| random_quote(rng, published)),
    }
}

fn random_book(rng: &mut Rng) -> Value {
    let mut book = small_json();
    let step = ["0.01", "0.000001", "0.25", "1"][rng.usize(..4)];
    book["charge_step"] = json!(step);
    for index in [0, 1] {
        let (input, output) = (amount(rng, 900), amount(rng, 4_000));
        let tier = book["models"][index]["kind"]["text"]["tier"].clone();
        let id = book["models"][index]["id"].clone();
        let mut model = text_model("x", "frontier", &input, &output);
        (model["id"], model["name"]) = (id, json!("Ein Modell, 一个模型 \u{1f984}"));
        let text = &mut model["kind"]["text"];
        text["tier"] = tier;
        text["context_tokens_max"] = json!(rng.u64(20_000..2_000_000));
        text["output_tokens_max"] = json!(rng.u64(100..20_000));
        text["encoding"]["name"] = json!(["o200k_base", "cl100k_base"][rng.usize(..2)]);
        text["encoding"]["low"] = json!(hundredths(rng.u32(50..=100)));
        text["encoding"]["high"] = json!(hundredths(rng.u32(100..=300)));
        text["encoding"]["message_tokens"] = json!(rng.u32(..12));
        if rng.bool() {
            text["encoding"]["tools"] = json!({"once": rng.u32(..900), "each": rng.u32(..40)});
        }
        if rng.bool() {
            text["encoding"]["latin"] = json!({"low": "1", "expected": "1", "high": "1"});
        }
        if rng.u32(..4) == 0 {
            let free = json!({"credits": "0", "per": 1_000_000, "free": true});
            model["rates"][["input_tokens", "output_tokens"][rng.usize(..2)]] = free;
        }
        random_attachments(rng, &mut model);
        if rng.bool() {
            let mut thresholds = [rng.u64(10..1_000), rng.u64(1_000..300_000)];
            thresholds.sort_unstable();
            model["tiers"] = thresholds
                .map(|threshold| {
                    let (input, output) = (amount(rng, 900), amount(rng, 4_000));
                    let mut rates = text_model("x", "frontier", &input, &output)["rates"].clone();
                    for meter in ["image_input_tokens", "audio_input_tokens"] {
                        if model["rates"].get(meter).is_some() {
                            rates[meter] = per_million(&amount(rng, 900));
                        }
                    }
                    json!({"above_input_tokens": threshold, "rates": rates})
                })
                .to_vec()
                .into();
        }
        book["models"][index] = model;
    }
    for task in book["tasks"].as_array_mut().into_iter().flatten() {
        for offer in task["offers"].as_array_mut().into_iter().flatten() {
            offer["multiplier"] = json!(hundredths(rng.u32(1..500)));
            if rng.bool() {
                offer["minimum"] = json!(amount(rng, 20));
            } else if let Some(offer) = offer.as_object_mut() {
                offer.remove("minimum");
            }
        }
    }
    book["models"][2]["rates"]["images"] = rate(&hundredths(rng.u32(1..2_000)), 1);
    book["routing"] = random_routing(rng);
    // The levels of random prices are whatever they are, in whatever encoding.
    book["references"][0]["request"]["input_tokens"]["cl100k_base"] = json!(400);
    book["references"][0]["levels"] = json!(["low", "medium", "high", "very_high"]);
    book
}

/// A policy of any conditions, alone and together.
fn random_routing(rng: &mut Rng) -> Value {
    let mut rules = Vec::new();
    for _ in 0..rng.usize(..6) {
        let mut when = serde_json::Map::new();
        for condition in 0..5 {
            if rng.u32(..3) > 0 {
                continue;
            }
            let most = 1 << rng.u32(1..16);
            let (name, value) = match condition {
                0 => ("flag", json!(Flag::ALL[rng.usize(..Flag::ALL.len())].name())),
                1 => ("input_tokens_above", json!(rng.u32(..4 * most))),
                2 => ("messages_above", json!(rng.u32(..200))),
                3 => ("complexity_at_least", json!(rng.u32(1..=COMPLEXITY_MAX))),
                _ => ("cost_at_most", json!(hundredths(rng.u32(1..most)))),
            };
            when.insert(name.into(), value);
        }
        rules.push(match rng.u32(..3) {
            0 => json!({"when": when, "use": "lite"}),
            1 => json!({"when": when, "use": "top"}),
            _ => json!({"when": when, "use_cheapest_of": ["top", "lite"]}),
        });
    }
    let default = ["lite", "top"][rng.usize(..2)];
    json!({"candidates": ["lite", "top"], "default": default, "rules": rules})
}

/// Formulas of attachments for some kinds, some of them with rates of their own.
fn random_attachments(rng: &mut Rng, model: &mut Value) {
    seeing(model);
    let text = &mut model["kind"]["text"];
    let above = ["shrink", "shrink_to_cells", "refuse"][rng.usize(..3)];
    text["image_tokens"]["formula"] = match rng.u32(..3) {
        0 => json!({"fixed": rng.u32(1..2_000)}),
        1 => json!({"cells": {
            "side": rng.u32(1..800), "tokens": hundredths(rng.u32(1..30_000)),
            "base_tokens": rng.u32(1..100), "longer_side_max": rng.u32(100..3_000),
            "shorter_side_max": rng.u32(100..1_000),
        }}),
        _ => json!({"cells": {
            "side": rng.u32(8..64), "tokens": hundredths(rng.u32(50..300)),
            "cells_max": rng.u32(1..10_000), "above": above,
        }}),
    };
    for kind in ["image_tokens", "audio_tokens", "video_tokens"] {
        if rng.bool() {
            text[kind]["ratio"] = json!({
                "low": hundredths(rng.u32(10..=100)), "expected": "1",
                "high": hundredths(rng.u32(100..=300)),
            });
        }
        if let Some(facts) = text.as_object_mut()
            && rng.u32(..5) == 0
        {
            facts.remove(kind);
        }
    }
    for meter in ["image_input_tokens", "audio_input_tokens"] {
        if rng.u32(..4) == 0 {
            model["rates"][meter] = per_million(&amount(rng, 900));
        }
    }
}

/// Now and then something is sent along, and once in a while what no file can be.
fn random_sent(rng: &mut Rng) -> Vec<Attachment> {
    let count = if rng.u32(..4) == 0 { rng.usize(1..5) } else { 0 };
    let side = |rng: &mut Rng| match rng.u32(..60) {
        0 => 0,
        1 => rng.u32(60_000..70_000),
        2..10 => rng.u32(1..50),
        _ => rng.u32(1..4_000),
    };
    let one = || match rng.u32(..4) {
        0 => Attachment::Audio { seconds: side(rng) },
        1 => Attachment::Video { seconds: side(rng) / 8 },
        _ => Attachment::Image { width: side(rng), height: side(rng) },
    };
    std::iter::repeat_with(one).take(count).collect()
}

fn random_request(rng: &mut Rng, published: &PublishedBook) -> Request {
    let task = Task::ALL[rng.usize(..Task::ALL.len())];
    let offered: Vec<_> = published.book.models_of(task).map(|model| model.id.clone()).collect();
    let mut models = offered.clone();
    rng.shuffle(&mut models);
    models.truncate(match task {
        Task::Routing => 0,
        Task::Compare => rng.usize(2..=4),
        _ => 1,
    });
    // Some requests contradict themselves: both sides must say so in the same words.
    match rng.u32(..40) {
        0 => models.push("no-such-model".parse().unwrap()),
        1 => models.clear(),
        2 => models.extend(models.clone()),
        _ => {}
    }
    let mut request = Request::new(task, models);
    let tokens = match rng.u32(..4) {
        0 => rng.u64(..50),
        1 => rng.u64(..5_000),
        2 => rng.u64(..300_000),
        _ => rng.u64(..3_000_000),
    };
    request.input_tokens.insert(TokenKind::O200kBase, tokens);
    if rng.u32(..10) > 0 {
        request.input_tokens.insert(TokenKind::Cl100kBase, tokens + tokens / 10);
    }
    for kind in [TokenKind::O200kBaseLatin, TokenKind::Cl100kBaseLatin] {
        if rng.bool() {
            // Once in a while more than all, which is refused.
            request.input_tokens.insert(kind, rng.u64(..=tokens + tokens / 40));
        }
    }
    request.attachments = random_sent(rng);
    let mut maybe = |most: u64| (rng.u32(..3) == 0).then(|| rng.u64(..most));
    request.output_tokens_max = maybe(10_000);
    request.steps_max = maybe(20);
    request.searches_max = maybe(20);
    request.pages = maybe(500);
    let mut maybe = |most: u32| (rng.u32(..3) == 0).then(|| rng.u32(..most));
    request.messages = maybe(200);
    request.tools = maybe(30);
    request.images = maybe(12);
    request.clips = maybe(5);
    request.clip_seconds = maybe(25);
    request.three_d_models = maybe(5);
    if task == Task::FileProcessing && request.pages.is_none() {
        request.pages = Some(rng.u64(1..200));
    }
    request.cache_write =
        [None, None, Some(CacheWrite::Default), Some(CacheWrite::OneHour)][rng.usize(..4)];
    for flag in Flag::ALL {
        if rng.u32(..3) == 0 {
            request.flags.push(flag);
        }
    }
    request
}

fn random_standing(rng: &mut Rng) -> Standing {
    let available = match rng.u32(..4) {
        0 => 0,
        1 => rng.i64(0..5_000_000),
        2 => rng.i64(0..100_000_000),
        _ => rng.i64(0..1_000_000_000_000),
    };
    let held = if rng.bool() { 0 } else { rng.i64(0..20_000_000) };
    let pro = rng.bool();
    Standing {
        settled: Credits::from_micros(available + held),
        held: Credits::from_micros(held),
        available: Credits::from_micros(available),
        open_holds: if rng.u32(..30) == 0 { 1_000 } else { rng.u32(..5) },
        plan: if pro { PlanId::Pro } else { PlanId::Free },
        resets_at: pro.then(|| Timestamp::from_millis(rng.i64(0..4_000_000_000_000)).unwrap()),
        limits: Limits::default(),
        limit_left: (rng.u32(..10) == 0).then(|| Credits::from_micros(rng.i64(0..50_000_000))),
        closed: rng.u32(..50) == 0,
        disputed: rng.u32(..50) == 0,
        past_due: rng.u32(..20) == 0,
    }
}

fn random_quote(rng: &mut Rng, published: &PublishedBook) -> Quote {
    let version =
        if rng.u32(..8) == 0 { "0".repeat(64).parse() } else { Ok(published.version.clone()) };
    let mut cap = |most: u64| (rng.u32(..3) == 0).then(|| rng.u64(1..most));
    let (output_tokens, steps, searches) = (cap(4_000), cap(10), cap(10));
    let candidates = (rng.u32(..4) == 0).then(|| {
        let models = published.book.models_of(Task::Routing);
        models.map(|model| model.id.clone()).filter(|_| rng.u32(..4) > 0).collect()
    });
    let caps = Caps { output_tokens, steps, searches, candidates };
    Quote {
        price_book: version.unwrap(),
        rules: if rng.u32(..20) == 0 { "0".into() } else { RULES_VERSION.into() },
        high: Credits::from_micros(rng.i64(0..2_000_000_000)),
        caps,
    }
}

fn amount(rng: &mut Rng, most: u32) -> String {
    rng.u32(10..most).to_string()
}

fn hundredths(value: u32) -> String {
    Credits::from_micros(i64::from(value) * 10_000).to_string()
}
