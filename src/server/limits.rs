//! How much one address, one account and everybody together may ask for.

use crate::answer_files::MEMORY_BYTES;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::service_key::{AtHand, Shown};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kumari_engine::id::AccountId;
use kumari_store::FileRoom;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a request may take, streams apart.
pub(crate) const REQUEST_SECONDS_MAX: u64 = 30;

/// Of all accounts' files, by default.
pub(crate) const FILES_MIB_MAX: u32 = 10 << 10;
/// Of a guest's files, by default: anybody is one, as often as they like.
pub(crate) const GUEST_FILES_MIB_MAX: u32 = 100;

/// Bytes of so many MiB.
pub(crate) fn mib(count: u32) -> u64 {
    u64::from(count) << 20
}

/// How much may be asked for at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests of one address in a second, on average; a burst is four times as many.
    pub address_requests_per_second: NonZeroU32,
    /// Requests of one session in a second, on average; a burst is four times as many.
    pub session_requests_per_second: NonZeroU32,
    /// Event streams that one account may have open.
    pub account_streams_max: usize,
    /// Answers that one account may have running.
    pub account_answers_max: usize,
    /// Answers that may run in this process.
    pub answers_max: usize,
    /// Files that a guest may keep.
    pub guest_files: FileRoom,
    /// Bytes of all accounts' files together, with the texts that were read of them.
    pub files_bytes_max: u64,
    /// Bytes of memory for the files of answers that no provider has taken on yet, in requests to
    /// them; one account has at most half.
    pub file_memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let per_second = |count: u32| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Self {
            address_requests_per_second: per_second(100),
            session_requests_per_second: per_second(50),
            account_streams_max: 32,
            account_answers_max: 16,
            answers_max: 512,
            guest_files: FileRoom { unused_max: 40, bytes_max: mib(GUEST_FILES_MIB_MAX) },
            files_bytes_max: mib(FILES_MIB_MAX),
            file_memory_bytes: MEMORY_BYTES,
        }
    }
}

/// Who asked how often lately.
#[derive(Debug)]
pub(crate) struct Rates {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    sessions: DefaultKeyedRateLimiter<AccountId>,
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        let quota = |per_second: NonZeroU32| {
            Quota::per_second(per_second)
                .allow_burst(per_second.saturating_mul(NonZeroU32::MIN.saturating_add(3)))
        };
        Self {
            addresses: RateLimiter::keyed(quota(limits.address_requests_per_second)),
            sessions: RateLimiter::keyed(quota(limits.session_requests_per_second)),
        }
    }

    /// Counts a request of a session.
    pub(crate) fn check_session(&self, account: &AccountId) -> Result<(), Problem> {
        check(&self.sessions, account)
    }

    /// Forgets those who have not asked for a while, so that memory follows use.
    pub(crate) fn forget_idle(&self) {
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
        self.sessions.retain_recent();
        self.sessions.shrink_to_fit();
    }
}

/// Counts every request against its address, but those of a backend that shows its service key.
pub(crate) async fn by_address(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| peer.ip());
    match admit(&app, peer, request.headers()).await {
        Ok(shown) => {
            shown.map(|shown| request.extensions_mut().insert(shown));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What was no key when it was last looked up counts: guessing one is no way around the limit.
async fn admit(app: &App, peer: Option<IpAddr>, headers: &HeaderMap) -> Answer<Option<Shown>> {
    match app.keys.at_hand(headers) {
        AtHand::Fresh(shown) => return Ok(Some(shown)),
        AtHand::Stale => {}
        AtHand::Nothing => peer.map_or(Ok(()), |peer| check(&app.rates.addresses, &peer))?,
    }
    app.keys.look_up(app.store().as_ref(), app.now(), headers).await
}

/// Ends a request that takes too long. Streams are not behind this.
pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(REQUEST_SECONDS_MAX);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timed_out",
            "this took too long; look whether it was done, then try again",
        )
        .retry_after(Duration::from_secs(1))
        .into_response(),
    }
}

fn check<K: Clone + Eq + Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|until| {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many requests; wait a moment and try again",
        )
        .retry_after(until.wait_time_from(DefaultClock::default().now()))
    })
}

/// Counts what is open for each key, and takes it off when a [`Seat`] is dropped.
#[derive(Debug)]
pub(crate) struct Seats<K: Eq + Hash> {
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

/// One place taken, until dropped.
#[derive(Debug)]
pub(crate) struct Seat<K: Eq + Hash> {
    key: K,
    taken: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Clone + Eq + Hash> Seats<K> {
    pub(crate) fn new() -> Self {
        Self { taken: Arc::default() }
    }

    /// Takes a place, unless `max` are taken.
    pub(crate) fn take(&self, key: &K, max: usize) -> Option<Seat<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(key.clone()).or_default();
        if *count >= max {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Seat { key: key.clone(), taken: Arc::clone(&self.taken) })
    }
}

impl<K: Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, Rates, Seats};

    #[test]
    fn a_seat_is_free_again_when_it_is_dropped() {
        let seats = Seats::new();
        let first = seats.take(&"a", 1);
        assert!(first.is_some());
        assert!(seats.take(&"a", 1).is_none());
        assert!(seats.take(&"b", 1).is_some());
        drop(first);
        assert!(seats.take(&"a", 1).is_some());
    }

    #[test]
    fn a_session_that_asks_too_often_is_told_when_to_come_back() {
        let limits =
            Limits { session_requests_per_second: std::num::NonZeroU32::MIN, ..Limits::default() };
        let rates = Rates::new(&limits);
        let account = "guest".parse().unwrap();
        let refused = (0..5).filter(|_| rates.check_session(&account).is_err()).count();
        assert_eq!(refused, 1, "a burst of four, then one in a second");
        let other = "other".parse().unwrap();
        assert!(rates.check_session(&other).is_ok());
    }
}
