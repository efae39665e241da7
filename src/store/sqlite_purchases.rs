//! Purchases and renewals in SQLite.

use crate::check;
use crate::error::StoreError;
use crate::limits::{PURCHASES_MAX, RENEWALS_MAX};
use crate::purchases::{Bought, PurchaseStore, Renewal};
use crate::sqlite::SqliteStore;
use crate::values::{parse, purchase_of, time};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotId;
use kumari_engine::payment::Purchase;
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, Params, params};

/// In the words of the index `actions_bought`, or it is not used.
macro_rules! bought {
    ($more:literal) => {
        concat!(
            "SELECT state FROM actions \
             WHERE account_id = ?1 AND substr(state, 1, 12) = '{\"purchase\":' \
             AND CAST(json_extract(state, '$.purchase.grant.lot') AS INTEGER) < ?2 ",
            $more,
            "ORDER BY CAST(json_extract(state, '$.purchase.grant.lot') AS INTEGER) DESC LIMIT ?3"
        )
    };
}

const ANYTHING: &str = bought!("");
const PRO: &str = bought!("AND json_extract(state, '$.purchase.product.pro') IS NOT NULL ");

fn purchases(
    connection: &Connection,
    account: &AccountId,
    bought: Bought,
    before: Option<LotId>,
    limit: u32,
) -> Result<Vec<Purchase>, StoreError> {
    let before = before.and_then(|lot| i64::try_from(lot.0).ok()).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(match bought {
        Bought::Anything => ANYTHING,
        Bought::Pro => PRO,
    })?;
    let mut rows = statement.query(params![account.as_str(), before, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(purchase_of(row.get_ref(0)?.as_str()?)?);
    }
    Ok(found)
}

fn put(transaction: &Connection, renewal: &Renewal) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO renewals (subscription_id, account_id, due_at, declines) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (subscription_id) \
             DO UPDATE SET due_at = excluded.due_at, declines = excluded.declines",
        )?
        .execute(params![
            renewal.subscription.as_str(),
            renewal.account.as_str(),
            renewal.due_at.as_millis(),
            renewal.declines,
        ])?;
    Ok(())
}

fn move_to(transaction: &Connection, from: &Renewal, to: &Renewal) -> Result<bool, StoreError> {
    let moved = transaction
        .prepare_cached(
            "UPDATE renewals SET due_at = ?4, declines = ?5 \
             WHERE subscription_id = ?1 AND due_at = ?2 AND declines = ?3",
        )?
        .execute(params![
            from.subscription.as_str(),
            from.due_at.as_millis(),
            from.declines,
            to.due_at.as_millis(),
            to.declines,
        ])?;
    Ok(moved > 0)
}

fn renewals(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<Renewal>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Renewal {
            subscription: parse("a subscription's id", row.get_ref(0)?.as_str()?)?,
            account: parse("an account's id", row.get_ref(1)?.as_str()?)?,
            due_at: time(row.get(2)?)?,
            declines: row.get(3)?,
        });
    }
    Ok(found)
}

#[async_trait]
impl PurchaseStore for SqliteStore {
    async fn purchases(
        &self,
        account: &AccountId,
        bought: Bought,
        before: Option<LotId>,
        limit: u32,
    ) -> Result<Vec<Purchase>, StoreError> {
        check::limit("purchases", limit, PURCHASES_MAX)?;
        let account = account.clone();
        self.read(move |connection| purchases(connection, &account, bought, before, limit)).await
    }

    async fn put_renewal(&self, renewal: Renewal) -> Result<(), StoreError> {
        self.write(move |transaction| put(transaction, &renewal)).await
    }

    async fn move_renewal(&self, from: &Renewal, to: &Renewal) -> Result<bool, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |transaction| move_to(transaction, &from, &to)).await
    }

    async fn renewal(&self, subscription: &ActionId) -> Result<Option<Renewal>, StoreError> {
        let id = subscription.clone();
        let sql = "SELECT subscription_id, account_id, due_at, declines FROM renewals \
                   WHERE subscription_id = ?1";
        let found = self.read(move |connection| renewals(connection, sql, [id.as_str()])).await?;
        Ok(found.into_iter().next())
    }

    async fn renewals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Renewal>, StoreError> {
        check::limit("renewals", limit, RENEWALS_MAX)?;
        let sql = "SELECT subscription_id, account_id, due_at, declines FROM renewals \
                   WHERE due_at <= ?1 ORDER BY due_at, subscription_id LIMIT ?2";
        self.read(move |connection| renewals(connection, sql, params![now.as_millis(), limit]))
            .await
    }

    async fn renewals(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<Renewal>, StoreError> {
        check::limit("renewals", limit, RENEWALS_MAX)?;
        // No id is empty, so all of them are after the empty one.
        let after = after.map_or(String::new(), |after| after.as_str().to_owned());
        let sql = "SELECT subscription_id, account_id, due_at, declines FROM renewals \
                   WHERE subscription_id > ?1 ORDER BY subscription_id LIMIT ?2";
        self.read(move |connection| renewals(connection, sql, params![after, limit])).await
    }

    async fn forget_renewal(&self, subscription: &ActionId) -> Result<bool, StoreError> {
        let id = subscription.clone();
        self.write(move |transaction| {
            let forgotten = transaction
                .prepare_cached("DELETE FROM renewals WHERE subscription_id = ?1")?
                .execute([id.as_str()])?;
            Ok(forgotten > 0)
        })
        .await
    }
}
