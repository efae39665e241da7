//! The journal, accounts and actions in PostgreSQL: statements, and what their rows mean.
//!
//! Each works on all accounts of a call at once. It opens no transaction.

use crate::check;
use crate::error::StoreError;
use crate::postgres_statement::{Statement, param};
use crate::store::{Commit, CommitOutcome, Wanted};
use crate::values::{from_json, parse, to_json};
use kumari_engine::account::Account;
use kumari_engine::entry::Entry;
use kumari_engine::id::AccountId;
use kumari_engine::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use tokio_postgres::Row;

/// Accounts, their holds that are due, and the actions named, in one statement: so all of it is as
/// of one instant, by one round trip and without a transaction's own statements.
macro_rules! load_sql {
    () => {
        "\
        SELECT account_id, NULL AS action_id, sequence, state FROM accounts \
        WHERE account_id = ANY ($1) \
        UNION ALL \
        SELECT actions.account_id, actions.action_id, NULL, actions.state \
        FROM accounts JOIN actions ON actions.account_id = accounts.account_id \
        WHERE accounts.account_id = ANY ($1) \
        AND actions.open_until <= greatest($2, accounts.updated_at) \
        UNION ALL \
        SELECT actions.account_id, actions.action_id, NULL, actions.state \
        FROM unnest($3::text[], $4::text[]) AS named (account_id, action_id) \
        JOIN actions ON actions.account_id = named.account_id \
        AND actions.action_id = named.action_id"
    };
}

const LOAD_LOCKED: &str = load_sql!();

/// By itself. What a read leaves behind is the database's own tidying, which nobody has to wait for
/// the disk for, as a commit would: so its own commit does not. The row that says so has no account.
const LOAD: &str = concat!(
    load_sql!(),
    " UNION ALL SELECT NULL, NULL, NULL, set_config('synchronous_commit', 'off', true)"
);

const PASS_FENCE: &str = "\
    UPDATE accounts SET sequence = new.sequence, updated_at = new.updated_at, \
    lot_ends_at = new.lot_ends_at, state = new.state \
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], \
    $6::bigint[], $7::text[]) \
    AS new (account_id, before, at_hand, sequence, updated_at, lot_ends_at, state) \
    WHERE accounts.account_id = new.account_id AND accounts.sequence = new.before \
    AND (new.at_hand IS NULL OR accounts.state = new.at_hand) \
    RETURNING accounts.account_id";

/// An account without entries has no row, or the one by which it is locked.
const PASS_FENCE_FIRST: &str = "\
    INSERT INTO accounts (account_id, sequence, updated_at, lot_ends_at, state) \
    SELECT account_id, sequence, updated_at, lot_ends_at, state \
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], \
    $6::bigint[], $7::text[]) \
    AS new (account_id, before, at_hand, sequence, updated_at, lot_ends_at, state) \
    ON CONFLICT (account_id) DO UPDATE SET sequence = excluded.sequence, \
    updated_at = excluded.updated_at, lot_ends_at = excluded.lot_ends_at, \
    state = excluded.state WHERE accounts.sequence = 0 \
    RETURNING account_id";

const APPEND: &str = "\
    INSERT INTO entries (account_id, sequence, at, entry) \
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])";

/// Where one of them is there already, it fails: see [`Commit::unread`].
const ADD_ACTIONS: &str = "\
    INSERT INTO actions (account_id, action_id, open_until, state) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])";

const PUT_ACTIONS: &str = "\
    INSERT INTO actions (account_id, action_id, open_until, state) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) \
    ON CONFLICT (account_id, action_id) \
    DO UPDATE SET open_until = excluded.open_until, state = excluded.state";

const ENSURE: &str = "\
    INSERT INTO accounts (account_id, sequence, updated_at, lot_ends_at, state) \
    VALUES ($1, 0, 0, NULL, $2) ON CONFLICT (account_id) DO NOTHING";

const LOCK: &str = "SELECT sequence FROM accounts WHERE account_id = $1 FOR UPDATE";

const ENTRIES: &str = "\
    SELECT entry FROM entries WHERE account_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

const ENTRIES_NAMED: &str = "\
    SELECT entries.account_id, entries.sequence, entries.entry \
    FROM unnest($1::text[], $2::bigint[]) AS named (account_id, sequence) \
    JOIN entries ON entries.account_id = named.account_id \
    AND entries.sequence = named.sequence";

const ACCOUNTS_DUE: &str = "\
    SELECT account_id FROM actions WHERE open_until <= $1 AND account_id > $2 \
    UNION SELECT account_id FROM accounts WHERE lot_ends_at <= $1 AND account_id > $2 \
    ORDER BY account_id LIMIT $3";

/// Reads accounts with the actions named and the holds that are due, in a transaction of its own.
pub(crate) fn load(wanted: &[Wanted], now: Timestamp) -> Statement<'_> {
    loading(LOAD, wanted, now)
}

/// The same in a transaction that has locked them, and writes.
pub(crate) fn load_locked(wanted: &[Wanted], now: Timestamp) -> Statement<'_> {
    loading(LOAD_LOCKED, wanted, now)
}

