//! Pay: what a fact about money does to an account (R36–R39).
//!
//! Only a paid event makes a lot, and only the lot that a payment bought answers for that payment.
//! A fact that is known already changes nothing and gets the purchase or subscription as it is.

use crate::account::{Account, Action, Answer, Change, Draft, LedgerFault, Refused};
use crate::amount::Credits;
use crate::denial::{Denial, DenialCode};
use crate::entry::{Event, LedgerAccount, Movements};
use crate::grant::{Granted, action_id_reused, check_room, issue};
use crate::id::ActionId;
use crate::lot::{LOTS_MAX, LotId, LotKind};
use crate::payment::{
    AHEAD_SECONDS_MAX, DISPUTES_MAX, Dispute, DisputeStatus, Payment, Product, Purchase,
    SubscriptionStatus,
};
use crate::period::{self, Periods};
use crate::price_book::{PlanId, PublishedBook};
use crate::time::Timestamp;
use crate::written::format;
use alloc::boxed::Box;
use alloc::vec::Vec;

const CENTS_PER_DOLLAR: u32 = 100;

/// Takes a fact about money into the account. `book` is the one in force when it was sold.
///
/// The same fact again is answered with the purchase or the subscription as it is now; so is one
/// that something later has overtaken.
///
/// A payment that is denied bought nothing, and the ledger keeps nothing of it: its money is given
/// back at its provider, and its refund is no fact of this ledger.
///
/// # Errors
/// [`Refused::Denied`] with `payment_unknown` where a refund or a dispute comes before its payment
/// (transient: tell it again later), `action_id_reused` where the id was used for something else,
/// `payment_conflict` where it contradicts what is known, `request_invalid` or `not_offered` where
/// nothing like it is sold, `too_many_lots` above [`LOTS_MAX`] (transient).
pub fn pay(
    account: &Account,
    book: &PublishedBook,
    payment: &Payment,
    now: Timestamp,
) -> Result<Change, Refused> {
    let now = now.max(account.updated_at);
    let mut draft = period::advance_draft(account, now)?;
    let answer = match payment {
        Payment::Paid { payment, at, usd_cents, product } => {
            let sale = Sale { payment, paid_at: (*at).min(now), usd_cents: *usd_cents, product };
            paid(&mut draft, book, &sale, now)?
        }
        Payment::Failed { payment, at, subscription } => {
            failed(&mut draft, payment, *at, subscription.as_ref(), now)?
        }
        Payment::Refunded { payment, usd_cents } => refunded(&mut draft, payment, *usd_cents, now)?,
        Payment::Disputed { payment, dispute, usd_cents } => {
            disputed(&mut draft, payment, (dispute, *usd_cents, DisputeStatus::Open), now)?
        }
        Payment::DisputeWon { payment, dispute, usd_cents } => {
            disputed(&mut draft, payment, (dispute, *usd_cents, DisputeStatus::Won), now)?
        }
        Payment::DisputeLost { payment, dispute, usd_cents } => {
            disputed(&mut draft, payment, (dispute, *usd_cents, DisputeStatus::Lost), now)?
        }
        Payment::SubscriptionChanged { subscription, at, status } => {
            subscription_changed(&mut draft, subscription, *at, *status, now)?
        }
    };
    Ok(draft.finish(answer))
}

struct Sale<'event> {
    payment: &'event ActionId,
    paid_at: Timestamp,
    usd_cents: u32,
    product: &'event Product,
}

fn paid(
    draft: &mut Draft,
    book: &PublishedBook,
    sale: &Sale<'_>,
    now: Timestamp,
) -> Result<Answer, Refused> {
    match draft.account().actions.get(sale.payment) {
        None => {}
        Some(Action::Purchase(known))
            if known.usd_cents == sale.usd_cents && known.product.is_same(sale.product) =>
        {
            return Ok(Answer::Paid(known.clone()));
        }
        Some(_) => return Err(action_id_reused().into()),
    }
    // One id names one thing (R27), also where both come new with the same fact.
    if sale.product.subscription() == Some(sale.payment) {
        return Err(action_id_reused().into());
    }
    check_room(draft.account(), LOTS_MAX)?;
    let lot = LotId(draft.next_sequence());
    let grant = match sale.product {
        Product::Pack => pack(book, sale, lot, now)?,
        Product::Pro { subscription, periods, period_start } => {
            let n = period_to_pay(draft.account(), subscription, periods, *period_start)?;
            pro(book, sale, (periods, n), lot, now)?
        }
    };
    let mut movements = Movements::default();
    movements.add(LedgerAccount::Issued, LedgerAccount::Lots(lot), grant.amount);
    let purchase = Box::new(Purchase {
        payment: sale.payment.clone(),
        paid_at: sale.paid_at,
        usd_cents: sale.usd_cents,
        product: sale.product.clone(),
        grant,
        refunded_usd_cents: 0,
        disputes: Vec::new(),
        claimed: Credits::ZERO,
        expired: Credits::ZERO,
        revoked: false,
    });
    issue(draft, Event::Paid { purchase }, movements, ("usd_cents", now))?;
    // A period that was over before its payment was heard of.
    period::settle_lots(draft, now)?;
    answer(draft, sale.payment)
}

