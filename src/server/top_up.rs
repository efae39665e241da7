//! `POST /api/top-ups`: a Custom Pack for play money.

use crate::app::App;
use crate::balance::{self, Balance};
use crate::body::{Json, json};
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::uuid7::Uuid7;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::{self, Account, Change};
use kumari_engine::amount::Credits;
use kumari_engine::grant::{Grant, Granted, grant};
use kumari_engine::id::ActionId;
use kumari_engine::lot::LotKind;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A purchase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopUp {
    action_id: Uuid7,
    usd: u32,
}

#[derive(Debug, Serialize)]
struct ToppedUp {
    granted: Granted,
    balance: Balance,
}

/// `POST /api/top-ups`: 201, or 200 for a repeat.
pub(crate) async fn buy(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(top_up): Json<TopUp>,
) -> Answer<Response> {
    if !app.config.demo_payments {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "payments_unavailable",
            "packs are not sold here",
        ));
    }
    let action_id: ActionId = top_up
        .action_id
        .0
        .to_string()
        .parse()
        .map_err(|_| Problem::invalid("action_id", "not an id"))?;
    let price = pack_price(&app, top_up.usd)?;
    let earlier = earlier_prices(&app, top_up.usd);
    let buying = action_id.clone();
    let decide =
        move |account: &Account, now| grant(account, &pack(&buying, price, &earlier, account), now);
    let change = app.command(&caller.account, &action_id, |_| Vec::new(), decide).await?;
    let granted = granted(&change)?;
    let balance = balance::read(&app, &caller.account).await?;
    let is_new = change.entries.iter().any(|entry| entry.event.action_id() == Some(&action_id));
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json(status, &ToppedUp { granted, balance }))
}

fn pack_price(app: &App, usd: u32) -> Answer<Credits> {
    let book = app.book_in_force();
    let packs = &book.published.book.packs;
    book.published.book.pack_credits(usd).ok_or_else(|| {
        let detail =
            format!("a pack costs {} to {} whole dollars, not {usd}", packs.usd_min, packs.usd_max);
        Problem::invalid("usd", detail)
    })
}

/// What the same dollars bought by every book so far.
fn earlier_prices(app: &App, usd: u32) -> Vec<Credits> {
    let books = app.books.all();
    books.iter().filter_map(|book| book.published.book.pack_credits(usd)).collect()
}

/// The grant to make. A repeat of a purchase asks for what it got the first time, also where the
/// price has changed since.
fn pack(id: &ActionId, price: Credits, earlier: &[Credits], account: &Account) -> Grant {
    let bought = match account.actions.get(id) {
        Some(account::Action::Grant(made)) if earlier.contains(&made.amount) => Some(made.amount),
        Some(_) | None => None,
    };
    Grant {
        action_id: id.clone(),
        kind: LotKind::Pack,
        amount: bought.unwrap_or(price),
        priority: 0,
        effective_at: None,
        expires_at: None,
        reason: None,
    }
}

fn granted(change: &Change) -> Answer<Granted> {
    if let account::Answer::Granted(granted) = &change.answer {
        Ok(granted.clone())
    } else {
        Err(Problem::internal("top-up", &"a grant answers otherwise"))
    }
}
