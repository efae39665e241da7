//! From an entry of a price list to a model of a book: exact rates, and what the list does not say
//! assumed and named as such in the model's source.
//!
//! A model that the book has already gets other rates and keeps everything else.

use crate::price_import_decimal::{BY_THE_MILLION, BY_THE_PIECE, Decimal, RateFault};
use crate::price_import_entry::{Entry, Priced, Prices, Reason, Refusal, TextPrices};
use kumari_engine::amount::Credits;
use kumari_engine::encoding::ModelEncoding;
use kumari_engine::id::ModelId;
use kumari_engine::meter::{Meter, QUANTITY_MAX};
use kumari_engine::ordered::OrderedMap;
use kumari_engine::price_book::{
    Model, ModelKind, ModelTier, PriceBook, Source, TextModel, Tier, VideoModel,
};
use kumari_engine::rate::{Per, Rate};
use serde::Serialize;
use std::collections::BTreeMap;

/// A text model whose input costs more dollars a token is frontier, where nobody says its tier: this
/// tells 24 of the default book's 25 apart as they are there.
const FRONTIER_ABOVE_USD: &str = "0.00000125";
/// One second a block, so that a second costs what the list says.
const BLOCK_SECONDS: u32 = 1;
const CLIP_SECONDS_MAX: u32 = 8;
/// How much of a list's own note on a price is kept.
const NOTE_LETTERS_MAX: usize = 300;

/// What an import is told, or assumes, about every model.
#[derive(Debug)]
pub(crate) struct Terms {
    /// What a dollar of list price is in credits.
    pub(crate) credits_per_usd: Credits,
    /// The tier of new text models; by their price where absent.
    pub(crate) tier: Option<ModelTier>,
    /// How the tokens of new text models follow from counted ones.
    pub(crate) encoding: ModelEncoding,
    /// What fits into new text models of which the list does not say it.
    pub(crate) context_tokens: Option<u64>,
    /// The list, for the source of each price.
    pub(crate) package: String,
    /// The day, for the same.
    pub(crate) read_on: String,
}

/// What an entry did to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// A new model.
    Added,
    /// Other rates for a model.
    Replaced,
    /// The rates that it had.
    Unchanged,
}

/// Puts what an entry prices into the book, as the model of that id.
///
/// # Errors
/// [`Refusal`] where the book cannot say it; nothing of it is changed.
pub(crate) fn put(
    book: &mut PriceBook,
    entry: &Entry,
    priced: &Priced,
    id: ModelId,
    terms: &Terms,
) -> Result<Change, Refusal> {
    if entry.provider.is_empty() || entry.title.is_empty() {
        return Err(Reason::Unreadable.of("its name or provider is empty"));
    }
    let before = book.models.iter_mut().find(|model| model.id == id);
    let mut notes = Vec::new();
    let made = make(&priced.prices, before.as_deref(), terms, &mut notes)?;
    notes.extend(priced.note.as_deref().map(shortened));
    let source = Source {
        package: terms.package.clone(),
        page: entry.page.clone().filter(|page| !page.is_empty()),
        read_on: terms.read_on.clone(),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    };
    let Some(before) = before else {
        book.models.push(Model {
            id,
            name: entry.title.clone(),
            provider: entry.provider.clone(),
            kind: made.kind,
            rates: made.rates,
            tiers: made.tiers,
            source,
        });
        return Ok(Change::Added);
    };
    if before.rates == made.rates && before.tiers == made.tiers {
        return Ok(Change::Unchanged);
    }
    (before.rates, before.tiers, before.source) = (made.rates, made.tiers, source);
    Ok(Change::Replaced)
}

/// A word of the list's on its price, which may be an essay.
fn shortened(note: &str) -> String {
    let mut short: String = note.trim().chars().take(NOTE_LETTERS_MAX).collect();
    if short.len() < note.trim().len() {
        short.push('…');
    }
    short
}

struct Made {
    kind: ModelKind,
    rates: OrderedMap<Meter, Rate>,
    tiers: Vec<Tier>,
}

