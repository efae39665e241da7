//! `price-book import` of all that the packages list: every entry is in the book to the last digit,
//! or is named with the reason why not.
//!
//! The files are those of `src/xtask/price_book/lists.py`. The step `prices` of the tests makes them;
//! nothing passes for want of one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a surprise fails the test")]

#[cfg(test)]
mod common;

use common::imported::{DAY, Imported, import};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folder with the files.
const LISTS: &str = "KUMARI_PRICE_LISTS";

/// A number as its digits without zeros around them, and the place of the last: two texts are the
/// same figure where these are the same. No arithmetic, so that none is shared with the import.
fn figure(number: &str, places: i32) -> (String, i32) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let zeros = i32::try_from(digits.len() - kept.len()).unwrap();
    let place = exponent.parse::<i32>().unwrap() + zeros - i32::try_from(fraction.len()).unwrap();
    (kept.trim_start_matches('0').to_owned(), place + places)
}

/// What one unit costs in credits by the book, as a figure.
fn unit_rate(rate: &Value) -> (String, i32) {
    let places = match rate["per"].as_u64().unwrap() {
        1 => 0,
        1_000 => -3,
        _ => -6,
    };
    figure(rate["credits"].as_str().unwrap(), places)
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn fields(raw: &RawValue) -> Fields<'_> {
    let all: Fields<'_> = serde_json::from_str(raw.get()).unwrap();
    all.into_iter().filter(|(_, value)| value.get() != "null").collect()
}

fn read_list(name: &str) -> (PathBuf, String) {
    let file = Path::new(&std::env::var(LISTS).unwrap()).join(name);
    let read = std::fs::read_to_string(&file).unwrap();
    (file, read)
}

/// That each name of the file is in one list of the report, once.
fn assert_parted(imported: &Imported, mut names: Vec<String>) {
    let lists = [&imported.report["priced"], &imported.report["not_priced"]];
    let parted = lists.iter().flat_map(|list| list.as_array().unwrap());
    let mut parted: Vec<_> = parted.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    parted.sort();
    names.sort();
    assert_eq!(parted, names);
}

/// The models of the new book by id; and that it is a book.
fn checked_models(imported: &Imported) -> BTreeMap<&str, &Value> {
    kumari_wire::publish(&imported.book.to_string()).unwrap();
    let models = imported.book["models"].as_array().unwrap().iter();
    models.map(|model| (model["id"].as_str().unwrap(), model)).collect()
}

/// What a meter costs that a list does not price.
const DERIVED: [(&str, &str); 4] = [
    ("cache_read_tokens", "input_tokens"),
    ("cache_write_tokens", "input_tokens"),
    ("cache_write_1h_tokens", "cache_write_tokens"),
    ("reasoning_tokens", "output_tokens"),
];

/// That rates which a list does not state are those of plain input or output.
fn assert_derived(name: &str, rates: &Value, stated: &BTreeSet<String>) {
    for meter in rates.as_object().unwrap().keys().filter(|meter| !stated.contains(*meter)) {
        let (_, other) = DERIVED.iter().find(|(derived, _)| derived == meter).unwrap();
        assert_eq!(rates[meter], rates[other], "{name}: {meter} is not in the list");
    }
}

/// litellm's field of a meter's price.
const LITELLM_FIELDS: [(&str, &str); 11] = [
    ("input_tokens", "input_cost_per_token"),
    ("cache_read_tokens", "cache_read_input_token_cost"),
    ("cache_write_tokens", "cache_creation_input_token_cost"),
    ("cache_write_1h_tokens", "cache_creation_input_token_cost_above_1hr"),
    ("cache_write_1h_tokens", "cache_creation_input_token_cost_above_12hr"),
    ("output_tokens", "output_cost_per_token"),
    ("reasoning_tokens", "output_cost_per_reasoning_token"),
    ("audio_input_tokens", "input_cost_per_audio_token"),
    ("image_input_tokens", "input_cost_per_image_token"),
    ("audio_output_tokens", "output_cost_per_audio_token"),
    ("image_output_tokens", "output_cost_per_image_token"),
];

