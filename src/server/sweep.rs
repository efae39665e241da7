//! Writing down what time did, and forgetting what is over. Nobody depends on it: every read and
//! every command does the same for its own account (R32). Demo payments are renewed here too.

use crate::app::App;
use crate::conversation_change::RESTORABLE_SECONDS;
use crate::{demo_biller, rows};
use kumari_store::{ACCOUNTS_DUE_MAX, SESSIONS_MAX};
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How long a deleted conversation stays whole. The clock of another server may be behind, and what
/// it still restores must not be forgotten in part.
const DELETED_SECONDS: u32 = RESTORABLE_SECONDS + 60;
/// How long a file stays that no message has.
const UNSENT_FILE_SECONDS: u32 = 24 * 3_600;
/// How many files are forgotten at a time: each may be large, and others want to write too.
const FILES_AT_A_TIME: u32 = 8;

/// Sweeps until the process stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut ticks = interval(app.config.sweep_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tidied = Instant::now();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.stopping.cancelled() => return,
        }
        accounts(&app).await;
        demo_biller::renew_due(&app).await;
        if tidied.elapsed() >= app.config.tidy_every {
            tidied = Instant::now();
            tidy(&app).await;
        }
    }
}

/// Ends the holds and lots whose time has come.
async fn accounts(app: &App) {
    let mut after = None;
    loop {
        let swept = app.ledger.sweep(after.as_ref(), ACCOUNTS_DUE_MAX, rows::of_entries).await;
        let swept = match swept {
            Ok(swept) => swept,
            Err(fault) => return tracing::warn!(%fault, "what is due could not be read"),
        };
        for account in &swept.advanced {
            app.hub.tell(account);
        }
        for (_, fault) in &swept.failed {
            tracing::error!(%fault, "an account could not be brought to now");
        }
        after = match swept.next {
            Some(next) => Some(next),
            None => return,
        };
    }
}

async fn tidy(app: &App) {
    app.rates.forget_idle();
    if let Err(fault) = app.store().forget_sessions(app.now(), SESSIONS_MAX).await {
        tracing::warn!(%fault, "sessions that are over were not forgotten");
    }
    if let Err(fault) = app.store().forget_ceremonies(app.now(), SESSIONS_MAX).await {
        tracing::warn!(%fault, "sign-ins that are over were not forgotten");
    }
    forget_conversations(app).await;
    forget_files(app).await;
    if let Err(fault) = app.file_storage.count(&**app.store()).await {
        tracing::warn!(%fault, "files were not counted; what was known of them stays known");
    }
}

/// Forgets conversations whose deletion cannot be taken back any more, with their files.
async fn forget_conversations(app: &App) {
    let before = app.seconds_ago(DELETED_SECONDS);
    while !app.stopping.is_cancelled() {
        match app.store().forget_conversations(before, FILES_AT_A_TIME).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(fault) => {
                return tracing::warn!(%fault, "deleted conversations were not forgotten");
            }
        }
    }
}

/// Forgets files that were put there a day ago and never sent.
async fn forget_files(app: &App) {
    let before = app.seconds_ago(UNSENT_FILE_SECONDS);
    while !app.stopping.is_cancelled() {
        match app.store().forget_files(before, FILES_AT_A_TIME).await {
            Ok(forgotten) if forgotten == FILES_AT_A_TIME => {}
            Ok(_) => return,
            Err(fault) => {
                return tracing::warn!(%fault, "files that were never sent were not forgotten");
            }
        }
    }
}
