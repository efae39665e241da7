//! `POST /api/top-ups`: a Custom Pack for play money, by the way that real money takes.

use crate::app::App;
use crate::balance::{self, Balance};
use crate::body::{Json, json};
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::uuid7::Uuid7;
use crate::{buying, payments};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account;
use kumari_engine::entry::Event;
use kumari_engine::fields;
use kumari_engine::grant::Granted;
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
    buying::check_demo(&app)?;
    let action_id = buying::action_id(top_up.action_id)?;
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
