//! `GET /healthz` and `GET /readyz`: whether the process lives, and whether it can serve.

use crate::app::App;
use crate::problem::{Answer, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use std::sync::Arc;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// The database answers, and the process is not about to stop.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Answer<&'static str> {
    if app.stopping.is_cancelled() {
        return Err(stopping());
    }
    app.store().ping().await.map_err(|fault| {
        tracing::error!(%fault, "not ready");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "the database does not answer; see the server's log",
        )
    })?;
    Ok("ready\n")
}

/// Nothing new is begun while the process stops.
pub(crate) fn stopping() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "stopping",
        "the server is restarting; try again in a moment",
    )
    .retry_after(std::time::Duration::from_secs(2))
}