#[test]
#[ignore = "needs the packages' price lists"]
fn every_entry_of_litellm_is_priced_exactly_or_named() {
    let (file, list) = read_list("litellm.json");
    let entries: Fields<'_> = serde_json::from_str(&list).unwrap();
    let imported = import("litellm", &file, &[]).unwrap();
    assert_parted(&imported, entries.keys().cloned().collect());
    let models = checked_models(&imported);
    let (mut compared, mut unpriced_in_tier) = (0, 0);
    for (name, one) in imported.priced() {
        let (entry, model) = (fields(entries[name]), models[one["id"].as_str().unwrap()]);
        let mut stated = BTreeSet::new();
        let mut same = |rates: &Value, meter: &str, said: &RawValue| {
            let said = figure(said.get(), 2);
            if said.0.is_empty() {
                assert!(meter.starts_with("cache_write"), "{name}: {meter} is zero");
                return;
            }
            stated.insert(meter.to_owned());
            compared += 1;
            assert_eq!(unit_rate(&rates[meter]), said, "{name}: {meter}");
        };
        if let Some(table) = entry.get("tiered_pricing") {
            let rows: Vec<&RawValue> = serde_json::from_str(table.get()).unwrap();
            let tiers: Vec<_> = model["tiers"].as_array().into_iter().flatten().collect();
            assert_eq!(rows.len(), tiers.len() + 1, "{name}");
            for (index, row) in rows.into_iter().enumerate() {
                let row = fields(row);
                let rates = if index == 0 { &model["rates"] } else { &tiers[index - 1]["rates"] };
                for (meter, field) in LITELLM_FIELDS {
                    row.get(field).into_iter().for_each(|said| same(rates, meter, said));
                }
            }
            continue;
        }
        for (meter, field) in LITELLM_FIELDS {
            entry.get(field).into_iter().for_each(|said| same(&model["rates"], meter, said));
            for tier in model["tiers"].as_array().into_iter().flatten() {
                let thousands = tier["above_input_tokens"].as_u64().unwrap() / 1_000;
                match entry.get(&format!("{field}_above_{thousands}k_tokens")) {
                    Some(said) => same(&tier["rates"], meter, said),
                    None if entry.contains_key(field) => {
                        let (base, tier) = (&model["rates"], &tier["rates"]);
                        let is_write = meter.starts_with("cache_write");
                        let others = ["input_tokens", "cache_write_tokens"].map(|one| &tier[one]);
                        let is_raised = is_write && others.contains(&&tier[meter]);
                        assert!(is_raised || tier[meter] == base[meter], "{name}: {meter}");
                        if !figure(entry[field].get(), 0).0.is_empty() {
                            let note = model["source"]["note"].as_str().unwrap();
                            let (_, said) = note.split_once("no price in the tier, so ").unwrap();
                            assert!(said.contains(meter), "{name}: {meter}: {note}");
                            unpriced_in_tier += 1;
                        }
                    }
                    None => {}
                }
            }
        }
        let above = |field: &String| {
            let thousands = field.strip_suffix("k_tokens")?.rsplit('_').next()?;
            Some(format!("{thousands}000"))
        };
        let ours = model["tiers"].as_array().into_iter().flatten();
        let ours = ours.map(|tier| tier["above_input_tokens"].to_string());
        assert_eq!(
            entry.keys().filter_map(above).collect::<BTreeSet<_>>(),
            ours.collect(),
            "{name}"
        );
        for (meter, names) in [
            ("images", ["output_cost_per_image", "input_cost_per_image"]),
            ("three_d_models", ["output_cost_per_image", "input_cost_per_image"]),
            ("video_blocks", ["output_cost_per_second", "output_cost_per_video_per_second"]),
        ] {
            if model["rates"].get(meter).is_some() {
                let said = names.iter().filter_map(|name| entry.get(*name));
                let said = said.filter(|said| !figure(said.get(), 0).0.is_empty());
                said.for_each(|said| same(&model["rates"], meter, said));
            }
        }
        assert_derived(name, &model["rates"], &stated);
    }
    eprintln!("{}\n{compared} prices compared", imported.said);
    eprintln!("{unpriced_in_tier} that a tier leaves out");
    assert!(compared > imported.priced().len() && unpriced_in_tier > 0);
}

