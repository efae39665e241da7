//! What time does to an account: lots and holds that end (R19, R26, R32).
//!
//! Every command and every read first brings the account to `now`. So nobody can see or spend what
//! has expired, whether a sweeper has run or not.

use crate::account::{Account, Action, Answer, Change, Draft, LedgerFault};
use crate::amount::Credits;
use crate::entry::{Event, LedgerAccount, Movements};
use crate::id::ActionId;
use crate::lot::{Lot, LotId};
use crate::settle::{LegEnd, release};
use crate::time::Timestamp;
use alloc::vec::Vec;

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

/// Expires at once what was given back to lots whose time is over (R25).
pub(crate) fn expire_released(draft: &mut Draft, at: Timestamp) -> Result<(), LedgerFault> {
    let expired = |lot: &&Lot| lot.has_expired(at) && lot.available.is_positive();
    let lots: Vec<LotId> = draft.account().lots.iter().filter(expired).map(|lot| lot.id).collect();
    lots.into_iter().try_for_each(|lot| expire_lot(draft, lot, at))
}

enum Due {
    Hold(ActionId),
    Lot(LotId),
}

fn first_due(account: &Account, now: Timestamp) -> Option<(Timestamp, Due)> {
    let holds = account.actions.values().filter_map(|action| match action {
        Action::Hold(hold) if hold.is_open() && hold.deadline <= now => Some(hold),
        Action::Hold(_) | Action::Grant(_) => None,
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
    expire_released(draft, at)
}

fn expire_lot(draft: &mut Draft, lot: LotId, at: Timestamp) -> Result<(), LedgerFault> {
    let left = draft.account().lots.iter().find(|one| one.id == lot);
    let left = left.map_or(Credits::ZERO, |lot| lot.available);
    let mut movements = Movements::default();
    movements.add(LedgerAccount::Lots(lot), LedgerAccount::Breakage, left);
    draft.append(at, Event::LotExpired { lot }, movements)
}