fn loading<'a>(sql: &'static str, wanted: &'a [Wanted], now: Timestamp) -> Statement<'a> {
    let ids: BTreeSet<&str> = wanted.iter().map(|one| one.account.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let named = wanted.iter().flat_map(|one| one.actions.iter().map(move |action| (one, action)));
    let (of, named): (Vec<&str>, Vec<&str>) =
        named.map(|(one, action)| (one.account.as_str(), action.as_str())).unzip();
    Statement::new(sql, [param(ids), param(now.as_millis()), param(of), param(named)])
}

/// The accounts wanted, from what [`load`] or [`load_locked`] read.
pub(crate) fn loaded(wanted: &[Wanted], rows: &[Row]) -> Result<Vec<Account>, StoreError> {
    let mut stored: BTreeMap<&str, Account> = BTreeMap::new();
    let mut actions: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for row in rows {
        let (Some(id), state): (Option<&str>, &str) = (row.try_get(0)?, row.try_get(3)?) else {
            continue;
        };
        if let Some(action_id) = row.try_get(1)? {
            actions.insert((id, action_id), state);
            continue;
        }
        let sequence: i64 = row.try_get(2)?;
        let account: Account = from_json("an account", state)?;
        if account.id.as_str() != id || i64::try_from(account.sequence) != Ok(sequence) {
            return Err(StoreError::corrupt("an account", "its row names another one"));
        }
        stored.insert(id, account);
    }
    let account_of = |one: &Wanted| {
        let id = one.account.as_str();
        let Some(account) = stored.get(id) else {
            return Ok(Account::new(one.account.clone()));
        };
        let mut account = account.clone();
        for ((_, action_id), state) in
            actions.range((id, "")..).take_while(|((of, _), _)| *of == id)
        {
            let action = from_json("an action", state)?;
            account.actions.insert(parse("an action's id", action_id)?, action);
        }
        Ok(account)
    };
    wanted.iter().map(account_of).collect()
}

/// Names the payments of lots that are due too, which only the accounts tell. Says whether any was
/// not named before: then what was loaded lacks it, and is to be loaded again.
pub(crate) fn name_payments_due(wanted: &mut [Wanted], loaded: &[Account], now: Timestamp) -> bool {
    let mut is_more = false;
    for (one, account) in wanted.iter_mut().zip(loaded) {
        for payment in account.payments_due(now.max(account.updated_at)) {
            if !one.actions.contains(payment) {
                one.actions.push(payment.clone());
                is_more = true;
            }
        }
    }
    is_more
}

/// Puts each account in the place of the one that its decision was made on, where that is still
/// there, and answers with the ids of those. In the order of the ids, so that two calls that share
/// accounts wait for each other and not in a circle.
pub(crate) fn pass_fence(commits: &[Commit]) -> Result<Vec<Statement<'_>>, StoreError> {
    let mut sorted: Vec<&Commit> = commits.iter().collect();
    sorted.sort_by_key(|commit| &commit.change.account.id);
    let mut statements = Vec::new();
    for (sql, is_first) in [(PASS_FENCE, false), (PASS_FENCE_FIRST, true)] {
        let these = sorted.iter().filter(|commit| (commit.before == 0) == is_first);
        let mut columns = Fence::default();
        for commit in these {
            let account = &commit.change.account;
            columns.ids.push(account.id.as_str());
            columns.before.push(whole(commit.before)?);
            columns.at_hand.push(commit.at_hand.as_deref());
            columns.sequence.push(whole(account.sequence)?);
            columns.updated_at.push(account.updated_at.as_millis());
            columns.lot_ends_at.push(check::next_lot_end(account).map(Timestamp::as_millis));
            columns.state.push(to_json("an account", account)?);
        }
        if !columns.ids.is_empty() {
            statements.push(columns.into_statement(sql));
        }
    }
    Ok(statements)
}

#[derive(Default)]
struct Fence<'a> {
    ids: Vec<&'a str>,
    before: Vec<i64>,
    at_hand: Vec<Option<&'a str>>,
    sequence: Vec<i64>,
    updated_at: Vec<i64>,
    lot_ends_at: Vec<Option<i64>>,
    state: Vec<String>,
}

