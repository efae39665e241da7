//! `GET` and `PUT /api/limits`: what a person allows themselves to spend. What it does is the
//! engine's to say; the balance that follows tells what it leaves.

use crate::app::App;
use crate::balance;
use crate::body::{Json, json};
use crate::problem::Answer;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::Account;
use kumari_engine::limits::{Limits, set_limits};
use kumari_engine::time::Timestamp;
use std::sync::Arc;

/// `GET /api/limits`.
pub(crate) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    let account = app.read(&caller.account, &[]).await?;
    Ok(json(StatusCode::OK, &account.limits))
}

/// `PUT /api/limits`: all of them at once; what is left out is not limited any more.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(limits): Json<Limits>,
) -> Answer<Response> {
    let decide = move |account: &Account, now: Timestamp| set_limits(account, &limits, now);
    app.command_on(&caller.account, &[], |_| Vec::new(), decide).await?;
    Ok(json(StatusCode::OK, &balance::read(&app, &caller.account).await?))
}
