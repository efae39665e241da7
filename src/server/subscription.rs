//! The subscription of an account, as the ledger knows it.
//!
//! The account has every subscription that it ever had by its id. The one that counts is that of the
//! last period that was paid, until what was paid of it is over.

use crate::app::App;
use crate::problem::{Answer, Problem};
use axum::http::StatusCode;
use kumari_engine::account::Action;
use kumari_engine::amount::Credits;
use kumari_engine::denial::{Denial, DenialCode};
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::payment::{Product, Subscription, SubscriptionStatus};
use kumari_engine::period::Periods;
use kumari_engine::price_book::PlanId;
use kumari_engine::time::Timestamp;
use kumari_store::Bought;
use serde::Serialize;

/// How long after its end a period is waited for of which nobody has said anything. Whoever renewed it
/// may be gone, and that keeps nobody from beginning anew.
const SILENT_SECONDS_MAX: u32 = 7 * 24 * 3_600;

/// A subscription of which a period was paid.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub(crate) known: Subscription,
    pub(crate) periods: Periods,
    /// The last period that was paid.
    pub(crate) last: u32,
    /// What was paid for it.
    usd_cents: u32,
    /// What it granted.
    credits: Credits,
}

/// What people see of it.
#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionView {
    subscription: ActionId,
    status: SubscriptionStatus,
    /// When the first period began.
    began_at: Timestamp,
    /// How many months a period has.
    months: u32,
    /// What the last period cost.
    usd_cents: u32,
    /// What it granted.
    credits: Credits,
    /// Until when periods are paid: then it is renewed, or ends.
    paid_until: Timestamp,
}

/// The subscription of an account; nothing where it has none, or has let it run out.
pub(crate) async fn current(app: &App, account: &AccountId) -> Answer<Option<Current>> {
    let bought = app.store().purchases(account, Bought::Pro, None, 1).await?;
    let Some(purchase) = bought.into_iter().next() else { return Ok(None) };
    let Product::Pro { subscription, periods, .. } = purchase.product else { return Ok(None) };
    let Some(known) = read(app, account, &subscription).await? else {
        return Err(Problem::internal("subscription", &"a period is paid of one that is unknown"));
    };
    let last = known.paid.last().copied().unwrap_or_default();
    let (usd_cents, credits) = (purchase.usd_cents, purchase.grant.amount);
    let current = Current { known, periods, last, usd_cents, credits };
    let over_at = match current.known.status {
        SubscriptionStatus::Cancelled => Some(current.paid_until()),
        SubscriptionStatus::Active => Some(current.paid_until().plus_seconds(SILENT_SECONDS_MAX)),
        SubscriptionStatus::PastDue => None,
    };
    let is_over = over_at.is_some_and(|end| end <= app.now());
    Ok(Some(current).filter(|_| !is_over))
}

/// What an account knows of a subscription.
pub(crate) async fn read(
    app: &App,
    account: &AccountId,
    id: &ActionId,
) -> Answer<Option<Subscription>> {
    let mut account = app.read(account, std::slice::from_ref(id)).await?;
    Ok(match account.actions.remove(id) {
        Some(Action::Subscription(known)) => Some(*known),
        Some(Action::Hold(_) | Action::Grant(_) | Action::Purchase(_) | Action::Revocation(_))
        | None => None,
    })
}

/// What is paid somewhere else is changed there.
pub(crate) fn elsewhere() -> Problem {
    let detail = "this subscription is not paid here: change it where it is paid";
    Problem::new(StatusCode::CONFLICT, "subscription_elsewhere", detail)
}

/// An account has one subscription at a time.
pub(crate) fn already_subscribed() -> Problem {
    let detail = "Pro runs already: see `GET /api/subscription`";
    Problem::new(StatusCode::CONFLICT, "already_subscribed", detail)
}

/// The months and the price, in cents, of a period of Pro that is sold now.
pub(crate) fn price(app: &App) -> Result<(u32, u32), Denial> {
    let book = app.book_in_force();
    let plan = book.published.book.plan(PlanId::Pro);
    let sold = plan.and_then(|plan| Some((plan.months?, plan.price_usd?.checked_mul(100)?)));
    sold.ok_or_else(|| Denial::new(DenialCode::NotOffered, "Pro is not sold now", Vec::new()))
}

/// What is wished for now comes after what is known, also within one millisecond.
pub(crate) fn after(known: &Subscription, now: Timestamp) -> Timestamp {
    let next = Timestamp::from_millis(known.status_at.as_millis().saturating_add(1));
    next.map_or(now, |next| next.max(now))
}

impl Current {
    pub(crate) fn id(&self) -> &ActionId {
        &self.known.subscription
    }

    /// Until when periods are paid.
    pub(crate) fn paid_until(&self) -> Timestamp {
        self.periods.start(self.last.saturating_add(1))
    }

    pub(crate) fn view(&self) -> SubscriptionView {
        SubscriptionView {
            subscription: self.id().clone(),
            status: self.known.status,
            began_at: self.periods.anchor,
            months: self.periods.months,
            usd_cents: self.usd_cents,
            credits: self.credits,
            paid_until: self.paid_until(),
        }
    }
}
