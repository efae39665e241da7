//! `GET /api/balance`: what an account has, and in which lots.

use crate::app::App;
use crate::body::json;
use crate::problem::Answer;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::eligibility::Standing;
use kumari_engine::id::AccountId;
use kumari_engine::lot::{Lot, burn_down};
use kumari_engine::time::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// An account at one instant.
#[derive(Debug, Serialize)]
pub(crate) struct Balance {
    /// The number of its last entry: a later balance never has a smaller one.
    pub(crate) version: u64,
    /// The instant.
    as_of: Timestamp,
    /// What eligibility looks at.
    pub(crate) standing: Standing,
    /// The lots that something is left of, in the order in which they are used.
    lots: Vec<Lot>,
}

/// `GET /api/balance`.
pub(crate) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    Ok(json(StatusCode::OK, &read(&app, &caller.account).await?))
}

/// The balance now.
pub(crate) async fn read(app: &App, account: &AccountId) -> Answer<Balance> {
    let mut account = app.read(account, &[]).await?;
    account.lots.sort_by(burn_down);
    let as_of = app.now().max(account.updated_at);
    Ok(Balance {
        version: account.sequence,
        as_of,
        standing: account.standing(as_of)?,
        lots: account.lots,
    })
}
