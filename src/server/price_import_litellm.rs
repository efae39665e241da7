//! litellm's price map: `model_prices_and_context_window.json`, an object with one entry for each
//! name that litellm answers to. Prices are US dollars for one token, image, second and so on.
//!
//! This file knows litellm's field names. A field that it does not know and that is called a cost, a
//! price or a multiplier makes an entry unpriced: it might change what the others mean.

use crate::price_import_decimal::Decimal;
use crate::price_import_entry::{Entry, Priced, Prices, Reason, Refusal, TextPrices, usd};
use crate::price_import_json::{Object, count, number};
use kumari_engine::meter::Meter;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// OpenAI sells no one-hour cache: one that must live an hour is its twelve-hour one.
const TOKENS: [(&str, Meter); 12] = [
    ("input_cost_per_token", Meter::InputTokens),
    ("cache_read_input_token_cost", Meter::CacheReadTokens),
    ("input_cost_per_token_cache_hit", Meter::CacheReadTokens),
    ("cache_creation_input_token_cost", Meter::CacheWriteTokens),
    ("cache_creation_input_token_cost_above_1hr", Meter::CacheWrite1hTokens),
    ("cache_creation_input_token_cost_above_12hr", Meter::CacheWrite1hTokens),
    ("input_cost_per_image_token", Meter::ImageInputTokens),
    ("input_cost_per_audio_token", Meter::AudioInputTokens),
    ("output_cost_per_token", Meter::OutputTokens),
    ("output_cost_per_reasoning_token", Meter::ReasoningTokens),
    ("output_cost_per_image_token", Meter::ImageOutputTokens),
    ("output_cost_per_audio_token", Meter::AudioOutputTokens),
];

/// Other services than the standard one, by the ends of their fields' names.
const SERVICES: [&str; 6] =
    ["_batches", "_flex", "_priority", "_ultrafast", "_balanced", "_decisions"];

/// What the name of each field with a price has in it, or with what a price is multiplied by.
const PRICED: [&str; 3] = ["cost", "pric", "multiplier"];

/// What the standard prices are multiplied by where a request must stay in a region.
const UPLIFTS: [&str; 3] = [
    "regional_endpoint_uplift_multiplier",
    "regional_processing_uplift_multiplier_eu",
    "regional_processing_uplift_multiplier_us",
];

/// What a message to a text model is not charged by: tools, which tasks price, inputs and outputs
/// that no task has, and the same prices in another currency.
const BESIDE: [&str; 20] = [
    "annotation_cost_per_page",
    "cache_creation_input_audio_token_cost",
    "cache_read_input_audio_token_cost",
    "cache_read_input_image_token_cost",
    "code_interpreter_cost_per_session",
    "computer_use_input_cost_per_1k_tokens",
    "computer_use_output_cost_per_1k_tokens",
    "explicit_cache_read_input_token_cost",
    "file_search_cost_per_1k_calls",
    "file_search_cost_per_gb_per_day",
    "google_maps_grounding_cost_per_query",
    "input_cost_per_audio_per_second",
    "input_cost_per_image",
    "input_cost_per_video_per_second",
    "input_cost_per_video_token",
    "input_dbu_cost_per_token",
    "output_cost_per_image",
    "output_cost_per_video_token",
    "output_dbu_cost_per_token",
    "search_context_cost_per_query",
];

/// Units of a text model's price that a book does not have.
const UNITS: [(&str, Reason); 10] = [
    ("input_cost_per_request", Reason::PerRequest),
    ("input_cost_per_query", Reason::PerRequest),
    ("input_cost_per_character", Reason::PerCharacter),
    ("output_cost_per_character", Reason::PerCharacter),
    ("input_cost_per_second", Reason::PerTime),
    ("output_cost_per_second", Reason::PerTime),
    ("cost_per_second", Reason::PerTime),
    ("ocr_cost_per_page", Reason::PerPage),
    ("input_cost_per_pixel", Reason::PerPixel),
    ("citation_cost_per_token", Reason::NoMeter),
];

