//! genai-prices' data: a list of providers, each with its models, as in its `data.json`; also
//! inside an object, as `providers`. Prices are US dollars for a million tokens.
//!
//! This file knows genai-prices' field names. Where a model has several prices, each from a day on,
//! the one in force on the asked day is read.

use crate::price_import_entry::{Entry, Priced, Prices, Reason, Refusal, TextPrices, usd};
use crate::price_import_json::{Object, count};
use kumari_engine::meter::Meter;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

const TOKENS: [(&str, Meter); 11] = [
    ("input_mtok", Meter::InputTokens),
    ("cache_read_mtok", Meter::CacheReadTokens),
    ("cache_write_mtok", Meter::CacheWriteTokens),
    ("cache_write_5m_mtok", Meter::CacheWriteTokens),
    ("cache_write_1h_mtok", Meter::CacheWrite1hTokens),
    ("input_image_mtok", Meter::ImageInputTokens),
    ("input_audio_mtok", Meter::AudioInputTokens),
    ("output_mtok", Meter::OutputTokens),
    ("output_reasoning_mtok", Meter::ReasoningTokens),
    ("output_image_mtok", Meter::ImageOutputTokens),
    ("output_audio_mtok", Meter::AudioOutputTokens),
];

/// What a message to a text model is not charged by: tools, which tasks price, and inputs and
/// outputs that no task has.
const BESIDE: [&str; 8] = [
    "cache_audio_read_mtok",
    "cache_image_read_mtok",
    "code_executions_kcount",
    "input_video_mtok",
    "output_video_mtok",
    "social_searches_kcount",
    "storage_searches_kcount",
    "web_searches_kcount",
];

/// Units of a price that a book does not have.
const UNITS: [(&str, Reason); 11] = [
    ("requests_kcount", Reason::PerRequest),
    ("input_text_messages_kcount", Reason::PerRequest),
    ("input_mchars", Reason::PerCharacter),
    ("audio_hours", Reason::PerTime),
    ("input_audio_hours", Reason::PerTime),
    ("output_audio_hours", Reason::PerTime),
    ("input_document_kpages", Reason::PerPage),
    ("input_annotated_document_kpages", Reason::PerPage),
    ("input_gpixels", Reason::PerPixel),
    ("rerank_searches_kcount", Reason::Rerank),
    ("output_citation_mtok", Reason::NoMeter),
];

/// Reads the file, as of a day such as `2026-11-23`.
///
/// # Errors
/// What is wrong with it, where it is no list of providers, each with its models.
pub(crate) fn read(text: &str, day: &str) -> Result<Vec<Entry>, String> {
    let said = |fault: serde_json::Error| fault.to_string();
    let providers: Vec<&RawValue> = if text.trim_start().starts_with('{') {
        let file: Object<'_> = serde_json::from_str(text).map_err(said)?;
        let missing = || "`providers` is missing, or is no list".to_owned();
        file.list("providers").ok().flatten().ok_or_else(missing)?
    } else {
        serde_json::from_str(text).map_err(said)?
    };
    let mut entries = Vec::new();
    for (index, provider) in providers.into_iter().enumerate() {
        let wrong =
            |what: &str| format!("provider {index}: `{what}` is missing or of another type");
        let provider: Object<'_> =
            serde_json::from_str(provider.get()).map_err(|fault| format!("{index}: {fault}"))?;
        let id = provider.text("id").ok().flatten().ok_or_else(|| wrong("id"))?;
        let pages = provider.list("pricing_urls").map_err(|_| wrong("pricing_urls"))?;
        let page = pages.and_then(|pages| serde_json::from_str(pages.first()?.get()).ok());
        let models = provider.list("models").ok().flatten().ok_or_else(|| wrong("models"))?;
        for (index, model) in models.into_iter().enumerate() {
            entries.push(entry(&id, page.as_ref(), index, model, day));
        }
    }
    Ok(entries)
}

fn entry(
    provider: &str,
    page: Option<&String>,
    index: usize,
    value: &RawValue,
    day: &str,
) -> Entry {
    let model = serde_json::from_str::<Object<'_>>(value.get()).ok();
    let text = |field| model.as_ref().and_then(|model| model.text(field).ok().flatten());
    let id = text("id");
    let name = id.clone().unwrap_or_else(|| format!("models[{index}]"));
    let priced = match (&model, id) {
        (Some(model), Some(_)) => priced(model, day),
        (Some(_) | None, _) => Err(Reason::Unreadable.plain()),
    };
    Entry {
        title: text("name").unwrap_or_else(|| name.clone()),
        name: format!("{provider}/{name}"),
        provider: provider.to_owned(),
        page: page.cloned(),
        priced,
    }
}

