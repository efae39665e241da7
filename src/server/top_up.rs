//! `POST /api/top-ups`: a Custom Pack, for play money by the way that real money takes, or paid at
//! Stripe's page.

use crate::app::App;
use crate::balance::{self, Balance};
use crate::body::{Json, json};
use crate::buying::{self, PayAt, Seller};
use crate::payments;
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::stripe::{Checkout, Stripe};
use crate::uuid7::Uuid7;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account;
use kumari_engine::entry::Event;
use kumari_engine::fields;
use kumari_engine::grant::Granted;
use kumari_engine::id::ActionId;
use kumari_engine::payment::{Payment, Product};
use kumari_store::{Done, LedgerError};
use serde::Serialize;
use std::sync::Arc;

/// A purchase.
#[derive(Debug)]
pub(crate) struct TopUp {
    action_id: Uuid7,
    usd: u32,
}

fields! {
    TopUp { action_id, usd }
}

#[derive(Debug, Serialize)]
struct ToppedUp {
    granted: Granted,
    balance: Balance,
}

/// `POST /api/top-ups`: 201, or 200 for a repeat.
pub(crate) async fn buy(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(top_up): Json<TopUp>,
) -> Answer<Response> {
    let action_id = buying::action_id(top_up.action_id)?;
    if let Seller::Stripe(stripe) = buying::seller(&app, &caller)? {
        return pay_at(&app, stripe, &caller, &action_id, top_up.usd).await;
    }
    // More cents than there can be are more than any pack costs, which the engine then says.
    let usd_cents = top_up.usd.saturating_mul(100);
    let paid = Payment::Paid {
        payment: action_id.clone(),
        at: app.now(),
        usd_cents,
        product: Product::Pack,
    };
    let done = payments::take(&app, Some(&caller.account), paid).await.map_err(of_dollars)?;
    let granted = granted(&done)?;
    let balance = balance::read(&app, &caller.account).await?;
    let is_new = done.entries.iter().any(|entry| matches!(entry.event, Event::Paid { .. }));
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json(status, &ToppedUp { granted, balance }))
}

/// 202: what is paid at that page is granted when Stripe tells of it.
async fn pay_at(
    app: &App,
    stripe: &Stripe,
    caller: &Caller,
    action_id: &ActionId,
    usd: u32,
) -> Answer<Response> {
    let book = app.book_in_force();
    let packs = &book.published.book.packs;
    let credits = book.published.book.pack_credits(usd).ok_or_else(|| {
        let (least, most) = (packs.usd_min, packs.usd_max);
        Problem::invalid("usd", format!("a pack costs {least} to {most} whole dollars"))
    })?;
    let checkout = Checkout {
        account: &caller.account,
        action_id,
        name: format!("Custom Pack: {credits} credits"),
        usd_cents: usd.saturating_mul(100),
        months: None,
    };
    Ok(json(StatusCode::ACCEPTED, &PayAt { pay_at: stripe.checkout(&checkout).await? }))
}

/// The engine counts in cents, this address in dollars: a fault of the amount is one of `usd`.
fn of_dollars(error: LedgerError) -> Problem {
    match error {
        LedgerError::Denied(mut denial) => {
            if denial.path.as_deref() == Some("usd_cents") {
                denial.path = Some("usd".to_owned());
            }
            (*denial).into()
        }
        LedgerError::Fault(_) | LedgerError::Store(_) => error.into(),
    }
}

fn granted(done: &Done) -> Answer<Granted> {
    if let account::Answer::Paid(purchase) = &done.answer {
        Ok(purchase.grant.clone())
    } else {
        Err(Problem::internal("top-up", &"a payment answers otherwise"))
    }
}
