//! `price-book import`: what a price list has and a book cannot say is named, each with its reason.

#[cfg(test)]
mod common;

use common::imported::{genai, import_text, litellm};
use std::collections::{BTreeMap, BTreeSet};

/// Entries of litellm's form, and why each is not imported.
const LITELLM_REFUSED: &[(&str, &str, &str)] = &[
    ("sample_spec", r#""litellm_provider": "one of", "mode": "one of: chat""#, "not_a_model"),
    ("fallback_generalizations", r#""rules": []"#, "not_a_model"),
    ("odd", r#"@, "input_cost_per_token": 1e-6, "max_input_tokens": 3"#, "unreadable"),
    ("typed", r#""litellm_provider": "p", "mode": 7"#, "unreadable: mode"),
    ("modeless", r#""litellm_provider": "p", "input_cost_per_token": 1e-6"#, "kind_unknown"),
    ("embedding", r##"#: "embedding", "input_cost_per_token": 1e-6"##, "embedding"),
    ("rerank", r##"#: "rerank", "input_cost_per_query": 0.002"##, "rerank"),
    (
        "transcription",
        r##"#: "audio_transcription", "input_cost_per_second": 1e-4"##,
        "transcription",
    ),
    ("speech", r##"#: "audio_speech", "input_cost_per_character": 1e-5"##, "speech"),
    ("realtime", r##"#: "realtime", "input_cost_per_token": 1e-6"##, "realtime"),
    ("ocr", r##"#: "ocr", "ocr_cost_per_page": 1e-3"##, "ocr"),
    ("search", r##"#: "search", "input_cost_per_query": 1e-3"##, "search"),
    ("moderation", r##"#: "moderation", "input_cost_per_token": 0"##, "moderation"),
    ("other", r##"#: "guardrail", "input_cost_per_token": 0"##, "other_task: guardrail"),
    (
        "gone",
        r#"@, "deprecation_date": "2026-11-23", "input_cost_per_token": 1e-6"#,
        "deprecated: 2026-11-23",
    ),
    (
        "night",
        r#"@, "input_cost_per_token": 1e-6, "off_peak_pricing": {"windows": []}"#,
        "time_of_day",
    ),
    ("priceless", r#"@, "source": "https://prices.example""#, "no_price"),
    ("one-way", r#"@, "input_cost_per_token": 1e-6"#, "no_output_price"),
    (
        "zero",
        r#"@, "input_cost_per_token": 0.0, "output_cost_per_token": 1e-6"#,
        "zero_price: input_tokens",
    ),
    ("free-image", r##"#: "image_generation", "output_cost_per_image": 0.0"##, "zero_price"),
    (
        "request",
        r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "input_cost_per_request": 0.005"#,
        "per_request: input_cost_per_request",
    ),
    (
        "characters",
        r#"@, "input_cost_per_character": 1e-6"#,
        "per_character: input_cost_per_character",
    ),
    ("seconds", r#"@, "input_cost_per_second": 0.01"#, "per_time: input_cost_per_second"),
    ("pages", r#"@, "ocr_cost_per_page": 0.01"#, "per_page: ocr_cost_per_page"),
    (
        "pixels",
        r##"#: "image_generation", "input_cost_per_pixel": 1e-8"##,
        "per_pixel: input_cost_per_pixel",
    ),
    (
        "high/1024-x-1024/image",
        r##"#: "image_generation", "output_cost_per_image": 0.1"##,
        "by_size",
    ),
    ("p/image", r##"#: "image_generation", "output_cost_per_image": 0.1"##, "by_size"),
    (
        "p/low/512-x-512/image",
        r##"#: "image_generation", "output_cost_per_image": 0.1"##,
        "by_size",
    ),
    (
        "resolutions",
        r##"#: "video_generation", "output_cost_per_second": 0.1, "output_cost_per_second_4k": 0.3"##,
        "by_size: output_cost_per_second_4k",
    ),
    (
        "token-image",
        r##"#: "image_generation", "output_cost_per_image": 0.1, "output_cost_per_image_token": 1e-5"##,
        "image_by_token: output_cost_per_image_token",
    ),
    (
        "both",
        r##"#: "image_edit", "output_cost_per_image": 0.1, "input_cost_per_image": 0.1"##,
        "mixed_units: input_cost_per_image",
    ),
    (
        "both-ways",
        r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "input_cost_per_character": 1e-7"#,
        "mixed_units: input_cost_per_character",
    ),
    (
        "citations",
        r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "citation_cost_per_token": 1e-6"#,
        "no_meter: citation_cost_per_token",
    ),
    (
        "tomorrow",
        r#"@, "input_cost_per_token_of_2028": 1e-6"#,
        "unknown_field: input_cost_per_token_of_2028",
    ),
    (
        "twofold",
        r#"@, "cache_read_input_token_cost": 1e-6, "input_cost_per_token_cache_hit": 2e-6"#,
        "contradictory: cache_read_tokens",
    ),
    (
        "two tables",
        r#"@, "input_cost_per_token_above_9k_tokens": 1e-6, "tiered_pricing": []"#,
        "contradictory: tiered_pricing",
    ),
    (
        "gap",
        r#"@, "tiered_pricing": [{"range": [0, 9], "input_cost_per_token": 1e-6},
            {"range": [10, 20], "input_cost_per_token": 2e-6}]"#,
        "tier_boundary: from 10 to 20",
    ),
    (
        "noise",
        r#"@, "input_cost_per_token": 9.499999999999999e-07, "output_cost_per_token": 1e-6"#,
        "not_exact: input_tokens",
    ),
    (
        "negative",
        r#"@, "input_cost_per_token": -1e-6, "output_cost_per_token": 1e-6"#,
        "unreadable: input_cost_per_token",
    ),
    (
        "wordy",
        r#"@, "input_cost_per_token": "1e-6", "output_cost_per_token": 1e-6"#,
        "unreadable: input_cost_per_token",
    ),
    (
        "far",
        r#"@, "input_cost_per_token": 1e61, "output_cost_per_token": 1e-6"#,
        "unreadable: input_cost_per_token",
    ),
    (
        "long",
        r#"@, "input_cost_per_token": 0.0000001000000000000000000000000000000001"#,
        "not_exact: input_cost_per_token",
    ),
    (
        "multiplied",
        r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "moonlight_multiplier": 2"#,
        "unknown_field: moonlight_multiplier",
    ),
    (
        "multiplied-image",
        r##"#: "image_generation", "output_cost_per_image": 0.1, "moonlight_multiplier": 2"##,
        "unknown_field: moonlight_multiplier",
    ),
    (
        "dear",
        r#"@, "input_cost_per_token": 10000.01, "output_cost_per_token": 1e-6"#,
        "too_dear: input_tokens",
    ),
    (
        "endless",
        r##"#: "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6"##,
        "context_unknown",
    ),
    ("a*b", r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6"#, "not_an_id"),
    (
        "trellis-2",
        r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6"#,
        "other_kind",
    ),
];

#[test]
fn what_litellm_prices_and_a_book_cannot_say_is_named() {
    let mut entries: Vec<_> =
        LITELLM_REFUSED.iter().map(|(name, entry, _)| (*name, *entry)).collect();
    entries.push(("fine", r#"@, "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6"#));
    let imported = import_text("litellm", &litellm(&entries), &[]).unwrap();
    let expected: BTreeMap<_, _> =
        LITELLM_REFUSED.iter().map(|(name, _, reason)| (*name, (*reason).to_owned())).collect();
    assert_eq!(imported.refused(), expected);
    assert_eq!(imported.priced().into_keys().collect::<Vec<_>>(), ["fine"]);
    assert_eq!(imported.report["entries"], entries.len());
    let said = "2  zero_price: is zero, which may mean unknown; if it is free, say so in the book";
    assert!(imported.said.contains(said), "{}", imported.said);
}

/// Models of genai-prices' form, and why each is not imported.
const GENAI_REFUSED: &[(&str, &str, &str)] = &[
    ("gone", r#""deprecated": true, "prices": {"input_mtok": 1, "output_mtok": 1}"#, "deprecated"),
    (
        "night",
        r#""prices": [{"prices": {"input_mtok": 1}}, {"constraint": {"start_time": "00:30:00Z",
        "end_time": "16:30:00Z"}, "prices": {"input_mtok": 2}}]"#,
        "time_of_day",
    ),
    ("priceless", r#""prices": {}"#, "no_price"),
    ("embedding", r#""prices": {"input_mtok": 0.1}"#, "no_output_price"),
    ("zero", r#""prices": {"input_mtok": 0, "output_mtok": 0}"#, "zero_price: input_tokens"),
    (
        "request",
        r#""prices": {"input_mtok": 1, "requests_kcount": 5}"#,
        "per_request: requests_kcount",
    ),
    ("characters", r#""prices": {"input_mchars": 15}"#, "per_character: input_mchars"),
    ("hours", r#""prices": {"audio_hours": 0.1}"#, "per_time: audio_hours"),
    ("pages", r#""prices": {"input_document_kpages": 1}"#, "per_page: input_document_kpages"),
    ("rerank", r#""prices": {"rerank_searches_kcount": 2}"#, "rerank: rerank_searches_kcount"),
    ("citations", r#""prices": {"output_citation_mtok": 2}"#, "no_meter: output_citation_mtok"),
    ("speech", r#""prices": {"input_mtok": 1, "output_audio_mtok": 2}"#, "speech"),
    ("image", r#""prices": {"input_mtok": 1, "output_image_mtok": 2}"#, "image_by_token"),
    ("tomorrow", r#""prices": {"input_mthoughts": 1}"#, "unknown_field: input_mthoughts"),
    (
        "condition",
        r#""prices": [{"constraint": {"moon": "full"}, "prices": {"input_mtok": 1}}]"#,
        "unknown_field: prices.constraint",
    ),
    (
        "twice",
        r#""prices": {"input_mtok": {"base": 1, "tiers": [{"start": 9, "price": 2}, {"start": 9, "price": 3}]}}"#,
        "tier_boundary: input_mtok: twice from 9",
    ),
    (
        "fine-print",
        r#""prices": {"input_mtok": 0.000000001, "output_mtok": 1}"#,
        "not_exact: input_tokens",
    ),
    ("negative", r#""prices": {"input_mtok": -1, "output_mtok": 1}"#, "unreadable: input_mtok"),
    (
        "wordy",
        r#""prices": {"input_mtok": 1, "output_mtok": {"base": 1, "tiers": [{"start": 9, "price": "2"}]}}"#,
        "unreadable: output_mtok",
    ),
    (
        "long",
        r#""prices": {"input_mtok": 0.1000000000000000000000000000000001, "output_mtok": 1}"#,
        "not_exact: input_mtok",
    ),
];

#[test]
fn what_genai_prices_has_and_a_book_cannot_say_is_named() {
    let mut models: Vec<_> = GENAI_REFUSED.iter().map(|(id, model, _)| (*id, *model)).collect();
    models.push(("fine", r#""prices": {"input_mtok": 1, "output_mtok": 1}"#));
    let imported = import_text("genai-prices", &genai(&models), &[]).unwrap();
    let names: Vec<_> = GENAI_REFUSED.iter().map(|(id, ..)| format!("p/{id}")).collect();
    let reasons = GENAI_REFUSED.iter().map(|(_, _, reason)| (*reason).to_owned());
    assert_eq!(imported.refused(), names.iter().map(String::as_str).zip(reasons).collect());
    assert_eq!(imported.priced().into_keys().collect::<Vec<_>>(), ["p/fine"]);
}

#[test]
fn every_reason_is_met_and_written_down() {
    let met = LITELLM_REFUSED.iter().chain(GENAI_REFUSED).map(|(_, _, reason)| *reason);
    let mut met: BTreeSet<&str> = met.map(|reason| reason.split(':').next().unwrap()).collect();
    // Of these there is a test of its own.
    met.insert("not_chosen");
    let (_, written) = include_str!("../IMPORT.md").split_once("| reason |").unwrap();
    let written: BTreeSet<&str> = written
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(reason, _)| reason)
        .collect();
    assert_eq!(met, written);
}