impl<'a> Fence<'a> {
    fn into_statement(self, sql: &'static str) -> Statement<'a> {
        Statement::new(
            sql,
            [
                param(self.ids),
                param(self.before),
                param(self.at_hand),
                param(self.sequence),
                param(self.updated_at),
                param(self.lot_ends_at),
                param(self.state),
            ],
        )
    }
}

/// Which commits passed the fence, from the ids that it answered with.
pub(crate) fn outcomes(
    commits: &[Commit],
    passed: &[Vec<Row>],
) -> Result<Vec<CommitOutcome>, StoreError> {
    let winners: Result<BTreeSet<&str>, StoreError> =
        passed.iter().flatten().map(|row| Ok(row.try_get(0)?)).collect();
    let winners = winners?;
    let outcome = |commit: &Commit| match winners.contains(commit.change.account.id.as_str()) {
        true => CommitOutcome::Won,
        false => CommitOutcome::Lost,
    };
    Ok(commits.iter().map(outcome).collect())
}

/// Adds entries, and writes actions as they are after them.
pub(crate) fn append<'a>(winners: &[&'a Commit]) -> Result<Vec<Statement<'a>>, StoreError> {
    let (mut ids, mut sequences, mut times, mut entries) = (vec![], vec![], vec![], vec![]);
    let (mut added, mut put) = (Actions::default(), Actions::default());
    for commit in winners {
        let change = &commit.change;
        for entry in &change.entries {
            ids.push(change.account.id.as_str());
            sequences.push(whole(entry.sequence)?);
            times.push(entry.at.as_millis());
            entries.push(to_json("an entry", entry)?);
        }
        for (action_id, action) in check::touched(change)? {
            let columns =
                if commit.unread.binary_search(action_id).is_ok() { &mut added } else { &mut put };
            columns.of.push(change.account.id.as_str());
            columns.names.push(action_id.as_str());
            columns.deadlines.push(check::open_until(action).map(Timestamp::as_millis));
            columns.states.push(to_json("an action", action)?);
        }
    }
    let mut statements =
        vec![Statement::new(APPEND, [param(ids), param(sequences), param(times), param(entries)])];
    statements.extend(added.into_statement(ADD_ACTIONS));
    statements.extend(put.into_statement(PUT_ACTIONS));
    Ok(statements)
}

#[derive(Default)]
struct Actions<'a> {
    of: Vec<&'a str>,
    names: Vec<&'a str>,
    deadlines: Vec<Option<i64>>,
    states: Vec<String>,
}

impl<'a> Actions<'a> {
    fn into_statement(self, sql: &'static str) -> Option<Statement<'a>> {
        let Self { of, names, deadlines, states } = self;
        let columns =
            (!of.is_empty()).then(|| [param(of), param(names), param(deadlines), param(states)]);
        columns.map(|columns| Statement::new(sql, columns))
    }
}

/// Reads what is stored in the place of these commits' entries.
pub(crate) fn in_place(commits: &[&Commit]) -> Result<Statement<'static>, StoreError> {
    let (mut ids, mut sequences) = (Vec::new(), Vec::new());
    for commit in commits {
        for entry in &commit.change.entries {
            ids.push(commit.change.account.id.to_string());
            sequences.push(whole(entry.sequence)?);
        }
    }
    Ok(Statement::new(ENTRIES_NAMED, [param(ids), param(sequences)]))
}

/// Whether all entries of each commit are stored, from what [`in_place`] read.
pub(crate) fn are_stored(commits: &[&Commit], rows: &[Row]) -> Result<Vec<bool>, StoreError> {
    let mut stored: BTreeMap<(&str, i64), &str> = BTreeMap::new();
    for row in rows {
        stored.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
    }
    let is_stored = |commit: &&Commit| {
        let id = commit.change.account.id.as_str();
        for entry in &commit.change.entries {
            let json = to_json("an entry", entry)?;
            if stored.get(&(id, whole(entry.sequence)?)) != Some(&json.as_str()) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    commits.iter().map(is_stored).collect()
}

/// Locks an account until the end of the transaction, whether it has entries or not.
pub(crate) fn lock(account: &AccountId) -> Result<[Statement<'_>; 2], StoreError> {
    let state = to_json("an account", &Account::new(account.clone()))?;
    Ok([
        Statement::new(ENSURE, [param(account.as_str()), param(state)]),
        Statement::new(LOCK, [param(account.as_str())]),
    ])
}

/// Reads entries after a sequence, in order.
pub(crate) fn entries(account: &AccountId, after: u64, limit: u32) -> Statement<'_> {
    // No entry has a number above this, so none is after one that the database cannot hold.
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    Statement::new(ENTRIES, [param(account.as_str()), param(after), param(i64::from(limit))])
}

/// The entries that [`entries`] read.
pub(crate) fn entries_of(rows: &[Row]) -> Result<Vec<Entry>, StoreError> {
    rows.iter().map(|row| from_json("an entry", row.try_get(0)?)).collect()
}

/// Reads accounts with a hold or a lot that is due.
pub(crate) fn accounts_due(now: Timestamp, after: Option<&AccountId>, limit: u32) -> Statement<'_> {
    // No id is empty, so all of them are after the empty text.
    let after = after.map_or("", AccountId::as_str);
    Statement::new(ACCOUNTS_DUE, [param(now.as_millis()), param(after), param(i64::from(limit))])
}

/// The accounts that [`accounts_due`] read.
pub(crate) fn accounts_of(rows: &[Row]) -> Result<Vec<AccountId>, StoreError> {
    rows.iter().map(|row| parse("an account's id", row.try_get(0)?)).collect()
}

/// A sequence as the database holds it; `check` has refused what it cannot.
fn whole(sequence: u64) -> Result<i64, StoreError> {
    i64::try_from(sequence).map_err(|_| StoreError::Invalid("a sequence beyond its range"))
}
