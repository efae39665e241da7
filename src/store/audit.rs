//! The audit: every account made again from its journal alone, and compared with what is stored
//! (R29, R31).
//!
//! Entries never change, and everything else is read a page at a time as of one instant, to whose
//! last entry the account is then brought. So an audit runs beside servers that write, and never
//! takes their work for a difference. It changes nothing: what it finds is for people to mend.

use crate::audit_fold::{ACTIONS_KEPT_MAX, Fold, Seen};
use crate::check;
use crate::error::StoreError;
use crate::limits::{ACCOUNTS_MAX, ACTIONS_MAX};
use crate::store::Store;
use crate::stored::{Stored, StoredAction, StoredState};
use kumari_engine::account::{Account, Action, LedgerFault};
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// How many differing places of one account are told; a damaged account may have any number.
const PLACES_MAX: usize = 20;
/// After how many entries of one account the caller hears of progress again.
const ENTRIES_PER_REPORT: u64 = 10_000;

/// What an audit has looked at so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// Accounts.
    pub accounts: u64,
    /// Their entries.
    pub entries: u64,
    /// Their actions.
    pub actions: u64,
    /// What was found; 0 where the store keeps what the journal says.
    pub differences: u64,
}

/// Something that is stored and is not what the journal makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Whose.
    pub account: AccountId,
    /// The entry with which it begins: the first that the journal lacks or that cannot follow the
    /// one before it, or the first that what is stored does not show. Where what is stored was
    /// never right, the last entry about it.
    pub entry: u64,
    /// What is stored wrongly.
    pub place: Place,
    /// Which field of it, as `lots[0].available`; empty for all of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What the journal says; nothing where it knows no such thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<Value>,
    /// What is stored; nothing where that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<Value>,
}

/// What is stored wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The journal itself, for the reason given: nothing after the entry can be told.
    Journal(String),
    /// The account's row.
    Account,
    /// An action's row.
    Action(ActionId),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, entry {}: ", self.account, self.entry)?;
        match &self.place {
            Place::Journal(reason) => return f.write_str(reason),
            Place::Account => f.write_str("account")?,
            Place::Action(action_id) => write!(f, "action {action_id}")?,
        }
        if !self.field.is_empty() {
            write!(f, ", `{}`", self.field)?;
        }
        let shown = |value: &Option<Value>| match value {
            Some(value) => value.to_string(),
            None => "nothing".to_owned(),
        };
        let (journal, stored) = (shown(&self.journal), shown(&self.stored));
        write!(f, ": the journal says {journal}, stored is {stored}")
    }
}

/// Where a journal cannot be followed any further.
#[derive(Debug)]
pub(crate) struct Break {
    entry: u64,
    reason: String,
}

impl Break {
    pub(crate) fn missing(entry: u64) -> Self {
        Self { entry, reason: "the entry is missing".to_owned() }
    }

    pub(crate) fn unreadable(entry: u64, detail: String) -> Self {
        Self { entry, reason: format!("the entry cannot be read: {detail}") }
    }

    pub(crate) fn fault(entry: u64, fault: &LedgerFault) -> Self {
        Self { entry, reason: fault.to_string() }
    }
}

/// Recomputes every account from its journal, or only that one, and compares.
///
/// `tell` hears after each account, and now and then within a long one, how far the audit has
/// come, with what was found since. Memory does not grow with the number of accounts, nor with the
/// length of a history.
///
/// # Errors
/// [`StoreError`] where the store cannot be read. What is stored wrongly is an answer.
pub async fn audit(
    store: &dyn Store,
    only: Option<&AccountId>,
    mut tell: impl FnMut(&Audit, &[Difference]) + Send,
) -> Result<Audit, StoreError> {
    let mut auditor = Auditor { store, so_far: Audit::default(), tell: &mut tell };
    if let Some(account) = only {
        auditor.account(account).await?;
        return Ok(auditor.so_far);
    }
    let mut after = None;
    loop {
        let accounts = store.accounts(after.as_ref(), ACCOUNTS_MAX).await?;
        for account in &accounts {
            auditor.account(account).await?;
        }
        match accounts.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => return Ok(auditor.so_far),
        }
    }
}

type Tell<'tell> = dyn FnMut(&Audit, &[Difference]) + Send + 'tell;

struct Auditor<'audit> {
    store: &'audit dyn Store,
    so_far: Audit,
    tell: &'audit mut Tell<'audit>,
}

