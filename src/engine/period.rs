//! Periods, and what time does to an account: lots and holds that end (R19, R26, R32, R35).
//!
//! Every command and every read first brings the account to `now`. So nobody can see or spend what
//! has expired, whether a sweeper has run or not. Time only ends: a period's credits come from its
//! payment ([`crate::payment`]), never from the calendar.

use crate::account::{Account, Action, Answer, Change, Draft, LedgerFault};
use crate::checked::fields;
use crate::entry::{Event, LedgerAccount, Movements};
use crate::id::ActionId;
use crate::lot::{Lot, LotId};
use crate::revoke;
use crate::settle::{LegEnd, release};
use crate::time::Timestamp;
use alloc::vec::Vec;
use serde::Serialize;

/// The periods of a subscription: half-open, `[start(n), start(n + 1))` (R35).
///
/// Each boundary is computed from the anchor, never from the one before: from 31 January a month
/// leads to 28 February, and two lead to 31 March.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Periods {
    /// When the first one began.
    pub anchor: Timestamp,
    /// How many months each has, 1 or 12.
    pub months: u32,
}

fields! {
    Periods { anchor, months }
}

impl Periods {
    /// When the `n`th period begins; the first is 0.
    pub fn start(&self, n: u32) -> Timestamp {
        self.anchor.plus_months(self.months.saturating_mul(n))
    }

    /// The period that a reported start belongs to: the one whose start is nearest (R36), the
    /// earlier of two that are equally near.
    pub fn nearest(&self, reported: Timestamp) -> u32 {
        let months = self.anchor.calendar_months_to(reported);
        // Months of different lengths shift a boundary by days, never by a period.
        let near = months.checked_div(self.months).unwrap_or(0);
        let candidates = near.saturating_sub(1)..=near.saturating_add(1);
        candidates.min_by_key(|n| self.start(*n).distance(reported)).unwrap_or(near)
    }
}

/// Brings `account` to `now`, or to the time of its last entry where that is later.
///
/// # Errors
/// [`LedgerFault`] where the account contradicts itself.
pub fn advance(account: &Account, now: Timestamp) -> Result<Change, LedgerFault> {
    Ok(advance_draft(account, now)?.finish(Answer::Advanced))
}

/// A draft that begins with everything that is due at `now`, oldest first; at one instant holds
/// before lots, so that what an expired hold gives back can still expire with its lot.
pub(crate) fn advance_draft(account: &Account, now: Timestamp) -> Result<Draft, LedgerFault> {
    let now = now.max(account.updated_at);
    let mut draft = Draft::new(account);
    while let Some((at, due)) = first_due(draft.account(), now) {
        match due {
            Due::Hold(action_id) => expire_hold(&mut draft, &action_id, at)?,
            Due::Lot(lot) => expire_lot(&mut draft, lot, at)?,
        }
    }
    Ok(draft)
}

/// Deals at once with what was given back to lots that cannot keep it: it pays a lot's debt (R39),
/// is revoked with its lot, or expires with it (R25).
pub(crate) fn settle_lots(draft: &mut Draft, at: Timestamp) -> Result<(), LedgerFault> {
    let lots = draft.account().lots.iter().filter(|lot| lot.available.is_positive());
    let lots: Vec<Lot> =
        lots.filter(|lot| lot.debt.is_positive() || lot.is_over(at)).cloned().collect();
    for lot in lots {
        let owed = lot.available.min(lot.debt);
        if owed.is_positive() {
            let mut movements = Movements::default();
            movements.add(LedgerAccount::Lots(lot.id), LedgerAccount::Debt(lot.id), owed);
            draft.append(at, Event::DebtCollected { lot: lot.id }, movements)?;
        }
        if lot.available > owed && lot.revoked {
            revoke::take(draft, &lot, None, at)?;
        } else if lot.available > owed && lot.has_expired(at) {
            expire_lot(draft, lot.id, at)?;
        }
    }
    Ok(())
}

enum Due {
    Hold(ActionId),
    Lot(LotId),
}

fn first_due(account: &Account, now: Timestamp) -> Option<(Timestamp, Due)> {
    let holds = account.actions.values().filter_map(|action| match action {
        Action::Hold(hold) if hold.is_open() && hold.deadline <= now => Some(hold),
        Action::Hold(_)
        | Action::Grant(_)
        | Action::Purchase(_)
        | Action::Subscription(_)
        | Action::Revocation(_) => None,
    });
    let hold = holds.min_by_key(|hold| hold.deadline);
    let lots =
        account.lots.iter().filter(|lot| lot.has_expired(now) && lot.available.is_positive());
    let lot = lots.filter_map(|lot| Some((lot.expires_at?, lot.id))).min();
    let at = |time: Timestamp| time.max(account.updated_at);
    match (hold, lot) {
        (Some(hold), Some((end, lot))) if end < hold.deadline => Some((at(end), Due::Lot(lot))),
        (Some(hold), _) => Some((at(hold.deadline), Due::Hold(hold.action_id.clone()))),
        (None, Some((end, lot))) => Some((at(end), Due::Lot(lot))),
        (None, None) => None,
    }
}

/// Ends every open leg of a hold at its deadline: nothing is captured.
fn expire_hold(draft: &mut Draft, action_id: &ActionId, at: Timestamp) -> Result<(), LedgerFault> {
    let hold = draft.account().hold(action_id).ok_or(LedgerFault::Missing)?.clone();
    for (leg, index) in hold.legs.iter().zip(0_u32..) {
        if leg.end.is_none() {
            let pool = &draft.account().hold(action_id).ok_or(LedgerFault::Missing)?.pool;
            let mut movements = Movements::default();
            release(&mut movements, pool, leg.part)?;
            let end = LegEnd::Expired { at, late: None };
            let event = Event::LegEnded { action_id: action_id.clone(), leg: index, end };
            draft.append(at, event, movements)?;
        }
    }
    settle_lots(draft, at)
}

fn expire_lot(draft: &mut Draft, id: LotId, at: Timestamp) -> Result<(), LedgerFault> {
    let lot = draft.account().lots.iter().find(|one| one.id == id).ok_or(LedgerFault::Missing)?;
    let mut movements = Movements::default();
    movements.add(LedgerAccount::Lots(id), LedgerAccount::Breakage, lot.available);
    let event = Event::LotExpired { lot: id, payment: lot.payment.clone() };
    draft.append(at, event, movements)
}
