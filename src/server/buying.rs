//! Whether anything is sold here, and what both things that are sold have in common.

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::uuid7::Uuid7;
use axum::http::StatusCode;
use kumari_engine::id::ActionId;

/// Demo payments are what this server takes.
pub(crate) fn check_demo(app: &App) -> Answer<()> {
    if app.config.demo_payments {
        return Ok(());
    }
    let detail = "nothing is sold here: this server takes no payments";
    Err(Problem::new(StatusCode::FORBIDDEN, "payments_unavailable", detail))
}

/// The id that a browser made for a purchase.
pub(crate) fn action_id(id: Uuid7) -> Answer<ActionId> {
    id.0.to_string().parse().map_err(|_| Problem::invalid("action_id", "not an id"))
}
