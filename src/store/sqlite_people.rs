//! People in SQLite.

use crate::check;
use crate::error::StoreError;
use crate::limits::{IDENTITIES_MAX, SESSIONS_MAX};
use crate::lookup::{Session, TokenHash};
use crate::people::{Ceremony, FreeClaim, Identity, IdentityKey, PeopleStore};
use crate::sqlite::SqliteStore;
use crate::sqlite_lookup::session_of;
use crate::values::{parse, time};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

fn claim_identity(
    transaction: &Connection,
    identity: &Identity,
) -> Result<Option<Identity>, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO identities \
             (identity_key, account_id, kind, name, details, created_at, used_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (identity_key) DO NOTHING",
        )?
        .execute(params![
            identity.key.0,
            identity.account.as_str(),
            identity.kind.name(),
            identity.name,
            identity.details,
            identity.created_at.as_millis(),
            identity.used_at.as_millis(),
        ])?;
    self::identity(transaction, &identity.key)
}

fn identity(connection: &Connection, key: &IdentityKey) -> Result<Option<Identity>, StoreError> {
    let found = identities_by(
        connection,
        "SELECT identity_key, account_id, kind, name, details, created_at, used_at \
         FROM identities WHERE identity_key = ?1",
        [key.0],
    )?;
    Ok(found.into_iter().next())
}

fn identities(
    connection: &Connection,
    after: Option<&IdentityKey>,
    limit: u32,
) -> Result<Vec<Identity>, StoreError> {
    // No key is empty, so all of them are after the empty one.
    let after = after.map_or(&[][..], |after| &after.0[..]);
    identities_by(
        connection,
        "SELECT identity_key, account_id, kind, name, details, created_at, used_at \
         FROM identities WHERE identity_key > ?1 ORDER BY identity_key LIMIT ?2",
        params![after, limit],
    )
}

fn identities_of(
    connection: &Connection,
    account: &AccountId,
    limit: u32,
) -> Result<Vec<Identity>, StoreError> {
    identities_by(
        connection,
        "SELECT identity_key, account_id, kind, name, details, created_at, used_at \
         FROM identities WHERE account_id = ?1 ORDER BY created_at, identity_key LIMIT ?2",
        params![account.as_str(), limit],
    )
}

fn identities_by(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<Identity>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut identities = Vec::new();
    while let Some(row) = rows.next()? {
        identities.push(identity_of(row)?);
    }
    Ok(identities)
}

fn identity_of(row: &Row<'_>) -> Result<Identity, StoreError> {
    Ok(Identity {
        key: IdentityKey(row.get(0)?),
        account: parse("an account's id", row.get_ref(1)?.as_str()?)?,
        kind: parse("a kind of identity", row.get_ref(2)?.as_str()?)?,
        name: row.get(3)?,
        details: row.get(4)?,
        created_at: time(row.get(5)?)?,
        used_at: time(row.get(6)?)?,
    })
}

fn claim_free(
    transaction: &Connection,
    claim: &FreeClaim,
) -> Result<Option<FreeClaim>, StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO free_claims (identity_key, account_id) VALUES (?1, ?2) \
             ON CONFLICT (identity_key) DO NOTHING",
        )?
        .execute(params![claim.key.0, claim.account.as_str()])?;
    let mut statement = transaction.prepare_cached(
        "SELECT identity_key, account_id FROM free_claims WHERE identity_key = ?1",
    )?;
    let mut rows = statement.query([claim.key.0])?;
    rows.next()?.map(free_claim_of).transpose()
}

