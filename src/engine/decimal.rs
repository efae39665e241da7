//! Fixed-point decimals as text: the one parser and the one printer behind every amount.
//!
//! The form is canonical, so that equal values have equal bytes: digits, then at most the stated
//! number of decimals, no trailing zeros, no leading zeros, no exponent, no `+`, no `-0`.

use alloc::vec::Vec;
use core::fmt;

/// Why a text is not a canonical decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalFault {
    /// It is not written as digits with an optional sign and fraction, or not canonically.
    Syntax,
    /// It has more decimals than the type holds.
    TooManyDecimals {
        /// How many the type holds.
        decimals_max: u32,
    },
    /// It is outside the range of the type.
    OutOfRange,
}

impl fmt::Display for DecimalFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str(
                "not a canonical decimal: write digits with an optional fraction, as `12.5`, \
                 without leading or trailing zeros, sign `+` or exponent",
            ),
            Self::TooManyDecimals { decimals_max } => {
                write!(f, "too many decimals: at most {decimals_max} are kept")
            }
            Self::OutOfRange => f.write_str("out of range"),
        }
    }
}

impl core::error::Error for DecimalFault {}

/// Reads a canonical decimal as a whole number of units of 10^-`decimals`.
pub(crate) fn parse(text: &str, decimals: u32) -> Result<i128, DecimalFault> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // As `split_once`, whose search for any character is larger than all of this.
    let point = digits.bytes().position(|byte| byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
    let fraction = fraction.strip_prefix('.');
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !all_digits(whole) {
        return Err(DecimalFault::Syntax);
    }
    let fraction = match fraction {
        None => "",
        Some(text) if text.is_empty() || text.ends_with('0') || !all_digits(text) => {
            return Err(DecimalFault::Syntax);
        }
        Some(text) => text,
    };
    let fraction_len = u32::try_from(fraction.len()).map_err(|_| DecimalFault::OutOfRange)?;
    let missing = decimals
        .checked_sub(fraction_len)
        .ok_or(DecimalFault::TooManyDecimals { decimals_max: decimals })?;

    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(byte.wrapping_sub(b'0'));
        value = value
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(digit))
            .ok_or(DecimalFault::OutOfRange)?;
    }
    let scale = 10_i128.checked_pow(missing).ok_or(DecimalFault::OutOfRange)?;
    let value = value.checked_mul(scale).ok_or(DecimalFault::OutOfRange)?;
    match (negative, value) {
        (true, 0) => Err(DecimalFault::Syntax),
        (true, _) => value.checked_neg().ok_or(DecimalFault::OutOfRange),
        (false, _) => Ok(value),
    }
}

/// The digits of the longest value, 39 of an `i128`, and of the zeros before a small one.
const DIGITS_MAX: usize = 64;
/// How many digits the lower half of a value has that is longer than 64 bits.
const HALF_DIGITS: u32 = 19;
const HALF: u128 = 10_000_000_000_000_000_000;

/// A number whose text form is a canonical decimal.
pub trait DecimalText {
    /// Puts the text form, which is ASCII, to the end of `text`: several times as fast as by
    /// `Display`.
    fn put_to(&self, text: &mut Vec<u8>);
}

/// Writes `value` units of 10^-`decimals`, from 1 to 18 of them, in the form that [`parse`] reads.
pub(crate) fn write(f: &mut dyn fmt::Write, value: i128, decimals: u32) -> fmt::Result {
    let mut room = [0; DIGITS_MAX];
    let digits = digits_in(&mut room, value, decimals);
    // Digit by digit: to check that they are a text takes more code than all of this.
    digits.iter().try_for_each(|digit| f.write_char(char::from(*digit)))
}

/// As [`write`], to the end of a text.
pub(crate) fn put(text: &mut Vec<u8>, value: i128, decimals: u32) {
    let mut room = [0; DIGITS_MAX];
    text.extend_from_slice(digits_in(&mut room, value, decimals));
}

