//! Amounts of credits (R1–R3).

use crate::decimal::{DecimalFault, decimal_text};
use core::fmt;

/// Micro-credits in one credit.
pub const MICROS_PER_CREDIT: i64 = 1_000_000;

/// An amount of credits: a whole number of micro-credits (R1).
///
/// Range: the whole of `i64`, about ± 9.2 · 10^12 credits. In JSON it is a canonical decimal
/// string of credits with at most 6 decimals, `"12.5"` (R2).
///
/// ```
/// use kumari_engine::amount::Credits;
/// let price: Credits = "1.38".parse()?;
/// assert_eq!(price.as_micros(), 1_380_000);
/// assert_eq!(price.add(Credits::from_micros(20_000))?.to_string(), "1.4");
/// assert!("1.380".parse::<Credits>().is_err(), "one value has one spelling");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
pub struct Credits(i64);

/// An exact amount in a price line: a whole number of 10^-16 credits.
///
/// A rate has 6 decimals of a credit per million units and a multiplier has 4, so every product
/// is exact. In JSON it is a canonical decimal string with at most 16 decimals. Only lines use
/// it; what an account holds is [`Credits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
pub struct ExactCredits(i128);

/// An amount left the range of its type (R3). Never a wrap, never a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountOverflow;

impl fmt::Display for AmountOverflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount is out of range: use smaller quantities")
    }
}

impl core::error::Error for AmountOverflow {}

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// The amount of `micros` millionths of a credit.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// This amount in millionths of a credit.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub const fn add(self, other: Self) -> Result<Self, AmountOverflow> {
        match self.0.checked_add(other.0) {
            Some(micros) => Ok(Self(micros)),
            None => Err(AmountOverflow),
        }
    }

    /// The difference.
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub const fn sub(self, other: Self) -> Result<Self, AmountOverflow> {
        match self.0.checked_sub(other.0) {
            Some(micros) => Ok(Self(micros)),
            None => Err(AmountOverflow),
        }
    }

    /// `count` times this amount.
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub fn times(self, count: u64) -> Result<Self, AmountOverflow> {
        i64::try_from(count)
            .ok()
            .and_then(|count| self.0.checked_mul(count))
            .map(Self)
            .ok_or(AmountOverflow)
    }

    /// `part` of `whole` of this amount, rounded down: whoever takes a share back takes no
    /// micro-credit too many (R39). Nothing of a whole that is zero.
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub fn share_rounded_down(self, part: u32, whole: u32) -> Result<Self, AmountOverflow> {
        let product = i128::from(self.0).checked_mul(i128::from(part)).ok_or(AmountOverflow)?;
        let share = product.checked_div_euclid(i128::from(whole)).unwrap_or(0);
        i64::try_from(share).map(Self).map_err(|_| AmountOverflow)
    }

    /// The sum of all; zero for none.
    ///
    /// # Errors
    /// [`AmountOverflow`] where a partial sum leaves the range.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountOverflow> {
        amounts.into_iter().try_fold(Self::ZERO, Self::add)
    }

    /// Whether it is zero.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
    pub(crate) const fn is_zero(&self) -> bool {
        self.0 == 0
    }

    /// Whether it is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is a whole multiple of `step`; never, where `step` is not above zero.
    pub const fn is_multiple_of(self, step: Self) -> bool {
        step.0 > 0 && matches!(self.0.checked_rem(step.0), Some(0))
    }

    fn to_units(self) -> i128 {
        i128::from(self.0)
    }

    fn from_units(units: i128) -> Result<Self, DecimalFault> {
        i64::try_from(units).map(Self).map_err(|_| DecimalFault::OutOfRange)
    }
}

impl ExactCredits {
    /// How many of its units make one micro-credit.
    const UNITS_PER_MICRO: i128 = 10_000_000_000;

