//! An account made again from its entries alone, page by page, in bounded memory.
//!
//! [`apply`] needs of an account's actions only those that an entry is about. So once there are
//! many, all of them move to a temporary database on disk and come back one by one: the longest
//! history is folded in the memory of a short one.

use crate::audit::Break;
use crate::error::StoreError;
use crate::limits::ENTRIES_MAX;
use crate::store::Store;
use crate::values::{from_json, parse, to_json};
use kumari_engine::account::{Account, Action, apply};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

/// How many actions are kept in memory.
pub(crate) const ACTIONS_KEPT_MAX: usize = 4_096;

/// Told of every entry that was added, with the account after it.
pub(crate) type Seen<'seen> = dyn FnMut(&Account, &Entry) + Send + 'seen;

/// An account as its entries make it so far.
pub(crate) struct Fold<'store> {
    store: &'store dyn Store,
    account: Account,
    /// Where actions went that are not in [`Account::actions`].
    away: Option<Away>,
    kept_max: usize,
}

impl<'store> Fold<'store> {
    /// The account before its first entry, of whose actions at most about `kept_max` are in memory.
    pub(crate) fn new(store: &'store dyn Store, id: &AccountId, kept_max: usize) -> Self {
        Self { store, account: Account::new(id.clone()), away: None, kept_max }
    }

    /// The account, with some of its actions.
    pub(crate) const fn account(&self) -> &Account {
        &self.account
    }

    /// Adds the entries up to that number. Where one cannot be added it says so, and the fold is to
    /// be thrown away.
    pub(crate) async fn bring_to(
        &mut self,
        sequence: u64,
        seen: &mut Seen<'_>,
    ) -> Result<Option<Break>, StoreError> {
        while self.account.sequence < sequence {
            let left = sequence.saturating_sub(self.account.sequence);
            let limit = u32::try_from(left).unwrap_or(u32::MAX).min(ENTRIES_MAX);
            let page = match page(self.store, &self.account, limit).await {
                Err(StoreError::Corrupt { detail, .. }) => {
                    return Ok(Some(Break::unreadable(self.next(), detail)));
                }
                page => page?,
            };
            if page.is_empty() {
                return Ok(Some(Break::missing(self.next())));
            }
            for entry in &page {
                if let Some(found) = self.add(entry)? {
                    return Ok(Some(found));
                }
                seen(&self.account, entry);
            }
            if self.account.actions.len() > self.kept_max {
                self.put_away()?;
            }
        }
        Ok(None)
    }

    const fn next(&self) -> u64 {
        self.account.sequence.saturating_add(1)
    }

    fn add(&mut self, entry: &Entry) -> Result<Option<Break>, StoreError> {
        if entry.sequence > self.next() {
            return Ok(Some(Break::missing(self.next())));
        }
        if let Some(away) = &self.away {
            for action_id in entry.event.actions() {
                if !self.account.actions.contains_key(action_id)
                    && let Some(action) = away.get(action_id)?
                {
                    self.account.actions.insert(action_id.clone(), action);
                }
            }
        }
        let fault = apply(&mut self.account, entry).err();
        Ok(fault.map(|fault| Break::fault(entry.sequence, &fault)))
    }

    fn put_away(&mut self) -> Result<(), StoreError> {
        let away = match &mut self.away {
            Some(away) => away,
            empty @ None => empty.insert(Away::new()?),
        };
        for (action_id, action) in std::mem::take(&mut self.account.actions) {
            away.put(&action_id, &action)?;
        }
        Ok(())
    }

    /// The first `limit` actions after one id and up to another, in the order of their ids.
    pub(crate) fn actions(
        &self,
        after: Option<&ActionId>,
        up_to: Option<&ActionId>,
        limit: usize,
    ) -> Result<BTreeMap<ActionId, Action>, StoreError> {
        let within = |id: &ActionId| {
            after.is_none_or(|after| id > after) && up_to.is_none_or(|up_to| id <= up_to)
        };
        let mut actions = match &self.away {
            Some(away) => away.page(after, up_to, limit)?,
            None => BTreeMap::new(),
        };
        let kept = self.account.actions.iter().filter(|(id, _)| within(id)).take(limit);
        // What is in memory is newer than what is away.
        actions.extend(kept.map(|(id, action)| (id.clone(), action.clone())));
        Ok(actions.into_iter().take(limit).collect())
    }
}