/// The characters of the text form, at the end of `room`: the last digit is made first.
fn digits_in(room: &mut [u8; DIGITS_MAX], value: i128, decimals: u32) -> &[u8] {
    let (mut rest, mut high) = halves(value.unsigned_abs());
    let mut fraction = decimals;
    // Most amounts have few decimals of the many that they could have.
    while fraction > 4 && high == 0 && rest.checked_rem(10_000) == Some(0) {
        rest = rest.checked_div(10_000).unwrap_or(0);
        fraction = fraction.saturating_sub(4);
    }
    let mut is_trimmed = true;
    let mut place: u32 = 0;
    let mut from = DIGITS_MAX;
    let mut put = |byte: u8| {
        from = from.saturating_sub(1);
        if let Some(slot) = room.get_mut(from) {
            *slot = byte;
        }
    };
    loop {
        if place == HALF_DIGITS && high > 0 {
            (rest, high) = (high, 0);
        }
        place = place.saturating_add(1);
        let tens = rest.checked_div(10).unwrap_or(0);
        let digit = u8::try_from(rest.wrapping_sub(tens.wrapping_mul(10))).unwrap_or(0);
        rest = tens;
        is_trimmed = is_trimmed && digit == 0;
        if !is_trimmed {
            put(b'0'.wrapping_add(digit));
        }
        match fraction {
            0 if rest == 0 && high == 0 => break,
            1 => {
                if !is_trimmed {
                    put(b'.');
                }
                is_trimmed = false;
                fraction = 0;
            }
            _ => fraction = fraction.saturating_sub(1),
        }
    }
    if value < 0 {
        put(b'-');
    }
    room.get(from..).unwrap_or_default()
}

/// A value as two numbers of 64 bits, which every machine divides by itself: the upper one is
/// worth [`HALF`], and zero where the lower one holds all.
fn halves(value: u128) -> (u64, u64) {
    let half = |half: Option<u128>| half.and_then(|half| u64::try_from(half).ok()).unwrap_or(0);
    match u64::try_from(value) {
        Ok(value) => (value, 0),
        Err(_) => (half(value.checked_rem(HALF)), half(value.checked_div(HALF))),
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Gives a newtype over an integer its text form: `FromStr`, `Display`, and serde as a string.
///
/// `$to_units` reads the inner integer, `$from_units` makes the value from an `i128` or says
/// [`DecimalFault::OutOfRange`].
macro_rules! decimal_text {
    ($type:ident, $decimals:expr, $what:literal) => {
        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::decimal::write(f, self.to_units(), $decimals)
            }
        }

        impl $crate::decimal::DecimalText for $type {
            fn put_to(&self, text: &mut alloc::vec::Vec<u8>) {
                $crate::decimal::put(text, self.to_units(), $decimals);
            }
        }

        impl core::str::FromStr for $type {
            type Err = $crate::decimal::DecimalFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::from_units($crate::decimal::parse(text, $decimals)?)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        $crate::checked::read_text!($type, $what, Self(0));
    };
}
pub(crate) use decimal_text;

#[cfg(test)]
mod tests {
    use super::{DecimalFault, parse, put, write};
    use alloc::string::String;

    #[test]
    fn canonical_forms_are_read_and_others_refused() {
        let syntax = Err(DecimalFault::Syntax);
        let cases = [
            ("0", Ok(0)),
            ("12.5", Ok(12_500_000)),
            ("0.000001", Ok(1)),
            ("-3", Ok(-3_000_000)),
            ("-0.5", Ok(-500_000)),
            ("", syntax),
            ("-", syntax),
            (".5", syntax),
            ("5.", syntax),
            ("05", syntax),
            ("00", syntax),
            ("1.50", syntax),
            ("1.0", syntax),
            ("-0", syntax),
            ("+1", syntax),
            ("1e3", syntax),
            (" 1", syntax),
            ("1 ", syntax),
            ("1,5", syntax),
            ("1.2.3", syntax),
            ("--1", syntax),
            ("\u{0661}", syntax),
            ("0.0000001", Err(DecimalFault::TooManyDecimals { decimals_max: 6 })),
            ("999999999999999999999999999999999999999", Err(DecimalFault::OutOfRange)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text, 6), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let near = |value: i128| [value - 1, value, value + 1, -value];
        let powers = (0..38).map(|power| 10_i128.pow(power));
        let larger = [i128::MAX - 1, i128::from(i64::MAX), i128::from(u64::MAX), 12_340_000];
        for value in powers.chain(larger).flat_map(near) {
            for decimals in [6, 16] {
                let mut text = String::new();
                write(&mut text, value, decimals).unwrap();
                assert_eq!(parse(&text, decimals), Ok(value), "{text}");
                let mut after = b"> ".to_vec();
                put(&mut after, value, decimals);
                assert_eq!(after.get(2..), Some(text.as_bytes()));
            }
        }
    }
}
