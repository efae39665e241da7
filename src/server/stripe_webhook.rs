//! `POST /api/stripe/webhook`: what Stripe tells, checked and handed to the ledger.
//!
//! Events come twice, late and in any order, and each is a fact that may be. What can be taken in only
//! later is refused, so that Stripe tells it again; what never can be is logged and answered, for
//! somebody has to look at it.

use crate::app::App;
use crate::body::{self, json};
use crate::payments;
use crate::problem::{Answer, Problem};
use crate::stripe::Stripe;
use crate::stripe_events::{Told, part, told};
use crate::stripe_signature::verify;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::payment::Payment;
use kumari_store::LedgerError;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// The longest event, in bytes.
const EVENT_BYTES_MAX: usize = 512 * 1024;
/// How long an event is told again whose payment nobody knows: it may be of something else.
const UNKNOWN_SECONDS_MAX: u32 = 24 * 3_600;

#[derive(Debug, Serialize)]
struct Received {
    received: bool,
}

/// `POST /api/stripe/webhook`.
pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request) -> Answer<Response> {
    let Some(stripe) = &app.stripe else {
        return Err(Problem::not_found("not_found", "no payment provider is used here"));
    };
    let header = request.headers().get("stripe-signature");
    let header = header.and_then(|header| header.to_str().ok()).unwrap_or_default().to_owned();
    let body = body::bytes(request, EVENT_BYTES_MAX).await?;
    let now = app.now().as_millis().div_euclid(1_000);
    verify(&header, &body, stripe.webhook_secret(), now).map_err(|fault| {
        tracing::warn!(%fault, "an event was not believed");
        Problem::new(StatusCode::BAD_REQUEST, "signature_invalid", fault.to_string())
    })?;
    let event: Value = serde_json::from_slice(&body).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "json_malformed", "the event is not JSON")
    })?;
    if let Some(told) = told(&event) {
        take(&app, stripe, told, &event).await?;
    }
    Ok(json(StatusCode::OK, &Received { received: true }))
}

async fn take(app: &App, stripe: &Stripe, told: Told, event: &Value) -> Answer<()> {
    let Some((account, fact)) = fact(app, stripe, told).await? else { return Ok(()) };
    let taken = payments::take(app, account.as_ref(), fact.clone()).await;
    let Err(fault) = taken else { return Ok(()) };
    let LedgerError::Denied(denial) = &fault else { return Err(fault.into()) };
    let is_old = part(event, "/created").as_i64().is_some_and(|created| {
        let oldest = app.seconds_ago(UNKNOWN_SECONDS_MAX).as_millis().div_euclid(1_000);
        created < oldest
    });
    if denial.transient && !is_old {
        return Err(fault.into());
    }
    // Where money came in, nothing was granted for it.
    tracing::error!(
        event = part(event, "/id").as_str().unwrap_or_default(), %denial, ?fact,
        "an event of Stripe cannot be taken in; look at the payment there, and give back by hand \
         what bought nothing"
    );
    Ok(())
}

/// The fact that an event is, and whose it is where the event says so.
async fn fact(
    app: &App,
    stripe: &Stripe,
    told: Told,
) -> Answer<Option<(Option<AccountId>, Payment)>> {
    Ok(match told {
        Told::Fact { account, fact } => Some((Some(account), fact)),
        Told::Period { subscription, invoice, at, paid } => {
            let known = stripe.subscription(&subscription).await?;
            known.and_then(|known| {
                let fact = known.period(invoice, at, paid)?;
                Some((Some(known.account), fact))
            })
        }
        Told::Subscription { known, at } => {
            let fact = known.changed(at);
            fact.map(|fact| (Some(known.account), fact))
        }
        Told::Money { intent, invoice, about } => {
            let payment = payment_of(app, stripe, &intent, invoice).await?;
            payment.map(|payment| (None, about.of(payment)))
        }
    })
}

/// What the ledger calls a payment: a pack by its intent, a period by its invoice.
async fn payment_of(
    app: &App,
    stripe: &Stripe,
    intent: &str,
    invoice: Option<String>,
) -> Answer<Option<ActionId>> {
    let own: Option<ActionId> = intent.parse().ok();
    if let Some(own) = &own
        && app.store().payment_claim(own).await?.is_some()
    {
        return Ok(Some(own.clone()));
    }
    let invoice = match invoice {
        Some(invoice) => Some(invoice),
        None => stripe.invoice_of(intent).await?,
    };
    Ok(invoice.and_then(|invoice| invoice.parse().ok()).or(own))
}