/// Reads the file, as of a day such as `2026-11-23`.
///
/// # Errors
/// What is wrong with it, where it is no object with every name once.
pub(crate) fn read(text: &str, day: &str) -> Result<Vec<Entry>, String> {
    let file: Object<'_> = serde_json::from_str(text).map_err(|fault| fault.to_string())?;
    let sized: BTreeSet<String> = file.fields().flat_map(|(name, _)| has_sizes(name)).collect();
    Ok(file.fields().map(|(name, value)| entry(name, value, day, &sized)).collect())
}

/// Where a name is that of a size, as `fal_ai/high/1024-x-1024/openai/gpt-image-2`: the names of what
/// has that size.
fn has_sizes(name: &str) -> Vec<String> {
    let parts: Vec<&str> = name.split('/').collect();
    let (Some(size), Some(first)) = (parts.iter().position(|part| is_size(part)), parts.first())
    else {
        return Vec::new();
    };
    let model = parts.get(size.saturating_add(1)..).unwrap_or_default().join("/");
    vec![format!("{first}/{model}"), model]
}

fn is_size(part: &str) -> bool {
    let digits = |side: &str| side.bytes().all(|digit| digit.is_ascii_digit());
    part.split_once("-x-").is_some_and(|(width, height)| digits(width) && digits(height))
}

fn entry(name: &str, value: &RawValue, day: &str, sized: &BTreeSet<String>) -> Entry {
    let title = name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut entry = Entry {
        name: name.to_owned(),
        title,
        provider: String::new(),
        page: None,
        priced: Err(Reason::Unreadable.plain()),
    };
    if let Ok(object) = serde_json::from_str::<Object<'_>>(value.get()) {
        entry.provider = object.text("litellm_provider").ok().flatten().unwrap_or_default();
        entry.page = object.text("source").ok().flatten();
        let has_sizes = sized.contains(name) || name.split('/').any(is_size);
        entry.priced = priced(name, &object, day, has_sizes);
    }
    entry
}

fn priced(name: &str, object: &Object<'_>, day: &str, has_sizes: bool) -> Result<Priced, Refusal> {
    if name == "sample_spec" || object.text("litellm_provider")?.is_none() {
        return Err(Reason::NotAModel.plain());
    }
    let mode = object.text("mode")?.ok_or(Reason::KindUnknown.plain())?;
    let read = match mode.as_str() {
        "chat" | "responses" | "completion" => text,
        "image_generation" | "image_edit" => image,
        "video_generation" => video,
        "embedding" => return Err(Reason::Embedding.plain()),
        "rerank" => return Err(Reason::Rerank.plain()),
        "audio_transcription" => return Err(Reason::Transcription.plain()),
        "audio_speech" => return Err(Reason::Speech.plain()),
        "realtime" => return Err(Reason::Realtime.plain()),
        "ocr" => return Err(Reason::Ocr.plain()),
        "search" => return Err(Reason::Search.plain()),
        "moderation" => return Err(Reason::Moderation.plain()),
        _ => return Err(Reason::OtherTask.of(mode)),
    };
    if let Some(ends) = object.text("deprecation_date")?
        && ends.as_str() <= day
    {
        return Err(Reason::Deprecated.of(ends));
    }
    if object.get("off_peak_pricing").is_some() {
        return Err(Reason::TimeOfDay.plain());
    }
    if has_sizes {
        return Err(Reason::BySize.plain());
    }
    let (prices, left_out) = read(object)?;
    Ok(Priced { prices, left_out, note: comment(object)? })
}

/// What the list itself has to say of an entry.
fn comment(object: &Object<'_>) -> Result<Option<String>, Refusal> {
    let of_metadata = match object.object("metadata")? {
        Some(metadata) => metadata.text("comment")?.or(metadata.text("notes")?),
        None => None,
    };
    Ok(of_metadata.or(object.text("comment")?))
}

/// The fields with prices of the standard service, and the names of the others.
fn prices<'a, 'o>(
    object: &'o Object<'a>,
    left_out: &mut BTreeSet<String>,
) -> Vec<(&'o str, &'a RawValue)> {
    let mut standard = Vec::new();
    for (field, value) in object.fields() {
        let is_priced = PRICED.iter().any(|word| field.contains(word));
        let is_service = is_priced && SERVICES.iter().any(|service| field.ends_with(service));
        if is_service || UPLIFTS.contains(&field) || is_factors(field, value) {
            left_out.insert(field.to_owned());
        } else if is_priced {
            standard.push((field, value));
        }
    }
    standard
}