impl Auditor<'_> {
    async fn account(&mut self, id: &AccountId) -> Result<(), StoreError> {
        let found = self.differences(id).await?;
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        self.so_far.accounts = self.so_far.accounts.saturating_add(1);
        self.so_far.differences = self.so_far.differences.saturating_add(count);
        (self.tell)(&self.so_far, &found);
        Ok(())
    }

    /// What differs in an account, from the earliest entry on.
    async fn differences(&mut self, id: &AccountId) -> Result<Vec<Difference>, StoreError> {
        let (store, so_far, tell) = (self.store, &mut self.so_far, &mut *self.tell);
        let mut count = |_: &Account, _: &Entry| {
            so_far.entries = so_far.entries.saturating_add(1);
            if so_far.entries.is_multiple_of(ENTRIES_PER_REPORT) {
                tell(so_far, &[]);
            }
        };
        let compared = compare(store, id, ACTIONS_KEPT_MAX, &mut count).await?;
        self.so_far.actions = self.so_far.actions.saturating_add(compared.actions);
        if let Some(Break { entry, reason }) = compared.broken {
            let (account, place) = (id.clone(), Place::Journal(reason));
            let field = String::new();
            let broken = Difference { account, entry, place, field, journal: None, stored: None };
            return Ok(Vec::from([broken]));
        }
        if compared.suspects.is_empty() {
            return Ok(Vec::new());
        }
        let mut suspects = compared.suspects;
        trace(store, id, compared.sequence, &mut suspects).await?;
        let mut found: Vec<Difference> =
            suspects.into_iter().flat_map(|suspect| suspect.differences(id)).collect();
        found.sort_by_key(|difference| difference.entry);
        Ok(found)
    }
}

/// What comparing an account with its journal gave.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// The number of the last entry that was added.
    pub(crate) sequence: u64,
    /// How many actions were compared.
    actions: u64,
    broken: Option<Break>,
    pub(crate) suspects: Vec<Suspect>,
}

/// Something stored that is not what the journal makes.
#[derive(Debug)]
pub(crate) struct Suspect {
    pub(crate) place: Place,
    journal: Option<Value>,
    stored: Option<Value>,
    /// Whether it was right after the last entry about it, as far as the journal was followed.
    was_right: bool,
    /// The first entry after it was right last.
    begins: Option<u64>,
    /// The last entry about it.
    last: u64,
}

impl Suspect {
    fn new(place: Place, journal: Option<Value>, stored: Option<Value>) -> Self {
        // Before the first entry about it, nothing is what should be there.
        let was_right = stored.is_none();
        Self { place, journal, stored, was_right, begins: None, last: 0 }
    }

    fn touch(&mut self, entry: u64, journal: Option<&Value>) {
        self.last = entry;
        if self.stored.as_ref() == journal {
            (self.was_right, self.begins) = (true, None);
        } else if self.was_right {
            (self.was_right, self.begins) = (false, Some(entry));
        }
    }

    fn differences(self, account: &AccountId) -> Vec<Difference> {
        let mut fields = Vec::new();
        differing("", self.journal.as_ref(), self.stored.as_ref(), &mut fields);
        let entry = self.begins.unwrap_or(self.last);
        let difference = |(field, journal, stored)| Difference {
            account: account.clone(),
            entry,
            place: self.place.clone(),
            field,
            journal,
            stored,
        };
        fields.into_iter().map(difference).collect()
    }
}

/// Brings the account to the instant of each page of what is stored, and compares.
pub(crate) async fn compare(
    store: &dyn Store,
    id: &AccountId,
    kept_max: usize,
    seen: &mut Seen<'_>,
) -> Result<Compared, StoreError> {
    let mut fold = Fold::new(store, id, kept_max);
    let mut compared = Compared::default();
    let mut after = None;
    loop {
        let stored = match store.stored(id, after.as_ref(), ACTIONS_MAX).await {
            Err(StoreError::Corrupt { what, detail }) => {
                let reason = format!("{what} cannot be read: {detail}");
                compared.broken = Some(Break { entry: compared.sequence, reason });
                return Ok(compared);
            }
            stored => stored?,
        };
        compared.broken = fold.bring_to(stored.entry_last, seen).await?;
        if compared.broken.is_none() {
            compared.broken = missing_tail(&stored);
        }
        if compared.broken.is_some() {
            return Ok(compared);
        }
        compared.sequence = fold.account().sequence;
        compared.account(fold.account(), stored.state.as_ref());
        let is_last = stored.actions.len() < usize::try_from(ACTIONS_MAX).unwrap_or(usize::MAX);
        let last = stored.actions.last().map(|action| action.action_id.clone());
        let up_to = if is_last { None } else { last.as_ref() };
        let limit = stored.actions.len().saturating_add(PLACES_MAX);
        let made = fold.actions(after.as_ref(), up_to, limit)?;
        compared.actions(&made, &stored.actions);
        if is_last || compared.suspects.len() >= PLACES_MAX {
            compared.suspects.truncate(PLACES_MAX);
            return Ok(compared);
        }
        after = last;
    }
}

