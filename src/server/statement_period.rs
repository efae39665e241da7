//! Which period a statement is about: a month, or from one time to another.

use crate::problem::{Answer, Problem};
use kumari_engine::time::Timestamp;

/// A half-open period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// Its first instant.
    pub(crate) from: Timestamp,
    /// The first instant after it.
    pub(crate) to: Timestamp,
}

/// Why no period was named.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub(crate) struct PeriodFault {
    /// Which of the three texts is at fault.
    pub(crate) field: &'static str,
    /// What to write.
    pub(crate) message: &'static str,
}

const fn fault(field: &'static str, message: &'static str) -> PeriodFault {
    PeriodFault { field, message }
}

/// What a query says of a period.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeriodQuery {
    month: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

impl PeriodQuery {
    /// Takes a parameter, and says whether it is one of a period's.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> bool {
        let place = match name {
            "month" => &mut self.month,
            "from" => &mut self.from,
            "to" => &mut self.to,
            _ => return false,
        };
        *place = Some(value.to_owned());
        true
    }

    /// The period, as [`Period::read`] says.
    pub(crate) fn period(&self, now: Timestamp) -> Answer<Period> {
        Period::read(self.month.as_deref(), self.from.as_deref(), self.to.as_deref(), now)
            .map_err(|fault| Problem::invalid(fault.field, fault.message))
    }
}

impl Period {
    /// The month, or what is between two times, of which either may be absent; without any of them
    /// the month of `now`.
    pub(crate) fn read(
        month: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, PeriodFault> {
        match (month, from, to) {
            (Some(month), None, None) => {
                Self::month(month).ok_or(fault("month", "write a month as `2026-11`"))
            }
            (Some(_), _, _) => Err(fault("month", "name a month, or `from` and `to`, not both")),
            (None, None, None) => {
                let this: String = now.to_string().chars().take(7).collect();
                Self::month(&this).ok_or(fault("month", "this month has no end; name `from`"))
            }
            (None, from, to) => {
                let words = "write a date as `2026-11-30` or a time as `2026-11-30T10:00:00Z`, UTC";
                let read = |field, text: Option<&str>, default: Option<Timestamp>| {
                    text.map_or(default, instant).ok_or(fault(field, words))
                };
                let from = read("from", from, Some(Timestamp::default()))?;
                let to = read("to", to, "9999-12-31T23:59:59.999Z".parse().ok())?;
                if from < to {
                    Ok(Self { from, to })
                } else {
                    Err(fault("to", "a period ends after it begins"))
                }
            }
        }
    }

    fn month(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let (year, month): (u16, u16) = (year.parse().ok()?, month.parse().ok()?);
        let next =
            if month < 12 { (year, month.saturating_add(1)) } else { (year.saturating_add(1), 1) };
        let begin = |(year, month): (u16, u16)| instant(&format!("{year:04}-{month:02}-01"));
        // Other spellings of a month are refused, as other spellings of a time are.
        let is_canonical = text == format!("{year:04}-{month:02}");
        Some(Self { from: begin((year, month))?, to: begin(next)? }).filter(|_| is_canonical)
    }
}

/// A time, or the first instant of a day.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::Period;

    fn read(month: &str, from: &str, to: &str) -> Result<(String, String), &'static str> {
        let given = |text: &'static str| (!text.is_empty()).then_some(text);
        let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let now = "2026-12-31T23:59:59Z".parse().unwrap();
        Period::read(given(leak(month)), given(leak(from)), given(leak(to)), now)
            .map(|period| (period.from.to_string(), period.to.to_string()))
            .map_err(|fault| fault.field)
    }

    #[test]
    fn a_period_is_a_month_or_what_is_between_two_times() {
        let is = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        let end = "9999-12-31T23:59:59.999Z";
        for (month, from, to, expected) in [
            ("2026-11", "", "", is("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")),
            ("2026-12", "", "", is("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")),
            ("", "", "", is("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")),
            ("", "2026-11-02", "2026-11-03", is("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z")),
            ("", "2026-11-02T10:00:00Z", "", is("2026-11-02T10:00:00Z", end)),
            ("", "", "2026-11-02", is("1970-01-01T00:00:00Z", "2026-11-02T00:00:00Z")),
            ("2026-13", "", "", Err("month")),
            ("2026-00", "", "", Err("month")),
            ("2026-1", "", "", Err("month")),
            ("9999-12", "", "", Err("month")),
            ("november", "", "", Err("month")),
            ("2026-11", "2026-11-02", "", Err("month")),
            ("", "2026-02-30", "", Err("from")),
            ("", "", "tomorrow", Err("to")),
            ("", "2026-11-02", "2026-11-02", Err("to")),
        ] {
            assert_eq!(read(month, from, to), expected, "{month} {from} {to}");
        }
    }
}
