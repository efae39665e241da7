//! Extend: larger caps for an action that runs, for API callers with loops of their own (R28).
//!
//! The same action, the same book, the same rules: it is admitted like a new one for what it holds
//! in addition, or nothing changes. It does not move the deadline; see [`crate::renew`].

use crate::account::{Account, Answer, Change, Hold, LedgerFault, Refused};
use crate::amount::Credits;
use crate::authorize::bind;
use crate::checked::fields;
use crate::denial::{Denial, DenialCode, Remedy};
use crate::eligibility::{limit_reached, may_hold_more};
use crate::entry::{Event, LedgerAccount, Movements};
use crate::estimate::{Caps, Estimate, estimate_capped};
use crate::id::ActionId;
use crate::lot::usable;
use crate::period;
use crate::price_book::PublishedBook;
use crate::renew::open_hold;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::vec::Vec;
use serde::Serialize;

/// The command to extend a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Extend {
    /// The action.
    pub action_id: ActionId,
    /// The caps from now on: none smaller than it was, the candidates as they were.
    pub caps: Caps,
}

fields! {
    Extend { action_id, caps }
}

/// Holds what larger caps cost in addition, for the legs that are open.
///
/// `book` is the one that the hold was priced with. The lots that give the addition join the hold's
/// pool in burn-down order, as if it had been admitted now (R23). A hold that has caps as large already is answered as it is, so a repeat is safe.
///
/// # Errors
/// [`Refused::Denied`] with `action_unknown`, `leg_already_ended`, `request_invalid` where a cap is
/// smaller, `price_changed` where other rules admitted the action, or as
/// [`crate::eligibility::eligibility`] says of the account; [`Refused::Fault`] where the book is
/// another one.
pub fn extend(
    account: &Account,
    book: &PublishedBook,
    command: &Extend,
    now: Timestamp,
) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    if let Some(hold) = draft.account().hold(&command.action_id)
        && covers(&hold.caps, &command.caps)
    {
        let hold = hold.clone();
        return Ok(draft.finish(Answer::Authorized(hold.into())));
    }
    let hold = open_hold(draft.account(), &command.action_id)?;
    if book.version != hold.price_book {
        return Err(LedgerFault::WrongBook.into());
    }
    if !covers(&command.caps, &hold.caps) {
        let message = "a hold is only extended: no cap may be smaller, no candidate another";
        return Err(Denial::request_invalid("caps", message).into());
    }
    let price = estimate_capped(book, &hold.request, &command.caps)?;
    if hold.rules != crate::RULES_VERSION {
        let message = "the rules have changed since this action was admitted; begin a new one";
        let remedies = Vec::from([Remedy::ReviewPrice]);
        let mut denial = Denial::new(DenialCode::PriceChanged, message, remedies);
        denial.estimate = Some(Box::new(price));
        return Err(denial.into());
    }
    let parts = parts(hold, &price);
    let before = Credits::sum(hold.legs.iter().map(|leg| leg.part))?;
    let more = Credits::sum(parts.iter().copied())?.sub(before)?;
    let most = draft.account().limits.per_action;
    if most.is_some_and(|most| before.add(more).is_ok_and(|whole| whole > most)) {
        return Err(limit_reached().into());
    }
    may_hold_more(book, &draft.account().standing(now)?, more)?;

    let lots = bind(&usable(&draft.account().lots, now), more)?;
    let mut movements = Movements::default();
    for part in &lots {
        movements.add(LedgerAccount::Lots(part.lot), LedgerAccount::Held(part.lot), part.amount);
    }
    let (action_id, caps) = (command.action_id.clone(), command.caps.clone());
    draft.append(now, Event::Extended { action_id, caps, parts, lots }, movements)?;
    let hold = draft.account().hold(&command.action_id).ok_or(LedgerFault::Missing)?.clone();
    Ok(draft.finish(Answer::Authorized(hold.into())))
}

/// Each leg's part at that price; what has ended keeps its own.
fn parts(hold: &Hold, price: &Estimate) -> Vec<Credits> {
    let legs = hold.legs.iter().zip(&price.legs);
    let part = |(leg, priced): (&crate::account::HoldLeg, &crate::estimate::LegEstimate)| {
        if leg.end.is_none() { leg.part.max(priced.high) } else { leg.part }
    };
    legs.map(part).collect()
}

/// Whether caps allow all that others do. Nothing is as large as no cap at all.
fn covers(caps: &Caps, others: &Caps) -> bool {
    let at_least = |cap: Option<u64>, other: Option<u64>| match (cap, other) {
        (None, _) => true,
        (Some(cap), Some(other)) => cap >= other,
        (Some(_), None) => false,
    };
    at_least(caps.output_tokens, others.output_tokens)
        && at_least(caps.steps, others.steps)
        && at_least(caps.searches, others.searches)
        && caps.candidates == others.candidates
}
