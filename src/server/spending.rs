//! `GET /api/spending` and `GET /api/forecast`: what was spent by day, task and model, and how long
//! the rest lasts. Both read the journal as a statement does, and sum up what that shows.

use crate::app::App;
use crate::body::json;
use crate::limits::Seat;
use crate::problem::{Answer, Problem};
use crate::session::Caller;
use crate::statement::Journal;
use crate::statement_period::{Period, PeriodQuery};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use kumari_engine::amount::Credits;
use kumari_engine::id::AccountId;
use kumari_engine::spending::{Forecast, Spending, forecast};
use kumari_engine::time::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// How many sums an account may have under way: each reads a whole period.
const SUMS_MAX: usize = 4;
/// The longest period that is summed up, in days.
const DAYS_MAX: i64 = 366;
/// The pace is that of so many days, or of those since the account began; of one at least.
const PACE_DAYS: i64 = 7;
const MILLIS_PER_DAY: i64 = 86_400_000;

#[derive(Debug, Serialize)]
struct SpendingView {
    as_of: Timestamp,
    from: Timestamp,
    to: Timestamp,
    spending: Vec<Spending>,
}

#[derive(Debug, Serialize)]
struct ForecastView {
    as_of: Timestamp,
    forecast: Forecast,
}

/// `GET /api/spending?month=&from=&to=`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Answer<Response> {
    let period = period(query.as_deref().unwrap_or_default(), app.now())?;
    let _seat = seat(&app, &caller.account)?;
    let journal = Journal::open(&app.ledger, &caller.account).await?;
    let as_of = journal.as_of;
    let spending = journal.excerpt(period, None).await?.spending().await?;
    let Period { from, to } = period;
    Ok(json(StatusCode::OK, &SpendingView { as_of, from, to, spending }))
}

/// `GET /api/forecast`.
pub(crate) async fn lasts(State(app): State<Arc<App>>, caller: Caller) -> Answer<Response> {
    let _seat = seat(&app, &caller.account)?;
    let journal = Journal::open(&app.ledger, &caller.account).await?;
    let (as_of, lots) = (journal.as_of, journal.lots.clone());
    let began_at = journal.began_at().await?.unwrap_or(as_of);
    let since = began_at.max(days_before(as_of, PACE_DAYS)).min(days_before(as_of, 1));
    // An entry of this very instant counts.
    let period = Period { from: since, to: as_of.plus_seconds(1) };
    let spending = journal.excerpt(period, None).await?.spending().await?;
    let spent = Credits::sum(spending.iter().map(|row| row.charge))
        .map_err(|fault| Problem::internal("forecast", &fault))?;
    let forecast = forecast(&lots, since, spent, as_of);
    Ok(json(StatusCode::OK, &ForecastView { as_of, forecast }))
}

fn period(query: &str, now: Timestamp) -> Answer<Period> {
    let mut asked = PeriodQuery::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !asked.take(&name, &value) {
            return Err(Problem::invalid(&name, "there is no such parameter"));
        }
    }
    let period = asked.period(now)?;
    if days_before(period.to, DAYS_MAX) > period.from {
        let detail =
            format!("at most {DAYS_MAX} days are summed up at once: name a shorter period");
        return Err(Problem::invalid("from", detail));
    }
    Ok(period)
}

fn days_before(time: Timestamp, days: i64) -> Timestamp {
    let millis = time.as_millis().saturating_sub(days.saturating_mul(MILLIS_PER_DAY));
    Timestamp::from_millis(millis).unwrap_or_default()
}

fn seat(app: &App, account: &AccountId) -> Answer<Seat<AccountId>> {
    app.sums.take(account, SUMS_MAX).ok_or_else(|| {
        let detail = format!("{SUMS_MAX} sums are under way; wait for one of them");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_sums", detail)
            .retry_after(Duration::from_secs(1))
    })
}
