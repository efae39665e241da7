//! The bytes of an upload: no more than fit, no slower than is good for all, few at a time.
//!
//! Whoever waits for a place has sent nothing yet and costs nothing.

use crate::limits::{Seat, Seats};
use crate::problem::{Answer, Problem};
use crate::shares::{Share, Shares};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use kumari_engine::id::AccountId;
use kumari_store::FILE_BYTES_MAX;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// How many uploads this process takes in at once; each may have [`FILE_BYTES_MAX`] in memory.
const AT_ONCE_MAX: u32 = 16;
/// How many of them one account may have: who stands still keeps others from a part of the places.
const OF_ACCOUNT_AT_ONCE_MAX: u32 = 4;
/// How many uploads of one account may wait or be under way.
const OF_ACCOUNT_MAX: usize = 40;
/// How long an upload may wait for a place, and then take.
const WHOLE: Duration = Duration::from_secs(300);
/// How long it may stand still.
const IDLE: Duration = Duration::from_secs(20);

/// The places for uploads.
#[derive(Debug)]
pub(crate) struct Uploads {
    /// Of each account: those that wait or are under way.
    all: Seats<AccountId>,
    places: Shares<AccountId>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _place: Share<AccountId>,
    _seat: Seat<AccountId>,
    until: Instant,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { all: Seats::new(), places: Shares::new(AT_ONCE_MAX, OF_ACCOUNT_AT_ONCE_MAX) }
    }
}

impl Uploads {
    /// Waits for a place.
    ///
    /// # Errors
    /// 429 where the account has too many of them waiting, 503 where none comes free.
    pub(crate) async fn place(&self, account: &AccountId) -> Answer<Place> {
        let seat = self.all.take(account, OF_ACCOUNT_MAX).ok_or_else(|| {
            let detail = format!(
                "at most {OF_ACCOUNT_MAX} uploads at a time; send more once some have ended"
            );
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_uploads", detail)
                .retry_after(Duration::from_secs(1))
        })?;
        match timeout(WHOLE, self.places.take(account, 1)).await {
            Ok(Ok(place)) => {
                Ok(Place { _place: place, _seat: seat, until: Instant::now() + WHOLE })
            }
            Ok(Err(_)) | Err(_) => Err(too_slow()),
        }
    }
}

impl Place {
    /// The whole body.
    ///
    /// # Errors
    /// 413 where it is too large, 503 where it comes too slowly, 400 where it breaks off.
    pub(crate) async fn receive(&self, mut body: Body) -> Answer<Bytes> {
        let mut received = BytesMut::new();
        loop {
            let until = self.until.min(Instant::now() + IDLE);
            let frame = timeout_at(until, body.frame()).await.map_err(|_| too_slow())?;
            let Some(frame) = frame else { return Ok(received.freeze()) };
            let frame = frame.map_err(|_| broken_off())?;
            let Ok(data) = frame.into_data() else { continue };
            if received.len().saturating_add(data.len()) > FILE_BYTES_MAX {
                return Err(too_large());
            }
            received.extend_from_slice(&data);
        }
    }
}

/// How many bytes a body says beforehand that it has; 0 where it does not.
///
/// # Errors
/// 413 where that is too large.
pub(crate) fn announced(headers: &HeaderMap) -> Answer<u64> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(length) if length > FILE_BYTES_MAX => Err(too_large()),
        Some(length) => Ok(u64::try_from(length).unwrap_or(u64::MAX)),
        None => Ok(0),
    }
}

fn too_large() -> Problem {
    let detail = format!(
        "a file has at most {FILE_BYTES_MAX} bytes (20 MiB): attach a part of it, or a smaller copy"
    );
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", detail)
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "timed_out",
        "the upload took too long; send it again, or a smaller file",
    )
    .retry_after(Duration::from_secs(1))
}

fn broken_off() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_unreadable",
        "the body broke off before its end; send it again",
    )
}