fn make(
    prices: &Prices,
    before: Option<&Model>,
    terms: &Terms,
    notes: &mut Vec<String>,
) -> Result<Made, Refusal> {
    let before = before.map(|model| &model.kind);
    match prices {
        Prices::Text(text) => {
            let model = match before {
                None => text_model(text, terms, notes)?,
                Some(ModelKind::Text(model)) => model.clone(),
                Some(_) => return Err(Reason::OtherKind.plain()),
            };
            text_rates(ModelKind::Text(model), text, terms, notes)
        }
        Prices::VideoSecond(usd) => {
            let video = match before {
                None => {
                    notes.push("clip_seconds_max assumed".to_owned());
                    let (block_seconds, clip_seconds_max) = (BLOCK_SECONDS, CLIP_SECONDS_MAX);
                    VideoModel { block_seconds, clip_seconds_max }
                }
                Some(ModelKind::Video(video)) => *video,
                Some(_) => return Err(Reason::OtherKind.plain()),
            };
            let block = usd.times(video.block_seconds).ok_or(Reason::TooDear.plain())?;
            thing(before, ModelKind::Video(video), Meter::VideoBlocks, block, terms)
        }
        Prices::Image(usd) => thing(before, ModelKind::Image, Meter::Images, *usd, terms),
        Prices::ThreeD(usd) => thing(before, ModelKind::ThreeD, Meter::ThreeDModels, *usd, terms),
    }
}

fn thing(
    before: Option<&ModelKind>,
    kind: ModelKind,
    meter: Meter,
    usd: Decimal,
    terms: &Terms,
) -> Result<Made, Refusal> {
    if before.is_some_and(|before| *before != kind) {
        return Err(Reason::OtherKind.plain());
    }
    let rates = rates(&BTreeMap::from([(meter, usd)]), BY_THE_PIECE, terms)?;
    Ok(Made { kind, rates, tiers: Vec::new() })
}

fn text_rates(
    kind: ModelKind,
    text: &TextPrices,
    terms: &Terms,
    notes: &mut Vec<String>,
) -> Result<Made, Refusal> {
    let mut tiers = Vec::new();
    for (above, tier) in &text.tiers {
        let rates = rates(tier, BY_THE_MILLION, terms)?;
        tiers.push(Tier { above_input_tokens: *above, rates });
    }
    for (why, meters) in [
        ("no price of their own, so as plain input or output", &text.derived),
        ("no price in the tier, so as below it", &text.inherited),
        ("no price in the tier, so as plain input or writing there", &text.raised),
    ] {
        if !meters.is_empty() {
            let names: Vec<_> = meters.iter().map(|meter| meter.name()).collect();
            notes.push(format!("{why}: {}", names.join(", ")));
        }
    }
    // The base is the first: it is above nothing.
    let mut tiers = tiers.into_iter();
    let Tier { rates, .. } = tiers.next().ok_or(Reason::NoPrice.plain())?;
    Ok(Made { kind, rates, tiers: tiers.collect() })
}

fn rates(
    prices: &BTreeMap<Meter, Decimal>,
    pers: [Per; 3],
    terms: &Terms,
) -> Result<OrderedMap<Meter, Rate>, Refusal> {
    let rate = |(meter, usd): (&Meter, &Decimal)| {
        let rate = usd.rate(terms.credits_per_usd, pers).map_err(|fault| match fault {
            RateFault::NotExact => Reason::NotExact.of(meter.name()),
            RateFault::TooDear => Reason::TooDear.of(meter.name()),
        })?;
        Ok((*meter, rate))
    };
    prices.iter().map(rate).collect()
}

fn text_model(
    text: &TextPrices,
    terms: &Terms,
    notes: &mut Vec<String>,
) -> Result<TextModel, Refusal> {
    let context = text
        .context_tokens
        .or(terms.context_tokens)
        // What a list gives is often only what is left for input.
        .map(|context| context.max(text.output_tokens.unwrap_or(0)))
        .filter(|context| (1..=QUANTITY_MAX).contains(context))
        .ok_or(Reason::ContextUnknown.plain())?;
    if text.context_tokens.is_none() {
        notes.push("context_tokens_max assumed".to_owned());
    }
    if text.output_tokens.is_none() {
        notes.push("output_tokens_max assumed: the whole context".to_owned());
    }
    let tier = terms.tier.unwrap_or_else(|| {
        notes.push("tier by its price".to_owned());
        let input = text.tiers.get(&0).and_then(|base| base.get(&Meter::InputTokens));
        let limit = Decimal::read(FRONTIER_ABOVE_USD);
        match input.zip(limit) {
            Some((input, limit)) if input.is_above(limit) => ModelTier::Frontier,
            Some(_) | None => ModelTier::Lightweight,
        }
    });
    Ok(TextModel {
        tier,
        encoding: terms.encoding.clone(),
        image_tokens: None,
        audio_tokens: None,
        video_tokens: None,
        context_tokens_max: context,
        output_tokens_max: text.output_tokens.unwrap_or(context),
    })
}
