//! People in memory.

use crate::check;
use crate::error::StoreError;
use crate::limits::{IDENTITIES_MAX, SESSIONS_MAX};
use crate::lookup::{Session, TokenHash};
use crate::memory::MemoryStore;
use crate::people::{Ceremony, FreeClaim, Identity, IdentityKey, PeopleStore};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Everything that is kept of people beside their sessions.
#[derive(Debug, Default)]
pub(crate) struct People {
    identities: BTreeMap<IdentityKey, Identity>,
    free_claims: BTreeMap<IdentityKey, FreeClaim>,
    ceremonies: BTreeMap<TokenHash, Ceremony>,
}

#[async_trait]
impl PeopleStore for MemoryStore {
    async fn claim_identity(&self, identity: Identity) -> Result<Identity, StoreError> {
        check::identity(&identity)?;
        Ok(self.with_people(|people, _| {
            people.identities.entry(identity.key).or_insert(identity).clone()
        }))
    }

    async fn identity(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError> {
        Ok(self.with_people(|people, _| people.identities.get(key).cloned()))
    }

    async fn identities(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        let limit = check::limit("identities", limit, IDENTITIES_MAX)?;
        Ok(self.with_people(|people, _| {
            let all = people.identities.values();
            let later = all.filter(|one| after.is_none_or(|after| one.key > *after));
            later.take(limit).cloned().collect()
        }))
    }

    async fn identities_of(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError> {
        let limit = check::limit("identities", limit, IDENTITIES_MAX)?;
        Ok(self.with_people(|people, _| {
            let all = people.identities.values();
            let mut own: Vec<Identity> =
                all.filter(|one| one.account == *account).cloned().collect();
            own.sort_by_key(|one| (one.created_at, one.key));
            own.truncate(limit);
            own
        }))
    }

    async fn use_identity(
        &self,
        key: &IdentityKey,
        details: String,
        used_at: Timestamp,
    ) -> Result<bool, StoreError> {
        check::details(&details)?;
        Ok(self.with_people(|people, _| {
            let Some(identity) = people.identities.get_mut(key) else { return false };
            identity.details = details;
            identity.used_at = used_at;
            true
        }))
    }

    async fn forget_identities(&self, account: &AccountId) -> Result<u32, StoreError> {
        Ok(self.with_people(|people, _| {
            let before = people.identities.len();
            people.identities.retain(|_, one| one.account != *account);
            count(before.saturating_sub(people.identities.len()))
        }))
    }

    async fn claim_free(&self, claim: FreeClaim) -> Result<FreeClaim, StoreError> {
        Ok(self
            .with_people(|people, _| people.free_claims.entry(claim.key).or_insert(claim).clone()))
    }

    async fn free_claims(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<FreeClaim>, StoreError> {
        let limit = check::limit("claims of free credits", limit, IDENTITIES_MAX)?;
        Ok(self.with_people(|people, _| {
            let all = people.free_claims.values();
            let later = all.filter(|one| after.is_none_or(|after| one.key > *after));
            later.take(limit).cloned().collect()
        }))
    }

    async fn open_ceremony(&self, ceremony: Ceremony) -> Result<(), StoreError> {
        check::ceremony(&ceremony)?;
        self.with_people(|people, _| people.ceremonies.insert(ceremony.token_hash, ceremony));
        Ok(())
    }

    async fn take_ceremony(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let taken = self.with_people(|people, _| people.ceremonies.remove(token_hash));
        Ok(taken.filter(|one| now < one.expires_at).map(|one| one.state))
    }

    async fn forget_ceremonies(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let limit = check::limit("ceremonies", limit, SESSIONS_MAX)?;
        Ok(self.with_people(|people, _| {
            let all = people.ceremonies.values().filter(|one| one.expires_at <= now);
            let over: Vec<TokenHash> = all.take(limit).map(|one| one.token_hash).collect();
            for token_hash in &over {
                people.ceremonies.remove(token_hash);
            }
            count(over.len())
        }))
    }

    async fn sessions_of(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let limit = check::limit("sessions", limit, SESSIONS_MAX)?;
        Ok(self.with_people(|_, sessions| {
            let own = sessions.values().filter(|one| one.account == *account && one.is_live(now));
            let mut own: Vec<Session> = own.cloned().collect();
            own.sort_by_key(|one| (Reverse(one.seen_at), one.token_hash));
            own.truncate(limit);
            own
        }))
    }

    async fn see_session(&self, token_hash: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        self.with_people(|_, sessions| {
            if let Some(session) = sessions.get_mut(token_hash) {
                session.seen_at = at;
            }
        });
        Ok(())
    }

    async fn close_sessions(
        &self,
        account: &AccountId,
        but: Option<&TokenHash>,
    ) -> Result<u32, StoreError> {
        Ok(self.with_people(|_, sessions| {
            let before = sessions.len();
            sessions.retain(|hash, one| one.account != *account || Some(hash) == but);
            count(before.saturating_sub(sessions.len()))
        }))
    }
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
