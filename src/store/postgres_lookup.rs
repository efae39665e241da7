//! Sessions, service keys, payment claims, price books and the calibration in PostgreSQL: statements,
//! and what their rows mean.
//!
//! Each is one statement, and so a transaction of its own.

use crate::error::StoreError;
use crate::lookup::{
    BookListing, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::postgres_statement::{Statement, param};
use crate::values::{parse, time};
use kumari_engine::id::{ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use tokio_postgres::Row;

const OPEN_SESSION: &str = "\
    INSERT INTO sessions \
    (token_hash, account_id, created_at, expires_at, is_guest, device, seen_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) \
    ON CONFLICT (token_hash) DO UPDATE SET created_at = sessions.created_at \
    RETURNING token_hash, account_id, created_at, expires_at, is_guest, device, seen_at";

const SESSION: &str = "\
    SELECT token_hash, account_id, created_at, expires_at, is_guest, device, seen_at \
    FROM sessions WHERE token_hash = $1";

const SESSIONS: &str = "\
    SELECT token_hash, account_id, created_at, expires_at, is_guest, device, seen_at \
    FROM sessions WHERE token_hash > $1 ORDER BY token_hash LIMIT $2";

const CLOSE_SESSION: &str = "DELETE FROM sessions WHERE token_hash = $1 RETURNING token_hash";

const FORGET_SESSIONS: &str = "\
    DELETE FROM sessions WHERE token_hash = ANY (ARRAY \
    (SELECT token_hash FROM sessions WHERE expires_at <= $1 LIMIT $2)) RETURNING token_hash";

const CLAIM_PAYMENT: &str = "\
    INSERT INTO payment_claims (object_id, account_id) VALUES ($1, $2) \
    ON CONFLICT (object_id) DO UPDATE SET account_id = payment_claims.account_id \
    RETURNING object_id, account_id";

const PAYMENT_CLAIM: &str = "\
    SELECT object_id, account_id FROM payment_claims WHERE object_id = $1";

const PAYMENT_CLAIMS: &str = "\
    SELECT object_id, account_id FROM payment_claims \
    WHERE object_id > $1 ORDER BY object_id LIMIT $2";

const ADD_SERVICE_KEY: &str = "\
    INSERT INTO service_keys (secret_hash, name, scope, created_at, revoked_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (secret_hash) DO NOTHING";

const SERVICE_KEY: &str = "\
    SELECT secret_hash, name, scope, created_at, revoked_at FROM service_keys \
    WHERE secret_hash = $1";

const SERVICE_KEYS: &str = "\
    SELECT secret_hash, name, scope, created_at, revoked_at FROM service_keys \
    WHERE secret_hash > $1 ORDER BY secret_hash LIMIT $2";

const REVOKE_SERVICE_KEY: &str = "\
    UPDATE service_keys SET revoked_at = $2 \
    WHERE secret_hash = $1 AND revoked_at IS NULL RETURNING secret_hash";

const PUBLISH_BOOK: &str = "\
    INSERT INTO price_books (version, book, effective_at, published_at) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (version) DO NOTHING";

const BOOK: &str = "\
    SELECT version, effective_at, published_at, book FROM price_books WHERE version = $1";

const BOOK_AT: &str = "\
    SELECT version, effective_at, published_at, book FROM price_books WHERE effective_at <= $1 \
    ORDER BY effective_at DESC, published_at DESC, version DESC LIMIT 1";

const BOOKS: &str = "\
    SELECT version, effective_at, published_at FROM price_books \
    ORDER BY effective_at DESC, published_at DESC, version DESC LIMIT $1";

const PUT_CALIBRATION: &str = "\
    INSERT INTO calibration (place, version, calibration, published_at) VALUES (1, $1, $2, $3) \
    ON CONFLICT (place) DO UPDATE SET version = excluded.version, \
    calibration = excluded.calibration, published_at = excluded.published_at";

const CALIBRATION: &str = "\
    SELECT version, calibration, published_at FROM calibration \
    WHERE version IS DISTINCT FROM $1::text";

/// Begins a session, and reads the one that is stored.
pub(crate) fn open_session(session: &Session) -> Statement<'_> {
    let columns = [
        param(session.token_hash.0.to_vec()),
        param(session.account.as_str()),
        param(session.created_at.as_millis()),
        param(session.expires_at.map(Timestamp::as_millis)),
        param(session.is_guest),
        param(session.device.as_str()),
        param(session.seen_at.as_millis()),
    ];
    Statement::new(OPEN_SESSION, columns)
}

/// Reads a session, live or not.
pub(crate) fn session(token_hash: TokenHash) -> Statement<'static> {
    Statement::new(SESSION, [param(token_hash.0.to_vec())])
}

