//! The one place that loads an account, lets the engine decide in memory, appends and commits.
//!
//! Commands queue in lanes, each account always in the same one, and are committed in groups: see
//! `lane`. The fence: a decision holds only for the sequence that it was made on. Whoever loses is
//! loaded and decided again; an account that keeps losing is decided on alone, so that a crowd of
//! writers cannot starve one of them. Reads never wait for a lane.

use crate::chat::ChatWrite;
use crate::check;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::lane::{Counters, Lane, Outcome, Queued};
use crate::lane_join::Order;
use crate::limits::{ACCOUNTS_DUE_MAX, BATCH_MAX};
use crate::store::{Decided, Store, Wanted};
use kumari_engine::account::{Account, Answer, Change, LedgerFault, Refused};
use kumari_engine::denial::Denial;
use kumari_engine::eligibility::Standing;
use kumari_engine::entry::Entry;
use kumari_engine::id::{AccountId, ActionId};
use kumari_engine::period::advance;
use kumari_engine::time::Timestamp;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often a command may lose the fence before its account is decided on alone.
pub const LOSSES_MAX: u32 = 3;

/// How many commands may wait in one lane; one more is [`StoreError::Busy`].
pub const LANE_WAITING_MAX: usize = 4 * BATCH_MAX;

/// Loads, decides, appends and commits.
#[derive(Clone)]
pub struct Ledger {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    lanes: Arc<[mpsc::Sender<Queued>]>,
    closing: CancellationToken,
    work: TaskTracker,
    counters: Arc<Counters>,
}

/// A command on one account: what [`Ledger::run`] takes, as a value.
pub struct LedgerCommand(Order);

/// What a command did, and what its account has after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What was appended, in order; empty for a repeat.
    pub entries: Vec<Entry>,
    /// The answer to the caller.
    pub answer: Answer,
    /// The number of the account's last entry: its version.
    pub sequence: u64,
    /// The instant that the standing is of.
    pub as_of: Timestamp,
    /// What the account has.
    pub standing: Standing,
    /// A commit of this very command failed before it was answered and may have happened: what looks
    /// like a repeat may be its own doing.
    pub unsure: bool,
}

/// How much a ledger has done since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerCounts {
    /// Commands that were queued.
    pub commands: u64,
    /// Transactions that made them durable.
    pub commits: u64,
    /// How often an account lost the fence.
    pub losses: u64,
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

impl LedgerCommand {
    /// A command on `account`.
    ///
    /// `decide` is one of the engine's commands on the account with `actions` loaded. `chat` makes
    /// the rows that are written together with the change: look at the change's *entries*, for a
    /// repeat has its answer but no entries, and other entries (of what was due) may come with any
    /// command. Both may be called several times and must not wait. A change without entries
    /// writes nothing.
    pub fn new(
        account: AccountId,
        actions: Vec<ActionId>,
        chat: impl Fn(&Change) -> Vec<ChatWrite> + Send + Sync + 'static,
        decide: impl Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync + 'static,
    ) -> Self {
        let decide = move |account: &Account, now: Timestamp| {
            let change = decide(account, now)?;
            let chat = if change.entries.is_empty() { Vec::new() } else { chat(&change) };
            Ok(Decided { change, chat })
        };
        Self(Order { account, actions, decide: Arc::new(decide) })
    }
}

