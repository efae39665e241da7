//! Server-sent events: one place for their form, their heartbeat and how many there may be.

use crate::app::App;
use crate::limits::Seat;
use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use kumari_engine::id::AccountId;
use serde::Serialize;
use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

/// How often a stream with nothing to say shows that it is there; listeners look again as often.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// Events to be sent.
pub(crate) type Events = BoxStream<'static, Event>;

/// One event. What cannot be written is sent without data and logged.
pub(crate) fn event<T: Serialize>(name: &str, id: impl Display, data: &T) -> Event {
    let event = Event::default().event(name).id(id.to_string());
    event.clone().json_data(data).unwrap_or_else(|fault| {
        tracing::error!(%fault, name, "an event cannot be written");
        event
    })
}

/// A place for one more stream of this account.
pub(crate) fn seat(app: &App, account: &AccountId) -> Result<Seat<AccountId>, Problem> {
    let max = app.config.limits.account_streams_max;
    app.streams.take(account, max).ok_or_else(|| {
        let detail = format!("{max} event streams are open; close one, then open another");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_streams", detail)
            .retry_after(HEARTBEAT)
    })
}

/// The response that sends `events`; the seat is free again when the listener has gone.
pub(crate) fn respond(events: Events, seat: Seat<AccountId>) -> Response {
    let events = events.map(move |event| {
        let _ = &seat;
        Ok::<_, Infallible>(event)
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    let mut response = Sse::new(events).keep_alive(heartbeat).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that collects a stream before it sends it on would make it useless.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Where the listener was.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<usize> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}