fn free_claims(
    connection: &Connection,
    after: Option<&IdentityKey>,
    limit: u32,
) -> Result<Vec<FreeClaim>, StoreError> {
    let after = after.map_or(&[][..], |after| &after.0[..]);
    let mut statement = connection.prepare_cached(
        "SELECT identity_key, account_id FROM free_claims \
         WHERE identity_key > ?1 ORDER BY identity_key LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after, limit])?;
    let mut claims = Vec::new();
    while let Some(row) = rows.next()? {
        claims.push(free_claim_of(row)?);
    }
    Ok(claims)
}

fn free_claim_of(row: &Row<'_>) -> Result<FreeClaim, StoreError> {
    let account = parse("an account's id", row.get_ref(1)?.as_str()?)?;
    Ok(FreeClaim { key: IdentityKey(row.get(0)?), account })
}

fn take_ceremony(
    transaction: &Connection,
    token_hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let taken: Option<(String, i64)> = transaction
        .prepare_cached("DELETE FROM ceremonies WHERE token_hash = ?1 RETURNING state, expires_at")?
        .query_row([token_hash.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(taken.filter(|(_, expires_at)| now.as_millis() < *expires_at).map(|(state, _)| state))
}

fn sessions_of(
    connection: &Connection,
    account: &AccountId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT account_id, created_at, expires_at, is_guest, device, seen_at, token_hash \
         FROM sessions WHERE account_id = ?1 AND (expires_at IS NULL OR expires_at > ?2) \
         ORDER BY seen_at DESC, token_hash LIMIT ?3",
    )?;
    let mut rows = statement.query(params![account.as_str(), now.as_millis(), limit])?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        sessions.push(session_of(TokenHash(row.get(6)?), row)?);
    }
    Ok(sessions)
}

fn rows(changed: usize) -> u32 {
    u32::try_from(changed).unwrap_or(u32::MAX)
}

#[async_trait]
impl PeopleStore for SqliteStore {
    async fn claim_identity(&self, identity: Identity) -> Result<Identity, StoreError> {
        check::identity(&identity)?;
        let stored = self.write(move |transaction| claim_identity(transaction, &identity)).await?;
        stored.ok_or_else(|| StoreError::corrupt("an identity", "it was written and is not there"))
    }

    async fn identity(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError> {
        let key = *key;
        self.read(move |connection| identity(connection, &key)).await
    }

    async fn identities(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        check::limit("identities", limit, IDENTITIES_MAX)?;
        let after = after.copied();
        self.read(move |connection| identities(connection, after.as_ref(), limit)).await
    }

    async fn identities_of(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        check::limit("identities", limit, IDENTITIES_MAX)?;
        let account = account.clone();
        self.read(move |connection| identities_of(connection, &account, limit)).await
    }

    async fn use_identity(
        &self,
        key: &IdentityKey,
        details: String,
        used_at: Timestamp,
    ) -> Result<bool, StoreError> {
        check::details(&details)?;
        let key = *key;
        self.write(move |transaction| {
            let used = transaction
                .prepare_cached(
                    "UPDATE identities SET details = ?2, used_at = ?3 WHERE identity_key = ?1",
                )?
                .execute(params![key.0, details, used_at.as_millis()])?;
            Ok(used > 0)
        })
        .await
    }

    async fn forget_identities(&self, account: &AccountId) -> Result<u32, StoreError> {
        let account = account.clone();
        self.write(move |transaction| {
            let gone = transaction
                .prepare_cached("DELETE FROM identities WHERE account_id = ?1")?
                .execute([account.as_str()])?;
            Ok(rows(gone))
        })
        .await
    }

    async fn claim_free(&self, claim: FreeClaim) -> Result<FreeClaim, StoreError> {
        let stored = self.write(move |transaction| claim_free(transaction, &claim)).await?;
        let missing = || StoreError::corrupt("a claim", "it was written and is not there");
        stored.ok_or_else(missing)
    }

    async fn free_claims(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<FreeClaim>, StoreError> {
        check::limit("claims of free credits", limit, IDENTITIES_MAX)?;
        let after = after.copied();
        self.read(move |connection| free_claims(connection, after.as_ref(), limit)).await
    }

    async fn open_ceremony(&self, ceremony: Ceremony) -> Result<(), StoreError> {
        check::ceremony(&ceremony)?;
        self.write(move |transaction| {
            let Ceremony { token_hash, state, expires_at } = &ceremony;
            transaction
                .prepare_cached(
                    "INSERT INTO ceremonies (token_hash, state, expires_at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (token_hash) DO UPDATE \
                     SET state = excluded.state, expires_at = excluded.expires_at",
                )?
                .execute(params![token_hash.0, state, expires_at.as_millis()])?;
            Ok(())
        })
        .await
    }

    async fn take_ceremony(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let token_hash = *token_hash;
        self.write(move |transaction| take_ceremony(transaction, &token_hash, now)).await
    }

    async fn forget_ceremonies(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("ceremonies", limit, SESSIONS_MAX)?;
        self.write(move |transaction| {
            let gone = transaction
                .prepare_cached(
                    "DELETE FROM ceremonies WHERE token_hash IN \
                     (SELECT token_hash FROM ceremonies WHERE expires_at <= ?1 LIMIT ?2)",
                )?
                .execute(params![now.as_millis(), limit])?;
            Ok(rows(gone))
        })
        .await
    }

    async fn sessions_of(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        check::limit("sessions", limit, SESSIONS_MAX)?;
        let account = account.clone();
        self.read(move |connection| sessions_of(connection, &account, now, limit)).await
    }

    async fn see_session(&self, token_hash: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let token_hash = *token_hash;
        self.write(move |transaction| {
            transaction
                .prepare_cached("UPDATE sessions SET seen_at = ?2 WHERE token_hash = ?1")?
                .execute(params![token_hash.0, at.as_millis()])?;
            Ok(())
        })
        .await
    }

    async fn close_sessions(
        &self,
        account: &AccountId,
        but: Option<&TokenHash>,
    ) -> Result<u32, StoreError> {
        let (account, but) = (account.clone(), but.map_or_else(Vec::new, |one| one.0.to_vec()));
        self.write(move |transaction| {
            let closed = transaction
                .prepare_cached("DELETE FROM sessions WHERE account_id = ?1 AND token_hash <> ?2")?
                .execute(params![account.as_str(), but])?;
            Ok(rows(closed))
        })
        .await
    }
}
