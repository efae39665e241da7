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
use kumari_engine::estimate::{Caps, Estimate, estimate, estimate_calibrated};
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
    // What is decided knows of no calibration: a denial is the same here as at admission.
    let plain = estimate(&book.published, &ask.request);
    let eligibility =
        eligibility(&book.published, &standing, &ask.request, plain, ask.quote.as_ref());
    let calibration = &app.calibrations.in_force().calibration;
    let uncapped = Caps::default();
    let estimate = estimate_calibrated(&book.published, &ask.request, &uncapped, calibration).ok();
    Ok(json(StatusCode::OK, &Told { estimate, eligibility }))
}