#[test]
#[ignore = "needs the packages' price lists"]
fn every_model_of_genai_prices_is_priced_exactly_or_named() {
    let (file, list) = read_list("genai-prices.json");
    let providers: Vec<&RawValue> = serde_json::from_str(&list).unwrap();
    let mut entries = BTreeMap::new();
    for provider in providers {
        let provider = fields(provider);
        let id: String = serde_json::from_str(provider["id"].get()).unwrap();
        let models: Vec<&RawValue> = serde_json::from_str(provider["models"].get()).unwrap();
        for model in models {
            let model = fields(model);
            let name: String = serde_json::from_str(model["id"].get()).unwrap();
            assert!(entries.insert(format!("{id}/{name}"), model).is_none(), "{id}/{name}");
        }
    }
    let imported = import("genai-prices", &file, &[]).unwrap();
    assert_parted(&imported, entries.keys().cloned().collect());
    let models = checked_models(&imported);
    let mut compared = 0;
    for (name, one) in imported.priced() {
        let (entry, model) = (&entries[name], models[one["id"].as_str().unwrap()]);
        let prices = if entry["prices"].get().starts_with('[') {
            let dated: Vec<&RawValue> = serde_json::from_str(entry["prices"].get()).unwrap();
            let in_force = dated.into_iter().map(fields).rfind(|one| {
                let from = one.get("constraint").map(|constraint| fields(constraint)["start_date"]);
                from.is_none_or(|from| from.get().trim_matches('"') <= DAY)
            });
            in_force.unwrap()["prices"]
        } else {
            entry["prices"]
        };
        let mut stated = BTreeSet::new();
        for (field, said) in fields(prices) {
            let Some(meter) = field.strip_suffix("_mtok") else { continue };
            let meter = match meter {
                "input_image" | "input_audio" | "output_image" | "output_audio" => {
                    let (way, what) = meter.split_once('_').unwrap();
                    format!("{what}_{way}_tokens")
                }
                "output_reasoning" => "reasoning_tokens".to_owned(),
                "input" | "output" | "cache_read" | "cache_write" | "cache_write_1h" => {
                    format!("{meter}_tokens")
                }
                _ => continue,
            };
            let mut same = |rates: &Value, said: &RawValue| {
                let said = figure(said.get(), 2 - 6);
                if !said.0.is_empty() || !meter.starts_with("cache_write") {
                    compared += 1;
                    stated.insert(meter.clone());
                    assert_eq!(unit_rate(&rates[&meter]), said, "{name}: {meter}");
                }
            };
            if !said.get().starts_with('{') {
                same(&model["rates"], said);
                continue;
            }
            let tiered = fields(said);
            same(&model["rates"], tiered["base"]);
            let tiers: Vec<&RawValue> = serde_json::from_str(tiered["tiers"].get()).unwrap();
            for tier in tiers {
                let tier = fields(tier);
                let start: u64 = serde_json::from_str(tier["start"].get()).unwrap();
                let ours = model["tiers"].as_array().unwrap().iter();
                let ours = ours.clone().find(|ours| ours["above_input_tokens"] == start).unwrap();
                same(&ours["rates"], tier["price"]);
            }
        }
        assert_derived(name, &model["rates"], &stated);
    }
    eprintln!("{}\n{compared} prices compared", imported.said);
    assert!(compared > imported.priced().len());
}
