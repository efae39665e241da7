//! Who people are: the identities that claim accounts, the sessions of an account, and what a
//! sign-in under way waits for.
//!
//! Each table is led by its own key. An identity is claimed before its account hears of it, and
//! keeps that account for good. Nothing here is checked: whether somebody is who they say is for
//! the server.

use crate::error::StoreError;
use crate::lookup::{Session, TokenHash};
use async_trait::async_trait;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use std::str::FromStr;
use thiserror::Error;

/// The SHA-256 of what names an identity for everybody: a passkey's credential, or an issuer and
/// its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey(pub [u8; 32]);

/// A way to show who one is, and the account that it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What names it.
    pub key: IdentityKey,
    /// The account that it opens, for good.
    pub account: AccountId,
    /// What kind of identity it is.
    pub kind: IdentityKind,
    /// What to call the person, at most [`crate::PERSON_NAME_BYTES_MAX`].
    pub name: String,
    /// JSON, what the next sign-in is checked with; at most [`crate::IDENTITY_BYTES_MAX`].
    pub details: String,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When somebody signed in with it last.
    pub used_at: Timestamp,
}

/// What kinds of identities there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// A key in somebody's device or password manager.
    Passkey,
    /// What an OpenID provider says.
    Oidc,
}

/// Why a text is no kind of identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a kind of identity: use `passkey` or `oidc`")]
pub struct KindFault;

/// Which account an identity got the free credits for: they are given once for each identity, also
/// where that account was deleted since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeClaim {
    /// The identity.
    pub key: IdentityKey,
    /// The account.
    pub account: AccountId,
}

/// What a sign-in under way waits for: one for each session, and it is taken once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// The session that began it.
    pub token_hash: TokenHash,
    /// JSON, what the answer is checked with; at most [`crate::CEREMONY_BYTES_MAX`].
    pub state: String,
    /// From when it no longer counts.
    pub expires_at: Timestamp,
}

/// People in a database.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// Claims an identity for an account, and answers with the one that is stored: what is claimed
    /// already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] where its name or its details are too long.
    async fn claim_identity(&self, identity: Identity) -> Result<Identity, StoreError>;

    /// The identity of that key.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn identity(&self, key: &IdentityKey) -> Result<Option<Identity>, StoreError>;

    /// Identities, in the order of their keys; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::IDENTITIES_MAX`].
    async fn identities(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError>;

    /// The identities that open an account, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::IDENTITIES_MAX`].
    async fn identities_of(
        &self,
        account: &AccountId,
        limit: u32,
    ) -> Result<Vec<Identity>, StoreError>;

    /// Keeps what a sign-in changed, and says whether there is such an identity.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] where the details are too long.
    async fn use_identity(
        &self,
        key: &IdentityKey,
        details: String,
        used_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Forgets all identities of an account, and says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_identities(&self, account: &AccountId) -> Result<u32, StoreError>;

    /// Claims the free credits of an identity, and answers with the claim that is stored: what is
    /// claimed already stays with its account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim_free(&self, claim: FreeClaim) -> Result<FreeClaim, StoreError>;

    /// Claims of free credits, in the order of their identities; those after `after`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::IDENTITIES_MAX`].
    async fn free_claims(
        &self,
        after: Option<&IdentityKey>,
        limit: u32,
    ) -> Result<Vec<FreeClaim>, StoreError>;

    /// Keeps what a sign-in waits for; one that the session began before is forgotten.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] where its state is too long.
    async fn open_ceremony(&self, ceremony: Ceremony) -> Result<(), StoreError>;

    /// Takes what the session's sign-in waits for, unless its time is over at `now`. Of several who
    /// ask for it one gets it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take_ceremony(
        &self,
        token_hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError>;

    /// Forgets ceremonies whose time is over at `now`, and says how many.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::SESSIONS_MAX`].
    async fn forget_ceremonies(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// The account's sessions that count at `now`, the last seen first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::SESSIONS_MAX`].
    async fn sessions_of(
        &self,
        account: &AccountId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError>;

    /// Notes that a session was seen; one that is not there stays away.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn see_session(&self, token_hash: &TokenHash, at: Timestamp) -> Result<(), StoreError>;

    /// Ends the account's sessions but one, and says how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn close_sessions(
        &self,
        account: &AccountId,
        but: Option<&TokenHash>,
    ) -> Result<u32, StoreError>;
}

impl IdentityKind {
    /// Its name, as it is stored and said.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
        }
    }
}

impl FromStr for IdentityKind {
    type Err = KindFault;

    fn from_str(name: &str) -> Result<Self, KindFault> {
        let kinds = [Self::Passkey, Self::Oidc];
        kinds.into_iter().find(|kind| kind.name() == name).ok_or(KindFault)
    }
}
