//! `POST /api/account/delete`: a person leaves, and nothing personal stays.
//!
//! The journal stays, as the record of money: it names an account that nobody can open any more. What
//! credits were left in it are nobody's. Which identities had the free credits stays as hashes, so
//! that leaving and coming back brings no more of them.

use crate::app::App;
use crate::body::Json;
use crate::conversation_change::{end_abandoned, mark_deleted};
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::sessions::leave;
use crate::subscription;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kumari_engine::fields;
use kumari_engine::id::AccountId;
use kumari_engine::payment::SubscriptionStatus;
use kumari_store::{CONVERSATIONS_MAX, FILES_MAX};
use std::sync::Arc;

/// Which account is meant: a page may not have heard that somebody else has signed in since.
#[derive(Debug)]
pub(crate) struct Delete {
    account_id: String,
}

fields! {
    Delete { account_id }
}

/// `POST /api/account/delete`: 204, and the browser is a guest again. Where it breaks off nobody is
/// signed out here, and the same again goes on.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Json(asked): Json<Delete>,
) -> Answer<Response> {
    let account = &caller.account;
    if asked.account_id != account.as_str() {
        let detail = "this is not the account that is signed in now: load the page again";
        return Err(Problem::new(StatusCode::CONFLICT, "account_other", detail));
    }
    refuse_renewed(&app, account).await?;
    let store = app.store();
    store.close_sessions(account, Some(&caller.token_hash)).await?;
    delete_conversations(&app, account).await?;
    remove_files(&app, account).await?;
    store.forget_identities(account).await?;
    let response = leave(&app, &headers, &caller).await?;
    // What another page of this browser began meanwhile.
    delete_conversations(&app, account).await?;
    Ok(response)
}

/// Nobody may go on paying for what nobody can open any more.
async fn refuse_renewed(app: &App, account: &AccountId) -> Answer<()> {
    match subscription::current(app, account).await? {
        Some(current) if current.known.status != SubscriptionStatus::Cancelled => {
            let detail = "Pro is still renewed: cancel it first, then delete the account";
            Err(Problem::new(StatusCode::CONFLICT, "subscription_runs", detail))
        }
        Some(_) | None => Ok(()),
    }
}

/// Each as its own deletion does: what is answered stops, and the sweeper forgets the rest.
async fn delete_conversations(app: &App, account: &AccountId) -> Answer<()> {
    loop {
        let page = app.store().conversations(account, None, CONVERSATIONS_MAX).await?;
        if page.is_empty() {
            return Ok(());
        }
        for conversation in page {
            // Nobody is told: who listens is signed out before the list could be read again.
            mark_deleted(app, account, conversation.id).await?;
            end_abandoned(app, account, conversation.id).await?;
        }
    }
}

/// Those that no message has; the others go with their conversations.
async fn remove_files(app: &App, account: &AccountId) -> Answer<()> {
    let mut after = None;
    loop {
        let page = app.store().files(account, after, FILES_MAX).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(*last);
        for file in page {
            app.store().remove_file(account, file).await?;
        }
    }
}
