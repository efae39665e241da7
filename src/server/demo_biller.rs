//! The demo payments' own biller: it begins, renews and ends subscriptions as a payment provider
//! does, and tells the ledger the same facts.
//!
//! Any number of processes may run it. A period's payment has an id of its own, made of the
//! subscription's and the period's number, so whoever is second tells what is known already. What is
//! kept beside the ledger says only when to look next.

use crate::app::App;
use crate::payments;
use crate::problem::{Answer, Problem};
use crate::subscription::{self, Current, after, already_subscribed, price};
use axum::http::StatusCode;
use kumari_engine::account::{Account, Action};
use kumari_engine::denial::{Denial, DenialCode};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotKind;
use kumari_engine::payment::{Payment, Product, Subscription, SubscriptionStatus};
use kumari_engine::period::Periods;
use kumari_engine::time::Timestamp;
use kumari_store::{Done, LedgerError, Renewal, StoreError};

/// How many renewals are dealt with at a time.
const RENEWALS_AT_A_TIME: u32 = 100;
/// When a card that said no is tried again.
const TRY_AGAIN_SECONDS: u32 = 24 * 3_600;
/// How long after its period began a missing payment is waited for.
const GIVE_UP_SECONDS: u32 = 7 * 24 * 3_600;
/// When what could not be done, for a fault of ours, is tried again.
const AFTER_FAULT_SECONDS: u32 = 600;

/// Begins a subscription of that id, and says whether this did.
///
/// # Errors
/// 409 `already_subscribed` where another one runs; 422 `not_offered` where Pro is not sold.
pub(crate) async fn begin(app: &App, account: &AccountId, id: &ActionId) -> Answer<bool> {
    if subscription::read(app, account, id).await?.is_some() {
        return Ok(false);
    }
    if subscription::current(app, account).await?.is_some() {
        return Err(already_subscribed());
    }
    let now = app.now();
    let (months, _) = price(app)?;
    let periods = Periods { anchor: now, months };
    // Known before it is paid: a crash in between leaves a look at what nobody bought, never a
    // subscription that nobody renews.
    app.store().put_renewal(renewal(account, id, periods.start(1))).await?;
    let paid = pay(app, account, (id, &periods, 0), |account, now| {
        let runs = account.lots.iter().any(|lot| lot.kind == LotKind::Pro && lot.is_usable(now));
        if runs { Err(conflict("Pro runs already")) } else { Ok(()) }
    });
    match paid.await {
        Ok(_) => Ok(true),
        Err(fault) => {
            // The same wish may have come twice at once.
            if subscription::read(app, account, id).await?.is_some() {
                return Ok(false);
            }
            if let LedgerError::Denied(denial) = &fault {
                app.store().forget_renewal(id).await?;
                if denial.code == DenialCode::PaymentConflict
                    && subscription::current(app, account).await?.is_some()
                {
                    return Err(already_subscribed());
                }
            }
            Err(fault.into())
        }
    }
}

/// A subscription that this biller renews, and nobody else.
pub(crate) async fn check_own(app: &App, current: &Current) -> Answer<()> {
    let own = app.store().renewal(current.id()).await?;
    own.map(|_| ()).ok_or_else(subscription::elsewhere)
}

/// Lets a subscription end with what is paid. What is cancelled already stays so.
pub(crate) async fn cancel(app: &App, account: &AccountId, current: &Current) -> Answer<()> {
    if current.known.status != SubscriptionStatus::Cancelled {
        change(app, account, &current.known, SubscriptionStatus::Cancelled).await?;
    }
    Ok(())
}

/// Takes a cancellation back. What runs goes on.
pub(crate) async fn resume(app: &App, account: &AccountId, current: &Current) -> Answer<()> {
    if current.known.status == SubscriptionStatus::Cancelled {
        change(app, account, &current.known, SubscriptionStatus::Active).await?;
    }
    Ok(())
}

