//! The service API: what a backend with a service key does to an account, one command a request.
//!
//! `POST /api/accounts/{account}/authorize`, `extend`, `renew`, `settle`, `void`, `grant` and
//! `payments` take the engine's commands; `balance`, `actions/{id}` and `entries` are read.

use crate::action;
use crate::app::App;
use crate::balance;
use crate::body::{Json, json};
use crate::carry_out::{Order, carry_out, claim};
use crate::problem::{Answer, Problem};
use crate::segment::{Segment, Segments};
use crate::service_command::Body;
use crate::service_key::{MayChange, MayRead};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::Account;
use kumari_engine::entry::Entry;
use kumari_engine::id::AccountId;
use kumari_engine::period::advance;
use kumari_engine::time::Timestamp;
use kumari_store::ENTRIES_MAX;
use serde::Serialize;
use std::sync::Arc;

/// How many entries a page has where nobody says.
const PAGE: u32 = 100;

#[derive(Debug, Serialize)]
struct Entries {
    entries: Vec<Entry>,
    /// For `after`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// `POST /api/accounts/{account}/…`: 201 where it made something, else 200.
pub(crate) async fn run<Document: Body>(
    State(app): State<Arc<App>>,
    _: MayChange,
    Segment(account): Segment,
    Json(body): Json<Document>,
) -> Answer<Response> {
    let order = Order { account: account_id(&account)?, command: Arc::new(body.command()?) };
    claim(&app, &order).await?;
    let done = carry_out(&app, Vec::from([order])).await?;
    let done = done.into_iter().next();
    let done = done.ok_or_else(|| Problem::internal("command", &"no answer for one command"))??;
    Ok(json(done.status(), &done))
}

/// `GET /api/accounts/{account}/balance`.
pub(crate) async fn balance(
    State(app): State<Arc<App>>,
    _: MayRead,
    Segment(account): Segment,
) -> Answer<Response> {
    Ok(json(StatusCode::OK, &balance::read(&app, &account_id(&account)?).await?))
}

/// `GET /api/accounts/{account}/actions/{id}`: what the id was used for, as it is now.
pub(crate) async fn action(
    State(app): State<Arc<App>>,
    _: MayRead,
    Segments(account, id): Segments,
) -> Answer<Response> {
    let unknown = || Problem::not_found("action_unknown", "there is no action of that id");
    let id = id.parse().map_err(|_| unknown())?;
    let mut account = app.read(&account_id(&account)?, std::slice::from_ref(&id)).await?;
    Ok(json(StatusCode::OK, &account.actions.remove(&id).ok_or_else(unknown)?))
}

/// `GET /api/accounts/{account}/actions/{id}/receipt`.
pub(crate) async fn receipt(
    State(app): State<Arc<App>>,
    _: MayRead,
    Segments(account, id): Segments,
) -> Answer<Response> {
    let hold = action::hold(&app, &account_id(&account)?, &action::action_id(&id)?).await?;
    Ok(json(StatusCode::OK, &action::receipt_of(&app, &hold).await?))
}

/// `GET /api/accounts/{account}/entries?after=&limit=`: the journal, oldest first.
pub(crate) async fn entries(
    State(app): State<Arc<App>>,
    _: MayRead,
    Segment(account): Segment,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let (after, limit) = page(query.as_deref().unwrap_or_default())?;
    let account = account_id(&account)?;
    write_due(&app, &account).await?;
    let entries = app.store().entries(&account, after, limit).await?;
    let is_full = u32::try_from(entries.len()).is_ok_and(|count| count == limit);
    let next = entries.last().filter(|_| is_full).map(|entry| entry.sequence);
    Ok(json(StatusCode::OK, &Entries { entries, next }))
}

/// Writes down what time did to the account until now (R32): whoever copies a journal gets entries
/// that stay what they are.
async fn write_due(app: &App, account: &AccountId) -> Answer<()> {
    let due = app.ledger.advanced(account, &[]).await?;
    if !due.entries.is_empty() {
        let decide = |account: &Account, now: Timestamp| Ok(advance(account, now)?);
        app.command_on(account, &[], |_| Vec::new(), decide).await?;
    }
    Ok(())
}

fn account_id(text: &str) -> Answer<AccountId> {
    text.parse().map_err(|fault| Problem::invalid("account", format!("{fault}")))
}

fn page(query: &str) -> Answer<(u64, u32)> {
    let (mut after, mut limit) = (0, PAGE);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "after" => {
                let wrong = |_| Problem::invalid("after", "not the number of an entry");
                after = value.parse().map_err(wrong)?;
            }
            "limit" => {
                let right = value.parse().ok().filter(|limit| (1..=ENTRIES_MAX).contains(limit));
                let wrong = || Problem::invalid("limit", format!("use 1 to {ENTRIES_MAX}"));
                limit = right.ok_or_else(wrong)?;
            }
            _ => return Err(Problem::invalid(name, "unknown parameter; use `after` and `limit`")),
        }
    }
    Ok((after, limit))
}
