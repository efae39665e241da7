//! The rules for a book's models: complete rates inside their limits (R5, R6, R8).

use crate::attachment::{AttachmentTokens, Formula, LARGEST_MAX};
use crate::encoding::{ModelEncoding, TokenRatio};
use crate::meter::{Meter, QUANTITY_MAX};
use crate::ordered::OrderedMap;
use crate::price_book::{Model, ModelKind, PriceBook, TextModel, VideoModel};
use crate::price_book_check::Faults;
use crate::rate::{Factor, Rate};
use crate::written::format;

/// The most tiers of one model.
const TIERS_MAX: usize = 8;

/// Checks every model.
pub(crate) fn check_models(book: &PriceBook, faults: &mut Faults) {
    faults.list_length(book.models.len(), "models");
    for (index, model) in book.models.iter().enumerate() {
        let path = format!("models[{index}]");
        let earlier = book.models.iter().take(index).any(|earlier| earlier.id == model.id);
        let message = format!("`{}` is the id of an earlier model; give it another", model.id);
        faults.unless(!earlier, &format!("{path}.id"), &message);
        faults.unless(!model.name.is_empty(), &format!("{path}.name"), "is empty");
        faults.unless(!model.provider.is_empty(), &format!("{path}.provider"), "is empty");
        check_source(model, &path, faults);
        match &model.kind {
            ModelKind::Text(text) => check_text(text, &path, faults),
            ModelKind::Video(video) => check_video(*video, &path, faults),
            ModelKind::Image | ModelKind::ThreeD => {}
        }
        check_rates(&model.kind, &model.rates, &format!("{path}.rates"), faults);
        check_tiers(model, &path, faults);
    }
}

fn check_source(model: &Model, path: &str, faults: &mut Faults) {
    let source = &model.source;
    faults.unless(!source.package.is_empty(), &format!("{path}.source.package"), "is empty");
    let mut parts = source.read_on.split('-').map(str::len);
    let is_day = (parts.next(), parts.next(), parts.next(), parts.next())
        == (Some(4), Some(2), Some(2), None)
        && source.read_on.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let message = "must be a day, as `2026-11-23`";
    faults.unless(is_day, &format!("{path}.source.read_on"), message);
}

fn check_text(text: &TextModel, path: &str, faults: &mut Faults) {
    let path = |field: &str| format!("{path}.kind.text.{field}");
    let context = text.context_tokens_max;
    let fits = (1..=QUANTITY_MAX).contains(&context);
    faults.unless(fits, &path("context_tokens_max"), &format!("must be 1 to {QUANTITY_MAX}"));
    let fits = (1..=context).contains(&text.output_tokens_max);
    faults.unless(fits, &path("output_tokens_max"), "must be 1 to `context_tokens_max`");
    let encoding = &text.encoding;
    check_ratios(encoding, &path("encoding"), faults);
    faults.unless(!encoding.source.is_empty(), &path("encoding.source"), "is empty; say `assumed`");
    check_attachment(text.image_tokens.as_ref(), true, &path("image_tokens"), faults);
    check_attachment(text.audio_tokens.as_ref(), false, &path("audio_tokens"), faults);
    check_attachment(text.video_tokens.as_ref(), false, &path("video_tokens"), faults);
}

/// A formula fits its kind, and comes to something: what is sent along is never free by oversight.
fn check_attachment(
    tokens: Option<&AttachmentTokens>,
    is_image: bool,
    path: &str,
    faults: &mut Faults,
) {
    let Some(tokens) = tokens else { return };
    let path = |field: &str| format!("{path}.{field}");
    let (fits, counts) = match &tokens.formula {
        Formula::Fixed(tokens) => (is_image, *tokens > 0),
        Formula::PerSecond(tokens) => (!is_image, is_positive(*tokens)),
        Formula::Cells(cells) => {
            let limits = [cells.longer_side_max, cells.shorter_side_max, cells.cells_max];
            let limited = limits.iter().all(|most| *most != Some(0));
            (is_image, limited && cells.side > 0 && is_positive(cells.tokens))
        }
    };
    let message = "an image counts by `fixed` or `cells`, all else `per_second`";
    faults.unless(fits, &path("formula"), message);
    if let Formula::Cells(cells) = &tokens.formula {
        let message = "says what becomes of more cells than `cells_max`, which is missing";
        let known = cells.above.is_none() || cells.cells_max.is_some();
        faults.unless(known, &path("formula.cells.above"), message);
    }
    faults.unless(counts, &path("formula"), "must have all its numbers above zero");
    if let Some(ratio) = tokens.ratio {
        check_ratio(ratio, &path("ratio"), faults);
    }
    let fits = (1..=LARGEST_MAX).contains(&tokens.largest);
    faults.unless(fits, &path("largest"), &format!("must be 1 to {LARGEST_MAX}"));
    faults.unless(!tokens.source.is_empty(), &path("source"), "is empty; say `assumed`");
}