fn priced(model: &Object<'_>, day: &str) -> Result<Priced, Refusal> {
    if model.flag("deprecated")? {
        return Err(Reason::Deprecated.plain());
    }
    let mut left_out = BTreeSet::new();
    if model.get("price_variants").is_some() {
        left_out.insert("price_variants".to_owned());
    }
    let (prices, next) = in_force(model, day)?;
    let comment = model.text("price_comments")?;
    let note = match (next, comment) {
        (Some(next), Some(comment)) => Some(format!("{next}; {comment}")),
        (next, comment) => next.or(comment),
    };
    let mut read = BTreeMap::new();
    for (field, value) in prices.fields() {
        if let Some((_, meter)) = TOKENS.iter().find(|(name, _)| *name == field) {
            read.insert(field, (*meter, Tiered::read(field, value)?));
        } else if let Some((_, reason)) = UNITS.iter().find(|(name, _)| *name == field) {
            return Err(reason.of(field));
        } else if BESIDE.contains(&field) {
            left_out.insert(field.to_owned());
        } else {
            return Err(Reason::UnknownField.of(field));
        }
    }
    let mut text =
        TextPrices { context_tokens: model.count("context_window")?, ..TextPrices::default() };
    let thresholds: BTreeSet<u64> =
        read.values().flat_map(|(_, price)| price.0.keys().copied()).collect();
    for above in thresholds {
        for (field, (meter, price)) in &read {
            if let Some((_, value)) = price.0.range(..=above).next_back() {
                text.put(above, *meter, usd(field, value)?.millionth())?;
            }
        }
    }
    let is_priced = |meter| text.tiers.get(&0).is_some_and(|base| base.contains_key(&meter));
    if !is_priced(Meter::OutputTokens) {
        if is_priced(Meter::ImageOutputTokens) {
            return Err(Reason::ImageByToken.plain());
        }
        if is_priced(Meter::AudioOutputTokens) {
            return Err(Reason::Speech.plain());
        }
    }
    Ok(Priced { prices: Prices::Text(text.complete()?), left_out, note })
}

/// The prices in force on that day, with a word on the next.
fn in_force<'a>(model: &Object<'a>, day: &str) -> Result<(Object<'a>, Option<String>), Refusal> {
    let value = model.get("prices").ok_or(Reason::NoPrice.plain())?;
    if !value.get().starts_with('[') {
        return Ok((model.object("prices")?.ok_or(Reason::NoPrice.plain())?, None));
    }
    let (mut found, mut next): (Option<Object<'a>>, Option<String>) = (None, None);
    for one in model.list("prices")?.unwrap_or_default() {
        let unreadable = || Reason::Unreadable.of("prices");
        let one: Object<'a> = serde_json::from_str(one.get()).map_err(|_| unreadable())?;
        let prices = one.object("prices")?.ok_or_else(unreadable)?;
        let Some(constraint) = one.object("constraint")? else {
            found = Some(prices);
            continue;
        };
        if constraint.get("start_time").is_some() || constraint.get("end_time").is_some() {
            return Err(Reason::TimeOfDay.plain());
        }
        let from = constraint
            .text("start_date")?
            .ok_or_else(|| Reason::UnknownField.of("prices.constraint"))?;
        // Later ones take precedence, and the first stands in where none holds.
        if from.as_str() <= day {
            found = Some(prices);
        } else {
            next = next.filter(|next| *next <= from).or(Some(from));
            found = found.or(Some(prices));
        }
    }
    let next = next.map(|from| format!("it has another price from {from}"));
    Ok((found.ok_or(Reason::NoPrice.plain())?, next))
}

/// A price by total input: what holds above each, 0 for the base.
struct Tiered<'a>(BTreeMap<u64, &'a RawValue>);

impl<'a> Tiered<'a> {
    fn read(field: &str, value: &'a RawValue) -> Result<Self, Refusal> {
        let unreadable = || Reason::Unreadable.of(field);
        if !value.get().starts_with('{') {
            return Ok(Self(BTreeMap::from([(0, value)])));
        }
        let price: Object<'a> = serde_json::from_str(value.get()).map_err(|_| unreadable())?;
        let mut tiers = BTreeMap::from([(0, price.get("base").ok_or_else(unreadable)?)]);
        for tier in price.list("tiers")?.ok_or_else(unreadable)? {
            let tier: Object<'a> = serde_json::from_str(tier.get()).map_err(|_| unreadable())?;
            let start = tier.get("start").and_then(count).ok_or_else(unreadable)?;
            let usd = tier.get("price").ok_or_else(unreadable)?;
            if start == 0 || tiers.insert(start, usd).is_some() {
                return Err(Reason::TierBoundary.of(format_args!("{field}: twice from {start}")));
            }
        }
        Ok(Self(tiers))
    }
}
