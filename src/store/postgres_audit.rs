//! What the audit reads from PostgreSQL: rows as they lie there.

use crate::error::StoreError;
use crate::postgres_statement::{Statement, param};
use crate::stored::{Stored, StoredAction, StoredState};
use crate::values::{from_json, parse};
use kumari_engine::id::{AccountId, ActionId};
use tokio_postgres::Row;

/// The next account is the first in any of the three tables: three steps down an index, where a
/// list without repeats would read every entry.
const NEXT_ACCOUNT: &str = "\
    SELECT least((SELECT min(account_id) FROM accounts WHERE account_id > $1), \
    (SELECT min(account_id) FROM entries WHERE account_id > $1), \
    (SELECT min(account_id) FROM actions WHERE account_id > $1))";

const ENTRY_NUMBERS: &str = "\
    SELECT (SELECT min(sequence) FROM entries WHERE account_id = $1), \
    (SELECT max(sequence) FROM entries WHERE account_id = $1)";

const ACCOUNT: &str = "SELECT sequence, state, lot_ends_at FROM accounts WHERE account_id = $1";

const ACTIONS: &str = "\
    SELECT action_id, state, open_until FROM actions \
    WHERE account_id = $1 AND action_id > $2 ORDER BY action_id LIMIT $3";

/// Reads the first account after that one of which a row, an entry or an action is stored.
pub(crate) fn next_account(after: Option<&AccountId>) -> Statement<'_> {
    // No id is empty, so all of them are after the empty text.
    Statement::new(NEXT_ACCOUNT, [param(after.map_or("", AccountId::as_str))])
}

/// The account that [`next_account`] read.
pub(crate) fn next_account_of(rows: &[Row]) -> Result<Option<AccountId>, StoreError> {
    let id = rows.first().map(|row| row.try_get::<_, Option<&str>>(0)).transpose()?.flatten();
    id.map(|id| parse("an account's id", id)).transpose()
}

/// Reads everything that is stored of an account beside its entries, with one page of its
/// actions; all of it as of one instant.
pub(crate) fn stored<'a>(
    account: &'a AccountId,
    after: Option<&'a ActionId>,
    limit: u32,
) -> [Statement<'a>; 3] {
    let id = account.as_str();
    let after = after.map_or("", ActionId::as_str);
    [
        Statement::new(ENTRY_NUMBERS, [param(id)]),
        Statement::new(ACCOUNT, [param(id)]),
        Statement::new(ACTIONS, [param(id), param(after), param(i64::from(limit))]),
    ]
}

/// What [`stored`] read.
pub(crate) fn stored_of(read: &[Vec<Row>]) -> Result<Stored, StoreError> {
    let [numbers, account, actions] = read else {
        return Err(StoreError::Invalid("other answers than were asked for"));
    };
    let (first, last): (Option<i64>, Option<i64>) = match numbers.first() {
        Some(row) => (row.try_get(0)?, row.try_get(1)?),
        None => (None, None),
    };
    if let Some(first) = first.filter(|first| *first < 1) {
        return Err(StoreError::corrupt("an entry", format!("its number is {first}")));
    }
    Ok(Stored {
        entry_last: number("an entry's number", last.unwrap_or(0))?,
        state: account.first().map(state_of).transpose()?,
        actions: actions.iter().map(action_of).collect::<Result<_, StoreError>>()?,
    })
}

fn state_of(row: &Row) -> Result<StoredState, StoreError> {
    Ok(StoredState {
        sequence: number("an account's sequence", row.try_get(0)?)?,
        account: from_json("an account", row.try_get(1)?),
        lot_ends_at: row.try_get(2)?,
    })
}

fn action_of(row: &Row) -> Result<StoredAction, StoreError> {
    Ok(StoredAction {
        action_id: parse("an action's id", row.try_get(0)?)?,
        action: from_json("an action", row.try_get(1)?),
        open_until: row.try_get(2)?,
    })
}

fn number(what: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::corrupt(what, format!("it is {number}")))
}
