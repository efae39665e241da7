//! Rating: usage x rates -> charge, with the lines that show how (R6, R8).

use crate::amount::{AmountOverflow, Credits, ExactCredits};
use crate::checked::kinds;
use crate::meter::{Meter, Quantity, Usage};
use crate::ordered::OrderedMap;
use crate::price_book::Price;
use crate::rate::{Factor, Rate};
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Room for the lines of most prices, so that it is made at once: base, input and output,
/// multiplier and rounding.
const LINES_USUAL: usize = 5;

/// One line of a price. The amounts of all lines add up to the charge exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// The task's base.
    Base {
        /// Before the multiplier.
        amount: ExactCredits,
    },
    /// One meter.
    Meter {
        /// What was counted.
        meter: Meter,
        /// How much of it.
        quantity: Quantity,
        /// At this rate.
        rate: Rate,
        /// Before the multiplier.
        amount: ExactCredits,
    },
    /// What the multiplier adds to the lines above, or takes off.
    Multiplier {
        /// The factor.
        multiplier: Factor,
        /// The difference that it makes.
        amount: ExactCredits,
    },
    /// What rounding up to the book's step adds.
    Rounding {
        /// The difference.
        amount: ExactCredits,
    },
    /// What raising to the task's minimum adds.
    Minimum {
        /// The difference.
        amount: ExactCredits,
    },
}

kinds! {
    Line {
        Base { amount } = "base",
        Meter { meter, quantity, rate, amount } = "meter",
        Multiplier { multiplier, amount } = "multiplier",
        Rounding { amount } = "rounding",
        Minimum { amount } = "minimum",
    }
}

impl Line {
    /// Its amount.
    pub const fn amount(&self) -> ExactCredits {
        match self {
            Self::Base { amount }
            | Self::Meter { amount, .. }
            | Self::Multiplier { amount, .. }
            | Self::Rounding { amount }
            | Self::Minimum { amount } => *amount,
        }
    }
}

/// Why a usage has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatingFault {
    /// The price has no rate for a meter that was used.
    Unpriced(Meter),
    /// The charge is larger than any balance can be.
    Overflow,
}

impl fmt::Display for RatingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpriced(meter) => write!(
                f,
                "`{meter}` has no price with this task and model: leave it out or choose another \
                 model",
            ),
            Self::Overflow => AmountOverflow.fmt(f),
        }
    }
}

impl core::error::Error for RatingFault {}

impl From<AmountOverflow> for RatingFault {
    fn from(_: AmountOverflow) -> Self {
        Self::Overflow
    }
}

/// What `usage` costs at `price`: `(per_request + sum(quantity x rate)) x multiplier`, rounded up
/// to the book's step once, then raised to the minimum (R6).
///
/// # Errors
/// [`RatingFault`] where a used meter has no rate or the charge is out of range.
pub fn charge(price: &Price<'_>, usage: &Usage) -> Result<Credits, RatingFault> {
    charge_of(price, usage.input_tokens_total(), &mut usage.iter())
}

/// The same as [`charge`] with its lines: base, meters, multiplier, rounding, minimum. A line that
/// would be zero is left out.
///
/// # Errors
/// As [`charge`].
pub fn lines(price: &Price<'_>, usage: &Usage) -> Result<(Vec<Line>, Credits), RatingFault> {
    lines_of(price, usage.input_tokens_total(), &mut usage.iter())
}

