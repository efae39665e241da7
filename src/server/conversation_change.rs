//! `PATCH` and `DELETE /api/conversations/{id}`, and taking a deletion back: what a person does with
//! a conversation as a whole.
//!
//! The ledger knows nothing of it: what a conversation cost stays on the account's record.

use crate::app::App;
use crate::body::{Json, json};
use crate::conversations::unknown;
use crate::making_asked;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use crate::session::{Begin, Caller};
use crate::stop;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::fields;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use kumari_store::{ConversationId, MESSAGES_MAX, MessageStatus};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long a deletion can be taken back. The sweeper forgets what is a while older.
pub(crate) const RESTORABLE_SECONDS: u32 = 5 * 60;
/// The longest title that a person can give, in characters.
const TITLE_CHARS_MAX: usize = 200;

/// Another title.
#[derive(Debug)]
pub(crate) struct Rename {
    title: String,
}

fields! {
    Rename { title }
}

#[derive(Debug, Serialize)]
struct Deleted {
    /// Until then, and no longer, it can be restored.
    restorable_until: Timestamp,
}

/// `PATCH /api/conversations/{id}`: 200 with the conversation as it is listed.
pub(crate) async fn rename(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
    Json(rename): Json<Rename>,
) -> Answer<Response> {
    let id = read(&id)?;
    let title = title(&rename.title)?;
    if !app.store().rename_conversation(&caller.account, id, title).await? {
        return Err(unknown());
    }
    changed(&app, &caller.account, id).await
}

/// `DELETE /api/conversations/{id}`: 200 with how long it can be restored, also for a repeat. What
/// is being answered in it is stopped, and what nobody runs any more is void.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
) -> Answer<Response> {
    let id = read(&id)?;
    let deleted_at = mark_deleted(&app, &caller.account, id).await?.ok_or_else(unknown)?;
    app.lists.tell(&caller.account);
    end_abandoned(&app, &caller.account, id).await?;
    let restorable_until = deleted_at.plus_seconds(RESTORABLE_SECONDS);
    Ok(json(StatusCode::OK, &Deleted { restorable_until }))
}

/// Deletes a conversation and stops what is answered in it here, and says since when it is deleted;
/// nothing where there is none.
pub(crate) async fn mark_deleted(
    app: &App,
    account: &AccountId,
    id: ConversationId,
) -> Answer<Option<Timestamp>> {
    let deleted_at = app.store().delete_conversation(account, id, app.now()).await?;
    if deleted_at.is_some() {
        for run in app.runs.in_conversation(account, id) {
            run.stop();
        }
    }
    Ok(deleted_at)
}

/// `POST /api/conversations/{id}/restore`: 200 with the conversation as it is listed, also where it
/// was not deleted.
pub(crate) async fn restore(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segment(id): Segment,
    Json(Begin {}): Json<Begin>,
) -> Answer<Response> {
    let id = read(&id)?;
    let after = app.seconds_ago(RESTORABLE_SECONDS);
    if !app.store().restore_conversation(&caller.account, id, after).await? {
        return Err(unknown());
    }
    changed(&app, &caller.account, id).await
}

/// What is sent goes to a conversation that is not deleted.
pub(crate) async fn refuse_deleted(
    app: &App,
    account: &AccountId,
    id: ConversationId,
) -> Answer<()> {
    if app.store().is_deleted(account, id).await? {
        let detail = "this conversation is deleted: restore it, or begin a new one";
        return Err(Problem::new(StatusCode::CONFLICT, "conversation_deleted", detail));
    }
    Ok(())
}

/// Gives back what is held for answers that were lost with their process, as Stop does.
pub(crate) async fn end_abandoned(
    app: &App,
    account: &AccountId,
    id: ConversationId,
) -> Answer<()> {
    let messages = app.store().messages(account, id, MESSAGES_MAX).await?;
    let running = messages.into_iter().filter(|one| one.status == MessageStatus::Running);
    let actions: BTreeSet<ActionId> = running.map(|one| one.action_id).collect();
    let elsewhere = actions.into_iter().filter(|action| app.runs.get(account, action).is_none());
    let elsewhere: Vec<ActionId> = elsewhere.collect();
    if elsewhere.is_empty() {
        return Ok(());
    }
    let holds = app.read(account, &elsewhere).await?;
    for hold in elsewhere.iter().filter_map(|action| holds.hold(action)) {
        let is_made = making_asked::is_made(hold.request.task);
        if is_made && app.store().stop_jobs(account, &hold.action_id, None).await? > 0 {
            // Whoever works on it hears of it.
            continue;
        }
        stop::end_abandoned(app, account, hold, |_| true).await?;
    }
    Ok(())
}

/// Tells who listens, and answers with what the conversation is now.
async fn changed(app: &App, account: &AccountId, id: ConversationId) -> Answer<Response> {
    app.lists.tell(account);
    let now = app.store().conversation(account, id).await?.ok_or_else(unknown)?;
    Ok(json(StatusCode::OK, &now))
}

fn read(id: &str) -> Answer<ConversationId> {
    id.parse().map_err(|_| unknown())
}

/// A title that fits into one line.
fn title(text: &str) -> Answer<String> {
    let title = text.trim();
    let refused = |detail: &str| Err(Problem::invalid("title", detail));
    if title.is_empty() {
        return refused("there is nothing in it: write a title");
    }
    if title.chars().any(|sign| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}')) {
        return refused("a title is one line: take out line breaks, tabs and control characters");
    }
    if title.chars().count() > TITLE_CHARS_MAX {
        return refused(&format!("a title has at most {TITLE_CHARS_MAX} characters: shorten it"));
    }
    Ok(title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_is_one_line_with_something_in_it() {
        let longest = "🦀".repeat(200);
        for (text, expected) in [
            ("  Köln %_\\ 🦀 ", Some("Köln %_\\ 🦀")),
            (&longest, Some(longest.as_str())),
            (&format!("{longest}x"), None),
            ("", None),
            (" \n ", None),
            ("a\nb", None),
            ("a\u{0}b", None),
            ("a\tb", None),
            ("a\u{2028}b", None),
        ] {
            let read = title(text);
            assert_eq!(read.as_deref().ok(), expected, "{text:?}");
            assert!(read.is_ok() || read.is_err_and(|no| no.code() == "request_invalid"));
        }
    }
}