/// Whether a field has what prices are multiplied by, as `{"us": 1.1, "fast": 2.0}`: the same field
/// has other things than numbers too.
fn is_factors(field: &str, value: &RawValue) -> bool {
    let has_number = |object: Object<'_>| object.fields().any(|(_, value)| number(value).is_some());
    field == "provider_specific_entry"
        && serde_json::from_str::<Object<'_>>(value.get()).is_ok_and(has_number)
}

fn text(object: &Object<'_>) -> Result<(Prices, BTreeSet<String>), Refusal> {
    let mut left_out = BTreeSet::new();
    let mut text = TextPrices {
        context_tokens: object.count("max_input_tokens")?.filter(|count| *count > 0),
        output_tokens: object.count("max_output_tokens")?.filter(|count| *count > 0),
        ..TextPrices::default()
    };
    let mut other_unit = None;
    for (field, value) in prices(object, &mut left_out) {
        let (plain, above) = tier(field);
        if let Some((_, meter)) = TOKENS.iter().find(|(name, _)| *name == plain) {
            text.put(above, *meter, usd(field, value)?)?;
        } else if let Some((_, reason)) = UNITS.iter().find(|(name, _)| *name == plain) {
            if !usd(field, value)?.is_zero() {
                other_unit = other_unit.or(Some(reason.of(field)));
            }
        } else if BESIDE.iter().any(|name| *name == plain || is_variant(field, name)) {
            left_out.insert(field.to_owned());
        } else if field != "tiered_pricing" {
            return Err(Reason::UnknownField.of(field));
        }
    }
    let is_by_token = text.tiers.values().any(|tier| !tier.is_empty());
    if let Some(refusal) = other_unit {
        let is_besides = matches!(refusal.reason, Reason::PerRequest | Reason::NoMeter);
        let is_mixed = is_by_token && !is_besides;
        let reason = if is_mixed { Reason::MixedUnits } else { refusal.reason };
        return Err(Refusal { reason, ..refusal });
    }
    if let Some(table) = object.list("tiered_pricing")? {
        tabled(&mut text, &table)?;
    } else {
        text.inherit();
    }
    Ok((Prices::Text(text.complete()?), left_out))
}

/// A field without its tier, and the total input that the tier is above.
fn tier(field: &str) -> (&str, u64) {
    let thousands = |text: &str| text.strip_suffix("k_tokens")?.parse::<u64>().ok();
    let split = field.rsplit_once("_above_");
    match split.and_then(|(plain, above)| Some((plain, thousands(above)?))) {
        Some((plain, thousands)) => (plain, thousands.saturating_mul(1_000)),
        None => (field, 0),
    }
}

/// Whether a field is that one for some length of a clip: `…_above_15s_interval`.
fn is_variant(field: &str, name: &str) -> bool {
    field.strip_prefix(name).is_some_and(|rest| rest.starts_with("_above_"))
}

