//! Renewing the hold of an answer that runs here, so that a crash gives its credits back within a
//! minute and nothing else does (R26). A conversation that another process deleted meanwhile is
//! seen with it, and its answer is stopped.

use crate::app::App;
use crate::books::Book;
use crate::runs::Run;
use kumari_engine::account::Account;
use kumari_engine::renew::{Renew, renew};
use kumari_engine::time::Timestamp;
use kumari_store::LedgerError;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Renews until it is dropped.
pub(crate) async fn keep(app: &App, run: &Run, book: &Arc<Book>) -> Infallible {
    let every = app.config.renew_every;
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (book, command) = (Arc::clone(book), Renew { action_id: run.action_id.clone() });
        let decide =
            move |account: &Account, now: Timestamp| renew(account, &book.published, &command, now);
        match app.command(&run.account, &run.action_id, |_| Vec::new(), decide).await {
            Ok(_) => {}
            Err(LedgerError::Denied(denial)) => {
                // It ended otherwise; what the answer still costs is recorded and not charged.
                tracing::warn!(code = denial.code.name(), "a hold ended before its answer");
                return std::future::pending().await;
            }
            Err(fault) => tracing::warn!(%fault, "a hold was not renewed"),
        }
        match app.store().is_deleted(&run.account, run.conversation).await {
            Ok(true) => run.stop(),
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(%fault, "whether a conversation is deleted could not be read");
            }
        }
    }
}
