//! `GET /healthz` and `GET /readyz`: whether the process lives, and whether it can serve.

use crate::app::App;
use crate::problem::{Answer, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use kumari_store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long the database may take: whoever asks whether all is ready does not wait for long.
const READY_MAX: Duration = Duration::from_secs(3);

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// The database answers, and the process is not about to stop.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Answer<&'static str> {
    if app.stopping.is_cancelled() {
        return Err(stopping());
    }
    let pinged = match timeout(READY_MAX, app.store().ping()).await {
        Ok(pinged) => pinged,
        Err(_) => Err(StoreError::Unavailable("it has fallen silent".to_owned())),
    };
    pinged.map_err(|fault| {
        tracing::error!(%fault, "not ready");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "the database does not answer; see the server's log",
        )
        .retry_after(Duration::from_secs(1))
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
    .retry_after(Duration::from_secs(2))
}