/// Pays what is missing, with a card that works. Where nothing is missing nothing is paid.
pub(crate) async fn pay_missing(app: &App, account: &AccountId, current: &Current) -> Answer<()> {
    if current.known.status != SubscriptionStatus::PastDue {
        return Ok(());
    }
    let n = period_at(current, app.now());
    if current.known.paid.contains(&n) {
        // An earlier try for the next period failed; this one is paid.
        change(app, account, &current.known, SubscriptionStatus::Active).await?;
        app.store().put_renewal(renewal(account, current.id(), current.paid_until())).await?;
        return Ok(());
    }
    pay_next(app, account, current, n).await
}

/// Tries the next renewal before its time, so that it can be seen: it is paid, or the card says no.
///
/// # Errors
/// 409 where it is cancelled, or where a renewal is paid ahead already.
pub(crate) async fn renew_for_show(
    app: &App,
    account: &AccountId,
    current: &Current,
    declines: bool,
) -> Answer<()> {
    let now = app.now();
    if current.known.status == SubscriptionStatus::Cancelled {
        let detail = "it is cancelled, so nothing is renewed: resume it first";
        return Err(Problem::new(StatusCode::CONFLICT, "subscription_cancelled", detail));
    }
    if current.periods.start(current.last) > now {
        let detail = "the next period is paid already";
        return Err(Problem::new(StatusCode::CONFLICT, "renewed_already", detail));
    }
    let n = current.last.saturating_add(1).max(period_at(current, now));
    if !declines {
        return pay_next(app, account, current, n).await;
    }
    let declined = Renewal { declines, ..renewal(account, current.id(), current.paid_until()) };
    app.store().put_renewal(declined).await?;
    fail(app, account, &current.known, n).await?;
    Ok(())
}

/// Renews what is due, everywhere. A fault is logged, and tried again later.
pub(crate) async fn renew_due(app: &App) {
    if !app.config.demo_payments {
        return;
    }
    let due = match app.store().renewals_due(app.now(), RENEWALS_AT_A_TIME).await {
        Ok(due) => due,
        Err(fault) => return tracing::warn!(%fault, "what is to be renewed could not be read"),
    };
    for due in due {
        if app.stopping.is_cancelled() {
            return;
        }
        let subscription = due.subscription.clone();
        if let Err(fault) = renew(app, &due).await {
            tracing::warn!(%subscription, ?fault, "a subscription was not renewed");
            let later =
                Renewal { due_at: app.now().plus_seconds(AFTER_FAULT_SECONDS), ..due.clone() };
            if let Err(fault) = app.store().move_renewal(&due, &later).await {
                tracing::warn!(%subscription, %fault, "it is tried again at once");
            }
        }
    }
}

/// Does what is due of one subscription, and says when to look again.
async fn renew(app: &App, due: &Renewal) -> Answer<()> {
    let (account, id) = (&due.account, &due.subscription);
    let known = subscription::read(app, account, id).await?;
    let periods = known.as_ref().and_then(|known| known.periods);
    let (Some(known), Some(periods)) = (known, periods) else {
        // It was wished for and never paid.
        app.store().forget_renewal(id).await?;
        return Ok(());
    };
    let now = app.now();
    let mut n = known.paid.last().map_or(0, |last| last.saturating_add(1));
    if periods.start(n) > now {
        look_again(app, due, periods.start(n)).await?;
        return Ok(());
    }
    // Nobody pays for a period that is over.
    while periods.start(n.saturating_add(1)) <= now {
        n = n.saturating_add(1);
    }
    if known.status == SubscriptionStatus::Cancelled {
        app.store().forget_renewal(id).await?;
        return Ok(());
    }
    if !due.declines {
        return match pay(app, account, (id, &periods, n), unless_cancelled(id)).await {
            Ok(_) => Ok(look_again(app, due, periods.start(n.saturating_add(1))).await?),
            Err(fault) => Err(fault.into()),
        };
    }
    if known.status != SubscriptionStatus::PastDue {
        fail(app, account, &known, n).await?;
    }
    let first = known.paid.last().map_or(0, |last| last.saturating_add(1));
    if periods.start(first).plus_seconds(GIVE_UP_SECONDS) <= now {
        let known = subscription::read(app, account, id).await?.unwrap_or(known);
        change(app, account, &known, SubscriptionStatus::Cancelled).await?;
        app.store().forget_renewal(id).await?;
        return Ok(());
    }
    look_again(app, due, now.plus_seconds(TRY_AGAIN_SECONDS)).await?;
    Ok(())
}

