//! Grants: allocations of credits, each of which makes a lot (R17).
//!
//! What money bought comes by [`crate::pay`]. An operator's adjustment is a grant with a reason.

use crate::account::{Account, Action, Answer, Change, Draft, LedgerFault, Refused};
use crate::amount::Credits;
use crate::checked::fields;
use crate::denial::{Denial, DenialCode};
use crate::entry::{Event, LedgerAccount, Movements};
use crate::id::ActionId;
use crate::lot::{LOTS_FOR_PAYMENTS, LOTS_MAX, Lot, LotId, LotKind};
use crate::period;
use crate::time::Timestamp;
use crate::written::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The longest reason of an operator, in bytes.
pub const REASON_BYTES_MAX: usize = 500;

/// The command to grant credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
pub struct Grant {
    /// The id that makes a repeat safe.
    pub action_id: ActionId,
    /// What grants it.
    pub kind: LotKind,
    /// How much; above zero.
    pub amount: Credits,
    /// Its lot's priority in burn-down, 0 where nobody cares.
    #[cfg_attr(test, ts(as = "Option<i32>"))]
    pub priority: i32,
    /// From when it can be used; now, where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// From when it can no longer be used; never, where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Why, in an operator's words: for an adjustment, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

fields! {
    Grant {
        action_id, kind, amount, priority or default, effective_at or default,
        expires_at or default, reason or default,
    }
}

/// A grant that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Why, in an operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
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
            payment: None,
            debt: Credits::ZERO,
            dispute: None,
            revoked: false,
        }
    }

    /// Whether it came from a command with this content.
    fn is_from(&self, grant: &Grant) -> bool {
        self.kind == grant.kind
            && self.amount == grant.amount
            && self.priority == grant.priority
            && grant.effective_at.unwrap_or(self.granted_at) == self.effective_at
            && self.expires_at == grant.expires_at
            && self.reason == grant.reason
    }
}

/// Grants credits. The same id with the same content is answered as the first time.
///
/// # Errors
/// [`Refused::Denied`] with `action_id_reused` where the id was used for something else,
/// `already_granted` where the account has had its free credits, `too_many_lots` above
/// [`LOTS_MAX`] less [`LOTS_FOR_PAYMENTS`], or `request_invalid` where the amount is not above zero or
/// too much, the lot would never be usable, the kind needs a payment or a reason is missing.
pub fn grant(account: &Account, grant: &Grant, now: Timestamp) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    match draft.account().actions.get(&grant.action_id) {
        None => {}
        Some(Action::Grant(made)) if made.is_from(grant) => {
            let made = made.clone();
            return Ok(draft.finish(Answer::Granted(made)));
        }
        Some(_) => return Err(action_id_reused().into()),
    }
    if grant.kind == LotKind::Free && draft.account().has_had_free() {
        let message = "the free credits are given once, and this account has had them";
        return Err(Denial::new(DenialCode::AlreadyGranted, message, Vec::new()).into());
    }
    let effective_at = grant.effective_at.unwrap_or(now);
    check(grant, effective_at, now)?;
    check_room(draft.account(), LOTS_MAX.saturating_sub(LOTS_FOR_PAYMENTS))?;
    let lot = LotId(draft.next_sequence());
    let granted = Granted {
        lot,
        kind: grant.kind,
        amount: grant.amount,
        priority: grant.priority,
        granted_at: now,
        effective_at,
        expires_at: grant.expires_at,
        reason: grant.reason.clone(),
    };
    let mut movements = Movements::default();
    movements.add(LedgerAccount::Issued, LedgerAccount::Lots(lot), grant.amount);
    let event = Event::Granted { action_id: grant.action_id.clone(), grant: granted.clone() };
    issue(&mut draft, event, movements, ("amount", now))?;
    Ok(draft.finish(Answer::Granted(granted)))
}

/// Whether the account has room for one more lot.
pub(crate) fn check_room(account: &Account, lots_max: usize) -> Result<(), Denial> {
    if account.lots.len() < lots_max {
        return Ok(());
    }
    let message = format!(
        "the account has {lots_max} lots: wait until some are used up, revoke some, or grant fewer \
         and larger ones"
    );
    Err(Denial::new(DenialCode::TooManyLots, message, Vec::new()))
}

/// Appends what makes a lot. More than an account can have is the caller's doing, in the field that
/// `path` names.
pub(crate) fn issue(
    draft: &mut Draft,
    event: Event,
    movements: Movements,
    (path, now): (&str, Timestamp),
) -> Result<(), Refused> {
    draft.append(now, event, movements).map_err(|fault| {
        if fault != LedgerFault::Overflow {
            return fault.into();
        }
        let message = "together with what the account was granted before it is out of range";
        Denial::request_invalid(path, message).into()
    })
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
    match (grant.kind, &grant.reason) {
        (LotKind::Pro, _) => {
            let message = "a Pro period comes from its payment and from nothing else";
            Err(Denial::request_invalid("kind", message))
        }
        (LotKind::Adjustment, Some(reason)) => check_reason(reason),
        (LotKind::Adjustment, None) => {
            Err(Denial::request_invalid("reason", "an adjustment says why it is made"))
        }
        (LotKind::Free | LotKind::Promo | LotKind::Pack, None) => Ok(()),
        (LotKind::Free | LotKind::Promo | LotKind::Pack, Some(_)) => {
            Err(Denial::request_invalid("reason", "only an adjustment has a reason"))
        }
    }
}

/// An operator's reason can be read: one line that says something.
pub(crate) fn check_reason(reason: &str) -> Result<(), Denial> {
    let fits = !reason.trim().is_empty() && reason.len() <= REASON_BYTES_MAX;
    if !fits || reason.chars().any(char::is_control) {
        let message = format!("a reason is one line of 1 to {REASON_BYTES_MAX} bytes");
        return Err(Denial::request_invalid("reason", &message));
    }
    Ok(())
}
