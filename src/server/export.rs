//! `GET /api/account/export`: everything that is kept of an account, as one JSON document.
//!
//! It is written while it is read, a few messages at a time, so that it may be longer than memory.
//! Where reading breaks off so does the document, which is then no JSON.

use crate::app::App;
use crate::conversations::MessageView;
use crate::people::ACCOUNT_IDENTITIES_MAX;
use crate::problem::Answer;
use crate::session::Caller;
use crate::sessions::{IdentityView, SessionView};
use crate::statement::Journal;
use crate::statement_period::Period;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures::stream::{Stream, StreamExt as _};
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use kumari_store::{
    CONVERSATIONS_MAX, FILES_MAX, LedgerError, MESSAGE_FILES_MAX, SESSIONS_MAX, StoreError,
};
use serde::Serialize;
use std::sync::Arc;

/// Messages that are read at a time; each may be as long as a text may be.
const MESSAGES_PAGE: u32 = 16;

/// Why a document breaks off.
#[derive(Debug, thiserror::Error)]
enum ExportFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

#[derive(Debug, Serialize)]
struct Head<'account> {
    account_id: &'account AccountId,
    as_of: Timestamp,
    identities: Vec<IdentityView>,
    sessions: Vec<SessionView>,
}

#[derive(Debug, Serialize)]
struct Said {
    conversation_id: String,
    #[serde(flatten)]
    message: MessageView,
}

/// `GET /api/account/export`.
pub(crate) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    let seat = crate::sse::seat(&app, &caller.account)?;
    let now = app.now();
    let day: String = now.to_string().chars().take(10).collect();
    let document = document(app, caller, now).map(move |part| {
        let _ = &seat;
        part.inspect_err(|fault| tracing::error!(%fault, "an export broke off"))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"kumari-{day}.json\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(document)).into_response())
}

fn document(
    app: Arc<App>,
    caller: Caller,
    now: Timestamp,
) -> impl Stream<Item = Result<Vec<u8>, ExportFault>> + Send + 'static {
    async_stream::try_stream! {
        let (store, account) = (Arc::clone(app.store()), caller.account.clone());
        let identities = store.identities_of(&account, ACCOUNT_IDENTITIES_MAX).await?;
        let sessions = store.sessions_of(&account, now, SESSIONS_MAX).await?;
        let head = Head {
            account_id: &account,
            as_of: now,
            identities: identities.into_iter().map(IdentityView::from).collect(),
            sessions: sessions.into_iter().map(|one| SessionView::new(one, &caller)).collect(),
        };
        let mut head = serde_json::to_vec(&head)?;
        // What follows is of the same object.
        head.pop();
        yield head;

        yield b",\n\"conversations\":[".to_vec();
        let (mut before, mut is_first) = (None, true);
        loop {
            let page = store.conversations(&account, before, CONVERSATIONS_MAX).await?;
            let Some(last) = page.last() else { break };
            before = Some((last.updated_at, last.id));
            for conversation in &page {
                yield item(&mut is_first, conversation)?;
            }
        }
        yield b"],\n\"messages\":[".to_vec();
        let (mut after, mut is_first) = (None, true);
        loop {
            let page = store.all_messages(&account, after.as_ref(), MESSAGES_PAGE).await?;
            let Some((_, last)) = page.last() else { break };
            after = Some((last.action_id.clone(), last.author.leg()));
            for (conversation_id, message) in page {
                let conversation_id = conversation_id.to_string();
                let said = Said { conversation_id, message: MessageView::from(message) };
                yield item(&mut is_first, &said)?;
            }
        }
        yield b"],\n\"files\":[".to_vec();
        let (mut after, mut is_first) = (None, true);
        loop {
            let page = store.files(&account, after, FILES_MAX).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for ids in page.chunks(MESSAGE_FILES_MAX) {
                for facts in store.file_facts(&account, ids).await? {
                    yield item(&mut is_first, &facts)?;
                }
            }
        }
        yield b"],\n\"statement\":{\"opening\":".to_vec();
        let journal = Journal::open(&app.ledger, &account).await?;
        // Half-open, so a second after the last entry.
        let whole = Period { from: Timestamp::default(), to: journal.as_of.plus_seconds(1) };
        let excerpt = journal.excerpt(whole, None).await?;
        yield serde_json::to_vec(&excerpt.opening)?;
        let closing = excerpt.closing;
        yield b",\"lines\":[".to_vec();
        let (mut lines, mut is_first) = (excerpt.lines(), true);
        while let Some(line) = lines.next().await {
            yield item(&mut is_first, &line?)?;
        }
        yield b"],\"closing\":".to_vec();
        yield serde_json::to_vec(&closing)?;
        yield b"}}\n".to_vec();
    }
}

/// One of a list, with what stands between it and the one before.
fn item<T: Serialize>(is_first: &mut bool, value: &T) -> Result<Vec<u8>, ExportFault> {
    let mut json =
        if std::mem::replace(is_first, false) { b"\n".to_vec() } else { b",\n".to_vec() };
    serde_json::to_writer(&mut json, value)?;
    Ok(json)
}
