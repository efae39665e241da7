//! `GET /api/conversations/events`: that the list of conversations has changed. Who hears it reads
//! the list again.

use crate::app::App;
use crate::problem::Answer;
use crate::session::Caller;
use crate::sse::{self, Events, HEARTBEAT};
use async_stream::stream;
use axum::extract::State;
use axum::response::Response;
use kumari_engine::id::AccountId;
use kumari_store::{CONVERSATIONS_MAX, Conversation};
use serde::Serialize;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// There is nothing to say but that.
#[derive(Serialize)]
struct Changed {}

/// `conversations`, once at the beginning and at every change. What another process did is seen in
/// the newest conversations, within a heartbeat.
pub(crate) async fn listen(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    let seat = sse::seat(&app, &caller.account)?;
    Ok(sse::respond(events(app, caller.account), seat))
}

fn events(app: Arc<App>, account: AccountId) -> Events {
    Box::pin(stream! {
        // Listening begins before the first look, so nothing falls between the two.
        let mut list_changed = app.lists.listen(&account);
        let mut account_changed = app.hub.listen(&account);
        let mut look_again = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told: Option<Vec<Conversation>> = None;
        let mut number = 0_u64;
        let mut is_changed = true;
        loop {
            match app.store().conversations(&account, None, CONVERSATIONS_MAX).await {
                Ok(now) if is_changed || told.as_ref() != Some(&now) => {
                    told = Some(now);
                    number = number.saturating_add(1);
                    yield sse::event("conversations", number, &Changed {});
                }
                Ok(_) => {}
                // The next look may succeed; a listener whose stream ends would only come back.
                Err(fault) => tracing::warn!(%fault, "no list of conversations to look at"),
            }
            is_changed = tokio::select! {
                changed = list_changed.changed() => if changed.is_ok() { true } else { return },
                // A message was sent, or an answer has ended.
                changed = account_changed.changed() => if changed.is_ok() { false } else { return },
                _ = look_again.tick() => false,
                () = app.stopping.cancelled() => return,
            };
        }
    })
}
