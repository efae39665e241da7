//! Grants: allocations of credits, each of which makes a lot (R17).

use crate::account::{Account, Action, Answer, Change, Refused};
use crate::amount::Credits;
use crate::denial::{Denial, DenialCode};
use crate::entry::{Event, LedgerAccount, Movements};
use crate::id::ActionId;
use crate::lot::{Lot, LotId, LotKind};
use crate::period;
use crate::time::Timestamp;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The command to grant credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The id that makes a repeat safe; for a purchase its payment's.
    pub action_id: ActionId,
    /// What grants it.
    pub kind: LotKind,
    /// How much; above zero.
    pub amount: Credits,
    /// Its lot's priority in burn-down, 0 where nobody cares.
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<i32>"))]
    pub priority: i32,
    /// From when it can be used; now, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// From when it can no longer be used; never, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A grant that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// The lot that it made.
    pub lot: LotId,
    /// What granted it.
    pub kind: LotKind,
    /// How much.
    pub amount: Credits,
    /// Its lot's priority in burn-down.
    pub priority: i32,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// From when it can be used.
    pub effective_at: Timestamp,
    /// From when it can no longer be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl Granted {
    /// Its lot before the grant's postings fill it.
    pub(crate) fn empty_lot(&self) -> Lot {
        Lot {
            id: self.lot,
            kind: self.kind,
            priority: self.priority,
            effective_at: self.effective_at,
            expires_at: self.expires_at,
            granted: self.amount,
            available: Credits::ZERO,
            held: Credits::ZERO,
        }
    }

    /// Whether it came from a command with this content.
    fn is_from(&self, grant: &Grant) -> bool {
        self.kind == grant.kind
            && self.amount == grant.amount
            && self.priority == grant.priority
            && grant.effective_at.unwrap_or(self.granted_at) == self.effective_at
            && self.expires_at == grant.expires_at
    }
}

/// Grants credits. The same id with the same content is answered as the first time.
///
/// # Errors
/// [`Refused::Denied`] with `action_id_reused` where the id was used for something else, or
/// `request_invalid` where the amount is not above zero or the lot would never be usable.
pub fn grant(account: &Account, grant: &Grant, now: Timestamp) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    match draft.account().actions.get(&grant.action_id) {
        None => {}
        Some(Action::Grant(made)) if made.is_from(grant) => {
            let made = *made;
            return Ok(draft.finish(Answer::Granted(made)));
        }
        Some(Action::Grant(_) | Action::Hold(_)) => return Err(action_id_reused().into()),
    }
    let effective_at = grant.effective_at.unwrap_or(now);
    check(grant, effective_at, now)?;
    let lot = LotId(draft.next_sequence());
    let granted = Granted {
        lot,
        kind: grant.kind,
        amount: grant.amount,
        priority: grant.priority,
        granted_at: now,
        effective_at,
        expires_at: grant.expires_at,
    };
    let mut movements = Movements::default();
    movements.add(LedgerAccount::Issued, LedgerAccount::Lots(lot), grant.amount);
    let event = Event::Granted { action_id: grant.action_id.clone(), grant: granted };
    draft.append(now, event, movements)?;
    Ok(draft.finish(Answer::Granted(granted)))
}

/// The id belongs to another request (R27).
pub(crate) fn action_id_reused() -> Denial {
    let message = "this action id was used for another request; make a new one";
    Denial::new(DenialCode::ActionIdReused, message, Vec::new())
}

fn check(grant: &Grant, effective_at: Timestamp, now: Timestamp) -> Result<(), Denial> {
    if !grant.amount.is_positive() {
        return Err(Denial::request_invalid("amount", "a grant is above zero"));
    }
    if grant.expires_at.is_some_and(|end| end <= effective_at || end <= now) {
        return Err(Denial::request_invalid(
            "expires_at",
            "a lot ends after it begins, and after now",
        ));
    }
    Ok(())
}
