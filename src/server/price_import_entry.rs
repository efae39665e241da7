//! The entries of a price list in one form, whichever package it comes from: what an entry prices,
//! or the one reason why it prices nothing that a book can say.
//!
//! Prices are US dollars for one unit here, as exact decimals. Nothing is chosen or assumed.

use crate::price_import_decimal::Decimal;
use crate::price_import_json::{FieldFault, number};
use kumari_engine::meter::{Meter, QUANTITY_MAX};
use kumari_engine::names;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most tiers that a book lets a model have.
const TIERS_MAX: usize = 8;

/// What a meter costs where a list has no price for it: tokens that a provider does not price apart
/// are plain input or plain output. In this order, so that the second may follow the first.
const DERIVED: [(Meter, Meter); 4] = [
    (Meter::CacheReadTokens, Meter::InputTokens),
    (Meter::CacheWriteTokens, Meter::InputTokens),
    (Meter::CacheWrite1hTokens, Meter::CacheWriteTokens),
    (Meter::ReasoningTokens, Meter::OutputTokens),
];

/// What writing to a cache costs at least, since it is input; for an hour at least what it costs for
/// less. In this order, so that the last may follow the first.
const WRITTEN: [(Meter, Meter); 3] = [
    (Meter::CacheWriteTokens, Meter::InputTokens),
    (Meter::CacheWrite1hTokens, Meter::InputTokens),
    (Meter::CacheWrite1hTokens, Meter::CacheWriteTokens),
];

/// One entry of a price list.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its name in the list, unique there.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) title: String,
    /// Who runs it.
    pub(crate) provider: String,
    /// The provider's page.
    pub(crate) page: Option<String>,
    /// What it prices.
    pub(crate) priced: Result<Priced, Refusal>,
}

/// What an entry prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    /// The prices.
    pub(crate) prices: Prices,
    /// Fields with prices of other things than what the book's tasks do, or of other than the
    /// standard service: they are not imported.
    pub(crate) left_out: BTreeSet<String>,
    /// What a reader should know.
    pub(crate) note: Option<String>,
}

/// Prices of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Prices {
    /// Of a text model.
    Text(TextPrices),
    /// Of an image made.
    Image(Decimal),
    /// Of a second of video made.
    VideoSecond(Decimal),
    /// Of a 3D model made.
    ThreeD(Decimal),
}

/// The prices of tokens and, where the list says so, how many there may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextPrices {
    /// By the last total input that is still priced below; the first is 0, for the base.
    pub(crate) tiers: BTreeMap<u64, BTreeMap<Meter, Decimal>>,
    /// The meters without a price of their own.
    pub(crate) derived: BTreeSet<Meter>,
    /// The meters without a price in some tier, which have that of below it there.
    pub(crate) inherited: BTreeSet<Meter>,
    /// Those that would cost less there than the same tokens as plain input, or written for less
    /// long, and have that price.
    pub(crate) raised: BTreeSet<Meter>,
    /// Input and output together, or what is left of that for input.
    pub(crate) context_tokens: Option<u64>,
    /// One answer.
    pub(crate) output_tokens: Option<u64>,
}

/// Why an entry is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The reason, of a closed list.
    pub(crate) reason: Reason,
    /// The field or figure in question.
    pub(crate) detail: Option<String>,
}

/// The reasons why an entry is not imported; where several hold, the first that is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    NotChosen,
    NotAModel,
    Unreadable,
    KindUnknown,
    Embedding,
    Rerank,
    Transcription,
    Speech,
    Realtime,
    Ocr,
    Search,
    Moderation,
    OtherTask,
    Deprecated,
    TimeOfDay,
    NoPrice,
    NoOutputPrice,
    ZeroPrice,
    PerRequest,
    PerCharacter,
    PerTime,
    PerPage,
    PerPixel,
    BySize,
    ImageByToken,
    MixedUnits,
    NoMeter,
    UnknownField,
    Contradictory,
    TierBoundary,
    NotExact,
    TooDear,
    ContextUnknown,
    NotAnId,
    OtherKind,
}

