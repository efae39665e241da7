//! Whether anything is sold here, by whom and to whom.

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::stripe::Stripe;
use crate::uuid7::Uuid7;
use axum::http::StatusCode;
use kumari_engine::id::ActionId;
use serde::Serialize;

/// Who takes payments here.
pub(crate) enum Seller<'app> {
    /// This server, for play money.
    Demo,
    /// Stripe.
    Stripe(&'app Stripe),
}

/// The same as people are told.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SellerName {
    Demo,
    Stripe,
    None,
}

/// A page of the payment provider on which something is paid or mended.
#[derive(Debug, Serialize)]
pub(crate) struct PayAt {
    pub(crate) pay_at: String,
}

/// Who takes payments here.
pub(crate) const fn name(app: &App) -> SellerName {
    match (&app.stripe, app.config.demo_payments) {
        (Some(_), _) => SellerName::Stripe,
        (None, true) => SellerName::Demo,
        (None, false) => SellerName::None,
    }
}

/// Who sells to whoever asks. Real money buys something only for who can come back to it: a guest is
/// gone with a cookie.
pub(crate) fn seller<'app>(app: &'app App, caller: &Caller) -> Answer<Seller<'app>> {
    match &app.stripe {
        Some(_) if caller.guest => {
            let detail = "sign in first: what is bought belongs to a person, and a guest is gone \
                          with this browser's cookies";
            Err(Problem::new(StatusCode::FORBIDDEN, "sign_in_first", detail))
        }
        Some(stripe) => Ok(Seller::Stripe(stripe)),
        None if app.config.demo_payments => Ok(Seller::Demo),
        None => {
            let detail = "nothing is sold here: this server takes no payments";
            Err(Problem::new(StatusCode::FORBIDDEN, "payments_unavailable", detail))
        }
    }
}

/// The id that a browser made for a purchase.
pub(crate) fn action_id(id: Uuid7) -> Answer<ActionId> {
    id.0.to_string().parse().map_err(|_| Problem::invalid("action_id", "not an id"))
}
