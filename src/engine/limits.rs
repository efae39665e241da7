//! A person's own limits: what they allow themselves to spend, and when they want to be warned.
//!
//! A limit is about what may be spent, so what is held counts as spent until it is given back.
//! A day begins at midnight UTC, as everywhere. What was spent today is kept only while there is
//! a daily limit, and counts from when that was set.

use crate::account::{Account, Answer, Change, Refused};
use crate::amount::Credits;
use crate::checked::fields;
use crate::denial::Denial;
use crate::entry::{Event, Movements};
use crate::period;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a person set; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Limits {
    /// The most that one message may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_action: Option<Credits>,
    /// The most that may be spent on one day, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Credits>,
    /// A balance below which the person is warned; it stops nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_below: Option<Credits>,
}

fields! {
    Limits { per_action or default, per_day or default, warn_below or default }
}

/// What was spent on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentToday {
    /// The day's first instant, in UTC.
    pub day: Timestamp,
    /// How much.
    pub amount: Credits,
}

impl Limits {
    /// Whether nothing was set.
    pub const fn is_none(&self) -> bool {
        self.per_action.is_none() && self.per_day.is_none() && self.warn_below.is_none()
    }
}

impl SpentToday {
    /// Nothing yet, on the day of `at`.
    pub(crate) const fn new(at: Timestamp) -> Self {
        Self { day: at.midnight(), amount: Credits::ZERO }
    }

    /// What of it was spent on the day of `now`.
    fn on(self, now: Timestamp) -> Credits {
        if self.day == now.midnight() { self.amount } else { Credits::ZERO }
    }
}

/// What an account's limits leave for one more hold; absent where none is set.
pub(crate) fn limit_left(account: &Account, held: Credits, now: Timestamp) -> Option<Credits> {
    let Limits { per_action, per_day, .. } = account.limits;
    let spent = account.spent_today.map_or(Credits::ZERO, |spent| spent.on(now));
    // Where the sum is beyond any amount, nothing is left.
    let taken = spent.add(held).unwrap_or(Credits::MAX);
    let of_day = per_day.map(|most| most.sub(taken).unwrap_or_default().max(Credits::ZERO));
    [per_action, of_day].into_iter().flatten().min()
}

/// Puts limits in the place of those that were. The same again changes nothing.
///
/// # Errors
/// [`Refused::Denied`] with `request_invalid` where one is below zero.
pub fn set_limits(account: &Account, limits: &Limits, now: Timestamp) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let amounts = [
        ("per_action", limits.per_action),
        ("per_day", limits.per_day),
        ("warn_below", limits.warn_below),
    ];
    for (path, amount) in amounts {
        if amount.is_some_and(Credits::is_negative) {
            let message = "a limit is zero or more; leave it out for none";
            return Err(Denial::request_invalid(path, message).into());
        }
    }
    let mut draft = period::advance_draft(account, now)?;
    if draft.account().limits != *limits {
        draft.append(now, Event::LimitsChanged { limits: *limits }, Movements::default())?;
    }
    Ok(draft.finish(Answer::Limited(*limits)))
}
