//! `GET /api/purchases`: what was bought, and what became of it.

use crate::app::App;
use crate::body::json;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::Caller;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::Action;
use kumari_engine::id::ActionId;
use kumari_engine::lot::LotId;
use kumari_engine::payment::Purchase;
use kumari_store::{Bought, PURCHASES_MAX};
use serde::Serialize;
use std::sync::Arc;

/// How many purchases a page has where nobody says.
const PAGE: u32 = 20;

#[derive(Debug, Serialize)]
struct Purchases {
    purchases: Vec<Purchase>,
    /// For `before`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<LotId>,
}

/// `GET /api/purchases?before=&limit=`: the last first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let (before, limit) = page(query.as_deref().unwrap_or_default())?;
    let account = &caller.account;
    let purchases = app.store().purchases(account, Bought::Anything, before, limit).await?;
    let is_full = u32::try_from(purchases.len()).is_ok_and(|count| count == limit);
    let next = purchases.last().filter(|_| is_full).map(|purchase| purchase.grant.lot);
    Ok(json(StatusCode::OK, &Purchases { purchases, next }))
}

/// `GET /api/purchases/{payment}`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(payment): Segment,
) -> Answer<Response> {
    let unknown = || Problem::not_found("purchase_unknown", "you have bought nothing of that id");
    let id: ActionId = payment.parse().map_err(|_| unknown())?;
    let mut account = app.read(&caller.account, std::slice::from_ref(&id)).await?;
    match account.actions.remove(&id) {
        Some(Action::Purchase(purchase)) => Ok(json(StatusCode::OK, &purchase)),
        Some(
            Action::Hold(_) | Action::Grant(_) | Action::Subscription(_) | Action::Revocation(_),
        )
        | None => Err(unknown()),
    }
}

fn page(query: &str) -> Answer<(Option<LotId>, u32)> {
    let (mut before, mut limit) = (None, PAGE);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "before" => {
                let wrong = |_| Problem::invalid("before", "use `next` of the page before");
                before = Some(LotId(value.parse().map_err(wrong)?));
            }
            "limit" => {
                let right = value.parse().ok().filter(|limit| (1..=PURCHASES_MAX).contains(limit));
                let wrong = || Problem::invalid("limit", format!("use 1 to {PURCHASES_MAX}"));
                limit = right.ok_or_else(wrong)?;
            }
            _ => return Err(Problem::invalid(name, "unknown parameter; use `before` and `limit`")),
        }
    }
    Ok((before, limit))
}
