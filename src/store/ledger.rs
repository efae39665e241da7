//! The one place that loads an account, lets the engine decide in memory, appends and commits.
//!
//! The fence: a decision holds only for the sequence that it was made on. Whoever loses loads and
//! decides again; an account that keeps losing is decided on alone, so that a crowd of writers
//! cannot starve one of them.

use crate::chat::ChatWrite;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::limits::ACCOUNTS_DUE_MAX;
use crate::store::{Commit, CommitOutcome, Decide, Decided, Store, Wanted};
use kumari_engine::account::{Account, Change, LedgerFault, Refused};
use kumari_engine::denial::Denial;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::period::advance;
use kumari_engine::time::Timestamp;
use std::sync::Arc;
use thiserror::Error;

/// How often a command may lose the fence before its account is decided on alone.
pub const LOSSES_MAX: u32 = 3;

/// Loads, decides, appends and commits.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// Why a command changed nothing.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The business says no.
    #[error("{0}")]
    Denied(Box<Denial>),
    /// The account, the entries or the book at hand are not what they must be.
    #[error("{0}")]
    Fault(LedgerFault),
    /// The store failed. After [`StoreError::Closed`] the change may have happened: ask again with
    /// the same action id.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// The accounts that time changed.
    pub advanced: Vec<AccountId>,
    /// The accounts that could not be brought to now, and why; the others are not held up.
    pub failed: Vec<(AccountId, LedgerError)>,
    /// Where the next sweep goes on; absent once everything due was seen.
    pub next: Option<AccountId>,
}

impl From<Refused> for LedgerError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denial) => Self::Denied(Box::new(denial)),
            Refused::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl Ledger {
    /// A ledger that keeps its accounts in `store`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The store, for what is not a change of an account.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Now, by the ledger's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs one command on an account and makes what it did durable.
    ///
    /// `decide` is one of the engine's commands on the account with `actions` loaded. `chat` makes
    /// the rows that are written together with the change: look at the change's *entries*, for a
    /// repeat has its answer but no entries, and other entries (of what was due) may come with any
    /// command. Both may be called several times and must not wait. A change without entries
    /// writes nothing.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing was changed, but see [`LedgerError::Store`].
    pub async fn run(
        &self,
        account: &AccountId,
        actions: &[ActionId],
        chat: impl Fn(&Change) -> Vec<ChatWrite> + Send + Sync + 'static,
        decide: impl Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync + 'static,
    ) -> Result<Change, LedgerError> {
        let wanted = Wanted { account: account.clone(), actions: actions.to_vec() };
        let now = self.clock.now();
        let decide: Decide = Arc::new(move |account| {
            let change = decide(account, now)?;
            let chat = if change.entries.is_empty() { Vec::new() } else { chat(&change) };
            Ok(Decided { change, chat })
        });
        for _ in 0..LOSSES_MAX {
            if let Some(change) = self.try_once(&wanted, now, &decide).await? {
                return Ok(change);
            }
        }
        let change = self.store.decide_alone(&wanted, now, decide).await??;
        Ok(change)
    }

    /// The account with those actions, brought to now. Never writes.
    ///
    /// # Errors
    /// [`LedgerError::Store`], or [`LedgerError::Fault`] where the account contradicts itself.
    pub async fn read(
        &self,
        account: &AccountId,
        actions: &[ActionId],
    ) -> Result<Account, LedgerError> {
        let wanted = Wanted { account: account.clone(), actions: actions.to_vec() };
        let now = self.clock.now();
        let account = self.load(&wanted, now).await?;
        let change = advance(&account, now).map_err(LedgerError::Fault)?;
        Ok(change.account)
    }

    /// Writes down what time did to the accounts that are due, at most `limit` of them after
    /// `after`, with the chat rows that belong to it. Nobody depends on it: every read and every
    /// command does the same for its account (R32).
    ///
    /// # Errors
    /// [`LedgerError::Store`] where the list cannot be read.
    pub async fn sweep(
        &self,
        after: Option<&AccountId>,
        limit: u32,
        chat: impl Fn(&Change) -> Vec<ChatWrite> + Send + Sync + 'static,
    ) -> Result<Swept, LedgerError> {
        let limit = limit.min(ACCOUNTS_DUE_MAX);
        let due = self.store.accounts_due(self.clock.now(), after, limit).await?;
        let is_full = u32::try_from(due.len()).is_ok_and(|count| count == limit);
        let mut swept = Swept { next: due.last().filter(|_| is_full).cloned(), ..Swept::default() };
        let chat = Arc::new(chat);
        for account in due {
            let chat = Arc::clone(&chat);
            let change = self
                .run(
                    &account,
                    &[],
                    move |change| chat(change),
                    |account, now| Ok(advance(account, now)?),
                )
                .await;
            match change {
                Ok(_) => swept.advanced.push(account),
                Err(error) => swept.failed.push((account, error)),
            }
        }
        Ok(swept)
    }

    /// Loads, decides and commits; nothing where the fence was lost.
    async fn try_once(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        decide: &Decide,
    ) -> Result<Option<Change>, LedgerError> {
        let account = self.load(wanted, now).await?;
        let Decided { change, chat } = decide(&account)?;
        if change.entries.is_empty() {
            return Ok(Some(change));
        }
        let change = Arc::new(change);
        let commit = Commit { before: account.sequence, change: Arc::clone(&change), chat };
        let outcomes = self.store.commit(Vec::from([commit])).await?;
        match outcomes.first() {
            Some(CommitOutcome::Won) => Ok(Some(Arc::unwrap_or_clone(change))),
            Some(CommitOutcome::Lost) => Ok(None),
            None => Err(StoreError::Invalid("no outcome for a commit").into()),
        }
    }

    async fn load(&self, wanted: &Wanted, now: Timestamp) -> Result<Account, StoreError> {
        let loaded = self.store.load(std::slice::from_ref(wanted), now).await?;
        let account = loaded.into_iter().next();
        account.ok_or(StoreError::Invalid("no account for one that was wanted"))
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}