    /// The amount of `units` times 10^-16 credits.
    pub(crate) const fn from_exact_units(units: i128) -> Self {
        Self(units)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub const fn add(self, other: Self) -> Result<Self, AmountOverflow> {
        match self.0.checked_add(other.0) {
            Some(units) => Ok(Self(units)),
            None => Err(AmountOverflow),
        }
    }

    /// The difference.
    ///
    /// # Errors
    /// [`AmountOverflow`] where it leaves the range.
    pub const fn sub(self, other: Self) -> Result<Self, AmountOverflow> {
        match self.0.checked_sub(other.0) {
            Some(units) => Ok(Self(units)),
            None => Err(AmountOverflow),
        }
    }

    /// The sum of all; zero for none.
    ///
    /// # Errors
    /// [`AmountOverflow`] where a partial sum leaves the range.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountOverflow> {
        amounts.into_iter().try_fold(Self(0), Self::add)
    }

    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The smallest multiple of `step` that is not below this amount: up, because a charge must
    /// cover its price and a person is told the price before it is charged (R6). This is the only
    /// place where an amount is rounded.
    ///
    /// # Errors
    /// [`AmountOverflow`] where the result leaves the range of [`Credits`], or `step` is not
    /// above zero.
    pub fn round_up_to_step(self, step: Credits) -> Result<Credits, AmountOverflow> {
        if !step.is_positive() {
            return Err(AmountOverflow);
        }
        let step_units =
            i128::from(step.0).checked_mul(Self::UNITS_PER_MICRO).ok_or(AmountOverflow)?;
        // What is below zero is already rounded up by a division that forgets the rest.
        let almost_a_step = if self.0 > 0 { step_units.saturating_sub(1) } else { 0 };
        let lifted = self.0.checked_add(almost_a_step).ok_or(AmountOverflow)?;
        lifted
            .checked_div(step_units)
            .ok_or(AmountOverflow)?
            .checked_mul(i128::from(step.0))
            .and_then(|micros| i64::try_from(micros).ok())
            .map(Credits)
            .ok_or(AmountOverflow)
    }

    fn to_units(self) -> i128 {
        self.0
    }

    // The same signature as that of `Credits`, for `decimal_text`.
    #[expect(clippy::unnecessary_wraps, reason = "the other decimals can be out of range")]
    fn from_units(units: i128) -> Result<Self, DecimalFault> {
        Ok(Self(units))
    }
}

impl From<Credits> for ExactCredits {
    fn from(amount: Credits) -> Self {
        // 2^63 · 10^10 is below 2^127, so this product cannot overflow.
        Self(i128::from(amount.0).saturating_mul(Self::UNITS_PER_MICRO))
    }
}

decimal_text!(Credits, 6, "an amount of credits as a decimal string, like \"12.5\"");
decimal_text!(ExactCredits, 16, "an exact amount of credits as a decimal string");

#[cfg(test)]
mod tests {
    use super::{AmountOverflow, Credits, ExactCredits};
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    fn credits(text: &str) -> Credits {
        text.parse().unwrap()
    }

    #[test]
    fn r02_json_is_a_canonical_decimal_string() {
        let read =
            |json: &str| serde_json::from_str::<Credits>(json).map_err(|error| error.to_string());
        assert_eq!(read("\"12.5\""), Ok(Credits::from_micros(12_500_000)));
        assert_eq!(read("\"-0.000001\""), Ok(Credits::from_micros(-1)));
        for json in ["12.5", "12", "null", "\"1.50\"", "\"-0\"", "\"1.0000001\"", "\"1e3\"", "\"\""]
        {
            assert!(read(json).is_err(), "{json}");
        }
        assert!(read("\"9223372036854.775807\"").is_ok());
        assert!(read("\"9223372036854.775808\"").unwrap_err().contains("out of range"));
    }

    #[test]
    fn r03_overflow_is_an_error_with_a_name() {
        assert_eq!(Credits::MAX.add(Credits::from_micros(1)), Err(AmountOverflow));
        assert_eq!(
            Credits::from_micros(i64::MIN).sub(Credits::from_micros(1)),
            Err(AmountOverflow)
        );
        assert_eq!(Credits::MAX.times(2), Err(AmountOverflow));
        assert_eq!(Credits::from_micros(1).times(u64::MAX), Err(AmountOverflow));
    }

    #[test]
    fn rounding_goes_up_to_the_step_and_only_up() {
        let cases = [
            ("1.3755", "0.01", "1.38"),
            ("1.38", "0.01", "1.38"),
            ("0", "0.01", "0"),
            ("0.0000000000000001", "0.01", "0.01"),
            ("6.4", "0.25", "6.5"),
        ];
        for (exact, step, expected) in cases {
            let exact: ExactCredits = exact.parse().unwrap();
            assert_eq!(exact.round_up_to_step(credits(step)), Ok(credits(expected)), "{exact}");
        }
        let exact = ExactCredits::from(Credits::MAX);
        assert_eq!(exact.round_up_to_step(Credits::ZERO), Err(AmountOverflow));
        assert_eq!(exact.round_up_to_step(credits("1")), Err(AmountOverflow));
    }

    proptest! {
        #[test]
        fn r01_text_and_micros_are_one_to_one(micros: i64) {
            let amount = Credits::from_micros(micros);
            let text: String = amount.to_string();
            prop_assert_eq!(text.parse(), Ok(amount));
            prop_assert_eq!(serde_json::to_string(&amount).unwrap(), alloc::format!("\"{text}\""));
        }
    }
}
