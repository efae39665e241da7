//! `GET /api/calibration`: how long answers are likely to be, for whoever estimates.

use crate::app::App;
use crate::price_book::serve;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

/// The one in force, empty where there is none; asked for again each time, by its ETag.
pub(crate) async fn in_force(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let in_force = app.calibrations.in_force();
    serve(in_force.version.as_str(), &in_force.canonical, "no-cache", &headers)
}