names! {
    pub(crate) Reason {
        NotChosen = "not_chosen",
        NotAModel = "not_a_model",
        Unreadable = "unreadable",
        KindUnknown = "kind_unknown",
        Embedding = "embedding",
        Rerank = "rerank",
        Transcription = "transcription",
        Speech = "speech",
        Realtime = "realtime",
        Ocr = "ocr",
        Search = "search",
        Moderation = "moderation",
        OtherTask = "other_task",
        Deprecated = "deprecated",
        TimeOfDay = "time_of_day",
        NoPrice = "no_price",
        NoOutputPrice = "no_output_price",
        ZeroPrice = "zero_price",
        PerRequest = "per_request",
        PerCharacter = "per_character",
        PerTime = "per_time",
        PerPage = "per_page",
        PerPixel = "per_pixel",
        BySize = "by_size",
        ImageByToken = "image_by_token",
        MixedUnits = "mixed_units",
        NoMeter = "no_meter",
        UnknownField = "unknown_field",
        Contradictory = "contradictory",
        TierBoundary = "tier_boundary",
        NotExact = "not_exact",
        TooDear = "too_dear",
        ContextUnknown = "context_unknown",
        NotAnId = "not_an_id",
        OtherKind = "other_kind",
    }
}

impl Reason {
    /// What the reason means, and what to do where something can be done.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NotChosen => "--models does not name it",
            Self::NotAModel => "explains the file, and is no model",
            Self::Unreadable => "is not of the form of such a file",
            Self::KindUnknown => "does not say what it makes",
            Self::Embedding => "makes vectors; no task of a book does",
            Self::Rerank => "ranks documents; no task of a book does",
            Self::Transcription => "writes down speech; no task of a book does",
            Self::Speech => "speaks; no task of a book does",
            Self::Realtime => "talks in a session, not in messages",
            Self::Ocr => "reads pages for its own price",
            Self::Search => "searches; what a search costs is a task's price",
            Self::Moderation => "judges texts; no task of a book does",
            Self::OtherTask => "does what no task of a book does",
            Self::Deprecated => "its provider has withdrawn it, or says that it will",
            Self::TimeOfDay => "its price moves with the clock; a book's never does (R4)",
            Self::NoPrice => "has no price",
            Self::NoOutputPrice => "prices what goes in only, as embeddings do",
            Self::ZeroPrice => "is zero, which may mean unknown; if it is free, say so in the book",
            Self::PerRequest => "has a price for each request, which a book has for tasks only",
            Self::PerCharacter => "is priced by characters",
            Self::PerTime => "is priced by the time that it runs or hears",
            Self::PerPage => "is priced by pages",
            Self::PerPixel => "is priced by pixels",
            Self::BySize => "its price depends on size, quality or resolution",
            Self::ImageByToken => "makes images priced by tokens; a book prices an image",
            Self::MixedUnits => "is priced by several units at once",
            Self::NoMeter => "every answer has a part for which a book has no meter",
            Self::UnknownField => {
                "has a price, or what multiplies one, in a field that is not known"
            }
            Self::Contradictory => "says two prices for one thing",
            Self::TierBoundary => "its prices by size of input are no tiers of a book (R8)",
            Self::NotExact => "has more decimals than a rate (R6); other --credits-per-usd may fit",
            Self::TooDear => "is above the dearest rate (R6)",
            Self::ContextUnknown => "does not say how much fits into it; say --context-tokens",
            Self::NotAnId => "its name cannot be an id; give it one with --models ID=NAME",
            Self::OtherKind => "the book has a model of another kind with that id",
        }
    }

    /// This reason, with nothing to add.
    pub(crate) const fn plain(self) -> Refusal {
        Refusal { reason: self, detail: None }
    }

    /// This reason, because of that.
    pub(crate) fn of(self, detail: impl fmt::Display) -> Refusal {
        Refusal { reason: self, detail: Some(detail.to_string()) }
    }
}

impl From<FieldFault> for Refusal {
    fn from(FieldFault(field): FieldFault) -> Self {
        Reason::Unreadable.of(field)
    }
}

/// The dollars in that field.
pub(crate) fn usd(field: &str, value: &RawValue) -> Result<Decimal, Refusal> {
    let is_too_long = || Decimal::is_too_long(value.get());
    let why = || if is_too_long() { Reason::NotExact } else { Reason::Unreadable };
    number(value).ok_or_else(|| why().of(field))
}

impl TextPrices {
    /// Takes a price of a meter in the tier above that total input. A price of zero for writing to a
    /// cache says that writing costs no more than the input that it is.
    pub(crate) fn put(&mut self, above: u64, meter: Meter, usd: Decimal) -> Result<(), Refusal> {
        let writes = matches!(meter, Meter::CacheWriteTokens | Meter::CacheWrite1hTokens);
        let tier = self.tiers.entry(above).or_default();
        if writes && usd.is_zero() {
            return Ok(());
        }
        match tier.insert(meter, usd) {
            Some(other) if other != usd => Err(Reason::Contradictory.of(meter.name())),
            Some(_) | None => Ok(()),
        }
    }