/// The journal ends before the entry that the account's row stands at.
fn missing_tail(stored: &Stored) -> Option<Break> {
    let stands_at = stored.state.as_ref()?.sequence;
    (stands_at > stored.entry_last).then(|| Break::missing(stored.entry_last.saturating_add(1)))
}

impl Compared {
    fn account(&mut self, made: &Account, stored: Option<&StoredState>) {
        let is_known = self.suspects.iter().any(|suspect| suspect.place == Place::Account);
        let (made, stored) = (account_view(made), stored.map(stored_account_view));
        if !is_known && made != stored {
            self.suspects.push(Suspect::new(Place::Account, made, stored));
        }
    }

    fn actions(&mut self, made: &BTreeMap<ActionId, Action>, stored: &[StoredAction]) {
        let found: BTreeMap<&ActionId, &StoredAction> =
            stored.iter().map(|action| (&action.action_id, action)).collect();
        let lacking = made.keys().filter(|id| !found.contains_key(id));
        for id in found.keys().copied().chain(lacking) {
            let (made, stored) = (made.get(id), found.get(id));
            self.actions = self.actions.saturating_add(1);
            if !stored.is_some_and(|stored| made.is_some_and(|made| is_same(made, stored))) {
                let stored = stored.map(|stored| stored_action_view(stored));
                let place = Place::Action(id.clone());
                self.suspects.push(Suspect::new(place, made.map(action_view), stored));
            }
        }
    }
}

/// Follows the journal once more, to see with which entry each suspect began to differ.
async fn trace(
    store: &dyn Store,
    id: &AccountId,
    sequence: u64,
    suspects: &mut [Suspect],
) -> Result<(), StoreError> {
    let mut fold = Fold::new(store, id, ACTIONS_KEPT_MAX);
    let mut seen = |account: &Account, entry: &Entry| {
        for suspect in suspects.iter_mut() {
            match &suspect.place {
                Place::Account => suspect.touch(entry.sequence, account_view(account).as_ref()),
                Place::Action(id) if entry.event.actions().any(|named| named == id) => {
                    let made = account.actions.get(id).map(action_view);
                    suspect.touch(entry.sequence, made.as_ref());
                }
                Place::Action(_) | Place::Journal(_) => {}
            }
        }
    };
    // The same entries were added before, and entries never change.
    fold.bring_to(sequence, &mut seen).await?;
    let last = fold.account().sequence;
    for suspect in suspects.iter_mut().filter(|suspect| suspect.last == 0) {
        suspect.last = last;
    }
    Ok(())
}

/// An account's row as it should be; none before the first entry.
fn account_view(account: &Account) -> Option<Value> {
    let lot_ends_at = check::next_lot_end(account).map(Timestamp::as_millis);
    let sequence = account.sequence;
    (sequence > 0)
        .then(|| json!({"sequence": sequence, "state": account, "lot_ends_at": lot_ends_at}))
}

fn stored_account_view(stored: &StoredState) -> Value {
    let StoredState { sequence, account, lot_ends_at } = stored;
    json!({"sequence": sequence, "state": readable(account), "lot_ends_at": lot_ends_at})
}

/// An action's row as it should be.
fn action_view(action: &Action) -> Value {
    let open_until = check::open_until(action).map(Timestamp::as_millis);
    json!({"state": action, "open_until": open_until})
}

fn stored_action_view(stored: &StoredAction) -> Value {
    json!({"state": readable(&stored.action), "open_until": stored.open_until})
}

fn is_same(made: &Action, stored: &StoredAction) -> bool {
    let open_until = check::open_until(made).map(Timestamp::as_millis);
    stored.action.as_ref().is_ok_and(|action| action == made) && stored.open_until == open_until
}

fn readable<T: Serialize>(value: &Result<T, StoreError>) -> Value {
    match value {
        Ok(value) => json!(value),
        Err(fault) => json!(fault.to_string()),
    }
}

/// The innermost fields in which two values differ.
fn differing(
    path: &str,
    journal: Option<&Value>,
    stored: Option<&Value>,
    found: &mut Vec<(String, Option<Value>, Option<Value>)>,
) {
    match (journal, stored) {
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let more = other.keys().filter(|key| !one.contains_key(*key));
            for key in one.keys().chain(more) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differing(&path, one.get(key), other.get(key), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            for index in 0..one.len().max(other.len()) {
                let path = format!("{path}[{index}]");
                differing(&path, one.get(index), other.get(index), found);
            }
        }
        (one, other) if one != other && found.len() < PLACES_MAX => {
            found.push((path.to_owned(), one.cloned(), other.cloned()));
        }
        _ => {}
    }
}
