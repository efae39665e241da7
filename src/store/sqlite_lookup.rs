//! Sessions, service keys, payment claims, price books and the calibration in SQLite. Called inside a transaction.

use crate::error::StoreError;
use crate::lookup::{
    BookListing, PaymentClaim, ServiceKey, Session, StoredBook, StoredCalibration, TokenHash,
};
use crate::values::{parse, time};
use kumari_engine::id::{ActionId, BookVersion, CalibrationVersion};
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, Params, Row, params};

/// Begins a session, and answers with the one that is stored.
pub(crate) fn open_session(
    transaction: &Connection,
    session: &Session,
) -> Result<Session, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO sessions \
             (token_hash, account_id, created_at, expires_at, is_guest, device, seen_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (token_hash) DO NOTHING",
        )?
        .execute(params![
            session.token_hash.0,
            session.account.as_str(),
            session.created_at.as_millis(),
            session.expires_at.map(Timestamp::as_millis),
            session.is_guest,
            session.device,
            session.seen_at.as_millis(),
        ])?;
    let stored = self::session(transaction, &session.token_hash)?;
    stored.ok_or_else(|| StoreError::corrupt("a session", "it was written and is not there"))
}

/// A session, live or not.
pub(crate) fn session(
    connection: &Connection,
    token_hash: &TokenHash,
) -> Result<Option<Session>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT account_id, created_at, expires_at, is_guest, device, seen_at \
         FROM sessions WHERE token_hash = ?1",
    )?;
    let mut rows = statement.query([token_hash.0])?;
    rows.next()?.map(|row| session_of(*token_hash, row)).transpose()
}

/// Sessions after one, in the order of their tokens' hashes.
pub(crate) fn sessions(
    connection: &Connection,
    after: Option<&TokenHash>,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    // No hash is empty, so all of them are after the empty one.
    let after = after.map_or(&[][..], |after| &after.0[..]);
    let mut statement = connection.prepare_cached(
        "SELECT account_id, created_at, expires_at, is_guest, device, seen_at, token_hash \
         FROM sessions WHERE token_hash > ?1 ORDER BY token_hash LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit])?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        sessions.push(session_of(TokenHash(row.get(6)?), row)?);
    }
    Ok(sessions)
}

/// Ends a session.
pub(crate) fn close_session(
    transaction: &Connection,
    token_hash: &TokenHash,
) -> Result<bool, StoreError> {
    let closed = transaction
        .prepare_cached("DELETE FROM sessions WHERE token_hash = ?1")?
        .execute([token_hash.0])?;
    Ok(closed == 1)
}

/// Forgets sessions whose time is over.
pub(crate) fn forget_sessions(
    transaction: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<u32, StoreError> {
    let forgotten = transaction
        .prepare_cached(
            "DELETE FROM sessions WHERE token_hash IN \
             (SELECT token_hash FROM sessions WHERE expires_at <= ?1 LIMIT ?2)",
        )?
        .execute(params![now.as_millis(), limit])?;
    Ok(u32::try_from(forgotten).unwrap_or(u32::MAX))
}

/// Claims a payment object, and answers with the claim that is stored.
pub(crate) fn claim_payment(
    transaction: &Connection,
    claim: &PaymentClaim,
) -> Result<PaymentClaim, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO payment_claims (object_id, account_id) VALUES (?1, ?2) \
             ON CONFLICT (object_id) DO NOTHING",
        )?
        .execute([claim.object.as_str(), claim.account.as_str()])?;
    let stored = payment_claim(transaction, &claim.object)?;
    stored.ok_or_else(|| StoreError::corrupt("a payment claim", "it was written and is not there"))
}

/// Whose a payment object is.
pub(crate) fn payment_claim(
    connection: &Connection,
    object: &ActionId,
) -> Result<Option<PaymentClaim>, StoreError> {
    let sql = "SELECT object_id, account_id FROM payment_claims WHERE object_id = ?1";
    Ok(claims(connection, sql, [object.as_str()])?.pop())
}

/// Claimed payment objects after one, in the order of their ids.
pub(crate) fn payment_claims(
    connection: &Connection,
    after: Option<&ActionId>,
    limit: u32,
) -> Result<Vec<PaymentClaim>, StoreError> {
    // No id is empty, so all of them are after the empty one.
    let after = after.map_or("", ActionId::as_str);
    let sql = "SELECT object_id, account_id FROM payment_claims WHERE object_id > ?1 \
               ORDER BY object_id LIMIT ?2";
    claims(connection, sql, params![after, limit])
}

fn claims(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<PaymentClaim>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut claims = Vec::new();
    while let Some(row) = rows.next()? {
        claims.push(PaymentClaim {
            object: parse("a payment object's id", row.get_ref(0)?.as_str()?)?,
            account: parse("an account's id", row.get_ref(1)?.as_str()?)?,
        });
    }
    Ok(claims)
}

/// Keeps a service key.
pub(crate) fn add_service_key(
    transaction: &Connection,
    key: &ServiceKey,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO service_keys (secret_hash, name, scope, created_at, revoked_at) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (secret_hash) DO NOTHING",
        )?
        .execute(params![
            key.secret_hash.0,
            key.name,
            key.scope.name(),
            key.created_at.as_millis(),
            key.revoked_at.map(Timestamp::as_millis),
        ])?;
    Ok(())
}

/// A service key, revoked or not.
pub(crate) fn service_key(
    connection: &Connection,
    secret_hash: &TokenHash,
) -> Result<Option<ServiceKey>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT secret_hash, name, scope, created_at, revoked_at FROM service_keys \
         WHERE secret_hash = ?1",
    )?;
    let mut rows = statement.query([secret_hash.0])?;
    rows.next()?.map(key_of).transpose()
}

