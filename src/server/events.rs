//! `GET /api/events`: the balance, and the price book and the calibration in force, whenever they
//! change.

use crate::app::App;
use crate::balance;
use crate::problem::Answer;
use crate::session::Caller;
use crate::sse::{self, Events, HEARTBEAT};
use async_stream::stream;
use axum::extract::State;
use axum::response::Response;
use kumari_engine::eligibility::Standing;
use kumari_engine::id::{AccountId, BookVersion, CalibrationVersion};
use serde::Serialize;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Which price book, or which calibration.
#[derive(Serialize)]
struct InForce<'version, T> {
    version: &'version T,
}

/// `balance`, `price_book` and `calibration`, each once at the beginning. An event's id is the
/// balance's version.
pub(crate) async fn listen(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    let seat = sse::seat(&app, &caller.account)?;
    Ok(sse::respond(events(app, caller.account), seat))
}

fn events(app: Arc<App>, account: AccountId) -> Events {
    Box::pin(stream! {
        // Listening begins before the first look, so nothing falls between the two.
        let mut balance_changed = app.hub.listen(&account);
        let mut prices_changed = app.prices_changed.subscribe();
        let mut look_again = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told: Option<(u64, Standing)> = None;
        let mut told_book: Option<BookVersion> = None;
        let mut told_calibration: Option<CalibrationVersion> = None;
        loop {
            match balance::read(&app, &account).await {
                Ok(now) if is_news(told.as_ref(), now.version, &now.standing) => {
                    told = Some((now.version, now.standing.clone()));
                    yield sse::event("balance", now.version, &now);
                }
                Ok(_) => {}
                // The next look may succeed; a listener whose stream ends would only come back.
                Err(problem) => tracing::warn!(code = problem.code(), "no balance to send"),
            }
            let book = app.book_in_force();
            if told_book.as_ref() != Some(book.version()) {
                told_book = Some(book.version().clone());
                let version = told.as_ref().map_or(0, |(version, _)| *version);
                yield sse::event("price_book", version, &InForce { version: book.version() });
            }
            let calibration = app.calibrations.in_force();
            if told_calibration.as_ref() != Some(&calibration.version) {
                told_calibration = Some(calibration.version.clone());
                let version = told.as_ref().map_or(0, |(version, _)| *version);
                yield sse::event("calibration", version, &InForce { version: &calibration.version });
            }
            tokio::select! {
                changed = balance_changed.changed() => if changed.is_err() { return },
                changed = prices_changed.changed() => if changed.is_err() { return },
                // Another process may have changed the account, or time its standing or the book.
                _ = look_again.tick() => {}
                () = app.stopping.cancelled() => return,
            }
        }
    })
}

/// Whether a balance says something that was not told: a change of the account, or what time alone
/// does to it, as when a day begins or a lot becomes usable.
fn is_news(told: Option<&(u64, Standing)>, version: u64, standing: &Standing) -> bool {
    told.is_none_or(|(before, said)| *before < version || (*before == version && said != standing))
}

#[cfg(test)]
mod tests {
    use super::is_news;
    use kumari_engine::account::Account;

    #[test]
    fn what_time_alone_does_is_told_and_what_is_older_is_not() {
        let account = Account::new("a".parse().unwrap());
        let was = account.standing("2026-11-30T23:59:59Z".parse().unwrap()).unwrap();
        let mut is = was.clone();
        is.limit_left = Some("5".parse().unwrap());
        assert!(is_news(None, 0, &was));
        let told = (7, was.clone());
        assert!(!is_news(Some(&told), 7, &was));
        assert!(is_news(Some(&told), 8, &was));
        assert!(is_news(Some(&told), 7, &is));
        assert!(!is_news(Some(&told), 6, &is), "another process may be behind");
    }
}
