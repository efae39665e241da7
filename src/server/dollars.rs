//! Amounts of US dollars as providers bill them: exact, for sums of very small ones.
//!
//! Credits are what customers pay and hold; dollars are only reported, and never charged.

use kumari_engine::amount::Credits;
use kumari_engine::read::{Read, Reader};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// How many decimals of a dollar are kept: what a program prints of 64 bits has at most 17 digits
/// behind the zeros, so a cost from a thousandth of a millionth of a dollar on is kept whole.
const DECIMALS: u32 = 24;
/// One dollar in units of 10^-[`DECIMALS`] dollars.
const UNITS: i128 = 10_i128.pow(DECIMALS);
/// What tables show: to the nearest of these units, which is a hundredth of a cent.
const SHOWN_DECIMALS: u32 = 4;

/// An amount of US dollars, up to about 1.7 · 10^14 either way. In JSON it is a decimal string.
///
/// Bills are written by other programs, so a cost is read in any decimal form, `"0.50"` and
/// `"1.2e-05"` too; it is written in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(i128);

/// Why a text is no amount of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DollarsFault {
    /// It is no decimal.
    #[error("not an amount of US dollars: write digits with an optional fraction, as `0.0125`")]
    Syntax,
    /// More digits than are kept.
    #[error("not an amount of US dollars that can be kept: at most {DECIMALS} decimals")]
    TooManyDecimals,
    /// More dollars than can be summed.
    #[error("an amount of US dollars that is out of range")]
    OutOfRange,
}

impl Dollars {
    /// No dollars.
    pub const ZERO: Self = Self(0);

    /// The sum.
    ///
    /// # Errors
    /// [`DollarsFault::OutOfRange`].
    pub const fn add(self, other: Self) -> Result<Self, DollarsFault> {
        match self.0.checked_add(other.0) {
            Some(units) => Ok(Self(units)),
            None => Err(DollarsFault::OutOfRange),
        }
    }

    /// The difference.
    ///
    /// # Errors
    /// [`DollarsFault::OutOfRange`].
    pub const fn sub(self, other: Self) -> Result<Self, DollarsFault> {
        match self.0.checked_sub(other.0) {
            Some(units) => Ok(Self(units)),
            None => Err(DollarsFault::OutOfRange),
        }
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// What `credits` are worth where `credits_per_usd` of them are one dollar. Rounded down to
    /// 10^-24 of a dollar, which shows only where a credit is no decimal part of one: nobody is
    /// told of revenue that is not there.
    ///
    /// # Errors
    /// [`DollarsFault::OutOfRange`], and where `credits_per_usd` is not above zero.
    pub fn worth_rounded_down(
        credits: Credits,
        credits_per_usd: Credits,
    ) -> Result<Self, DollarsFault> {
        let (micros, per_usd) = (i128::from(credits.as_micros()), credits_per_usd.as_micros());
        let per_usd = Some(i128::from(per_usd)).filter(|per_usd| *per_usd > 0);
        let parts = per_usd.and_then(|per_usd| {
            let whole = micros.div_euclid(per_usd).checked_mul(UNITS)?;
            let rest = micros.rem_euclid(per_usd).checked_mul(UNITS)?.div_euclid(per_usd);
            whole.checked_add(rest)
        });
        parts.map(Self).ok_or(DollarsFault::OutOfRange)
    }

    /// In millionths of a dollar, the rest cut off: enough for a ratio.
    pub(crate) const fn micros_cut_off(self) -> i128 {
        self.0 / (UNITS / 1_000_000)
    }

    /// To the nearest hundredth of a cent, with all four decimals, for columns.
    pub(crate) fn shown(self) -> String {
        let unit = 10_i128.pow(DECIMALS - SHOWN_DECIMALS);
        let (whole, rest) = (self.0.div_euclid(unit), self.0.rem_euclid(unit));
        let nearest = whole + i128::from(rest >= unit / 2);
        let one = 10_u128.pow(SHOWN_DECIMALS);
        let sign = if nearest < 0 { "-" } else { "" };
        let absolute = nearest.unsigned_abs();
        format!("{sign}{}.{:04}", absolute / one, absolute % one)
    }
}

impl FromStr for Dollars {
    type Err = DollarsFault;