/// Ratios of Latin words lie within those of all others: to say less of a text never narrows what
/// it may be.
fn check_ratios(encoding: &ModelEncoding, path: &str, faults: &mut Faults) {
    let others = encoding.others();
    check_ratio(others, path, faults);
    let Some(latin) = encoding.latin else { return };
    let path = format!("{path}.latin");
    check_ratio(latin, &path, faults);
    let within = others.low <= latin.low && latin.high <= others.high;
    faults.unless(within, &path, "must lie within `low` and `high` of all other tokens");
}

fn check_ratio(ratio: TokenRatio, path: &str, faults: &mut Faults) {
    let ordered = ratio.low <= ratio.expected && ratio.expected <= ratio.high;
    faults.unless(ordered, path, "must have `low` <= `expected` <= `high`");
    faults.unless(ratio.low.as_parts() > 0, &format!("{path}.low"), "must be above zero");
}

fn check_video(video: VideoModel, path: &str, faults: &mut Faults) {
    let path = |field: &str| format!("{path}.kind.video.{field}");
    faults.unless(video.block_seconds > 0, &path("block_seconds"), "must be above zero");
    let fits = video.clip_seconds_max >= video.block_seconds;
    faults.unless(fits, &path("clip_seconds_max"), "is shorter than one block");
}

/// A model prices every meter of its kind and no other.
fn check_rates(kind: &ModelKind, rates: &OrderedMap<Meter, Rate>, path: &str, faults: &mut Faults) {
    let (required, optional): (&[Meter], &[Meter]) = match kind {
        ModelKind::Text(_) => (
            &Meter::TEXT,
            &[
                Meter::ImageInputTokens,
                Meter::AudioInputTokens,
                Meter::ImageOutputTokens,
                Meter::AudioOutputTokens,
            ],
        ),
        ModelKind::Image => (&[Meter::Images], &[]),
        ModelKind::Video(_) => (&[Meter::VideoBlocks], &[]),
        ModelKind::ThreeD => (&[Meter::ThreeDModels], &[]),
    };
    for meter in required {
        let message =
            "is missing; a model prices every meter of its kind, if need be as its input or output";
        faults.unless(rates.contains_key(meter), &format!("{path}.{}", meter.name()), message);
    }
    for (meter, rate) in rates.iter() {
        let path = format!("{path}.{}", meter.name());
        let known = required.contains(&meter) || optional.contains(&meter);
        faults.unless(known, &path, "is not a meter of this kind of model");
        faults.rate(rate, &path);
    }
}

fn check_tiers(model: &Model, path: &str, faults: &mut Faults) {
    let count = model.tiers.len();
    let message = format!("has {count} tiers; at most {TIERS_MAX} are allowed");
    faults.unless(count <= TIERS_MAX, &format!("{path}.tiers"), &message);
    let is_text = matches!(model.kind, ModelKind::Text(_));
    let message = "only text models have tiers by input";
    faults.unless(is_text || count == 0, &format!("{path}.tiers"), message);
    let mut below = None;
    for (index, tier) in model.tiers.iter().enumerate() {
        let path = format!("{path}.tiers[{index}]");
        let ascending = below.is_none_or(|below| below < tier.above_input_tokens);
        let message = "must be above the tier before it";
        faults.unless(ascending, &format!("{path}.above_input_tokens"), message);
        let fits = tier.above_input_tokens <= QUANTITY_MAX;
        let message = format!("must be at most {QUANTITY_MAX}");
        faults.unless(fits, &format!("{path}.above_input_tokens"), &message);
        below = Some(tier.above_input_tokens);
        let same = tier.rates.keys().eq(model.rates.keys());
        let message = "must price the same meters as the model";
        faults.unless(same, &format!("{path}.rates"), message);
        check_rates(&model.kind, &tier.rates, &format!("{path}.rates"), faults);
    }
}

/// Whether a factor is above zero.
pub(crate) fn is_positive(factor: Factor) -> bool {
    factor.as_parts() > 0
}