/// Reads sessions after one, in the order of their tokens' hashes.
pub(crate) fn sessions(after: Option<&TokenHash>, limit: u32) -> Statement<'static> {
    // No hash is empty, so all of them are after the empty one.
    let after = after.map_or_else(Vec::new, |after| after.0.to_vec());
    Statement::new(SESSIONS, [param(after), param(i64::from(limit))])
}

/// The sessions that a statement read.
pub(crate) fn sessions_of(rows: &[Row]) -> Result<Vec<Session>, StoreError> {
    let session = |row: &Row| {
        let token_hash: &[u8] = row.try_get(0)?;
        let token_hash = token_hash.try_into();
        let expires_at: Option<i64> = row.try_get(3)?;
        Ok(Session {
            token_hash: token_hash
                .map(TokenHash)
                .map_err(|fault| StoreError::corrupt("a token's hash", fault))?,
            account: parse("an account's id", row.try_get(1)?)?,
            created_at: time(row.try_get(2)?)?,
            expires_at: expires_at.map(time).transpose()?,
            is_guest: row.try_get(4)?,
            device: row.try_get(5)?,
            seen_at: time(row.try_get(6)?)?,
        })
    };
    rows.iter().map(session).collect()
}

/// Ends a session; a row where there was one.
pub(crate) fn close_session(token_hash: TokenHash) -> Statement<'static> {
    Statement::new(CLOSE_SESSION, [param(token_hash.0.to_vec())])
}

/// Forgets sessions whose time is over; a row for each.
pub(crate) fn forget_sessions(now: Timestamp, limit: u32) -> Statement<'static> {
    Statement::new(FORGET_SESSIONS, [param(now.as_millis()), param(i64::from(limit))])
}

/// Claims a payment object, and reads the claim that is stored.
pub(crate) fn claim_payment(claim: &PaymentClaim) -> Statement<'_> {
    Statement::new(CLAIM_PAYMENT, [param(claim.object.as_str()), param(claim.account.as_str())])
}

/// Reads whose a payment object is.
pub(crate) fn payment_claim(object: &ActionId) -> Statement<'_> {
    Statement::new(PAYMENT_CLAIM, [param(object.as_str())])
}

/// Reads claimed payment objects after one, in the order of their ids.
pub(crate) fn payment_claims(after: Option<&ActionId>, limit: u32) -> Statement<'_> {
    // No id is empty, so all of them are after the empty one.
    let after = after.map_or("", ActionId::as_str);
    Statement::new(PAYMENT_CLAIMS, [param(after), param(i64::from(limit))])
}

/// The claims that a statement read.
pub(crate) fn claims_of(rows: &[Row]) -> Result<Vec<PaymentClaim>, StoreError> {
    let claim = |row: &Row| {
        let object = parse("a payment object's id", row.try_get(0)?)?;
        Ok(PaymentClaim { object, account: parse("an account's id", row.try_get(1)?)? })
    };
    rows.iter().map(claim).collect()
}

/// Keeps a service key unless its secret is known already.
pub(crate) fn add_service_key(key: &ServiceKey) -> Statement<'_> {
    let columns = [
        param(key.secret_hash.0.to_vec()),
        param(key.name.as_str()),
        param(key.scope.name()),
        param(key.created_at.as_millis()),
        param(key.revoked_at.map(Timestamp::as_millis)),
    ];
    Statement::new(ADD_SERVICE_KEY, columns)
}

/// Reads a service key, revoked or not.
pub(crate) fn service_key(secret_hash: TokenHash) -> Statement<'static> {
    Statement::new(SERVICE_KEY, [param(secret_hash.0.to_vec())])
}

