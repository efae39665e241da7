//! `GET /api/media`: everything that was made for the account, the last first; and
//! `DELETE /api/actions/{id}/files/{file_id}`, which removes one of it for good. Neither depends on
//! credits. The bytes are those of `GET /api/files/{file_id}`.

use crate::action::action_id;
use crate::app::App;
use crate::body::json;
use crate::files::unknown;
use crate::problem::{Answer, Problem};
use crate::segment::Segments;
use crate::session::Caller;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use kumari_engine::amount::Credits;
use kumari_engine::id::{ActionId, ModelId};
use kumari_engine::time::Timestamp;
use kumari_store::{
    Author, ConversationId, FileFacts, FileId, JobKey, MADE_MAX, Made, Message, MessagePlace,
};
use serde::Serialize;
use std::sync::Arc;

/// How many answers a page has, where nothing is asked for.
const PAGE: u32 = 24;

#[derive(Debug, Serialize)]
struct Library {
    media: Vec<MadeView>,
    next: Option<String>,
}

/// An answer that made something.
#[derive(Debug, Serialize)]
struct MadeView {
    action_id: ActionId,
    leg: u32,
    conversation_id: ConversationId,
    model: ModelId,
    prompt: String,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge: Option<Credits>,
    files: Vec<FileFacts>,
}

/// `GET /api/media?before=&limit=`.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let (before, limit) = page(query.as_deref().unwrap_or_default())?;
    let made = app.store().made(&caller.account, before.as_ref(), limit).await?;
    let is_full = u32::try_from(made.len()).is_ok_and(|count| count == limit);
    let next = made.last().filter(|_| is_full).map(cursor);
    let media = made.into_iter().filter_map(view).collect();
    Ok(json(StatusCode::OK, &Library { media, next }))
}

/// `DELETE /api/actions/{id}/files/{file_id}`: 204.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Segments(action, file): Segments,
) -> Answer<Response> {
    let action_id = action_id(&action)?;
    let file: FileId = file.parse().map_err(|_| unknown())?;
    let chat = app.store().action_chat(&caller.account, &action_id).await?.ok_or_else(unknown)?;
    let has_it = |message: &&Message| message.files.iter().any(|facts| facts.file_id == file);
    let answers = chat.messages.iter().filter(|message| message.author.leg().is_some());
    let leg = answers.clone().find(has_it).and_then(|answer| answer.author.leg());
    let key = JobKey { account: caller.account, action_id, leg: leg.ok_or_else(unknown)? };
    if !app.store().remove_made(&key, file).await? {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn view(Made { conversation_id, message, prompt }: Made) -> Option<MadeView> {
    let Message { action_id, author, created_at, charge, files, .. } = message;
    let Author::Assistant { leg, model } = author else { return None };
    Some(MadeView { action_id, leg, conversation_id, model, prompt, created_at, charge, files })
}

fn page(query: &str) -> Answer<(Option<MessagePlace>, u32)> {
    let (mut before, mut limit) = (None, PAGE);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("limit", asked) => {
                let asked = asked.parse().ok().filter(|asked| (1..=MADE_MAX).contains(asked));
                limit = asked
                    .ok_or_else(|| Problem::invalid("limit", format!("use 1 to {MADE_MAX}")))?;
            }
            ("before", "") => {}
            ("before", text) => {
                before = Some(place(text).ok_or_else(|| {
                    Problem::invalid("before", "use the `next` of the page before")
                })?);
            }
            (name, _) => return Err(Problem::invalid(name, "there is no such parameter")),
        }
    }
    Ok((before, limit))
}

/// Where a page ended: milliseconds, the leg, the action.
fn cursor(last: &Made) -> String {
    let Message { created_at, author, action_id, .. } = &last.message;
    format!("{}_{}_{action_id}", created_at.as_millis(), author.leg().unwrap_or(0))
}

fn place(text: &str) -> Option<MessagePlace> {
    let mut parts = text.splitn(3, '_');
    let created_at = Timestamp::from_millis(parts.next()?.parse().ok()?).ok()?;
    let leg = Some(parts.next()?.parse().ok()?);
    Some(MessagePlace { created_at, leg, action_id: parts.next()?.parse().ok()? })
}
