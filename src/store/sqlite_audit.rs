//! What the audit reads from SQLite: rows as they lie there. Called inside a transaction.

use crate::error::StoreError;
use crate::stored::{Stored, StoredAction, StoredState};
use crate::values::{from_json, parse};
use kumari_engine::id::{AccountId, ActionId};
use rusqlite::{Connection, OptionalExtension, params};

/// Accounts of which a row, an entry or an action is stored, in the order of their ids.
pub(crate) fn accounts(
    connection: &Connection,
    after: Option<&AccountId>,
    limit: usize,
) -> Result<Vec<AccountId>, StoreError> {
    // The next account is the first in any of the three tables: three steps down an index, where a
    // list without repeats would read every entry.
    let mut next = connection.prepare_cached(
        "SELECT min(account_id) FROM ( \
         SELECT min(account_id) AS account_id FROM accounts WHERE account_id > ?1 \
         UNION ALL SELECT min(account_id) FROM entries WHERE account_id > ?1 \
         UNION ALL SELECT min(account_id) FROM actions WHERE account_id > ?1)",
    )?;
    let mut accounts: Vec<AccountId> = Vec::new();
    while accounts.len() < limit {
        // No id is empty, so all of them are after the empty text.
        let after = accounts.last().or(after).map_or("", AccountId::as_str);
        let found: Option<String> = next.query_row([after], |row| row.get(0))?;
        match found {
            Some(id) => accounts.push(parse("an account's id", &id)?),
            None => break,
        }
    }
    Ok(accounts)
}

/// Everything that is stored of an account beside its entries, with one page of its actions.
pub(crate) fn stored(
    connection: &Connection,
    account: &AccountId,
    after: Option<&ActionId>,
    limit: u32,
) -> Result<Stored, StoreError> {
    let id = account.as_str();
    let (first, last): (Option<i64>, Option<i64>) = connection
        .prepare_cached(
            "SELECT (SELECT min(sequence) FROM entries WHERE account_id = ?1), \
             (SELECT max(sequence) FROM entries WHERE account_id = ?1)",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if let Some(first) = first.filter(|first| *first < 1) {
        return Err(StoreError::corrupt("an entry", format!("its number is {first}")));
    }
    let state = connection
        .prepare_cached("SELECT sequence, state, lot_ends_at FROM accounts WHERE account_id = ?1")?
        .query_row([id], |row| {
            let (sequence, json): (i64, String) = (row.get(0)?, row.get(1)?);
            Ok((sequence, json, row.get(2)?))
        })
        .optional()?;
    let state = state.map(|(sequence, json, lot_ends_at)| -> Result<StoredState, StoreError> {
        let sequence = number("an account's sequence", sequence)?;
        Ok(StoredState { sequence, account: from_json("an account", &json), lot_ends_at })
    });
    Ok(Stored {
        entry_last: number("an entry's number", last.unwrap_or(0))?,
        state: state.transpose()?,
        actions: actions(connection, id, after, limit)?,
    })
}

fn actions(
    connection: &Connection,
    account: &str,
    after: Option<&ActionId>,
    limit: u32,
) -> Result<Vec<StoredAction>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT action_id, state, open_until FROM actions \
         WHERE account_id = ?1 AND action_id > ?2 ORDER BY action_id LIMIT ?3",
    )?;
    let after = after.map_or("", ActionId::as_str);
    let mut rows = statement.query(params![account, after, limit])?;
    let mut actions = Vec::new();
    while let Some(row) = rows.next()? {
        actions.push(StoredAction {
            action_id: parse("an action's id", row.get_ref(0)?.as_str()?)?,
            action: from_json("an action", row.get_ref(1)?.as_str()?),
            open_until: row.get(2)?,
        });
    }
    Ok(actions)
}

fn number(what: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::corrupt(what, format!("it is {number}")))
}