/// Service keys after one, in the order of their secrets' hashes.
pub(crate) fn service_keys(
    connection: &Connection,
    after: Option<&TokenHash>,
    limit: u32,
) -> Result<Vec<ServiceKey>, StoreError> {
    // No hash is empty, so all of them are after the empty one.
    let after = after.map_or(&[][..], |after| &after.0[..]);
    let mut statement = connection.prepare_cached(
        "SELECT secret_hash, name, scope, created_at, revoked_at FROM service_keys \
         WHERE secret_hash > ?1 ORDER BY secret_hash LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(key_of(row)?);
    }
    Ok(keys)
}

/// Revokes a service key.
pub(crate) fn revoke_service_key(
    transaction: &Connection,
    secret_hash: &TokenHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let revoked = transaction
        .prepare_cached(
            "UPDATE service_keys SET revoked_at = ?2 \
             WHERE secret_hash = ?1 AND revoked_at IS NULL",
        )?
        .execute(params![secret_hash.0, now.as_millis()])?;
    Ok(revoked == 1)
}

/// Publishes a price book.
pub(crate) fn publish_book(transaction: &Connection, book: &StoredBook) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO price_books (version, book, effective_at, published_at) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (version) DO NOTHING",
        )?
        .execute(params![
            book.version.as_str(),
            book.json,
            book.effective_at.as_millis(),
            book.published_at.as_millis(),
        ])?;
    match self::book(transaction, &book.version)? {
        Some(stored) if stored.is_same_book(book) => Ok(()),
        Some(_) | None => Err(StoreError::BookChanged(book.version.clone())),
    }
}

/// A price book by its version.
pub(crate) fn book(
    connection: &Connection,
    version: &BookVersion,
) -> Result<Option<StoredBook>, StoreError> {
    let sql = "SELECT version, effective_at, published_at, book FROM price_books \
               WHERE version = ?1";
    one_book(connection, sql, [version.as_str()])
}

/// The price book in force.
pub(crate) fn book_at(
    connection: &Connection,
    now: Timestamp,
) -> Result<Option<StoredBook>, StoreError> {
    let sql = "SELECT version, effective_at, published_at, book FROM price_books \
               WHERE effective_at <= ?1 \
               ORDER BY effective_at DESC, published_at DESC, version DESC LIMIT 1";
    one_book(connection, sql, [now.as_millis()])
}

/// Price books, the last to come into force first.
pub(crate) fn books(connection: &Connection, limit: u32) -> Result<Vec<BookListing>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, effective_at, published_at FROM price_books \
         ORDER BY effective_at DESC, published_at DESC, version DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([limit])?;
    let mut books = Vec::new();
    while let Some(row) = rows.next()? {
        books.push(listing_of(row)?);
    }
    Ok(books)
}

/// Puts a calibration into force.
pub(crate) fn put_calibration(
    transaction: &Connection,
    calibration: &StoredCalibration,
) -> Result<(), StoreError> {
    let StoredCalibration { version, json, published_at } = calibration;
    transaction
        .prepare_cached(
            "INSERT INTO calibration (place, version, calibration, published_at) \
             VALUES (1, ?1, ?2, ?3) ON CONFLICT (place) DO UPDATE SET \
             version = excluded.version, calibration = excluded.calibration, \
             published_at = excluded.published_at",
        )?
        .execute(params![version.as_str(), json, published_at.as_millis()])?;
    Ok(())
}

/// The calibration in force, unless it is that one.
pub(crate) fn calibration(
    connection: &Connection,
    known: Option<&CalibrationVersion>,
) -> Result<Option<StoredCalibration>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, calibration, published_at FROM calibration WHERE version IS NOT ?1",
    )?;
    let mut rows = statement.query([known.map(CalibrationVersion::as_str)])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(StoredCalibration {
        version: parse("a calibration's version", row.get_ref(0)?.as_str()?)?,
        json: row.get(1)?,
        published_at: time(row.get(2)?)?,
    }))
}

/// A session, by the columns that are before its hash.
pub(crate) fn session_of(token_hash: TokenHash, row: &Row<'_>) -> Result<Session, StoreError> {
    let expires_at: Option<i64> = row.get(2)?;
    Ok(Session {
        token_hash,
        account: parse("an account's id", row.get_ref(0)?.as_str()?)?,
        created_at: time(row.get(1)?)?,
        expires_at: expires_at.map(time).transpose()?,
        is_guest: row.get(3)?,
        device: row.get(4)?,
        seen_at: time(row.get(5)?)?,
    })
}

fn one_book(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<StoredBook>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let BookListing { version, effective_at, published_at } = listing_of(row)?;
    Ok(Some(StoredBook { version, json: row.get(3)?, effective_at, published_at }))
}

fn listing_of(row: &Row<'_>) -> Result<BookListing, StoreError> {
    Ok(BookListing {
        version: parse("a price book's version", row.get_ref(0)?.as_str()?)?,
        effective_at: time(row.get(1)?)?,
        published_at: time(row.get(2)?)?,
    })
}

fn key_of(row: &Row<'_>) -> Result<ServiceKey, StoreError> {
    let revoked_at: Option<i64> = row.get(4)?;
    Ok(ServiceKey {
        secret_hash: TokenHash(row.get(0)?),
        name: row.get(1)?,
        scope: parse("a service key's scope", row.get_ref(2)?.as_str()?)?,
        created_at: time(row.get(3)?)?,
        revoked_at: revoked_at.map(time).transpose()?,
    })
}
