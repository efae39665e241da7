//! Points in time: milliseconds since 1970, written as RFC 3339 in UTC.
//!
//! The engine never asks what time it is; `now` is an argument. Periods are half-open everywhere:
//! the first instant belongs, the last does not.

use crate::checked::read_text;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;
use serde::{Serialize, Serializer};

/// A point in time, in whole milliseconds since 1970-01-01T00:00:00Z, from 1970 to 9999.
///
/// In JSON `"2026-03-15T10:00:00Z"`, with exactly three decimals of a second where they are not
/// zero. Other spellings of the same instant are refused: one value, one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
pub struct Timestamp(i64);

/// A text or number is not a point in time from 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampFault;

impl fmt::Display for TimestampFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a time: write UTC as `2026-03-15T10:00:00Z`, milliseconds as `.250` where not zero",
        )
    }
}

impl core::error::Error for TimestampFault {}

const MILLIS_PER_DAY: i64 = 86_400_000;
const MILLIS_MAX: i64 = 253_402_300_799_999;
/// The length of `2026-03-15T10:00:00.250Z`.
const TEXT_MAX: usize = 24;

impl Timestamp {
    /// The time `millis` milliseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`TimestampFault`] outside the years 1970 to 9999.
    pub const fn from_millis(millis: i64) -> Result<Self, TimestampFault> {
        if millis < 0 || millis > MILLIS_MAX { Err(TimestampFault) } else { Ok(Self(millis)) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The first instant of its day, in UTC.
    #[must_use]
    pub const fn midnight(self) -> Self {
        Self(self.0.wrapping_sub(self.0.rem_euclid(MILLIS_PER_DAY)))
    }

    /// The time `seconds` later, at most the end of the year 9999.
    pub fn plus_seconds(self, seconds: u32) -> Self {
        let millis = i64::from(seconds).saturating_mul(1_000).saturating_add(self.0);
        Self(millis.min(MILLIS_MAX))
    }

    /// The same day and time of day `months` months later, or the last day of a month that is too
    /// short (R35); at most the end of the year 9999.
    pub fn plus_months(self, months: u32) -> Self {
        let (year, month, day) = civil_from_days(self.0.div_euclid(MILLIS_PER_DAY));
        let (year, month) = month_after(year, month, months);
        let days = days_from_civil(year, month, day.min(days_in_month(year, month)));
        let of_day = self.0.rem_euclid(MILLIS_PER_DAY);
        Self(days.saturating_mul(MILLIS_PER_DAY).saturating_add(of_day).min(MILLIS_MAX))
    }

    /// How many months `later` is after this, by their months alone; none where it is before.
    pub(crate) fn calendar_months_to(self, later: Self) -> u32 {
        let months = |time: Self| {
            let (year, month, _) = civil_from_days(time.0.div_euclid(MILLIS_PER_DAY));
            year.saturating_mul(12).saturating_add(month)
        };
        u32::try_from(months(later).saturating_sub(months(self))).unwrap_or(0)
    }

    /// The one text of it. A command's answer and what is stored of it have dozens of times, so they
    /// are put together digit by digit, in a tenth of what formatting takes.
    fn text(self, room: &mut [u8; TEXT_MAX]) -> &[u8] {
        let (year, month, day) = civil_from_days(self.0.div_euclid(MILLIS_PER_DAY));
        let of_day = self.0.rem_euclid(MILLIS_PER_DAY);
        let part = |divisor: i64, modulus: i64| of_day.div_euclid(divisor).rem_euclid(modulus);
        let millis = part(1, 1_000);
        let parts = [
            (year, 4, b'-'),
            (month, 2, b'-'),
            (day, 2, b'T'),
            (part(3_600_000, 24), 2, b':'),
            (part(60_000, 60), 2, b':'),
            (part(1_000, 60), 2, if millis == 0 { b'Z' } else { b'.' }),
            (millis, 3, b'Z'),
        ];
        let count = if millis == 0 { 6 } else { 7 };
        let mut length: usize = 0;
        for (number, digits, end) in parts.into_iter().take(count) {
            let from = length;
            length = length.saturating_add(digits);
            let mut rest = number;
            for slot in room.get_mut(from..length).into_iter().flatten().rev() {
                *slot = b'0'.wrapping_add(u8::try_from(rest.rem_euclid(10)).unwrap_or(0));
                rest = rest.div_euclid(10);
            }
            room.get_mut(length).into_iter().for_each(|slot| *slot = end);
            length = length.saturating_add(1);
        }
        room.get(..length).unwrap_or_default()
    }

    /// How many milliseconds lie between the two, whichever is first.
    pub(crate) const fn distance(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // To check that they are a text takes more code than all of this.
        let mut room = [0; TEXT_MAX];
        let text: String = self.text(&mut room).iter().copied().map(char::from).collect();
        f.write_str(&text)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampFault;

    fn from_str(text: &str) -> Result<Self, TimestampFault> {
        let number = |from: usize, to: usize| -> Option<i64> {
            let mut bytes = text.get(from..to)?.bytes();
            bytes.try_fold(0_i64, |number, byte| {
                let digit = i64::from(byte.wrapping_sub(b'0'));
                byte.is_ascii_digit().then(|| number.wrapping_mul(10).wrapping_add(digit))
            })
        };
        // Numbers of at most four digits: nothing here comes near the range of its type.
        let parse = || {
            let days = days_from_civil(number(0, 4)?, number(5, 7)?, number(8, 10)?);
            let minutes = number(11, 13)?.wrapping_mul(60).wrapping_add(number(14, 16)?);
            let seconds = minutes.wrapping_mul(60).wrapping_add(number(17, 19)?);
            let millis = if text.len() == 24 { number(20, 23)? } else { 0 };
            let of_day = seconds.wrapping_mul(1_000).wrapping_add(millis);
            Some(days.wrapping_mul(MILLIS_PER_DAY).wrapping_add(of_day))
        };
        let time = parse().and_then(|millis| Self::from_millis(millis).ok());
        // Whatever is out of range or spelt otherwise does not come back as the same text.
        time.filter(|time| time.text(&mut [0; TEXT_MAX]) == text.as_bytes()).ok_or(TimestampFault)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

read_text!(Timestamp, "a time, like \"2026-03-15T10:00:00Z\"", Self(0));

/// Year, month and day of a count of days since 1970-01-01, in the Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`; here
/// for days from 1970 on only, in years that begin on 1 March. No sum comes near the range of its
/// type, here and in its inverse: a year has at most ten digits.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days.wrapping_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let leap_days = day_of_era
        .div_euclid(1_460)
        .wrapping_sub(day_of_era.div_euclid(36_524))
        .wrapping_add(day_of_era.div_euclid(146_096));
    let year_of_era = day_of_era.wrapping_sub(leap_days).div_euclid(365);
    let days_before = year_of_era
        .wrapping_mul(365)
        .wrapping_add(year_of_era.div_euclid(4))
        .wrapping_sub(year_of_era.div_euclid(100));
    let day_of_year = day_of_era.wrapping_sub(days_before);
    let month_from_march = day_of_year.wrapping_mul(5).wrapping_add(2).div_euclid(153);
    let days_before_month = month_from_march.wrapping_mul(153).wrapping_add(2).div_euclid(5);
    let day = day_of_year.wrapping_sub(days_before_month).wrapping_add(1);
    let month = month_from_march.wrapping_add(2).rem_euclid(12).wrapping_add(1);
    let year = year_of_era.wrapping_add(era.wrapping_mul(400)).wrapping_add(i64::from(month <= 2));
    (year, month, day)
}

/// The inverse of [`civil_from_days`]; a day or month out of range gives some other date's count.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year.wrapping_sub(i64::from(month <= 2));
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = month.wrapping_add(9).rem_euclid(12);
    let day_of_year = month_from_march
        .wrapping_mul(153)
        .wrapping_add(2)
        .div_euclid(5)
        .wrapping_add(day.wrapping_sub(1));
    year_of_era
        .wrapping_mul(365)
        .wrapping_add(year_of_era.div_euclid(4))
        .wrapping_sub(year_of_era.div_euclid(100))
        .wrapping_add(day_of_year)
        .wrapping_add(era.wrapping_mul(146_097))
        .wrapping_sub(719_468)
}

/// Year and month, `months` after the month given, which is 1 to 12.
fn month_after(year: i64, month: i64, months: u32) -> (i64, i64) {
    let months = month.saturating_sub(1).saturating_add(i64::from(months));
    (year.saturating_add(months.div_euclid(12)), months.rem_euclid(12).saturating_add(1))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = month_after(year, month, 1);
    days_from_civil(next_year, next_month, 1).saturating_sub(days_from_civil(year, month, 1))
}

#[cfg(test)]
mod tests {
    use super::{MILLIS_MAX, Timestamp};
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn known_instants() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2026-11-23T15:32:55.25Z", -1),
            ("2026-11-23T15:32:55.250Z", 1_795_447_975_250),
            ("9999-12-31T23:59:59.999Z", MILLIS_MAX),
        ] {
            let expected = Timestamp::from_millis(millis).ok();
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.000Z",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Zé",
            "1969-12-31T23:59:59Z",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_has_one_text(millis in 0..=MILLIS_MAX) {
            let time = Timestamp::from_millis(millis).unwrap();
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
