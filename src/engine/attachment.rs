//! How many tokens a model makes of an image, a recording or a clip: its provider's published
//! formula, from what is known of the file before it is sent.
//!
//! A book states the formula of each model, with its source. A formula that nobody publishes has a
//! ratio too, as wide as it is uncertain. Files are read elsewhere; a document counts by its text.

use crate::checked::{fields, kinds, names, variants};
use crate::denial::Denial;
use crate::encoding::{TokenRange, TokenRatio};
use crate::price_book::{Model, ModelKind};
use crate::rate::Factor;
use crate::request::Request;
use crate::written::{Plain, format};
use alloc::string::String;
use serde::Deserialize;
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

/// The most attachments of one request.
pub const ATTACHMENTS_MAX: u64 = 20;
/// The most pixels of a side, and the most seconds: a day, and more than JPEG and GIF have.
pub const LARGEST_MAX: u32 = 86_400;

/// A file that is sent along, as the little of it that decides what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Attachment {
    /// A picture. Of a moving one the first frame counts.
    Image {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// A recording.
    Audio {
        /// Started seconds.
        seconds: u32,
    },
    /// A clip, with its sound.
    Video {
        /// Started seconds.
        seconds: u32,
    },
}

kinds! {
    Attachment {
        Image { width, height } = "image",
        Audio { seconds } = "audio",
        Video { seconds } = "video",
    }
}

/// As one record, which in the browser is half the code of a derived one for each kind.
impl Serialize for Attachment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, first, second) = match self {
            Self::Image { width, height } => ("image", ("width", width), Some(("height", height))),
            Self::Audio { seconds } => ("audio", ("seconds", seconds), None),
            Self::Video { seconds } => ("video", ("seconds", seconds), None),
        };
        let mut record = serializer.serialize_struct("Attachment", 3)?;
        record.serialize_field("kind", kind)?;
        for (name, count) in [Some(first), second].into_iter().flatten() {
            record.serialize_field(name, count)?;
        }
        record.end()
    }
}

impl Attachment {
    /// Its longer and its shorter side, or its seconds.
    fn size(self) -> (u32, u32) {
        match self {
            Self::Image { width, height } => (width.max(height), width.min(height)),
            Self::Audio { seconds } | Self::Video { seconds } => (seconds, seconds),
        }
    }
}

/// How many tokens a model makes of attachments of one kind.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct AttachmentTokens {
    /// Its provider's formula.
    pub formula: Formula,
    /// How many tokens it makes of one by the formula, where that is not certain; exactly one where
    /// absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<TokenRatio>,
    /// The longest side in pixels, or the most seconds, that the model takes.
    pub largest: u32,
    /// Where the formula is published, and what of it is assumed.
    pub source: String,
}

fields! {
    AttachmentTokens { formula, ratio or default, largest, source }
}

/// From a size to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Formula {
    /// The same for every image.
    Fixed(u32),
    /// By the square cells that an image is cut into, after it was made smaller.
    Cells(Cells),
    /// So many for each second.
    PerSecond(Factor),
}

variants! {
    Formula {
        Fixed(u32) = "fixed",
        Cells(Cells) = "cells",
        PerSecond(Factor) = "per_second",
    }
}

/// An image in square cells: tiles of some hundred pixels, or patches of some ten. It is made
/// smaller, in its shape, until every limit holds, and its last column and row of cells may be
/// started ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Cells {
    /// A cell's side in pixels.
    pub side: u32,
    /// Tokens of each cell.
    pub tokens: Factor,
    /// Tokens of an image besides.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(test, ts(as = "Option<u32>"))]
    pub base_tokens: u32,
    /// The most pixels of the longer side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longer_side_max: Option<u32>,
    /// The most pixels of the shorter side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shorter_side_max: Option<u32>,
    /// The most cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells_max: Option<u32>,
    /// What becomes of an image of more cells; it shrinks where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Above>,
}

fields! {
    Cells {
        side, tokens, base_tokens or default, longer_side_max or default,
        shorter_side_max or default, cells_max or default, above or default,
    }
}

/// What becomes of an image of more cells than a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Above {
    /// It shrinks to the largest size that has no more.
    Shrink,
    /// It shrinks until one of its sides is as many whole cells as fit.
    ShrinkToCells,
    /// It is refused.
    Refuse,
}