fn pack(
    book: &PublishedBook,
    sale: &Sale<'_>,
    lot: LotId,
    now: Timestamp,
) -> Result<Granted, Denial> {
    let usd = sale.usd_cents.checked_div(CENTS_PER_DOLLAR).unwrap_or(0);
    let is_whole = usd.checked_mul(CENTS_PER_DOLLAR) == Some(sale.usd_cents);
    let credits = is_whole.then(|| book.book.pack_credits(usd)).flatten();
    let packs = &book.book.packs;
    let amount = credits.ok_or_else(|| {
        let message = format!("a pack costs {} to {} whole dollars", packs.usd_min, packs.usd_max);
        Denial::request_invalid("usd_cents", &message)
    })?;
    Ok(granted(lot, LotKind::Pack, amount, now, (sale.paid_at, None)))
}

/// The number of the period that a payment is for, if it is not paid yet.
fn period_to_pay(
    account: &Account,
    id: &ActionId,
    periods: &Periods,
    period_start: Timestamp,
) -> Result<u32, Denial> {
    if !matches!(periods.months, 1 | 12) {
        return Err(Denial::request_invalid("product.pro.periods.months", "a period has 1 or 12"));
    }
    let n = periods.nearest(period_start);
    match account.actions.get(id) {
        None => Ok(n),
        Some(Action::Subscription(known)) => {
            if known.periods.is_some_and(|known| known != *periods) {
                let message = format!(
                    "subscription `{id}` has another anchor or other months: give it another id"
                );
                return Err(Denial::new(DenialCode::PaymentConflict, message, Vec::new()));
            }
            if known.paid.contains(&n) {
                let start = periods.start(n);
                let message = format!(
                    "the period of subscription `{id}` from {start} is paid by another payment: \
                     this one bought nothing, give its money back at its provider"
                );
                return Err(Denial::new(DenialCode::PaymentConflict, message, Vec::new()));
            }
            Ok(n)
        }
        Some(Action::Hold(_) | Action::Grant(_) | Action::Purchase(_) | Action::Revocation(_)) => {
            Err(action_id_reused())
        }
    }
}

/// Effective at the later of its start and its payment, and over at the next one's start (R36).
fn pro(
    book: &PublishedBook,
    sale: &Sale<'_>,
    (periods, n): (&Periods, u32),
    lot: LotId,
    now: Timestamp,
) -> Result<Granted, Denial> {
    let plan = book.book.plan(PlanId::Pro).filter(|plan| plan.months == Some(periods.months));
    let plan = plan.ok_or_else(|| {
        let message = format!("Pro is not sold for {} months at a time", periods.months);
        Denial::new(DenialCode::NotOffered, message, Vec::new())
    })?;
    let (start, end) = (periods.start(n), periods.start(n.saturating_add(1)));
    let validity = (start.max(sale.paid_at), Some(end));
    Ok(granted(lot, LotKind::Pro, plan.credits, now, validity))
}

fn granted(
    lot: LotId,
    kind: LotKind,
    amount: Credits,
    granted_at: Timestamp,
    (effective_at, expires_at): (Timestamp, Option<Timestamp>),
) -> Granted {
    Granted { lot, kind, amount, priority: 0, granted_at, effective_at, expires_at, reason: None }
}

fn failed(
    draft: &mut Draft,
    payment: &ActionId,
    at: Timestamp,
    subscription: Option<&ActionId>,
    now: Timestamp,
) -> Result<Answer, Refused> {
    // One id names one thing (R27): as a subscription's it could never be paid any more.
    if subscription == Some(payment) {
        return Err(action_id_reused().into());
    }
    match (draft.account().actions.get(payment), subscription) {
        // Where another attempt was paid, that is told with a later time and stands.
        (Some(Action::Purchase(_)) | None, Some(subscription)) => {
            subscription_changed(draft, subscription, at, SubscriptionStatus::PastDue, now)
        }
        (Some(Action::Purchase(_)) | None, None) => Ok(Answer::Advanced),
        (Some(_), _) => Err(action_id_reused().into()),
    }
}

fn refunded(
    draft: &mut Draft,
    payment: &ActionId,
    usd_cents: u32,
    now: Timestamp,
) -> Result<Answer, Refused> {
    let mut purchase = purchase_to_return(draft.account(), payment, usd_cents)?;
    if usd_cents > purchase.refunded_usd_cents {
        purchase.refunded_usd_cents = usd_cents;
        let movements = claim(draft.account(), &purchase)?;
        let event = Event::Refunded { payment: payment.clone(), usd_cents };
        draft.append(now, event, movements)?;
    }
    answer(draft, payment)
}

