//! Decimals of a price list, exactly: read as they are written, and never rounded.
//!
//! A price that has no exact rate in a book's units (R6) has none here either: whoever asks is told
//! why, and decides.

use kumari_engine::amount::Credits;
use kumari_engine::rate::{Per, RATE_MAX, Rate};

/// More digits than any price has; longer ones are remains of somebody's binary arithmetic.
const DIGITS_MAX: usize = 30;
/// Farther from one than any price is.
const EXPONENT_MAX: i32 = 60;
/// The decimals of a rate (R2).
const RATE_DECIMALS: i32 = 6;

/// The units that tokens are priced by, the one that is tried first at the front.
pub(crate) const BY_THE_MILLION: [Per; 3] = [Per::Million, Per::Thousand, Per::One];
/// The units that things are priced by, of which one is much.
pub(crate) const BY_THE_PIECE: [Per; 3] = [Per::One, Per::Thousand, Per::Million];

/// `digits` times ten to the `exponent`, not negative, and with no zero at the end of `digits`: so
/// one value has one form, and needs exactly as many decimals as its exponent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    exponent: i32,
}

/// Why a price is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateFault {
    /// It has more decimals than a rate has, whichever number of units it is for.
    NotExact,
    /// It is above the dearest rate.
    TooDear,
}

impl Decimal {
    /// No price.
    pub(crate) const ZERO: Self = Self { digits: 0, exponent: 0 };

