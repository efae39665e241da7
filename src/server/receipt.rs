//! `GET /api/actions/{id}/receipt`: why an action cost what it cost, for anyone to replay (R33).

use crate::action;
use crate::app::App;
use crate::body::json;
use crate::problem::Answer;
use crate::segment::Segment;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// The receipt as far as the action has come; legs that run are open in it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
) -> Answer<Response> {
    let hold = action::hold(&app, &caller.account, &action::action_id(&id)?).await?;
    Ok(json(StatusCode::OK, &action::receipt_of(&app, &hold).await?))
}