fn disputed(
    draft: &mut Draft,
    payment: &ActionId,
    (dispute, usd_cents, status): (&ActionId, u32, DisputeStatus),
    now: Timestamp,
) -> Result<Answer, Refused> {
    let mut purchase = purchase_to_return(draft.account(), payment, usd_cents)?;
    let known = purchase.disputes.iter().find(|known| known.dispute == *dispute);
    let is_news = match known {
        None if purchase.disputes.len() >= DISPUTES_MAX => {
            let message = format!("a payment has at most {DISPUTES_MAX} disputes");
            return Err(Denial::request_invalid("dispute", &message).into());
        }
        None => true,
        Some(known) if known.status == status && known.usd_cents == usd_cents => false,
        // It was decided before we heard that it was open.
        Some(known) if known.status != DisputeStatus::Open && status == DisputeStatus::Open => {
            false
        }
        Some(known) if known.status == DisputeStatus::Open && status != DisputeStatus::Open => true,
        Some(_) => {
            let message = format!("dispute `{dispute}` is known with another amount or outcome");
            return Err(Denial::new(DenialCode::PaymentConflict, message, Vec::new()).into());
        }
    };
    if is_news {
        let dispute = Dispute { dispute: dispute.clone(), usd_cents, status };
        purchase.put_dispute(&dispute);
        let movements = claim(draft.account(), &purchase)?;
        let event = Event::Disputed { payment: payment.clone(), dispute };
        draft.append(now, event, movements)?;
    }
    answer(draft, payment)
}

/// The purchase that some money of goes back, or may.
fn purchase_to_return(
    account: &Account,
    payment: &ActionId,
    usd_cents: u32,
) -> Result<Purchase, Denial> {
    let purchase = match account.actions.get(payment) {
        Some(Action::Purchase(purchase)) => purchase,
        Some(
            Action::Hold(_) | Action::Grant(_) | Action::Subscription(_) | Action::Revocation(_),
        ) => return Err(action_id_reused()),
        None => {
            let message = format!("there is no payment `{payment}` yet: tell it again later");
            return Err(Denial::new(DenialCode::PaymentUnknown, message, Vec::new()));
        }
    };
    if usd_cents > purchase.usd_cents {
        let message = format!("is more than the {} that were paid", purchase.usd_cents);
        return Err(Denial::request_invalid("usd_cents", &message));
    }
    Ok(Purchase::clone(purchase))
}

/// What is due for a purchase and was not claimed yet: from what is left of its lot, then from what
/// expired unused, for that was not spent either; the rest is its debt (R39).
fn claim(account: &Account, purchase: &Purchase) -> Result<Movements, Refused> {
    let lot = purchase.grant.lot;
    let left =
        account.lots.iter().find(|one| one.id == lot).map_or(Credits::ZERO, |lot| lot.available);
    let due = purchase.due()?;
    let mut missing = due.sub(purchase.claimed.min(due))?;
    let mut movements = Movements::default();
    for (from, most) in
        [(LedgerAccount::Lots(lot), left), (LedgerAccount::Breakage, purchase.expired)]
    {
        let taken = missing.min(most);
        movements.add(from, LedgerAccount::Issued, taken);
        missing = missing.sub(taken)?;
    }
    movements.add(LedgerAccount::Debt(lot), LedgerAccount::Issued, missing);
    Ok(movements)
}

fn subscription_changed(
    draft: &mut Draft,
    id: &ActionId,
    at: Timestamp,
    status: SubscriptionStatus,
    now: Timestamp,
) -> Result<Answer, Refused> {
    let is_news = match draft.account().actions.get(id) {
        None => true,
        Some(Action::Subscription(known)) => known.is_older(status, at),
        Some(Action::Hold(_) | Action::Grant(_) | Action::Purchase(_) | Action::Revocation(_)) => {
            return Err(action_id_reused().into());
        }
    };
    if is_news {
        check_time(at, now)?;
        let event = Event::SubscriptionChanged { subscription: id.clone(), status, status_at: at };
        draft.append(now, event, Movements::default())?;
    }
    answer(draft, id)
}

/// What is told of a time that has not come would stand for ever against what is told of it then.
fn check_time(at: Timestamp, now: Timestamp) -> Result<(), Denial> {
    if at <= now.plus_seconds(AHEAD_SECONDS_MAX) {
        return Ok(());
    }
    let message = format!(
        "is more than {AHEAD_SECONDS_MAX} seconds ahead of {now}: mend the clock, or tell it then"
    );
    let mut denial = Denial::request_invalid("at", &message);
    denial.transient = true;
    Err(denial)
}

/// The purchase or the subscription as it is now.
fn answer(draft: &Draft, id: &ActionId) -> Result<Answer, Refused> {
    match draft.account().actions.get(id) {
        Some(Action::Purchase(purchase)) => Ok(Answer::Paid(purchase.clone())),
        Some(Action::Subscription(subscription)) => Ok(Answer::Subscription(subscription.clone())),
        Some(Action::Hold(_) | Action::Grant(_) | Action::Revocation(_)) | None => {
            Err(LedgerFault::Missing.into())
        }
    }
}
