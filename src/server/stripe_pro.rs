//! Pro that is paid by Stripe: begun at its page, ended and resumed by its API, mended at its portal.
//!
//! What a person wishes is asked of Stripe first. What Stripe then says goes to the ledger at once, as
//! the event will that follows.

use crate::app::App;
use crate::payments;
use crate::problem::Answer;
use crate::stripe::{Checkout, Stripe};
use crate::stripe_events::stripe_id;
use crate::subscription::{self, Current, after, already_subscribed, price};
use kumari_engine::id::{AccountId, ActionId};

/// Where a subscription is begun.
///
/// # Errors
/// 409 `already_subscribed` where one runs.
pub(crate) async fn begin(
    app: &App,
    stripe: &Stripe,
    account: &AccountId,
    id: &ActionId,
) -> Answer<String> {
    if subscription::current(app, account).await?.is_some() {
        return Err(already_subscribed());
    }
    let (months, usd_cents) = price(app)?;
    let name = "Kumari Pro".to_owned();
    let checkout = Checkout { account, action_id: id, name, usd_cents, months: Some(months) };
    Ok(stripe.checkout(&checkout).await?)
}

/// Lets a subscription end with what is paid, or go on.
pub(crate) async fn end_with_period(
    app: &App,
    stripe: &Stripe,
    account: &AccountId,
    current: &Current,
    ends: bool,
) -> Answer<()> {
    let id = stripe_id(current.id()).ok_or_else(subscription::elsewhere)?;
    let changed = stripe.end_with_period(id, ends).await?;
    let changed = changed.ok_or_else(subscription::elsewhere)?;
    if changed.status != Some(current.known.status)
        && let Some(fact) = changed.changed(after(&current.known, app.now()))
    {
        payments::take(app, Some(account), fact).await?;
    }
    Ok(())
}

/// Where a person mends how a subscription is paid.
pub(crate) async fn mend(stripe: &Stripe, current: &Current) -> Answer<String> {
    let id = stripe_id(current.id()).ok_or_else(subscription::elsewhere)?;
    let known = stripe.subscription(id).await?.ok_or_else(subscription::elsewhere)?;
    Ok(stripe.portal(&known.customer).await?)
}
