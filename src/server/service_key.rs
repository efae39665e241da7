//! Service keys: how a backend says who it is.
//!
//! A key's secret is shown once; the database has only its hash, and a key is looked up by that, so
//! the time an answer takes tells nothing about a secret. Who holds a key is trusted with account
//! ids and usage. A browser's session is no key, whatever it asks for.

use crate::app::App;
use crate::problem::{Answer, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use kumari_store::{KeyScope, ServiceKey, Store, TokenHash};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How every secret begins, so that scanners for leaked secrets can know it.
const SECRET_PREFIX: &str = "kumari_key_";
/// How long a key that was found is taken for granted: a revoked one may work for as long.
const FRESH: Duration = Duration::from_secs(1);
/// How many keys are kept at hand.
const AT_HAND_MAX: usize = 1_000;
/// How many hexadecimal digits of its hash name a key on the command line.
const ID_DIGITS: usize = 12;

/// A backend that may read accounts.
pub(crate) struct MayRead;

/// A backend that may change accounts, too.
pub(crate) struct MayChange;

/// What a request's key may do; noted in the request by [`crate::limits::by_address`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown(KeyScope);

/// What is known of a key without looking it up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AtHand {
    /// It was a live key a moment ago.
    Fresh(Shown),
    /// It was one when it was last looked up.
    Stale,
    /// It may be anything.
    Nothing,
}

/// The keys that were live when they were last looked up.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<HashMap<TokenHash, (KeyScope, Instant)>>);

/// A new secret, and its hash.
pub(crate) fn new_secret() -> Result<(String, TokenHash), getrandom::Error> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random)?;
    let secret = format!("{SECRET_PREFIX}{}", hex(&random));
    let hash = hash(&secret);
    Ok((secret, hash))
}

/// What a key is called where it is listed and revoked: the beginning of its hash.
pub(crate) fn id(key: &ServiceKey) -> String {
    hex(&key.secret_hash.0).chars().take(ID_DIGITS).collect()
}

impl Keys {
    /// What is known of the key of these headers without looking it up.
    pub(crate) fn at_hand(&self, headers: &HeaderMap) -> AtHand {
        let Some(secret) = secret(headers) else {
            return AtHand::Nothing;
        };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&hash(secret)) {
            Some((scope, since)) if since.elapsed() < FRESH => AtHand::Fresh(Shown(*scope)),
            Some(_) => AtHand::Stale,
            None => AtHand::Nothing,
        }
    }

    /// What the key of these headers may do; nothing where it is none.
    pub(crate) async fn look_up(
        &self,
        store: &dyn Store,
        now: kumari_engine::time::Timestamp,
        headers: &HeaderMap,
    ) -> Answer<Option<Shown>> {
        let Some(secret) = secret(headers) else {
            return Ok(None);
        };
        let hash = hash(secret);
        let found = store.service_key(&hash).await?.filter(|key| key.is_live(now));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= AT_HAND_MAX {
            known.clear();
        }
        match found {
            Some(key) => {
                known.insert(hash, (key.scope, Instant::now()));
                Ok(Some(Shown(key.scope)))
            }
            None => {
                known.remove(&hash);
                Ok(None)
            }
        }
    }
}

impl FromRequestParts<Arc<App>> for MayRead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        shown(parts).map(|_| Self)
    }
}

impl FromRequestParts<Arc<App>> for MayChange {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        if shown(parts)?.may_change() {
            return Ok(Self);
        }
        let detail = "this service key may only read; make one with `--scope ledger`";
        Err(Problem::new(StatusCode::FORBIDDEN, "key_scope", detail))
    }
}

fn shown(parts: &Parts) -> Answer<KeyScope> {
    match parts.extensions.get::<Shown>() {
        Some(Shown(scope)) => Ok(*scope),
        None if parts.headers.contains_key(header::AUTHORIZATION) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "key_invalid",
            "this is no service key, or it was revoked",
        )),
        None => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "key_missing",
            "this needs a service key: `Authorization: Bearer …`; \
             `kumari-credits key create` makes one",
        )),
    }
}

/// The secret of `Authorization: Bearer …`.
fn secret(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && secret.starts_with(SECRET_PREFIX)).then_some(secret)
}

fn hash(secret: &str) -> TokenHash {
    TokenHash(Sha256::digest(secret.as_bytes()).into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{hash, new_secret, secret};
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn a_secret_is_found_in_its_header() {
        for (value, expected) in [
            ("Bearer kumari_key_1", Some("kumari_key_1")),
            ("bearer  kumari_key_1 ", Some("kumari_key_1")),
            ("Bearer sk-1", None),
            ("Basic kumari_key_1", None),
            ("kumari_key_1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(secret(&headers), expected, "{value}");
        }
    }

    #[test]
    fn no_two_secrets_are_the_same() {
        let ((one, of_one), (other, _)) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(one, other);
        assert_eq!((one.len(), of_one), ("kumari_key_".len() + 64, hash(&one)));
    }
}
