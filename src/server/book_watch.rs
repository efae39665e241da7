//! Looking for price books: those that another process has published, as the command line does, and
//! those whose time has come. Whoever prices asks for the book in force each time; this only tells
//! those who wait to hear of another one.

use crate::app::App;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// Looks until the process stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut ticks = interval(app.config.books_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = app.book_in_force().version().clone();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.stopping.cancelled() => return,
        }
        if let Err(fault) = app.books.look(&**app.store()).await {
            tracing::warn!(%fault, "price books that others have published could not be read");
        }
        let book = app.book_in_force();
        if told != *book.version() {
            told = book.version().clone();
            tracing::info!(version = %told, "another price book is in force");
            app.book_changed.send_replace(());
        }
    }
}