impl Ledger {
    /// A ledger that keeps its accounts in `store`, with as many lanes as the store can use.
    ///
    /// Its lanes are tasks: call it inside a tokio runtime. They end once nobody holds the ledger
    /// any more and nothing is queued.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let lanes = store.lanes_max();
        Self::with_lanes(store, clock, lanes, LANE_WAITING_MAX)
    }

    /// The same with so many lanes, in each of which `waiting_max` commands may wait.
    pub fn with_lanes(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        lanes: usize,
        waiting_max: usize,
    ) -> Self {
        let (closing, work) = (CancellationToken::new(), TaskTracker::new());
        let counters: Arc<Counters> = Arc::default();
        let lanes = (0..lanes.max(1)).map(|_| {
            let (queue, waiting) = mpsc::channel(waiting_max.max(1));
            let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
            let lane = Lane { store, clock, counters: Arc::clone(&counters) };
            work.spawn(lane.work(waiting, closing.clone()));
            queue
        });
        let lanes = lanes.collect();
        Self { store, clock, lanes, closing, work, counters }
    }

    /// The store, for what is not a change of an account.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Now, by the ledger's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How much it has done.
    pub fn counts(&self) -> LedgerCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LedgerCounts {
            commands: count(&self.counters.commands),
            commits: count(&self.counters.commits),
            losses: count(&self.counters.losses),
        }
    }

    /// Runs one command on an account and makes what it did durable; see [`LedgerCommand::new`].
    /// Once queued it is carried out, whether the caller still waits or not.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing was changed, but see [`LedgerError::Store`].
    pub async fn run(
        &self,
        account: &AccountId,
        actions: &[ActionId],
        chat: impl Fn(&Change) -> Vec<ChatWrite> + Send + Sync + 'static,
        decide: impl Fn(&Account, Timestamp) -> Result<Change, Refused> + Send + Sync + 'static,
    ) -> Result<Done, LedgerError> {
        let command = LedgerCommand::new(account.clone(), actions.to_vec(), chat, decide);
        let outcomes = self.run_all(Vec::from([command])).await?;
        outcomes.into_iter().next().unwrap_or(Err(StoreError::Closed.into()))
    }

    /// Runs commands, at most [`BATCH_MAX`], and answers each in its place. Those of one account
    /// are carried out in their order. All of them are queued, or none.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where there is no room for all, [`StoreError::Closed`],
    /// [`StoreError::OverLimit`]: nothing was queued.
    pub async fn run_all(
        &self,
        commands: Vec<LedgerCommand>,
    ) -> Result<Vec<Result<Done, LedgerError>>, StoreError> {
        let answers = self.queue(commands)?;
        let mut outcomes = Vec::with_capacity(answers.len());
        for answer in answers {
            // A lane that died may have done it.
            outcomes.push(answer.await.unwrap_or(Err(StoreError::Closed.into())));
        }
        Ok(outcomes)
    }

    /// Takes no more commands, and waits until those that are queued are answered.
    pub async fn close(&self) {
        self.closing.cancel();
        self.work.close();
        self.work.wait().await;
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
        Ok(self.advanced(account, actions).await?.account)
    }

    /// As [`Ledger::read`], with the entries that bring it there: they are not stored yet.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub async fn advanced(
        &self,
        account: &AccountId,
        actions: &[ActionId],
    ) -> Result<Change, LedgerError> {
        let wanted = Wanted { account: account.clone(), actions: actions.to_vec() };
        let now = self.clock.now();
        let account = self.load(&wanted, now).await?;
        advance(&account, now).map_err(LedgerError::Fault)
    }

    /// Writes down what time did to the accounts that are due, at most `limit` of them after
    /// `after`, with the chat rows that belong to it. Nobody depends on it: every read and every
    /// command does the same for its account (R32).
    ///
    /// # Errors
    /// [`LedgerError::Store`] where the list cannot be read, or there is no room in the lanes.
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
        let advance = |account: &AccountId| {
            let chat = Arc::clone(&chat);
            let chat = move |change: &Change| chat(change);
            let decide = |account: &Account, now: Timestamp| Ok(advance(account, now)?);
            LedgerCommand::new(account.clone(), Vec::new(), chat, decide)
        };
        let outcomes = self.run_all(due.iter().map(advance).collect()).await?;
        for (account, outcome) in due.into_iter().zip(outcomes) {
            match outcome {
                Ok(_) => swept.advanced.push(account),
                Err(error) => swept.failed.push((account, error)),
            }
        }
        Ok(swept)
    }

    /// Queues all of the commands, or none.
    fn queue(
        &self,
        commands: Vec<LedgerCommand>,
    ) -> Result<Vec<oneshot::Receiver<Outcome>>, StoreError> {
        check::commands(commands.len())?;
        let mut by_lane: BTreeMap<usize, Vec<Queued>> = BTreeMap::new();
        let mut answers = Vec::with_capacity(commands.len());
        for LedgerCommand(order) in commands {
            check::actions(&order.actions)?;
            let lane = self.lane_of(&order.account);
            let (queued, answer) = Queued::new(order);
            by_lane.entry(lane).or_default().push(queued);
            answers.push(answer);
        }
        let mut places = Vec::with_capacity(by_lane.len());
        for (lane, queued) in by_lane {
            let lane = self.lanes.get(lane).ok_or(StoreError::Closed)?;
            let permits = lane.try_reserve_many(queued.len()).map_err(|refused| match refused {
                TrySendError::Full(()) => StoreError::Busy,
                TrySendError::Closed(()) => StoreError::Closed,
            })?;
            places.push((permits, queued));
        }
        for (permits, queued) in places {
            permits.zip(queued).for_each(|(permit, queued)| permit.send(queued));
        }
        let count = u64::try_from(answers.len()).unwrap_or(u64::MAX);
        self.counters.commands.fetch_add(count, Ordering::Relaxed);
        Ok(answers)
    }

    /// Where an account's commands queue, so that they keep their order.
    fn lane_of(&self, account: &AccountId) -> usize {
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        let lanes = u64::try_from(self.lanes.len()).unwrap_or(1);
        let lane = hasher.finish().checked_rem(lanes).unwrap_or(0);
        usize::try_from(lane).unwrap_or(0)
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