    /// Reads a number as JSON writes it; none where it is negative, has more than 30 digits, or is
    /// no decimal number.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        if whole.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let significant = digits.trim_matches('0');
        if significant.len() > DIGITS_MAX || exponent.abs() > EXPONENT_MAX {
            return None;
        }
        let zeros_after = digits.len().checked_sub(digits.trim_end_matches('0').len())?;
        let shift =
            i32::try_from(zeros_after).ok()?.checked_sub(fraction.len().try_into().ok()?)?;
        match significant {
            "" => Some(Self::ZERO),
            _ => Some(Self {
                digits: significant.parse().ok()?,
                exponent: exponent.checked_add(shift)?,
            }),
        }
    }

    /// Whether a text is a number with more digits than are read.
    pub(crate) fn is_too_long(text: &str) -> bool {
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
        let number = text.split(['e', 'E']).next().unwrap_or_default();
        text.starts_with(|first: char| first.is_ascii_digit()) && digits(number) > DIGITS_MAX
    }

    /// Whether it is nothing.
    pub(crate) const fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether it is more than `other`.
    pub(crate) fn is_above(self, other: Self) -> bool {
        // Far apart, their places alone decide.
        let places = |one: Self, decimals: i32| one.shifted(decimals).units(0);
        let decimals = self.exponent.min(other.exponent).saturating_neg();
        match (places(self, decimals), places(other, decimals)) {
            (Ok(one), Ok(other)) => one > other,
            (Err(_), Ok(_)) => true,
            (Ok(_) | Err(_), Err(_)) => false,
        }
    }

    /// The same as a count; none where it is no whole number, or a huge one.
    pub(crate) fn whole(self) -> Option<u64> {
        self.units(0).ok().and_then(|whole| whole.try_into().ok())
    }

    /// A millionth of it: the price of one token, from that of a million.
    pub(crate) const fn millionth(self) -> Self {
        self.shifted(-6)
    }

    /// `count` times it; none where that is beyond all prices.
    pub(crate) fn times(self, count: u32) -> Option<Self> {
        self.by(Self::read(&count.to_string())?)
    }

    fn by(self, other: Self) -> Option<Self> {
        let mut product = Self {
            digits: self.digits.checked_mul(other.digits)?,
            exponent: self.exponent.checked_add(other.exponent)?,
        };
        if product.is_zero() {
            return Some(Self::ZERO);
        }
        while product.digits.checked_rem(10) == Some(0) {
            product.digits = product.digits.checked_div(10)?;
            product.exponent = product.exponent.checked_add(1)?;
        }
        Some(product)
    }

    const fn shifted(self, places: i32) -> Self {
        if self.is_zero() {
            return self;
        }
        Self { digits: self.digits, exponent: self.exponent.saturating_add(places) }
    }

    /// How many units of 10^-`decimals` it has.
    fn units(self, decimals: i32) -> Result<i128, RateFault> {
        let places = self.exponent.checked_add(decimals).ok_or(RateFault::TooDear)?;
        let zeros = u32::try_from(places).map_err(|_| RateFault::NotExact)?;
        let power = 10_i128.checked_pow(zeros).ok_or(RateFault::TooDear)?;
        self.digits.checked_mul(power).ok_or(RateFault::TooDear)
    }

    /// The rate of what costs this many dollars each, for the first of these numbers of units that
    /// has an exact one within [`RATE_MAX`].
    ///
    /// # Errors
    /// [`RateFault`] where none has.
    pub(crate) fn rate(self, credits_per_usd: Credits, pers: [Per; 3]) -> Result<Rate, RateFault> {
        let credits = Self::read(&credits_per_usd.to_string())
            .and_then(|credits| self.by(credits))
            .ok_or(RateFault::NotExact)?;
        let mut fault = RateFault::NotExact;
        for per in pers {
            let places = match per {
                Per::One => 0,
                Per::Thousand => 3,
                Per::Million => 6,
            };
            let micros = credits.shifted(places).units(RATE_DECIMALS);
            match micros.and_then(|micros| micros.try_into().map_err(|_| RateFault::TooDear)) {
                Ok(micros) if Credits::from_micros(micros) <= RATE_MAX => {
                    return Ok(Rate { credits: Credits::from_micros(micros), per, free: false });
                }
                Err(RateFault::NotExact) => {}
                Ok(_) | Err(RateFault::TooDear) => fault = RateFault::TooDear,
            }
        }
        Err(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::{BY_THE_MILLION, BY_THE_PIECE, Decimal, RateFault};
    use kumari_engine::amount::Credits;
    use kumari_engine::rate::{Per, Rate};
    use proptest::prelude::*;

    fn read(text: &str) -> Decimal {
        Decimal::read(text).unwrap()
    }

    #[test]
    fn one_value_has_one_form() {
        for same in [
            &["1.25e-07", "0.000000125", "125E-9", "0.1250e-6", "1.25e-7"][..],
            &["3", "3.0", "0.3e1", "3e0", "0.03e+2"],
            &["0", "0.0", "0e-6", "00.000"],
            &["200000", "2e5", "200000.0"],
        ] {
            assert!(same.iter().all(|text| read(text) == read(same[0])), "{same:?}");
        }
        let noise = "0.0000001000000000000000000000000000000001";
        for not in ["-1", "-0", "", ".5", "1e", "1e61", "NaN", "1_0", "0x1", "1.2.3", "+1", noise] {
            assert_eq!(Decimal::read(not), None, "{not}");
        }
    }

    #[test]
    fn a_rate_is_exact_or_it_is_not() {
        let cases = [
            // Dollars for one, credits for a dollar: the rate by the million, and by the piece.
            ("2.5e-06", "100", Ok(("250", Per::Million)), Ok(("0.00025", Per::One))),
            ("1.25e-07", "100", Ok(("12.5", Per::Million)), Ok(("0.0125", Per::Thousand))),
            ("1e-14", "100", Ok(("0.000001", Per::Million)), Ok(("0.000001", Per::Million))),
            ("1e-15", "100", Err(RateFault::NotExact), Err(RateFault::NotExact)),
            ("9.499999999999999e-07", "100", Err(RateFault::NotExact), Err(RateFault::NotExact)),
            ("0.06", "100", Ok(("6000", Per::Thousand)), Ok(("6", Per::One))),
            ("0.06", "0.5", Ok(("30000", Per::Million)), Ok(("0.03", Per::One))),
            ("10000", "100", Ok(("1000000", Per::One)), Ok(("1000000", Per::One))),
            ("10000.01", "100", Err(RateFault::TooDear), Err(RateFault::TooDear)),
            ("1e60", "100", Err(RateFault::TooDear), Err(RateFault::TooDear)),
        ];
        for (usd, credits, by_the_million, by_the_piece) in cases {
            let credits: Credits = credits.parse().unwrap();
            let rate = |pers| read(usd).rate(credits, pers);
            let expected =
                |credits: &str, per| Rate { credits: credits.parse().unwrap(), per, free: false };
            assert_eq!(
                rate(BY_THE_MILLION),
                by_the_million.map(|(c, per)| expected(c, per)),
                "{usd}"
            );
            assert_eq!(rate(BY_THE_PIECE), by_the_piece.map(|(c, per)| expected(c, per)), "{usd}");
        }
        assert_eq!(read("0.1").times(8), Some(read("0.8")));
        assert_eq!(read("0.5").times(4), Some(read("2")));
        assert_eq!(read("3.75").millionth(), read("0.00000375"));
        for (more, less) in
            [("2", "1.99"), ("1e60", "1e-60"), ("0.1", "0"), ("10", "9"), ("1e3", "9")]
        {
            assert!(read(more).is_above(read(less)) && !read(less).is_above(read(more)), "{more}");
        }
        assert!(!read("1.0").is_above(read("1")));
    }

    proptest! {
        #[test]
        fn what_has_six_decimals_of_a_credit_is_read_back(micros in 1_i64..1_000_000_000_000) {
            let credits = Credits::from_micros(micros);
            // A dollar is worth a credit, and what is priced is one of a million.
            let usd = read(&credits.to_string()).millionth();
            let rate = usd.rate(Credits::from_micros(1_000_000), BY_THE_MILLION).unwrap();
            prop_assert_eq!((rate.credits, rate.per), (credits, Per::Million));
        }
    }
}