    fn from_str(text: &str) -> Result<Self, DollarsFault> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = match rest.split_once(['e', 'E']) {
            Some((digits, exponent)) => {
                (digits, exponent.parse::<i8>().map_err(|_| DollarsFault::Syntax)?)
            }
            None => (rest, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(DollarsFault::Syntax);
        }
        let fraction = fraction.trim_end_matches('0');
        let mut value = 0_i128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = i128::from(digit - b'0');
            value = value
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit))
                .ok_or(DollarsFault::OutOfRange)?;
        }
        let decimals = i64::try_from(fraction.len()).map_err(|_| DollarsFault::TooManyDecimals)?;
        let shift = i64::from(DECIMALS) - decimals + i64::from(exponent);
        Ok(Self(if is_negative { -shifted(value, shift)? } else { shifted(value, shift)? }))
    }
}

/// `value` times 10^`shift`, where that is whole.
fn shifted(value: i128, shift: i64) -> Result<i128, DollarsFault> {
    if value == 0 {
        return Ok(0);
    }
    let power = u32::try_from(shift.unsigned_abs()).ok().and_then(|by| 10_i128.checked_pow(by));
    match (power, shift < 0) {
        (Some(power), true) if value % power == 0 => Ok(value / power),
        (_, true) => Err(DollarsFault::TooManyDecimals),
        (Some(power), false) => value.checked_mul(power).ok_or(DollarsFault::OutOfRange),
        (None, false) => Err(DollarsFault::OutOfRange),
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = UNITS.unsigned_abs();
        let (whole, fraction) = (self.0.unsigned_abs() / one, self.0.unsigned_abs() % one);
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{fraction:024}");
        match text.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const EXPECTED: &str = "an amount of US dollars as a decimal string, like \"0.0125\"";

impl Read for Dollars {
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.parsed(EXPECTED, Self::ZERO)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Dollars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Dollars, E> {
                text.parse().map_err(|fault| E::custom(format_args!("`{text}` is {fault}")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dollars, DollarsFault};

    #[test]
    fn bills_are_read_in_any_decimal_form_and_written_in_one() {
        for (text, written, shown) in [
            ("0", "0", "0.0000"),
            ("0.50", "0.5", "0.5000"),
            ("007", "7", "7.0000"),
            ("-1.25", "-1.25", "-1.2500"),
            ("1.2e-05", "0.000012", "0.0000"),
            ("1.5E3", "1500", "1500.0000"),
            ("120e-1", "12", "12.0000"),
            ("0.00005", "0.00005", "0.0001"),
            ("-0.00015", "-0.00015", "-0.0001"),
            ("-0.00016", "-0.00016", "-0.0002"),
            ("1.2340000000000001e-07", "0.00000012340000000000001", "0.0000"),
            ("170000000000000", "170000000000000", "170000000000000.0000"),
            ("0e99", "0", "0.0000"),
        ] {
            let dollars: Dollars = text.parse().unwrap();
            assert_eq!((dollars.to_string(), dollars.shown()), (written.into(), shown.into()));
            assert_eq!(written.parse(), Ok(dollars));
        }
    }

    #[test]
    fn what_is_no_amount_says_why() {
        let (syntax, decimals) = (DollarsFault::Syntax, DollarsFault::TooManyDecimals);
        for (text, fault) in [
            ("", syntax),
            ("-", syntax),
            (".5", syntax),
            ("5.", syntax),
            ("+1", syntax),
            ("$1", syntax),
            ("1,5", syntax),
            ("1e", syntax),
            ("1e1000", syntax),
            ("1e1.5", syntax),
            ("NaN", syntax),
            ("\u{0661}", syntax),
            ("1e-25", decimals),
            ("1e-99", decimals),
            ("0.0000000000000000000000001", decimals),
            ("1e15", DollarsFault::OutOfRange),
            ("1e99", DollarsFault::OutOfRange),
            ("1000000000000000000000000000000000000000", DollarsFault::OutOfRange),
        ] {
            assert_eq!(text.parse::<Dollars>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn credits_are_worth_what_their_price_says_rounded_down() {
        for (credits, per_usd, worth) in [
            ("12.5", "100", "0.125"),
            ("0.000001", "100", "0.00000001"),
            ("1", "3", "0.333333333333333333333333"),
            ("-1", "3", "-0.333333333333333333333334"),
            ("9223372036854.775807", "1000000", "9223372.036854775807"),
        ] {
            let [credits, per_usd] = [credits, per_usd].map(|text| text.parse().unwrap());
            assert_eq!(Dollars::worth_rounded_down(credits, per_usd).unwrap().to_string(), worth);
        }
        let none = Dollars::worth_rounded_down("1".parse().unwrap(), "0".parse().unwrap());
        assert_eq!(none, Err(DollarsFault::OutOfRange));
    }
}