/// The entries after the account's last one. Where one of many cannot be read, those before it come
/// one by one.
async fn page(store: &dyn Store, account: &Account, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let (id, after) = (&account.id, account.sequence);
    match store.entries(id, after, limit).await {
        Err(StoreError::Corrupt { .. }) => store.entries(id, after, 1).await,
        page => page,
    }
}

/// Actions in a temporary database, which is gone with it.
struct Away(Connection);

impl Away {
    fn new() -> Result<Self, StoreError> {
        let connection = Connection::open("")?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
             CREATE TABLE away (action_id TEXT PRIMARY KEY, action TEXT NOT NULL) WITHOUT ROWID;",
        )?;
        Ok(Self(connection))
    }

    fn put(&self, action_id: &ActionId, action: &Action) -> Result<(), StoreError> {
        let json = to_json("an action", action)?;
        self.0
            .prepare_cached("INSERT OR REPLACE INTO away (action_id, action) VALUES (?1, ?2)")?
            .execute(params![action_id.as_str(), json])?;
        Ok(())
    }

    fn get(&self, action_id: &ActionId) -> Result<Option<Action>, StoreError> {
        let json: Option<String> = self
            .0
            .prepare_cached("SELECT action FROM away WHERE action_id = ?1")?
            .query_row([action_id.as_str()], |row| row.get(0))
            .optional()?;
        json.map(|json| from_json("an action", &json)).transpose()
    }

    fn page(
        &self,
        after: Option<&ActionId>,
        up_to: Option<&ActionId>,
        limit: usize,
    ) -> Result<BTreeMap<ActionId, Action>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT action_id, action FROM away \
             WHERE action_id > ?1 AND (?2 IS NULL OR action_id <= ?2) ORDER BY action_id LIMIT ?3",
        )?;
        let after = after.map_or("", ActionId::as_str);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![after, up_to.map(ActionId::as_str), limit])?;
        let mut actions = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let action_id = parse("an action's id", row.get_ref(0)?.as_str()?)?;
            actions.insert(action_id, from_json("an action", row.get_ref(1)?.as_str()?)?);
        }
        Ok(actions)
    }
}

#[cfg(test)]
mod tests {
    use super::{ACTIONS_KEPT_MAX, Fold};
    use crate::fixtures::{Command, Desk, account, action, credits, request};
    use crate::memory::MemoryStore;
    use kumari_engine::account::Account;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[tokio::test]
    async fn actions_that_went_away_come_back_as_they_were() {
        let desk = Desk::new(Arc::new(MemoryStore::new())).unwrap();
        let id = account(1).unwrap();
        let number = |number| action(number).unwrap();
        desk.run(&id, Command::grant(number(0), credits(900), None)).await.unwrap();
        // More than a page of entries; the second half ends what the first half opened.
        for one in 1..=600 {
            let send = Command::authorize(number(one), request(&["lite"], 9).unwrap());
            desk.run(&id, send.unwrap()).await.unwrap();
        }
        for one in (1..=600).rev() {
            desk.run(&id, Command::void(number(one), 0)).await.unwrap();
        }

        let mut made = Vec::new();
        for kept_max in [ACTIONS_KEPT_MAX, 7] {
            let mut fold = Fold::new(desk.store(), &id, kept_max);
            let mut entries = 0;
            let broken = fold.bring_to(1_201, &mut |_, _| entries += 1).await.unwrap();
            assert!(broken.is_none() && entries == 1_201, "{broken:?}");
            assert_eq!(fold.away.is_some(), kept_max == 7);
            assert!(fold.account.actions.len() <= kept_max);
            let (after, up_to) = (number(3), number(590));
            let some = fold.actions(Some(&after), Some(&up_to), 1_000).unwrap();
            assert_eq!(some.keys().next(), Some(&number(4)));
            assert_eq!(some.keys().next_back(), Some(&up_to));
            assert_eq!(some.len(), 587);
            let first: Vec<_> = fold.actions(None, None, 5).unwrap().into_keys().collect();
            assert_eq!(first, (0..5).map(number).collect::<Vec<_>>());
            let all = fold.actions(None, None, 1_000).unwrap();
            let account = Account { actions: BTreeMap::new(), ..fold.account.clone() };
            made.push((account, some, all));
        }
        assert_eq!(made[0], made[1]);
        assert_eq!(made[0].2, desk.stored(&id).await.unwrap().0.actions);
    }
}
