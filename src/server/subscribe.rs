//! `/api/subscription`: what a person does with Pro.
//!
//! Each is a wish; what the ledger hears is a fact about money, or about the subscription, in the
//! words that a payment provider uses too.

use crate::app::App;
use crate::body::{Json, json};
use crate::buying::{self, PayAt, Seller, SellerName};
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::subscription::{self, Current, SubscriptionView};
use crate::uuid7::Uuid7;
use crate::{demo_biller, stripe_pro};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::fields;
use kumari_engine::id::AccountId;
use kumari_engine::read::{Read, Reader};
use serde::Serialize;
use std::sync::Arc;

/// A wish for Pro.
#[derive(Debug)]
pub(crate) struct Begin {
    action_id: Uuid7,
}

fields! {
    Begin { action_id }
}

/// `{}`: the account has one subscription, and the address says what is wanted of it.
#[derive(Debug)]
pub(crate) struct Change {}

impl Read for Change {
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.record(&[], false).close();
        Self {}
    }
}

/// Which answer the demo card gives to a renewal.
#[derive(Debug)]
pub(crate) struct RenewForShow {
    declines: bool,
}

fields! {
    RenewForShow { declines }
}

#[derive(Debug, Serialize)]
struct Subscribed {
    payments: SellerName,
    subscription: Option<SubscriptionView>,
}

/// `GET /api/subscription`.
pub(crate) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    shown(&app, &caller.account, StatusCode::OK).await
}

/// `POST /api/subscription`: 201, or 200 for a repeat; 202 where it is paid at Stripe's page.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(begin): Json<Begin>,
) -> Answer<Response> {
    let id = buying::action_id(begin.action_id)?;
    match buying::seller(&app, &caller)? {
        Seller::Demo => {
            let is_new = demo_biller::begin(&app, &caller.account, &id).await?;
            let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
            shown(&app, &caller.account, status).await
        }
        Seller::Stripe(stripe) => {
            let pay_at = stripe_pro::begin(&app, stripe, &caller.account, &id).await?;
            Ok(json(StatusCode::ACCEPTED, &PayAt { pay_at }))
        }
    }
}

/// `POST /api/subscription/cancel`: it lives to the end of what is paid.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(Change {}): Json<Change>,
) -> Answer<Response> {
    let (account, current) = (&caller.account, current(&app, &caller).await?);
    match buying::seller(&app, &caller)? {
        Seller::Demo => {
            demo_biller::check_own(&app, &current).await?;
            demo_biller::cancel(&app, account, &current).await?;
        }
        Seller::Stripe(stripe) => {
            stripe_pro::end_with_period(&app, stripe, account, &current, true).await?;
        }
    }
    shown(&app, account, StatusCode::OK).await
}

/// `POST /api/subscription/resume`: it goes on as if it had not been cancelled.
pub(crate) async fn resume(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(Change {}): Json<Change>,
) -> Answer<Response> {
    let (account, current) = (&caller.account, current(&app, &caller).await?);
    match buying::seller(&app, &caller)? {
        Seller::Demo => {
            demo_biller::check_own(&app, &current).await?;
            demo_biller::resume(&app, account, &current).await?;
        }
        Seller::Stripe(stripe) => {
            stripe_pro::end_with_period(&app, stripe, account, &current, false).await?;
        }
    }
    shown(&app, account, StatusCode::OK).await
}

/// `POST /api/subscription/pay`: with a card that works, where a payment is missing; 202 where that
/// is mended at Stripe's page.
pub(crate) async fn pay(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(Change {}): Json<Change>,
) -> Answer<Response> {
    let (account, current) = (&caller.account, current(&app, &caller).await?);
    match buying::seller(&app, &caller)? {
        Seller::Demo => {
            demo_biller::check_own(&app, &current).await?;
            demo_biller::pay_missing(&app, account, &current).await?;
            shown(&app, account, StatusCode::OK).await
        }
        Seller::Stripe(stripe) => {
            let pay_at = stripe_pro::mend(stripe, &current).await?;
            Ok(json(StatusCode::ACCEPTED, &PayAt { pay_at }))
        }
    }
}

/// `POST /api/subscription/demo-renewal`: tries the next renewal now, to be seen.
pub(crate) async fn renew_for_show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(RenewForShow { declines }): Json<RenewForShow>,
) -> Answer<Response> {
    let (account, current) = (&caller.account, current(&app, &caller).await?);
    match buying::seller(&app, &caller)? {
        Seller::Demo => {
            demo_biller::check_own(&app, &current).await?;
            demo_biller::renew_for_show(&app, account, &current, declines).await?;
        }
        Seller::Stripe(_) => return Err(subscription::elsewhere()),
    }
    shown(&app, account, StatusCode::OK).await
}

async fn shown(app: &App, account: &AccountId, status: StatusCode) -> Answer<Response> {
    let current = subscription::current(app, account).await?;
    let subscription = current.as_ref().map(Current::view);
    Ok(json(status, &Subscribed { payments: buying::name(app), subscription }))
}

/// The subscription that something is wished of.
async fn current(app: &App, caller: &Caller) -> Answer<Current> {
    buying::seller(app, caller)?;
    let unknown =
        || Problem::not_found("subscription_unknown", "there is no subscription: begin one");
    subscription::current(app, &caller.account).await?.ok_or_else(unknown)
}
