//! The journal, accounts and actions in SQLite. Called inside a transaction.

use crate::check;
use crate::error::StoreError;
use crate::store::{Commit, CommitOutcome, Decide, Wanted};
use crate::values::{from_json, parse, to_json};
use crate::{sqlite_chat, sqlite_files};
use kumari_engine::account::{Account, Action, Change, Refused};
use kumari_engine::eligibility::OPEN_HOLDS_MAX;
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// Loads an account with the actions named and the holds that are due.
pub(crate) fn load(
    connection: &Connection,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Account, StoreError> {
    let id = wanted.account.as_str();
    let stored: Option<(u64, String)> = connection
        .prepare_cached("SELECT sequence, state FROM accounts WHERE account_id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((sequence, state)) = stored else {
        return Ok(Account::new(wanted.account.clone()));
    };
    let mut account: Account = from_json("an account", &state)?;
    if account.id != wanted.account || account.sequence != sequence {
        return Err(StoreError::corrupt("an account", "its row names another one"));
    }

    // An account has at most this many open holds, so the limit cuts nothing off.
    let now = now.max(account.updated_at);
    let mut due = connection.prepare_cached(
        "SELECT action_id, state FROM actions WHERE account_id = ?1 AND open_until <= ?2 LIMIT ?3",
    )?;
    let mut rows = due.query(params![id, now.as_millis(), OPEN_HOLDS_MAX])?;
    while let Some(row) = rows.next()? {
        let action_id: ActionId = parse("an action's id", row.get_ref(0)?.as_str()?)?;
        let action: Action = from_json("an action", row.get_ref(1)?.as_str()?)?;
        account.actions.insert(action_id, action);
    }

    let mut named = connection
        .prepare_cached("SELECT state FROM actions WHERE account_id = ?1 AND action_id = ?2")?;
    let payments: Vec<ActionId> = account.payments_due(now).cloned().collect();
    for action_id in wanted.actions.iter().chain(&payments) {
        let state: Option<String> =
            named.query_row([id, action_id.as_str()], |row| row.get(0)).optional()?;
        if let Some(state) = state {
            let action = from_json("an action", &state)?;
            account.actions.insert(action_id.clone(), action);
        }
    }
    Ok(account)
}

/// Writes a commit that was checked, unless an action that it took for unused is there.
pub(crate) fn commit(
    transaction: &Connection,
    commit: &Commit,
) -> Result<CommitOutcome, StoreError> {
    let mut named = transaction
        .prepare_cached("SELECT 1 FROM actions WHERE account_id = ?1 AND action_id = ?2")?;
    for action_id in &commit.unread {
        if named.exists([commit.change.account.id.as_str(), action_id.as_str()])? {
            return Ok(CommitOutcome::Lost);
        }
    }
    commit_read(transaction, commit)
}

/// The fence first, then what it guards.
fn commit_read(transaction: &Connection, commit: &Commit) -> Result<CommitOutcome, StoreError> {
    let account = &commit.change.account;
    if !pass_fence(transaction, commit)? {
        return Ok(CommitOutcome::Lost);
    }
    let id = account.id.as_str();
    let mut append = transaction.prepare_cached(
        "INSERT INTO entries (account_id, sequence, at, entry) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for entry in &commit.change.entries {
        let json = to_json("an entry", entry)?;
        append.execute(params![id, entry.sequence, entry.at.as_millis(), json])?;
    }
    let mut put = transaction.prepare_cached(
        "INSERT INTO actions (account_id, action_id, state, open_until) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (account_id, action_id) \
         DO UPDATE SET state = excluded.state, open_until = excluded.open_until",
    )?;
    for (action_id, action) in check::touched(&commit.change)? {
        let open_until = check::open_until(action).map(Timestamp::as_millis);
        let json = to_json("an action", action)?;
        put.execute(params![id, action_id.as_str(), json, open_until])?;
    }
    sqlite_files::check_there(transaction, &account.id, check::sent_files(&commit.chat))?;
    sqlite_chat::write(transaction, &account.id, &commit.chat)?;
    Ok(CommitOutcome::Won)
}

/// Puts the account in the place of the one that the decision was made on, if that is still there.
fn pass_fence(transaction: &Connection, commit: &Commit) -> Result<bool, StoreError> {
    let account = &commit.change.account;
    let sql = if commit.before == 0 {
        "INSERT INTO accounts (account_id, sequence, state, lot_ends_at) VALUES (?1, ?3, ?4, ?5) \
         ON CONFLICT (account_id) DO UPDATE SET sequence = excluded.sequence, \
         state = excluded.state, lot_ends_at = excluded.lot_ends_at \
         WHERE accounts.sequence = ?2 AND ?6 IS NULL"
    } else {
        "UPDATE accounts SET sequence = ?3, state = ?4, lot_ends_at = ?5 \
         WHERE account_id = ?1 AND sequence = ?2 AND (?6 IS NULL OR state = ?6)"
    };
    let state = to_json("an account", account)?;
    let lot_ends_at = check::next_lot_end(account).map(Timestamp::as_millis);
    let id = account.id.as_str();
    let passed = transaction.prepare_cached(sql)?.execute(params![
        id,
        commit.before,
        account.sequence,
        state,
        lot_ends_at,
        commit.at_hand
    ])?;
    Ok(passed == 1)
}

/// Loads, decides and commits in the transaction of the only writer.
pub(crate) fn decide_alone(
    transaction: &Connection,
    wanted: &Wanted,
    now: Timestamp,
    decide: &Decide,
) -> Result<Result<Change, Refused>, StoreError> {
    let account = load(transaction, wanted, now)?;
    let decided = match decide(&account) {
        Ok(decided) => decided,
        Err(refused) => return Ok(Err(refused)),
    };
    let (change, one) = check::alone(&account, decided)?;
    if let Some(one) = one {
        // Nobody else could write since the load, so the fence stands where it stood.
        if commit(transaction, &one)? != CommitOutcome::Won {
            return Err(StoreError::Invalid("a fence that moved under the only writer"));
        }
    }
    Ok(Ok(Arc::unwrap_or_clone(change)))
}

/// Entries after a sequence, in order.
pub(crate) fn entries(
    connection: &Connection,
    account: &AccountId,
    after_sequence: u64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // No entry has a number above this, so none is after one that SQLite cannot hold.
    let after = i64::try_from(after_sequence).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT entry, sequence, at FROM entries WHERE account_id = ?1 AND sequence > ?2 \
         ORDER BY sequence LIMIT ?3",
    )?;
    let mut rows = statement.query(params![account.as_str(), after, limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let entry: Entry = from_json("an entry", row.get_ref(0)?.as_str()?)?;
        if (entry.sequence, entry.at.as_millis()) != (row.get(1)?, row.get(2)?) {
            return Err(StoreError::corrupt("an entry", "its row has another number or time"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Accounts with a hold or a lot that is due.
pub(crate) fn accounts_due(
    connection: &Connection,
    now: Timestamp,
    after: Option<&AccountId>,
    limit: u32,
) -> Result<Vec<AccountId>, StoreError> {
    // No id is empty, so all of them are after the empty text.
    let after = after.map_or("", AccountId::as_str);
    let mut statement = connection.prepare_cached(
        "SELECT account_id FROM actions WHERE open_until <= ?1 AND account_id > ?2 \
         UNION SELECT account_id FROM accounts WHERE lot_ends_at <= ?1 AND account_id > ?2 \
         ORDER BY account_id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![now.as_millis(), after, limit])?;
    let mut accounts = Vec::new();
    while let Some(row) = rows.next()? {
        accounts.push(parse("an account's id", row.get_ref(0)?.as_str()?)?);
    }
    Ok(accounts)
}
