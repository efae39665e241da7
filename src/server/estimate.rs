//! `POST /api/estimate`: what a request costs, and whether this account may send it.
//!
//! The browser asks the same rules by itself; this is for callers that have no engine.

use crate::app::App;
use crate::body::{Json, json};
use crate::problem::Answer;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::eligibility::{Eligibility, Quote, eligibility};
use kumari_engine::estimate::{Caps, Estimate, estimate_calibrated};
use kumari_engine::fields;
use kumari_engine::request::Request;
use serde::Serialize;
use std::sync::Arc;

/// What is to be priced, and what was shown before.
#[derive(Debug)]
pub(crate) struct Ask {
    request: Request,
    quote: Option<Quote>,
}

fields! {
    Ask { request, quote or default }
}

#[derive(Debug, Serialize)]
struct Told {
    estimate: Option<Estimate>,
    eligibility: Eligibility,
}

/// `POST /api/estimate`. A "no" is an answer here, not a problem.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(ask): Json<Ask>,
) -> Answer<Response> {
    let account = app.read(&caller.account, &[]).await?;
    let standing = account.standing(app.now().max(account.updated_at))?;
    let book = app.book_in_force();
    let calibration = &app.calibrations.in_force().calibration;
    let uncapped = Caps::default();
    let estimate = estimate_calibrated(&book.published, &ask.request, &uncapped, calibration);
    let told = estimate.as_ref().ok().cloned();
    let verdict =
        eligibility(&book.published, &standing, &ask.request, estimate, ask.quote.as_ref());
    Ok(json(StatusCode::OK, &Told { estimate: told, eligibility: verdict }))
}