/// Reads service keys after one, in the order of their secrets' hashes.
pub(crate) fn service_keys(after: Option<&TokenHash>, limit: u32) -> Statement<'static> {
    // No hash is empty, so all of them are after the empty one.
    let after = after.map_or_else(Vec::new, |after| after.0.to_vec());
    Statement::new(SERVICE_KEYS, [param(after), param(i64::from(limit))])
}

/// The service keys that a statement read.
pub(crate) fn keys_of(rows: &[Row]) -> Result<Vec<ServiceKey>, StoreError> {
    rows.iter().map(key_of).collect()
}

/// Revokes a service key; a row where it was live.
pub(crate) fn revoke_service_key(secret_hash: TokenHash, now: Timestamp) -> Statement<'static> {
    let columns = [param(secret_hash.0.to_vec()), param(now.as_millis())];
    Statement::new(REVOKE_SERVICE_KEY, columns)
}

/// Publishes a price book unless that version is there already.
pub(crate) fn publish_book(book: &StoredBook) -> Statement<'_> {
    let columns = [
        param(book.version.as_str()),
        param(book.json.as_str()),
        param(book.effective_at.as_millis()),
        param(book.published_at.as_millis()),
    ];
    Statement::new(PUBLISH_BOOK, columns)
}

/// Reads a price book by its version.
pub(crate) fn book(version: &BookVersion) -> Statement<'_> {
    Statement::new(BOOK, [param(version.as_str())])
}

/// Reads the price book in force.
pub(crate) fn book_at(now: Timestamp) -> Statement<'static> {
    Statement::new(BOOK_AT, [param(now.as_millis())])
}

/// The price book that a statement read.
pub(crate) fn book_of(rows: &[Row]) -> Result<Option<StoredBook>, StoreError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let BookListing { version, effective_at, published_at } = listing_of(row)?;
    Ok(Some(StoredBook { version, json: row.try_get(3)?, effective_at, published_at }))
}

/// Reads price books, the last to come into force first.
pub(crate) fn books(limit: u32) -> Statement<'static> {
    Statement::new(BOOKS, [param(i64::from(limit))])
}

/// The price books that [`books`] read.
pub(crate) fn listings_of(rows: &[Row]) -> Result<Vec<BookListing>, StoreError> {
    rows.iter().map(listing_of).collect()
}

/// Puts a calibration into force.
pub(crate) fn put_calibration(calibration: &StoredCalibration) -> Statement<'_> {
    let columns = [
        param(calibration.version.as_str()),
        param(calibration.json.as_str()),
        param(calibration.published_at.as_millis()),
    ];
    Statement::new(PUT_CALIBRATION, columns)
}

/// Reads the calibration in force, unless it is that one.
pub(crate) fn calibration(known: Option<&CalibrationVersion>) -> Statement<'_> {
    Statement::new(CALIBRATION, [param(known.map(CalibrationVersion::as_str))])
}

/// The calibration that a statement read.
pub(crate) fn calibration_of(rows: &[Row]) -> Result<Option<StoredCalibration>, StoreError> {
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(StoredCalibration {
        version: parse("a calibration's version", row.try_get(0)?)?,
        json: row.try_get(1)?,
        published_at: time(row.try_get(2)?)?,
    }))
}

fn listing_of(row: &Row) -> Result<BookListing, StoreError> {
    Ok(BookListing {
        version: parse("a price book's version", row.try_get(0)?)?,
        effective_at: time(row.try_get(1)?)?,
        published_at: time(row.try_get(2)?)?,
    })
}

fn key_of(row: &Row) -> Result<ServiceKey, StoreError> {
    let hash: &[u8] = row.try_get(0)?;
    let hash = hash.try_into().map_err(|fault| StoreError::corrupt("a service key", fault))?;
    let revoked_at: Option<i64> = row.try_get(4)?;
    Ok(ServiceKey {
        secret_hash: TokenHash(hash),
        name: row.try_get(1)?,
        scope: parse("a service key's scope", row.try_get(2)?)?,
        created_at: time(row.try_get(3)?)?,
        revoked_at: revoked_at.map(time).transpose()?,
    })
}