/// Pays a period, and looks again at its end.
async fn pay_next(app: &App, account: &AccountId, current: &Current, n: u32) -> Answer<()> {
    let (id, periods) = (current.id(), &current.periods);
    pay(app, account, (id, periods, n), unless_cancelled(id)).await?;
    let next = renewal(account, id, periods.start(n.saturating_add(1)));
    Ok(app.store().put_renewal(next).await?)
}

/// Tells the ledger that a period was paid.
async fn pay(
    app: &App,
    account: &AccountId,
    (id, periods, n): (&ActionId, &Periods, u32),
    may: impl Fn(&Account, Timestamp) -> Result<(), Denial> + Send + Sync + 'static,
) -> Result<Done, LedgerError> {
    let now = app.now();
    let (_, usd_cents) = price(app).map_err(|denial| LedgerError::Denied(Box::new(denial)))?;
    let product = Product::Pro {
        subscription: id.clone(),
        periods: *periods,
        period_start: periods.start(n),
    };
    let paid = Payment::Paid { payment: payment_id(id, n)?, at: now, usd_cents, product };
    payments::take_if(app, Some(account), paid, may).await
}

/// Tells the ledger that the card said no.
async fn fail(app: &App, account: &AccountId, known: &Subscription, n: u32) -> Answer<()> {
    let id = &known.subscription;
    let payment = payment_id(id, n).map_err(LedgerError::from)?;
    let at = after(known, app.now());
    let failed = Payment::Failed { payment, at, subscription: Some(id.clone()) };
    payments::take(app, Some(account), failed).await?;
    Ok(())
}

/// Tells the ledger that a subscription has another status.
async fn change(
    app: &App,
    account: &AccountId,
    known: &Subscription,
    status: SubscriptionStatus,
) -> Answer<()> {
    let (subscription, at) = (known.subscription.clone(), after(known, app.now()));
    let changed = Payment::SubscriptionChanged { subscription, at, status };
    payments::take(app, Some(account), changed).await?;
    Ok(())
}

async fn look_again(app: &App, due: &Renewal, at: Timestamp) -> Result<(), StoreError> {
    // Where somebody else was faster, that is what counts.
    app.store().move_renewal(due, &Renewal { due_at: at, ..due.clone() }).await.map(|_| ())
}

/// A renewal paid with a card that works.
fn renewal(account: &AccountId, id: &ActionId, due_at: Timestamp) -> Renewal {
    Renewal { subscription: id.clone(), account: account.clone(), due_at, declines: false }
}

/// The period that is running at `now`.
fn period_at(current: &Current, now: Timestamp) -> u32 {
    let nearest = current.periods.nearest(now);
    if current.periods.start(nearest) > now { nearest.saturating_sub(1) } else { nearest }
}

/// The id of a period's payment: the same for whoever pays it.
fn payment_id(id: &ActionId, n: u32) -> Result<ActionId, StoreError> {
    let too_long = |_| StoreError::Invalid("a subscription's id leaves no room for its payments'");
    format!("{id}.{n}").parse().map_err(too_long)
}

/// A renewal that met its cancellation pays nothing.
fn unless_cancelled(
    id: &ActionId,
) -> impl Fn(&Account, Timestamp) -> Result<(), Denial> + Send + Sync + 'static {
    let id = id.clone();
    move |account, _| match account.actions.get(&id) {
        Some(Action::Subscription(known)) if known.status == SubscriptionStatus::Cancelled => {
            Err(conflict("the subscription is cancelled"))
        }
        Some(_) | None => Ok(()),
    }
}

fn conflict(message: &str) -> Denial {
    Denial::new(DenialCode::PaymentConflict, message, Vec::new())
}
