//! Purchases and renewals in PostgreSQL: statements, and what their rows mean.
//!
//! It opens no transaction.

use crate::check;
use crate::error::StoreError;
use crate::limits::{PURCHASES_MAX, RENEWALS_MAX};
use crate::postgres::PostgresStore;
use crate::postgres_statement::{Statement, param};
use crate::purchases::{Bought, PurchaseStore, Renewal};
use crate::values::{parse, purchase_of, time};
use async_trait::async_trait;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::lot::LotId;
use kumari_engine::payment::Purchase;
use kumari_engine::time::Timestamp;
use tokio_postgres::Row;

/// In the words of the index `actions_bought`, or it is not used.
macro_rules! bought {
    ($more:literal) => {
        concat!(
            "SELECT state FROM actions \
             WHERE account_id = $1 AND left(state, 12) = '{\"purchase\":' \
             AND (state::json #>> '{purchase,grant,lot}')::bigint < $2 ",
            $more,
            "ORDER BY (state::json #>> '{purchase,grant,lot}')::bigint DESC LIMIT $3"
        )
    };
}

const ANYTHING: &str = bought!("");
const PRO: &str = bought!("AND state::json #>> '{purchase,product,pro}' IS NOT NULL ");

const PUT: &str = "\
    INSERT INTO renewals (subscription_id, account_id, due_at, declines) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (subscription_id) \
    DO UPDATE SET due_at = excluded.due_at, declines = excluded.declines";

const MOVE: &str = "\
    UPDATE renewals SET due_at = $4, declines = $5 \
    WHERE subscription_id = $1 AND due_at = $2 AND declines = $3 RETURNING subscription_id";

const RENEWAL: &str = "\
    SELECT subscription_id, account_id, due_at, declines FROM renewals WHERE subscription_id = $1";

const DUE: &str = "\
    SELECT subscription_id, account_id, due_at, declines FROM renewals \
    WHERE due_at <= $1 ORDER BY due_at, subscription_id LIMIT $2";

const ALL: &str = "\
    SELECT subscription_id, account_id, due_at, declines FROM renewals \
    WHERE subscription_id > $1 ORDER BY subscription_id LIMIT $2";

const FORGET: &str = "DELETE FROM renewals WHERE subscription_id = $1 RETURNING subscription_id";

fn renewals_of(rows: &[Row]) -> Result<Vec<Renewal>, StoreError> {
    let renewal = |row: &Row| {
        Ok(Renewal {
            subscription: parse("a subscription's id", row.try_get(0)?)?,
            account: parse("an account's id", row.try_get(1)?)?,
            due_at: time(row.try_get(2)?)?,
            declines: row.try_get(3)?,
        })
    };
    rows.iter().map(renewal).collect()
}

#[async_trait]
impl PurchaseStore for PostgresStore {
    async fn purchases(
        &self,
        account: &AccountId,
        bought: Bought,
        before: Option<LotId>,
        limit: u32,
    ) -> Result<Vec<Purchase>, StoreError> {
        check::limit("purchases", limit, PURCHASES_MAX)?;
        let before = before.and_then(|lot| i64::try_from(lot.0).ok()).unwrap_or(i64::MAX);
        let sql = match bought {
            Bought::Anything => ANYTHING,
            Bought::Pro => PRO,
        };
        let params = [param(account.as_str()), param(before), param(i64::from(limit))];
        let rows = self.one(Statement::new(sql, params)).await?;
        rows.iter().map(|row| purchase_of(row.try_get(0)?)).collect()
    }

    async fn put_renewal(&self, renewal: Renewal) -> Result<(), StoreError> {
        let params = [
            param(renewal.subscription.as_str()),
            param(renewal.account.as_str()),
            param(renewal.due_at.as_millis()),
            param(renewal.declines),
        ];
        self.one(Statement::new(PUT, params)).await.map(|_| ())
    }

    async fn move_renewal(&self, from: &Renewal, to: &Renewal) -> Result<bool, StoreError> {
        let params = [
            param(from.subscription.as_str()),
            param(from.due_at.as_millis()),
            param(from.declines),
            param(to.due_at.as_millis()),
            param(to.declines),
        ];
        Ok(!self.one(Statement::new(MOVE, params)).await?.is_empty())
    }

    async fn renewal(&self, subscription: &ActionId) -> Result<Option<Renewal>, StoreError> {
        let rows = self.one(Statement::new(RENEWAL, [param(subscription.as_str())])).await?;
        Ok(renewals_of(&rows)?.pop())
    }

    async fn renewals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Renewal>, StoreError> {
        check::limit("renewals", limit, RENEWALS_MAX)?;
        let params = [param(now.as_millis()), param(i64::from(limit))];
        renewals_of(&self.one(Statement::new(DUE, params)).await?)
    }

    async fn renewals(
        &self,
        after: Option<&ActionId>,
        limit: u32,
    ) -> Result<Vec<Renewal>, StoreError> {
        check::limit("renewals", limit, RENEWALS_MAX)?;
        // No id is empty, so all of them are after the empty one.
        let after = after.map_or("", ActionId::as_str);
        renewals_of(&self.one(Statement::new(ALL, [param(after), param(i64::from(limit))])).await?)
    }

    async fn forget_renewal(&self, subscription: &ActionId) -> Result<bool, StoreError> {
        let rows = self.one(Statement::new(FORGET, [param(subscription.as_str())])).await?;
        Ok(!rows.is_empty())
    }
}
