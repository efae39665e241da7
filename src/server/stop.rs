//! `POST /api/actions/{id}/stop`: the person has read enough. It never depends on credits.

use crate::action;
use crate::app::App;
use crate::body::{Json, json};
use crate::problem::Answer;
use crate::segment::Segment;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::denial::Denial;
use serde::Deserialize;
use std::sync::Arc;

/// Which leg to stop; all of them where absent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    #[serde(default)]
    leg: Option<u32>,
}

/// `POST /api/actions/{id}/stop`: 202, the end comes as an event. What has ended stays as it is,
/// and what another process runs goes on until its own end.
pub(crate) async fn stop(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
    Json(stop): Json<Stop>,
) -> Answer<Response> {
    let id = action::action_id(&id)?;
    let hold = action::hold(&app, &caller.account, &id).await?;
    if let Some(leg) = stop.leg
        && hold.leg(leg).is_none()
    {
        let mut denial = Denial::action_unknown(&format!("leg {leg} of action `{id}`"));
        denial.path = Some("leg".to_owned());
        return Err(denial.into());
    }
    if let Some(run) = app.runs.get(&caller.account, &id) {
        for (token, index) in run.stops.iter().zip(0_u32..) {
            if stop.leg.is_none_or(|leg| leg == index) {
                token.cancel();
            }
        }
    }
    Ok(json(StatusCode::ACCEPTED, &action::view(&app, &caller.account, &id).await?))
}
