//! Purchases and renewals in memory.

use crate::check;
use crate::error::StoreError;
use crate::limits::{PURCHASES_MAX, RENEWALS_MAX};
use crate::memory::MemoryStore;
use crate::purchases::{Bought, PurchaseStore, Renewal};
use async_trait::async_trait;
use kumari_engine::account::Action;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotId;
use kumari_engine::payment::{Product, Purchase};
use kumari_engine::time::Timestamp;
use std::cmp::Reverse;

#[async_trait]
impl PurchaseStore for MemoryStore {
    async fn purchases(
        &self,
        account: &AccountId,
        bought: Bought,
        before: Option<LotId>,
        limit: u32,
    ) -> Result<Vec<Purchase>, StoreError> {
        let limit = check::limit("purchases", limit, PURCHASES_MAX)?;
        let wanted = |purchase: &Purchase| {
            before.is_none_or(|before| purchase.grant.lot < before)
                && match (bought, &purchase.product) {
                    (Bought::Anything, _) | (Bought::Pro, Product::Pro { .. }) => true,
                    (Bought::Pro, Product::Pack) => false,
                }
        };
        let mut found: Vec<Purchase> = self.with_account(account, |kept| {
            let purchases = kept.actions.values().filter_map(|action| match action {
                Action::Purchase(purchase) => Some(&**purchase),
                Action::Hold(_)
                | Action::Grant(_)
                | Action::Subscription(_)
                | Action::Revocation(_) => None,
            });
            purchases.filter(|purchase| wanted(purchase)).cloned().collect()
        });
        found.sort_by_key(|purchase| Reverse(purchase.grant.lot));
        found.truncate(limit);
        Ok(found)
    }

    async fn put_renewal(&self, renewal: Renewal) -> Result<(), StoreError> {
        self.with_renewals(|all| all.insert(renewal.subscription.clone(), renewal));
        Ok(())
    }

    async fn move_renewal(&self, from: &Renewal, to: &Renewal) -> Result<bool, StoreError> {
        Ok(self.with_renewals(|all| match all.get_mut(&from.subscription) {
            Some(known) if known == from => {
                *known = to.clone();
                true
            }
            Some(_) | None => false,
        }))
    }

    async fn renewal(&self, subscription: &ActionId) -> Result<Option<Renewal>, StoreError> {
        Ok(self.with_renewals(|all| all.get(subscription).cloned()))
    }

    async fn renewals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Renewal>, StoreError> {
        let limit = check::limit("renewals", limit, RENEWALS_MAX)?;
        let mut due: Vec<Renewal> = self
            .with_renewals(|all| all.values().filter(|one| one.due_at <= now).cloned().collect());
        due.sort_by(|a, b| (a.due_at, &a.subscription).cmp(&(b.due_at, &b.subscription)));
        due.truncate(limit);
        Ok(due)
    }

    async fn renewals(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<Renewal>, StoreError> {
        let limit = check::limit("renewals", limit, RENEWALS_MAX)?;
        Ok(self.with_renewals(|all| {
            let later =
                all.values().filter(|one| after.is_none_or(|after| one.subscription > *after));
            later.take(limit).cloned().collect()
        }))
    }

    async fn forget_renewal(&self, subscription: &ActionId) -> Result<bool, StoreError> {
        Ok(self.with_renewals(|all| all.remove(subscription).is_some()))
    }
}