    /// Gives every tier the base's price of what it does not price itself, and writing to a cache at
    /// least the tier's price of the input that it is.
    pub(crate) fn inherit(&mut self) {
        let base = self.tiers.get(&0).cloned().unwrap_or_default();
        for tier in self.tiers.values_mut() {
            let mut missing = base.clone();
            missing.retain(|meter, _| !tier.contains_key(meter));
            tier.extend(&missing);
            for (write, other) in WRITTEN {
                let (least, usd) = (tier.get(&other).copied(), missing.get_mut(&write));
                if let (Some(least), Some(usd)) = (least, usd)
                    && least.is_above(*usd)
                {
                    *usd = least;
                    tier.insert(write, least);
                }
            }
            for (meter, usd) in missing {
                let is_raised = base.get(&meter) != Some(&usd);
                let meters = if is_raised { &mut self.raised } else { &mut self.inherited };
                meters.insert(meter);
            }
        }
    }

    /// Completes every tier, or says why that cannot be done.
    pub(crate) fn complete(mut self) -> Result<Self, Refusal> {
        let base = self.tiers.get(&0).cloned().unwrap_or_default();
        match (base.contains_key(&Meter::InputTokens), base.contains_key(&Meter::OutputTokens)) {
            (true, true) => {}
            (true, false) => return Err(Reason::NoOutputPrice.plain()),
            (false, _) => return Err(Reason::NoPrice.plain()),
        }
        if self.tiers.len() > TIERS_MAX.saturating_add(1) {
            return Err(Reason::TierBoundary.of(format_args!("more than {TIERS_MAX} tiers")));
        }
        for (above, tier) in &mut self.tiers {
            for (meter, other) in DERIVED {
                if let Some(usd) = tier.get(&other).copied()
                    && !tier.contains_key(&meter)
                {
                    tier.insert(meter, usd);
                    self.derived.insert(meter);
                }
            }
            if *above > QUANTITY_MAX {
                return Err(Reason::TierBoundary.of(above));
            }
            if let Some((meter, _)) = tier.iter().find(|(_, usd)| usd.is_zero()) {
                return Err(Reason::ZeroPrice.of(meter.name()));
            }
        }
        let meters = |tier: &BTreeMap<Meter, Decimal>| tier.keys().copied().collect::<Vec<_>>();
        let mut tiers = self.tiers.values().map(meters);
        let first = tiers.next();
        if tiers.any(|tier| Some(tier) != first) {
            return Err(Reason::TierBoundary.of("a tier prices other meters than the base"));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::TextPrices;
    use crate::price_import_decimal::Decimal;
    use kumari_engine::meter::Meter;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// A book asks for every meter of text in every tier, and gets what the list says.
        #[test]
        fn what_is_complete_has_all_meters_and_every_price_as_it_was_put(
            puts in prop::collection::btree_map((0_u64..3, 0_usize..6), 1_u32..9, 0..18),
            input in 1_u32..9, output in 1_u32..9, is_write_zero: bool,
        ) {
            let mut prices = TextPrices::default();
            let mut stated = BTreeMap::from([
                ((0, Meter::InputTokens), input),
                ((0, Meter::OutputTokens), output),
            ]);
            for ((tier, meter), usd) in puts {
                stated.entry((tier * 100_000, Meter::TEXT[meter])).or_insert(usd);
            }
            if is_write_zero {
                stated.insert((0, Meter::CacheWriteTokens), 0);
            }
            let decimal = |usd: u32| Decimal::read(&usd.to_string()).unwrap();
            for ((above, meter), usd) in &stated {
                prices.put(*above, *meter, decimal(*usd)).unwrap();
            }
            prices.inherit();
            let complete = prices.complete().unwrap();
            let base: Vec<Meter> = complete.tiers[&0].keys().copied().collect();
            prop_assert!(Meter::TEXT.iter().all(|meter| base.contains(meter)));
            for (above, tier) in &complete.tiers {
                prop_assert!(tier.keys().eq(&base), "above {above}");
                prop_assert!(tier.values().all(|usd| !usd.is_zero()));
                for write in [Meter::CacheWriteTokens, Meter::CacheWrite1hTokens] {
                    let is_below = tier[&Meter::InputTokens].is_above(tier[&write]);
                    // Then the list itself says so, of that tier.
                    let mut own = [Meter::CacheWriteTokens, write].into_iter();
                    prop_assert!(!is_below || own.any(|own| stated.contains_key(&(*above, own))));
                }
            }
            for ((above, meter), usd) in stated {
                // Writing for nothing means that it has no price of its own.
                let expected = if usd == 0 { input } else { usd };
                prop_assert_eq!(complete.tiers[&above][&meter], decimal(expected));
            }
        }
    }
}