names! {
    pub Above {
        Shrink = "shrink",
        ShrinkToCells = "shrink_to_cells",
        Refuse = "refuse",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What `model` makes of all in `request` that is no text: tokens of the frame of its tools, which
/// count as text; of images; of recordings; and of clips, which are both.
pub(crate) fn beside_text(request: &Request, model: &Model) -> Result<[TokenRange; 4], Denial> {
    let text = match &model.kind {
        ModelKind::Text(text) => Some(text),
        ModelKind::Image | ModelKind::Video(_) | ModelKind::ThreeD => None,
    };
    let [mut images, mut sound, mut clips] = [TokenRange::default(); 3];
    for (index, attachment) in request.attachments.iter().enumerate() {
        let (kind, facts, part) = match attachment {
            Attachment::Image { .. } => ("image", text.map(|text| &text.image_tokens), &mut images),
            Attachment::Audio { .. } => ("audio", text.map(|text| &text.audio_tokens), &mut sound),
            Attachment::Video { .. } => ("video", text.map(|text| &text.video_tokens), &mut clips),
        };
        let facts = facts.and_then(Option::as_ref);
        let Some(tokens) = facts.and_then(|facts| facts.tokens(*attachment)) else {
            let todo = match facts {
                None => "at all: remove it, or choose a model that does",
                Some(_) => "of this size: reduce it, or choose another model",
            };
            let (kind, todo) = (Plain(kind), Plain(todo));
            let message = format!("`{}` takes no {kind} {todo}", model.id);
            return Err(Denial::request_invalid(&format!("attachments[{index}]"), &message));
        };
        *part = part.and(tokens);
    }
    let tools = match (text.and_then(|text| text.encoding.tools), request.tools) {
        (Some(added), Some(tools)) if tools > 0 => {
            u64::from(added.each).wrapping_mul(tools.into()).saturating_add(added.once.into())
        }
        (Some(_), Some(_)) | (None, _) | (_, None) => 0,
    };
    Ok([TokenRange { low: 0, expected: tools, high: tools }, images, sound, clips])
}

impl AttachmentTokens {
    /// The tokens of an attachment of this kind; none where it has no size, or is larger than the
    /// model takes.
    pub fn tokens(&self, attachment: Attachment) -> Option<TokenRange> {
        let (longer, shorter) = attachment.size();
        if shorter == 0 || longer > self.largest.min(LARGEST_MAX) {
            return None;
        }
        let all = |of: Factor, count: u64| Factor::scale_up(&[(of, count)]);
        let (least, tokens) = match self.formula {
            Formula::Fixed(tokens) => (tokens.into(), tokens.into()),
            Formula::Cells(cells) => {
                let count = cells.of(longer.into(), shorter.into())?;
                let tokens = all(cells.tokens, count).saturating_add(cells.base_tokens.into());
                (tokens, tokens)
            }
            // Of the last second there may be an instant alone.
            Formula::PerSecond(of) => {
                let least = Factor::scale_down(&[(of, longer.saturating_sub(1).into())]);
                (least, all(of, longer.into()))
            }
        };
        let Some(ratio) = &self.ratio else {
            return Some(TokenRange { low: least, expected: tokens, high: tokens });
        };
        Some(TokenRange {
            low: Factor::scale_down(&[(ratio.low, least)]),
            expected: Factor::scale_up(&[(ratio.expected, tokens)]),
            high: Factor::scale_up(&[(ratio.high, tokens)]),
        })
    }
}

impl Cells {
    /// How many an image is cut into; none where it is refused.
    fn of(self, longer: u64, shorter: u64) -> Option<u64> {
        // Up to `LARGEST_MAX` no product of three sides wraps.
        let across = |pixels: u64| pixels.div_ceil(u64::from(self.side).max(1));
        // Cells of an image of this shape whose longer side has so many pixels.
        let cells = |pixels: u64| {
            let other = nearest(shorter.wrapping_mul(pixels), longer).max(1);
            across(pixels).wrapping_mul(across(other))
        };
        let mut pixels = longer;
        if let Some(most) = self.longer_side_max {
            pixels = pixels.min(most.into());
        }
        if let Some(most) = self.shorter_side_max {
            pixels = pixels.min(u64::from(most).wrapping_mul(longer).checked_div(shorter)?);
        }
        let counted = cells(pixels);
        let Some(most) = self.cells_max.map(u64::from).filter(|most| counted > *most) else {
            return Some(counted);
        };
        match self.above {
            Some(Above::Refuse) => None,
            Some(Above::ShrinkToCells) => {
                // The whole cells along a side of the largest image of this shape: the root of
                // `most x this side / other side`. The side that fits worse decides.
                let whole = |this: u64, other: u64| {
                    last(pixels, &|cells| {
                        cells.wrapping_mul(cells).wrapping_mul(other) <= most.wrapping_mul(this)
                    })
                };
                let (along, beside) = (whole(longer, shorter), whole(shorter, longer));
                let (cells, this, other) =
                    if along.wrapping_mul(shorter) <= beside.wrapping_mul(longer) {
                        (along, longer, shorter)
                    } else {
                        (beside, shorter, longer)
                    };
                Some(cells.wrapping_mul(cells.wrapping_mul(other).div_ceil(this.max(1))).min(most))
            }
            Some(Above::Shrink) | None => {
                Some(cells(last(pixels, &|pixels| cells(pixels) <= most)))
            }
        }
    }
}

/// The last number from 1 on, below `end`, up to which `fits` holds.
fn last(end: u64, fits: &dyn Fn(u64) -> bool) -> u64 {
    let (mut fitting, mut too_many) = (1, end);
    while too_many.saturating_sub(fitting) > 1 {
        let middle = fitting.midpoint(too_many);
        if fits(middle) {
            fitting = middle;
        } else {
            too_many = middle;
        }
    }
    fitting
}

/// The whole number nearest to a fraction, the even one of two that are as near: so providers that
/// say how round a side.
fn nearest(numerator: u64, denominator: u64) -> u64 {
    let whole = numerator.checked_div(denominator).unwrap_or(0);
    let rest = numerator.checked_rem(denominator).unwrap_or(0);
    // An odd one that is as near is made even by going up.
    let is_up = rest.wrapping_mul(2).wrapping_add(whole & 1) > denominator;
    whole.wrapping_add(is_up.into())
}

#[cfg(test)]
mod tests {
    use super::{Above, Attachment, AttachmentTokens, Cells, Formula, TokenRatio};

    fn tokens_of(formula: Formula, attachment: Attachment) -> Option<u64> {
        let source = "test".to_owned();
        let tokens = AttachmentTokens { formula, ratio: None, largest: 65_535, source };
        let range = tokens.tokens(attachment)?;
        assert_eq!(range.high, range.expected, "{attachment:?}");
        // A recording is shorter than its started seconds.
        if matches!(attachment, Attachment::Image { .. }) {
            assert_eq!(range.low, range.expected, "{attachment:?}");
        }
        Some(range.expected)
    }

    fn cells(side: u32, tokens: &str) -> Cells {
        Cells {
            side,
            tokens: tokens.parse().unwrap(),
            base_tokens: 0,
            longer_side_max: None,
            shorter_side_max: None,
            cells_max: None,
            above: None,
        }
    }

    /// The examples of the providers' own pages, and what follows from their words.
    #[test]
    fn each_formula_comes_to_its_providers_own_examples() {
        let check = |cells: Cells, (width, height): (u32, u32), expected: Option<u64>| {
            for (width, height) in [(width, height), (height, width)] {
                let found = tokens_of(Formula::Cells(cells), Attachment::Image { width, height });
                assert_eq!(found, expected, "{cells:?} {width} x {height}");
            }
        };
        // OpenAI, images and vision, tiles: at most 2 048 pixels a side, then 768 the shorter one.
        let tiles = |base_tokens, tokens: &str| Cells {
            base_tokens,
            longer_side_max: Some(2_048),
            shorter_side_max: Some(768),
            ..cells(512, tokens)
        };
        check(tiles(85, "170"), (1_024, 1_024), Some(765));
        check(tiles(85, "170"), (2_048, 4_096), Some(1_105));
        check(tiles(85, "170"), (512, 512), Some(255));
        check(tiles(70, "140"), (1_024, 1_024), Some(630));
        // OpenAI, patches with a budget: scaled until one side is whole patches.
        let capped = |tokens: &str| Cells {
            cells_max: Some(1_536),
            above: Some(Above::ShrinkToCells),
            ..cells(32, tokens)
        };
        check(capped("1"), (1_024, 1_024), Some(1_024));
        check(capped("1"), (1_800, 2_400), Some(1_452));
        check(capped("1.62"), (1_800, 2_400), Some(2_353));
        check(capped("1"), (1, 60_000), Some(1_536));
        // OpenAI, newer models: patches of the original, refused above 30 000.
        let original =
            Cells { cells_max: Some(30_000), above: Some(Above::Refuse), ..cells(32, "1.2") };
        check(original, (1_024, 768), Some(922));
        check(original, (4_800, 6_400), Some(36_000));
        check(original, (4_801, 6_400), None);
        // Anthropic, vision: patches of 28 pixels in two tiers of resolution.
        let patches = |longer: u32, most: u32| Cells {
            longer_side_max: Some(longer),
            cells_max: Some(most),
            ..cells(28, "1")
        };
        let (standard, high) = (patches(1_568, 1_568), patches(2_576, 4_784));
        check(high, (200, 200), Some(64));
        check(high, (1_000, 1_000), Some(1_296));
        check(high, (1_092, 1_092), Some(1_521));
        check(high, (1_920, 1_080), Some(2_691));
        check(high, (3_840, 2_160), Some(4_784));
        check(standard, (3_840, 2_160), Some(1_560));
        check(standard, (1_075, 1_520), Some(33 * 47));
        check(high, (8_000, 1), Some(92));
        // Google, tokens: small images are one tile, larger ones tiles of 768 pixels.
        check(cells(768, "258"), (384, 384), Some(258));
        check(cells(768, "258"), (1_024, 768), Some(516));

        let per_second = |tokens: &str| Formula::PerSecond(tokens.parse().unwrap());
        assert_eq!(tokens_of(per_second("32"), Attachment::Audio { seconds: 60 }), Some(1_920));
        assert_eq!(tokens_of(per_second("263"), Attachment::Video { seconds: 10 }), Some(2_630));
        let any = Attachment::Image { width: 1, height: 60_000 };
        assert_eq!(tokens_of(Formula::Fixed(1_120), any), Some(1_120));
    }

    /// What shrinks holds its limits, whatever its shape.
    #[test]
    fn no_image_has_more_cells_than_are_allowed() {
        let sides = [1, 2, 27, 28, 29, 767, 768, 1_000, 1_537, 2_577, 9_999, 65_535];
        for (width, height) in sides.iter().flat_map(|width| sides.map(|height| (*width, height))) {
            for above in [Above::Shrink, Above::ShrinkToCells] {
                for most in [1, 2, 100, 1_536, 4_784] {
                    let limited =
                        Cells { cells_max: Some(most), above: Some(above), ..cells(28, "1") };
                    let image = Attachment::Image { width, height };
                    let found = tokens_of(Formula::Cells(limited), image).unwrap();
                    assert!(
                        (1..=u64::from(most)).contains(&found),
                        "{limited:?} {image:?} {found}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_uncertain_has_a_range_and_what_is_too_large_nothing() {
        let factor = |text: &str| text.parse().unwrap();
        let tokens = AttachmentTokens {
            formula: Formula::PerSecond(factor("32")),
            ratio: Some(TokenRatio {
                low: factor("0.75"),
                expected: factor("1"),
                high: factor("1.1"),
            }),
            largest: 100,
            source: "assumed".to_owned(),
        };
        let range = tokens.tokens(Attachment::Audio { seconds: 33 }).unwrap();
        // The last second had begun: 0.75 x 32 x 32 at least.
        assert_eq!((range.low, range.expected, range.high), (768, 1_056, 1_162));
        let range = tokens.tokens(Attachment::Audio { seconds: 1 }).unwrap();
        assert_eq!((range.low, range.expected, range.high), (0, 32, 36));
        assert_eq!(tokens.tokens(Attachment::Audio { seconds: 101 }), None);
    }
}
