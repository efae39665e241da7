//! Authorize: reserve credits now for use later, in one atomic step (R20–R23, R27).

use crate::account::{
    Account, Action, Answer, Change, Hold, HoldLeg, LedgerFault, LotPart, Refused,
};
use crate::amount::Credits;
use crate::eligibility::{Eligibility, Quote, eligibility};
use crate::entry::{Event, LedgerAccount, Movements};
use crate::estimate::{Estimate, estimate, estimate_capped};
use crate::grant::action_id_reused;
use crate::id::{ActionId, Fingerprint};
use crate::lot::{Lot, usable};
use crate::period;
use crate::price_book::PublishedBook;
use crate::request::Request;
use crate::time::Timestamp;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

/// How long a hold lives unless it is renewed ([`crate::renew`]), in seconds: a crash gives its
/// credits back after at most this long. It is no price and no promise, so no book says it; the
/// longest that a hold may be renewed for is the book's `hold_seconds_max` (R26).
pub const HOLD_TTL_SECONDS: u32 = 60;

/// The command to admit an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorize {
    /// The caller-made id of the action.
    pub action_id: ActionId,
    /// What the caller asked, hashed, the quote apart.
    pub fingerprint: Fingerprint,
    /// What to price.
    pub request: Request,
    /// What the person saw. Only the gateway, whose clients see no estimate, has none; it takes
    /// the caps that the balance allows and says so in its answer (R20).
    pub quote: Option<Quote>,
}

/// Admits the action: all of its legs, or none.
///
/// A repeat of the same content is answered with the hold, whatever the price is now; a denial
/// stores nothing, so the same id may be sent again.
///
/// # Errors
/// [`Refused::Denied`] as [`eligibility`] says, or with `action_id_reused`.
pub fn authorize(
    account: &Account,
    book: &PublishedBook,
    command: &Authorize,
    now: Timestamp,
) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    match draft.account().actions.get(&command.action_id) {
        None => {}
        Some(Action::Hold(hold)) if hold.fingerprint == command.fingerprint => {
            let hold = hold.clone();
            return Ok(draft.finish(Answer::Authorized(hold)));
        }
        Some(_) => return Err(action_id_reused().into()),
    }

    let standing = draft.account().standing(now)?;
    let uncapped = estimate(book, &command.request);
    let verdict = eligibility(book, &standing, &command.request, uncapped, command.quote.as_ref());
    let caps = match verdict {
        Eligibility::Allowed(allowed) => allowed.caps,
        Eligibility::Denied(denial) => return Err(Refused::Denied(*denial)),
    };
    let price = estimate_capped(book, &command.request, &caps)?;
    let lots = bind(&usable(&draft.account().lots, now), price.high)?;
    let mut movements = Movements::default();
    for part in &lots {
        movements.add(LedgerAccount::Lots(part.lot), LedgerAccount::Held(part.lot), part.amount);
    }
    let hold = Box::new(hold(book, command, price, lots, now));
    draft.append(now, Event::Authorized { hold: hold.clone() }, movements)?;
    Ok(draft.finish(Answer::Authorized(hold)))
}

fn hold(
    book: &PublishedBook,
    command: &Authorize,
    price: Estimate,
    lots: Vec<LotPart>,
    now: Timestamp,
) -> Hold {
    let seconds = book.book.task(command.request.task).map_or(0, |task| task.hold_seconds_max);
    let legs = price.legs.into_iter().map(|leg| HoldLeg {
        models: leg.candidates.into_iter().map(|candidate| candidate.model).collect(),
        part: leg.high,
        end: None,
    });
    Hold {
        action_id: command.action_id.clone(),
        fingerprint: command.fingerprint.clone(),
        request: command.request.clone(),
        price_book: book.version.clone(),
        rules: crate::RULES_VERSION.to_string(),
        caps: price.caps,
        authorized_at: now,
        deadline: now.plus_seconds(seconds.min(HOLD_TTL_SECONDS)),
        amount: price.high,
        pool: lots.clone(),
        lots,
        legs: legs.collect(),
    }
}

/// Takes `amount` from the lots in their order (R23).
pub(crate) fn bind(lots: &[&Lot], amount: Credits) -> Result<Vec<LotPart>, LedgerFault> {
    let mut missing = amount;
    let mut parts = Vec::new();
    for lot in lots {
        let taken = missing.min(lot.available);
        if taken.is_positive() {
            parts.push(LotPart { lot: lot.id, kind: lot.kind, amount: taken });
            missing = missing.sub(taken)?;
        }
    }
    if missing.is_positive() { Err(LedgerFault::Overdrawn) } else { Ok(parts) }
}
