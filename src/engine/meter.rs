//! Meters and usage: what is counted, and how much of it (R7).

use crate::checked::{names, read_integer};
use crate::ordered::OrderedMap;
use crate::read::{Read, Reader};
use serde::{Deserialize, Serialize};

/// The largest quantity of one meter in one leg (R6).
pub const QUANTITY_MAX: u64 = 10_000_000_000;

/// What is counted. Meters are disjoint: no unit is counted by two of them (R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS), ts(rename_all = "snake_case"))]
pub enum Meter {
    /// Text tokens sent to the model and neither read from nor written to its cache.
    InputTokens,
    /// Input tokens that the provider read from its cache.
    CacheReadTokens,
    /// Input tokens written to a cache of the provider's default life, five minutes for most.
    CacheWriteTokens,
    /// Input tokens written to a cache that lives an hour.
    #[cfg_attr(test, ts(rename = "cache_write_1h_tokens"))]
    CacheWrite1hTokens,
    /// Image tokens sent to the model.
    ImageInputTokens,
    /// Audio tokens sent to the model.
    AudioInputTokens,
    /// Text tokens of the visible answer.
    OutputTokens,
    /// Tokens that the model thought with and did not show.
    ReasoningTokens,
    /// Image tokens made by the model.
    ImageOutputTokens,
    /// Audio tokens made by the model.
    AudioOutputTokens,
    /// Steps of an agent.
    Steps,
    /// Searches made.
    Searches,
    /// Pages read: a PDF's page, else each started 3 000 characters.
    Pages,
    /// Images made.
    Images,
    /// Started blocks of seconds, for each clip.
    VideoBlocks,
    /// 3D models made.
    ThreeDModels,
}

names! {
    pub Meter {
        InputTokens = "input_tokens",
        CacheReadTokens = "cache_read_tokens",
        CacheWriteTokens = "cache_write_tokens",
        CacheWrite1hTokens = "cache_write_1h_tokens",
        ImageInputTokens = "image_input_tokens",
        AudioInputTokens = "audio_input_tokens",
        OutputTokens = "output_tokens",
        ReasoningTokens = "reasoning_tokens",
        ImageOutputTokens = "image_output_tokens",
        AudioOutputTokens = "audio_output_tokens",
        Steps = "steps",
        Searches = "searches",
        Pages = "pages",
        Images = "images",
        VideoBlocks = "video_blocks",
        ThreeDModels = "three_d_models",
    }
}

impl Meter {
    /// The meters of text in and out; a text model must price every one (R5).
    pub const TEXT: [Self; 6] = [
        Self::InputTokens,
        Self::CacheReadTokens,
        Self::CacheWriteTokens,
        Self::CacheWrite1hTokens,
        Self::OutputTokens,
        Self::ReasoningTokens,
    ];

    /// The meters whose sum is the total input that a tier is chosen by (R8): of text, of images
    /// and of sound, with what is read from and written to a cache.
    pub const INPUT: [Self; 6] = [
        Self::InputTokens,
        Self::CacheReadTokens,
        Self::CacheWriteTokens,
        Self::CacheWrite1hTokens,
        Self::ImageInputTokens,
        Self::AudioInputTokens,
    ];
}

/// A quantity of one meter, at most [`QUANTITY_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "number"))]
#[serde(into = "u64")]
pub struct Quantity(u64);

/// A quantity is above [`QUANTITY_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityTooLarge;

impl core::fmt::Display for QuantityTooLarge {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "a quantity is at most {QUANTITY_MAX}")
    }
}

impl core::error::Error for QuantityTooLarge {}

impl TryFrom<u64> for Quantity {
    type Error = QuantityTooLarge;

    fn try_from(count: u64) -> Result<Self, QuantityTooLarge> {
        if count > QUANTITY_MAX { Err(QuantityTooLarge) } else { Ok(Self(count)) }
    }
}

read_integer!(Quantity, "a quantity, a whole number", Self(0));

impl From<Quantity> for u64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

/// Measured quantities, unpriced: a map from meter to count.
///
/// A meter that is absent was not measured or did not occur; both cost nothing here. Who settles
/// must know which: usage that a provider failed to report is counted or absorbed, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "{ [meter in Meter]?: number }"))]
#[serde(transparent)]
pub struct Usage(OrderedMap<Meter, Quantity>);

impl Read for Usage {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self(OrderedMap::read(reader))
    }
}

impl Usage {
    /// Usage of the meters given; a meter that occurs twice keeps the last count.
    ///
    /// # Errors
    /// [`QuantityTooLarge`] where a count is above [`QUANTITY_MAX`].
    pub fn new(counts: impl IntoIterator<Item = (Meter, u64)>) -> Result<Self, QuantityTooLarge> {
        counts
            .into_iter()
            .map(|(meter, count)| Ok((meter, Quantity::try_from(count)?)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How much of `meter`; zero where it is absent.
    pub fn quantity(&self, meter: Meter) -> u64 {
        self.0.get(&meter).map_or(0, |quantity| quantity.0)
    }

    /// The meters that occur, with their counts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Meter, u64)> + '_ {
        self.0.iter().map(|(meter, quantity)| (meter, quantity.0))
    }

    /// Whether nothing was counted at all.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, quantity)| quantity.0 == 0)
    }

    /// All input together, cache read and cache write among it: what a tier is chosen by (R8).
    pub fn input_tokens_total(&self) -> u64 {
        // Six quantities of at most 10^10 stay far inside the type.
        Meter::INPUT.iter().fold(0, |sum: u64, meter| sum.saturating_add(self.quantity(*meter)))
    }
}

#[cfg(test)]
mod tests {
    use super::{QUANTITY_MAX, Usage};
    use alloc::format;

    #[test]
    fn r07_a_usage_names_each_meter_once() {
        let read = |json: &str| serde_json::from_str::<Usage>(json);
        let usage = read(r#"{"input_tokens": 10, "cache_read_tokens": 5}"#).unwrap();
        assert_eq!(usage.input_tokens_total(), 15);
        for json in [
            r#"{"input_tokens": 10, "input_tokens": 11}"#,
            r#"{"tokens": 10}"#,
            r#"{"input_tokens": -1}"#,
            r#"{"input_tokens": 1.5}"#,
            r#"{"input_tokens": "1"}"#,
            &format!(r#"{{"input_tokens": {}}}"#, QUANTITY_MAX + 1),
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
