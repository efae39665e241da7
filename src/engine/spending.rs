//! What an account spent: sums of its charges by day, task and model, and how long the rest lasts.
//!
//! Both are for people and decide nothing. A charge belongs to the day on which its answer ended,
//! in UTC, and is what that took from the balance: a statement's lines of the same days sum up to
//! the same.

use crate::account::LedgerFault;
use crate::amount::Credits;
use crate::entry::{Entry, Event};
use crate::id::ModelId;
use crate::lot::{Lot, burn_down};
use crate::request::Task;
use crate::settle::LegEnd;
use crate::statement::{Tasks, settled_change};
use crate::time::Timestamp;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use serde::Serialize;

/// A balance that lasts longer than this is said to last so long at least, in days.
pub const LASTS_DAYS_MAX: i64 = 366;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// What was spent on one day by one task with one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Spending {
    /// The first instant of the day, in UTC.
    pub day: Timestamp,
    /// The task.
    pub task: Task,
    /// The model.
    pub model: ModelId,
    /// How many of its answers ended.
    #[cfg_attr(test, ts(type = "number"))]
    pub answers: u64,
    /// What they cost together.
    pub charge: Credits,
}

/// Sums up charges, entry by entry.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    sums: BTreeMap<(Timestamp, Task, ModelId), (u64, Credits)>,
}

impl Tally {
    /// Adds an entry, where it is the end of an answer. `tasks` has the task of its hold.
    ///
    /// # Errors
    /// [`LedgerFault`]: a sum leaves the range, or the hold's task is missing.
    pub fn add(&mut self, entry: &Entry, tasks: &Tasks) -> Result<(), LedgerFault> {
        let Event::LegEnded { action_id, end: LegEnd::Settled(settled), .. } = &entry.event else {
            return Ok(());
        };
        let task = *tasks.get(action_id).ok_or(LedgerFault::Missing)?;
        let change = settled_change(entry)?;
        let of = (entry.at.midnight(), task, settled.model.clone());
        let (answers, charge) = self.sums.entry(of).or_default();
        *answers = answers.saturating_add(1);
        *charge = charge.sub(change)?;
        Ok(())
    }

    /// The sums, by day, then task, then model.
    pub fn spending(self) -> Vec<Spending> {
        let of = |((day, task, model), (answers, charge))| Spending {
            day,
            task,
            model,
            answers,
            charge,
        };
        self.sums.into_iter().map(of).collect()
    }
}

/// How long a balance lasts at the pace of a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Forecast {
    /// Since when the pace was taken.
    pub since: Timestamp,
    /// What was spent since then.
    pub spent: Credits,
    /// When nothing is left, at that pace and without new credits; absent where nothing was spent,
    /// where there is nothing now, or where it is more than [`LASTS_DAYS_MAX`] away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// How long what is not held in `lots` lasts from `now` on, where `spent` was spent since `since`.
/// Lots are used in their order, and what is left of one at its end is lost.
pub fn forecast(lots: &[Lot], since: Timestamp, spent: Credits, now: Timestamp) -> Forecast {
    Forecast { since, spent, until: until(lots, since, spent, now) }
}

fn until(lots: &[Lot], since: Timestamp, spent: Credits, now: Timestamp) -> Option<Timestamp> {
    let window = i128::from(now.as_millis().checked_sub(since.as_millis())?);
    let spent = i128::from(spent.as_micros());
    let latest = now.as_millis().checked_add(LASTS_DAYS_MAX.checked_mul(MILLIS_PER_DAY)?)?;
    let mut left: Vec<&Lot> = lots.iter().filter(|lot| lot.available > Credits::ZERO).collect();
    let mut at = now;
    loop {
        let usable = left.iter().enumerate().filter(|(_, lot)| lot.is_usable(at));
        let next = usable.min_by(|(_, one), (_, other)| burn_down(one, other));
        let Some((index, lot)) = next else { break };
        // Nothing was spent, or the window is empty: no pace.
        let lasts =
            i128::from(lot.available.as_micros()).checked_mul(window)?.checked_div(spent)?;
        let empty_at = i128::from(at.as_millis()).checked_add(lasts)?;
        let ends_at = lot.expires_at.map_or(i128::MAX, |end| i128::from(end.as_millis()));
        let millis = i64::try_from(empty_at.min(ends_at)).ok().filter(|end| *end <= latest)?;
        at = Timestamp::from_millis(millis).ok()?;
        left.remove(index);
    }
    (at > now).then_some(at)
}
