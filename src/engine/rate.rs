//! Rates: credits per so many units of a meter.

use crate::amount::Credits;
use crate::checked::{fields, read_integer};
use crate::decimal::{DecimalFault, decimal_text};
use core::fmt;
use serde::Serialize;

/// The dearest rate, per [`Per`] units (R6).
pub const RATE_MAX: Credits = Credits::from_micros(1_000_000_000_000);

/// Credits for `per` units of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Rate {
    /// What `per` units cost, up to [`RATE_MAX`].
    pub credits: Credits,
    /// How many units that price is for.
    pub per: Per,
    /// Says that a rate of zero is meant (R5).
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    pub free: bool,
}

fields! {
    Rate { credits, per, free or default }
}

impl Rate {
    /// Micro-credits for a million units, so that rates can be compared; a book has none for which
    /// that does not fit.
    pub(crate) fn micros_per_million(self) -> i64 {
        self.credits.as_micros().saturating_mul(self.per.per_million().into())
    }
}

/// How many units a rate is for: 1, 1 000 or 1 000 000, a plain number in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "1 | 1000 | 1000000"))]
#[serde(into = "u32")]
pub enum Per {
    /// One unit.
    One,
    /// A thousand units.
    Thousand,
    /// A million units.
    Million,
}

impl Per {
    /// How many times this goes into a million.
    pub(crate) const fn per_million(self) -> u32 {
        match self {
            Self::One => 1_000_000,
            Self::Thousand => 1_000,
            Self::Million => 1,
        }
    }
}

/// A rate is for another number of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerFault;

impl fmt::Display for PerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate is per 1, 1000 or 1000000 units")
    }
}

impl core::error::Error for PerFault {}

impl TryFrom<u64> for Per {
    type Error = PerFault;

    fn try_from(units: u64) -> Result<Self, PerFault> {
        match units {
            1 => Ok(Self::One),
            1_000 => Ok(Self::Thousand),
            1_000_000 => Ok(Self::Million),
            _ => Err(PerFault),
        }
    }
}

read_integer!(Per, "1, 1000 or 1000000", Self::One);

impl From<Per> for u32 {
    fn from(per: Per) -> Self {
        match per {
            Per::One => 1,
            Per::Thousand => 1_000,
            Per::Million => 1_000_000,
        }
    }
}

/// A factor with 4 decimals, from 0 to 1 000: a price's multiplier, or how many of a model's own
/// tokens one counted token makes. A canonical decimal string in JSON, `"1.4"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
pub struct Factor(u32);

impl Factor {
    /// The factor that changes nothing.
    pub const ONE: Self = Self(Self::PARTS);
    /// How many parts make one.
    const PARTS: u32 = 10_000;
    /// The largest, in parts (R6).
    const PARTS_MAX: i128 = 10_000_000;

    /// The factor in parts of 1/10 000.
    pub(crate) const fn as_parts(self) -> u32 {
        self.0
    }

    /// Counts, each times its factor, added up and rounded down once; the largest number where that
    /// does not fit.
    pub(crate) fn scale_down(counts: &[(Self, u64)]) -> u64 {
        Self::scaled(counts, 0)
    }

    /// Counts, each times its factor, added up and rounded up once; the largest number where that
    /// does not fit.
    pub(crate) fn scale_up(counts: &[(Self, u64)]) -> u64 {
        Self::scaled(counts, Self::PARTS.saturating_sub(1))
    }

    fn scaled(counts: &[(Self, u64)], add: u32) -> u64 {
        // No count of ours comes near the end of the type; from there on the result is its end.
        let parts = counts.iter().try_fold(u64::from(add), |sum, (factor, count)| {
            sum.checked_add(count.checked_mul(factor.0.into())?)
        });
        parts.and_then(|parts| parts.checked_div(Self::PARTS.into())).unwrap_or(u64::MAX)
    }

    fn to_units(self) -> i128 {
        i128::from(self.0)
    }

    fn from_units(units: i128) -> Result<Self, DecimalFault> {
        if units > Self::PARTS_MAX {
            return Err(DecimalFault::OutOfRange);
        }
        u32::try_from(units).map(Self).map_err(|_| DecimalFault::OutOfRange)
    }
}

decimal_text!(Factor, 4, "a factor as a decimal string, like \"1.4\", from 0 to 1000");

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::{Factor, Rate};

    #[test]
    fn per_is_one_of_three() {
        let read = |per: u32| {
            serde_json::from_str::<Rate>(&alloc::format!(r#"{{"credits":"1","per":{per}}}"#))
        };
        for per in [1, 1_000, 1_000_000] {
            assert_eq!(u32::from(read(per).unwrap().per), per);
        }
        for per in [0, 2, 10, 100, 1_000_001] {
            assert!(read(per).is_err(), "{per}");
        }
    }

    #[test]
    fn a_factor_scales_down_and_up() {
        let factor: Factor = "1.15".parse().unwrap();
        let scaled = |counts: &[_]| (Factor::scale_down(counts), Factor::scale_up(counts));
        assert_eq!(scaled(&[(factor, 101)]), (116, 117));
        assert_eq!(scaled(&[(Factor::ONE, 7)]), (7, 7));
        assert_eq!(scaled(&[(factor, 101), (factor, 1)]), (117, 118), "rounded once");
        assert_eq!(scaled(&[(Factor::ONE, u64::MAX), (factor, 1)]), (u64::MAX, u64::MAX));
    }

    #[test]
    fn r06_a_multiplier_is_at_most_1000_with_4_decimals() {
        assert!("1000".parse::<Factor>().is_ok());
        for text in ["1000.0001", "1.00001", "-1"] {
            assert!(text.parse::<Factor>().is_err(), "{text}");
        }
    }
}
