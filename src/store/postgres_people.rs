//! People in PostgreSQL: statements, and what their rows mean.
//!
//! Each is one statement, and so a transaction of its own.

use crate::check;
use crate::error::StoreError;
use crate::limits::{IDENTITIES_MAX, SESSIONS_MAX};
use crate::lookup::{Session, TokenHash};
use crate::people::{Ceremony, FreeClaim, Identity, IdentityKey, PeopleStore};
use crate::postgres::PostgresStore;
use crate::postgres_lookup::sessions_of;
use crate::postgres_statement::{Statement, param};
use crate::values::{parse, time};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use tokio_postgres::Row;

const CLAIM_IDENTITY: &str = "\
    INSERT INTO identities (identity_key, account_id, kind, name, details, created_at, used_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) \
    ON CONFLICT (identity_key) DO UPDATE SET account_id = identities.account_id \
    RETURNING identity_key, account_id, kind, name, details, created_at, used_at";

const IDENTITY: &str = "\
    SELECT identity_key, account_id, kind, name, details, created_at, used_at \
    FROM identities WHERE identity_key = $1";

const IDENTITIES: &str = "\
    SELECT identity_key, account_id, kind, name, details, created_at, used_at \
    FROM identities WHERE identity_key > $1 ORDER BY identity_key LIMIT $2";

const IDENTITIES_OF: &str = "\
    SELECT identity_key, account_id, kind, name, details, created_at, used_at \
    FROM identities WHERE account_id = $1 ORDER BY created_at, identity_key LIMIT $2";

const USE_IDENTITY: &str = "\
    UPDATE identities SET details = $2, used_at = $3 WHERE identity_key = $1 \
    RETURNING identity_key";

const FORGET_IDENTITIES: &str = "\
    DELETE FROM identities WHERE account_id = $1 RETURNING identity_key";

const CLAIM_FREE: &str = "\
    INSERT INTO free_claims (identity_key, account_id) VALUES ($1, $2) \
    ON CONFLICT (identity_key) DO UPDATE SET account_id = free_claims.account_id \
    RETURNING identity_key, account_id";

const FREE_CLAIMS: &str = "\
    SELECT identity_key, account_id FROM free_claims \
    WHERE identity_key > $1 ORDER BY identity_key LIMIT $2";

const OPEN_CEREMONY: &str = "\
    INSERT INTO ceremonies (token_hash, state, expires_at) VALUES ($1, $2, $3) \
    ON CONFLICT (token_hash) DO UPDATE \
    SET state = excluded.state, expires_at = excluded.expires_at";

const TAKE_CEREMONY: &str = "\
    DELETE FROM ceremonies WHERE token_hash = $1 RETURNING state, expires_at";

const FORGET_CEREMONIES: &str = "\
    DELETE FROM ceremonies WHERE token_hash = ANY (ARRAY \
    (SELECT token_hash FROM ceremonies WHERE expires_at <= $1 LIMIT $2)) RETURNING token_hash";

const SESSIONS_OF: &str = "\
    SELECT token_hash, account_id, created_at, expires_at, is_guest, device, seen_at \
    FROM sessions WHERE account_id = $1 AND (expires_at IS NULL OR expires_at > $2) \
    ORDER BY seen_at DESC, token_hash LIMIT $3";

const SEE_SESSION: &str = "UPDATE sessions SET seen_at = $2 WHERE token_hash = $1";

const CLOSE_SESSIONS: &str = "\
    DELETE FROM sessions WHERE account_id = $1 AND token_hash <> $2 RETURNING token_hash";

/// No key is empty, so all of them are after the empty one.
fn after(key: Option<&IdentityKey>) -> Vec<u8> {
    key.map_or_else(Vec::new, |key| key.0.to_vec())
}

fn key_of(row: &Row) -> Result<IdentityKey, StoreError> {
    let key: &[u8] = row.try_get(0)?;
    let key = key.try_into();
    key.map(IdentityKey).map_err(|fault| StoreError::corrupt("an identity's key", fault))
}

fn identity_of(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        key: key_of(row)?,
        account: parse("an account's id", row.try_get(1)?)?,
        kind: parse("a kind of identity", row.try_get(2)?)?,
        name: row.try_get(3)?,
        details: row.try_get(4)?,
        created_at: time(row.try_get(5)?)?,
        used_at: time(row.try_get(6)?)?,
    })
}

fn identities_of(rows: &[Row]) -> Result<Vec<Identity>, StoreError> {
    rows.iter().map(identity_of).collect()
}

fn free_claims_of(rows: &[Row]) -> Result<Vec<FreeClaim>, StoreError> {
    let claim = |row: &Row| {
        let account = parse("an account's id", row.try_get(1)?)?;
        Ok(FreeClaim { key: key_of(row)?, account })
    };
    rows.iter().map(claim).collect()
}