/// [`lines`] of counts that are not a [`Usage`], in the order of their meters.
pub(crate) fn lines_of(
    price: &Price<'_>,
    input_tokens_total: u64,
    counts: &mut dyn Iterator<Item = (Meter, u64)>,
) -> Result<(Vec<Line>, Credits), RatingFault> {
    let rates = Rates::of(price, input_tokens_total);
    let mut units = base_units(price);
    let mut lines = Vec::with_capacity(LINES_USUAL);
    if let Some(base) = price.offer.per_request {
        lines.push(Line::Base { amount: base.into() });
    }
    for (meter, count) in counts.filter(|(_, count)| *count > 0) {
        let rate = rates.get(meter)?;
        let quantity = Quantity::try_from(count).map_err(|_| RatingFault::Overflow)?;
        let of_meter = meter_units(count, rate)?;
        units = units.checked_add(of_meter).ok_or(RatingFault::Overflow)?;
        let amount = scaled(of_meter, Factor::ONE)?;
        lines.push(Line::Meter { meter, quantity, rate, amount });
    }
    let exact = scaled(units, price.offer.multiplier)?;
    let marked_up = exact.sub(scaled(units, Factor::ONE)?)?;
    if !marked_up.is_zero() {
        lines.push(Line::Multiplier { multiplier: price.offer.multiplier, amount: marked_up });
    }
    let rounded = exact.round_up_to_step(price.charge_step)?;
    let rounding = ExactCredits::from(rounded).sub(exact)?;
    if !rounding.is_zero() {
        lines.push(Line::Rounding { amount: rounding });
    }
    let charge = rounded.max(price.offer.minimum.unwrap_or(Credits::ZERO));
    let raised = ExactCredits::from(charge).sub(rounded.into())?;
    if !raised.is_zero() {
        lines.push(Line::Minimum { amount: raised });
    }
    Ok((lines, charge))
}

/// [`charge`] of counts that are not a [`Usage`]; the estimate asks for many of them.
pub(crate) fn charge_of(
    price: &Price<'_>,
    input_tokens_total: u64,
    counts: &mut dyn Iterator<Item = (Meter, u64)>,
) -> Result<Credits, RatingFault> {
    let rates = Rates::of(price, input_tokens_total);
    let mut units = base_units(price);
    for (meter, count) in counts.filter(|(_, count)| *count > 0) {
        let of_meter = meter_units(count, rates.get(meter)?)?;
        units = units.checked_add(of_meter).ok_or(RatingFault::Overflow)?;
    }
    let exact = scaled(units, price.offer.multiplier)?;
    let rounded = exact.round_up_to_step(price.charge_step)?;
    Ok(rounded.max(price.offer.minimum.unwrap_or(Credits::ZERO)))
}

/// The rates of a leg with some total input: the task's own, else the model's.
#[derive(Clone, Copy)]
pub(crate) struct Rates<'book> {
    own: &'book OrderedMap<Meter, Rate>,
    model: &'book OrderedMap<Meter, Rate>,
}

impl<'book> Rates<'book> {
    /// The rates of `price` at this total input.
    pub(crate) fn of(price: &Price<'book>, input_tokens_total: u64) -> Self {
        Self { own: &price.offer.rates, model: price.model_rates(input_tokens_total) }
    }

    /// The rate of `meter`. Tokens of images and sound that are not priced apart are plain input.
    pub(crate) fn get(self, meter: Meter) -> Result<Rate, RatingFault> {
        let own = self.own.get(&meter).or_else(|| self.model.get(&meter));
        let is_input = matches!(meter, Meter::ImageInputTokens | Meter::AudioInputTokens);
        own.or_else(|| is_input.then(|| self.model.get(&Meter::InputTokens))?)
            .copied()
            .ok_or(RatingFault::Unpriced(meter))
    }
}

/// The base in units of 10^-12 credits.
fn base_units(price: &Price<'_>) -> i128 {
    let base = price.offer.per_request.unwrap_or(Credits::ZERO);
    // 2^63 x 10^6 is far inside the type.
    i128::from(base.as_micros()).saturating_mul(1_000_000)
}

/// `count x rate` in units of 10^-12 credits: a rate has 6 decimals for at most a million units.
pub(crate) fn meter_units(count: u64, rate: Rate) -> Result<i128, RatingFault> {
    let millionths =
        count.checked_mul(rate.per.per_million().into()).ok_or(RatingFault::Overflow)?;
    // A product of two numbers of 64 bits is inside the type.
    Ok(i128::from(millionths).saturating_mul(rate.credits.as_micros().into()))
}

/// Units of 10^-12 credits times a factor in parts of 10^-4: units of 10^-16, nothing lost.
fn scaled(units: i128, factor: Factor) -> Result<ExactCredits, RatingFault> {
    let parts = i128::from(factor.as_parts());
    units.checked_mul(parts).map(ExactCredits::from_exact_units).ok_or(RatingFault::Overflow)
}