/// Tiers as a table: each prices the whole of a request whose total input is above its beginning and
/// not above its end, by itself; the entry's own output price stands in.
fn tabled(text: &mut TextPrices, table: &[&RawValue]) -> Result<(), Refusal> {
    let stated = text.tiers.remove(&0).unwrap_or_default();
    if !text.tiers.is_empty() {
        return Err(Reason::Contradictory.of("tiered_pricing"));
    }
    let mut ends = 0;
    for row in table {
        let unreadable = || Reason::Unreadable.of("tiered_pricing");
        let row: Object<'_> = serde_json::from_str(row.get()).map_err(|_| unreadable())?;
        let range = row.list("range")?.ok_or_else(unreadable)?;
        let range: Option<Vec<u64>> = range.iter().map(|bound| count(bound)).collect();
        let Some([from, to]) = range.as_deref() else { return Err(unreadable()) };
        if *from != ends || to <= from {
            return Err(Reason::TierBoundary.of(format_args!("from {from} to {to}")));
        }
        ends = *to;
        for (field, value) in row.fields().filter(|(field, _)| *field != "range") {
            let (_, meter) = TOKENS
                .iter()
                .find(|(name, _)| *name == field)
                .ok_or_else(|| Reason::UnknownField.of(format_args!("tiered_pricing: {field}")))?;
            text.put(*from, *meter, usd(field, value)?)?;
        }
        let tier = text.tiers.entry(*from).or_default();
        if let Some(usd) = stated.get(&Meter::OutputTokens) {
            tier.entry(Meter::OutputTokens).or_insert(*usd);
        }
        // What stands beside the table is the first tier once more, or it means something else.
        let differs = |(meter, usd): (&Meter, &Decimal)| tier.get(meter) != Some(usd);
        if *from == 0 && stated.iter().any(differs) {
            return Err(Reason::Contradictory.of("tiered_pricing"));
        }
    }
    Ok(())
}

fn image(object: &Object<'_>) -> Result<(Prices, BTreeSet<String>), Refusal> {
    let mut left_out = BTreeSet::new();
    let mut found = Found::default();
    for (field, value) in prices(object, &mut left_out) {
        match tier(field).0 {
            "input_cost_per_image" | "output_cost_per_image" => found.take(field, value)?,
            "input_cost_per_pixel" | "output_cost_per_pixel" => {
                found.other(Reason::PerPixel, field, value)?;
            }
            "search_context_cost_per_query"
            | "input_dbu_cost_per_token"
            | "output_dbu_cost_per_token" => drop(left_out.insert(field.to_owned())),
            plain if plain.contains("token") => {
                found.other(Reason::ImageByToken, field, value)?;
            }
            plain if plain.starts_with("output_cost_per_image_") => {
                found.other(Reason::BySize, field, value)?;
            }
            _ => return Err(Reason::UnknownField.of(field)),
        }
    }
    let usd = found.one()?;
    // litellm files 3D models under images; nothing but its comment tells them apart.
    let is_three_d = comment(object)?.is_some_and(|comment| comment.contains("to-3D"));
    Ok((if is_three_d { Prices::ThreeD(usd) } else { Prices::Image(usd) }, left_out))
}

fn video(object: &Object<'_>) -> Result<(Prices, BTreeSet<String>), Refusal> {
    let mut left_out = BTreeSet::new();
    let mut found = Found::default();
    for (field, value) in prices(object, &mut left_out) {
        match field {
            "output_cost_per_second" | "output_cost_per_video_per_second" => {
                found.take(field, value)?;
            }
            "input_cost_per_image" => found.other(Reason::MixedUnits, field, value)?,
            _ if field.starts_with("output_cost_per_second_") => {
                found.other(Reason::BySize, field, value)?;
            }
            _ => return Err(Reason::UnknownField.of(field)),
        }
    }
    Ok((Prices::VideoSecond(found.one()?), left_out))
}

/// The one price of a thing made. A field of zero prices nothing.
#[derive(Default)]
struct Found {
    price: Option<Decimal>,
    is_zero: bool,
    refusal: Option<Refusal>,
}

impl Found {
    fn take(&mut self, field: &str, value: &RawValue) -> Result<(), Refusal> {
        let usd = usd(field, value)?;
        if usd.is_zero() {
            self.is_zero = true;
        } else if self.price.replace(usd).is_some() {
            return Err(Reason::MixedUnits.of(field));
        }
        Ok(())
    }

    fn other(&mut self, reason: Reason, field: &str, value: &RawValue) -> Result<(), Refusal> {
        if !usd(field, value)?.is_zero() && self.refusal.is_none() {
            self.refusal = Some(reason.of(field));
        }
        Ok(())
    }

    fn one(self) -> Result<Decimal, Refusal> {
        match (self.refusal, self.price) {
            (Some(refusal), _) => Err(refusal),
            (None, Some(usd)) => Ok(usd),
            (None, None) if self.is_zero => Err(Reason::ZeroPrice.plain()),
            (None, None) => Err(Reason::NoPrice.plain()),
        }
    }
}
