//! Revoke: an operator takes what is left of a lot, with a reason.
//!
//! A correction is a new entry that names the old one (R29). It touches no other lot, and what
//! open holds have taken from this one is settled as it was promised; only what comes back is taken.

use crate::account::{Account, Action, Answer, Change, Draft, LedgerFault, Refused};
use crate::amount::Credits;
use crate::checked::fields;
use crate::denial::Denial;
use crate::entry::{Event, LedgerAccount, Movements};
use crate::grant::{action_id_reused, check_reason};
use crate::id::ActionId;
use crate::lot::{Lot, LotId};
use crate::period;
use crate::time::Timestamp;
use crate::written::format;
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// The command to revoke a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revoke {
    /// The id that makes a repeat safe.
    pub action_id: ActionId,
    /// Which lot.
    pub lot: LotId,
    /// Why, in the operator's words: one line.
    pub reason: String,
}

fields! {
    Revoke { action_id, lot, reason }
}

/// A lot that was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The operator's action.
    pub action_id: ActionId,
    /// Which lot.
    pub lot: LotId,
    /// What was left of it and not held.
    pub amount: Credits,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Revokes a lot. The same id with the same content is answered as the first time.
///
/// Beside its own id the command looks at the lot's [`Lot::payment`]: whoever loads the account
/// names both.
///
/// # Errors
/// [`Refused::Denied`] with `action_id_reused`, or `request_invalid` where nothing is left of the
/// lot or the reason says nothing; [`LedgerFault::Missing`] where the lot's payment is not loaded.
pub fn revoke(account: &Account, command: &Revoke, now: Timestamp) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    match draft.account().actions.get(&command.action_id) {
        None => {}
        Some(Action::Revocation(made))
            if made.lot == command.lot && made.reason == command.reason =>
        {
            let made = made.clone();
            return Ok(draft.finish(Answer::Revoked(made)));
        }
        Some(_) => return Err(action_id_reused().into()),
    }
    check_reason(&command.reason)?;
    let lots = &draft.account().lots;
    let lot = lots.iter().find(|lot| lot.id == command.lot && !lot.is_used_up() && !lot.revoked);
    let lot = lot.cloned().ok_or_else(|| {
        let message = format!("the account has no lot {} with anything left", command.lot.0);
        Denial::request_invalid("lot", &message)
    })?;
    let revocation = Revocation {
        action_id: command.action_id.clone(),
        lot: lot.id,
        amount: lot.available,
        reason: command.reason.clone(),
        at: now,
    };
    take(&mut draft, &lot, Some(revocation.clone()), now)?;
    Ok(draft.finish(Answer::Revoked(revocation)))
}

/// Takes what is left of a lot and not held.
pub(crate) fn take(
    draft: &mut Draft,
    lot: &Lot,
    revocation: Option<Revocation>,
    at: Timestamp,
) -> Result<(), LedgerFault> {
    let left = draft.account().lots.iter().find(|one| one.id == lot.id);
    let left = left.map_or(Credits::ZERO, |lot| lot.available);
    let mut movements = Movements::default();
    movements.add(LedgerAccount::Lots(lot.id), LedgerAccount::Issued, left);
    let event = Event::LotRevoked { lot: lot.id, payment: lot.payment.clone(), revocation };
    // A lot's id is the number of the entry that granted it.
    draft.append_correction(at, event, movements, lot.id.0)
}