fn count(rows: &[Row]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

#[async_trait]
impl PeopleStore for PostgresStore {
    async fn claim_identity(&self, identity: Identity) -> Result<Identity, StoreError> {
        check::identity(&identity)?;
        let columns = [
            param(identity.key.0.to_vec()),
            param(identity.account.as_str()),
            param(identity.kind.name()),
            param(identity.name.as_str()),
            param(identity.details.as_str()),
            param(identity.created_at.as_millis()),
            param(identity.used_at.as_millis()),
        ];
        let rows = self.one(Statement::new(CLAIM_IDENTITY, columns)).await?;
        let stored = identities_of(&rows)?.pop();
        stored.ok_or_else(|| StoreError::corrupt("an identity", "it was written and is not there"))
    }

    async fn identity(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError> {
        let rows = self.one(Statement::new(IDENTITY, [param(key.0.to_vec())])).await?;
        Ok(identities_of(&rows)?.pop())
    }

    async fn identities(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        check::limit("identities", limit, IDENTITIES_MAX)?;
        let columns = [param(self::after(after)), param(i64::from(limit))];
        identities_of(&self.one(Statement::new(IDENTITIES, columns)).await?)
    }

    async fn identities_of(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        check::limit("identities", limit, IDENTITIES_MAX)?;
        let columns = [param(account.as_str()), param(i64::from(limit))];
        identities_of(&self.one(Statement::new(IDENTITIES_OF, columns)).await?)
    }

    async fn use_identity(
        &self,
        key: &IdentityKey,
        details: String,
        used_at: Timestamp,
    ) -> Result<bool, StoreError> {
        check::details(&details)?;
        let columns = [param(key.0.to_vec()), param(details.as_str()), param(used_at.as_millis())];
        Ok(!self.one(Statement::new(USE_IDENTITY, columns)).await?.is_empty())
    }

    async fn forget_identities(&self, account: &AccountId) -> Result<u32, StoreError> {
        let asked = Statement::new(FORGET_IDENTITIES, [param(account.as_str())]);
        Ok(count(&self.one(asked).await?))
    }

    async fn claim_free(&self, claim: FreeClaim) -> Result<FreeClaim, StoreError> {
        let columns = [param(claim.key.0.to_vec()), param(claim.account.as_str())];
        let rows = self.one(Statement::new(CLAIM_FREE, columns)).await?;
        let stored = free_claims_of(&rows)?.pop();
        stored.ok_or_else(|| StoreError::corrupt("a claim", "it was written and is not there"))
    }

    async fn free_claims(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<FreeClaim>, StoreError> {
        check::limit("claims of free credits", limit, IDENTITIES_MAX)?;
        let columns = [param(self::after(after)), param(i64::from(limit))];
        free_claims_of(&self.one(Statement::new(FREE_CLAIMS, columns)).await?)
    }

    async fn open_ceremony(&self, ceremony: Ceremony) -> Result<(), StoreError> {
        check::ceremony(&ceremony)?;
        let columns = [
            param(ceremony.token_hash.0.to_vec()),
            param(ceremony.state.as_str()),
            param(ceremony.expires_at.as_millis()),
        ];
        self.one(Statement::new(OPEN_CEREMONY, columns)).await?;
        Ok(())
    }

    async fn take_ceremony(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let asked = Statement::new(TAKE_CEREMONY, [param(token_hash.0.to_vec())]);
        let rows = self.one(asked).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let is_live = now < time(row.try_get(1)?)?;
        Ok(if is_live { Some(row.try_get(0)?) } else { None })
    }

    async fn forget_ceremonies(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        check::limit("ceremonies", limit, SESSIONS_MAX)?;
        let columns = [param(now.as_millis()), param(i64::from(limit))];
        Ok(count(&self.one(Statement::new(FORGET_CEREMONIES, columns)).await?))
    }

    async fn sessions_of(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        check::limit("sessions", limit, SESSIONS_MAX)?;
        let columns = [param(account.as_str()), param(now.as_millis()), param(i64::from(limit))];
        sessions_of(&self.one(Statement::new(SESSIONS_OF, columns)).await?)
    }

    async fn see_session(&self, token_hash: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let columns = [param(token_hash.0.to_vec()), param(at.as_millis())];
        self.one(Statement::new(SEE_SESSION, columns)).await?;
        Ok(())
    }

    async fn close_sessions(
        &self,
        account: &AccountId,
        but: Option<&TokenHash>,
    ) -> Result<u32, StoreError> {
        let but = but.map_or_else(Vec::new, |one| one.0.to_vec());
        let columns = [param(account.as_str()), param(but)];
        Ok(count(&self.one(Statement::new(CLOSE_SESSIONS, columns)).await?))
    }
}
