//! What an account bought, and what the demo payments have to renew.
//!
//! Purchases are the ledger's own, read in the order in which it heard of them. A renewal is no part
//! of the ledger: it is what a payment provider keeps for itself, and only the demo payments, which
//! have nobody to keep it for them, have one. What is due is only ever a hint; the ledger says
//! whether a period is paid.

use crate::error::StoreError;
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotId;
use kumari_engine::payment::Purchase;
use kumari_engine::time::Timestamp;

/// Which purchases are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bought {
    /// All.
    Anything,
    /// Periods of Pro.
    Pro,
}

/// A subscription that is renewed by demo payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The subscription.
    pub subscription: ActionId,
    /// Whose.
    pub account: AccountId,
    /// When it is looked at next.
    pub due_at: Timestamp,
    /// Whether the card that it is paid with says no.
    pub declines: bool,
}

/// Purchases and renewals.
#[async_trait]
pub trait PurchaseStore: Send + Sync {
    /// Purchases of an account, the last first; those whose lot is older than `before`.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::PURCHASES_MAX`].
    async fn purchases(
        &self,
        account: &AccountId,
        bought: Bought,
        before: Option<LotId>,
        limit: u32,
    ) -> Result<Vec<Purchase>, StoreError>;

    /// Keeps a renewal, in place of the subscription's earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_renewal(&self, renewal: Renewal) -> Result<(), StoreError>;

    /// Puts a renewal in the place of another one, and says whether that was still there: of two
    /// who deal with it one wins.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn move_renewal(&self, from: &Renewal, to: &Renewal) -> Result<bool, StoreError>;

    /// The renewal of a subscription.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn renewal(&self, subscription: &ActionId) -> Result<Option<Renewal>, StoreError>;

    /// Renewals that are due at `now`, the longest due first.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::RENEWALS_MAX`].
    async fn renewals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Renewal>, StoreError>;

    /// All renewals after one, in the order of their subscriptions' ids.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::OverLimit`] above [`crate::RENEWALS_MAX`].
    async fn renewals(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<Renewal>, StoreError>;

    /// Forgets the renewal of a subscription, and says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_renewal(&self, subscription: &ActionId) -> Result<bool, StoreError>;
}
