//! `POST /api/actions/{id}/stop`: the person has read enough. It never depends on credits.

use crate::action;
use crate::app::App;
use crate::body::{Json, json};
use crate::books::Book;
use crate::making_asked;
use crate::problem::Answer;
use crate::segment::Segment;
use crate::session::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::account::{Account, Hold};
use kumari_engine::authorize::HOLD_TTL_SECONDS;
use kumari_engine::denial::Denial;
use kumari_engine::fields;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::renew::last_deadline;
use kumari_engine::time::Timestamp;
use kumari_engine::void::{Void, VoidReason, void};
use kumari_store::LedgerError;
use std::sync::Arc;

/// Which leg to stop; all of them where absent.
#[derive(Debug)]
pub(crate) struct Stop {
    leg: Option<u32>,
}

fields! {
    Stop { leg or default }
}

/// `POST /api/actions/{id}/stop`: 202, the end comes as an event. What has ended stays as it is,
/// what another process runs goes on until its own end, and what nobody runs any more is void.
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
    let is_made = making_asked::is_made(hold.request.task);
    // The process that works on a job hears of it, whichever it is, and where that has gone the next.
    let jobs = match is_made {
        true => app.store().stop_jobs(&caller.account, &id, stop.leg).await?,
        false => 0,
    };
    let is_meant = |index| stop.leg.is_none_or(|leg| leg == index);
    if let Some(run) = app.runs.get(&caller.account, &id) {
        for (token, index) in run.stops.iter().zip(0_u32..) {
            if is_meant(index) {
                token.cancel();
            }
        }
    } else if jobs > 0 {
        // Nothing is given back before the provider says that it makes nothing.
    } else if app.store().action_chat(&caller.account, &id).await?.is_none() {
        // A backend's action: it alone knows whether the work goes on.
        return Err(Denial::action_unknown("message of that id").into());
    } else {
        end_abandoned(&app, &caller.account, &hold, is_meant).await?;
    }
    Ok(json(StatusCode::ACCEPTED, &action::view(&app, &caller.account, &id).await?))
}

/// Ends those legs of a hold that are meant, where no process runs them any more.
pub(crate) async fn end_abandoned(
    app: &App,
    account: &AccountId,
    hold: &Hold,
    is_meant: impl Fn(u32) -> bool,
) -> Answer<()> {
    if !hold.is_open() {
        return Ok(());
    }
    let book = app.book_of_hold(&hold.price_book).await?;
    if !is_abandoned(&book, hold, app.now()) {
        return Ok(());
    }
    let legs = hold.legs.iter().zip(0_u32..);
    for (_, leg) in legs.filter(|(leg, index)| leg.end.is_none() && is_meant(*index)) {
        give_back(app, account, &book, (&hold.action_id, leg)).await?;
    }
    Ok(())
}

/// Whether no process runs the work of an open hold. One that does renews it three times in each
/// time to live, unless it has come to its longest.
fn is_abandoned(book: &Book, hold: &Hold, now: Timestamp) -> bool {
    let is_late = hold.deadline <= now.plus_seconds(HOLD_TTL_SECONDS / 2);
    is_late && hold.deadline < last_deadline(&book.published.book, hold)
}

/// Ends a leg whose work got lost.
async fn give_back(
    app: &App,
    account: &AccountId,
    book: &Arc<Book>,
    (id, leg): (&ActionId, u32),
) -> Result<(), LedgerError> {
    let command = Void { action_id: id.clone(), leg, reason: VoidReason::Lost, used: None };
    let book = Arc::clone(book);
    let decide =
        move |account: &Account, now: Timestamp| void(account, &book.published, &command, now);
    match app.command(account, id, |_| Vec::new(), decide).await {
        Ok(_) => Ok(()),
        // It came to its end in this moment.
        Err(LedgerError::Denied(_)) => Ok(()),
        Err(fault) => Err(fault),
    }
}
