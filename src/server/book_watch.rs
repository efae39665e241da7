//! Looking for price books and the calibration: those that another process has published, as the
//! command line does, and books whose time has come. Whoever prices asks for what is in force each
//! time; this only tells those who wait to hear of another one.

use crate::app::App;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// Looks until the process stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut ticks = interval(app.config.books_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let in_force =
        || (app.book_in_force().version().clone(), app.calibrations.in_force().version.clone());
    let mut told = in_force();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.stopping.cancelled() => return,
        }
        if let Err(fault) = app.books.look(&**app.store()).await {
            tracing::warn!(%fault, "price books that others have published could not be read");
        }
        if let Err(fault) = app.calibrations.look(&**app.store()).await {
            tracing::warn!(%fault, "the calibration could not be looked at");
        }
        let found = in_force();
        if told != found {
            let (book, calibration) = &found;
            tracing::info!(%book, %calibration, "other prices are in force, or likely");
            told = found;
            app.prices_changed.send_replace(());
        }
    }
}
